#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""OpenWhisk's action loop: lines in on descriptor 0, answers on 3, as loops in several languages speak it.

usage: openwhisk.py --build DIR --loop FILE

The parent is proxy.py. FILE: loops/loop.c.
"""
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
import proxy
from lib import cases, otlp_json, traces, watching
from lib.cases import case
from lib.served import LIMIT_S, SERVER, tool

LOOPS = pathlib.Path(__file__).resolve().parent / "loops"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
SECRET = "do-not-tell"
UNSEEN = "its answer was not seen"


def command(args, language):
    return {"python": [sys.executable, LOOPS / "loop.py"],
            "bash": [tool("bash"), LOOPS / "loop.sh"],
            "node": [tool("node"), LOOPS / "loop.js"]}.get(language) or [args.loop.resolve(), language]


def environment(**more):
    """What the proxy gives, which is all there is, and what /init brings."""
    return {"__OW_EXECUTION_ENV": "openwhisk/probe", "__OW_PROXY_VERSION": "1.20.0", "__OW_WAIT_FOR_ACK": "1",
            "PATH": os.environ["PATH"], **more}


class Watched:
    """A loop under the shim, and what a real collector made of it."""

    def __init__(self, args, folder, argv, **env):
        self.traces, announce = folder / "traces.jsonl", folder / "announce.sock"
        self.collector = watching.start([args.build / "collector/coldspan-collector", "--file", self.traces],
                                        announce, stderr=subprocess.PIPE)
        self.logs = [open(folder / name, "ab") for name in ("out", "err")]
        try:
            self.loop = proxy.Loop(argv, environment(LD_PRELOAD=str(args.build / "preload/libcoldspan.so"),
                                                     COLDSPAN_SOCKET=str(announce), **env), self.logs)
        except OSError:
            watching.kill(self.collector)
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.loop.__exit__()
        watching.kill(self.collector)
        self.collector.stderr.close()
        for log in self.logs:
            log.close()

    def counted(self, good):
        """The collector's counters, once they are @good."""
        end = time.monotonic() + LIMIT_S
        while True:
            self.collector.send_signal(signal.SIGUSR1)
            line = b""
            while not line.startswith(b"{"):
                line = self.collector.stderr.readline()
                assert line, "the collector has ended"
            found = json.loads(line)
            if good(found):
                return found
            assert time.monotonic() < end, found
            time.sleep(0.005)

    def finish(self):
        """Of a loop that has ended: its start, phases by name, invocations in their order, and log lines."""
        self.counters = self.counted(lambda one: not one["instances_now"])
        self.collector.terminate()
        assert self.collector.wait(LIMIT_S) == 0, "the collector did not stop with status 0"
        self.text = self.traces.read_text()
        self.spans = otlp_json.of_file(self.traces)
        mine = [span for span in self.spans if span["resource"]["process.pid"] == self.loop.process.pid]
        start, phases = traces.cold_start(mine)
        invocations = [span for span in self.spans if span["kind"] == SERVER]
        return (start, {traces.phase_of(phase): phase for phase in phases},
                sorted(invocations, key=lambda span: span["start"]),
                otlp_json.of_file(self.traces, otlp_json.logs))


def web(name):
    """Parameters of a web action."""
    return {"name": name, "password": SECRET,
            "__ow_headers": {"traceparent": f"00-{TRACE}-{CALLER}-01", "authorization": SECRET}}


def bare(args, folder, argv, events, **env):
    """Answers of the loop without a shim."""
    logs = [open(folder / name, "ab") for name in ("bare.out", "bare.err")]
    with contextlib.ExitStack() as stack:
        for log in logs:
            stack.enter_context(log)
        with proxy.Loop(argv, environment(**env), logs) as loop:
            loop.ack()
            answers = [loop.run(one) for one in events]
            assert loop.close() == 0
    return answers


def ids(invocations):
    return [span["attributes"].get("faas.invocation_id") for span in invocations]


def three(args, folder, language):
    """Three events, the second a web action's, the third one that fails. The watched loop and what was told."""
    events = [proxy.event("act-1", {"name": "one", "password": SECRET}), proxy.event("act-2", web("two")),
              proxy.event("act-3", {"name": "wrong"})]
    argv = command(args, language)
    expected = bare(args, folder, argv, events)
    with Watched(args, folder, argv) as watched:
        watched.loop.ack()
        assert [watched.loop.run(one) for one in events] == expected
        assert watched.loop.close() == 0
        start, phases, invocations, lines = watched.finish()
    assert (folder / "out").read_bytes() == (folder / "bare.out").read_bytes()
    assert SECRET not in watched.text and proxy.KEY not in watched.text
    assert ids(invocations) == ["act-1", "act-2", "act-3"], invocations
    for span, one in zip(invocations, events):
        attributes = span["attributes"]
        assert span["name"] == one["action_name"] == span["resource"]["faas.name"], span
        assert span["resource"]["service.name"] == one["action_name"], span
        assert span["resource"]["faas.version"] == "0.0.1", span
        assert span["resource"]["coldspan.platform"] == "openwhisk", span
        assert span["resource"]["coldspan.openwhisk.namespace"] == "guest", span
        assert attributes["coldspan.protocol"] == "stdio", span
        assert attributes["coldspan.openwhisk.transaction_id"] == one["transaction_id"], span
        assert attributes["coldspan.openwhisk.deadline_unix_ms"] == int(one["deadline"]), span
        assert attributes["faas.trigger"] == ("http" if "__ow_headers" in one["value"] else "other"), span
    assert [span["attributes"]["faas.coldstart"] for span in invocations] == [True, False, False]
    assert (invocations[1]["traceId"], invocations[1]["parentSpanId"]) == (TRACE, CALLER), invocations[1]
    assert invocations[0]["parentSpanId"] == start["spanId"], (start, invocations[0])
    assert start["attributes"]["coldspan.protocol"] == "stdio", start
    return watched, start, phases, invocations, lines


def seen(args, folder, language):
    """Of a loop whose reads and writes are seen."""
    watched, start, phases, invocations, lines = three(args, folder, language)
    assert list(phases) == ["link", "runtime", "code", "wait", "handler", "respond"], list(phases)
    assert "coldspan.approximate" not in start["attributes"], start
    for span in invocations:
        attributes = span["attributes"]
        assert "coldspan.approximate" not in attributes and attributes["coldspan.first_byte_ns"] > 0, span
    assert [span["status"] for span in invocations] == [0, 0, 2], invocations
    assert invocations[2]["message"] == "the function failed", invocations[2]
    assert invocations[2]["attributes"]["error.type"] == "application error", invocations[2]
    assert watched.counters["unmatched"] == 0, watched.counters
    assert start["attributes"].get("coldspan.loop.unseen", 0) == 0, start
    return watched, phases, invocations, lines


def check_lines(invocations, lines):
    """What the action writes to its logs has its invocation's ids; what the proxy writes is not the loop's."""
    bodies = [line["body"] for line in lines]
    for name, span in (("one", invocations[0]), ("two", invocations[1])):
        for stream, what in (("stdout", "out"), ("stderr", "err")):
            line = lines[bodies.index(f"{what}: {name}")]
            assert line["attributes"]["log.iostream"] == stream, line
            assert (line["traceId"], line["spanId"]) == (span["traceId"], span["spanId"]), (line, span)
            assert line["attributes"]["faas.invocation_id"] == span["attributes"]["faas.invocation_id"], line
    assert proxy.END.decode().strip() not in bodies, bodies


@case
def a_loop_in_python(args, folder):
    _, _, invocations, lines = seen(args, folder, "python")
    check_lines(invocations, lines)


@case
def a_loop_in_node(args, folder):
    _, _, invocations, lines = seen(args, folder, "node")
    check_lines(invocations, lines)


@case
def a_loop_in_c(args, folder):
    seen(args, folder, "raw")


@case
def a_loop_in_c_that_reads_single_bytes(args, folder):
    seen(args, folder, "bytes")


def unseen(args, folder, language):
    """Of one that answers inside of libc: what is not known is said."""
    watched, start, phases, invocations, _ = three(args, folder, language)
    assert list(phases)[-2:] == ["wait", "handler"], list(phases)
    for span in invocations:
        assert UNSEEN in span["attributes"]["coldspan.approximate"], span
        assert "coldspan.first_byte_ns" not in span["attributes"], span
        assert span["status"] == 0, span
    assert start["attributes"].get("coldspan.loop.unseen", 0) == 0, start
    assert watched.counters["unmatched"] == 0, watched.counters


@case
def a_loop_in_bash(args, folder):
    unseen(args, folder, "bash")


@case
def a_loop_in_c_that_answers_inside_of_libc(args, folder):
    unseen(args, folder, "mixed")


@case
def of_a_loop_inside_of_libc_nothing_is_claimed(args, folder):
    with Watched(args, folder, command(args, "stdio")) as watched:
        watched.loop.ack()
        assert watched.loop.run(proxy.event("act-1", {"name": "one"})) == b'{"n":0}\n'
        assert watched.loop.close() == 0
        start, _, invocations, _ = watched.finish()
    assert not invocations, invocations
    assert start["attributes"]["coldspan.protocol"] == "stdio", start


if __name__ == "__main__":
    parser = cases.parser(__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--loop", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    cases.main(arguments, arguments, folder=True)
