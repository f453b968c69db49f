#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`coldspan assert`: verdicts and exit codes on real starts, and what it says where there are none.

usage: assert.py --coldspan FILE --schema FILE
Budgets are far from what is measured, on either side, so that no load of the machine changes a verdict.
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import asserting, cases
from lib.asserting import INCONCLUSIVE, KEPT, NO_DATA, OVER, USAGE, coldspan, environment, expect, plan
from lib.cases import case

SERVER = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = 500 if body == b"fail" else 200
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *args):
        pass
print("here", flush=True)
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


@case
def kept_and_exceeded(args, folder):
    plan(folder, "  kept: {run: [/bin/true], budgets: [p50 total <= 100s, shared_objects <= 100]}\n"
                 '  over: {run: [/bin/true], budgets: [{metric: total, max: 1ns, why: "a test\\e[2J"}]}\n')
    expect(coldspan(args, folder, "kept"), KEPT, r"(?m)^kept: 5 cold starts$",
           r"PASS +p50 total <= 100 s ", r"PASS +shared_objects <= 100 +\d+\n", r"budgets: 2 kept\n$")
    expect(coldspan(args, folder), OVER, r"FAIL +p50 total <= 1 ns .*5 of 5 over  coldspan.yaml:5:",
           r"\n +largest: \w+ \S+ [mu]s of \S+ [mu]s.*; files by size: \S+ \S+ [KM]iB", r"\n +next: coldspan run -- /bin/true\n",
           r"why: a test\ufffd\[2J\n", r"budgets: 1 exceeded, 2 kept\n$")


@case
def the_machine_is_told_of(args, folder):
    plan(folder, "  f: {run: [/bin/true], budgets: [p50 total <= 100s]}\n")
    said = [r"runner: ", r"load \d+\.\d, ", r"\d+ of 5 starts disturbed\n"]
    if pathlib.Path("/proc/pressure/cpu").exists():
        said.append(r"CPU pressure \S+ %")
    if os.geteuid() == 0:
        said.append(r"page cache \d+ %")
    expect(coldspan(args, folder), KEPT, *said)


@case
def levels_and_quarantine_excuse(args, folder):
    plan(folder, "  f:\n    run: [/bin/true]\n    budgets:\n"
                 "      - {metric: total, max: 1ns, level: warn}\n"
                 "      - shared_objects <= 0\n"
                 "policy: {quarantine: [{id: f/shared_objects, until: 2999-12-31, issue: '#88'}]}\n")
    expect(coldspan(args, folder), KEPT, r"WARN +p50 total", r"QUARANTINED +shared_objects",
           r"\n +quarantine: until 2999-12-31, #88\n", r"budgets: 2 exceeded but excused\n$")
    text = (folder / "coldspan.yaml").read_text()
    (folder / "coldspan.yaml").write_text(text.replace("2999-12-31", "2020-01-01"))
    expect(coldspan(args, folder), OVER, r"FAIL +shared_objects <= 0", r"\n +quarantine: ended with 2020-01-01, #88\n")
    expect(coldspan(args, folder, "-o", "markdown=-"), OVER, r"quarantine: ended with 2020-01-01, #88")


@case
def an_http_server_is_asked(args, folder):
    (folder / "server.py").write_text(SERVER)
    plan(folder, f"  f:\n    run: [{sys.executable}, server.py]\n    ready: first-response\n"
                 "    timeout: 60s\n    invoke: {body: '{}'}\n"
                 "    budgets: [p50 handler <= 100s, max code <= 1ns, opens.user <= 1000, memory <= 10GiB]\n"
                 f"  bad:\n    run: [{sys.executable}, server.py]\n    ready: first-response\n"
                 "    timeout: 60s\n    invoke: {body: fail}\n    budgets: [total <= 100s]\n"
                 f"  listens:\n    run: [{sys.executable}, server.py]\n    ready: listen\n"
                 "    timeout: 60s\n    budgets: [p50 code <= 100s]\n"
                 f"  says:\n    run: [{sys.executable}, server.py]\n    ready: {{pattern: here}}\n"
                 "    timeout: 60s\n    env: {PORT: '0'}\n    budgets: [p50 runtime <= 100s]\n")
    expect(coldspan(args, folder, "f", "-n", "2"), OVER, r"PASS +p50 handler", r"FAIL +max code",
           r"PASS +opens.user <= 1000 +[1-9]", r"PASS +p50 memory <= 10.0 GiB +[1-9]")
    expect(coldspan(args, folder, "bad"), NO_DATA, r"NO DATA +start 1: its first event was answered with 500.*coldspan.yaml:10:3")
    expect(coldspan(args, folder, "listens", "-n", "2"), KEPT, r"PASS +p50 code")
    expect(coldspan(args, folder, "says", "-n", "2"), KEPT, r"PASS +p50 runtime")


@case
def a_start_that_comes_to_nothing_is_never_green(args, folder):
    plan(folder, f"  raises: {{run: [{sys.executable}, -c, 'import nothere'], budgets: [total <= 100s]}}\n"
                 "  killed: {shell: 'echo last words; kill -9 $$', budgets: [total <= 100s]}\n"
                 "  sleeps: {run: [sleep, '600'], timeout: 500ms, budgets: [total <= 100s]}\n")
    expect(coldspan(args, folder, "raises"), NO_DATA, r"start 1: exit status 1, in phase \w+  ",
           r"\| ModuleNotFoundError: No module named 'nothere'\n")
    expect(coldspan(args, folder, "killed"), NO_DATA, r"killed by signal 9 \(SIGKILL\)",
           r"\| last words\n")
    expect(coldspan(args, folder, "sleeps"), NO_DATA, r"never became ready within \S+ m?s \(waited for it to end\)")
    expect(coldspan(args, folder), NO_DATA, r"budgets: 3 without a start\n$")


@case
def every_way_to_come_to_nothing_is_told(args, folder):
    ends = {"early": ("run: [/bin/true], ready: listen", r"exit status 0 before it was ready \(waited for it to listen on \$PORT\), in phase \w+"),
            "fails": ("shell: 'echo sorry >&2; exit 1', ready: listen", r"exit status 1 before .*, in phase \w+ .*\n +\| sorry\n"),
            "mute": ("run: [/bin/true], ready: {pattern: here}", r"exit status 0 before it was ready \(waited for it to write its pattern\), "),
            "crashes": ("shell: 'kill -SEGV $$'", r"killed by signal 11 \(SIGSEGV\), in phase \w+"),
            "killed": ("shell: 'kill -KILL $$', ready: first-response", r"killed by signal 9 \(SIGKILL\) before .*, in phase \w+"),
            "missing": ("shell: /no/such/thing", r"exit status 127, in phase \w+ .*\n +\| .*/no/such/thing: not found\n"),
            "absent": ("run: [nosuchthing, 1]", r"it could not be started: not found  .*\n +\| nosuchthing: command not found\n"
                                                r" +next: coldspan doctor -- nosuchthing 1\n"),
            "plain": ("run: [./coldspan.yaml]", r"it could not be started  .*\n +\| \./coldspan.yaml: Permission denied\n"),
            "nowhere": ("function: nowhere", r"it could not be started: not found  .*\n +\| \S+/nowhere: No such file or directory\n"),
            "within": ("function: coldspan.yaml/x", r"it could not be started  .*\n +\| \S+/x: Not a directory\n"),
            "gone": ("run: [/bin/true], baseline: {run: [nosuchthing]}", r"the baseline's start 1: it could not be started: not found"),
            "other": ("run: [/bin/true], baseline: {run: [/bin/false]}", r"the baseline's start 1: exit status 1")}
    against = ("gone", "other")
    plan(folder, "".join(f"  {name}: {{{start}, timeout: 60s, budgets: [total <= 100s, "
                         f"{'total <= +5% vs baseline' if name in against else 'cpu <= 100s'}]}}\n"
                         for name, (start, _) in ends.items()))
    for name, (_, said) in ends.items():
        expect(coldspan(args, folder, name, env={"COLUMNS": "300"}), NO_DATA, r"NO DATA +" + ("" if name in against else "start 1: ") + said)
    expect(coldspan(args, folder, "-o", "json=r.json"), NO_DATA, r"budgets: 12 without a start\n$")
    expect(coldspan(args, folder, "--from", "r.json", "absent"), NO_DATA, r"it could not be started: not found  .*\n +\| nosuchthing: command not found\n")


@case
def what_was_not_seen_is_never_green(args, folder):
    plan(folder, "  f: {run: [/bin/true], budgets: [wait <= 100s]}\n")
    expect(coldspan(args, folder), NO_DATA, r"NO DATA +p50 wait .*not seen in 5 of 5 starts")


@case
def what_is_excused_is_not_green_without_data_either(args, folder):
    one = f"  f: {{run: [/bin/true], budgets: [{{metric: wait, max: 1s, level: warn}}]}}\n"
    plan(folder, one)
    expect(coldspan(args, folder), NO_DATA, r"NO DATA +p50 wait", r"budgets: 1 without data but excused")
    plan(folder, one.replace("}]", "}, total <= 100s]"))
    expect(coldspan(args, folder), KEPT, r"budgets: 1 without data but excused, 1 kept")


@case
def strict_passes_only_what_is_proved(args, folder):
    plan(folder, "  f: {run: [/bin/true], runs: 5, max_runs: 5, budgets: [p50 total <= 100s]}\n")
    expect(coldspan(args, folder, "--strict"), KEPT, r"PASS +p50 total")
    plan(folder, "  f: {run: [/bin/true], runs: 6, max_runs: 6, budgets: [p50 total <= 3% vs baseline],"
                 " baseline: {run: [sh, -c, 'sleep 0.3']}}\n")
    expect(coldspan(args, folder, "--strict"), KEPT, r"PASS +p50 total")


@case
def what_the_starts_cannot_prove_is_refused_before_the_first(args, folder):
    """A gate that can never open is none."""
    mark = folder / "started"

    def refused(budget, *words, more="", expected):
        plan(folder, f"  f:\n    run: [touch, {mark}]\n    budgets:\n      - {budget}\n{more}")
        done = coldspan(args, folder, *words)
        expect(done, USAGE, r"coldspan\.yaml:\d+:9: f: " + expected)
        assert not mark.exists(), "it was started all the same"

    refused("p99 total <= 100s", more="    max_runs: 298\n",
            expected=r"p99 total <= 100 s: it takes 299 starts to prove that, and max_runs allows 298; "
                     r"write max_runs: 299\n")
    # The error is divided among the looks, and --strict asks for a proof.
    refused("p99 total <= 100s", "--strict", more="    max_runs: 407\n",
            expected=r".* 408 starts .* max_runs allows 407; write max_runs: 408\n")
    refused("p50 total <= 100s", "--strict", more="    runs: 4\n    max_runs: 4\n", expected=r".* it takes 5 starts ")
    refused("p50 total <= +3% vs baseline", more="    runs: 4\n    max_runs: 4\n    baseline: {run: [/bin/true]}\n",
            expected=r".* it takes 5 pairs to prove that, and max_runs allows 4; ")
    refused("p99.99 total <= 100s", expected=r".* it takes 29956 starts .* 10000 are the most; bound a lower quantile, or max\n")


@case
def fewer_starts_may_be_had_for_a_look(args, folder):
    plan(folder, "  f: {run: [/bin/true], budgets: [p95 total <= 100s]}\n")
    told = r"INCONCLUSIVE +p95 total .*; 59 starts are needed to prove anything"
    expect(coldspan(args, folder, "--runs", "3"), KEPT, told)
    expect(coldspan(args, folder, "--runs", "3", "--strict"), INCONCLUSIVE, told)


@case
def what_fails_nothing_may_be_in_doubt(args, folder):
    plan(folder, "  f: {run: [/bin/true], budgets: [{metric: total, stat: p99, max: 100s, level: warn}, max total <= 100s]}\n")
    expect(coldspan(args, folder, "--runs", "3"), KEPT, r"INCONCLUSIVE +p99 total .*; 299 starts are needed to prove anything")
    expect(coldspan(args, folder, "--show-origin"), KEPT, r"budgets\.p99-total")
    plan(folder, "  f: {run: [/bin/true], budgets: [p99 total <= 100s]}\n")
    expect(coldspan(args, folder, "--show-origin"), KEPT, r"budgets\.p99-total")


@case
def pairs_against_a_baseline(args, folder):
    plan(folder, "  f:\n    run: [sh, -c, 'sleep 0.3']\n    timeout: 60s\n    runs: 8\n    max_runs: 8\n"
                 "    baseline: {run: [/bin/true]}\n"
                 "    budgets: [total <= +100% vs baseline, shared_objects <= 50 vs baseline]\n")
    expect(coldspan(args, folder), OVER, r"f: 8 cold starts, each beside one of the baseline",
           r"FAIL +p50 total <= \+100 % vs baseline +\+", r"\n +moved: \w+ \+\d+ ms.*; new: .*; gone: \S*true",
           r"\n +next: coldspan run -- sh -c 'sleep 0\.3'\n", r"PASS +shared_objects <= 50 vs baseline")
    expect(coldspan(args, folder, "--null", "-o", "json=r.json"), KEPT,
           r"f: 8 cold starts, each beside another of itself\n", r"(PASS|UNSTABLE|INCONCLUSIVE) +p50 total",
           r"; it proves >= \S+ % of total\n")
    expect(coldspan(args, folder, "--from", "r.json"), KEPT, r"f: 8 cold starts, each beside another of itself\n")


@case
def what_fails_has_to_fail_again(args, folder):
    plan(folder, "  f: {run: [/bin/true], budgets: [p50 total <= 1ns, shared_objects <= 0]}\npolicy: {confirm: 1}\n")
    expect(coldspan(args, folder), OVER, r"FAIL +p50 total <= 1 ns .*\n +again: FAIL, .*5 of 5 over",
           r"FAIL +shared_objects <= 0 .*\n +largest: files by size: .*\n +next: .*\n  runner", r"budgets: 2 exceeded")
    late = "echo >> started; [ $(wc -l < started) -gt 5 ] || sleep 3"
    plan(folder, f"  f: {{shell: '{late}', budgets: [p50 total <= 2s]}}\npolicy: {{confirm: 1}}\n")
    expect(coldspan(args, folder), KEPT, r"UNSTABLE +p50 total <= 2.00 s .*5 of 5 over", r"again: PASS, ", r"1 unstable\n$")
    assert (folder / "started").read_text() == 10 * "\n"
    (folder / "started").unlink()
    expect(coldspan(args, folder, "--strict"), INCONCLUSIVE, r"again: (PASS|INCONCLUSIVE), ")


@case
def interrupted_it_leaves_nothing_behind(args, folder):
    plan(folder, f"  f: {{run: [sh, -c, 'echo $$ > {folder}/pid; sleep 600; true'], timeout: 60s, "
                 "budgets: [total <= 100s]}\n")
    process = subprocess.Popen([args.coldspan, "assert"], cwd=folder, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True,
                               env=environment(TMPDIR=str(folder)))
    until = time.monotonic() + 60
    while not (folder / "pid").exists() or not (folder / "pid").read_text().strip():
        assert time.monotonic() < until and process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM, (process.returncode, said)
    assert not pathlib.Path("/proc", (folder / "pid").read_text().strip()).exists(), said
    assert sorted(path.name for path in folder.iterdir()) == ["coldspan.yaml", "pid"], said


@case
def a_command_prepares_each_start(args, folder):
    """Of the baseline, too: each start uses up what is made before it, and ends badly without."""
    use = "shell: 'rm fresh', env: {MADE: made}, prepare: 'test ! -e fresh && touch fresh && echo . >> $MADE'"
    plan(folder, f"  f: {{{use}, timeout: 60s, warmup: 2, budgets: [total <= 100s]}}\n"
                 f"  g: {{{use}, timeout: 60s, baseline: {{run: [rm, fresh]}}, budgets: [total <= +100s vs baseline]}}\n")
    expect(coldspan(args, folder, "f"), KEPT)
    assert (folder / "made").read_text() == ".\n" * 7
    expect(coldspan(args, folder, "g"), KEPT)
    assert len((folder / "made").read_text().split()) >= 7 + 10
    expect(coldspan(args, folder, "--show-origin"), KEPT, r"f.prepare = test ! -e fresh")
    for prepare, limit, said in (("echo why >&2; exit 3", "60s", r"exit status 3  .*\n +\| why\nbudgets"),
                                 ("kill -TERM $$", "60s", r"killed by signal 15 \(SIGTERM\)"),
                                 ("sleep 600", "1s", r"killed by signal 9 \(SIGKILL\)")):
        plan(folder, f"  f: {{shell: 'echo ran >> ran', prepare: '{prepare}', timeout: {limit}, budgets: [total <= 100s]}}\n")
        expect(coldspan(args, folder, "-o", "json=r.json"), NO_DATA, r"start 1: its prepare command: " + said)
        expect(coldspan(args, folder, "--from", "r.json"), NO_DATA, r"start 1: its prepare command: " + said)
        assert not (folder / "ran").exists()


@case
def interrupted_while_it_prepares(args, folder):
    plan(folder, "  f: {run: [/bin/true], prepare: 'echo $$ > pid.new && mv pid.new pid; sleep 600', timeout: 300s, budgets: [total <= 100s]}\n")
    process = subprocess.Popen([args.coldspan, "assert"], cwd=folder, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=environment())
    deadline = time.monotonic() + 60
    while not (folder / "pid").exists():
        assert time.monotonic() < deadline and process.poll() is None, "it does not prepare"
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT and "NO DATA" not in said[0], said
    assert not pathlib.Path("/proc", (folder / "pid").read_text().strip()).exists()


@case
def mistakes_are_told_with_their_place(args, folder):
    expect(coldspan(args, folder), USAGE, r"no coldspan.yaml in .* or above; ")
    plan(folder, "  f: {run: [/bin/true], budgets: [p95 total <= 300]}\n")
    expect(coldspan(args, folder), USAGE,
           r'coldspan.yaml:4:48: "300" has no unit; write 300ms or 300us\n$')
    plan(folder, "  hello: {run: [/no/such], budgets: [total <= 1s]}\n"
                 "  later: {run: [x], baseline: {file: x}, budgets: [total <= 2x vs baseline]}\n")
    expect(coldspan(args, folder, "helo"), USAGE, r'has no function "helo"; did you mean "hello"\?')
    expect(coldspan(args, folder, "hello"), NO_DATA, r"NO DATA .*  coldspan.yaml:4:3\n +\| /no/such: ")
    expect(coldspan(args, folder, "later"), USAGE, r"coldspan.yaml:5:\d+: .*/x: No such file")
    expect(coldspan(args, folder, "--config", "nothere"), USAGE, r"nothere: No such file")
    expect(coldspan(args, folder, "--config", "."), USAGE, r"\.: Is a directory")
    expect(coldspan(args, folder, "--runs", "0"), USAGE, r'--runs: "0" is no number from 1')
    expect(coldspan(args, folder, "--rusn", "3"), USAGE, r"--runs")
    expect(coldspan(args, folder, "--help"), KEPT, r"^Check cold-start budgets")


@case
def it_is_found_from_a_folder_below(args, folder):
    plan(folder, "  f: {run: [./start], budgets: [total <= 100s]}\n")
    (folder / "start").write_text("#!/bin/sh\nexit 0\n")
    (folder / "start").chmod(0o755)
    (folder / "below/there").mkdir(parents=True)
    expect(coldspan(args, folder / "below/there"), KEPT, r"budgets: 1 kept")
    expect(coldspan(args, "/", "-c", folder / "coldspan.yaml"), KEPT, r"budgets: 1 kept")


@case
def relative_names_begin_where_the_name_of_the_file_stands(args, folder):
    """A link there leads to what projects share: each is its own, however the file is found."""
    plan(folder, "  f: {run: [./start], budgets: [total <= 100s]}\n")
    text = (folder / "coldspan.yaml").read_text()
    (folder / "project").mkdir()
    (folder / "project/start").write_text("#!/bin/sh\nexit 0\n")
    (folder / "project/start").chmod(0o755)
    (folder / "project/coldspan.yaml").symlink_to("../coldspan.yaml")
    (folder / "beside").symlink_to("project")
    expect(coldspan(args, folder, "-c", "coldspan.yaml"), NO_DATA, r"\./start: command not found")
    expect(coldspan(args, folder / "project"), KEPT, r"budgets: 1 kept")
    for name in ("project/coldspan.yaml", "beside/coldspan.yaml", folder / "project/coldspan.yaml"):
        expect(coldspan(args, folder, "-c", name), KEPT, r"budgets: 1 kept")
    expect(coldspan(args, folder / "project", "-c", "coldspan.yaml"), KEPT, r"budgets: 1 kept")

    def from_input(name, where, **how):
        return subprocess.run([args.coldspan, "assert", "-c", name], cwd=where, env=environment(), text=True,
                              capture_output=True, timeout=300, check=False, **how)

    for name in ("-", "/dev/stdin", "/proc/self/fd/0"):
        expect(from_input(name, folder / "project", input=text), KEPT, r"budgets: 1 kept")
        with (folder / "coldspan.yaml").open() as file:
            expect(from_input(name, folder / "project", stdin=file), KEPT, r"budgets: 1 kept")


@case
def the_schema_says_what_the_program_does(args, folder):
    try:
        import jsonschema
    except ImportError:
        cases.skip("python3-jsonschema is not installed (script/setup installs it)")
    schema = json.loads(args.schema.read_text())
    function = {"run": ["/bin/true"], "budgets": ["p95 total <= 100 s", {"metric": "shared_objects", "max": 99}]}
    prices = {"date": "2026-11-22", "source": "a list", "per_request": "0.2USD", "per_gb_second": "0.1USD"}
    good = {"version": 1, "functions": {"f": function}}
    for more, is_good in (({}, True), ({"ready": "exit"}, True), ({"ready": "exi"}, False),
                          ({"timeout": "3s"}, True), ({"timeout": 3}, False), ({"runs": 0}, False),
                          ({"budgets": ["p95 total < 3s"]}, False), ({"budget": []}, False),
                          ({"budgets": [{"metric": "total"}]}, False), ({"shell": "x"}, False),
                          ({"cost": {"memory": "1GiB", "prices": prices}}, True), ({"cost": {"memory": "1GiB"}}, None),
                          ({"cost": {"memory": "1GiB", "prices": {**prices, "date": "today"}}}, False),
                          ({"cost": {"memory": 1, "prices": prices}}, False), ({"image": "x"}, False),
                          ({"prepare": "rm -rf __pycache__"}, True), ({"prepare": ["rm", "x"]}, False),
                          ({"budgets": ["overhead <= 99x", "wall <= 99x vs unwatched"]}, True),
                          ({"run": ["/bin/true", True]}, False), ({"run": [""]}, False), ({"run": ["/bin/true", ""]}, True),
                          ({"runs": "1"}, False), ({"env": {"A": 1}}, True), ({"env": {"A": False, "B": ""}}, False), ({"env": {"A": ""}}, True),
                          ({"confidence": "40%"}, False), ({"confidence": "99.9%"}, True),
                          ({"budgets": ["p95 totl <= 3s"]}, False), ({"budgets": ["p0 total <= 3s"]}, False),
                          ({"budgets": ["p95 total <= 300"]}, False), ({"budgets": ["p95 total <= 300MiB"]}, False),
                          ({"budgets": ["p95 total <= +5%"]}, False), ({"budgets": ["total <= -1ms"]}, False),
                          ({"budgets": ["max memory <= 99 GiB", "max cpu <= 99 m"]}, True),
                          ({"budgets": ["shared_objects <= 3ms"]}, False), ({"budgets": ["overhead <= 5GB"]}, False),
                          ({"budgets": ["overhead <= 99x vs unwatched"]}, False),
                          ({"budgets": ["memory <= 99x vs unwatched"]}, False),
                          ({"budgets": [{"metric": "memory", "max": 96}]}, False),
                          ({"budgets": [{"metric": "memory", "max": "96GiB", "stat": "max", "why": 412}]}, True),
                          ({"budgets": [{"metric": "memory", "max": "5x", "relative_to": "unwatched"}]}, False),
                          ({"budgets": [{"metric": "overhead", "max": "99x", "min_effect": "1ms"}]}, True),
                          ({"budgets": [{"metric": "overhead", "max": "99x", "min_effect": "1MB"}]}, False),
                          ({"budgets": [{"metric": "threads", "max": -1}]}, False),
                          ({"budgets": [{"metric": "threads", "max": "99", "level": "warning"}]}, False),
                          ({"baseline": {"run": ["/bin/true"]},
                            "budgets": ["threads <= 2 vs baseline", "total <= +9900% vs baseline",
                                        {"metric": "code", "max": "+9s", "relative_to": "baseline"}]}, True),
                          ({"baseline": {"run": ["/bin/true"]}, "budgets": ["total <= 2MB vs baseline"]}, False),
                          ({"baseline": {"run": ["/bin/true"], "if_different": "warn"}}, False)):
        document = {**good, "functions": {"f": {**function, **more}}}
        (folder / "coldspan.yaml").write_text(json.dumps(document))
        got = coldspan(args, folder, "--show-origin")  # what the file says, without starts
        assert (got.returncode == KEPT) == bool(is_good), (more, got)
        if is_good is None:  # what stands elsewhere in the file the schema does not know
            continue
        try:
            jsonschema.validate(document, schema)
            assert is_good, more
        except jsonschema.ValidationError as error:
            assert not is_good, (more, error)


def schema(parser):
    parser.add_argument("--schema", type=pathlib.Path, required=True)


if __name__ == "__main__":
    asserting.main(__doc__, schema)
