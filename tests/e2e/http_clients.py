#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What clients of HTTP in several languages ask of a server that answers in every way that HTTP/1 has.

usage: http_clients.py --build DIR

Each client is a process that ends when it is done; the server, in this process, writes its answers byte by byte.
"""
import contextlib
import pathlib
import socketserver
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, databases, peers
from lib.calling import ERROR, names, told
from lib.cases import case
from lib.served import tool

HOST = "127.0.0.1"
BODY = b"HTTP/1.1 500 no answer, but a body\r\n\r\n"  # what is in a body is no answer


class Server(socketserver.StreamRequestHandler):
    """Each path is answered in a way of its own."""

    def handle(self):
        self.server.connections += 1
        while line := self.rfile.readline():
            method, path, _ = line.decode().split()
            fields = {}
            while (line := self.rfile.readline().strip()):
                name, _, value = line.decode().partition(":")
                fields[name.lower()] = value.strip()
            if not self._answer(method, path.partition("?")[0], fields) or fields.get("connection", "").lower() == "close":
                return

    def _write(self, *pieces):
        for piece in pieces:
            self.wfile.write(piece)
            self.wfile.flush()
        return True

    def _answer(self, method, path, fields):
        length = b"Content-Length: %d\r\n\r\n" % len(BODY)
        if path == "/continue" and fields.get("expect", "").lower() == "100-continue":
            self._write(b"HTTP/1.1 100 Continue\r\n", b"\r\n")
        if path == "/hints":
            self._write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\n\r\n")
        self.rfile.read(int(fields.get("content-length", 0)))
        if path == "/chunked":
            half = len(BODY) // 2
            return self._write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"%x\r\n" % half, BODY[:half],
                               b"\r\n%x\r\n" % (len(BODY) - half), BODY[half:] + b"\r\n", b"0\r\n\r\n")
        if path == "/missing":
            return self._write(b"HTTP/1.1 404 Not Found\r\n" + length, BODY)
        if path == "/empty":
            return self._write(b"HTTP/1.1 204 No Content\r\n\r\n")
        if path == "/close":  # its end is that of the connection
            return self._write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", BODY) and False
        if path == "/coded":  # idem, though it is encoded
            return self._write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\n", BODY) and False
        if path == "/dies":
            return self._write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", BODY) and False
        if path == "/mute":
            return False
        return self._write(b"HTTP/1.1 200 OK\r\n" + length, b"" if method == "HEAD" else BODY)


@contextlib.contextmanager
def serving():
    socketserver.ThreadingTCPServer.daemon_threads = True
    with socketserver.ThreadingTCPServer((HOST, 0), Server) as server:
        server.connections = 0
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1], server
        finally:
            server.shutdown()
            thread.join()


# Four requests, on one connection by whatever keeps it: POST /plain, GET /chunked, GET /missing, GET /close.
REQUESTS = """
import requests, sys
with requests.Session() as session:
    session.post(sys.argv[1] + "/plain?key=secret", data="secret")
    for path in ("/chunked", "/missing", "/close"):
        session.get(sys.argv[1] + path).text
"""
URLLIB3 = """
import sys, urllib3
pool = urllib3.PoolManager()
pool.request("POST", sys.argv[1] + "/plain?key=secret", body="secret")
for path in ("/chunked", "/missing", "/close"):
    pool.request("GET", sys.argv[1] + path, retries=False).data
"""
AIOHTTP = """
import aiohttp, asyncio, sys
async def ask():
    async with aiohttp.ClientSession() as session:
        async with session.post(sys.argv[1] + "/plain?key=secret", data="secret") as answer:
            await answer.text()
        for path in ("/chunked", "/missing", "/close"):
            async with session.get(sys.argv[1] + path) as answer:
                await answer.text()
asyncio.run(ask())
"""
FETCH = """
(async () => {
  const [, at] = process.argv;
  await (await fetch(`${at}/plain?key=secret`, { method: 'POST', body: 'secret' })).text();
  for (const path of ['/chunked', '/missing', '/close']) await (await fetch(at + path)).text();
})();
"""
NET_HTTP = """
require 'net/http'
at = URI(ARGV[0])
Net::HTTP.start(at.host, at.port) do |http|
  http.post('/plain?key=secret', 'secret')
  %w[/chunked /missing /close].each { |path| http.get(path) }
end
"""
CURL = """
$handle = curl_init();
$ask = function (string $path, array $more = []) use ($handle, $argv) {
    curl_reset($handle);
    curl_setopt_array($handle, $more + [CURLOPT_URL => $argv[1] . $path, CURLOPT_RETURNTRANSFER => true, CURLOPT_PROXY => '']);
    if (curl_exec($handle) === false) exit(1);
};
$ask('/plain?key=secret', [CURLOPT_POSTFIELDS => 'secret']);
foreach (['/chunked', '/missing', '/close'] as $path) $ask($path);
"""
STREAMS = """
$ask = fn (string $path, array $more = []) => file_get_contents($argv[1] . $path, false, stream_context_create(
    ['http' => $more + ['ignore_errors' => true]])) === false && exit(1);
$ask('/plain?key=secret', ['method' => 'POST', 'content' => 'secret', 'header' => 'Content-Type: text/plain']);
foreach (['/chunked', '/missing', '/close'] as $path) $ask($path);
"""


def php(*modules):
    """PHP without the settings of this machine, with modules as Debian has them."""
    folder = next((peers.path("databases_debian") / "usr/lib/php").glob("2*"))
    return [tool("php"), "-n", *(f"-dextension={folder / name}.so" for name in modules), "-r"]


def python(script):
    return [peers.path("clients_python"), "-c", script]


def asks(args, folder, command, connections=(1,)):
    """A client that asks these four: one span each, with what was asked and answered, on as many connections."""
    with serving() as (port, server):
        calls = told(args, folder, *command, f"http://{HOST}:{port}")
    wanted = [("POST", "/plain", 200), ("GET", "/chunked", 200), ("GET", "/missing", 404), ("GET", "/close", 200)]
    assert names(calls) == [method for method, _, _ in wanted], names(calls)
    for call, (method, path, status) in zip(calls, wanted):
        said = call["attributes"]
        assert said["http.request.method"] == method and said["http.response.status_code"] == status, call
        assert said["url.full"] == f"http://{HOST}:{port}{path}", call
        assert (said["server.address"], said["server.port"]) == (HOST, port), call
        assert said["network.protocol.version"] == "1.1", call
        assert (call["status"] == ERROR) == (status == 404) and said.get("error.type") == ("404" if status == 404 else None), call
        assert said["coldspan.response.bytes"] > len(BODY), call
        assert "coldspan.approximate" not in call["attributes"], call
    reused = [call["attributes"]["coldspan.connection.reused"] for call in calls]
    numbers = [call["attributes"]["coldspan.connection.number"] for call in calls]
    assert len(set(numbers)) == reused.count(False) == server.connections and server.connections in connections, (
        numbers, reused, server.connections)
    assert reused == [number in numbers[:n] for n, number in enumerate(numbers)], (numbers, reused)
    assert "secret" not in str(calls), calls


@case
def python_requests(args, folder):
    asks(args, folder, python(REQUESTS))


@case
def python_urllib3(args, folder):
    asks(args, folder, python(URLLIB3))


@case
def python_aiohttp(args, folder):
    asks(args, folder, python(AIOHTTP))


@case
def node_fetch(args, folder):
    asks(args, folder, [tool("node"), "-e", FETCH], connections=(1, 2))  # its pool may open one more


@case
def ruby_net_http(args, folder):
    asks(args, folder, [tool("ruby"), "-e", NET_HTTP])


@case
def php_streams(args, folder):
    asks(args, folder, [*php(), STREAMS], connections=(4,))


@case
def php_s_curl_is_bound_to_itself_and_not_seen(args, folder):
    """PHP loads modules with RTLD_DEEPBIND: what they bring calls libc past everybody. It works as without us."""
    with serving() as (port, _):
        assert not told(args, folder, *php("curl"), CURL, f"http://{HOST}:{port}")


def curl(args, folder, *arguments, status=0):
    return told(args, folder, tool("curl"), "--silent", "--show-error", "--noproxy", "*", *arguments, status=status)


@case
def answers_on_the_way_are_none(args, folder):
    """100 and 103 come before the answer (RFC 9110 section 15.2)."""
    with serving() as (port, _):
        calls = curl(args, folder, "--expect100-timeout", "60", "-H", "Expect: 100-continue", "--data", "x" * 5000,
                     f"http://{HOST}:{port}/continue", "--next", "--silent", f"http://{HOST}:{port}/hints")
    assert names(calls) == ["POST", "GET"], calls
    for call in calls:
        assert call["attributes"]["http.response.status_code"] == 200 and call["status"] != ERROR, call
    assert calls[0]["attributes"]["coldspan.request.bytes"] > 5000, calls[0]


@case
def an_answer_may_end_with_its_connection(args, folder):
    with serving() as (port, _):
        calls = curl(args, folder, "--ignore-content-length", f"http://{HOST}:{port}/close", "--next", "--silent", "--raw",
                     f"http://{HOST}:{port}/coded")
    assert names(calls) == ["GET", "GET"], calls
    for call in calls:
        assert call["attributes"]["http.response.status_code"] == 200 and call["status"] != ERROR, call
        assert call["attributes"]["coldspan.response.bytes"] > len(BODY), call
        assert not call["attributes"]["coldspan.connection.reused"], call


@case
def a_connection_that_dies_is_an_error(args, folder):
    with serving() as (port, _):
        cut, = curl(args, folder, f"http://{HOST}:{port}/dies", status=18)
        mute, = curl(args, folder, f"http://{HOST}:{port}/mute", status=52)
    for call in (cut, mute):
        assert call["status"] == ERROR and call["attributes"]["error.type"] == "aborted", call
    assert cut["attributes"]["http.response.status_code"] == 200, cut
    assert "http.response.status_code" not in mute["attributes"], mute


@case
def requests_may_go_ahead_of_answers(args, folder):
    """Pipelining (RFC 9112 section 9.3.2), in pieces that are not those of the requests."""
    script = """
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as sock:
    asked = b"".join(b"%s HTTP/1.1\\r\\nHost: a.test\\r\\n\\r\\n" % line for line in (
        b"GET /plain", b"HEAD /plain", b"GET /chunked", b"GET /empty", b"GET /missing", b"GET /close"))
    for at in range(0, len(asked), 50):
        sock.sendall(asked[at:at + 50])
    while sock.recv(17):
        pass
"""
    with serving() as (port, _):
        calls = told(args, folder, sys.executable, "-c", script, port)
    said = sorted((call["attributes"]["url.full"].rsplit("/", 1)[1], call["name"],  # some begin at once
                   call["attributes"]["http.response.status_code"]) for call in calls)
    assert said == [("chunked", "GET", 200), ("close", "GET", 200), ("empty", "GET", 204), ("missing", "GET", 404),
                    ("plain", "GET", 200), ("plain", "HEAD", 200)], said


@case
def several_messages_of_one_call_are_read_as_one(args, folder):
    """sendmmsg: what it sends on a connection is asked; a resolver's datagrams are no call."""
    script = """
import ctypes, socket, sys
class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("len", ctypes.c_size_t)]
class Message(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("name_len", ctypes.c_uint), ("iov", ctypes.POINTER(Iovec)), ("iov_len", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("control_len", ctypes.c_size_t), ("flags", ctypes.c_int), ("pad", ctypes.c_int),
                ("sent", ctypes.c_uint)]
libc = ctypes.CDLL(None, use_errno=True)
def send(sock, *texts):
    parts = [Iovec(text, len(text)) for text in texts]
    messages = (Message * len(texts))(*(Message(iov=ctypes.pointer(part), iov_len=1) for part in parts))
    assert libc.sendmmsg(sock.fileno(), messages, len(texts), 0) == len(texts), ctypes.get_errno()
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    own.bind(("127.0.0.1", 0))
    sock.connect(own.getsockname())
    send(sock, b"GET /datagram HTTP/1.1\\r\\n\\r\\n", b"AAAA?")
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as sock:
    send(sock, b"GET /plain HTTP/1.1\\r\\nHo", b"st: a.test\\r\\n\\r\\n")
    answer = b""
    while not answer.endswith(b"body\\r\\n\\r\\n"):
        more = sock.recv(1000)
        assert more, answer
        answer += more
"""
    with serving() as (port, _):
        call, = told(args, folder, sys.executable, "-c", script, port)
    assert call["attributes"]["url.full"] == "http://a.test/plain", call
    assert call["attributes"]["http.response.status_code"] == 200, call


H2C = """
const http2 = require('node:http2');
const server = http2.createServer((request, response) => response.end('hello'));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
"""


@case
def http_2_in_the_clear_is_known_and_not_read_as_http_1(args, folder):
    with subprocess.Popen([tool("node"), "-e", H2C], stdout=subprocess.PIPE) as server:
        try:
            port = int(server.stdout.readline())
            calls = curl(args, folder, "--http2-prior-knowledge", f"http://{HOST}:{port}/secret")
        finally:
            server.kill()
    assert calls and set(names(calls)) == {"HTTP"}, names(calls)
    for call in calls:
        said = call["attributes"]
        assert said["network.protocol.version"] == "2" and (said["server.address"], said["server.port"]) == (HOST, port), call
        assert not {"http.request.method", "http.response.status_code", "url.full", "error.type"} & set(said), call
    assert "secret" not in str(calls), calls


# Says what it was asked, all headers included: nothing of it may be ours.
H2_TLS = """
const http2 = require('node:http2');
const fs = require('node:fs');
const [cert, key] = process.argv.slice(1).map((file) => fs.readFileSync(file));
const server = http2.createSecureServer({ cert, key }, (request, response) => {
  let bytes = 0;
  request.on('data', (data) => { bytes += data.length; });
  request.on('end', () => response.end(JSON.stringify([request.httpVersion, bytes, request.headers])));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
"""


@case
def http_2_in_tls_is_turns_and_nothing_of_it_is_changed(args, folder):
    """As libcurl and Node's own client speak it, with and without us; also where headers may be added."""
    cert, key = databases.certificate(folder)
    node = "const http2 = require('node:http2'); const fs = require('node:fs');" \
        "const asked = http2.connect(process.argv[1], { ca: fs.readFileSync('cert.pem') });" \
        "const one = asked.request({ ':path': '/secret', ':method': 'POST' }); let all = '';" \
        "one.on('data', (data) => { all += data; });" \
        "one.on('end', () => { fs.writeFileSync('answer', all); asked.close(); }); one.end('x'.repeat(20000));"
    with subprocess.Popen([tool("node"), "-e", H2_TLS, cert, key], stdout=subprocess.PIPE) as server:
        try:
            url = f"https://localhost:{int(server.stdout.readline())}"
            for command in ([tool("curl"), "--silent", "--http2", "--cacert", "cert.pem", "--output", "answer",
                             "--data", "x" * 20000, f"{url}/secret"], [tool("node"), "-e", node, url]):
                subprocess.run(command, cwd=folder, check=True, stdin=subprocess.DEVNULL)
                bare = (folder / "answer").read_text()
                assert '["2.0",20000,' in bare, bare
                for propagate in "", "outbound":
                    (folder / "answer").unlink()
                    calls = told(args, folder, *command, COLDSPAN_PROPAGATE=propagate)
                    assert (folder / "answer").read_text() == bare, propagate
                    assert calls and set(names(calls)) == {"TLS"}, names(calls)
                    assert {call["attributes"]["tls.protocol.version"] for call in calls} == {"1.3"}, calls
                    assert {call["attributes"]["server.address"] for call in calls} == {"localhost"}, calls
                    assert sum(call["attributes"]["coldspan.request.bytes"] for call in calls) > 20000, calls
                    assert calls[0]["attributes"]["coldspan.tls_ns"] > 0 and "secret" not in str(calls), calls
        finally:
            server.kill()


def main():
    args = cases.parser(__doc__, "build").parse_args()
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
