#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes an ExportTraceServiceRequest of OpenTelemetry's own Python classes to standard output, with
every kind of field that we send. --unknown adds a field that OTLP does not have."""
import sys

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def sample():
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.add(key="service.name").value.string_value = "sämple"
    scoped = group.scope_spans.add()
    scoped.scope.name, scoped.scope.version = "coldspan", "0.1.0"
    for number in (1, 2):
        span = scoped.spans.add(
            trace_id=bytes(range(16)), span_id=bytes([number] * 8), name=f"span {number}",
            kind=number, start_time_unix_nano=1_700_000_000_000_000_000 + number,
            end_time_unix_nano=1_700_000_001_000_000_000 + number, flags=0x101)
        span.attributes.add(key="text").value.string_value = "value"
        span.attributes.add(key="number").value.int_value = -(1 << 62)
        span.attributes.add(key="fraction").value.double_value = 0.5
        span.attributes.add(key="truth").value.bool_value = True
        many = span.attributes.add(key="list").value.array_value
        many.values.add().string_value = "a"
        span.events.add(name="event", time_unix_nano=1_700_000_000_500_000_000)
        span.links.add(trace_id=bytes(16 * [9]), span_id=bytes(8 * [9]))
    scoped.spans[1].parent_span_id = bytes(8 * [1])
    scoped.spans[1].status.code = 2
    scoped.spans[1].status.message = "killed"
    return request


def main():
    body = sample().SerializeToString()
    if "--unknown" in sys.argv:
        body += bytes([0x9a, 0x06, 0x01, 0x78])  # field 99, one byte of text
    sys.stdout.buffer.write(body)


if __name__ == "__main__":
    main()
