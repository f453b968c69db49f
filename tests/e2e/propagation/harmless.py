#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""COLDSPAN_PROPAGATE=outbound: what arrives is what was sent, but for our header.

usage: harmless.py --build DIR

A function sends crafted requests, whole and cut, in each of the ways that there are; a server keeps every byte.
"""
import functools
import http.client
import json
import re
import socket
import sys
import threading

from watched import HERE, LIMIT_S, Watched, cases

TRACE, PARENT, STATE = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "a=1,b=2"
OURS = re.compile(rb"traceparent: 00-%s-([0-9a-f]{16})-01\r\ntracestate: %s\r\n" % (TRACE.encode(), STATE.encode()))
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def head(*lines, request="GET / HTTP/1.1", body=b""):
    return "\r\n".join([request, "Host: localhost", *lines]).encode() + b"\r\n\r\n" + body


BODY = b"\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n" * 10
# What is sent, and how many of its requests get our header if nothing is cut.
REQUESTS = {
    "no body": (head(), 1),
    "a body like a request": (head(f"Content-Length: {len(BODY)}", request="POST /a?b HTTP/1.1", body=BODY), 1),
    "chunked": (head("Transfer-Encoding: chunked", request="PUT /a HTTP/1.1", body=b"4\r\nbody\r\n0\r\n\r\n"), 1),
    "waits for 100": (head("Expect: 100-continue", "Content-Length: 2", request="POST / HTTP/1.1", body=b"ab"), 1),
    "an upgrade": (head("Upgrade: websocket", "Connection: Upgrade"), 1),
    "HTTP/2 by an upgrade": (head("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"), 1),
    "three at once, two with bodies": (head("Content-Length: 2", request="POST /a HTTP/1.1", body=b"ab")
                                       + head("Transfer-Encoding: chunked", request="PUT /b HTTP/1.1",
                                              body=b"2\r\nab\r\n0\r\n\r\n") + head(), 1),
    "chunked with extensions and trailers": (head("Transfer-Encoding: chunked", "Trailer: A",
                                                  request="POST /a HTTP/1.1",
                                                  body=b"4;x=y\r\nbody\r\n0\r\nA: b\r\n\r\n"), 1),
    "by a proxy": (head(request="GET http://localhost/a HTTP/1.1"), 1),
    "large": (head("Content-Length: 1000000", request="POST / HTTP/1.1", body=b"x" * 1000000), 1),
    "two at once": (head() * 2, 1),
    "traceparent": (head(f"traceparent: 00-{TRACE}-{PARENT}-00"), 0),
    "in any case, malformed": (head("TraceParent: x"), 0),
    "tracestate": (head("tracestate: a=1"), 0),
    "b3": (head("b3: 0"), 0),
    "B3 in several": (head("X-B3-TraceId: 1"), 0),
    "X-Ray": (head("X-Amzn-Trace-Id: Root=1"), 0),
    "HTTP/1.0": (head(request="GET / HTTP/1.0"), 0),
    "CONNECT": (head(request="CONNECT localhost:1 HTTP/1.1", body=b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 0),
    "folded": (head("A: b", " c"), 0),
    "bare line ends": (b"GET / HTTP/1.1\nHost: x\n\n", 0),
    "two hosts": (head("Host: x"), 0),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(30), 0),
    "TLS": (bytes.fromhex("160301002f010000"), 0),
    "Redis": (b"*1\r\n$4\r\nPING\r\n", 0),
    "a line of SMTP": (b"EHLO localhost\r\n", 0),
    "the Lambda API": (head(request="GET /2018-06-01/runtime/invocation/next HTTP/1.1"), 0),
    "a long head": (head("A: " + "x" * 8000), 0),
    "many lines": (head(*[f"A{n}: b" for n in range(80)]), 0),
    "not all of it": (head()[:-2], 0),
    "a length that is none": (head("Content-Length: x", request="POST / HTTP/1.1"), 0),
    "two ways to frame": (head("Content-Length: 2", "Transfer-Encoding: chunked", request="POST / HTTP/1.1"), 0),
}
# In these the head is not whole in the first part, or an address is given.
PARTED = {"body apart", "parts", "sendmsg", "sendto", "sendfile"}
HOWS = ["send", "more", "write", "writev", "sendmsg", "sendto", "body apart", "parts", "nonblocking", "sendfile"]


class Keeper(threading.Thread):
    """Accepts one connection after the other, keeps what comes on it, and answers once."""

    def __init__(self):
        super().__init__(daemon=True)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port, self.kept = self.server.getsockname()[1], []
        self.came = threading.Semaphore(0)

    def run(self):
        while True:
            with self.server.accept()[0] as connection, connection.makefile("rb") as stream:
                self.kept.append(stream.read())
                connection.sendall(ANSWER)
            self.came.release()

    def take(self):
        assert self.came.acquire(timeout=LIMIT_S)
        return self.kept.pop()


def exchange(connection, keeper, how, pieces):
    body = json.dumps({"port": keeper.port, "how": how, "pieces": [piece.hex() for piece in pieces]})
    connection.request("POST", "/", body, {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": STATE})
    answer = json.loads(connection.getresponse().read())
    assert answer == {"sent": sum(map(len, pieces)), "got": ANSWER.decode()}, answer
    return keeper.take()


def check(name, how, cut, sent, got, most):
    """Without our header it is what was sent; and it stands at the end of a head."""
    found = OURS.findall(got)
    what = name, how, cut, got[:300]
    assert len(found) <= most, what
    assert OURS.sub(b"", got, count=len(found)) == sent, what
    for place in OURS.finditer(got):
        assert got[place.end():place.end() + 2] == b"\r\n", what
    return found


def cuts(data):
    """Where a request is cut in two: all of a head's ends and beginnings of lines, and some more."""
    end = min(len(data), 200)
    return sorted({at for at in [*range(1, end, 11), data.find(b"\r\n\r\n") + 1, data.find(b"\r\n\r\n") + 2,
                                 data.find(b"\r\n\r\n") + 3, data.find(b"\r\n\r\n") + 4] if 0 < at < len(data)})


def whole(how, build, folder):
    ids = set()
    keeper = Keeper()
    keeper.start()
    with Watched(build, folder, [sys.executable, HERE / "sender.py"], {}, "outbound") as watched:
        connection = http.client.HTTPConnection("127.0.0.1", watched.port, timeout=LIMIT_S)
        for name, (sent, most) in REQUESTS.items():
            found = check(name, how, 0, sent, exchange(connection, keeper, how, [sent]), most)
            if how not in PARTED:
                assert len(found) == most, (name, how, found)
            elif how != "sendmsg":
                assert not found or name == "large", (name, how)
            assert not ids & set(found), "an id that was there before"
            ids |= set(found)
    if how in PARTED - {"sendmsg"}:
        return
    assert len(ids) >= 5, ids
    assert ids <= {span["spanId"].encode() for span in watched.all_spans()}, "each is a span of ours"


def in_two(how, build, folder):
    keeper = Keeper()
    keeper.start()
    with Watched(build, folder, [sys.executable, HERE / "sender.py"], {}, "outbound") as watched:
        connection = http.client.HTTPConnection("127.0.0.1", watched.port, timeout=LIMIT_S)
        for name, (sent, most) in REQUESTS.items():
            for cut in cuts(sent) if len(sent) < 2000 else [100, 9000]:
                end = sent.find(b"\r\n\r\n") + 4
                found = check(name, how, cut, sent,
                              exchange(connection, keeper, how, [sent[:cut], sent[cut:]]),
                              2 if name == "two at once" and cut == end else most)
                if most == 1 and name != "two at once":
                    assert len(found) == (cut >= end), (name, how, cut, found)


def unasked(build, folder):
    """Nothing changes where nobody asks for it."""
    keeper = Keeper()
    keeper.start()
    with Watched(build, folder, [sys.executable, HERE / "sender.py"], {}, "env,inbound") as watched:
        connection = http.client.HTTPConnection("127.0.0.1", watched.port, timeout=LIMIT_S)
        for name, (sent, _) in REQUESTS.items():
            assert exchange(connection, keeper, "send", [sent]) == sent, name


def main():
    args = cases.parser(__doc__, "build").parse_args()
    for how in HOWS:
        cases.register(f"whole: {how}", functools.partial(whole, how))
    for how in ("send", "writev", "nonblocking"):
        cases.register(f"in two: {how}", functools.partial(in_two, how))
    cases.register("unasked", unasked)
    cases.main(args, args.build, folder=True)


if __name__ == "__main__":
    main()
