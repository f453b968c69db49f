# SPDX-License-Identifier: Apache-2.0
"""A server that calls others, a thread for each connection: as caller.js, by urllib and http.client."""
import http.client
import http.server
import json
import os
import socket
import ssl
import urllib.error
import urllib.request


def _get(connection, path):
    connection.request("GET", path)
    response = connection.getresponse()
    return f"{response.status} {response.read().decode()}"


def _http(port):
    connection = http.client.HTTPConnection("localhost", int(port))
    return [_get(connection, "/first?key=secret"), _get(connection, "/missing")]


def _https(port):
    context = ssl.create_default_context(cafile=os.environ["CALLS_CA"])
    connection = http.client.HTTPSConnection("localhost", int(port), context=context)
    return [_get(connection, "/first"), _get(connection, "/second")]


def _fetch(port):
    with urllib.request.urlopen(f"http://localhost:{port}/fetched") as answer:
        return [answer.read().decode()]


def _name(name):
    try:
        urllib.request.urlopen(f"http://{name}/")
    except urllib.error.URLError as error:
        return str(error)


def _refused(port):
    try:
        socket.create_connection(("127.0.0.1", int(port)))
    except OSError as error:
        return str(error)


def _redis(port):
    with socket.create_connection(("127.0.0.1", int(port))) as connection:
        connection.sendall(b"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$6\r\nsecret\r\n")
        connection.recv(100)
        connection.sendall(b"*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n")
        return connection.recv(100).decode()


def _hang(port):
    return _get(http.client.HTTPConnection("localhost", int(port)), "/hang")


DOES = {"http": _http, "https": _https, "fetch": _fetch, "name": _name, "refused": _refused, "redis": _redis,
        "hang": _hang, "exit": lambda _: os._exit(0)}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        _, what, argument, *_ = self.path.split("/") + [""]
        if what == "exit":
            self._answer(None)
        self._answer(DOES[what](argument))

    def _answer(self, done):
        body = json.dumps(done).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if os.environ.get("CALLS_AT_START"):
    _get(http.client.HTTPConnection("localhost", int(os.environ["CALLS_AT_START"])), "/configuration")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print("port", server.server_address[1], flush=True)
server.serve_forever()
