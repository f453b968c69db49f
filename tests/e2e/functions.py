#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The whole way: real functions behind the watched reference runtime, spans in the collector's file.

usage: functions.py --build DIR --functions DIR

Starts coldspan-collector and coldspan-faas (itself under the shim), calls a C, a Python and a Node
function with a trace context of ours, and reads what the file exporter wrote. Functions whose language
is missing are skipped.
"""
import dataclasses
import functools
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, watching
from lib.cases import case

PHASES = ["queue", "spawn", "exec", "link", "runtime", "code", "wait", "handler", "respond"]
LIMIT_S = 60
NEEDS = {"hello-c": None, "hello-py": "python3", "hello-py-http": "python3", "hello-node": "node"}
CALLED_AGAIN = ("hello-py-http", "hello-node")


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def value_of(attribute):
    kind, value = next(iter(attribute["value"].items()))
    return int(value) if kind == "intValue" else value


class Span:
    def __init__(self, service, span):
        self.service = service
        self.name = span["name"]
        self.kind = span.get("kind")
        self.trace_id, self.span_id = span["traceId"], span["spanId"]
        self.parent = span.get("parentSpanId", "")
        self.start, self.end = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
        status = span.get("status", {})
        self.status = (status.get("code", 0), status.get("message", ""))
        self.attributes = {a["key"]: value_of(a) for a in span.get("attributes", [])}


def read_spans(path):
    spans = []
    for line in path.read_text().splitlines():
        for group in json.loads(line)["resourceSpans"]:
            resource = {a["key"]: value_of(a) for a in group["resource"]["attributes"]}
            for scope in group["scopeSpans"]:
                spans += [Span(resource["service.name"], s) for s in scope["spans"]]
    return spans


class Stage:
    """Collector and runtime, from ready to stopped."""

    def __init__(self, build, functions, folder):
        self.build, self.folder = build, folder
        self.socket = folder / "announce.sock"
        self.traces = folder / "traces.jsonl"
        self.started = []
        self.collector = self.start_collector()
        self.runtime = self.start_runtime(functions)

    def start_collector(self):
        process = watching.start([self.build / "collector/coldspan-collector", "--file", self.traces],
                                 self.socket, stderr=subprocess.PIPE)
        self.started.append(process)
        return process

    def start_runtime(self, functions):
        env = {**os.environ, "LD_PRELOAD": str(self.build / "preload/libcoldspan.so"),
               "COLDSPAN_SOCKET": str(self.socket)}
        process = subprocess.Popen(
            [self.build / "runtime/coldspan-faas", "serve", "--functions", functions, "--listen",
             "127.0.0.1:0", "--timeout", "30s", "--pass-env", "LD_PRELOAD,COLDSPAN_*"], env=env,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.started.append(process)
        line = process.stdout.readline()
        match = re.search(r"http://127\.0\.0\.1:\d+", line)
        check(match, f"the runtime said {line!r}")
        self.base = match.group(0)
        return process

    def call(self, name):
        """Returns the caller's trace id, span id and request id."""
        trace_id, span_id, request = secrets.token_hex(16), secrets.token_hex(8), secrets.token_hex(4)
        headers = {"traceparent": f"00-{trace_id}-{span_id}-01", "X-Request-Id": request}
        asked = urllib.request.Request(f"{self.base}/function/{name}", b'{"name": "e2e"}', headers)
        with urllib.request.urlopen(asked, timeout=LIMIT_S) as answer:
            check(answer.status == 200 and b"e2e" in answer.read(), f"{name} did not answer")
        return trace_id, span_id, request

    def stop(self):
        self.runtime.send_signal(signal.SIGTERM)
        check(self.runtime.wait(LIMIT_S) == 0, "the runtime did not stop with status 0")
        self.collector.send_signal(signal.SIGTERM)
        _, said = self.collector.communicate(timeout=LIMIT_S)
        check(self.collector.returncode == 0, "the collector did not stop with status 0")
        return said.decode()

    def kill(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.wait()


@dataclasses.dataclass
class Seen:
    """What was called, what the collector said at its end, and what it wrote."""
    cold: dict
    warm: dict
    killed: str
    wrapped: tuple
    said: str
    spans: list


@case
def no_span_is_lost(seen):
    match = re.search(r"accepted=(\d+) sent=(\d+) rejected=(\d+) dropped=(\d+) queued=(\d+)", seen.said)
    check(match, f"no accounting in {seen.said!r}")
    accepted, sent, rejected, dropped, queued = map(int, match.groups())
    check(accepted == sent + rejected + dropped + queued, f"accounting does not hold: {match.group(0)}")
    check(accepted > 0 and dropped == 0 and queued == 0, f"spans were lost: {match.group(0)}")


def check_cold_start(spans, name, call):
    """One cold start in the caller's trace: below the runtime's request, phases in order and whole."""
    trace_id, caller, request = call
    mine = [s for s in spans if s.trace_id == trace_id]
    runtime = [s for s in mine if s.service == "coldspan-faas" and s.kind == 2]
    check(len(runtime) == 1, f"{len(runtime)} spans of the runtime for one request")
    check(runtime[0].parent == caller, "the runtime's span is not the caller's child")
    served = [s for s in mine if s.service == name and s.kind == 2]
    check(len(served) == 1, f"{len(served)} invocations for one request")
    check(served[0].parent == runtime[0].span_id, "the invocation is not below the runtime's span")
    check(served[0].attributes["faas.coldstart"] is True, "the first invocation is not cold")
    id_key = "http.request.header.x-request-id"
    check(request in json.dumps(served[0].attributes.get(id_key)), "the request id is missing")
    cold = [s for s in mine if s.service == name and s.name == "cold start"]
    check(len(cold) == 1, f"{len(cold)} cold starts")
    check(cold[0].parent == runtime[0].span_id, "the cold start is not below the runtime's span")
    phases = sorted((s for s in mine if s.parent == cold[0].span_id and "coldspan.phase" in s.attributes),
                    key=lambda s: PHASES.index(s.attributes["coldspan.phase"]))
    check([p.attributes["coldspan.phase"] for p in phases] == PHASES,
          f"phases {[p.attributes['coldspan.phase'] for p in phases]}")
    check(phases[0].start == cold[0].start and phases[-1].end == cold[0].end, "ends do not meet")
    for before, after in zip(phases, phases[1:]):
        check(before.end == after.start, f"{before.name} and {after.name} are not contiguous")
    check(not [p for p in phases if "coldspan.phase.approximate" in p.attributes],
          "a boundary was not seen")
    check(cold[0].attributes["coldspan.shared_objects"] > 0, "no shared objects were counted")


def check_warm(spans, name, call):
    mine = [s for s in spans if s.trace_id == call[0] and s.service == name]
    check([s.kind for s in mine] == [2], f"{[s.name for s in mine]} for a warm request")
    check(mine[0].attributes["faas.coldstart"] is False, "a warm invocation is called cold")
    check(mine[0].attributes["http.response.status_code"] == 200, "the status is missing")


def call_until_killed(stage):
    """A function that never answers: the runtime's time-out kills it."""
    trace_id = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
    asked = urllib.request.Request(f"{stage.base}/function/hangs", b"x", headers)
    try:
        with urllib.request.urlopen(asked, timeout=LIMIT_S) as answer:
            raise AssertionError(f"a function that hangs was answered with {answer.status}")
    except urllib.error.HTTPError as error:
        check(error.code == 504, f"{error.code} for a function that hangs, expected 504")
    return trace_id


@case
def an_invocation_that_was_killed(seen):
    served = [s for s in seen.spans
              if s.trace_id == seen.killed and s.service == "hangs" and s.kind == 2]
    check(len(served) == 1, f"{len(served)} invocations of the function that was killed")
    check(served[0].status == (2, "killed by signal 9 (SIGKILL)"), f"status {served[0].status}")
    check(served[0].end > served[0].start, "the killed invocation took no time")


def make_hanging(folder):
    (folder / "hangs").mkdir()
    (folder / "hangs/function.yaml").write_text(
        'name: hangs\nmode: exec\ncommand: [sh, -c, "read event; while :; do sleep 600; done"]\n'
        "timeout: 700ms\nenvironment: {OTEL_SERVICE_NAME: hangs}\n")


def make_wrapped(folder):
    """Its event is read by the shell; the program that the shell becomes answers."""
    (folder / "wrapped").mkdir()
    (folder / "wrapped/function.yaml").write_text(
        'name: wrapped\nmode: exec\n'
        'command: [sh, -c, "read -r event; sleep 0.2; exec cat <<END\\n$event\\nEND\\n"]\n'
        "environment: {OTEL_SERVICE_NAME: wrapped}\n")


@case
def an_event_that_a_wrapper_read(seen):
    check_cold_start(seen.spans, "wrapped", seen.wrapped)
    mine = [s for s in seen.spans if s.trace_id == seen.wrapped[0] and s.service == "wrapped"]
    served = next(s for s in mine if s.kind == 2)
    handler = next(s for s in mine if s.attributes.get("coldspan.phase") == "handler")
    check(served.start == handler.start, "the invocation does not begin with its handler")
    check(handler.end - handler.start >= 200_000_000, "what the shell did with the event is left out")


def call_of(name, calls):
    if name not in calls:
        cases.skip(f"{NEEDS[name]} is not installed")
    return calls[name]


def cold(name, seen):
    check_cold_start(seen.spans, name, call_of(name, seen.cold))


def warm(name, seen):
    check_warm(seen.spans, name, call_of(name, seen.warm))


for function in NEEDS:
    cases.register(f"{function} cold", functools.partial(cold, function))
for function in CALLED_AGAIN:
    cases.register(f"{function} warm", functools.partial(warm, function))


def prepare(functions, build, folder):
    names = [name for name, tool in NEEDS.items() if not tool or shutil.which(tool)]
    for name in names:
        shutil.copytree(functions / name, folder / name)
    shutil.copy(build / "tests/functions/hello", folder / "hello-c/hello")
    return names


def run(args, folder):
    """Calls everything, ends everything, reads what was written."""
    functions = folder / "functions"
    functions.mkdir()
    names = prepare(args.functions, args.build, functions)
    make_hanging(functions)
    make_wrapped(functions)
    stage = Stage(args.build, functions, folder)
    try:
        # The runtime's own first request belongs to its own cold start: not one of those compared.
        cold_calls = {name: stage.call(name) for name in names}
        warm_calls = {name: stage.call(name) for name in names if name in CALLED_AGAIN}
        killed = call_until_killed(stage)
        wrapped = stage.call("wrapped")
        # The answer is here before its server has noted that it was sent: let it.
        stage.call("hello-c")
        said = stage.stop()
    finally:
        stage.kill()
    return Seen(cold_calls, warm_calls, killed, wrapped, said, read_spans(stage.traces))


def main():
    parser = cases.parser(__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--functions", type=pathlib.Path, required=True)
    args = parser.parse_args()
    args.build, args.functions = args.build.resolve(), args.functions.resolve()
    with tempfile.TemporaryDirectory() as folder:
        seen = run(args, pathlib.Path(folder))
    cases.main(args, seen)


if __name__ == "__main__":
    main()
