#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What functions stand on: a server of HTTP of somebody's framework, unmodified, watched, asked in every way at once.

usage: frameworks.py --build DIR --server NAME

Each request has a name in its path, a trace of its own, and a line that is written while it is answered. What a
real collector made of it is held against that.
"""
import contextlib
import json
import os
import pathlib
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
sys.path.insert(0, str(HERE))
from lib import cases, listening, otlp_json, threads, watching
from lib.cases import case
from lib.served import answer, connected
from lib.watching import WAIT_S
from servers import SERVERS

SERVER = 2  # a span's kind
CLIENTS, EACH, IN_TURN = 6, 30, 10
SMALL, LARGE = 3000, 70000  # bytes of a body: with its head, and more than a socket's buffer is read at once
POLL_S = 0.02


class Asked:
    """A request, and what a server has to answer to it."""

    def __init__(self, name, kind=""):
        self.name, self.trace_id = name, secrets.token_hex(16)
        self.length = {"small": SMALL, "large": LARGE, "chunks": SMALL}.get(kind, 0)
        self.method = "POST" if self.length else "GET"
        lines = [f"{self.method} /hello/{name} HTTP/1.1", "Host: localhost",
                 f"traceparent: 00-{self.trace_id}-{secrets.token_hex(8)}-01"]
        body = b"b" * self.length
        if kind == "chunks":
            lines += ["Transfer-Encoding: chunked"]
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        elif self.length:
            lines += [f"Content-Length: {self.length}"]
        if self.length:
            lines += ["Content-Type: application/octet-stream"]
        self.head, self.body = "".join(line + "\r\n" for line in [*lines, ""]).encode(), body

    def ask(self, sock, stream):
        """The head goes before its body: who reads it may have to wait."""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(self.head)
        if self.body:
            sock.sendall(self.body)
        self.check(stream)

    def check(self, stream):
        status, body = answer(stream)
        assert (status, body) == (200, f"hello {self.name} {self.length}".encode()), (self.name, status, body)


class Client(threading.Thread):
    """One connection that is kept, and asks in each way in turn."""

    def __init__(self, port, number, kinds):
        super().__init__()
        self.port, self.asked, self.failure = port, [], None
        for i in range(EACH):
            self.asked.append(Asked(f"{number}-{i}", kinds[(number + i) % len(kinds)]))

    def run(self):
        try:
            with connected(self.port) as (sock, stream):
                for one in self.asked:
                    one.ask(sock, stream)
        except (AssertionError, OSError, ValueError) as failure:
            self.failure = failure


def in_turn(port):
    asked = [Asked(f"turn-{i}") for i in range(IN_TURN)]
    with connected(port) as (sock, stream):
        for one in asked:
            one.ask(sock, stream)
    return asked


def at_once(port, kinds):
    clients = [Client(port, number, kinds) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    failures = [client.failure for client in clients if client.failure]
    assert not failures, failures
    return [one for client in clients for one in client.asked]


def pipelined(port):
    asked = [Asked(f"behind-{i}") for i in range(3)]
    with connected(port) as (sock, stream):
        sock.sendall(b"".join(one.head for one in asked))
        for one in asked:
            one.check(stream)
    return asked


def ports_of(pid):
    ports = set()
    for one in threads.tree_of(pid):
        with contextlib.suppress(OSError):
            ports.update(listening.ports_of(one))
    return ports


def port_of(process):
    end = time.monotonic() + WAIT_S
    while not (ports := ports_of(process.pid)):
        assert process.poll() is None, f"the server ended with {process.returncode}"
        assert time.monotonic() < end, "the server does not listen"
        time.sleep(POLL_S)
    assert len(ports) == 1, ports
    return ports.pop()


def lines_of(path):
    """What was written, with the trace that it was told in."""
    for text in path.read_text().splitlines():
        for resource in json.loads(text).get("resourceLogs", []):
            for scope in resource["scopeLogs"]:
                for record in scope["logRecords"]:
                    found = re.fullmatch(r"line (\S+)\s*", record["body"].get("stringValue", ""))
                    if found:
                        yield found[1], record.get("traceId", "")


class Seen:
    """A server's life, once, and what was told of it."""

    def __init__(self, args, folder):
        self.args, self.folder, self.server = args, folder, SERVERS[args.server]
        command = self.server.command(folder)
        with watching.collector(args.build, folder) as announce:
            self.status = self._live(command, announce)
        spans = otlp_json.of_file(folder / "traces.jsonl")
        self.served = [span for span in spans if span["kind"] == SERVER]
        self.lines = list(lines_of(folder / "traces.jsonl"))

    def _live(self, command, announce):
        env = {**os.environ, "LD_PRELOAD": str(self.args.build / "preload/libcoldspan.so"),
               "COLDSPAN_SOCKET": announce, **self.server.env()}
        with open(self.folder / "said", "wb") as said:
            process = subprocess.Popen(command, cwd=self.folder, env=env, stdin=subprocess.DEVNULL, stdout=said,
                                       stderr=said)
        try:
            port = port_of(process)
            kinds = ["", "small", "large", *(["chunks"] if self.server.takes_chunks else [])]
            self.asked = in_turn(port) + at_once(port, kinds) + pipelined(port)
            process.send_signal(signal.SIGTERM)
            return process.wait(WAIT_S)
        finally:
            watching.kill(process)
            if process.returncode not in (0, -signal.SIGTERM, 128 + signal.SIGTERM):
                print((self.folder / "said").read_text(errors="replace")[-2000:])


@case
def each_request_is_an_invocation_and_nothing_else_is(seen):
    expected = sorted((one.trace_id, one.method, f"/hello/{one.name}", 200) for one in seen.asked)
    found = sorted((span["traceId"], span["attributes"].get("http.request.method"), span["attributes"].get("url.path"),
                    span["attributes"].get("http.response.status_code")) for span in seen.served)
    assert found == expected, ([one for one in found if one not in expected][:5],
                               [one for one in expected if one not in found][:5], len(found))


@case
def no_line_is_on_anothers_span(seen):
    own = {one.name: one.trace_id for one in seen.asked}
    assert {name for name, _ in seen.lines} == set(own), "not every line was told"
    wrong = [name for name, trace_id in seen.lines if trace_id not in ("", own[name])]
    assert not wrong, wrong


@case
def of_requests_in_turn_each_has_its_line(seen):
    own = {one.name: one.trace_id for one in seen.asked}
    mine = [name for name, trace_id in seen.lines if trace_id == own[name] and name.startswith("turn-")]
    assert len(mine) == IN_TURN, mine


@case
def it_ends_as_it_is_asked_to(seen):
    assert seen.status in (0, -signal.SIGTERM, 128 + signal.SIGTERM), seen.status


def main():
    parser = cases.parser(__doc__, "build")
    parser.add_argument("--server", required=True, choices=sorted(SERVERS))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seen = Seen(args, pathlib.Path(folder))
    cases.main(args, seen)


if __name__ == "__main__":
    main()
