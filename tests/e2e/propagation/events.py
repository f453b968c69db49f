#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trace contexts that functions without any SDK hand on (COLDSPAN_PROPAGATE=env,outbound) where they ask for their
events: AWS's clients of the Lambda Runtime API, and OpenWhisk's action loop.

usage: events.py --build DIR

What they call and start has OpenTelemetry's SDK, and stands below the event's span, or that of its call.
"""
import contextlib
import functools
import json
import os
import socket
import subprocess
import sys

from watched import HERE, LANGUAGES, LIMIT_S, Watched, cases, peers, start, wait_for_port, watching

sys.path[:0] = [str(HERE.parents[1] / "lambda"), str(HERE.parent / "openwhisk")]
import proxy
import runtime_api
import table
from lib import otlp_json

TRACE, PARENT, STATE = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "vendor=opaque"
HEADERS = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": STATE}
B3 = {"b3": f"{TRACE}-{PARENT}-1"}
XRAY = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
CLIENT, SERVER = 3, 2
NOTHING = {"parent": "", "variable": ""}
AT_ONCE = 3


def python(_):
    return [table.python(), "-m", "awslambdaric", "handled.handle"]


def node(_):
    return table.node(peers.path("nodejs_ric"))


def java(folder):
    classpath = ":".join([*table.jars(), str(folder)])
    subprocess.run([table.program("javac"), "-cp", classpath, "-d", folder, HERE / "Handled.java"], check=True)
    return [table.program("java"), "-XX:TieredStopAtLevel=1", "-cp", classpath,
            "com.amazonaws.services.lambda.runtime.api.client.AWSLambda", "Handled::handleRequest"]


CLIENTS = {"python": python, "node": node, "java": java}


class Client(Watched):
    """A function that asks for its events, and the collector that watches it."""

    def __init__(self, build, folder, api, language, propagate="env,outbound", options=(), **env):
        super().__init__(build, folder, CLIENTS[language](folder), {
            "AWS_LAMBDA_RUNTIME_API": api.address, "AWS_LAMBDA_FUNCTION_NAME": "handled", "AWS_REGION": "eu-central-1",
            "AWS_LAMBDA_FUNCTION_VERSION": "1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "_HANDLER": "handled.handle",
            "AWS_LAMBDA_LOG_GROUP_NAME": "g", "AWS_LAMBDA_LOG_STREAM_NAME": "s", "LAMBDA_TASK_ROOT": str(HERE),
            "PYTHONPATH": str(HERE), "CHILD": child(), **env}, propagate, options)

    def __enter__(self):
        return self

    def told(self):
        """After the end: spans of events by their ids, and of calls by their own."""
        spans = self.all_spans()
        return ({span["attributes"]["faas.invocation_id"]: span for span in spans if span["kind"] == SERVER},
                {span["spanId"]: span for span in spans if span["kind"] == CLIENT})


def child():
    return f"{peers.path('propagators')} {HERE / 'child.py'}"


@contextlib.contextmanager
def callee(folder):
    """A server with OpenTelemetry's SDK, which nobody watches. Its port."""
    process = start(*LANGUAGES["python"](folder, "server"))
    try:
        yield wait_for_port(process)
    finally:
        watching.kill(process)


def stands_below(answer, span, calls, state=""):
    """What was called and started is in the event's trace, below its call and below itself."""
    call, started = answer["call"], answer["child"]
    assert call["trace"] == started["trace"] == span["traceId"], (answer, span)
    assert calls[call["parent"]]["parentSpanId"] == span["spanId"], (answer, span)
    assert started["parent"] == span["spanId"] and started["state"] == state, (answer, span)


def is_told_nothing(answer):
    assert answer["call"]["parent"] == "", answer
    assert {key: answer["child"][key] for key in NOTHING} == NOTHING, answer


def gateway(headers):
    """As API Gateway has them."""
    return {"requestContext": {"requestId": "q"}, "headers": {"X-Request-Id": "r", **headers}}


def batch():
    return {"Records": [{"messageId": "m", "eventSource": "aws:sqs", "attributes": {"AWSTraceHeader": XRAY},
                         "messageAttributes": {"traceparent": {"stringValue": HEADERS["traceparent"]}}}]}


# Events, the trace and parent that they name, and the state that is handed on.
EVENTS = {"nobody's": ({}, None, None, ""), "a caller's": (gateway(HEADERS), TRACE, PARENT, STATE),
          "a caller's by b3": (gateway(B3), TRACE, PARENT, ""), "a batch": (batch(), None, None, "")}


def push(api, port, body, **more):
    event = api.push(json.dumps({"port": port, **body}).encode(), trace=XRAY, **more)
    return event.id, json.loads(event.answer().body)


def lambda_events(language, build, folder):
    with callee(folder) as port, runtime_api.serve() as api, Client(build, folder, api, language) as client:
        answers = {name: push(api, port, body, chunked=name == "a caller's")
                   for name, (body, *_) in EVENTS.items()}
        api.closed()
    spans, calls = client.told()
    for name, (_, trace, parent, state) in EVENTS.items():
        span = spans[answers[name][0]]
        stands_below(answers[name][1], span, calls, state)
        if trace:
            assert (span["traceId"], span["parentSpanId"]) == (trace, parent), (name, span)
        assert [link["attributes"]["coldspan.link"] for link in span["links"]].count("x-ray") == 1, span
    assert len({spans[event]["traceId"] for event, _ in answers.values()}) == 3, spans


def lambda_unasked(build, folder):
    with callee(folder) as port, runtime_api.serve() as api, \
            Client(build, folder, api, "python", "inbound") as client:
        _, answer = push(api, port, gateway(HEADERS))
        api.closed()
    is_told_nothing(answer)
    assert len(client.told()[0]) == 1


def lambda_reports_to_xray(build, folder):
    """Ids that were handed on are those that are told, whatever the collector was asked for."""
    with callee(folder) as port, runtime_api.serve() as api, \
            Client(build, folder, api, "python", options=["--xray-parent"]) as client:
        event, answer = push(api, port, {})
        api.closed()
    spans, calls = client.told()
    stands_below(answer, spans[event], calls)
    assert spans[event]["links"], spans[event]


def lambda_at_once(language, build, folder):
    """A managed instance: of several at once nobody is told anything, and that is counted."""
    with callee(folder) as port, runtime_api.serve(AT_ONCE) as api, \
            Client(build, folder, api, language, AWS_LAMBDA_MAX_CONCURRENCY=str(AT_ONCE),
                   AWS_LAMBDA_INITIALIZATION_TYPE="lambda-managed-instances",
                   AWS_LAMBDA_NODEJS_WORKER_COUNT="1") as client:
        with socket.create_server(("127.0.0.1", 0)) as place:
            place.settimeout(LIMIT_S)
            events = [api.push(json.dumps({"port": port, "meet": place.getsockname()[1]}).encode(), trace=XRAY)
                      for _ in range(AT_ONCE)]
            met = [place.accept()[0] for _ in events]
        for peer in met:
            peer.close()
        answers = [json.loads(event.answer().body) for event in events]
        api.closed()
    for answer in answers:
        is_told_nothing(answer)
    assert len(client.told()[0]) == AT_ONCE


def loop(language, build, folder):
    """An action loop: each event is told whole, with its headers, if it is a web action's."""
    command = {"python": ["/usr/bin/python3", HERE / "looped.py"], "node": ["node", HERE / "looped.js"]}[language]
    announce, traces = folder / "announce.sock", folder / "traces.jsonl"
    env = {"__OW_EXECUTION_ENV": "openwhisk/probe", "__OW_WAIT_FOR_ACK": "1", "PATH": os.environ["PATH"],
           "CHILD": child(), "COLDSPAN_SOCKET": str(announce), "COLDSPAN_PROPAGATE": "env,outbound",
           "COLDSPAN_BAGGAGE": "userId", "LD_PRELOAD": str(build / "preload/libcoldspan.so")}
    collector = watching.start([build / "collector/coldspan-collector", "--file", traces, "--log-level", "error"],
                               announce)
    answers = {}
    try:
        with callee(folder) as port, open(folder / "log", "ab") as log, proxy.Loop(command, env, (log, log)) as one:
            one.ack()
            for name, headers in LOOP_EVENTS.items():
                web = {"__ow_headers": headers} if headers else {}
                answers[name] = json.loads(one.run(proxy.event(name, {"port": port, **web})))
            assert one.close() == 0
    finally:
        watching.stop(collector)
    told = list(otlp_json.of_file(traces))
    spans = {span["attributes"]["faas.invocation_id"]: span for span in told if span["kind"] == SERVER}
    calls = {span["spanId"]: span for span in told if span["kind"] == CLIENT}
    for name, headers in LOOP_EVENTS.items():
        stands_below(answers[name], spans[name], calls, STATE if "tracestate" in headers else "")
        assert not headers or (spans[name]["traceId"], spans[name]["parentSpanId"]) == (TRACE, PARENT), spans[name]
        baggage = {key: value for key, value in spans[name]["attributes"].items() if key.startswith("baggage")}
        assert baggage == ({"baggage.userId": "al ice"} if "baggage" in headers else {}), spans[name]
    assert "SECRET" not in traces.read_text(encoding="utf-8")


LOOP_EVENTS = {"nobody's": {}, "a caller's": {**HEADERS, "baggage": "userId=al%20ice,other=SECRET"}, "by b3": B3}


def register():
    for language in CLIENTS:
        cases.register(f"lambda: {language}", functools.partial(lambda_events, language))
    for language in ("node", "java"):
        cases.register(f"lambda: several at once, {language}", functools.partial(lambda_at_once, language))
    cases.register("lambda: not without being asked", lambda_unasked)
    cases.register("lambda: with --xray-parent", lambda_reports_to_xray)
    for language in ("python", "node"):
        cases.register(f"action loop: {language}", functools.partial(loop, language))


def main():
    args = cases.parser(__doc__, "build").parse_args()
    register()
    cases.main(args, args.build, folder=True)


if __name__ == "__main__":
    main()
