# SPDX-License-Identifier: Apache-2.0
"""A program with OpenTelemetry's SDK, which makes a span below what its environment says, and tells of it."""
import json
import os

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import format_span_id, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

CARRIER = {name.lower(): value for name, value in os.environ.items() if name.isupper()}
SPAN = TracerProvider().get_tracer("child").start_span(
    "work", TraceContextTextMapPropagator().extract(CARRIER))
SPAN.end()
print(json.dumps({"trace": format_trace_id(SPAN.context.trace_id),
                  "parent": format_span_id(SPAN.parent.span_id) if SPAN.parent else "",
                  "state": ",".join(f"{key}={value}" for key, value in SPAN.context.trace_state.items()),
                  "own": os.environ.get("OWN", ""), "variable": os.environ.get("TRACEPARENT", "")}))
