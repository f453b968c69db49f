#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One tree out of one real OpenTelemetry Collector (COLDSPAN_PROPAGATE=inbound,outbound).

usage: tree.py --build DIR

A function with OpenTelemetry's SDK in it is called, and calls another, without a word of the trace of its own. Both
SDKs, the caller, and our collector send to the same OpenTelemetry Collector: what that wrote is one tree.
"""
import functools
import http.client
import json
import time

from watched import LANGUAGES, LIMIT_S, Watched, cases, start, wait_for_port, watching
from lib import otelcol, otlp_json

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SERVER, CLIENT = 2, 3


def post(port, path, body, headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json", **headers})
    answer = connection.getresponse()
    assert answer.status == 200, (path, answer.status, answer.read())
    answer.read()
    connection.close()


def tell_of_the_caller(port, begin_ns):
    """Its own span, which is the root."""
    span = {"traceId": TRACE, "spanId": CALLER, "name": "caller", "kind": CLIENT, "startTimeUnixNano": str(begin_ns),
            "endTimeUnixNano": str(time.time_ns())}
    service = {"key": "service.name", "value": {"stringValue": "caller"}}
    post(port, "/v1/traces", {"resourceSpans": [{"resource": {"attributes": [service]},
                                                 "scopeSpans": [{"spans": [span]}]}]}, {})


def one_tree(language, other, build, folder):
    with otelcol.Otelcol(folder / "otelcol") as collector:
        env = {"COLLECTOR": str(collector.port)}
        command, more = LANGUAGES[other](folder, "server")
        callee = start(command, {**more, **env, "OTEL_SERVICE_NAME": "callee"})
        try:
            port = wait_for_port(callee)
            command, more = LANGUAGES[language](folder, "server")
            with Watched(build, folder, command, {**more, **env, "OTEL_SERVICE_NAME": "function",
                                                  "CALLEE": str(port)}, "inbound,outbound",
                         ["--otlp", collector.endpoint]) as function:
                begin_ns = time.time_ns()
                post(function.port, "/", {}, {"traceparent": f"00-{TRACE}-{CALLER}-01"})
                tell_of_the_caller(collector.port, begin_ns)
        finally:
            watching.kill(callee)
        check(list(otlp_json.of_file(collector.stop())))


def check(spans):
    """One trace, one root, no orphan; and who stands below whom."""
    known = {span["spanId"]: span for span in spans}
    assert len(known) == len(spans), spans
    assert {span["traceId"] for span in spans} == {TRACE}, spans
    assert [span["name"] for span in spans if not span["parentSpanId"]] == ["caller"], spans
    orphans = [span for span in spans if span["parentSpanId"] and span["parentSpanId"] not in known]
    assert not orphans, orphans
    by_service = {name: [span for span in spans if span["resource"]["service.name"] == name]
                  for name in ("function", "function sdk", "callee sdk")}
    (invocation,) = [span for span in by_service["function"] if span["kind"] == SERVER]
    (inner,), (called,) = by_service["function sdk"], by_service["callee sdk"]
    assert invocation["parentSpanId"] == CALLER, invocation
    assert inner["parentSpanId"] == invocation["spanId"], (inner, invocation)
    call = known[called["parentSpanId"]]
    assert call in by_service["function"] and call["kind"] == CLIENT, call
    assert call["parentSpanId"] == invocation["spanId"], (call, invocation)


def register():
    for language, other in (("node", "python"), ("python", "node"), ("java", "python"), ("python", "java")):
        cases.register(f"{language} calls {other}", functools.partial(one_tree, language, other))


def main():
    args = cases.parser(__doc__, "build").parse_args()
    register()
    cases.main(args, args.build, folder=True)


if __name__ == "__main__":
    main()
