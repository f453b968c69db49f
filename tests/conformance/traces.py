#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Our OTLP traces, as bytes and as JSON, read by other people's code.

usage: traces.py OTLP_BODY_PROGRAM

The same batch is decoded by OpenTelemetry's Python classes behind a real HTTP server, by a real
OpenTelemetry Collector, and by protoc with our own .proto files; our own JSON is read beside them.
All have to tell the same spans.
"""
import argparse
import http.client
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, otelcol, otlp_json, otlp_sink, peers

HERE = pathlib.Path(__file__).resolve().parent
ARGS = argparse.Namespace()
PYTHON = peers.path("python")
PROTOBUF = {"Content-Type": "application/x-protobuf"}
SEEDS = 60


def post(port, body):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/v1/traces", body, PROTOBUF)
        return connection.getresponse().status
    finally:
        connection.close()


def text_of(command):
    """What a decoder prints, with doubles written as Python does (protoc has -0 for -0.0)."""
    text = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    return re.sub(r"(?m)^( *double_value: )(\S+)$", lambda m: m[1] + repr(float(m[2])), text)


class Traces(cases.InFolder):
    maxDiff = 4000

    def encode(self, *what):
        """(path of the bytes, path of the JSON) of one batch."""
        stem = "-".join(what)
        body, line = self.folder / f"{stem}.body", self.folder / f"{stem}.jsonl"
        subprocess.run([ARGS.program, body, line, *what], check=True)
        return body, line

    def batches(self):
        return [self.encode("5")] + [self.encode("random", str(seed)) for seed in range(SEEDS)]

    def test_python_classes_collector_and_our_json_tell_the_same_spans(self):
        batches = self.batches()
        with otlp_sink.OtlpSink(self.folder / "sink") as sink, \
                otelcol.Otelcol(self.folder / "otelcol") as collector:
            for body, _ in batches:
                self.assertEqual(post(sink.port, body.read_bytes()), 200)
                self.assertEqual(post(collector.port, body.read_bytes()), 200)
            requests = sink.wait(lambda got: len(got) == len(batches))
            theirs = otlp_json.by_id(otlp_json.of_file(collector.stop()))
        ours = [one for _, line in batches for one in otlp_json.of_file(line)]
        official = otlp_json.by_id(otlp_json.of_requests(requests))
        self.assertGreater(len(official), SEEDS)
        self.assertEqual(otlp_json.by_id(ours), official)
        self.assertEqual(theirs, official)

    def test_protoc_with_our_schema_prints_what_the_official_classes_print(self):
        for body, _ in self.batches():
            self.assertEqual(text_of([HERE / "decode_protoc.sh", body]),
                             text_of([PYTHON, HERE / "official_text.py", body]))

    def test_the_sample_arrives_whole(self):
        body, line = self.encode("5")
        with otlp_sink.OtlpSink(self.folder / "sink") as sink:
            post(sink.port, body.read_bytes())
            found = otlp_json.by_id(otlp_json.of_requests(sink.wait(len)))
        self.assertEqual([one["name"] for one in found], [f"span {n}" for n in range(5)])
        second = found[1]
        self.assertEqual(second["parentSpanId"], "0000000000000001")
        self.assertEqual(second["attributes"]["number"], -(1 << 63) + 1)
        self.assertEqual(second["attributes"]["list"], ["one", "", "drei ÄÖÜ"])
        self.assertEqual(second["end"] - second["start"], 999)
        self.assertEqual(second["scope"]["name"], "coldspan")
        self.assertEqual(second["dropped"], [3, 0, 0])
        self.assertEqual({one["resource"]["service.name"] for one in found}, {"first", "second"})


if __name__ == "__main__":
    parser = cases.parser(__doc__)
    parser.add_argument("program")
    parser.parse_args(namespace=ARGS)
    cases.main(ARGS)
