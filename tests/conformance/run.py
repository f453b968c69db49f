#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real cold start, watched by `coldspan run`, arrives whole in other people's receivers.

usage: run.py --coldspan FILE

The command is sent to OpenTelemetry's Python classes behind a real HTTP server and to a real
OpenTelemetry Collector, and recorded in a file; each has to tell the same spans as the file, and
protoc has to read every field by our own schema.
"""
import argparse
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, otelcol, otlp_json, otlp_sink, traces

HERE = pathlib.Path(__file__).resolve().parent
ARGS = argparse.Namespace()
ACCEPTED = "the receiver answered 200 before the command ended"


class Run(cases.InFolder):
    def setUp(self):
        super().setUp()
        self.file = self.folder / "traces.jsonl"

    def run_to(self, endpoint):
        """Runs a command under coldspan; returns the spans of our own file."""
        run = subprocess.run([ARGS.coldspan, "run", "--quiet", "--otlp", endpoint, "--file", self.file,
                              "--", "/bin/cat"], input=b"an event\n", capture_output=True,
                             check=False, timeout=60)
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, b"an event\n", b""))
        return otlp_json.by_id(otlp_json.of_file(self.file))

    def test_the_official_classes_read_what_the_file_holds(self):
        with otlp_sink.OtlpSink(self.folder / "sink") as sink:
            ours = self.run_to(sink.endpoint)
            requests = sink.requests
        self.assertTrue(requests, ACCEPTED)
        self.assertEqual(otlp_json.by_id(otlp_json.of_requests(requests)), ours)
        for one in requests:
            text = subprocess.run([HERE / "decode_protoc.sh", one["body"]], check=True,
                                  stdout=subprocess.PIPE, text=True).stdout
            self.assertNotRegex(text, r"(?m)^ *[0-9]+[:{ ]", "a field that our schema lacks")
            self.assertEqual(len(re.findall(r"(?m)^ *spans \{", text)),
                             len(otlp_json.of_requests([one])))

    def test_the_collector_reads_what_the_file_holds(self):
        with otelcol.Otelcol(self.folder / "otelcol") as collector:
            ours = self.run_to(collector.endpoint)
            theirs = otlp_json.by_id(otlp_json.of_file(collector.stop()))
        self.assertTrue(theirs, ACCEPTED)
        self.assertEqual(theirs, ours)

    def test_a_cold_start_is_one_trace_of_contiguous_phases(self):
        with otlp_sink.OtlpSink(self.folder / "sink") as sink:
            self.run_to(sink.endpoint)
            spans = otlp_json.of_requests(sink.requests)
        self.assertEqual(len({one["traceId"] for one in spans}), 1)
        _, phases = traces.cold_start(spans)
        self.assertEqual([traces.phase_of(one) for one in phases][:3], ["spawn", "exec", "link"])


if __name__ == "__main__":
    cases.parser(__doc__, "coldspan").parse_args(namespace=ARGS)
    cases.main(ARGS)
