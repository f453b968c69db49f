#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Propagation at its edges: memory that is not there, a full ring, two protocols in one process, a runtime.

usage: edges.py --build DIR
"""
import contextlib
import http.client
import http.server
import json
import os
import signal
import subprocess
import sys
import threading

from watched import HERE, LIMIT_S, Watched, cases, watching
from lib import otlp_json
from lib.cases import case

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
ANSWER_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


class Callee(http.server.BaseHTTPRequestHandler):
    """Says what it was told."""
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one write: two would wait for each other

    def do_GET(self):
        self.answer((self.headers["traceparent"] or "").encode())

    def answer(self, body, **headers):
        self.send_response(200)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Api(Callee):
    """The Lambda Runtime API."""

    def do_GET(self):
        self.answer(b"{}", **{"Lambda-Runtime-Aws-Request-Id": ANSWER_ID, "Lambda-Runtime-Deadline-Ms": "4000000000000",
                              "Lambda-Runtime-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"})

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(b"")


@contextlib.contextmanager
def serving(handler):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def watched(build, folder, propagate, **env):
    return Watched(build, folder, [sys.executable, HERE / "edge.py"], {"OTEL_SERVICE_NAME": "edge", **env}, propagate)


def ask(function, how, port, named=True):
    connection = http.client.HTTPConnection("127.0.0.1", function.port, timeout=4 * LIMIT_S)
    connection.request("GET", f"/{how}/{port}", headers={"traceparent": f"00-{TRACE}-{PARENT}-01"} if named else {})
    return json.loads(connection.getresponse().read())


@case
def memory_that_is_not_there_is_the_kernels_to_refuse(build, folder):
    told = {}
    for propagate in ("inbound", "outbound"):
        (folder / propagate).mkdir()
        with serving(Callee) as port, watched(build, folder / propagate, propagate) as function:
            told[propagate] = ask(function, "bad-memory", port)
    assert told["outbound"] == told["inbound"], told
    assert told["outbound"]["write"] == [-1, 14], told


@case
def a_full_ring_hands_nothing_on(build, folder):
    """Nobody would have the span that the callee stood below."""
    with serving(Callee) as port, watched(build, folder, "outbound") as function:
        function.collector.send_signal(signal.SIGSTOP)
        try:
            got = ask(function, "flood", port)
        finally:
            function.collector.send_signal(signal.SIGCONT)
    assert got["nothing"] == 20 and got["calls"] > 100, got


@case
def work_for_another_protocol_is_nobodys(build, folder):
    """While a request is in flight, another thread takes an event of the Lambda Runtime API: two are at work."""
    with serving(Callee) as port, serving(Api) as api, \
            watched(build, folder, "outbound", AWS_LAMBDA_RUNTIME_API=f"127.0.0.1:{api}") as function:
        got = ask(function, "beside", port)
        alone = ask(function, "call", port)
    assert got["told"][0] == "", got
    assert alone["told"].startswith(f"00-{TRACE}-"), alone


@case
def curl_below_a_shell_stands_below_the_function(build, folder):
    """env gives the shell our span, which hands it on to curl: nobody tells of curl's own call."""
    for n, propagate in enumerate(("env,outbound", "outbound")):
        (folder / str(n)).mkdir()
        with serving(Callee) as port, watched(build, folder / str(n), propagate) as function:
            got = ask(function, "bash", port)
        (mine,) = [span for span in function.all_spans() if span["kind"] == 2]
        assert mine["traceId"] == TRACE and mine["parentSpanId"] == PARENT, mine
        told = f"00-{TRACE}-{mine['spanId']}-01" if n == 0 else ""
        assert got["told"] == told, (propagate, got, mine)


@case
def the_call_of_a_process_per_event_is_its_span(build, folder):
    """The callee's caller is our span of the call, in the trace that the event's headers name."""
    announce, traces = folder / "announce.sock", folder / "traces.jsonl"
    collector = watching.start([build / "collector/coldspan-collector", "--file", traces, "--log-level", "error"],
                               announce)
    event = {"Http_Method": "GET", "Http_Path": "/", "Http_Traceparent": f"00-{TRACE}-{PARENT}-01",
             "Http_Tracestate": "a=1", "TRACEPARENT": f"00-{'1' * 32}-{'2' * 16}-01"}
    try:
        with serving(Callee) as port:
            got = subprocess.run([sys.executable, HERE / "edge.py", str(port)], input="event", text=True, check=True,
                                 capture_output=True, timeout=LIMIT_S, env={
                                     **os.environ, **event, "COLDSPAN_SOCKET": str(announce),
                                     "COLDSPAN_PROPAGATE": "outbound",
                                     "LD_PRELOAD": str(build / "preload/libcoldspan.so")}).stdout
    finally:
        watching.stop(collector)
    spans = list(otlp_json.of_file(traces))
    (mine,), (call,) = ([span for span in spans if span["kind"] == kind] for kind in (2, 3))
    assert got == f"00-{TRACE}-{call['spanId']}-01", (got, call)
    assert (call["traceId"], call["parentSpanId"]) == (TRACE, mine["spanId"]), (call, mine)


@case
def a_runtime_that_hands_on_keeps_the_queue_of_its_function(build, folder):
    for n, named in enumerate((True, False)):
        (folder / str(n)).mkdir()
        with serving(Callee) as port, watched(build, folder / str(n), "outbound") as runtime:
            got = ask(runtime, "start", port, named)
        spans = list(otlp_json.of_file(runtime.traces))
        started = [span for span in spans if span["resource"]["service.name"] == "started"]
        (server,) = [span for span in started if span["kind"] == 2]
        (cold,) = [span for span in started if span["name"] == "cold start"]
        (call,) = [span for span in spans if span["kind"] == 3 and span["resource"]["service.name"] == "edge"]
        phases = [span["attributes"].get("coldspan.phase") for span in started
                  if span["parentSpanId"] == cold["spanId"]]
        assert "queue" in phases, (named, phases)
        assert server["parentSpanId"] == call["spanId"] and server["traceId"] == call["traceId"], (server, call)
        assert not named or server["traceId"] == TRACE, server
        assert got["told"].startswith(f"00-{server['traceId']}-"), got


def main():
    args = cases.parser(__doc__, "build").parse_args()
    cases.main(args, args.build, folder=True)


if __name__ == "__main__":
    main()
