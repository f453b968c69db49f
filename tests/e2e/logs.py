#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Log lines of real programs arrive with the ids of what they are of, and never with those of another.

usage: logs.py --build DIR

Servers in Node, Python and Java are asked one request after the other, and many at once; a process per event
answers by its standard output, which is no log.
"""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, otelcol, otlp_json
from lib.cases import case
from lib.served import LIMIT_S, Watched, answer, connected, tool

GUESTS = pathlib.Path(__file__).resolve().parent / "guests/logs"
SERVERS = {
    "node": (["node"], [GUESTS / "server.js"]),
    "python": (["/usr/bin/python3", "python3"], [GUESTS / "server.py"]),
    "java": (["java"], ["-XX:TieredStopAtLevel=1", GUESTS / "Server.java"]),
}
ALONE = [f"alone-{n}" for n in range(5)]
AT_ONCE = [f"crowd-{n}" for n in range(60)]


def ask(port, name):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{name}", timeout=LIMIT_S) as response:
        assert response.read() == b"answer\n"


def served(args, folder, language):
    """Log lines and invocations of a server, and its cold start."""
    names, arguments = SERVERS[language]
    with Watched(args.build, folder, [tool(*names), *arguments]) as watched:
        assert watched.first_line() == "loading\n"
        # Not asked for again: it may have come with the first.
        port = int(watched.server.stdout.readline().split()[1])
        for name in ALONE:
            ask(port, name)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda name: ask(port, name), AT_ONCE))
        start, _, invocations = watched.finish(port)
        said = watched.server.stdout.read().decode()
    lines = otlp_json.of_file(watched.traces, otlp_json.logs)
    return watched, start, invocations, said, lines


def check_lines(language, start, invocations, said, lines):
    """Returns how many of the crowd's lines have ids; all that do have the right ones."""
    spans = {span["spanId"]: span for span in invocations}
    bodies = [line["body"] for line in lines]
    assert {line["body"]: line["spanId"] for line in lines}["loading"] == start["spanId"], lines[:5]
    for body in said.splitlines():
        assert bodies.count(body) == 1, (body, bodies.count(body))
    ended = [json.loads(body)["msg"] if body.startswith("{") else body.removeprefix("WARNING ")
             for body in bodies]
    known = {}
    for line, text in zip(lines, ended):
        what, _, name = text.partition(" ")
        if what not in ("begin", "end"):
            continue
        assert line["attributes"]["log.iostream"] == ("stdout" if what == "begin" else "stderr"), line
        assert line["observed"] >= line["time"] > 1_600_000_000_000_000_000, line
        if line["spanId"]:
            span = spans[line["spanId"]]
            assert span["attributes"]["url.path"] == f"/{name}", f"{language}: {line} has the ids of {span}"
            assert line["traceId"] == span["traceId"], (line, span)
            assert span["start"] <= line["time"] <= span["end"], (line, span)
        known[what, name] = bool(line["spanId"])
    for name in ALONE:
        assert known["begin", name] and known["end", name], f"{language}: a line of {name} has no ids"
    assert {name for _, name in known} >= set(AT_ONCE), "lines are missing"
    return sum(known[what, name] for what in ("begin", "end") for name in AT_ONCE)


@case
def lines_of_node(args, folder):
    watched, start, invocations, said, lines = served(args, folder, "node")
    check_lines("node", start, invocations, said, lines)
    assert {line["level"] for line in lines} == {"", "warn"}
    assert {line["severity"] for line in lines if line["level"]} == {13}
    assert not any(watched.counters[f"log_{what}"] for what in ("lines_lost", "lines_limited", "bytes_lost"))


@case
def lines_of_python(args, folder):
    _, start, invocations, said, lines = served(args, folder, "python")
    known = check_lines("python", start, invocations, said, lines)
    # A thread per connection, which waits for it: of many at once, each line is known by its thread.
    assert known == 2 * len(AT_ONCE), f"{known} of {2 * len(AT_ONCE)} lines have ids"


@case
def lines_of_java(args, folder):
    _, start, invocations, said, lines = served(args, folder, "java")
    check_lines("java", start, invocations, said, lines)


def run(args, folder, command, env=None, **more):
    """coldspan run; its spans and lines."""
    file = folder / "run.jsonl"
    done = subprocess.run([args.build / "agent/coldspan", "run", "--quiet", "--file", file, "--", *command],
                          env={**os.environ, **(env or {})}, capture_output=True, check=False, timeout=LIMIT_S,
                          **more)
    return done, otlp_json.of_file(file), otlp_json.of_file(file, otlp_json.logs)


@case
def the_answer_of_a_process_per_event_is_no_log(args, folder):
    program = ("import sys\n"
               "sys.stderr.write('before\\n')\n"
               "event = sys.stdin.read()\n"
               "sys.stderr.write('working on ' + event)\n"
               "print('the answer')\n")
    done, spans, lines = run(args, folder, ["/usr/bin/python3", "-c", program], input=b"an event\n")
    assert (done.returncode, done.stdout) == (0, b"the answer\n"), done
    assert [line["body"] for line in lines] == ["before", "working on an event"], lines
    start = next(span for span in spans if span["name"] == "cold start")
    event = next(span for span in spans if span["kind"] == 2)
    assert [line["spanId"] for line in lines] == [start["spanId"], event["spanId"]], (lines, spans)
    assert {line["traceId"] for line in lines} == {event["traceId"]}


@case
def the_last_words_of_the_killed_are_told(args, folder):
    program = "import os, sys\nsys.stdin.read()\nos.write(2, b'no more mem')\nos.kill(os.getpid(), 9)\n"
    done, spans, lines = run(args, folder, ["/usr/bin/python3", "-c", program], input=b"x")
    assert done.returncode == 137, done
    (line,) = lines
    assert line["body"] == "no more mem", line
    assert line["spanId"] == next(span for span in spans if span["kind"] == 2)["spanId"], spans


@case
def what_is_too_much_is_counted(args, folder):
    command = ["/usr/bin/python3", "-c", "import os\nfor _ in range(40): os.write(2, b'x' * 9999 + b'\\n')"]
    with Watched(args.build, folder, command) as watched:
        assert watched.server.wait(LIMIT_S) == 0
        start, _, _ = watched.finish(0)
    lines = otlp_json.of_file(watched.traces, otlp_json.logs)
    lost = watched.counters["log_bytes_lost"]
    assert lost and start["attributes"]["coldspan.log.bytes_lost"] == lost, (lost, start)
    told = sum(len(line["body"]) + line["attributes"].get("coldspan.log.cut_bytes", 0) + 1 for line in lines)
    # The last of each 134 ms is cut where there is no more room; the process may live longer than that.
    sizes = [len(line["body"]) for line in lines]
    assert max(sizes) == 8192 and sizes.count(8192) >= 65536 // 10000, sizes
    assert lines and 400000 - lost <= told <= 400000, (told, lost)


@case
def of_bash_the_lines_of_its_commands_are_told(args, folder):
    """What bash itself writes goes through libc's stdio, which is not seen (docs/logs.md)."""
    bash, perl = tool("bash"), tool("perl")
    script = f"""read event; echo unseen >&2; {perl} -e 'print STDERR "seen $ARGV[0]\\n"' "$event" """
    done, _, lines = run(args, folder, [bash, "-c", script], input=b"it\n")
    assert done.stderr == b"unseen\nseen it\n", done
    assert [line["body"] for line in lines] == ["seen it"], lines


@case
def switched_off_nothing_is_told(args, folder):
    done, spans, lines = run(args, folder, ["/usr/bin/python3", "-c", "import os; os.write(2, b'line\\n')"],
                             env={"COLDSPAN_LOGS": "off"}, stdin=subprocess.DEVNULL)
    assert done.stderr == b"line\n" and spans and not lines, lines


@case
def a_real_collector_reads_the_same_lines(args, folder):
    with otelcol.Otelcol(folder / "otelcol") as collector:
        done = subprocess.run([args.build / "agent/coldspan", "run", "--quiet", "--otlp", collector.endpoint,
                               "--file", folder / "run.jsonl", "--", "/usr/bin/python3", "-c",
                               "import os, sys; sys.stdin.read(); os.write(2, b'\\xff {}\\n{\"level\":\"info\"}\\n')"],
                              input=b"x", capture_output=True, check=False, timeout=LIMIT_S)
        theirs = collector.stop()
    assert done.returncode == 0, done
    ours = otlp_json.of_file(folder / "run.jsonl", otlp_json.logs)
    assert [line["body"] for line in ours] == ["\ufffd {}", '{"level":"info"}'], ours
    assert otlp_json.of_file(theirs, otlp_json.logs) == ours
    (event,) = (span for span in otlp_json.of_file(theirs) if span["kind"] == 2)
    assert {line["traceId"] for line in ours} == {event["traceId"]}
    assert {line["spanId"] for line in ours} == {event["spanId"]}


if __name__ == "__main__":
    args = cases.parser(__doc__, "build").parse_args()
    cases.main(args, args, folder=True)
