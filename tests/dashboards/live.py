#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every query of every panel, variable, annotation and rule, asked of a real Prometheus that scrapes a real collector
while the reference runtime starts functions: in C, Python and Node, two versions, some of which fail.

usage: live.py --build DIR [--stack] [--only WORDS]
--stack: a current Prometheus scrapes, as dashboards/stack tells it to; else Debian's, which takes text.

None may be empty, none may be no number, in the end: functions are called until each has been answered.
"""
import http.server
import json
import math
import pathlib
import re
import secrets
import shutil
import socket
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import boards
import yaml_files
from lib import cases, prometheus, watching
from lib.cases import case
from lib.stage import Stage

LIMIT_S = 420
# What Grafana puts in: a window that holds several scrapes, and some of everything that was called.
GRAFANA = {"__rate_interval": "10m", "__range": "30m", "__range_s": "1800", "__interval": "15s"}
VERCEL = "VERCEL: '1'\n  AWS_LAMBDA_FUNCTION_NAME: shop\n  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128'\n"
SHOP = """\
import http.server, os, socket, sys, time, urllib.request

def ask_backend():
    urllib.request.urlopen(os.environ["BACKEND"]).read()

class Shop(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        print("asked for", len(body), flush=True)
        if b"slow" in body:
            time.sleep(600)
        ask_backend()
        self.send_response(500 if b"fail" in body else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass

ask_backend()
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Shop).serve_forever()
"""
NODE = """\
const http = require("node:http");
http.createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => (body += piece));
    request.on("end", () => { response.statusCode = body.includes("fail") ? 502 : 200; response.end("ok"); });
}).listen(process.env.PORT, "127.0.0.1");
"""


class Backend(http.server.ThreadingHTTPServer):
    """What functions ask; and, at /v1, a destination that refuses what it gets."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server_port}"


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(400 if "/v1/" in self.path else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = _answer

    def log_message(self, *_):
        pass


def _function(folder, name, file, program, command, variables, more="mode: http\nidle_timeout: 1s\n"):
    (folder / name).mkdir()
    (folder / name / file).write_text(program)
    (folder / name / "function.yaml").write_text(
        f"name: {name}\ncommand: {json.dumps(command)}\n{more}environment:\n  {variables}")


def _functions(folder, build, backend):
    """Two versions of one in Python, one of them provisioned; one in Node, one in C that is a process per event."""
    python = ["python3", "shop.py"]
    for version in ("1", "2"):
        _function(folder, f"shop-{version}", "shop.py", SHOP, python,
                  f"{VERCEL}  VERCEL_DEPLOYMENT_ID: 'v{version}'\n  BACKEND: {backend}\n")
    _function(folder, "kept", "shop.py", SHOP, python,
              VERCEL.replace("shop", "kept") + "  VERCEL_DEPLOYMENT_ID: 'v1'\n"
              f"  AWS_LAMBDA_INITIALIZATION_TYPE: provisioned-concurrency\n  BACKEND: {backend}\n")
    _function(folder, "slow", "shop.py", SHOP, python,
              VERCEL.replace("shop", "slow") + f"  VERCEL_DEPLOYMENT_ID: 'v1'\n  BACKEND: {backend}\n",
              "mode: http\nidle_timeout: 1s\ntimeout: 2s\n")
    _function(folder, "pictures", "index.js", NODE, ["node", "index.js"],
              "K_SERVICE: pictures\n  K_CONFIGURATION: pictures\n  K_REVISION: pictures-00001\n",
              "mode: http\n")  # kept: an instance that is ended as it is asked answers for nobody
    shutil.copytree(boards.ROOT / "tests/functions/hello-c", folder / "hello-c")
    shutil.copy(build / "tests/functions/hello", folder / "hello-c/hello")


class Live(Stage):
    def __init__(self, build, functions, folder, backend):
        self.backend = backend
        self.asked = {"pictures": [0, 0], "hello-c": [0, 0]}  # answers, good and bad
        super().__init__(build, functions, folder)

    def start_collector(self):
        command = [self.build / "collector/coldspan-collector", "--file", self.traces, "--prometheus", "0",
                   "--otlp", self.backend.url]
        log = self.folder / "collector.log"
        with log.open("wb") as said:
            process = watching.start(command, self.socket, stderr=said)
        self.started.append(process)
        self.metrics = re.search(r"metrics for Prometheus: http://([^/\s]+)", log.read_text())[1]
        return process

    def ask(self, name, body):
        """As OpenFaaS's gateway asks: with the trace, and since when it has the event."""
        headers = {"traceparent": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01",
                   "X-Start-Time": str(time.time_ns())}
        try:
            with urllib.request.urlopen(urllib.request.Request(f"{self.base}/function/{name}", body, headers),
                                        timeout=120) as answer:
                answer.read()
        except urllib.error.HTTPError as error:
            return error.code
        return 200

    def round(self):
        """Some of everything."""
        for name in ("shop-1", "shop-2", "kept", "pictures", "hello-c"):
            for body in (b"a", b"b", b"fail"):
                status = self.ask(name, body)
                if name in self.asked:
                    self.asked[name][status != 200] += 1
        self.ask("slow", b"slow")
        # A stranger, whom the collector refuses.
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stranger:
            stranger.connect(str(self.socket))
            stranger.send(b"hello")


def _asked(board, expr):
    return boards.filled_in(expr, {**boards.chosen(board), **GRAFANA})


class Question:
    """One query. What it was answered last is kept, for whoever waits in vain."""

    def __init__(self, where, ask):
        self.where, self._ask, self.last = where, ask, None

    def answered(self):
        self.last = self._ask()
        return bool(self.last) and all(math.isfinite(value) for _, value in self.last)


def _of_panels(server):
    for board in boards.all_boards():
        for title, target in boards.queries(board):
            if "expr" in target:
                expr = _asked(board, target["expr"])
                yield Question(f"{board['title']}: {title} {target['refId']}: {expr}",
                               lambda expr=expr: server.instant(expr))


def _of_variables(server):
    for board in boards.all_boards():
        for variable in boards.variables(board):
            found = variable["type"] == "query" and re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"])
            if found:
                metric = _asked(board, found[1])
                yield Question(f"{board['title']}: ${variable['name']}", lambda m=metric, name=found[2]: [
                    (value, 1.0) for value in server.ask(f"label/{name}/values", **{"match[]": m})])


def _of_annotations(server):
    """What is new in the last minutes is a deploy; alerts are told by their own rules."""
    for board in boards.all_boards():
        for annotation in boards.annotations(board):
            if "ALERTS" not in annotation["expr"]:
                expr = _asked(board, annotation["expr"])
                yield Question(f"{board['title']}: {annotation['name']}", lambda expr=expr: server.instant(expr))


def _of_rules(server):
    """What is recorded; and of alerts, which are to be silent, each series that they look at."""
    for rule in yaml_files.rules("recording"):
        yield Question(f"{rule['record']}: {rule['expr']}", lambda rule=rule: server.instant(rule["record"]))
    names = {name for rule in yaml_files.rules("alerts")
             for name in re.findall(r"\b(?:job_faas_name\w*:[\w:]+|(?:faas|coldspan|otel_sdk)_\w+|up)\b(?! *[,)]|\()",
                                    re.sub(r"{[^}]*}|\bby \([^)]*\)|\bon \([^)]*\)|group_left *\([^)]*\)", "", rule["expr"]))}
    names -= {name for name in names if name + "_count" in names}  # native, which a scrape of text has none of
    assert len(names) > 15, names
    for name in sorted(names):
        yield Question(f"an alert looks at {name}", lambda name=name: server.instant(f"count({name})"))


@case
def every_query_is_answered(live, server):
    pending = [question for kind in (_of_panels, _of_variables, _of_annotations, _of_rules) for question in kind(server)]
    assert len(pending) > 120, len(pending)
    until = time.monotonic() + LIMIT_S
    while pending:
        live.round()
        pending = [question for question in pending if not question.answered()]
        if time.monotonic() > until:
            break
    assert not pending, "\n".join(f"{one.where}\n    {one.last}" for one in pending)


@case
def what_was_asked_was_counted(live, server):
    """By name, good and bad, whatever was cold."""
    for name, (good, bad) in live.asked.items():
        for metric, wanted in (("faas_invocations_total", good), ("faas_errors_total", bad)):
            counted, until = None, time.monotonic() + LIMIT_S
            while counted != wanted and time.monotonic() < until:
                time.sleep(0.2)
                counted = sum(value for _, value in server.instant(f'{metric}{{faas_name="{name}"}}'))
            assert counted == wanted, f"{name}: {metric} is {counted}, not {wanted}"


@case
def two_versions_stand_beside_each_other(live, server):
    found = {(labels["faas_name"], labels["faas_version"]) for labels, _ in server.instant(
        'sum by (faas_name, faas_version) (faas_coldstarts_total{faas_version!=""})')}
    assert {("shop", "v1"), ("shop", "v2"), ("pictures", "pictures-00001")} <= found, found


@case
def exemplars_lead_to_traces_that_were_kept(live, server):
    found = server.ask("query_exemplars", query="faas_init_duration_seconds_bucket", start=time.time() - 3600,
                       end=time.time() + 60)
    ids, kept, until = {one["labels"]["trace_id"] for series in found for one in series["exemplars"]}, set(), \
        time.monotonic() + LIMIT_S
    while not ids <= kept and time.monotonic() < until:  # a trace is written when it is complete
        time.sleep(0.2)
        kept = set(re.findall(r'"traceId":"([0-9a-f]{32})"', live.traces.read_text("utf-8")))
    assert ids and ids <= kept, (ids, len(kept))


def _scraping(live, stack):
    """What prometheus.Prometheus is told of the collector."""
    if not stack:
        return {"scrape": live.metrics}
    config = yaml_files.read(boards.ROOT / "dashboards/stack/prometheus.yml")
    own = {key: value for key, value in config["scrape_configs"][0].items()
           if key not in ("job_name", "static_configs")}
    return {"peer": prometheus.CURRENT, "jobs": [prometheus.job(live.metrics, **own)]}


def main():
    parser = cases.parser(__doc__, "build")
    parser.add_argument("--stack", action="store_true")
    args = parser.parse_args()
    for tool in ("node", "python3"):
        if not shutil.which(tool):
            cases.skip(f"{tool} is not installed")
    with tempfile.TemporaryDirectory() as folder, Backend() as backend:
        folder = pathlib.Path(folder)
        (folder / "functions").mkdir()
        _functions(folder / "functions", args.build, backend.url)
        threading.Thread(target=backend.serve_forever, daemon=True).start()
        live = Live(args.build, folder / "functions", folder, backend)
        try:
            with prometheus.Prometheus(folder, **_scraping(live, args.stack), rules=sorted(
                    (boards.ROOT / "dashboards/rules").glob("*.yaml"))) as server:
                cases.main(args, live, server)
        finally:
            live.kill()
            backend.shutdown()


if __name__ == "__main__":
    main()
