# SPDX-License-Identifier: Apache-2.0
"""A server under the shim that a test asks byte by byte, and what a real collector made of it."""
import contextlib
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import time

from . import cases, otlp_json, traces, watching

SERVER = 2  # a span's kind
LIMIT_S = 60


def tool(*names):
    found = next(filter(None, map(shutil.which, names)), None)
    if not found:
        cases.skip(f"{names[-1]} is not installed")
    return found


class Watched:
    """A server under the shim, from its first line to its end, and what the collector wrote of it."""

    def __init__(self, build, folder, command, outputs=(), **variables):
        self.traces, announce = folder / "traces.jsonl", folder / "announce.sock"
        self.collector = watching.start([build / "collector/coldspan-collector", "--file", self.traces, *outputs],
                                        announce, stderr=subprocess.PIPE)
        env = {**os.environ, "LD_PRELOAD": str(build / "preload/libcoldspan.so"),
               "COLDSPAN_SOCKET": str(announce), **variables}
        self.server = subprocess.Popen(command, env=env, cwd=folder, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        watching.kill(self.server)
        watching.kill(self.collector)
        self.server.stdout.close()
        self.collector.stderr.close()

    def first_line(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self.server.stdout, selectors.EVENT_READ)
            assert selector.select(LIMIT_S), "the server did not start in time"
        return self.server.stdout.readline().decode()

    def count(self):
        """The collector's counters, once it has seen the server's end."""
        end = time.monotonic() + LIMIT_S
        while True:
            self.collector.send_signal(signal.SIGUSR1)
            line = b""
            while not line.startswith(b"{"):
                line = self.collector.stderr.readline()
                assert line, "the collector has ended"
            counters = json.loads(line)
            if not counters["instances_now"]:
                return counters
            assert time.monotonic() < end, counters
            time.sleep(0.005)

    def finish(self, port):
        """It ends when it is asked to, by a probe. Returns its cold start, phases by name, and invocations."""
        if port:
            with connected(port) as (sock, stream):
                sock.sendall(b"GET /exit/ HTTP/1.1\r\nHost: a\r\nUser-Agent: kube-probe/1\r\nConnection: close\r\n\r\n")
                answer(stream)
            assert self.server.wait(LIMIT_S) == 0, self.server.returncode
        watching.stop(self.server)
        self.counters = self.count()
        self.collector.terminate()
        said = self.collector.stderr.read().decode().splitlines()
        assert self.collector.wait(LIMIT_S) == 0, "the collector did not stop with status 0"
        watching.ledger(said)
        mine = [span for span in otlp_json.of_file(self.traces)
                if span["resource"]["process.pid"] == self.server.pid]
        start, phases = traces.cold_start(mine)
        return (start, {traces.phase_of(phase): phase for phase in phases},
                sorted((span for span in mine if span["kind"] == SERVER), key=lambda span: span["start"]))


@contextlib.contextmanager
def connected(port):
    """A connection to a server, until that has closed it, too: then it has come back from its last write, which
    a client may have before its server has noted that it was sent."""
    with socket.create_connection(("127.0.0.1", port), LIMIT_S) as sock, sock.makefile("rb") as stream:
        yield sock, stream
        with contextlib.suppress(OSError):  # it may have ended
            sock.shutdown(socket.SHUT_WR)
            while stream.read(65536):
                pass


def head(stream):
    """Status and headers of a response."""
    status = int(stream.readline().split()[1])
    headers = {}
    while (line := stream.readline()) != b"\r\n":
        assert line, "the server hung up"
        name, _, content = line.decode().partition(":")
        headers[name.lower()] = content.strip()
    return status, headers


def answer(stream):
    """Status and body of a response that has a length, or ends with its connection."""
    status, headers = head(stream)
    length = headers.get("content-length")
    if "chunked" in headers.get("transfer-encoding", ""):
        body = b""
        while size := int(stream.readline(), 16):
            body += stream.read(size)
            stream.readline()
        stream.readline()
        return status, body
    return status, stream.read(int(length)) if length else stream.read()
