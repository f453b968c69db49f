#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls that a function makes become CLIENT spans below its invocation, or below its start.

usage: calls.py --build DIR --language node|python|java

Real clients of each language, against servers in this process.
"""
import contextlib
import functools
import http.server
import os
import pathlib
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, otlp_json
from lib.cases import case
from lib.served import LIMIT_S, Watched, answer, connected, tool

HERE = pathlib.Path(__file__).resolve().parent / "guests"
CALLERS = {
    "node": (["node"], [HERE / "caller.js"]),
    "python": (["/usr/bin/python3", "python3"], [HERE / "caller.py"]),
    "java": (["java"], ["-XX:TieredStopAtLevel=1", HERE / "Caller.java"]),
}
CLIENT = 3  # a span's kind
ERROR = 2   # a status


class Backend(http.server.BaseHTTPRequestHandler):
    """What is called."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/hang":
            self.server.hanging.set()
            self.server.over.wait(LIMIT_S)
            return
        body = f"hello {self.path}".encode()
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Redis(socketserver.StreamRequestHandler):
    """Answers every command with OK."""

    def handle(self):
        while line := self.rfile.readline():
            for _ in range(int(line[1:])):
                self.rfile.readline()
                self.rfile.readline()
            self.wfile.write(b"+OK\r\n")


@contextlib.contextmanager
def _serving(server):
    server.daemon_threads, server.block_on_close = True, False
    server.hanging, server.over = threading.Event(), threading.Event()
    thread = threading.Thread(target=functools.partial(server.serve_forever, 0.01))
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def backend():
    return _serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend))


def _certificate(folder):
    """A certificate for localhost that is its own authority, and its key."""
    if not shutil.which("openssl"):
        cases.skip("openssl is not installed")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert],
                   check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return cert, key


@contextlib.contextmanager
def _caller(args, folder, **env):
    """A watched server of the language, and its port."""
    names, arguments = CALLERS[args.language]
    kept = {name: os.environ.get(name) for name in env}
    os.environ.update({name: str(value) for name, value in env.items()})
    try:
        with Watched(args.build, folder, [tool(*names), *arguments]) as watched:
            yield watched, int(watched.first_line().split()[1])
    finally:
        for name, value in kept.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _ask(port, path):
    with connected(port) as (sock, stream):
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        status, body = answer(stream)
        assert status == 200, (path, status)
        return body.decode()


def _calls(watched, invocation=None):
    """CLIENT spans of the server, in their order; of one invocation."""
    return sorted((span for span in otlp_json.of_file(watched.traces) if span["kind"] == CLIENT
                   and (not invocation or span["parentSpanId"] == invocation["spanId"])), key=lambda span: span["start"])


def _said(calls, *keys):
    return [tuple(call["attributes"].get(key) for key in keys) for call in calls]


def _check_within(call, invocation):
    assert call["traceId"] == invocation["traceId"], (call, invocation)
    assert invocation["start"] <= call["start"] <= call["end"] <= invocation["end"], (call, invocation)


@case
def requests_of_http_are_spans_with_what_was_asked(args, folder):
    with backend() as server, _caller(args, folder) as (watched, port):
        there = server.server_address[1]
        body = _ask(port, f"/http/{there}")
        assert "hello /first" in body and "404" in body, body
        _, _, (invocation, *_) = watched.finish(port)
        calls = _calls(watched, invocation)
    assert [call["name"] for call in calls] == ["GET", "GET"], calls
    assert _said(calls, "http.request.method", "url.full", "server.address", "server.port",
                 "network.peer.address", "network.peer.port") == [
        ("GET", f"http://localhost:{there}/{path}", "localhost", there, "127.0.0.1", there)
        for path in ("first", "missing")], calls
    for call, told in zip(calls, [(200, None, False), (404, "404", True)]):
        # In Java another thread may read the answer before the one that asked has come back.
        if args.language == "java" and "coldspan.approximate" in call["attributes"]:
            continue
        assert _said([call], "http.response.status_code", "error.type") == [told[:2]], call
        assert (call["status"] == ERROR) == told[2], call
        assert call["attributes"]["coldspan.response.bytes"] > 0, call
        assert 0 < call["attributes"]["coldspan.first_byte_ns"] <= call["end"] - call["start"], call
    for call in calls:
        _check_within(call, invocation)
    assert set(_said([*calls, invocation], "network.protocol.version")) == {("1.1",)}, (calls, invocation)
    assert _said([invocation], "url.scheme", "error.type") == [("http", None)], invocation
    first = calls[0]["attributes"]
    assert first["coldspan.connect_ns"] > 0 and first["coldspan.lookup_ns"] > 0, first
    if args.language != "java":  # whose client gives a connection back to its pool a while later
        assert _said(calls, "coldspan.connection.reused") == [(False,), (True,)], calls
        assert "coldspan.connect_ns" not in calls[1]["attributes"], calls[1]
    assert "secret" not in str(calls), calls


@case
def what_is_in_tls_is_seen_by_its_records(args, folder):
    cert, key = _certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with _serving(server), _caller(args, folder, CALLS_CA=cert) as (watched, port):
        body = _ask(port, f"/https/{server.server_address[1]}")
        assert "hello /first" in body and "hello /second" in body, body
        _, _, (invocation, *_) = watched.finish(port)
        calls = _calls(watched, invocation)
    said = _said(calls, "server.address", "coldspan.connection.reused")
    if args.language == "java":
        # One thread may read what came before the call by which another asked has come back: then turns
        # are told as one, or one as two, and the version may go by unseen.
        assert said[:1] == [("localhost", False)] and set(said[1:]) <= {("localhost", True)}, calls
    else:
        assert said == [("localhost", False), ("localhost", True)], calls
        assert calls[0]["attributes"]["coldspan.tls_ns"] > 0, calls[0]
    for call in calls:
        assert call["name"] == "TLS", call
        version = call["attributes"].get("tls.protocol.version")
        assert version == "1.3" or (args.language == "java" and version is None), call
        _check_within(call, invocation)
        came = call["attributes"].get("coldspan.response.bytes")
        assert (came or 0) > 30 or (args.language == "java" and came != 0), call


@case
def databases_are_known_by_their_first_bytes(args, folder):
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Redis)) as server, \
            _caller(args, folder) as (watched, port):
        assert "OK" in _ask(port, f"/redis/{server.server_address[1]}")
        _, _, (invocation, *_) = watched.finish(port)
        calls = _calls(watched, invocation)
    assert [call["name"] for call in calls] == ["SET", "GET"], calls
    assert _said(calls, "db.system.name", "db.operation.name", "server.port") == [
        ("redis", "SET", server.server_address[1]), ("redis", "GET", server.server_address[1])], calls
    assert "secret" not in str(calls), calls


@case
def what_fails_says_why(args, folder):
    with socket.socket() as nobody, _caller(args, folder) as (watched, port):
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        there = nobody.getsockname()[1]
        _ask(port, f"/refused/{there}")
        _ask(port, "/name/name.invalid")
        _, _, invocations = watched.finish(port)
        refused, unknown = _calls(watched, invocations[0]), _calls(watched, invocations[1])
    assert {call["name"] for call in refused} == {"connect"}, refused
    assert set(_said(refused, "error.type", "network.peer.port")) == {("ECONNREFUSED", there)}, refused
    assert {call["name"] for call in unknown} == {"lookup"}, unknown
    assert {name for name, in _said(unknown, "dns.question.name")} == {"name.invalid"}, unknown
    for call in refused + unknown:
        assert call["status"] == ERROR and call["attributes"]["error.type"], call


@case
def what_is_called_during_the_start_is_below_its_phase(args, folder):
    with backend() as server, _caller(args, folder, CALLS_AT_START=server.server_address[1]) as (watched, port):
        _ask(port, f"/fetch/{server.server_address[1]}")
        _, phases, (invocation, *_) = watched.finish(port)
        at_start, served = _calls(watched)[0], _calls(watched, invocation)
    assert at_start["attributes"]["url.full"].endswith("/configuration"), at_start
    assert at_start["parentSpanId"] in {phases[name]["spanId"] for name in ("code", "runtime") if name in phases}, at_start
    assert [url.split("/")[-1] for url, in _said(served, "url.full")] == ["fetched"], served


@case
def who_is_killed_leaves_no_call_open(args, folder):
    with backend() as server, _caller(args, folder) as (watched, port), connected(port) as (sock, _):
        sock.sendall(f"GET /hang/{server.server_address[1]} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert server.hanging.wait(LIMIT_S), "it did not call"
        _ask(port, "/refused/1")  # by then it has come back from the call that asked, and told of it
        watched.server.send_signal(signal.SIGKILL)
        watched.server.wait(LIMIT_S)
        _, _, invocations = watched.finish(None)
        invocation, = [span for span in invocations if "hang" in span["attributes"]["url.path"]]
        call, = _calls(watched, invocation)
    assert invocation["status"] == ERROR, invocation
    assert call["status"] == ERROR and call["attributes"]["error.type"] == "signal", call
    assert call["attributes"]["url.full"].endswith("/hang"), call
    _check_within(call, invocation)


@case
def calls_of_many_at_once_are_never_anothers(args, folder):
    count = 24
    with backend() as server, _caller(args, folder) as (watched, port):
        there = server.server_address[1]
        threads = [threading.Thread(target=_ask, args=(port, f"/fetch/{there}/{n}")) for n in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT_S)
        _, _, invocations = watched.finish(port)
        calls = _calls(watched)
    assert len([span for span in invocations if span["attributes"]["url.path"] != "/exit/"]) == count
    ids = [call["parentSpanId"] for call in calls]
    assert set(ids) <= {span["spanId"] for span in invocations}, calls
    assert len(ids) == len(set(ids)), "an invocation has the call of another"
    assert len(calls) == count or watched.counters["unattributed"], (len(calls), watched.counters)
    if args.language == "python":  # a thread for each
        assert len(calls) == count, (len(calls), watched.counters)


def main():
    parser = cases.parser(__doc__, "build")
    parser.add_argument("--language", choices=CALLERS, required=True)
    args = parser.parse_args()
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
