# SPDX-License-Identifier: Apache-2.0
"""A function of mode http that sleeps a known time in each of its phases, and serves one request."""
import http.server
import os
import pathlib
import sys
import time


def sleep(variable):
    time.sleep(int(os.environ.get(variable, "0")) / 1000)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        sleep("SLEEP_HANDLER_MS")
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.flush()
        sleep("SLEEP_RESPOND_MS")
        self.wfile.write(body)


sleep("SLEEP_CODE_MS")
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
server.timeout = 60
port = pathlib.Path(sys.argv[1])
port.with_suffix(".new").write_text(str(server.server_port))
port.with_suffix(".new").rename(port)
server.handle_request()
