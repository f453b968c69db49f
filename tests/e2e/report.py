#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`coldspan report`: what it draws of a recording, word for word, and what it says of a bad one.

usage: report.py --coldspan FILE
"""
import json
import os
import subprocess
import sys
import pathlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases
from lib.cases import case

MS = 1_000_000
NOON = 1_700_000_000_000 * MS


def attribute(key, value):
    kind = "boolValue" if isinstance(value, bool) else "stringValue"
    return {"key": key, "value": {kind: value}}


def span(name, number, parent, start_ms, end_ms, kind=1, failed=False, message="", **attributes):
    return {"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": f"{number:016x}",
            "parentSpanId": f"{parent:016x}" if parent else "", "name": name, "kind": kind,
            "startTimeUnixNano": str(NOON + start_ms * MS), "endTimeUnixNano": str(NOON + end_ms * MS),
            "status": {"code": 2, "message": message} if failed else {},
            "attributes": [attribute(key.replace("_", ".").replace("..", "_"), value)
                           for key, value in attributes.items()]}


def phase(name, number, parent, start_ms, end_ms, **attributes):
    return span(name, number, parent, start_ms, end_ms, coldspan_phase=name, **attributes)


def line(service, *spans):
    return json.dumps({"resourceSpans": [{
        "resource": {"attributes": [attribute("service.name", service)]},
        "scopeSpans": [{"spans": list(spans)}]}]}) + "\n"


def one_start(service, number, parent=0, code_ms=30, **more):
    """80 ms: exec 10, code 30, wait 8 of which nothing is known, handler 20, and 12 of nobody."""
    later = code_ms - 30
    return line(service, span("cold start", number, parent, 0, 80 + later, **more),
                phase("code", number + 2, number, 10, 40 + later),
                phase("exec", number + 1, number, 0, 10),
                phase("wait", number + 3, number, 40 + later, 48 + later,
                      coldspan_phase_approximate="its end was not seen"),
                phase("handler", number + 4, number, 48 + later, 68 + later))


def calls(service, number, parent=0):
    """The first takes 25 ms; then 3, 9, 4: their median is 4."""
    return line(service, span("POST", number, parent, 48, 73, kind=2, faas_coldstart=True),
                *(span("POST", number + 1 + i, parent, 100, 100 + ms, kind=2, faas_coldstart=False)
                  for i, ms in enumerate((3, 9, 4))))


def report(args, *words, env=None):
    return subprocess.run([args.coldspan, "report", *words], capture_output=True, timeout=60,
                          check=False, text=True,
                          env={**os.environ, "COLUMNS": "60", "LC_ALL": "C", **(env or {})})


def write(folder, text, name="traces.jsonl"):
    path = folder / name
    path.write_text(text)
    return path


DRAWN = """\
hello  cold start  80.00 ms  trace 0af76519...
 phase            start      dur     %  0            80.0 ms
 exec              0.00    10.00  12.5  ###
 code             10.00    30.00  37.5    ########
 wait             40.00    ~8.00  10.0            ##
 handler          48.00    20.00  25.0              #####
 unattributed         -    12.00  15.0
"""


@case
def a_cold_start_is_drawn_with_all_its_phases(args, folder):
    got = report(args, write(folder, one_start("hello", 16) + calls("hello", 32)))
    assert (got.returncode, got.stderr) == (0, ""), got
    assert got.stdout == DRAWN + " first invocation 25.00 ms; warm ones 4.000 ms (median of 3)\n" \
        " ~ wait: its end was not seen\n", got.stdout


@case
def cold_and_warm_are_told_apart(args, folder):
    others = calls("other", 64)
    for text, said in ((one_start("hello", 16) + others, None),
                       (one_start("hello", 16) + line("hello", span("POST", 32, 0, 48, 73, kind=2,
                                                                   faas_coldstart=True)) + others,
                        "first invocation 25.00 ms; no warm one in this recording"),
                       (one_start("hello", 16) + calls("hello", 32) +
                        line("hello", span("POST", 90, 0, 100, 600, kind=2, failed=True, faas_coldstart=False)),
                        "first invocation 25.00 ms; warm ones 4.000 ms (median of 3); 1 failed"),
                       (one_start("hello", 16) + line("hello", span("POST", 32, 0, 48, 73, kind=2, failed=True,
                                                                   faas_coldstart=True)),
                        "no first invocation that did not fail; 1 failed"),
                       (one_start("hello", 16) + line("hello", span("POST", 32, 0, 48, 73, kind=1,
                                                                   faas_coldstart=True)), None)):
        got = report(args, "--function", "hello", write(folder, text), env={"COLUMNS": "100"})
        assert got.returncode == 0 and (said or "cold start") in got.stdout, got
        assert ("first invocation" in got.stdout) == bool(said), got.stdout


@case
def several_files_are_one_recording_and_a_failure_is_said(args, folder):
    first = write(folder, one_start("hello", 16, failed=True), "1")
    got = report(args, first, write(folder, calls("hello", 32) + one_start("other", 48), "2"))
    assert got.returncode == 0 and " it failed\n" in got.stdout, got
    assert "median of" in got.stdout and got.stdout.count("cold start") == 2, got


def below(text):
    """The lines below the drawing, but for those that tell of other things."""
    lines = text.splitlines()
    last, = (i for i, row in enumerate(lines) if row.startswith(" unattributed"))
    return [row for row in lines[last + 1:]
            if "shared objects" not in row and "first invocation" not in row]


@case
def what_is_not_exact_and_how_it_ended_is_said(args, folder):
    text = one_start("hello", 16, failed=True, message="killed by signal 9 (SIGKILL)",
                     coldspan_approximate="its clock is another's", coldspan_init_ready=False,
                     coldspan_stand__down="no_clock, unheard_of, no_tables")
    got = report(args, write(folder, text), env={"COLUMNS": "200"})
    assert below(got.stdout) == [
        " ~ wait: its end was not seen",
        " its clock is another's",
        " watched less: the vDSO's clock is not there, or may not be read; "
        "no memory for the descriptor table: no HTTP",
        " killed by signal 9 (SIGKILL)",
        " it ended, and no event of it was seen"], got.stdout
    text = one_start("hello", 16, coldspan_approximate="its end was not seen")
    assert below(report(args, write(folder, text)).stdout) == [" ~ wait: its end was not seen"]


@case
def run_says_the_same(args, folder):
    said = set()
    for command in (["sh", "-c", "cat | cat; true"], ["sh", "-c", "kill -9 $$"], ["sh", "-c", "exit 3"],
                    ["sh", "-c", "read x; exec cat"], ["cat"]):
        path = folder / "run.jsonl"
        path.unlink(missing_ok=True)
        run = subprocess.run([args.coldspan, "run", "--file", path, "--", *command], timeout=60,
                             input="event\n", capture_output=True, text=True, check=False,
                             env={**os.environ, "COLUMNS": "500", "LC_ALL": "C"})
        got = report(args, path, env={"COLUMNS": "500"})
        assert below(got.stdout) == below(run.stderr), (got.stdout, run.stderr)
        said.update(below(run.stderr))
    assert any("a child process" in row for row in said), said
    assert any("killed by signal 9" in row for row in said), said


@case
def a_torn_last_line_is_left_out_and_told(args, folder):
    whole = one_start("hello", 16)
    path = write(folder, whole + one_start("other", 48)[:-30])
    got = report(args, path)
    assert got.returncode == 0 and got.stdout.startswith(DRAWN) and "other" not in got.stdout, got
    assert got.stderr == f"coldspan: warn: {path}:2: the last line is cut off (still being written?)\n"
    got = report(args, write(folder, whole + one_start("other", 48)[:-1]))
    assert got.returncode == 0 and not got.stderr and "other" in got.stdout, got


@case
def a_broken_line_is_an_error_and_the_rest_is_shown(args, folder):
    path = write(folder, "{half\n" + one_start("hello", 16) + "\n}\n")
    got = report(args, path)
    assert got.returncode == 2 and got.stdout.startswith(DRAWN), got
    assert got.stderr.startswith(f"coldspan: error: {path}:1:") and got.stderr.count("\n") == 1, got
    assert "more such lines follow" in got.stderr, got


@case
def what_is_no_recording_is_said_so(args, folder):
    got = report(args, write(folder, '{"a":1}\n'))
    assert got.returncode == 2 and not got.stdout and got.stderr.count("\n") == 1, got
    assert "holds no OTLP traces" in got.stderr, got
    for name, text in (("/nonexistent", "cannot read /nonexistent"), (folder, "cannot read")):
        got = report(args, name)
        assert got.returncode == 2 and got.stderr.count("\n") == 1 and text in got.stderr, got


@case
def nothing_of_what_was_asked_for_is_a_status_of_its_own(args, folder):
    path = write(folder, one_start("hello", 16))
    for words, text in ((["--function", "helo", path], "no cold start of helo in 5 spans"),
                        ([write(folder, "", "empty")], "no cold start in 0 spans"),
                        ([write(folder, calls("hello", 16), "warm")], "no cold start in 4 spans")):
        got = report(args, *words)
        assert got.returncode == 4 and not got.stdout and text in got.stderr, got
        assert got.stderr.count("\n") == 1, got
    assert report(args, "--function", "hello", path).returncode == 0


@case
def what_called_the_others_comes_last(args, folder):
    runtime = one_start("gateway", 16) + calls("gateway", 32)
    text = runtime + one_start("first", 64, parent=32) + calls("first", 80, parent=32) + \
        one_start("second", 96, parent=33)
    got = report(args, write(folder, text))
    names = [row.split()[0] for row in got.stdout.splitlines() if "cold start" in row]
    assert got.returncode == 0 and names == ["first", "second", "gateway"], got
    assert "gateway" in report(args, "--function", "gateway", write(folder, text)).stdout


@case
def a_hundred_thousand_spans_take_no_longer_than_reading_them(args, folder):
    """What walks over all spans for each start takes minutes: more than report() has."""
    path = folder / "traces.jsonl"
    with path.open("w") as out:
        for i in range(20_000):
            out.write(one_start(f"f{i % 10}", 16 * (i + 1)))
        for service in range(10):
            out.write(calls(f"f{service}", 16 * (20_001 + service)))
    got = report(args, "--all", path)
    assert got.returncode == 0 and got.stdout.count("cold start") == 20_000, got.stderr
    assert got.stdout.count("wait             40.00    ~8.00") == 20_000
    assert got.stdout.count("first invocation 25.00 ms; warm ones 4.000 ms (median of 3)") == 20_000
    got = report(args, path)
    assert got.returncode == 0 and got.stdout.count("  2000 cold starts\n") == 10, got
    assert got.stdout.count("cold start  ") == 20, got


SUMMARY = """\
hello  22 cold starts
 phase (ms)       median       p95   slowest
 exec              10.00     10.00     10.00
 code              39.00     48.00     49.00
 wait               8.00      8.00      8.00
 handler           20.00     20.00     20.00
 total             89.00     98.00     99.00
 2 ended before they were ready, and are not in the table; 1 failed

hello  cold start  89.00 ms  median of 20  trace 0af76519...
"""


def many(count):
    """Starts of 80 ms and more, in no order: the n-th of them lasts n ms longer."""
    order = [(7 * n) % count for n in range(count)]
    return [one_start("hello", 16 * (n + 1), code_ms=30 + n) for n in order]


@case
def of_many_starts_it_tells_what_they_come_to(args, folder):
    starts = many(20)
    text = "".join(starts) + one_start("hello", 4096, coldspan_init_ready=False, failed=True) + \
        one_start("hello", 4112, coldspan_init_ready=False) + one_start("other", 8192)
    got = report(args, write(folder, text), env={"COLUMNS": "100"})
    head, *drawn = got.stdout.split("\n\n")
    assert (got.returncode, got.stderr) == (0, ""), got
    expected, _, title = SUMMARY.partition("\n\n")
    assert head == expected, head
    assert drawn[0].startswith(title), drawn
    assert drawn[1].startswith("hello  cold start  99.00 ms  slowest  trace 0af76519...\n"), drawn
    assert drawn[2].startswith("other  cold start  80.00 ms  trace 0af76519...\n") and len(drawn) == 3, drawn
    all_of_them = report(args, "--all", write(folder, text)).stdout
    assert all_of_them.count("hello  cold start") == 22 and "median of" not in all_of_them, all_of_them


@case
def a_few_starts_are_all_drawn(args, folder):
    for count, drawn in ((3, 3), (4, 2)):
        got = report(args, write(folder, "".join(many(count))))
        assert got.stdout.count("hello  cold start  ") == drawn, (count, got)


@case
def where_none_was_ready_the_table_is_of_all(args, folder):
    text = "".join(one_start("hello", 16 * (n + 1), code_ms=30 + n, coldspan_init_ready=False) for n in range(5))
    got = report(args, write(folder, text))
    assert " total             82.00     84.00     84.00\n" in got.stdout, got.stdout
    assert "not in the table" not in got.stdout and "median of 5" in got.stdout, got.stdout


@case
def a_phase_counts_where_it_was_seen(args, folder):
    """Of four starts one had to wait for its spawn."""
    text = "".join(many(3)) + line("hello", span("cold start", 4096, 0, 0, 200), phase("queue", 4097, 4096, 0, 60))
    got = report(args, write(folder, text))
    assert " queue              60.0      60.0      60.0\n" in got.stdout, got.stdout


@case
def a_narrow_terminal_has_the_median(args, folder):
    path = write(folder, "".join(many(5)))
    for columns, heads in (("44", ["median", "p95", "slowest"]), ("43", ["median", "slowest"]), ("33", ["median"]),
                           ("20", ["median"])):
        table = report(args, path, env={"COLUMNS": columns}).stdout.split("\n\n")[0].splitlines()
        assert all(len(row) <= int(columns) for row in table), table
        assert [word for word in table[-6].split() if word in ("median", "p95", "slowest")] == heads, table


@case
def a_name_cannot_speak_to_the_terminal(args, folder):
    got = report(args, write(folder, one_start("a\x1b]0;b\x07c", 16)))
    assert got.returncode == 0 and "\x1b" not in got.stdout and "\x07" not in got.stdout, got


def main():
    args = cases.parser(__doc__, "coldspan").parse_args()
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
