#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""OpenTelemetry's consistent probability samplers, asked line by line (run by the interpreter of
`script/peers propagators`).

usage: samplers.py {traceidratio|parentbased_traceidratio} RATIO < "trace span flags state" lines, state - is none
       > "1 state" or "0" lines
"""
import sys

from opentelemetry import trace
from opentelemetry.sdk.trace import _sampling_experimental as samplers
from opentelemetry.sdk.trace.sampling import Decision


def decide(sampler, line):
    trace_id, span_id, flags, state = line.split()
    state = trace.TraceState.from_header([state]) if state != "-" else trace.TraceState()
    parent = trace.SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_state=state,
                               trace_flags=trace.TraceFlags(int(flags, 16)))
    context = trace.set_span_in_context(trace.NonRecordingSpan(parent))
    result = sampler.should_sample(context, int(trace_id, 16), "invocation", trace_state=state)
    if result.decision is not Decision.RECORD_AND_SAMPLE:
        return "0"
    return f"1 {result.trace_state.to_header() if result.trace_state else ''}"


def main():
    sampler = samplers.composable_traceid_ratio_based(float(sys.argv[2]))
    if sys.argv[1] == "parentbased_traceidratio":
        sampler = samplers.composable_parent_threshold(sampler)
    sampler = samplers.composite_sampler(sampler)
    for line in sys.stdin:
        print(decide(sampler, line))


if __name__ == "__main__":
    main()
