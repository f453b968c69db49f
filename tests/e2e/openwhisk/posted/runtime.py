# SPDX-License-Identifier: Apache-2.0
"""A runtime that OpenWhisk's invoker asks over HTTP, as posted/runtime.js: the code is a module's text, which is
written to a file here and loaded."""
import http.server
import importlib.util
import json
import os
import pathlib
import signal
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
END = b"XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX\n"


class Runtime(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    action = None

    def init(self, value):
        if Runtime.action:
            return 403, {"error": "Cannot initialize the action more than once."}
        if not value.get("code"):
            return 403, {"error": "Missing main/no code to execute."}
        with tempfile.TemporaryDirectory(prefix="action-", dir=HERE) as folder:
            file = pathlib.Path(folder, "action.py")
            file.write_text(value["code"])
            spec = importlib.util.spec_from_file_location("action", file)
            module = importlib.util.module_from_spec(spec)
            try:
                spec.loader.exec_module(module)
            except Exception as error:  # pylint: disable=broad-except
                return 502, {"error": f"Initialization has failed due to: {error}"}
        Runtime.action = staticmethod(getattr(module, value.get("main") or "main"))
        return 200, {"ok": True}

    def run(self, value):
        try:
            return 200, Runtime.action(value)
        except Exception as error:  # pylint: disable=broad-except
            return 502, {"error": f"An error has occurred: {error}"}
        finally:
            os.write(1, END)
            os.write(2, END)

    def do_GET(self):  # pylint: disable=invalid-name
        self.say(200, {})

    def do_POST(self):  # pylint: disable=invalid-name
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.say(*(self.init if self.path == "/init" else self.run)(body["value"]))

    def say(self, status, answer):
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


def stop(*_):
    os._exit(0)


signal.signal(signal.SIGTERM, stop)
with http.server.HTTPServer(("127.0.0.1", 0), Runtime) as server:
    print(server.server_port, flush=True)
    server.serve_forever()
