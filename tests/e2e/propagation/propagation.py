#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trace contexts that are handed on to the function (COLDSPAN_PROPAGATE=inbound).

usage: propagation.py --build DIR

Servers in Node.js, Python and Java with OpenTelemetry's SDK make a span for each request: it must stand
below the span that the collector tells of, and, where nobody asked for that, below the caller's. And a
server that answers with the bytes it was asked with, however it reads them: these must be what was sent,
but for the sixteen digits.
"""
import functools
import http.client
import json
import re
import socket
import sys
import time

from watched import HERE, LANGUAGES, LIMIT_S, POLL_S, Watched, cases

REQUESTS = 5
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GOOD = f"00-{TRACE}-{PARENT}-01"


def ask(port, n):
    """What the SDK in the function says of its span."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
    try:
        connection.request("GET", "/", headers={"traceparent": f"00-{n + 1:032x}-{n + 16:016x}-01",
                                                "X-Request-Id": str(n)})
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def nests(language, propagate, build, folder):
    """The SDK's span stands below ours, or, where nobody asked for that, below the caller's."""
    command, env = LANGUAGES[language](folder, "server")
    with Watched(build, folder, command, env, propagate) as watched:
        told = [ask(watched.port, n) for n in range(REQUESTS)]
    spans = watched.spans()
    assert len(spans) == REQUESTS, spans
    for n in range(REQUESTS):
        ours, theirs = spans[str(n)], told[n]
        assert ours["traceId"] == theirs["trace"] == f"{n + 1:032x}", (ours, theirs)
        assert ours["parentSpanId"] == f"{n + 16:016x}", ours
        assert theirs["parent"] == (ours["spanId"] if propagate else f"{n + 16:016x}"), (ours, theirs)
    assert len({span["spanId"] for span in spans.values()}) == REQUESTS, spans


def head(*lines, target="/", body=b""):
    lines = [f"POST {target} HTTP/1.1", "Host: localhost", *lines, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


# What is sent, and whether it may be changed.
REQUESTS_ASKED = {
    "a good one": (head(f"traceparent: {GOOD}"), True),
    "in any case, with blanks": (head(f"TRACEPARENT:\t {GOOD}  "), True),
    "beside everything else": (head("Cookie: traceparent=x", f"TraceParent: {GOOD}", "tracestate: a=1",
                                    "Authorization: Bearer x"), True),
    "the same text elsewhere": (head(f"x: traceparent: {GOOD}", f"ce-traceparent: {GOOD}",
                                     target=f"/{GOOD}", body=f"\r\ntraceparent: {GOOD}\r\n\r\n".encode()), False),
    "a good one and the same in the body": (head(f"traceparent: {GOOD}",
                                                 body=f"\r\ntraceparent: {GOOD}\r\n".encode()), True),
    "none": (head(), False),
    "two": (head(f"traceparent: {GOOD}", f"traceparent: {GOOD}"), False),
    "malformed": (head(f"traceparent: {GOOD}0"), False),
    "a version to come": (head(f"traceparent: 01{GOOD[2:]}"), False),
    "no parent": (head(f"traceparent: 00-{TRACE}-{'0' * 16}-01"), False),
    "upper case digits": (head(f"traceparent: {GOOD.upper()}"), False),
    "large": (head(f"traceparent: {GOOD}", body=b"x" * 300000), True),
}
# How the server reads, and whether a head comes in one piece.
READERS = {"recv": (["recv"], True), "recv_into": (["recv_into"], True), "readv": (["readv", "65536"], True),
           "readv into small buffers": (["readv", "40"], False), "recv a byte": (["recv", "1"], False)}


def changed(sent, got):
    """The digits in the place of the caller's, if that is all that is different."""
    assert len(got) == len(sent), (sent, got)
    at = sent.index(f"{TRACE}-{PARENT}".encode()) + len(TRACE) + 1
    assert got[:at] == sent[:at] and got[at + 16:] == sent[at + 16:], (sent, got)
    return got[at:at + 16].decode()


def exchange(port, sent, cut=0):
    with socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S) as sock, sock.makefile("rb") as stream:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(sent[:cut])
        if cut:
            time.sleep(POLL_S)  # so that it mostly comes in two pieces; it need not
        sock.sendall(sent[cut:])
        assert stream.readline().startswith(b"HTTP/1.1 200")
        length = int(stream.readline().split(b":")[1])
        stream.readline()
        return stream.read(length)


def harmless(reader, build, folder):
    """All that is sent comes as it was sent, but for the digits where they may be changed."""
    arguments, whole = READERS[reader]
    seen = set()
    with Watched(build, folder, [sys.executable, HERE / "echo.py", *arguments], {}, "inbound") as watched:
        for name, (sent, may) in REQUESTS_ASKED.items():
            if reader == "recv a byte" and len(sent) > 1000:
                continue
            got = exchange(watched.port, sent)
            if not may or not whole:
                assert got == sent, (name, got)
                continue
            digits = changed(sent, got)
            assert digits != PARENT and re.fullmatch("[0-9a-f]{16}", digits), (name, digits)
            assert digits not in seen, "an id that was there before"
            seen.add(digits)


def in_pieces(build, folder):
    """Cut anywhere: the digits are changed, or nothing is."""
    sent = head(f"traceparent: {GOOD}", "x-request-id: cut")
    with Watched(build, folder, [sys.executable, HERE / "echo.py", "recv"], {}, "inbound") as watched:
        for cut in range(1, len(sent), 7):
            got = exchange(watched.port, sent, cut)
            assert got == sent or changed(sent, got), cut


def register():
    for language in LANGUAGES:
        for propagate in ("inbound", ""):
            cases.register(f"{language}: below {'our span' if propagate else 'the caller'}",
                           functools.partial(nests, language, propagate))
    for reader in READERS:
        cases.register(f"harmless: {reader}", functools.partial(harmless, reader))
    cases.register("harmless: in pieces", in_pieces)


def main():
    args = cases.parser(__doc__, "build").parse_args()
    register()
    cases.main(args, args.build, folder=True)


if __name__ == "__main__":
    main()
