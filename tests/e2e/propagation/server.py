# SPDX-License-Identifier: Apache-2.0
"""As server.js, in Python."""
import http.server
import json

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind, format_span_id, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

TRACER = TracerProvider().get_tracer("function")
PROPAGATOR = TraceContextTextMapPropagator()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        carrier = {name.lower(): value for name, value in self.headers.items()}
        span = TRACER.start_span("work", PROPAGATOR.extract(carrier), SpanKind.SERVER)
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
