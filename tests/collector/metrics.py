#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a real collector counts of real functions, held against the spans of the same run.

    metrics.py COLLECTOR SHIM
"""
import collections
import json

from harness import Collector, main
from serving import REQUESTS, serve
from lib import otlp_json
from lib.cases import case


def points(collector):
    return otlp_json.metrics([json.loads(line) for line in collector.file.read_text().splitlines()])


def last(found):
    """The newest point of each series of functions."""
    series = {}
    for point in found:
        if point["resource"]["service.name"] != "coldspan-collector":
            key = (point["name"], *sorted(point["attributes"].items()))
            series[key] = point
    return list(series.values())


def total(found, name, field, **attributes):
    return sum(point.get(field, 0) for point in found if point["name"] == name
               and all(point["attributes"].get(key.replace("_", ".")) == value
                       for key, value in attributes.items()))


@case
def everything_is_counted_as_its_spans_have_it(binary, shim):
    with Collector(binary) as collector:
        serve(collector, shim)
        collector.accounting()
        spans, found = otlp_json.of_file(collector.file), last(points(collector))
    assert total(found, "faas.invocations", "asInt") == REQUESTS - 1, found
    assert total(found, "faas.errors", "asInt") == 1, found
    assert total(found, "faas.timeouts", "asInt") == 0, found
    assert total(found, "coldspan.inits", "asInt") == 1, found
    assert total(found, "faas.invoke_duration", "count", faas_coldstart=True) == 1, found
    assert total(found, "faas.invoke_duration", "count") == REQUESTS, found
    assert total(found, "coldspan.instance.lifetime", "count") == 1, found
    assert {p["attributes"]["coldspan.instance.state"]: p["asInt"] for p in found
            if p["name"] == "coldspan.instances"} in ({}, {"init": 0, "idle": 0, "busy": 0}), found
    took = collections.Counter()
    for span in spans:
        phase = span["attributes"].get("coldspan.phase")
        kind = "coldspan.init.phase.duration" if phase else "faas.invoke_duration"
        if phase or "faas.trigger" in span["attributes"]:
            took[kind, phase] += (span["end"] - span["start"]) / 1e9
    for (name, phase), seconds in took.items():
        told = sum(p["sum"] for p in found if p["name"] == name
                   and p["attributes"].get("coldspan.phase") == phase)
        assert abs(told - seconds) < 1e-6, (name, phase, told, seconds)


@case
def a_series_begins_with_zero_and_keeps_its_start(binary, shim):
    with Collector(binary, env={"OTEL_METRIC_EXPORT_INTERVAL": "200"}) as collector:
        serve(collector, shim)
        collector.accounting()
        found = points(collector)
    series = collections.defaultdict(list)
    for point in found:
        assert point["resource"]["service.instance.id"] == found[0]["resource"]["service.instance.id"]
        assert "process.pid" not in point["resource"], point
        series[(point["resource"]["service.name"], point["name"],
                *sorted(point["attributes"].items()))].append(point)
    assert len(series) > 30, series.keys()
    for key, told in series.items():
        times = [point["timeUnixNano"] for point in told]
        assert times == sorted(set(times)), (key, times)
        if not told[0]["monotonic"] and told[0]["kind"] == "sum" or told[0]["kind"] == "gauge":
            continue
        assert len({point["startTimeUnixNano"] for point in told}) == 1, (key, told)
        first = told[0]
        assert not first.get("asInt") and not first.get("asDouble") and not first.get("count"), first
        values = [point.get("asInt", point.get("asDouble", point.get("count", 0))) for point in told]
        assert values == sorted(values), (key, values)


@case
def differences_sum_to_the_whole(binary, shim):
    with Collector(binary, env={"OTEL_METRIC_EXPORT_INTERVAL": "100",
                                "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta",
                                "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION":
                                "explicit_bucket_histogram"}) as collector:
        serve(collector, shim)
        collector.accounting()
        found = points(collector)
    assert total(found, "faas.invocations", "asInt") == REQUESTS - 1, found
    assert total(found, "faas.invoke_duration", "count") == REQUESTS, found
    assert {p["kind"] for p in found if p["name"] == "faas.invoke_duration"} == {"histogram"}, found


if __name__ == "__main__":
    main(__doc__, "collector", "shim")
