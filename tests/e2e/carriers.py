#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every carrier of a trace context, sent to real servers, read by a stranger.

usage: carriers.py --build DIR --functions DIR

A Python and a Node server under the shim, and processes per event, get requests with each carrier that
docs/traces.md names; a real coldspan-collector sends what it made of them to OpenTelemetry's Python
classes (tests/lib/otlp_sink.py), whose words are judged here.
"""
import dataclasses
import functools
import http.client
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, listening, otlp_json, otlp_sink, watching

LIMIT_S, POLL_S = 60, 0.01
SERVER = 2  # a span's kind
SAMPLED, REMOTE_KNOWN, REMOTE = 0x1, 0x100, 0x200
ID_KEY = "http.request.header.x-request-id"
BAGGAGE = "userId,serverNode"
FUNCTIONS = {"python": ("hello-py-http", [sys.executable, "server.py"]),
             "node": ("hello-node", ["node", "index.js"])}

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
W3C = ("traceparent", f"00-{TRACE}-{SPAN}-01")
XRAY = ("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")
CLOUD = ("X-Cloud-Trace-Context", "105445aa7843bc8bf206b12000100000/2205310701640571284;o=1")
B3 = ("b3", "80f198ee56343ba864fe8b2a57d3eff7-05e3ac9a4f6e3b90-1-e457b5a2e4d86bd1")
B3_HEADERS = [("X-B3-TraceId", "463ac35c9f6413ad48485a3953bb6124"), ("X-B3-SpanId", "a2fb4a1d1a96d312"),
              ("X-B3-ParentSpanId", "0020000000000001"), ("X-B3-Sampled", "0")]
JAEGER = ("uber-trace-id", "deadbeef:deadbef0:0:1")


@dataclasses.dataclass
class Sent:
    """What is sent, and what has to come of it."""
    headers: list
    carrier: str = None
    trace: str = None     # None: one of our own
    parent: str = ""      # none: nobody's span called
    sampled: bool = True
    state: str = ""
    attributes: dict = dataclasses.field(default_factory=dict)


def w3c(headers, **more):
    return Sent(headers, "traceparent", TRACE, SPAN, **more)


def xray(headers, **more):
    return Sent(headers, "x-amzn-trace-id", "5759e988bd862e3fe1be46a994272793", "53995c3f42cd8ad8", **more)


def refused(*names):
    return {"attributes": {"coldspan.context.refused": list(names)}}


CARRIERS = {
    "nothing": Sent([]),
    "traceparent": w3c([W3C]),
    "traceparent in any case": w3c([("TraceParent", W3C[1])]),
    "traceparent not sampled": w3c([("traceparent", f"00-{TRACE}-{SPAN}-00")], sampled=False),
    "traceparent of a version to come": w3c([("traceparent", f"cc-{TRACE}-{SPAN}-01-more")]),
    "tracestate in two headers": w3c([W3C, ("tracestate", "a=1"), ("tracestate", "b=2")], state="a=1,b=2"),
    "tracestate of 32 members": w3c([W3C, ("tracestate", ",".join(f"k{n}={n}" for n in range(32)))],
                                    state=",".join(f"k{n}={n}" for n in range(32))),
    "tracestate of 33 members": w3c([W3C, ("tracestate", ",".join(f"k{n}={n}" for n in range(33)))]),
    "tracestate longer than 512 bytes": w3c([W3C, ("tracestate", "a=" + "x" * 256),
                                             ("tracestate", "b=" + "y" * 256)], state="a=" + "x" * 256),
    "a tracestate that is too long": w3c([W3C, ("tracestate", "a=" + "x" * 255 + ",b=" + "y" * 255)],
                                         attributes={"coldspan.request.cut": ["headers"]}),
    "traceparent of version ff": Sent([("traceparent", f"ff-{TRACE}-{SPAN}-01")], **refused("traceparent")),
    "traceparent in upper case": Sent([("traceparent", W3C[1].upper())], **refused("traceparent")),
    "traceparent of zeroes": Sent([("traceparent", f"00-{'0' * 32}-{SPAN}-01")], **refused("traceparent")),
    "traceparent twice": Sent([W3C, W3C], **refused("traceparent")),
    "two traceparents in one header": Sent([("traceparent", f"{W3C[1]},{W3C[1]}")], **refused("traceparent")),
    "X-Ray": xray([XRAY]),
    "X-Ray of a load balancer": Sent([("X-Amzn-Trace-Id", XRAY[1].split(";")[0])], "x-amzn-trace-id",
                                     "5759e988bd862e3fe1be46a994272793"),
    "X-Ray of a load balancer, and a caller's B3": Sent(
        [("X-Amzn-Trace-Id", XRAY[1].split(";")[0]), B3], "b3", "80f198ee56343ba864fe8b2a57d3eff7",
        "05e3ac9a4f6e3b90"),
    "Cloud Trace": Sent([CLOUD], "x-cloud-trace-context", "105445aa7843bc8bf206b12000100000",
                        "1e9ad6661ea75994"),
    "B3 in one header": Sent([B3], "b3", "80f198ee56343ba864fe8b2a57d3eff7", "05e3ac9a4f6e3b90"),
    "B3 in several": Sent(B3_HEADERS, "x-b3-traceid", "463ac35c9f6413ad48485a3953bb6124",
                          "a2fb4a1d1a96d312", sampled=False),
    "Jaeger": Sent([JAEGER], "uber-trace-id", f"{0xdeadbeef:032x}", f"{0xdeadbef0:016x}"),
    "all of them": w3c([JAEGER, *B3_HEADERS, B3, CLOUD, XRAY, W3C]),
    "all but W3C's": xray([JAEGER, *B3_HEADERS, B3, CLOUD, XRAY]),
    "a bad one before a good one": xray([("traceparent", "00-1-2-3"), XRAY], **refused("traceparent")),
    "ids": Sent([("X-Call-Id", "call"), ("X-Correlation-Id", "story"), ("Function-Execution-Id", "run"),
                 ("X-Azure-Functions-InvocationId", "azure"), ("CE-Id", "7"), ("CE-Source", "/shop"),
                 ("CE-Type", "order.made"), ("CF-Ray", "ray-FRA"), ("X-Vercel-Id", "fra1::x"),
                 ("X-Amzn-RequestId", "amzn"), ("Authorization", "Bearer SECRET")],
                attributes={"faas.invocation_id": "azure", "http.request.header.x-call-id": ["call"],
                            "http.request.header.function-execution-id": ["run"],
                            "http.request.header.x-correlation-id": ["story"],
                            "cloudevents.event_id": "7", "cloudevents.event_source": "/shop",
                            "cloudevents.event_type": "order.made",
                            "http.request.header.cf-ray": ["ray-FRA"],
                            "http.request.header.x-vercel-id": ["fra1::x"],
                            "http.request.header.x-amzn-requestid": ["amzn"]}),
    "baggage": Sent([("baggage", "userId=al%C3%AFce;p=1, password=SECRET,serverNode = DF%2028"), W3C],
                    "traceparent", TRACE, SPAN,
                    attributes={"baggage.userId": "al\u00efce", "baggage.serverNode": "DF 28"}),
    "baggage that is malformed": Sent([("baggage", "userId=a b,=x,serverNode,serverNode=\"q\",userid=1")]),
    "baggage in two headers": Sent([("baggage", "userId=first"), ("Baggage", "x=1,userId=last")],
                                   attributes={"baggage.userId": "last"}),
    "baggage of 64 members": Sent([("baggage", ",".join(f"k{n}={n}" for n in range(63)) + ",userId=64")],
                                  attributes={"baggage.userId": "64"}),
    "baggage of 65 members": Sent([("baggage", ",".join(f"k{n}={n}" for n in range(64)) + ",userId=65")]),
    "an attempt that its sender counts": Sent([("X-CloudTasks-TaskName", "t"),
                                               ("X-CloudTasks-TaskRetryCount", "4")],
                                              attributes={"coldspan.attempt": 5}),
}
# In the environment of a process per event only the first value of a header stands.
EXEC = [name for name, sent in CARRIERS.items()
        if len({key.lower() for key, _ in sent.headers}) == len(sent.headers)
        and "coldspan.request.cut" not in sent.attributes]


class Stage:
    """A collector that sends to a stranger, and what came there."""

    def __init__(self, build, folder, sink):
        self.build, self.sink = build, sink
        socket = folder / "announce.sock"
        self.env = {**os.environ, "COLDSPAN_SOCKET": str(socket), "PORT": "0",
                    "LD_PRELOAD": str(build / "preload/libcoldspan.so"), "COLDSPAN_BAGGAGE": BAGGAGE}
        self.collector = watching.start([build / "collector/coldspan-collector", "--otlp",
                                         sink.endpoint, "--log-level", "error"], socket)

    def spans(self, service, count):
        """What the service served, by request id, once there are @count of them."""
        def served(requests):
            mine = [s for s in otlp_json.of_requests(requests) if s["kind"] == SERVER
                    and s["resource"]["service.name"] == service]
            return {s["attributes"][ID_KEY][0]: s for s in mine}
        return served(self.sink.wait(lambda got: len(served(got)) >= count, LIMIT_S))


class Server:
    """A function that listens, until it is told to stop."""

    def __init__(self, command, folder, env):
        self.process = subprocess.Popen(command, cwd=folder, env=env, stdin=subprocess.DEVNULL)
        end = time.monotonic() + LIMIT_S
        while not (ports := listening.ports_of(self.process.pid)):
            assert self.process.poll() is None, f"{command} ended with {self.process.returncode}"
            assert time.monotonic() < end, f"{command} does not listen"
            time.sleep(POLL_S)
        self.port = ports[0]

    def ask(self, name, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S)
        connection.putrequest("POST", "/")
        for key, value in [*headers, ("X-Request-Id", name), ("Content-Length", "2")]:
            connection.putheader(key, value)
        connection.endheaders(b"{}")
        answer = connection.getresponse()
        assert answer.status == 200 and b"hello" in answer.read(), f"{name}: {answer.status}"
        connection.close()


def ask_server(stage, functions, language):
    """Each carrier in turn, then an event three times. The first request, which nobody judges, is cold."""
    folder, command = FUNCTIONS[language]
    if not shutil.which(command[0]):
        return None
    server = Server(command, functions / folder, {**stage.env, "OTEL_SERVICE_NAME": language})
    try:
        server.ask("cold", [])
        for name, sent in CARRIERS.items():
            server.ask(name, sent.headers)
        for n in range(3):
            server.ask(f"event {n}", [("ce-id", "again"), ("ce-source", "/shop"),
                                      ("ce-traceparent", f"00-{TRACE}-{n + 1:016x}-01")])
        return stage.spans(language, 1 + len(CARRIERS) + 3)
    finally:
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(LIMIT_S)


def go_case(name):
    """Http_X_B3_Traceid, as OpenFaaS writes it."""
    return "Http_" + "_".join(word[:1].upper() + word[1:].lower() for word in name.split("-"))


def cgi_case(name):
    return "HTTP_" + name.upper().replace("-", "_")


def run_processes(stage, service, spell):
    """A process per event, each with a carrier in its environment."""
    for name in EXEC:
        headers = {spell(key): value for key, value in
                   [*CARRIERS[name].headers, ("X-Request-Id", name)]}
        done = subprocess.run(["cat"], input=b"event", capture_output=True, timeout=LIMIT_S, check=True,
                              env={**stage.env, "OTEL_SERVICE_NAME": service, **headers})
        assert done.stdout == b"event", done
    return stage.spans(service, len(EXEC))


def run_unnamed(stage, functions):
    """Baggage that nobody has named: a server, and a process per event."""
    env = {**stage.env, "OTEL_SERVICE_NAME": "unnamed"}
    del env["COLDSPAN_BAGGAGE"]
    sent = CARRIERS["baggage"].headers
    folder, command = FUNCTIONS["python"]
    server = Server(command, functions / folder, env)
    try:
        server.ask("server", sent)
        subprocess.run(["cat"], stdin=subprocess.DEVNULL, timeout=LIMIT_S, check=True, env={
            **env, "BAGGAGE": "userId=x", "HTTP_X_REQUEST_ID": "process", "REQUEST_METHOD": "GET",
            **{cgi_case(key): value for key, value in sent}})
        return stage.spans("unnamed", 2)
    finally:
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(LIMIT_S)


def run_environment(stage):
    """A program whose caller hands its context on by OpenTelemetry's variables, of no request."""
    env = {**stage.env, "OTEL_SERVICE_NAME": "environment", "HTTP_X_REQUEST_ID": "environment",
           "TRACEPARENT": W3C[1], "BAGGAGE": "userId=a%20b,password=SECRET"}
    subprocess.run(["cat"], input=b"event", capture_output=True, timeout=LIMIT_S, check=True, env=env)
    return stage.spans("environment", 1)


def span_of(name, seen):
    if seen is None:
        cases.skip("node is not installed")
    return seen[name]


def carrier(service, name, seen):
    """One carrier, as the stranger tells it."""
    span, sent = span_of(name, seen[service]), CARRIERS[name]
    attributes = span["attributes"]
    assert attributes.get("coldspan.context.carrier") == sent.carrier, attributes
    if sent.trace:
        assert span["traceId"] == sent.trace, span
    else:
        others = {other.trace for other in CARRIERS.values()}
        assert span["traceId"] not in others and len(span["traceId"]) == 32, span
    if sent.parent:
        assert span["parentSpanId"] == sent.parent, span
        assert span["flags"] & REMOTE, hex(span["flags"])
    elif attributes["faas.coldstart"]:
        # A process per event: what is above is its own start, the root.
        cold = seen[f"{service} starts"][span["parentSpanId"]]
        assert cold["traceId"] == span["traceId"] and not cold["parentSpanId"], cold
    else:
        assert not span["parentSpanId"] and not span["flags"] & REMOTE, span
    assert bool(span["flags"] & SAMPLED) == sent.sampled, hex(span["flags"])
    assert span["flags"] & REMOTE_KNOWN, hex(span["flags"])
    assert span["traceState"] == sent.state, span["traceState"]
    for key in ("coldspan.context.refused", "coldspan.attempt", "coldspan.request.cut"):
        assert (key in attributes) == (key in sent.attributes), attributes
    assert baggage_of(attributes) == baggage_of(sent.attributes), attributes
    for key, value in sent.attributes.items():
        assert attributes.get(key) == value, f"{key}: {attributes.get(key)!r}, not {value!r}"
    assert "SECRET" not in str(span), span


def baggage_of(attributes):
    return {key: value for key, value in attributes.items() if key.startswith("baggage")}


def unnamed_baggage(seen):
    for name in ("server", "process"):
        assert "baggage" not in str(seen["unnamed"][name]), seen["unnamed"][name]


def baggage_of_the_environment(seen):
    span = seen["environment"]["environment"]
    assert span["traceId"] == TRACE and baggage_of(span["attributes"]) == {"baggage.userId": "a b"}, span


def attempts(service, seen):
    """The same event three times: each delivery follows the one before, and where it was made."""
    spans = [span_of(f"event {n}", seen[service]) for n in range(3)]
    assert [s["attributes"].get("coldspan.attempt") for s in spans] == [None, 2, 3], spans
    for n, span in enumerate(spans):
        links = {link["attributes"]["coldspan.link"]: link for link in span["links"]}
        assert sorted(links) == (["attempt", "event"] if n else ["event"]), links
        assert (links["event"]["traceId"], links["event"]["spanId"]) == (TRACE, f"{n + 1:016x}"), links
        assert span["traceId"] != TRACE, "where an event was made is not who called"
        if n:
            before = spans[n - 1]
            assert (links["attempt"]["traceId"], links["attempt"]["spanId"]) == (
                before["traceId"], before["spanId"]), links


def nothing_is_lost_or_malformed(seen):
    """A stranger decodes all of it without a rest."""
    for entry in seen["requests"]:
        assert entry["answer"] == "200" and "request" in entry, entry


def register():
    for service in FUNCTIONS:
        for name in CARRIERS:
            cases.register(f"{service}: {name}", functools.partial(carrier, service, name))
        cases.register(f"{service}: attempts", functools.partial(attempts, service))
    for service in ("openfaas", "cgi"):
        for name in EXEC:
            cases.register(f"{service}: {name}", functools.partial(carrier, service, name))
    cases.register("baggage that nobody named", unnamed_baggage)
    cases.register("baggage in OpenTelemetry's variable", baggage_of_the_environment)
    cases.register("all of it is decoded", nothing_is_lost_or_malformed)


def starts_of(requests, service):
    return {s["spanId"]: s for s in otlp_json.of_requests(requests)
            if s["name"] == "cold start" and s["resource"]["service.name"] == service}


def run(args, folder):
    with otlp_sink.OtlpSink(folder / "sink") as sink:
        stage = Stage(args.build, folder, sink)
        try:
            seen = {language: ask_server(stage, args.functions, language) for language in FUNCTIONS}
            seen["openfaas"] = run_processes(stage, "openfaas", go_case)
            seen["cgi"] = run_processes(stage, "cgi", cgi_case)
            seen["unnamed"] = run_unnamed(stage, args.functions)
            seen["environment"] = run_environment(stage)
        finally:
            watching.stop(stage.collector)
        seen["requests"] = sink.requests
    for service in ("openfaas", "cgi"):
        seen[f"{service} starts"] = starts_of(seen["requests"], service)
    return seen


def main():
    args = cases.parser(__doc__, "build", "functions").parse_args()
    register()
    with tempfile.TemporaryDirectory() as folder:
        seen = run(args, pathlib.Path(folder))
    cases.main(args, seen)


if __name__ == "__main__":
    main()
