#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The test tools themselves: three decoders read one request of OpenTelemetry's own classes and
agree, and the receiver answers and refuses as it is told."""
import gzip
import http.client
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, otelcol, otlp_json, otlp_sink, peers

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = peers.path("python")
PROTOBUF = {"Content-Type": "application/x-protobuf"}


def sample(*options):
    return subprocess.run([PYTHON, HERE / "sample_request.py", *options], check=True,
                          stdout=subprocess.PIPE).stdout


def post(port, body, headers=None, path="/v1/traces"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", path, body, {**PROTOBUF, **(headers or {})})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


class Tools(cases.InFolder):
    def sink(self, *answers):
        sink = otlp_sink.OtlpSink(self.folder, answers)
        self.addCleanup(sink.close)
        return sink

    def test_the_collector_and_the_python_classes_read_the_same_spans(self):
        sink = self.sink()
        self.assertEqual(post(sink.port, sample())[0], 200)
        with otelcol.Otelcol(self.folder) as collector:
            self.assertEqual(post(collector.port, sample())[0], 200)
            theirs = otlp_json.of_file(collector.stop())
        ours = otlp_json.of_requests(sink.wait(len))
        self.assertEqual(otlp_json.by_id(theirs), otlp_json.by_id(ours))
        self.assertEqual([one["name"] for one in otlp_json.by_id(ours)], ["span 1", "span 2"])
        self.assertEqual(ours[0]["attributes"]["number"], -(1 << 62))
        self.assertEqual(ours[1]["parentSpanId"], "01" * 8)

    def test_protoc_reads_every_field_by_our_own_schema(self):
        body = self.folder / "body.bin"
        body.write_bytes(sample())
        run = subprocess.run([HERE / "decode_protoc.sh", body], stdout=subprocess.PIPE, text=True,
                             check=False)
        if run.returncode == cases.SKIP_TEST:
            self.skipTest(run.stdout.strip())
        self.assertEqual(run.returncode, 0)
        self.assertIn('message: "killed"', run.stdout)
        self.assertIn("int_value: -4611686018427387904", run.stdout)
        self.assertNotRegex(run.stdout, r"(?m)^ *[0-9]+[:{ ]")  # a field that our files lack

    def test_answers_are_given_in_order(self):
        sink = self.sink("503:7", "429", "partial:2", "close")
        status, headers, _ = post(sink.port, sample())
        self.assertEqual((status, headers["Retry-After"]), (503, "7"))
        self.assertEqual(post(sink.port, sample())[0], 429)
        status, _, body = post(sink.port, sample())
        self.assertEqual(status, 200)
        self.assertTrue(body.startswith(b"\x0a"))  # partial_success is field 1
        with self.assertRaises(http.client.RemoteDisconnected):
            post(sink.port, sample())
        self.assertEqual(post(sink.port, sample())[0], 200)
        self.assertEqual([one["answer"] for one in sink.wait(lambda got: len(got) == 5)],
                         ["503:7", "429", "partial:2", "close", "200"])

    def test_gzip_is_undone(self):
        sink = self.sink()
        post(sink.port, gzip.compress(sample()), {"Content-Encoding": "gzip"})
        self.assertEqual(len(otlp_json.of_requests(sink.wait(len))), 2)

    def test_what_is_not_otlp_is_refused(self):
        sink = self.sink()
        for body, headers, path in ((b"\xff\xff", {}, "/v1/traces"),
                                    (sample("--unknown"), {}, "/v1/traces"),
                                    (sample(), {"Content-Type": "text/plain"}, "/v1/traces"),
                                    (sample(), {}, "/v1/spans")):
            self.assertEqual(post(sink.port, body, headers, path)[0], 400)
        self.assertTrue(all("refused" in one for one in sink.wait(lambda got: len(got) == 4)))


if __name__ == "__main__":
    cases.main(cases.parser(__doc__).parse_args())
