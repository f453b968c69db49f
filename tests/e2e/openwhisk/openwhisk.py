#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""OpenWhisk's action loop: lines in on descriptor 0, answers on 3, as loops in several languages speak it.

usage: openwhisk.py --build DIR --loop FILE [--write]

The parent is proxy.py. FILE: loops/loop.c. What is seen of a language has to be what seen/LANGUAGE.json says,
of which a table of docs/runtimes.md is made (tests/e2e/runtimes/page.py); --write writes it anew.
"""
import contextlib
import dataclasses
import json
import os
import pathlib
import platform
import re
import signal
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
import proxy
from lib import cases, otlp_json, served, traces, watching
from lib.cases import case
from lib.served import LIMIT_S, SERVER, tool
from lib.versions import said_by

HERE = pathlib.Path(__file__).resolve().parent
LOOPS, SEEN = HERE / "loops", HERE / "seen"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
SECRET = "do-not-tell"
UNSEEN = "its answer was not seen"
FILES = ("user", "dependency", "native")


@dataclasses.dataclass
class Language:
    title: str
    version: object
    program: str
    file: str
    notes: str = ""


PYTHON = "/usr/bin/python3"
LANGUAGES = {
    "python": Language("Python, `stdin.readline` and `os.fdopen(3)`", said_by(PYTHON, "--version"), PYTHON, "loop.py"),
    "node": Language("Node, `readline` and `fs.writeSync`", said_by("node", "-p", "'node ' + process.versions.node"),
                     "node", "loop.js"),
    "ruby": Language("Ruby, `gets` and `IO.new(3)`", said_by("ruby", "--version"), "ruby", "loop.rb"),
    "php": Language("PHP, `fgets` and `php://fd/3`", said_by("php", "--version"), "php", "loop.php"),
    "bash": Language("bash, `read` and `echo >&3`", said_by("bash", "--version"), "bash", "loop.sh",
                     notes="its `echo` writes inside of libc, and so do its log lines"),
}


def command(args, language):
    """@language: one of these, or how the loop in C does it."""
    known = LANGUAGES.get(language)
    return [tool(known.program), LOOPS / known.file] if known else [args.loop, language]


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
        said = self.collector.stderr.read().decode().splitlines()
        assert self.collector.wait(LIMIT_S) == 0, "the collector did not stop with status 0"
        watching.ledger(said)
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
    check_page(args, language, start, phases, invocations)
    return watched, start, phases, invocations, lines


def check_page(args, name, start, phases, invocations):
    """What was seen of a language is what the page says."""
    language = LANGUAGES.get(name)
    if not language:
        return
    found = {"title": language.title, "protocol": start["attributes"]["coldspan.protocol"],
             "phases": {phase: span["attributes"].get("coldspan.phase.approximate", "")
                        for phase, span in phases.items()},
             "files": [kind for kind in FILES if start["attributes"][f"coldspan.opens.{kind}"]],
             "answers": all("coldspan.first_byte_ns" in span["attributes"] for span in invocations),
             "notes": language.notes}
    if args.write:
        (SEEN / f"{name}.json").write_text(json.dumps({"version": language.version(), **found}, indent=2) + "\n")
    known = json.loads((SEEN / f"{name}.json").read_text())
    known.pop("version")
    assert found == known, f"\nseen:  {found}\nknown: {known}"


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
    """What it has gathered in a buffer it writes before it answers."""
    _, _, invocations, lines = seen(args, folder, "python")
    check_lines(invocations, lines)
    assert {line["spanId"] for line in lines if line["body"] == "more: two"} == {invocations[1]["spanId"]}, lines


@case
def a_loop_in_node(args, folder):
    _, _, invocations, lines = seen(args, folder, "node")
    check_lines(invocations, lines)


@case
def a_loop_in_ruby(args, folder):
    _, _, invocations, lines = seen(args, folder, "ruby")
    check_lines(invocations, lines)


@case
def a_loop_in_php(args, folder):
    _, _, invocations, lines = seen(args, folder, "php")
    check_lines(invocations, lines)


@case
def a_loop_in_c(args, folder):
    seen(args, folder, "raw")


@case
def a_loop_in_c_that_reads_single_bytes(args, folder):
    seen(args, folder, "bytes")


@case
def a_loop_in_c_that_reads_ahead(args, folder):
    """That it asks for the next event is no end of one whose answer is seen later."""
    seen(args, folder, "ahead")


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


def told(args, folder, language, *events, end=None, **env):
    """What was told of a loop that was given @events, and ended by @end."""
    with Watched(args, folder, command(args, language), **env) as watched:
        watched.loop.ack()
        for one in events:
            watched.loop.run(one)
        (end or watched.loop.close)(*([watched.loop] if end else []))
        return watched, *watched.finish()


def needs_the_kernels_word():
    """The parent is not watched, so that the kernel alone tells how the loop has ended."""
    kernel = tuple(map(int, re.match(r"(\d+)\.(\d+)", platform.release()).groups()))
    if kernel < (6, 15):
        cases.skip("before Linux 6.15 a pidfd does not tell how its process ended")


def killed_at(loop):
    loop.process.wait(LIMIT_S)


def check_killed(args, folder, language):
    needs_the_kernels_word()
    _, start, _, invocations, _ = told(args, folder, language, proxy.event("act-1", {"name": "one"}),
                                       proxy.event("act-2", {"name": "killed"}), end=killed_at)
    assert ids(invocations) == ["act-1", "act-2"], invocations
    assert invocations[0]["status"] == 0 and invocations[0]["attributes"]["faas.coldstart"], invocations
    assert invocations[1]["status"] == 2, invocations
    assert "killed by signal 9 (SIGKILL)" in invocations[1]["message"], invocations[1]
    assert start["status"] == 0, start


@case
def killed_in_mid_invocation_python_says_so(args, folder):
    check_killed(args, folder, "python")


@case
def killed_in_mid_invocation_node_says_so(args, folder):
    check_killed(args, folder, "node")


@case
def killed_in_mid_invocation_bash_says_so(args, folder):
    check_killed(args, folder, "bash")


@case
def killed_in_mid_invocation_c_says_so(args, folder):
    check_killed(args, folder, "bytes")


@case
def killed_in_mid_invocation_one_that_reads_ahead_says_so(args, folder):
    check_killed(args, folder, "ahead")


@case
def a_cold_invocation_that_is_killed_ends_the_start(args, folder):
    needs_the_kernels_word()
    _, start, phases, (invocation,), _ = told(args, folder, "python", proxy.event("act-1", {"name": "killed"}),
                                              end=killed_at)
    assert invocation["status"] == 2 and start["status"] == 2, (invocation, start)
    assert list(phases)[-2:] == ["wait", "handler"], list(phases)


@case
def killed_at_its_deadline_it_timed_out(args, folder):
    needs_the_kernels_word()
    with Watched(args, folder, command(args, "python")) as watched:
        watched.loop.ack()
        one = proxy.event("act-1", {"name": "slow"}, seconds=3)
        watched.loop.send(proxy.line(one))
        end = time.monotonic() + LIMIT_S
        while time.time() * 1000 < int(one["deadline"]) or b"asleep" not in (folder / "out").read_bytes():
            assert time.monotonic() < end, "it does not run"
            time.sleep(0.01)
        assert watched.loop.kill() == -signal.SIGKILL
        _, _, (invocation,), _ = watched.finish()
    assert invocation["status"] == 2 and "timed out" in invocation["message"], invocation
    assert invocation["attributes"]["coldspan.openwhisk.deadline_passed"] is True, invocation


def blocked(loop):
    """Until it waits for input: read, of descriptor 0."""
    end = time.monotonic() + LIMIT_S
    while not pathlib.Path(f"/proc/{loop.process.pid}/syscall").read_text().startswith(("0 0x0 ", "63 0x0 ")):
        assert time.monotonic() < end, "it does not wait for input"
        time.sleep(0.005)


def idle_killed(loop):
    blocked(loop)
    loop.kill()


@case
def an_idle_loop_that_is_killed_has_failed_at_nothing(args, folder):
    for language in ("python", "bash", "mixed"):
        inner = folder / language
        inner.mkdir()
        _, start, _, (invocation,), _ = told(args, inner, language, proxy.event("act-1", {"name": "one"}),
                                             end=idle_killed)
        assert invocation["status"] == 0 and start["status"] == 0, (language, invocation, start)


@case
def events_may_come_in_pieces_and_several_at_once(args, folder):
    events = [proxy.event(f"act-{n}", {"name": f"n{n}"}) for n in range(4)]
    with Watched(args, folder, command(args, "raw")) as watched:
        watched.loop.ack()
        whole = proxy.line(events[0])
        for at in range(0, len(whole), 7):
            watched.loop.send(whole[at:at + 7])
        assert watched.loop.answer() == b'{"n":0}\n'
        half = proxy.line(events[3])
        watched.loop.send(proxy.line(events[1]) + proxy.line(events[2]) + half[:20])
        assert [watched.loop.answer(), watched.loop.answer()] == [b'{"n":1}\n', b'{"n":2}\n']
        watched.loop.send(half[20:])
        assert watched.loop.answer() == b'{"n":3}\n'
        assert watched.loop.close() == 0
        _, _, invocations, _ = watched.finish()
    assert sorted(ids(invocations)) == [one["activation_id"] for one in events], ids(invocations)
    assert not any("coldspan.approximate" in span["attributes"] for span in invocations), invocations
    by_end = sorted(invocations, key=lambda span: span["end"])
    assert ids(by_end) == [one["activation_id"] for one in events], ids(by_end)


@case
def of_a_large_event_the_beginning_is_looked_at(args, folder):
    large = {"name": "one", "data": "x" * 300000}
    one = {"activation_id": "act-1", "value": large, "transaction_id": "behind"}
    _, _, _, invocations, _ = told(args, folder, "python", one, proxy.event("act-2", {"name": "two"}))
    assert ids(invocations) == ["act-1", "act-2"], invocations
    attributes = invocations[0]["attributes"]
    assert attributes["coldspan.request.cut"] == ["headers"], attributes
    assert "coldspan.openwhisk.transaction_id" not in attributes, attributes
    assert invocations[0]["status"] == 0 and "coldspan.request.cut" not in invocations[1]["attributes"]


@case
def what_is_no_event_is_none(args, folder):
    with Watched(args, folder, command(args, "raw")) as watched:
        watched.loop.ack()
        for junk in (b"no JSON\n", b"[1]\n", b"\n"):
            watched.loop.send(junk)
            watched.loop.answer()
        watched.loop.run(proxy.event("act-1", {"name": "one"}))
        assert watched.loop.close() == 0
        start, _, invocations, _ = watched.finish()
    assert ids(invocations) == ["act-1"], invocations
    assert start["attributes"]["coldspan.loop.unseen"] == 3, start


@case
def a_loop_without_an_event_was_unused(args, folder):
    _, start, phases, invocations, _ = told(args, folder, "python")
    assert not invocations and start["attributes"]["coldspan.protocol"] == "stdio", start
    assert start["attributes"]["coldspan.init.unused"] is True and list(phases)[-1] == "wait", (start, list(phases))


@case
def one_that_ends_before_it_is_ready_says_so(args, folder):
    needs_the_kernels_word()
    program = "import sys; sys.exit(3)"
    with Watched(args, folder, [sys.executable, "-c", program]) as watched:
        assert watched.loop.read_line() == b""
        assert watched.loop.process.wait(LIMIT_S) == 3
        start, _, invocations, _ = watched.finish()
    assert not invocations and start["status"] == 2, (start, invocations)
    assert "exit status 3" in start["message"], start


@case
def without_an_acknowledgement_its_first_read_is_readiness(args, folder):
    events = [proxy.event("act-1", {"name": "one"}), proxy.event("act-2", {"name": "two"})]
    with Watched(args, folder, command(args, "python"), __OW_WAIT_FOR_ACK="") as watched:
        blocked(watched.loop)
        for one in events:
            watched.loop.run(one)
        assert watched.loop.close() == 0
        _, phases, invocations, lines = watched.finish()
    assert list(phases) == ["link", "runtime", "code", "wait", "handler", "respond"], list(phases)
    assert ids(invocations) == ["act-1", "act-2"], invocations
    check_lines(invocations, lines)


@case
def without_its_variables_or_its_pipe_it_is_no_loop(args, folder):
    """What it writes to standard output may be its answer then."""
    events = b"".join(proxy.line(proxy.event(f"act-{n}", {"name": "one"})) for n in range(2))
    for name, env, answers in (("variables", {}, f"3> >(cat > {folder}/answers)"),
                               ("pipe", {"__OW_EXECUTION_ENV": "x"}, "3> /dev/null")):
        file = folder / f"{name}.jsonl"
        done = subprocess.run([tool("bash"), "-c", f'exec "$@" {answers}', "-", args.build / "agent/coldspan",
                               "run", "--quiet", "--file", file, "--", *command(args, "python")],
                              input=events, env={**os.environ, **env}, capture_output=True, check=False,
                              timeout=LIMIT_S)
        assert done.returncode == 0, done
        spans = otlp_json.of_file(file)
        assert [span["attributes"]["coldspan.protocol"] for span in spans if span["kind"] == SERVER] == ["exec"]
        assert not any(line["attributes"]["log.iostream"] == "stdout"
                       for line in otlp_json.of_file(file, otlp_json.logs)), name


@case
def behind_a_proxy_that_is_watched_its_events_stand_below_the_requests(args, folder):
    context = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
    with served.Watched(args.build, folder, [PYTHON, HERE / "front.py", *command(args, "python")]) as watched:
        port = int(watched.first_line())
        for name in ("act-1", "act-2"):
            request = urllib.request.Request(f"http://127.0.0.1:{port}/run", headers=context,
                                             data=json.dumps(proxy.event(name, {"name": "one"})).encode())
            with urllib.request.urlopen(request, timeout=LIMIT_S) as response:
                assert json.load(response) == {"greeting": "Hello, one!"}
        assert watched.server.wait(LIMIT_S) == 0
        _, _, requests = watched.finish(0)
    events = sorted((span for span in otlp_json.of_file(watched.traces)
                     if span["attributes"].get("coldspan.protocol") == "stdio" and span["kind"] == SERVER),
                    key=lambda span: span["start"])
    assert ids(events) == ["act-1", "act-2"], events
    assert [span["parentSpanId"] for span in events] == [span["spanId"] for span in requests], (events, requests)
    assert {span["traceId"] for span in (*events, *requests)} == {TRACE}, (events, requests)


@case
def every_row_of_the_page_has_a_test(args, folder):
    assert {path.stem for path in SEEN.glob("*.json")} == set(LANGUAGES)


if __name__ == "__main__":
    parser = cases.parser(__doc__, "build", "loop")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    cases.main(arguments, arguments, folder=True)
