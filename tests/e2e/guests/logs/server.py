# SPDX-License-Identifier: Apache-2.0
"""Logs before it listens, and twice for each request: when it comes, and when it is answered."""
import http.server
import logging
import sys
import threading
import time

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
# Threads that print share a buffer: only what is written under a lock is one line, and one's own.
out = logging.getLogger("out")
out.propagate = False
out.addHandler(logging.StreamHandler(sys.stdout))
print("loading", flush=True)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.split("/")[1]
        out.info("begin %s", name)
        time.sleep(0.003)
        logging.warning("end %s", name)
        self.send_response(200)
        self.send_header("Content-Length", "7")
        self.end_headers()
        self.wfile.write(b"answer\n")
        if name == "exit":
            threading.Thread(target=server.shutdown).start()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print("port", server.server_port, flush=True)
server.serve_forever()
