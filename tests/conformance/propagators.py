#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""OpenTelemetry's own propagators, asked line by line (run by the interpreter of `script/peers propagators`).

usage: propagators.py inject FORMAT < "trace span flags" lines > header lines, an empty line behind each
       propagators.py extract FORMAT < header lines, an empty line behind each > "trace span flags state" or "-"
"""
import collections
import logging
import sys

from opentelemetry import trace
from opentelemetry.propagators.aws.aws_xray_propagator import AwsXRayPropagator
from opentelemetry.propagators.b3 import B3MultiFormat, B3SingleFormat
from opentelemetry.propagators.cloud_trace_propagator import CloudTraceFormatPropagator
from opentelemetry.propagators.jaeger import JaegerPropagator
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

FORMATS = {"w3c": TraceContextTextMapPropagator, "xray": AwsXRayPropagator,
           "cloud": CloudTraceFormatPropagator, "b3": B3SingleFormat, "b3-headers": B3MultiFormat,
           "jaeger": JaegerPropagator}


class Headers(Getter):
    """Names in any case, as of a request; all values of each."""

    def get(self, carrier, key):
        return carrier.get(key.lower())

    def keys(self, carrier):
        return list(carrier)


def inject(propagator, line):
    trace_id, span_id, flags = line.split()
    context = trace.SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=False,
                                trace_flags=trace.TraceFlags(int(flags)))
    carrier = {}
    propagator.inject(carrier, context=trace.set_span_in_context(trace.NonRecordingSpan(context)))
    for name, value in carrier.items():
        print(f"{name.lower()}: {value}")
    print()


def extract(propagator, carrier):
    found = trace.get_current_span(propagator.extract(carrier, getter=Headers())).get_span_context()
    if found.is_valid:
        print(f"{found.trace_id:032x} {found.span_id:016x} {int(found.trace_flags)}",
              found.trace_state.to_header())
    else:
        print("-")


def main():
    logging.disable(logging.CRITICAL)
    mode, name = sys.argv[1:]
    propagator = FORMATS[name]()
    carrier = collections.defaultdict(list)
    for line in sys.stdin:
        line = line.rstrip("\n")
        if mode == "inject":
            inject(propagator, line)
        elif line:
            key, _, value = line.partition(": ")
            carrier[key].append(value)
        else:
            extract(propagator, carrier)
            carrier = collections.defaultdict(list)


main()
