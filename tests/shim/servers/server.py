# SPDX-License-Identifier: Apache-2.0
"""An ordinary threaded HTTP server; http_servers.py says what it must answer."""
import http.server
import threading

meeting = threading.Barrier(2, timeout=60)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, status, body):
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(body)

    def chunks(self, body):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for at in range(0, len(body), 1000):
            part = body[at:at + 1000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")

    def do_GET(self):
        kind = self.path.split("?")[0].split("/")[1]
        got = self.body()
        text = f"{self.command} {kind} {len(got)}\n".encode()
        if kind == "meet":
            meeting.wait()
        if kind == "chunked":
            self.chunks(text * 300)
        elif kind == "exit":
            threading.Thread(target=server.shutdown).start()
            self.answer(200, text)
        else:
            self.answer({"missing": 404, "empty": 204}.get(kind, 200), text)

    do_POST = do_HEAD = do_GET


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = False  # the end waits for them
print("port", server.server_port, flush=True)
server.serve_forever()
server.server_close()
