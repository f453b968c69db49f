#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An OTLP/HTTP receiver on loopback that decodes with OpenTelemetry's own Python classes.

usage: otlp_server.py FOLDER [ANSWER…]       (run by the interpreter that `script/peers python` made)

Prints {"port": N} and then, per request, one JSON line with what came and what was answered; raw
bodies go to FOLDER/N.bin as sent, after decompression. ANSWERs are used up one per request, then
everything is accepted: 429, 503:7 (with Retry-After: 7), partial:2 (200, two spans rejected),
close (the connection is closed without an answer), hang (no answer until the client goes away).
tests/lib/otlp_sink.py runs this from a test.
"""
import base64
import gzip
import http.server
import json
import pathlib
import sys
import threading

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet
from google.rpc import status_pb2
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

BODY_MAX_BYTES = 64 << 20
PROTOBUF = "application/x-protobuf"
IDS = ("traceId", "spanId", "parentSpanId")
REQUESTS = {"/v1/traces": trace_service_pb2.ExportTraceServiceRequest,
            "/v1/metrics": metrics_service_pb2.ExportMetricsServiceRequest,
            "/v1/logs": logs_service_pb2.ExportLogsServiceRequest}


def hex_ids(value):
    """OTLP JSON writes ids in hex, where protobuf's JSON has base64."""
    if isinstance(value, list):
        return [hex_ids(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: base64.b64decode(one).hex() if key in IDS else hex_ids(one)
            for key, one in value.items()}


def as_json(message):
    return hex_ids(json_format.MessageToDict(message, use_integers_for_enums=True))


class Refused(Exception):
    """A request that no OTLP receiver would take."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "otlp-test-server"

    def do_POST(self):
        with self.server.lock:
            number = self.server.count = self.server.count + 1
            answer = self.server.answers.pop(0) if self.server.answers else "200"
        entry = {"number": number, "path": self.path, "answer": answer,
                 "connection": self.client_address[1],
                 "headers": {key.lower(): value for key, value in self.headers.items()}}
        try:
            body = self.body()
            file = self.server.folder / f"{number}.bin"
            file.write_bytes(body)
            entry.update(bytes=len(body), body=str(file))
            entry["request"] = as_json(self.decode(body))
        except Refused as why:
            entry.update(answer="400", refused=str(why))
        self.server.say(entry)
        self.answer(entry["answer"], entry.get("refused", "as the test asked"))

    def body(self):
        try:
            length = int(self.headers["Content-Length"])
        except (TypeError, ValueError):
            raise Refused("no Content-Length") from None
        if not 0 <= length <= BODY_MAX_BYTES:
            raise Refused(f"{length} bytes of body")
        body = self.rfile.read(length)
        encoding = self.headers.get("Content-Encoding", "identity")
        if encoding == "gzip":
            return gzip.decompress(body)
        if encoding != "identity":
            raise Refused(f"unknown Content-Encoding {encoding}")
        return body

    def decode(self, body):
        if self.path not in REQUESTS:
            raise Refused(f"unknown path {self.path}")
        if self.headers.get_content_type() != PROTOBUF:
            raise Refused(f"Content-Type is {self.headers.get('Content-Type')}")
        message = REQUESTS[self.path]()
        try:
            message.ParseFromString(body)
        except DecodeError as error:
            raise Refused(f"does not decode: {error}") from error
        unknown = unknown_fields(message)
        if unknown:
            raise Refused(f"fields that OTLP does not have: {unknown}")
        return message

    def answer(self, answer, text):
        what, _, number = answer.partition(":")
        if what in ("close", "hang"):
            if what == "hang":
                self.connection.recv(1)
            self.close_connection = True
            return
        if what == "partial":
            message = trace_service_pb2.ExportTraceServiceResponse()
            message.partial_success.rejected_spans = int(number)
            message.partial_success.error_message = text
            self.reply(200, message)
        elif what == "200":
            self.reply(200, trace_service_pb2.ExportTraceServiceResponse())
        else:
            self.reply(int(what), status_pb2.Status(message=text), number)

    def reply(self, status, message, retry_after=""):
        body = message.SerializeToString()
        self.send_response(status)
        self.send_header("Content-Type", PROTOBUF)
        self.send_header("Content-Length", str(len(body)))
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


def unknown_fields(message):
    """Paths of fields in @message that its class does not know."""
    found = [f"{message.DESCRIPTOR.name}.{field.field_number}"
             for field in UnknownFieldSet(message)]
    for descriptor, value in message.ListFields():
        if descriptor.type == descriptor.TYPE_MESSAGE:
            repeated = not hasattr(value, "DESCRIPTOR")
            for one in value if repeated else [value]:
                found += unknown_fields(one)
    return found


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder, answers):
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder, self.answers = folder, answers
        self.count, self.lock = 0, threading.Lock()

    def say(self, entry):
        with self.lock:
            print(json.dumps(entry), flush=True)

    def handle_error(self, request, client_address):
        """A client that goes away is its own business; anything else must be seen."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main(args):
    if not args:
        print(__doc__, file=sys.stderr)
        return 2
    server = Server(pathlib.Path(args[0]), args[1:])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.say({"port": server.server_port})
    sys.stdin.read()  # until whoever started us goes away
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
