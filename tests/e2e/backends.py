#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real function's cold start, sent by OTLP/HTTP, read by strangers.

usage: backends.py --build DIR --functions DIR

`coldspan run` and coldspan-collector send to OpenTelemetry's Python classes behind a real HTTP server
and to a real OpenTelemetry Collector; both must tell the spans that our own file exporter wrote.
"""
import argparse
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, otelcol, otlp_json, otlp_sink, traces

ARGS = argparse.Namespace()
TIMEOUT_S = 60


def run(*words):
    return subprocess.run(
        [ARGS.build / "agent/coldspan", "run", "-q", *words, "--", "python3",
         ARGS.functions / "hello-py/handler.py"], input=b'{"name": "e2e"}', capture_output=True,
        timeout=TIMEOUT_S, check=False)


class Backends(cases.InFolder):
    maxDiff = 4000

    def setUp(self):
        super().setUp()
        self.file = self.folder / "spans.jsonl"

    def assert_whole_start(self, spans):
        traces.cold_start(spans)
        self.assertEqual(len({s["traceId"] for s in spans}), 1)
        self.assertEqual(len({s["spanId"] for s in spans}), len(spans))

    def test_python_classes_read_what_run_sends_and_run_waits_for_them(self):
        with otlp_sink.OtlpSink(self.folder / "sink") as sink:
            done = run("--file", self.file, "--otlp", sink.endpoint)
            requests = sink.wait(len)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"hello e2e", done.stdout)
        spans = otlp_json.by_id(otlp_json.of_requests(requests))
        self.assertEqual(spans, otlp_json.by_id(otlp_json.of_file(self.file)))
        self.assert_whole_start(spans)

    def test_the_opentelemetry_collector_reads_what_run_sends(self):
        with otelcol.Otelcol(self.folder / "otelcol") as collector:
            done = run("--file", self.file, "--otlp", collector.endpoint)
            theirs = otlp_json.by_id(otlp_json.of_file(collector.stop()))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(theirs, otlp_json.by_id(otlp_json.of_file(self.file)))
        self.assert_whole_start(theirs)

    def test_a_backend_that_is_busy_at_first_gets_everything(self):
        with otlp_sink.OtlpSink(self.folder / "sink", [503, 200]) as sink:
            done = run("--file", self.file, "--otlp", sink.endpoint)
            requests = sink.wait(lambda got: len(got) >= 2)
        self.assertEqual(done.returncode, 0, done.stderr)
        spans = otlp_json.by_id(otlp_json.of_requests(requests))
        self.assertEqual(spans, otlp_json.by_id(otlp_json.of_file(self.file)))

    def test_a_refusing_endpoint_is_one_clear_line_and_the_commands_status(self):
        done = subprocess.run([ARGS.build / "agent/coldspan", "run", "-q", "--otlp",
                               "http://127.0.0.1:1", "--", "sh", "-c", "exit 4"],
                              capture_output=True, timeout=TIMEOUT_S, check=False)
        self.assertEqual(done.returncode, 4)
        lines = done.stderr.decode().splitlines()
        self.assertIn("cannot connect", lines[0])
        self.assertIn("gave up", lines[-1])
        self.assertLessEqual(len(lines), 2)


if __name__ == "__main__":
    cases.parser(__doc__, "build", "functions").parse_args(namespace=ARGS)
    cases.main(ARGS)
