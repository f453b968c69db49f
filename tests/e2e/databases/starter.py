# SPDX-License-Identifier: Apache-2.0
"""A function that starts a program for each request: the script that is its argument. Prints its port; ends after two."""
import http.server
import subprocess
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        run = subprocess.run(["bash", "-c", sys.argv[1]], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             check=False)
        self.send_response(500 if run.returncode else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
    print(server.server_address[1], flush=True)
    server.handle_request()
    server.handle_request()
