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
import pathlib
import secrets
import shutil
import sys
import tempfile
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, otlp_json, traces, watching
from lib.cases import case
from lib.stage import LIMIT_S, NEEDS, Stage, check, prepare

SERVER = 2  # a span's kind
CALLED_AGAIN = ("hello-py-http", "hello-node")
# Time-outs, the next one where the machine is too slow for that.
HANGING = {"hangs": "700ms", "hangs-longer": "7s", "hangs-long": "50s"}
# The same functions under names of their own, called as anybody does: the caller sends no id at all.
PLAIN = {"plain-c": "hello-c", "plain-py-http": "hello-py-http"}


def spans_of(seen, trace_id, service):
    """A service's own spans in a trace, and those of them for what it served."""
    mine = [span for span in seen.spans
            if span["traceId"] == trace_id and span["resource"]["service.name"] == service]
    return mine, [span for span in mine if span["kind"] == SERVER]


@dataclasses.dataclass
class Seen:
    """What was called, what the collector said at its end, and what it wrote."""
    cold: dict
    warm: dict
    killed: tuple
    wrapped: tuple
    jaeger: tuple
    plain: list
    said: str
    spans: list


@case
def no_span_is_lost(seen):
    counts = watching.accounts(seen.said.splitlines())["file"]
    check(counts["accepted"] > 0 and counts["dropped"] == 0 and counts["queued"] == 0, counts)


def check_cold_start(seen, name, call, merged=None):
    """One cold start in the caller's trace: below the runtime's request, phases in order and whole.

    @merged: {phase whose beginning was not seen: the phase before it, which says so}
    """
    merged = merged or {}
    trace_id, caller, request = call
    _, runtime = spans_of(seen, trace_id, "coldspan-faas")
    check(len(runtime) == 1, f"{len(runtime)} spans of the runtime for one request")
    check(runtime[0]["parentSpanId"] == caller, "the runtime's span is not the caller's child")
    mine, served = spans_of(seen, trace_id, name)
    check(len(served) == 1, f"{len(served)} invocations for one request")
    check(served[0]["parentSpanId"] == runtime[0]["spanId"], "the invocation is not below the runtime's")
    check(served[0]["attributes"]["faas.coldstart"] is True, "the first invocation is not cold")
    id_key = "http.request.header.x-request-id"
    check(request in json.dumps(served[0]["attributes"].get(id_key)), "the request id is missing")
    cold, phases = traces.cold_start(mine)
    check(cold["parentSpanId"] == runtime[0]["spanId"], "the cold start is not below the runtime's span")
    names = [traces.phase_of(phase) for phase in phases]
    check(names == [n for n in traces.PHASES if n not in merged], f"phases {names}")
    # A version manager may stand in front of the language: `spawn` names it.
    reasons = {n: p["attributes"].get("coldspan.phase.approximate", "") for n, p in zip(names, phases)}
    unseen = [n for n, reason in reasons.items() if reason and "ran before" not in reason]
    check(unseen == list(merged.values()), reasons)
    check(cold["attributes"]["coldspan.shared_objects"] > 0, "no shared objects were counted")
    return served[0], dict(zip(names, phases))


def check_warm(seen, name, call):
    mine, served = spans_of(seen, call[0], name)
    check(mine == served and len(mine) == 1, f"{[s['name'] for s in mine]} for a warm request")
    check(mine[0]["attributes"]["faas.coldstart"] is False, "a warm invocation is called cold")
    check(mine[0]["attributes"]["http.response.status_code"] == 200, "the status is missing")


def call_until_killed(stage, functions):
    """A function that never answers: the runtime's time-out kills it, if it has begun by then."""
    for name in HANGING:
        trace_id = call_hanging(stage, name)
        if (functions / name / "begun").exists():
            return trace_id, name
    raise AssertionError("no function that hangs has begun")


def call_hanging(stage, name):
    trace_id = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
    asked = urllib.request.Request(f"{stage.base}/function/{name}", b"x", headers)
    try:
        with urllib.request.urlopen(asked, timeout=LIMIT_S) as answer:
            raise AssertionError(f"a function that hangs was answered with {answer.status}")
    except urllib.error.HTTPError as error:
        check(error.code == 504, f"{error.code} for a function that hangs, expected 504")
    return trace_id


@case
def an_invocation_that_was_killed(seen):
    _, served = spans_of(seen, *seen.killed)
    check(len(served) == 1, f"{len(served)} invocations of the function that was killed")
    status = (served[0]["status"], served[0]["message"])
    check(status == (2, "killed by signal 9 (SIGKILL)"), f"status {status}")
    check(served[0]["end"] > served[0]["start"], "the killed invocation took no time")


def call_as_jaeger(stage):
    """As Stage.call(), by a caller that knows nothing of W3C."""
    call = trace_id, span_id, request = secrets.token_hex(16), secrets.token_hex(8), secrets.token_hex(4)
    stage.call_with("hello-c", {"uber-trace-id": f"{trace_id}:{span_id}:0:1", "X-Request-Id": request})
    return call


@case
def a_caller_of_jaeger_has_the_runtime_below_and_the_function_below_that(seen):
    check_cold_start(seen, "hello-c", seen.jaeger)


def make_hanging(folder):
    for name, timeout in HANGING.items():
        (folder / name).mkdir()
        (folder / name / "function.yaml").write_text(
            f'name: {name}\nmode: exec\n'
            f'command: [sh, -c, "read event; : >{folder}/{name}/begun; while :; do sleep 600; done"]\n'
            f"timeout: {timeout}\nenvironment: {{OTEL_SERVICE_NAME: {name}}}\n")


def make_wrapped(folder):
    """Its event is read by the shell; the program that the shell becomes answers."""
    (folder / "wrapped").mkdir()
    (folder / "wrapped/function.yaml").write_text(
        'name: wrapped\nmode: exec\n'
        'command: [sh, -c, "read -r event; sleep 0.2; exec cat <<END\\n$event\\nEND\\n"]\n'
        "environment: {OTEL_SERVICE_NAME: wrapped}\n")


@case
def an_event_that_a_wrapper_read(seen):
    # The code of a command line is no file that is opened.
    served, phases = check_cold_start(seen, "wrapped", seen.wrapped, merged={"code": "runtime"})
    handler = phases["handler"]
    check(served["start"] == handler["start"], "the invocation does not begin with its handler")
    check(handler["end"] - handler["start"] >= 200_000_000,
          "what the shell did with the event is left out")


def make_plain(folder):
    """Returns their names."""
    names = [name for name, of in PLAIN.items() if (folder / of).exists()]
    for name in names:
        shutil.copytree(folder / PLAIN[name], folder / name)
        settings = folder / name / "function.yaml"
        settings.write_text(settings.read_text().replace(PLAIN[name], name))
    return names


def plain(name, seen):
    """No id is common to the runtime's request and the function's: it was the only one in flight."""
    if name not in seen.plain:
        cases.skip(f"{NEEDS[PLAIN[name]]} is not installed")
    mine = [span for span in seen.spans if span["resource"]["service.name"] == name]
    check(len({span["traceId"] for span in mine}) == 1, "the start and its invocation are two traces")
    _, runtime = spans_of(seen, mine[0]["traceId"], "coldspan-faas")
    check(len(runtime) == 1, f"{len(runtime)} spans of the runtime in the function's trace")
    check(not runtime[0]["parentSpanId"], "the runtime's request has a parent, and nobody called")
    served = [span for span in mine if span["kind"] == SERVER]
    check([s["parentSpanId"] for s in served] == [runtime[0]["spanId"]],
          "the invocation is not below the runtime's request")
    start, phases = traces.cold_start(mine)
    check(start["parentSpanId"] == runtime[0]["spanId"], "the cold start is not below the runtime's")
    check(traces.phase_of(phases[0]) == "queue", f"the first phase is {traces.phase_of(phases[0])}")
    wanted = "on_demand" if "http" in name else "per_request"
    check(start["attributes"]["coldspan.init.type"] == wanted, start["attributes"]["coldspan.init.type"])


def call_of(name, calls):
    if name not in calls:
        cases.skip(f"{NEEDS[name]} is not installed")
    return calls[name]


def cold(name, seen):
    check_cold_start(seen, name, call_of(name, seen.cold))


def warm(name, seen):
    check_warm(seen, name, call_of(name, seen.warm))


for function in NEEDS:
    cases.register(f"{function} cold", functools.partial(cold, function))
for function in PLAIN:
    cases.register(f"{function} without any id", functools.partial(plain, function))
for function in CALLED_AGAIN:
    cases.register(f"{function} warm", functools.partial(warm, function))


def run(args, folder):
    """Calls everything, ends everything, reads what was written."""
    functions = folder / "functions"
    functions.mkdir()
    names = prepare(args.functions, args.build, functions)
    make_hanging(functions)
    make_wrapped(functions)
    plain_names = make_plain(functions)
    stage = Stage(args.build, functions, folder)
    try:
        # The runtime's own first request belongs to its own cold start: not one of those compared.
        cold_calls = {name: stage.call(name) for name in names}
        warm_calls = {name: stage.call(name) for name in names if name in CALLED_AGAIN}
        killed = call_until_killed(stage, functions)
        wrapped = stage.call("wrapped")
        jaeger = call_as_jaeger(stage)
        for name in plain_names:
            stage.call_with(name, {})
        # The answer is here before its server has noted that it was sent: let it.
        stage.call("hello-c")
        said = stage.stop()
    finally:
        stage.kill()
    return Seen(cold_calls, warm_calls, killed, wrapped, jaeger, plain_names, said,
                otlp_json.of_file(stage.traces))


def main():
    args = cases.parser(__doc__, "build", "functions").parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seen = run(args, pathlib.Path(folder))
    cases.main(args, seen)


if __name__ == "__main__":
    main()
