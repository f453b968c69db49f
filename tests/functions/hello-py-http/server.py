# SPDX-License-Identifier: Apache-2.0
"""A function in Python, mode http: a server on the port that it is given."""
import http.server
import json
import os


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        event = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        name = json.loads(event or b"{}").get("name", "world")
        body = json.dumps({"greeting": f"hello {name} from Python over HTTP"}).encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
