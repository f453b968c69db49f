#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No id, no call and no line of log on another's span.

usage: leak.py --build DIR [--invocations N]

Servers in Node.js (an event loop), Java (a pool of threads) and C (a thread for each connection) are asked
by 200 connections at once. Each invocation has an id of its own in its path, as its request id, as its
trace, in its two lines of log and in the path of the call that it makes. What a real collector made of it
is held against that: whatever it says of whose something is must be true. What it cannot know it may leave
out, and counts; of the threaded servers that must be little, or this test would look at nothing.
"""
import collections
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lib import cases, listening, watching

HERE = pathlib.Path(__file__).resolve().parent
SERVER, CLIENT = 2, 3  # kinds of spans
CONNECTIONS, LIMIT_S, LOAD_S, POLL_S = 200, 60, 900, 0.02
THREADED = ("java", "c")
VIRTUAL = "java_virtual_threads"  # threads that share those of the system, and do each other's work there
COUNTED = 0.99  # of what is nobody's, at least: a line may be told alone for other reasons
AT_ONCE = 100  # invocations at some moment; all but always it is each connection's
# What says why something is of no invocation, or was not told.
COUNTERS = ("dropped", "requests_dropped", "calls_dropped", "calls_unowned", "unattributed", "unmatched",
            "log_lines_alone", "log_lines_limited", "hurried")
# Of a threaded server, at least: of lines some are over the rate, a collector without CPU lets rings fill.
ATTRIBUTED_LINES, ATTRIBUTED_CALLS = 0.5, 0.5


def _with_virtual_threads():
    """The java of a JDK that has them: 21, or later."""
    for java in sorted(pathlib.Path("/usr/lib/jvm").glob("*/bin/java"), reverse=True):
        said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
        version = re.match(r'openjdk version "(\d+)', said)
        if version and int(version[1]) >= 21:
            return java
    return cases.skip("there is no JDK below /usr/lib/jvm with virtual threads (21, or later)")


def command_of(language, build, folder):
    if language == "c":
        return [build / "tests/e2e/leak/leak_server", "0"]
    program = "java" if language == VIRTUAL else language
    if not shutil.which(program):
        cases.skip(f"there is no {program}")
    if language == "node":
        return ["node", HERE / "server.js"]
    java = _with_virtual_threads() if language == VIRTUAL else "java"
    subprocess.run(["javac", "-d", folder, HERE / "Server.java"], check=True)
    return [java, "-XX:TieredStopAtLevel=1", "-Dsun.net.httpserver.nodelay=true",
            "-Dhttp.maxConnections=220", "-cp", folder, "Server"]


def start(command, **options):
    process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, **options)
    end = time.monotonic() + LIMIT_S
    while not (ports := listening.ports_of(process.pid)):
        assert process.poll() is None and time.monotonic() < end, f"{command} does not listen"
        time.sleep(POLL_S)
    return process, ports[0]


def ask(port, count):
    """All of them, by wrk."""
    if not shutil.which("wrk"):
        cases.skip("there is no wrk (script/setup installs it)")
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{LOAD_S}s", "--timeout", f"{LOAD_S}s",
               "-s", HERE / "ask.lua", f"http://127.0.0.1:{port}/", "--", str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as asking:
        said = asking.stderr.readline()
        asking.send_signal(signal.SIGINT)
        shown, more = asking.communicate(timeout=LIMIT_S)
    assert said == "done\n" and asking.returncode == 0, (shown, said + more)
    assert "Non-2xx" not in shown, shown


def counters_of(collector):
    """What it counted, once nobody is watched any more: it says so at each SIGUSR1."""
    end = time.monotonic() + LIMIT_S
    while True:
        collector.send_signal(signal.SIGUSR1)
        counters = json.loads(collector.stderr.readline())
        if not counters["instances_now"]:
            return counters
        assert time.monotonic() < end, counters
        time.sleep(POLL_S)


def load(language, build, folder, count):
    """Returns the file with what the collector told, that with the server's own lines, and counters."""
    traces, lines, announce = folder / "traces.jsonl", folder / "lines", folder / "announce.sock"
    backend, port = start([build / "tests/e2e/leak/leak_server", "0"])
    collector = watching.start([build / "collector/coldspan-collector", "--file", traces, "--log-level",
                                "error"], announce, stderr=subprocess.PIPE, text=True)
    try:
        with open(lines, "wb") as out:
            more = ["virtual"] if language == VIRTUAL else []
            server, asked = start([*command_of(language, build, folder), str(port), *more], stdout=out,
                                  env={**os.environ, "COLDSPAN_SOCKET": str(announce),
                                       "LD_PRELOAD": str(build / "preload/libcoldspan.so")})
        try:
            ask(asked, count)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(LIMIT_S)
    finally:
        watching.kill(backend)
        counters = counters_of(collector)
        collector.send_signal(signal.SIGTERM)
        said = collector.communicate(timeout=LIMIT_S)[1]
    assert collector.returncode == 0, said
    watching.ledger(said.splitlines())
    return traces, lines, counters


def attribute(one, key):
    """Of a span as it was written: most of what is told of one is of no interest here, and there are many."""
    return next((attribute["value"] for attribute in one["attributes"] if attribute["key"] == key), None)


class Found:
    """What was told, held against what was so."""

    def __init__(self):
        self.spans = {}  # of invocations: id by (trace, span)
        self.ids = set()
        self.calls, self.lines = [], []  # whose each says it is, and whose it was
        self.moments = []  # when one began, 1, and ended, -1
        self.counts = collections.Counter()

    def invocation(self, span):
        number = attribute(span, "http.request.header.x-request-id")["arrayValue"]["values"][0]["stringValue"]
        assert attribute(span, "url.path")["stringValue"] == f"/event/{number}", span
        assert int(span["traceId"], 16) == int(span["parentSpanId"], 16) == int(number), span
        assert span["spanId"] not in self.ids, f"the id of another span: {span}"
        self.ids.add(span["spanId"])
        self.moments += (int(span["startTimeUnixNano"]), 1), (int(span["endTimeUnixNano"]), -1)
        self.spans[span["traceId"], span["spanId"]] = number
        self.counts["invocations"] += 1

    def call(self, span):
        path = (attribute(span, "url.path") or attribute(span, "url.full"))["stringValue"]
        self.counts["calls"] += 1
        self.calls.append(((span["traceId"], span.get("parentSpanId", "")), path.rsplit("/", 1)[-1]))

    def line(self, record):
        what, number = record["body"]["stringValue"].split()
        assert what in ("begin", "end"), record
        self.counts["lines"] += 1
        if record.get("spanId") or record.get("traceId"):
            self.lines.append(((record["traceId"], record["spanId"]), number))

    def take(self, batch):
        for resource in batch.get("resourceSpans", []):
            for span in (span for scope in resource["scopeSpans"] for span in scope["spans"]):
                if span["kind"] == SERVER:
                    self.invocation(span)
                elif span["kind"] == CLIENT:
                    self.call(span)
        for resource in batch.get("resourceLogs", []):
            for record in (record for scope in resource["scopeLogs"] for record in scope["logRecords"]):
                self.line(record)

    def check(self):
        """When all invocations are known: a call may be told before the one that it belongs to."""
        for owner, number in self.calls:
            assert self.spans[owner] == number, (owner, number, self.spans[owner])
        for owner, number in self.lines:
            assert self.spans[owner] == number, (owner, number, self.spans[owner])
        self.counts["lines with an invocation"] = len(self.lines)
        at_once = 0
        for _, change in sorted(self.moments):
            at_once += change
            self.counts["at once"] = max(self.counts["at once"], at_once)


def judge(traces):
    found = Found()
    with open(traces, encoding="utf-8") as text:
        for line in text:
            found.take(json.loads(line))
    found.check()
    return found


def leak(language, build, count, folder):
    if language == VIRTUAL:
        count //= 10  # next to nothing of it has an owner: what is looked for is one that has a wrong one
    traces, lines, counters = load(language, build, folder, count)
    with open(lines, "rb") as own:
        written = collections.Counter(line.split()[0].decode() for line in own)
    counts = judge(traces).counts
    print(json.dumps(counts), json.dumps({name: counters[name] for name in COUNTERS}), flush=True)
    check(language, count, counts, counters, written)


def check(language, count, counts, counters, written):
    """@written: lines that the server wrote; of each call the second is behind it."""
    # A machine on which the collector does not get its turn fills the rings: that is counted.
    assert counts["invocations"] >= count - counters["dropped"] - counters["requests_dropped"], counters
    lost = counters["dropped"] + counters["requests_dropped"]
    assert counts["lines"] <= written.total(), (counts, written)
    assert counts["at once"] >= AT_ONCE, counts
    assert counts["lines"] - counts["lines with an invocation"] == counters["log_lines_alone"], (counts, counters)
    if language not in THREADED:
        # Nobody's calls are not told, but counted, with the lines; what is lost may have been three of these.
        nobodys = counters["unattributed"] - counters["log_lines_alone"]
        assert counts["calls"] + nobodys + counters["calls_unowned"] >= COUNTED * written["end"] - 3 * lost, counters
    if language in THREADED:
        assert (counts["lines with an invocation"] >= ATTRIBUTED_LINES * written.total() - lost - counters["log_lines_limited"]
                ), (counts, written, counters)
        assert (counts["calls"] >= ATTRIBUTED_CALLS * count - lost - counters["calls_dropped"]
                ), (counts, counters)


def main():
    parser = cases.parser(__doc__, "build")
    parser.add_argument("--invocations", type=int, default=100_000)
    args = parser.parse_args()
    for language in ("node", "java", VIRTUAL, "c"):
        cases.register(language, functools.partial(leak, language))
    cases.main(args, args.build, args.invocations, folder=True)


if __name__ == "__main__":
    main()
