# SPDX-License-Identifier: Apache-2.0
"""A watched server in Python that is asked a few times, of which it fails once."""
import subprocess
import sys
import urllib.error
import urllib.request

from harness import LIMIT_S, watched

REQUESTS = 5
SERVER = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(500 if self.path == "/bad" else 200)
        self.end_headers()
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""


def serve(collector, shim):
    """A server of good and bad answers, from its start to its end; all of it told."""
    process = watched(collector, shim, [sys.executable, "-c", SERVER], stdout=subprocess.PIPE,
                      stderr=subprocess.DEVNULL)
    try:
        port = int(process.stdout.readline())
        for i in range(REQUESTS):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/{'bad' if i == 3 else ''}",
                                       timeout=LIMIT_S).close()
            except urllib.error.HTTPError as error:
                assert error.code == 500, error
        collector.until("all were told", lambda c: c["invocations"] == REQUESTS)
    finally:
        process.terminate()
        process.wait(LIMIT_S)
        process.stdout.close()
    collector.until("its end was told", lambda c: not c["instances_now"])
