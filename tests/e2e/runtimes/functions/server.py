# SPDX-License-Identifier: Apache-2.0
"""An HTTP server of the standard library; see README.md for what it answers."""
import http.server
import os
import socket


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        if self.path.startswith("/hang/"):
            socket.create_connection(("127.0.0.1", int(self.path[6:]))).recv(1)
        body = b"hello " + self.rfile.read(int(self.headers["Content-Length"])) + b"\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", 0))), Handler).serve_forever()
