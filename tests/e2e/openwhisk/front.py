# SPDX-License-Identifier: Apache-2.0
"""The HTTP side of an action proxy, as far as a test of its spans needs one: POST /run goes to the loop that its
arguments name. Prints its port; ends with the second request."""
import http.server
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import proxy


class Run(http.server.BaseHTTPRequestHandler):
    def do_POST(self):  # pylint: disable=invalid-name
        body = self.rfile.read(int(self.headers["Content-Length"]))
        loop.send(body.replace(b"\n", b"") + b"\n")
        said = loop.answer()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


with open(os.devnull, "ab") as nowhere, \
        proxy.Loop(sys.argv[1:], {**os.environ, "__OW_WAIT_FOR_ACK": "1"}, [nowhere, nowhere]) as loop, \
        http.server.HTTPServer(("127.0.0.1", 0), Run) as server:
    loop.ack()
    print(server.server_port, flush=True)
    server.handle_request()
    server.handle_request()
    loop.close()
