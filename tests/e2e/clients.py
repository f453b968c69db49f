#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What real clients do to get an answer: proxies, tunnels, several addresses, sockets that are reset, time limits.

usage: clients.py --build DIR

curl, Node.js and Python, each a process that ends when it is done, against servers in this process.
"""
import contextlib
import functools
import http.server
import os
import pathlib
import select
import shutil
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, databases, listening
from lib.calling import ERROR, names, told
from lib.cases import case
from lib.served import LIMIT_S, tool

HOST = "127.0.0.1"
PATIENCE_S = 0.3, 3, 20  # of a client: the next one where the machine was slower than that


class Backend(http.server.BaseHTTPRequestHandler):
    """What is asked, as a server and as a proxy."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/hang":
            self.server.over.wait(LIMIT_S)
            self.close_connection = True
            return
        left = int(self.headers.get("Content-Length", 0))
        while left:
            left -= len(self.rfile.read(min(left, 65536)))
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")
        if self.path == "/reset":  # after that answer nothing more comes of the connection, without a word
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True

    do_POST = do_GET

    def do_CONNECT(self):
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((HOST if host == "localhost" else host, int(port)), LIMIT_S) as there:
            self.send_response(200)
            self.end_headers()
            ends = {self.connection: there, there: self.connection}
            while True:
                ready, _, _ = select.select(ends, [], [], LIMIT_S)
                data = ready and ready[0].recv(65536)
                if not data:
                    break
                ends[ready[0]].sendall(data)
        self.close_connection = True

    def log_message(self, *_):
        pass


class OnSocket(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """HTTP over a unix socket, as Docker's API is."""
    address_family = socket.AF_UNIX

    def server_bind(self):
        self.socket.bind(self.server_address)

    def get_request(self):
        connection, _ = super().get_request()
        return connection, ("", 0)


@contextlib.contextmanager
def _serving(server):
    server.daemon_threads, server.block_on_close = True, False
    server.over = threading.Event()
    thread = threading.Thread(target=functools.partial(server.serve_forever, 0.01))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def backend():
    return _serving(http.server.ThreadingHTTPServer((HOST, 0), Backend))


def tls_backend(folder):
    cert, key = databases.certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server = http.server.ThreadingHTTPServer((HOST, 0), Backend)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return _serving(server)


@contextlib.contextmanager
def nobody_answers():
    """The port of a socket whose queue is full: whoever connects waits."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((HOST, 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@contextlib.contextmanager
def openssl(folder, *options):
    """OpenSSL's own server, which shows a page, and its port."""
    cert, key = databases.certificate(folder)
    port = listening.free_port()
    with subprocess.Popen([tool("openssl"), "s_server", "-quiet", "-accept", f"{HOST}:{port}", "-cert", cert, "-key", key,
                           "-www", *options], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as server:
        try:
            end = time.monotonic() + LIMIT_S
            while True:
                with contextlib.suppress(ConnectionRefusedError), socket.create_connection((HOST, port), LIMIT_S):
                    break
                assert server.poll() is None and time.monotonic() < end, "openssl s_server did not start"
            yield port
        finally:
            server.kill()


def s_client(args, folder, port, *options):
    """What is told of one more connection."""
    return told(args, folder, "openssl", "s_client", "-connect", f"{HOST}:{port}", "-ign_eof", *options,
                data=b"GET / HTTP/1.0\r\n\r\n")


def curl(args, folder, *arguments, status=0):
    return told(args, folder, tool("curl"), "--silent", "--show-error", "--noproxy", "", *arguments, status=status)


@case
def a_proxy_is_the_peer_and_not_the_server(args, folder):
    with backend() as port:
        call, = curl(args, folder, "--proxy", f"http://{HOST}:{port}", "http://example.test/a?key=secret")
    said = call["attributes"]
    assert said["url.full"] == "http://example.test/a" and said["server.address"] == "example.test", call
    assert said["network.peer.port"] == port and said["server.port"] == 80, call


@case
def behind_a_tunnel_through_a_proxy_is_who_was_asked_for(args, folder):
    with backend() as proxy, tls_backend(folder) as port:
        calls = curl(args, folder, "--proxy", f"http://{HOST}:{proxy}", "--cacert", "cert.pem",
                     f"https://localhost:{port}/a", f"https://localhost:{port}/b")
    assert names(calls) == ["CONNECT", "TLS", "TLS"], names(calls)
    for call in calls:
        said = call["attributes"]
        assert (said["server.address"], said["server.port"], said["network.peer.port"]) == ("localhost", port, proxy), call
        assert call["status"] != ERROR, call
    assert calls[1]["attributes"]["coldspan.tls_ns"] > 0, calls[1]
    assert "coldspan.tls_ns" not in calls[2]["attributes"], calls[2]


@case
def good_bye_in_tls_is_no_call(args, folder):
    for version in ("1.2", "1.3"):
        below = folder / version
        below.mkdir()
        with tls_backend(below) as port:
            call, = curl(args, below, "--tls-max", version, f"--tlsv{version}", "--cacert", "cert.pem",
                         f"https://localhost:{port}/a")
        assert call["attributes"]["tls.protocol.version"] == version, call
        assert "coldspan.approximate" not in call["attributes"], call


@case
def sessions_of_tls_that_are_resumed_or_begun_twice(args, folder):
    asked = {"1.2": 18 + 24, "1.3": 18 + 17}  # with what a record adds
    with openssl(folder) as port:
        for version, flag in (("1.2", "-tls1_2"), ("1.3", "-tls1_3")):
            for session in ("-sess_out", "-sess_in"):
                call, = s_client(args, folder, port, flag, session, folder / "session")
                said = call["attributes"]
                assert call["name"] == "TLS" and said["tls.protocol.version"] == version, call
                assert said["coldspan.request.bytes"] == asked[version] and said["coldspan.tls_ns"] > 0, call
    with openssl(folder, "-groups", "P-384") as port:  # not what the client tries first: HelloRetryRequest
        call, = s_client(args, folder, port, "-tls1_3", "-groups", "X25519:P-384")
        said = call["attributes"]
        assert said["tls.protocol.version"] == "1.3" and said["coldspan.request.bytes"] == asked["1.3"], call


@case
def early_data_of_tls_is_a_call_and_its_handshake_is_none(args, folder):
    early, session = folder / "early", folder / "session"
    early.write_bytes(b"GET /early HTTP/1.0\r\n\r\n")
    with openssl(folder, "-tls1_3", "-max_early_data", "4096") as port:  # announced, and not taken
        s_client(args, folder, port, "-sess_out", session)
        calls = s_client(args, folder, port, "-sess_in", session, "-early_data", early)
    sizes = [call["attributes"].get("coldspan.request.bytes") for call in calls]
    assert sum(sizes) == len(early.read_bytes()) + 17 + 18 + 17, (sizes, calls)


@case
def a_unix_socket_is_a_server(args, folder):
    path = folder / "api.sock"
    with _serving(OnSocket(str(path), Backend)):
        call, = curl(args, folder, "--unix-socket", "api.sock", "http://docker/v1/containers?all=secret")
    said = call["attributes"]
    assert said["network.transport"] == "unix" and said["network.peer.address"] == "api.sock", call
    assert said["url.full"] == "http://docker/v1/containers" and said["http.response.status_code"] == 200, call


@case
def who_has_several_addresses_is_asked_at_the_next(args, folder):
    with backend() as port:
        calls = curl(args, folder, "--resolve", f"two.test:{port}:[::1],{HOST}", f"http://two.test:{port}/")
    assert names(calls) == ["connect", "GET"], calls
    lost, won = (call["attributes"] for call in calls)
    assert lost["error.type"] in ("ECONNREFUSED", "EADDRNOTAVAIL", "ENETUNREACH"), calls
    assert lost["network.peer.address"] == "::1" and won["network.peer.address"] == HOST, calls
    assert calls[1]["status"] != ERROR and won["http.response.status_code"] == 200, calls


@case
def a_connect_that_is_given_up_ends_then(args, folder):
    for limit_s in PATIENCE_S:  # which begins before the connect does
        with nobody_answers() as port:
            calls = curl(args, folder, "--connect-timeout", str(limit_s), f"http://{HOST}:{port}/", status=28)
        if calls and calls[0]["end"] - calls[0]["start"] >= 0.8e9 * limit_s:
            break
    call, = calls
    assert call["name"] == "connect" and call["attributes"]["network.peer.port"] == port, call
    assert "closed before" in call["attributes"]["coldspan.approximate"], call
    assert call["end"] - call["start"] >= 0.8e9 * limit_s, call


@case
def who_does_not_wait_any_longer_has_an_answer_that_was_cut(args, folder):
    for limit_s in PATIENCE_S:  # it may be over before it has asked
        with backend() as port:
            calls = curl(args, folder, "--max-time", str(limit_s), f"http://{HOST}:{port}/hang", status=28)
        if names(calls) == ["GET"]:
            break
    call, = calls
    assert call["status"] == ERROR and call["attributes"]["error.type"] == "aborted", call


@case
def a_connection_that_is_reset_is_followed_by_another(args, folder):
    script = """
const http = require('node:http');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const get = (path) => new Promise((resolve) => http.get({ port: process.argv[1], host: '127.0.0.1', path, agent },
  (answer) => answer.resume().on('end', () => resolve(true))).on('error', () => resolve(false)));
(async () => { await get('/reset'); while (!await get('/again')); agent.destroy(); })();
"""
    with backend() as port:
        calls = told(args, folder, tool("node"), "-e", script, port)
    first, *cut, last = calls  # what was asked before the reset was seen has no answer
    assert first["attributes"]["url.full"].endswith("/reset") and last["attributes"]["url.full"].endswith("/again"), calls
    assert [call["attributes"]["coldspan.connection.number"] for call in (first, last)] == [1, 2], calls
    assert all(call["status"] == ERROR and call["attributes"]["coldspan.connection.number"] == 1 for call in cut), calls
    assert first["status"] != ERROR and last["status"] != ERROR, calls


@case
def a_body_that_the_kernel_moves_is_counted(args, folder):
    script = """
import os, socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as sock, open("body", "w+b") as body:
    body.write(bytes(100000))
    body.flush()
    for how in sys.argv[2:]:
        body.seek(0)
        sock.sendall(b"POST /%s HTTP/1.1\\r\\nHost: a.test\\r\\nContent-Length: 100000\\r\\n\\r\\n" % how.encode())
        if how == "sendfile":
            sock.sendfile(body)
        else:
            out, into = os.pipe()
            left = 100000
            while left:
                n = os.splice(body.fileno(), into, min(left, 65536))
                while n:
                    moved = os.splice(out, sock.fileno(), n)
                    n, left = n - moved, left - moved
            os.close(out), os.close(into)
        answer = b""
        while not answer.endswith(b"hello"):
            answer += sock.recvmsg(65536)[0]
"""
    with backend() as port:
        calls = told(args, folder, sys.executable, "-c", script, port, "sendfile",
                     *(["splice"] if hasattr(os, "splice") else []))
    assert names(calls)[0] == "POST" and len(calls) == 1 + hasattr(os, "splice"), calls
    for call in calls:
        assert call["attributes"]["coldspan.request.bytes"] > 100_000, call
        assert call["attributes"]["http.response.status_code"] == 200, call


@case
def names_that_a_program_asks_for_itself_are_not_told(args, folder):
    """c-ares sends datagrams: no look-up, no call, and nothing is broken."""
    script = """
const { Resolver } = require('node:dns').promises;
const resolver = new Resolver({ timeout: 200, tries: 1 });
resolver.setServers(['127.0.0.1:9']);
resolver.resolve4('secret.test').catch((error) => process.exit(['ECONNREFUSED', 'ETIMEOUT'].includes(error.code) ? 0 : 1));
"""
    assert not told(args, folder, tool("node"), "-e", script)


def main():
    args = cases.parser(__doc__, "build").parse_args()
    if not shutil.which("curl"):
        cases.skip("curl is not installed")
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
