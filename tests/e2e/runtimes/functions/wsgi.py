# SPDX-License-Identifier: Apache-2.0
"""A WSGI application; see README.md for what it answers."""
import socket


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path.startswith("/hang/"):
        socket.create_connection(("127.0.0.1", int(path[6:]))).recv(1)
    body = b"hello " + environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) + b"\n"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
