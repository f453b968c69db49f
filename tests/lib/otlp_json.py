# SPDX-License-Identifier: Apache-2.0
"""Spans out of OTLP JSON, whoever wrote it: our file exporter, the OpenTelemetry Collector's, or
otlp_server.py. Integers that OTLP JSON writes as text become numbers, defaults that one writer
states and another leaves out become equal, and attributes become a dictionary."""
import json
import pathlib

NUMBERS = {"intValue": int, "doubleValue": float}


def value(any_value):
    """What an AnyValue holds."""
    (kind, held), *_ = any_value.items() or [("none", None)]
    if kind == "arrayValue":
        return [value(one) for one in held.get("values", [])]
    if kind == "kvlistValue":
        return attributes(held.get("values", []))
    return NUMBERS.get(kind, lambda same: same)(held)


def attributes(pairs):
    return {pair["key"]: value(pair.get("value", {})) for pair in pairs}


def span(raw, resource, scope):
    """One span as a flat dictionary; the names are OTLP's but for attributes."""
    return {
        "name": raw.get("name", ""),
        "traceId": raw.get("traceId", ""),
        "spanId": raw.get("spanId", ""),
        "parentSpanId": raw.get("parentSpanId", ""),
        "traceState": raw.get("traceState", ""),
        "flags": raw.get("flags", 0),
        "kind": raw.get("kind", 0),
        "start": int(raw.get("startTimeUnixNano", 0)),
        "end": int(raw.get("endTimeUnixNano", 0)),
        "status": raw.get("status", {}).get("code", 0),
        "message": raw.get("status", {}).get("message", ""),
        "attributes": attributes(raw.get("attributes", [])),
        "events": [{"name": event.get("name", ""), "time": int(event.get("timeUnixNano", 0)),
                    "attributes": attributes(event.get("attributes", []))}
                   for event in raw.get("events", [])],
        "links": [{"traceId": link.get("traceId", ""), "spanId": link.get("spanId", ""),
                   "attributes": attributes(link.get("attributes", []))}
                  for link in raw.get("links", [])],
        "dropped": [raw.get(f"dropped{what}Count", 0) for what in ("Attributes", "Events", "Links")],
        "resource": resource,
        "scope": scope,
    }


def spans(batches):
    """All spans of a list of ExportTraceServiceRequest or TracesData in OTLP JSON."""
    found = []
    for batch in batches:
        for group in batch.get("resourceSpans", []):
            resource = attributes(group.get("resource", {}).get("attributes", []))
            for scoped in group.get("scopeSpans", []):
                scope = {key: scoped.get("scope", {}).get(key, "") for key in ("name", "version")}
                found += [span(raw, resource, scope) for raw in scoped.get("spans", [])]
    return found


def logs(batches):
    """All log records of a list of ExportLogsServiceRequest or LogsData in OTLP JSON, as dicts."""
    found = []
    for batch in batches:
        for group in batch.get("resourceLogs", []):
            resource = attributes(group.get("resource", {}).get("attributes", []))
            for scoped in group.get("scopeLogs", []):
                found += [{"time": int(raw.get("timeUnixNano", 0)),
                           "observed": int(raw.get("observedTimeUnixNano", 0)),
                           "severity": raw.get("severityNumber", 0),
                           "level": raw.get("severityText", ""),
                           "body": raw.get("body", {}).get("stringValue", ""),
                           "attributes": attributes(raw.get("attributes", [])),
                           "flags": raw.get("flags", 0),
                           "traceId": raw.get("traceId", ""),
                           "spanId": raw.get("spanId", ""),
                           "resource": resource} for raw in scoped.get("logRecords", [])]
    return found


POINTS = ("gauge", "sum", "histogram", "exponentialHistogram")


def point(raw):
    """A data point with what OTLP JSON writes as text as numbers, and without what has its default."""
    held = {key: value for key, value in raw.items() if key not in ("attributes", "exemplars")}
    for key in ("startTimeUnixNano", "timeUnixNano", "count", "zeroCount", "asInt"):
        if key in held:
            held[key] = int(held[key])
    if "bucketCounts" in held:
        held["bucketCounts"] = [int(one) for one in held["bucketCounts"]]
    if "positive" in held:
        held["positive"] = (held["positive"].get("offset", 0),
                            [int(one) for one in held["positive"].get("bucketCounts", [])])
    always = {key: value for key, value in held.items() if key.startswith("as") or value not in (0, {}, [])}
    return {**always, "attributes": attributes(raw.get("attributes", [])),
            "exemplars": [{"time": int(one["timeUnixNano"]), "value": float(one["asDouble"]),
                           "traceId": one.get("traceId", ""), "spanId": one.get("spanId", "")}
                          for one in raw.get("exemplars", [])]}


def metrics(batches):
    """All data points of a list of ExportMetricsServiceRequest or MetricsData, each with what it is of."""
    found = []
    for batch in batches:
        for group in batch.get("resourceMetrics", []):
            resource = attributes(group.get("resource", {}).get("attributes", []))
            for scoped in group.get("scopeMetrics", []):
                for metric in scoped.get("metrics", []):
                    kind = next(one for one in POINTS if one in metric)
                    found += [{"name": metric["name"], "description": metric.get("description", ""),
                               "unit": metric.get("unit", ""), "kind": kind, "resource": resource,
                               "temporality": metric[kind].get("aggregationTemporality", 0),
                               "monotonic": metric[kind].get("isMonotonic", False), **point(raw)}
                              for raw in metric[kind]["dataPoints"]]
    return found


def by_id(found):
    """The same spans in an order that does not depend on batching."""
    return sorted(found, key=lambda one: (one["traceId"], one["spanId"]))


def of_requests(requests, what=spans):
    """Spans, or logs, of what an OtlpSink accepted."""
    return what(entry["request"] for entry in requests
                if "request" in entry and entry["answer"] == "200")


def of_file(path, what=spans):
    """Spans, or logs, of a file with one line of OTLP JSON per batch."""
    text = pathlib.Path(path).read_text(encoding="utf-8")
    return what(json.loads(line) for line in text.split("\n") if line)
