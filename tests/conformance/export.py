#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The exporters as they run, against other people's receivers.

usage: export.py EMIT_SPANS_PROGRAM

A real OpenTelemetry Collector and OpenTelemetry's Python classes behind a real server receive what
the OTLP exporter sends; the file exporter's lines must tell the same spans, and the counters what
the receivers saw.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, otelcol, otlp_json, otlp_sink, peers

ARGS = argparse.Namespace()
PATIENCE_MS = "60000"  # a request that is given up and repeated is one more than a case counts
peers.path("python")  # ends as skipped without it


class Export(cases.InFolder):
    maxDiff = 4000

    def setUp(self):
        super().setUp()
        self.file = self.folder / "ours.jsonl"

    def emit(self, url, batches, spans, **variables):
        """Counters of both exporters, and what the program said on standard error."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
        run = subprocess.run([ARGS.program, url, self.file, str(batches), str(spans)], check=False,
                             capture_output=True, text=True, timeout=200,
                             env={**clean, "OTEL_EXPORTER_OTLP_TIMEOUT": PATIENCE_MS, **variables})
        self.assertEqual(run.returncode, 0, run.stderr)
        counters = json.loads(run.stdout)
        for one in counters.values():
            dropped = sum(one[reason] for reason in
                          ("queue_full", "retry_exhausted", "refused", "too_large", "encode", "io",
                           "shutdown"))
            self.assertEqual(one["accepted"],
                             one["sent"] + one["rejected"] + one["queued"] + dropped)
        return counters, run.stderr

    def sink(self, *answers):
        sink = otlp_sink.OtlpSink(self.folder / "sink", answers)
        self.addCleanup(sink.close)
        return sink

    def ours(self):
        return otlp_json.by_id(otlp_json.of_file(self.file))

    def test_a_real_collector_writes_the_spans_that_our_file_has(self):
        with otelcol.Otelcol(self.folder / "otelcol") as collector:
            counters, _ = self.emit(collector.endpoint, 3, 20)
            theirs = otlp_json.by_id(otlp_json.of_file(collector.stop()))
        self.assertEqual(counters["otlp"]["sent"], 60)
        self.assertEqual(len(theirs), 60)
        self.assertEqual(theirs, self.ours())
        self.assertEqual(len(self.file.read_text(encoding="utf-8").splitlines()), 3)

    def test_a_real_collector_writes_the_data_points_that_our_file_has(self):
        with otelcol.Otelcol(self.folder / "otelcol") as collector:
            counters, _ = self.emit(collector.endpoint, 2, "metrics")
            theirs = otlp_json.of_file(collector.stop(), otlp_json.metrics)
        ours = otlp_json.of_file(self.file, otlp_json.metrics)
        self.assertEqual(counters["otlp"]["sent"], 18)
        self.assertEqual(theirs, ours)
        self.assertEqual({one["kind"] for one in ours}, set(otlp_json.POINTS))
        durations = next(one for one in ours if one["name"] == "faas.init_duration")
        self.assertEqual((durations["scale"], durations["positive"][0], durations["sum"]), (3, -27, 2.6))
        self.assertEqual([one["value"] for one in durations["exemplars"]], [1.7, 0.3])

    def test_the_official_classes_read_every_field_of_data_points(self):
        sink = self.sink()
        self.emit(sink.endpoint, 1, "metrics")
        got = sink.wait(lambda requests: len(requests) == 1)
        self.assertEqual(got[0]["path"], "/v1/metrics")
        self.assertEqual(otlp_json.of_requests(got, otlp_json.metrics),
                         otlp_json.of_file(self.file, otlp_json.metrics))

    def test_large_batches_are_split_and_arrive_whole_on_one_connection(self):
        sink = self.sink()
        counters, _ = self.emit(sink.endpoint, 2, 1300)
        got = sink.wait(lambda requests: len(requests) == 6)
        self.assertEqual(counters["otlp"]["sent"], 2600)
        self.assertEqual(otlp_json.by_id(otlp_json.of_requests(got)), self.ours())
        self.assertLessEqual(max(one["bytes"] for one in got), 4 << 20)
        self.assertEqual(len({one["connection"] for one in got}), 1)

    def test_every_kind_of_answer_is_counted_as_the_server_meant_it(self):
        sink = self.sink("503:1", "429", "partial:2", "close", "200", "400", "502", "504", "200")
        counters, said = self.emit(sink.endpoint, 4, 10)
        got = sink.wait(lambda requests: len(requests) == 9)
        otlp = counters["otlp"]
        # 503, 429, then partial | close, 200 | 400 | 502, 504, 200
        self.assertEqual((otlp["rejected"], otlp["sent"], otlp["refused"]), (2, 28, 10))
        self.assertEqual((otlp["requests"], otlp["retries"]), (9, 5))
        self.assertEqual([one["request"]["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["traceId"]
                          [:2] for one in got], ["01"] * 3 + ["02"] * 2 + ["03"] + ["04"] * 3)
        self.assertIn("the server answered 503", said)

    def test_a_request_that_is_too_large_arrives_in_two_halves(self):
        sink = self.sink("413")
        counters, _ = self.emit(sink.endpoint, 1, 11)
        got = sink.wait(lambda requests: len(requests) == 3)
        self.assertEqual(counters["otlp"]["sent"], 11)
        self.assertEqual(otlp_json.by_id(otlp_json.of_requests(got)), self.ours())

    def test_the_variables_of_opentelemetry_are_followed(self):
        sink = self.sink()
        self.emit("env", 1, 2, OTEL_EXPORTER_OTLP_ENDPOINT=sink.endpoint + "/",
                  OTEL_EXPORTER_OTLP_HEADERS="x-scope-orgid=a%20b",
                  OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf", OTEL_EXPORTER_OTLP_TIMEOUT="30000")
        (got,) = sink.wait(lambda requests: len(requests) == 1)
        self.assertEqual(got["path"], "/v1/traces")
        self.assertEqual(got["headers"]["x-scope-orgid"], "a b")
        self.assertRegex(got["headers"]["user-agent"],
                         r"^coldspan/\S+ OTel-OTLP-Exporter-C/\S+$")

    def test_a_traces_endpoint_is_used_verbatim(self):
        sink = self.sink()
        self.emit("env", 1, 2, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1",
                  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=sink.endpoint + "/v1/traces")
        self.assertEqual(len(sink.wait(lambda requests: len(requests) == 1)), 1)


if __name__ == "__main__":
    parser = cases.parser(__doc__)
    parser.add_argument("program")
    parser.parse_args(namespace=ARGS)
    cases.main(ARGS)
