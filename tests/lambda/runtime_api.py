# SPDX-License-Identifier: Apache-2.0
"""The Lambda Runtime API, version 2018-06-01, on loopback: strict, and scripted by the test.

    with runtime_api.serve() as api:
        event = api.push(b'{"name": "x"}', trace="Root=1-…")
        ... start a runtime with AWS_LAMBDA_RUNTIME_API=api.address ...
        answer = event.answer()        # what the runtime made of it
        api.closed()                   # `next` is refused from now on, as when an environment goes

It plays one execution environment: an event is handed out when the one before is answered. Whatever a
runtime does that the real service would refuse is refused the same way, and kept in api.violations.
"""
import base64
import contextlib
import dataclasses
import http.server
import json
import queue
import threading
import time
import urllib.parse
import uuid

WAIT_S = 60
ANSWER_MAX = 6 * 1024 * 1024 + 100  # AWS: 6 MB and a bit
ARN = "arn:aws:lambda:eu-central-1:123456789012:function:probe"
PREFIX = "/2018-06-01/runtime/"
EXTENSION = "/2020-01-01/extension/"
MODE, ERROR_TYPE = "Lambda-Runtime-Function-Response-Mode", "Lambda-Runtime-Function-Error-Type"
EXTENSION_ID = "4a1b0ff0-0000-4000-8000-000000000001"
ERROR_BODY = "Lambda-Runtime-Function-Error-Body"


@dataclasses.dataclass
class Answer:
    kind: str  # response, error
    body: bytes
    mode: str | None = None
    error_type: str | None = None
    trailers: dict = dataclasses.field(default_factory=dict)
    status: int = 202
    received_ns: int = 0  # CLOCK_MONOTONIC, when its last byte was here


class Event:
    """One event, from push() to its answer."""

    def __init__(self, body, arn, trace, deadline_ms, tenant, chunked, event_id):
        self.id = event_id or str(uuid.uuid4())
        self.body, self.arn, self.trace, self.tenant = body, arn, trace, tenant
        self.deadline_ms, self.chunked = deadline_ms, chunked
        self.sent_ns = 0  # CLOCK_MONOTONIC, before its first byte went out
        self.handed_out = threading.Event()
        self.answers = queue.SimpleQueue()

    def answer(self, timeout=WAIT_S):
        try:
            return self.answers.get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(f"no answer to event {self.id}") from None

    def headers(self):
        yield "Lambda-Runtime-Aws-Request-Id", self.id
        yield "Lambda-Runtime-Deadline-Ms", str(self.deadline_ms)
        yield "Lambda-Runtime-Invoked-Function-Arn", self.arn
        if self.trace:
            yield "Lambda-Runtime-Trace-Id", self.trace
        if self.tenant:
            yield "Lambda-Runtime-Aws-Tenant-Id", self.tenant


class Refusal(Exception):
    def __init__(self, status, kind, message):
        super().__init__(message)
        self.status, self.kind, self.message = status, kind, message


class Api:
    """The state of one environment. All of it under one lock."""

    def __init__(self, concurrency=1, snapshot=False):
        self.lock = threading.Condition()
        self.events = []
        self.out = {}  # id -> event that is handed out and not answered
        self.concurrency = concurrency
        self.asked = 0  # `next` calls that were good
        self.snapshot = snapshot  # it waits to be restored, before it asks
        self.restore_asked = self.restored = False
        self.init_error = None
        self.gone = False
        self.violations = []
        self.address = None

    def push(self, body, arn=ARN, trace=None, seconds=30, tenant=None, chunked=False, event_id=None):
        """@event_id: of an event that was there before, for a retry of it."""
        event = Event(body, arn, trace, int(time.time() * 1000) + seconds * 1000, tenant, chunked, event_id)
        with self.lock:
            self.events.append(event)
            self.lock.notify_all()
        return event

    def closed(self):
        with self.lock:
            self.gone = True
            self.lock.notify_all()

    def wait_asked(self, count=1):
        """Until the runtime has asked for an event that often."""
        with self.lock:
            assert self.lock.wait_for(lambda: self.asked >= count, WAIT_S), "it never asked"

    def wait_restore_asked(self):
        with self.lock:
            assert self.lock.wait_for(lambda: self.restore_asked, WAIT_S), "it never waited to be restored"

    def restore(self):
        with self.lock:
            self.restored = True
            self.lock.notify_all()

    def wait_init_error(self):
        with self.lock:
            assert self.lock.wait_for(lambda: self.init_error, WAIT_S), "no init error came"
        return self.init_error

    # What calls do. Each raises Refusal, or returns.

    def extension_next(self, identifier):
        """No event is one for extensions here: they wait until the environment goes."""
        with self.lock:
            if identifier != EXTENSION_ID:
                raise Refusal(403, "Extension.UnknownExtensionIdentifier", "it has not registered")
            self.lock.wait_for(lambda: self.gone)

    def restore_next(self):
        with self.lock:
            if not self.snapshot or self.restore_asked or self.init_error or self.asked:
                raise Refusal(403, "InvalidStateTransition", "there is nothing to restore")
            self.restore_asked = True
            self.lock.notify_all()
            self.lock.wait_for(lambda: self.restored or self.gone)
            return self.restored

    def restore_failed(self, answer):
        with self.lock:
            if not self.restored or self.asked or self.init_error:
                raise Refusal(403, "InvalidStateTransition", "no restore goes on")
            self.init_error = answer
            self.lock.notify_all()

    def next(self):
        with self.lock:
            if self.init_error or self.snapshot and not self.restored:
                raise Refusal(403, "InvalidStateTransition", "it is not ready for events")
            # A runtime whose stream has failed does not wait for the service's word, which may be late.
            if self.concurrency == 1 and not self.lock.wait_for(lambda: self.gone or not self.out, WAIT_S):
                raise Refusal(403, "InvalidStateTransition", "an event is not answered")
            self.asked += 1
            self.lock.notify_all()
            # A managed instance's runtime asks for more than it may have at once, and has to wait.
            self.lock.wait_for(lambda: self.gone or (self.events and len(self.out) < self.concurrency))
            if self.gone:
                return None
            event = self.events.pop(0)
            self.out[event.id] = event
            return event

    def answered(self, event_id, answer):
        with self.lock:
            event = self.out.get(event_id)
            if not self.out:
                raise Refusal(403, "InvalidStateTransition", "no event is out")
            if not event:
                raise Refusal(400, "InvalidRequestID", f"no event {event_id} is out")
            del self.out[event_id]
            self.lock.notify_all()
        event.answers.put(answer)

    def init_failed(self, answer):
        with self.lock:
            if self.asked or self.init_error:
                raise Refusal(403, "InvalidStateTransition", "the init is over")
            self.init_error = answer
            self.lock.notify_all()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = WAIT_S
    wbufsize = 65536  # head and body in one segment
    disable_nagle_algorithm = True
    api = None

    def log_message(self, *args):
        pass

    def refuse(self, refusal):
        self.api.violations.append(f"{self.command} {self.path}: {refusal.status} {refusal.message}")
        body = json.dumps({"errorMessage": refusal.message, "errorType": refusal.kind}).encode()
        self.reply(refusal.status, body)

    def reply(self, status, body, headers=(), chunked=False):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        for name, value in headers:
            self.send_header(name, value)
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
            body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in
                            (body[:1], body[1:]) if part) + b"0\r\n\r\n"
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        """(bytes, trailers) of the request; what is too large is read to its end, and counted only."""
        coding, length = self.headers.get("Transfer-Encoding"), self.headers.get("Content-Length")
        if coding is not None and length is not None:
            raise Refusal(400, "InvalidRequest", "both a length and a coding")
        if coding is None:
            if length is None or not length.isdigit():
                raise Refusal(411, "InvalidRequest", "no length")
            return self.take(int(length)), {}
        if coding.lower() != "chunked":
            raise Refusal(501, "InvalidRequest", f"coding {coding}")
        return self.chunks()

    def take(self, length):
        data = self.rfile.read(length)
        if len(data) != length:
            raise ConnectionError("the body ended early")
        return data

    def chunks(self):
        parts = []
        while True:
            size = int(self.rfile.readline(1024).split(b";")[0], 16)
            if not size:
                break
            parts.append(self.take(size))
            if self.take(2) != b"\r\n":
                raise Refusal(400, "InvalidRequest", "a chunk without its end")
        trailers = {}
        while (line := self.rfile.readline(65536).rstrip(b"\r\n")):
            name, _, value = line.partition(b":")
            trailers[name.decode().strip().lower()] = value.decode().strip()
        return b"".join(parts), trailers

    def parse_request(self):
        if not super().parse_request():
            self.api.violations.append(f"no HTTP: {self.raw_requestline!r}")
            return False
        if self.request_version != "HTTP/1.1" or not self.headers.get("Host"):
            self.api.violations.append(f"{self.requestline}: not HTTP/1.1, or no Host")
        return True

    def do_GET(self):
        try:
            if self.path == PREFIX + "restore/next":
                self.restore_next()
                return
            if self.path == EXTENSION + "event/next":
                self.api.extension_next(self.headers.get("Lambda-Extension-Identifier"))
                self.close_connection = True
                return
            if self.path != PREFIX + "invocation/next":
                raise Refusal(404, "NotFound", "no such call")
            if self.headers.get("Content-Length", "0") != "0":
                raise Refusal(400, "InvalidRequest", "next with a body")
            event = self.api.next()
        except Refusal as refusal:
            self.refuse(refusal)
            return
        if not event:
            self.close_connection = True
            return
        event.sent_ns = time.monotonic_ns()
        self.reply(200, event.body, event.headers(), event.chunked)
        event.handed_out.set()

    def restore_next(self):
        if self.api.restore_next():
            self.reply(200, b"")
        else:
            self.close_connection = True

    def do_POST(self):
        try:
            body, trailers = self.body()
            if self.path == EXTENSION + "register":
                if not self.headers.get("Lambda-Extension-Name"):
                    raise Refusal(403, "Extension.InvalidExtensionName", "no name")
                self.reply(200, b"{}", [("Lambda-Extension-Identifier", EXTENSION_ID)])
                return
            self.take_post(body, trailers)
        except Refusal as refusal:
            self.refuse(refusal)
            return
        self.reply(202, b'{"status":"OK"}\n')

    def take_post(self, body, trailers):
        words = self.path.removeprefix(PREFIX).split("/")
        received_ns = time.monotonic_ns()
        if not self.path.startswith(PREFIX):
            raise Refusal(404, "NotFound", "no such call")
        if words == ["init", "error"]:
            self.api.init_failed(self.error(body, received_ns))
        elif words == ["restore", "error"]:
            self.api.restore_failed(self.error(body, received_ns))
        elif len(words) == 3 and words[0] == "invocation" and words[2] == "response":
            self.response(words[1], body, trailers, received_ns)
        elif len(words) == 3 and words[0] == "invocation" and words[2] == "error":
            self.api.answered(urllib.parse.unquote(words[1]), self.error(body, received_ns))
        else:
            raise Refusal(404, "NotFound", "no such call")

    def error(self, body, received_ns):
        if not isinstance(json.loads(body or b"null"), dict):
            raise Refusal(400, "InvalidRequest", "an error without its object")
        return Answer("error", body, error_type=self.headers.get(ERROR_TYPE),
                      received_ns=received_ns)

    def response(self, event_id, body, trailers, received_ns):
        mode = self.headers.get(MODE)
        if mode not in (None, "streaming"):
            raise Refusal(400, "Runtime.InvalidResponseModeHeader", f"mode {mode}")
        if mode and self.headers.get("Transfer-Encoding") is None:
            raise Refusal(400, "InvalidRequest", "streaming, but not chunked")
        answer = Answer("response", body, mode, trailers.get(ERROR_TYPE.lower()), trailers,
                        received_ns=received_ns)
        if ERROR_BODY.lower() in trailers:
            base64.b64decode(trailers[ERROR_BODY.lower()], validate=True)
        if not mode and len(body) > ANSWER_MAX:
            answer.status = 413
        self.api.answered(event_id, answer)
        if answer.status == 413:
            raise Refusal(413, "RequestEntityTooLarge",
                          f"Exceeded maximum allowed payload size ({ANSWER_MAX} bytes).")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        """A runtime that was killed leaves its connection as it is."""


@contextlib.contextmanager
def serve(concurrency=1, snapshot=False):
    api = Api(concurrency, snapshot)
    handler = type("Bound", (Handler,), {"api": api})
    with Server(("127.0.0.1", 0), handler) as server:
        api.address = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield api
        finally:
            api.closed()
            server.shutdown()
            thread.join(WAIT_S)
