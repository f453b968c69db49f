#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real servers of a language, bare and watched: two kept-alive connections at once.

usage: http_servers.py --shim S --dump D --language node|python|java

Each connection asks for the same kinds of things in turn; in "meet" the server answers nobody before
both are being served. The answers must be the same bare and watched, and of each request the segment
must hold exactly one begin and one end, in order, to the byte.
"""
import os
import pathlib
import selectors
import shutil
import socket
import subprocess
import tempfile
import threading

import harness
from harness import records
from lib import cases
from lib.cases import case

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS = 60
START_S, ANSWER_S = 60, 60
SECRET = "not-for-the-ring"
SERVERS = {
    "node": (["node"], [], "server.js"),
    "python": (["/usr/bin/python3", "python3"], [], "server.py"),
    "java": (["java"], ["-XX:TieredStopAtLevel=1"], "Server.java"),
}
# Method, kind, more header lines, pieces of the body as they are sent.
PLAN = [
    ("GET", "plain", [], []),
    ("POST", "plain", ["Content-Length: 11"], [b"hello ", b"world"]),
    ("GET", "meet", [], []),
    ("GET", "chunked", [], []),
    ("HEAD", "plain", [], []),
    ("GET", "missing", [], []),
    ("GET", "empty", [], []),
    ("POST", "plain", ["Transfer-Encoding: chunked"],
     [b"a\r\n0123456789\r\n", b"BB8;x=1\r\n" + b"b" * 3000 + b"\r\n0\r\n", b"\r\n"]),
    ("POST", "meet", ["Content-Length: 200000"], [b"x" * 100000] * 2),
    ("POST", "plain", ["Content-Length: 5", "Expect: 100-continue"], [b"later"]),
]


class Exchange:
    """One request and what came back."""

    def __init__(self, connection, n):
        self.method, kind, self.lines, self.pieces = PLAN[n % len(PLAN)]
        self.target = f"/{kind}/{connection}-{n}"
        self.kept = (f"traceparent: 00-{connection + 1:032x}-{n + 1:016x}-01\n"
                     f"x-request-id: {connection}/{n}\n")
        kept = self.kept.splitlines()
        head = [f"{self.method} {self.target}?key={SECRET} HTTP/1.1", "Host: localhost",
                f"Authorization: Bearer {SECRET}", kept[0].replace("traceparent", "TraceParent"),
                f"Cookie: k={SECRET}", kept[1].replace("x-r", "X-R"), *self.lines]
        self.head = "\r\n".join(head).encode() + b"\r\n\r\n"
        self.sent = len(self.head) + sum(map(len, self.pieces))

    def ask(self, sock, stream, n):
        cut = len(self.head) // 2 if n % 4 == 1 else 0  # in two segments: Nagle is off
        sock.sendall(self.head[:cut])
        sock.sendall(self.head[cut:])
        if "Expect: 100-continue" in self.lines:
            assert stream.readline().startswith(b"HTTP/1.1 100"), "no 100 Continue"
            while stream.readline() != b"\r\n":
                pass
        for piece in self.pieces:
            sock.sendall(piece)
        self.receive(stream)

    def receive(self, stream):
        lines = []
        while not lines or lines[-1] != b"\r\n":
            lines.append(stream.readline())
            assert lines[-1], f"{self.target}: the server hung up"
        self.status = int(lines[0].split()[1])
        self.headers = sorted(line.decode().strip().lower() for line in lines[1:-1]
                              if not line.lower().startswith(b"date:"))
        self.body, framing = b"", 0
        if "transfer-encoding: chunked" in self.headers and self.method != "HEAD":
            self.body, framing = read_chunks(stream)
        elif self.method != "HEAD":
            length = [int(h.split(":")[1]) for h in self.headers if h.startswith("content-length")]
            self.body = stream.read(length[0] if length else 0)
        self.received = sum(map(len, lines)) + len(self.body) + framing

    def answer(self):
        return (self.target, self.status, self.headers, self.body)


def read_chunks(stream):
    body, framing = b"", 0
    while True:
        line = stream.readline()
        size = int(line.split(b";")[0], 16)
        body += stream.read(size)
        assert stream.readline() == b"\r\n"
        framing += len(line) + 2
        if size == 0:
            return body, framing


def converse(port, connection, exchanges, failures):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with sock.makefile("rb") as stream:
                for n in range(ROUNDS):
                    exchange = Exchange(connection, n)
                    exchange.ask(sock, stream, n)
                    exchanges.append(exchange)
    except Exception as failure:  # told by the main thread
        failures.append(f"connection {connection}: {type(failure).__name__} {failure}")


def ask_to_end(port):
    """The server ends by itself, when all its threads are through with what they were doing."""
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S) as sock:
        sock.sendall(b"GET /exit/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        while sock.recv(4096):
            pass


def read_port(server):
    """The server says it on its first line, within START_S."""
    with selectors.DefaultSelector() as selector:
        selector.register(server.stdout, selectors.EVENT_READ)
        assert selector.select(START_S), "the server did not start in time"
    line = server.stdout.readline()
    assert line.startswith(b"port "), f"the server said {line!r}"
    return int(line.split()[1])


def serve(command, env):
    """Two conversations with one server, each a list of exchanges, and the server's pid."""
    conversations, failures = ([], []), []
    with tempfile.TemporaryDirectory() as folder, \
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=env,
                             cwd=folder) as server:
        try:
            port = read_port(server)
            threads = [threading.Thread(target=converse, args=(port, c, list_, failures))
                       for c, list_ in enumerate(conversations)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            ask_to_end(port)
            assert server.wait(timeout=ANSWER_S) == 0, f"status {server.returncode}"
        finally:
            server.kill()
    assert not failures, "; ".join(failures)
    return conversations, server.pid


def watched(args, command, env):
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "announce.sock")
        receiver = harness.Receiver(str(args.dump), path)
        try:
            conversations, pid = serve(command, {**env, "COLDSPAN_SOCKET": path,
                                                 "LD_PRELOAD": str(args.shim)})
        finally:
            segments = receiver.close()
    # The last image of that pid: a launcher may exec itself once more.
    return conversations, [s for s in segments if s["pid"] == pid][-1]


def check_followed(exchanges, segment):
    """One connection's requests, in order; returns the times between which each was served."""
    first = next(r for r in records(segment, "request") if r["target"] == exchanges[0].target)
    mine = {kind: [r for r in records(segment, kind) if r["connection"] == first["connection"]]
            for kind in ("request", "response", "response_end")}
    for kind, found in mine.items():
        assert len(found) == len(exchanges), f"{len(found)} of {len(exchanges)} {kind} records"
    served = []
    for n, exchange in enumerate(exchanges):
        request, response, end = (mine[kind][n] for kind in mine)
        where = f"{exchange.method} {exchange.target}"
        assert request["sequence"] == response["sequence"] == end["sequence"] == n, where
        assert (request["method"], request["target"]) == (exchange.method, exchange.target), where
        assert request["headers"] == exchange.kept, (where, request)
        assert response["status"] == end["status"] == exchange.status, (where, end)
        assert end["flags"] == 0, (where, end)
        assert end["request_bytes"] == exchange.sent, (where, exchange.sent, end)
        assert end["response_bytes"] == exchange.received, (where, exchange.received, end)
        assert request["time_ns"] <= response["time_ns"] <= end["time_ns"], where
        assert not served or served[-1][1] <= request["time_ns"], where
        served.append((request["time_ns"], end["time_ns"]))
    return served


def check_segment(conversations, segment):
    served = [check_followed(exchanges, segment) for exchanges in conversations]
    for n, (a, b) in enumerate(zip(*served)):
        if PLAN[n % len(PLAN)][1] == "meet":
            assert a[0] < b[1] and b[0] < a[1], f"round {n}: nobody met"
    marks, facts = segment["marks"], segment["facts"]
    assert marks["main"] < marks["listen"] < marks["accept_wait"] < marks["request"], marks
    assert marks["request"] < marks["response"] <= marks["response_end"], marks
    assert facts["connections"] == len(conversations) + 1, facts  # and one that asks to end
    assert "heads.unfollowed" not in facts and not segment["dropped"], segment
    assert SECRET not in str(segment), "a secret got into the segment"


@case("its answers are the same, and every invocation is followed")
def is_followed(args):
    names, options, script = SERVERS[args.language]
    tool = next(filter(None, map(shutil.which, names)), None)
    if not tool:
        cases.skip(f"{names[-1]} is not installed")
    command = [tool, *options, str(HERE / "servers" / script)]
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C"}
    bare, _ = serve(command, env)
    conversations, segment = watched(args, command, env)
    for b, w in zip(bare, conversations):
        for before, after in zip(b, w):
            harness.assert_same(after.target, before.answer(), after.answer())
    check_segment(conversations, segment)


def main():
    parser = cases.parser(__doc__, "shim", "dump")
    parser.add_argument("--language", choices=SERVERS, required=True)
    args = parser.parse_args()
    cases.main(args, args)


if __name__ == "__main__":
    main()
