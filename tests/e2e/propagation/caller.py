# SPDX-License-Identifier: Apache-2.0
"""A function without any SDK, which knows nothing of traces. Asked for
  /spawn: runs the command of the environment's CHILD, and answers with what that says;
  /call/PORT: asks that port, idem;
  /both/PORT: waits until it is asked a second time, then does as /call."""
import http.client
import http.server
import os
import shlex
import subprocess
import sys
import threading
import urllib.request

MEET = threading.Barrier(2)


def spawn(how):
    command = shlex.split(os.environ["CHILD"])
    if how == "fork":  # libc's fork, then execv
        read, write = os.pipe()
        if not os.fork():
            os.dup2(write, 1)
            os.execv(command[0], command)
        os.close(write)
        with os.fdopen(read, "rb") as stream:
            said = stream.read()
        os.wait()
        return said
    if how == "own":  # an environment of its own
        return subprocess.check_output(command, env={**os.environ, "OWN": "1"})
    if how == "set":
        return subprocess.check_output(command, env={**os.environ, "TRACEPARENT": "own"})
    if how == "posix":
        return subprocess.check_output(command, close_fds=False)
    return subprocess.check_output(command)


def call(port, how):
    if how == "urllib":
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
            return answer.read()
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for _ in range(2):  # the second one on the same connection
        connection.request("POST", "/", b"body" * 100, {"Content-Type": "text/plain"})
        said = connection.getresponse().read()
    connection.close()
    return said


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        what, *rest = self.path[1:].split("/")
        if what == "both":
            MEET.wait(60)
        body = spawn(*(rest or [""])) if what == "spawn" else call(rest[0], (rest[1:] or [""])[0])
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


SERVER = {"threads": http.server.ThreadingHTTPServer, "one": http.server.HTTPServer}[sys.argv[1]]
SERVER(("127.0.0.1", 0), Handler).serve_forever()
