# SPDX-License-Identifier: Apache-2.0
"""As server.js, in Python."""
import http.client
import http.server
import json
import os

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, format_span_id, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

NAME, COLLECTOR, CALLEE = (os.environ.get(name, "") for name in ("OTEL_SERVICE_NAME", "COLLECTOR", "CALLEE"))


def post(port, path, body):
    connection = http.client.HTTPConnection("127.0.0.1", int(port))
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse().read()
    connection.close()
    return answer


class Exporter(SpanExporter):
    """OTLP/HTTP in JSON."""

    def export(self, spans):
        told = [{"traceId": format_trace_id(span.context.trace_id), "spanId": format_span_id(span.context.span_id),
                 "parentSpanId": format_span_id(span.parent.span_id) if span.parent else "", "name": span.name,
                 "kind": 2, "startTimeUnixNano": str(span.start_time), "endTimeUnixNano": str(span.end_time)}
                for span in spans]
        service = {"key": "service.name", "value": {"stringValue": f"{NAME} sdk"}}
        post(COLLECTOR, "/v1/traces", json.dumps({"resourceSpans": [{
            "resource": {"attributes": [service]}, "scopeSpans": [{"spans": told}]}]}))
        return SpanExportResult.SUCCESS


PROVIDER = TracerProvider()
if COLLECTOR:
    PROVIDER.add_span_processor(SimpleSpanProcessor(Exporter()))
TRACER = PROVIDER.get_tracer("function")
PROPAGATOR = TraceContextTextMapPropagator()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        carrier = {name.lower(): value for name, value in self.headers.items()}
        span = TRACER.start_span("work", PROPAGATOR.extract(carrier), SpanKind.SERVER)
        if CALLEE:
            post(CALLEE, "/", "{}")
        span.end()
        body = json.dumps({"trace": format_trace_id(span.context.trace_id),
                           "parent": format_span_id(span.parent.span_id) if span.parent else ""}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler).serve_forever()
