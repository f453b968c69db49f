# SPDX-License-Identifier: Apache-2.0
"""A server that uses what it is asked to, and says what it used itself. Paths: /spend?cpu_ms=N&mib=N,
/meet (answers when two are there), /stuck?FILE (writes FILE, and never answers)."""
import http.server
import json
import os
import threading
import time
import urllib.parse

MEETING = threading.Barrier(2)


def burn(seconds):
    begin = time.process_time()
    while time.process_time() - begin < seconds:
        pass
    return time.process_time() - begin


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        told = {"cpu_s": 0.0}
        if url.path == "/spend":
            asked = dict(urllib.parse.parse_qsl(url.query))
            told["cpu_s"] = burn(int(asked["cpu_ms"]) / 1000)
            block = bytearray(int(asked["mib"]) << 20)
            block[::4096] = b"\1" * len(block[::4096])
        elif url.path == "/meet":
            MEETING.wait(60)
        elif url.path == "/stuck":
            burn(0.05)
            with open(url.query, "w", encoding="ascii"):
                threading.Event().wait()
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
