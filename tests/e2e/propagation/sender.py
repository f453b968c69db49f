# SPDX-License-Identifier: Apache-2.0
"""A function that sends what it is told to: each request is JSON, {"port", "how", "pieces"}; its answer is how
many bytes the calls said that went, and what the other side sent back. Pieces are hexadecimal."""
import http.server
import json
import os
import select
import socket
import tempfile

SMALL = 4096  # bytes of a send buffer that fills


def in_parts(data):
    return [data[at:at + 7] for at in range(0, len(data), 7)][:1000]


def send_all(sock, data, call):
    sent = 0
    while sent < len(data):
        try:
            sent += call(data[sent:])
        except BlockingIOError:
            select.select([], [sock], [], 30)
    return sent


def send_file(sock, data):
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return os.sendfile(sock.fileno(), file.fileno(), 0, len(data))


HOW = {
    "send": lambda sock: sock.send,
    "more": lambda sock: lambda data: sock.send(data, socket.MSG_MORE | socket.MSG_NOSIGNAL),
    "write": lambda sock: lambda data: os.write(sock.fileno(), data),
    "writev": lambda sock: lambda data: os.writev(sock.fileno(), [data]),
    "body apart": lambda sock: lambda data: os.writev(sock.fileno(), list(data.partition(b"\r\n\r\n"))[:2]
                                                      + [data.partition(b"\r\n\r\n")[2]]),
    "parts": lambda sock: lambda data: os.writev(sock.fileno(), in_parts(data)),
    "sendmsg": lambda sock: lambda data: sock.sendmsg([data[:len(data) - 1], data[len(data) - 1:]]),
    "sendto": lambda sock: lambda data: sock.sendto(data, 0, sock.getpeername()),
    "nonblocking": lambda sock: sock.send,
    "sendfile": lambda sock: lambda data: send_file(sock, data),
}


def send(port, how, pieces):
    with socket.socket() as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if how == "nonblocking":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
        sock.connect(("127.0.0.1", port))
        sock.setblocking(how != "nonblocking")
        sent = sum(send_all(sock, bytes.fromhex(piece), HOW[how](sock)) for piece in pieces)
        sock.setblocking(True)
        sock.shutdown(socket.SHUT_WR)
        with sock.makefile("rb") as stream:
            return {"sent": sent, "got": stream.read().decode()}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps(send(**asked)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


http.server.HTTPServer(("127.0.0.1", 0), Handler).serve_forever()
