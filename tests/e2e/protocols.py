#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is not, or no longer, HTTP/1 on a connection to a real server: no invocation is claimed for it; and
answers that are none yet.

usage: protocols.py --build DIR

Upgrades and tunnels are invocations that end where they begin; of HTTP/2, TLS and FastCGI the connections are
counted.
"""
import contextlib
import json
import pathlib
import socket
import ssl
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, peers
from lib.cases import case
from lib.served import LIMIT_S, Watched, answer, connected, head, tool

HERE = pathlib.Path(__file__).resolve().parent


def paths(spans):
    return [span["attributes"]["url.path"] for span in spans]


@contextlib.contextmanager
def _protocols(args, folder):
    """A server of several, and its ports by name."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run([tool("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-subj", "/CN=localhost", "-keyout", key, "-out", cert], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with Watched(args.build, folder, [tool("node"), HERE / "guests/protocols.js", key, cert]) as watched:
        yield watched, json.loads(watched.first_line())


def through_tunnel(port, request, status):
    """Bytes that look like requests, in a tunnel that a request has opened."""
    nobodys = b"GET /nobodys HTTP/1.1\r\nHost: a\r\n\r\n"
    with connected(port) as (sock, stream):
        sock.sendall(request)
        assert head(stream)[0] == status
        for _ in range(3):
            sock.sendall(nobodys)
            assert stream.read(len(nobodys)) == nobodys
        sock.shutdown(socket.SHUT_WR)
        assert not stream.read(1)


@case
def an_upgrade_is_an_invocation_that_ends_with_it(args, folder):
    with _protocols(args, folder) as (watched, ports):
        through_tunnel(ports["plain"], b"GET /up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n",
                       101)
        _, _, invocations = watched.finish(ports["plain"])
    assert paths(invocations) == ["/up"], paths(invocations)
    assert invocations[0]["attributes"]["http.response.status_code"] == 101, invocations
    assert not invocations[0]["status"] and "coldspan.approximate" not in invocations[0]["attributes"], invocations


@case
def an_upgrade_to_http_2_is_told_by_what_http_1_has_answered(args, folder):
    """What is answered in HTTP/2, also to the request itself, is not seen; one that is declined is like any other."""
    ask = (b"GET /%s HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
           b"HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n")
    get = bytes([0x82, 0x86, 0x84, 0x41, 1]) + b"a"
    with _protocols(args, folder) as (watched, ports):
        with connected(ports["plain"]) as (sock, stream):
            sock.sendall(ask % b"up")
            assert head(stream)[0] == 101
            assert stream.read(9 + 10) == frame(4, 0, 0) + frame(1, 5, 1, b"\x8e")
            sock.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) + frame(1, 5, 3, get))
            assert stream.read(10) == frame(1, 5, 3, b"\x8e")
            sock.shutdown(socket.SHUT_WR)
            stream.read()
        with connected(ports["plain"]) as (sock, stream):
            sock.sendall(ask % b"declined")
            assert answer(stream) == (200, b"plain\n")
        _, _, invocations = watched.finish(ports["plain"])
    told = [(span["attributes"]["url.path"], span["attributes"]["http.response.status_code"],
             span["attributes"].get("coldspan.approximate")) for span in invocations]
    assert told == [("/up", 101, "the end of the response was not seen"), ("/declined", 200, None)], told


@case
def interim_answers_are_no_answer(args, folder):
    """100 and two of 103, to requests that do not wait for each other; then one that is refused with 417."""
    with _protocols(args, folder) as (watched, ports):
        with connected(ports["plain"]) as (sock, stream):
            sock.sendall(b"POST /hints HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            assert [head(stream)[0] for _ in range(3)] == [100, 103, 103]
            sock.sendall(b"abGET /hints HTTP/1.1\r\nHost: a\r\n\r\n"
                         b"POST / HTTP/1.1\r\nHost: a\r\nExpect: pigs-fly\r\nContent-Length: 0\r\n\r\n")
            assert answer(stream) == (200, b"hinted\n")
            assert [head(stream)[0] for _ in range(2)] == [103, 103]
            assert answer(stream) == (200, b"hinted\n") and answer(stream)[0] == 417
        _, _, invocations = watched.finish(ports["plain"])
    told = [(span["attributes"]["http.request.method"], span["attributes"]["http.response.status_code"],
             span["attributes"]["url.path"]) for span in invocations]
    assert told == [("POST", 200, "/hints"), ("GET", 200, "/hints"), ("POST", 417, "/")], told
    for span in invocations:
        assert "coldspan.approximate" not in span["attributes"] and not span["status"], span


@case
def a_tunnel_is_an_invocation_that_ends_with_its_beginning(args, folder):
    with _protocols(args, folder) as (watched, ports):
        through_tunnel(ports["plain"], b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n", 200)
        _, _, invocations = watched.finish(ports["plain"])
    (found,) = invocations
    assert found["attributes"]["http.request.method"] == "CONNECT", found
    assert found["attributes"]["http.response.status_code"] == 200 and not found["status"], found


def frame(kind, flags, stream_id, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream_id) + payload


@case
def http_2_is_counted_as_a_connection(args, folder):
    get = bytes([0x82, 0x86, 0x84, 0x41, 1]) + b"a"  # RFC 7541, static table: GET, http, /, :authority a
    with _protocols(args, folder) as (watched, ports):
        with connected(ports["http2"]) as (sock, stream):
            sock.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) + frame(1, 5, 1, get))
            kinds = set()
            while (1, 1) not in kinds:
                length, kind, _, stream_id = struct.unpack(">IBBI", b"\0" + stream.read(9))
                stream.read(length)
                kinds.add((kind, stream_id))
        start, _, invocations = watched.finish(ports["plain"])
    assert not invocations, invocations
    assert start["attributes"]["coldspan.connections"] == 2, start  # and one that asks to end


@case
def tls_is_counted_as_a_connection(args, folder):
    with _protocols(args, folder) as (watched, ports):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with connected(ports["tls"]) as (sock, _), context.wrap_socket(sock) as tls:
            tls.sendall(b"GET /secret HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            with tls.makefile("rb") as stream:
                assert answer(stream) == (200, b"tls\n")
        start, _, invocations = watched.finish(ports["plain"])
    assert not invocations, invocations
    assert start["attributes"]["coldspan.connections"] == 2, start


def fastcgi(kind, content=b""):
    """A record of request 1 (FastCGI 1.0, section 3.3)."""
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content


@case
def fastcgi_is_counted_as_a_connection(args, folder):
    root = peers.path("servers")
    libraries = next((root / "usr/lib").glob("*-linux-gnu"))
    script = HERE / "runtimes/functions/hello.cgi"
    path = folder / "fcgi.sock"
    variables = {"SCRIPT_FILENAME": str(script), "REQUEST_URI": "/hello", "REQUEST_METHOD": "POST",
                 "GATEWAY_INTERFACE": "CGI/1.1", "CONTENT_LENGTH": "3"}
    pairs = b"".join(bytes([len(name), len(text)]) + f"{name}{text}".encode() for name, text in variables.items())
    command = ["env", f"LD_LIBRARY_PATH={libraries}", root / "usr/sbin/fcgiwrap", "-s", f"unix:{path}"]
    with Watched(args.build, folder, command) as watched:
        end = time.monotonic() + LIMIT_S
        with socket.socket(socket.AF_UNIX) as sock:
            while sock.connect_ex(str(path)) and time.monotonic() < end:
                time.sleep(0.005)
            sock.settimeout(LIMIT_S)
            sock.sendall(fastcgi(1, struct.pack(">HB5x", 1, 0)) + fastcgi(4, pairs) + fastcgi(4)
                         + fastcgi(5, b"abc") + fastcgi(5))
            got = b""
            while piece := sock.recv(4096):
                got += piece
        assert b"hello abc" in got, got
        start, _, invocations = watched.finish(None)
    assert not invocations, invocations
    assert start["attributes"]["coldspan.connections"] == 1, start


def main():
    args = cases.parser(__doc__, "build").parse_args()
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
