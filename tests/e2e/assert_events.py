#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`coldspan assert` on functions that are given events: clients of Lambda's Runtime API, functions by
their folder, and warm events after the first one.

usage: assert_events.py --coldspan FILE --functions DIR
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import asserting, cases, peers
from lib.asserting import FAILED, KEPT, NO_DATA, OVER, USAGE, coldspan, expect, plan
from lib.cases import case

TOP = "defaults: {runs: 2, max_runs: 2, warmup: 0, timeout: 60s}\n"
HANDLER = """
import json, os, sys
def handle(event, context):
    if event.get("fail"):
        raise ValueError("as told")
    with open(os.environ["SEEN"], "a") as seen:
        seen.write(json.dumps([event, context.aws_request_id, context.memory_limit_in_mb,
                               context.get_remaining_time_in_millis() > 0]) + "\\n")
    return {"n": 1}
"""
NODE_HANDLER = """
import { appendFileSync } from "node:fs"
export const handle = async event => {
  if (event.fail)
    throw new Error("as told")
  appendFileSync(process.env.SEEN, JSON.stringify([event]) + "\\n")
  return { n: 1 }
}
"""


def copied(args, name, target):
    """A sample function, which may take longer than the built-in 3 s: a busy machine starves it."""
    shutil.copytree(args.functions / name, target / name)
    with open(target / name / "function.yaml", "a", encoding="utf-8") as settings:
        settings.write("timeout: 60s\n")


def lambda_plan(folder, command, budgets, body='{"n": 1}', more=""):
    plan(folder, f"  f:\n    run: {json.dumps(list(map(str, command)))}\n    ready: first-poll\n"
                 f"    invoke: {{body: '{body}'}}\n    env: {{SEEN: {folder}/seen, AWS_REGION: us-east-1}}\n"
                 f"    budgets: [{budgets}]\n{more}", TOP)


def seen(folder):
    events = [json.loads(line) for line in (folder / "seen").read_text().splitlines()]
    (folder / "seen").unlink()
    return events


def a_client(args, folder, command):
    lambda_plan(folder, command, "p50 handler <= 100s, max total <= 1ns")
    expect(coldspan(args, folder), OVER, r"PASS +p50 handler", r"FAIL +max total .*2 of 2 over")
    events = seen(folder)
    assert [event[0] for event in events] == [{"n": 1}] * 2, events
    lambda_plan(folder, command, "warm.p50 <= 100s, max warm.p95 <= 1ns", more="    warm_events: 3\n")
    expect(coldspan(args, folder), OVER, r"PASS +p50 warm.p50 <= 100 s +\d", r"FAIL +max warm.p95")
    events = seen(folder)
    assert [event[0] for event in events] == [{"n": 1}] * 10, events
    lambda_plan(folder, command, "total <= 100s", '{"fail": true}')
    expect(coldspan(args, folder), NO_DATA, r"start 1: its first event was answered with 500", r"as told")
    return events


@case
def pythons_client_of_the_runtime_api(args, folder):
    python = str(peers.path("awslambdaric"))
    (folder / "app.py").write_text(HANDLER)
    events = a_client(args, folder, [python, "-m", "awslambdaric", "app.handle"])
    ids = [event[1] for event in events]
    assert len(set(ids[:5])) == 5 and ids[:5] == ids[5:] and all(event[2:] == ["128", True] for event in events), events
    lambda_plan(folder, [python, "-m", "awslambdaric", "nothere.handle"], "total <= 100s")
    expect(coldspan(args, folder), NO_DATA, r"start 1: its first event was answered with 500|exit status")


@case
def nodes_client_of_the_runtime_api(args, folder):
    node = shutil.which("node")
    if not node:
        cases.skip("node is not installed (script/setup installs it)")
    (folder / "app.mjs").write_text(NODE_HANDLER)
    a_client(args, folder, [node, peers.path("nodejs_ric"), "app.handle"])


@case
def who_never_asks_is_never_green(args, folder):
    plan(folder, "  f: {run: [sleep, '600'], ready: first-poll, timeout: 500ms, budgets: [total <= 100s]}\n", TOP)
    expect(coldspan(args, folder), NO_DATA, r"never became ready")


@case
def functions_by_their_folder(args, folder):
    for name, phase in (("hello-py-http", "code"), ("hello-py", "runtime"), ("hello-c", "exec")):
        if name == "hello-c" and not (args.functions / name / "hello").exists():
            continue
        copied(args, name, folder / "functions")
        plan(folder, f"  f: {{function: functions/{name}, budgets: [p50 {phase} <= 100s, opens.user <= 1000, memory <= 1GiB, cpu <= 100s, max total <= 1ns]}}\n", TOP)
        expect(coldspan(args, folder), OVER, rf"PASS +p50 {phase} <= 100 s +\d", r"FAIL +max total", r"PASS +opens.user", r"PASS +p50 memory <= 1.00 GiB +\d", r"PASS +p50 cpu")
    plan(folder, "  f: {function: functions/hello-py-http, budgets: [p50 warm.p50 <= 100s], warm_events: 5}\n", TOP)
    expect(coldspan(args, folder), KEPT, r"PASS +p50 warm.p50")
    # As a checkout is called otherwise than what is in it.
    (folder / "functions/hello-py").rename(folder / "functions/checkout")
    plan(folder, "  f: {function: functions/checkout, budgets: [p50 runtime <= 100s]}\n", TOP)
    expect(coldspan(args, folder), KEPT, r"PASS +p50 runtime")
    plan(folder, "  f: {function: functions/nothere, budgets: [total <= 1s]}\n", TOP)
    expect(coldspan(args, folder), NO_DATA, r"could not be started: not found  .*\n +\| .*/functions/nothere: No such file")
    (folder / "functions/bad").mkdir()
    (folder / "functions/bad/function.yaml").write_text("name: bad\nmode: what\n")
    plan(folder, "  f: {function: functions/bad, timeout: 20s, budgets: [total <= 1s]}\n", TOP)
    expect(coldspan(args, folder), NO_DATA, r"\| .*bad/function.yaml:1:1: key .command. is missing")


@case
def what_a_server_used_is_known_of_every_start(args, folder):
    """It is ended right behind its answer, and coldspan-faas has waited for it before anybody could look."""
    copied(args, "hello-py-http", folder / "functions")
    plan(folder, "  f: {function: functions/hello-py-http, runs: 15, max_runs: 15, budgets: [cpu <= 100s, memory <= 1GiB]}\n", TOP)
    expect(coldspan(args, folder), KEPT, r"PASS +p50 cpu <= 100 s +\d", r"PASS +p50 memory <= 1.00 GiB +\d")


@case
def what_a_server_used_is_known_however_many_it_waited_for(args, folder):
    copied(args, "hello-py-http", folder / "functions")
    server = folder / "functions/hello-py-http/server.py"
    server.write_text(server.read_text().replace("    def do_POST(self):\n", """    def do_POST(self):
        for _ in range(60):
            os.wait4(os.posix_spawn("/bin/true", ["true"], {}), 0)
"""))
    plan(folder, "  f: {function: functions/hello-py-http, runs: 1, max_runs: 1, warmup: 0, warm_events: 20, timeout: 100s,\n"
                 "      budgets: [max memory <= 1GiB]}\n", TOP)
    expect(coldspan(args, folder, "-o", "json=r.json"), KEPT, r"PASS +max memory <= 1.00 GiB +\d")
    assert json.loads((folder / "r.json").read_text())["functions"][0]["samples"]["memory_bytes"][0] > 4 << 20


@case
def a_missing_runtime_is_no_fault_of_the_function(args, folder):
    """coldspan-faas is coldspan's own to have: its absence is a failure of ours, and not "no data"."""
    copied(args, "hello-py", folder / "functions")
    alone = folder / "alone"
    alone.mkdir()
    shutil.copy(args.coldspan, alone)
    plan(folder, "  f: {function: functions/hello-py, budgets: [total <= 100s]}\n", TOP)
    library = args.coldspan.parents[1] / "preload/libcoldspan.so"
    got = subprocess.run([alone / "coldspan", "assert"], cwd=folder, capture_output=True, text=True, timeout=300, check=False,
                         env=asserting.environment(COLDSPAN_LIBRARY=str(library), PATH=str(alone)))
    expect(got, FAILED, r"coldspan.yaml:4:3: f: coldspan-faas: command not found")


@case
def warm_events_of_an_http_server(args, folder):
    (folder / "server.py").write_text("""
import http.server, os, time
count = 0
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global count
        count += 1
        if count == 1:
            time.sleep(3)
        self.send_response(500 if os.environ.get("FAIL") and count > 2 else 200)
        self.end_headers()
    def log_message(self, *args):
        pass
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
""")
    one = f"  f: {{run: [{sys.executable}, server.py], ready: first-response, %s}}\n"
    plan(folder, one % "warm_events: 4, budgets: [p50 warm.p50 <= 2s, p50 warm.p95 <= 1ns, p50 handler <= 2s]", TOP)
    got = coldspan(args, folder)
    assert re.search(r"PASS +p50 warm.p50", got.stdout) and re.search(r"PASS +p50 handler", got.stdout) is None, got
    plan(folder, one % "warm_events: 4, env: {FAIL: '1'}, budgets: [p50 warm.p50 <= 2s]", TOP)
    expect(coldspan(args, folder), NO_DATA, r"answered with 500")


@case
def in_proportion_to_a_reference(args, folder):
    for folder_of in ("hello-py-http", "hello-py"):
        copied(args, folder_of, folder)
    plan(folder, "  slow: {run: [sh, -c, sleep 0.3], reference: {run: [sh, -c, ':']}, budgets: [p50 total <= 1.5x vs reference]}\n"
                 "  same: {run: [sh, -c, ':'], reference: {run: [sh, -c, ':']}, budgets: [p50 total <= 100x vs reference]}\n"
                 "  served: {function: hello-py-http, reference: {function: hello-py}, budgets: [p50 total <= 1000x vs reference]}\n"
                 "  fails: {run: [/bin/true], reference: {run: [/bin/false]}, budgets: [total <= 2x vs reference]}\n",
         "defaults: {runs: 8, max_runs: 8, warmup: 0, timeout: 60s}\n")
    expect(coldspan(args, folder, "slow"), OVER, r"8 cold starts, each beside one of the reference", r"FAIL +p50 total <= 1.50 ?x vs reference")
    expect(coldspan(args, folder, "same", "served"), KEPT, r"PASS +p50 total <= 100\S* ?x vs reference", r"PASS +p50 total <= 1000\S* ?x vs reference")
    expect(coldspan(args, folder, "fails"), NO_DATA, r"the reference's start 1: exit status 1")


@case
def mistakes_are_told_with_their_place(args, folder):
    for text, said in (
            ("{run: [x], warm_events: 3, budgets: []}", r"yaml:4:30: only what answers has warm events"),
            ("{run: [x], budgets: [warm.p50 <= 1s]}", r"yaml:4:27: f answers no events that could be warm"),
            ("{run: [x], warm_events: 1001, ready: first-poll, budgets: []}", r"yaml:4:30: a whole number from 0 to 1000"),
            ("{run: [x], warm_event: 3, budgets: []}", r'unknown key "warm_event"; did you mean "warm_events"'),
            ("{function: x, ready: listen, budgets: []}", r"yaml:4:27: a function by its folder is asked over HTTP"),
            ("{run: [x], budgets: [total <= 2x vs reference]}", r"yaml:4:27: f has no reference; write reference: "),
            ("{run: [x], reference: {}, budgets: []}", r"yaml:4:28: write one of run: \[PROGRAM.*\], function: FOLDER"),
            ("{run: [x], reference: {rum: [x]}, budgets: []}", r'unknown key "rum"; did you mean "run"'),
            ("{run: [x], reference: {run: [x]}, baseline: {run: [y]}, budgets: [total <= 2x vs reference, cpu <= 2x vs baseline]}",
             r"yaml:4:98: f has budgets vs (baseline and vs reference|reference and vs baseline); write two functions"),
            ("{run: [x], budgets: [warm <= 1s]}", r'yaml:4:27: unknown metric "warm"; did you mean "warm.p50"')):
        plan(folder, f"  f: {text}\n")
        expect(coldspan(args, folder), USAGE, said)


if __name__ == "__main__":
    asserting.main(__doc__, lambda parser: parser.add_argument("--functions", required=True, type=pathlib.Path))
