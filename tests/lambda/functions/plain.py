# SPDX-License-Identifier: Apache-2.0
"""A client of the Lambda Runtime API with nothing but the standard library: plain.py HOW [NUMBER]

loop       asks and answers on one connection
threads    NUMBER threads, each with a connection of its own
hands-over one thread asks, on one connection, for what NUMBER others answer, each on a connection of its own
workers    NUMBER forked processes
restores   waits to be restored from a snapshot, then as loop
extends    is an extension, and waits; an HTTP server's port stands in the file PORT of its environment
restore-fails  idem, but says that it failed, and exits with 1

An event says what becomes of it: {"wait": FIFO} is answered when somebody has opened it for writing,
{"hang": FIFO} never, after the process's number was written there; {"exit": STATUS} ends the process; {"bytes": NUMBER} with so many and more, {"error": TYPE} is an error, {"breaks": TYPE} one in
the middle of a streamed answer.
"""
import http.client
import http.server
import json
import os
import queue
import sys
import threading

PREFIX = "/2018-06-01/runtime/"
EXTENSION, IDENTIFIER = "/2020-01-01/extension/", "Lambda-Extension-Identifier"
ERROR_TYPE = "Lambda-Runtime-Function-Error-Type"


class Api:
    """One connection to it."""

    def __init__(self):
        self.connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def call(self, method, path, body=None, headers=None):
        self.connection.request(method, PREFIX + path, body, headers or {})
        response = self.connection.getresponse()
        return response, response.read()

    def next(self):
        response, body = self.call("GET", "invocation/next")
        return response.headers["Lambda-Runtime-Aws-Request-Id"], json.loads(body)

    def answer(self, event_id, event):
        if "hang" in event:
            with open(event["hang"], "w", encoding="utf-8") as file:
                file.write(str(os.getpid()))
            threading.Event().wait()
        if "exit" in event:
            sys.exit(event["exit"])
        if "wait" in event:
            with open(event["wait"], "rb") as file:
                file.read()
        if "breaks" in event:
            self.stream(event_id, event["breaks"])
        elif "error" in event:
            self.call("POST", f"invocation/{event_id}/error", json.dumps({"errorMessage": "it is to fail"}),
                      {ERROR_TYPE: event["error"]})
        else:
            pad = "x" * event.get("bytes", 0)
            self.call("POST", f"invocation/{event_id}/response", json.dumps({"id": event_id, "pad": pad}))


    def stream(self, event_id, error_type):
        self.connection.putrequest("POST", PREFIX + f"invocation/{event_id}/response")
        self.connection.putheader("Lambda-Runtime-Function-Response-Mode", "streaming")
        self.connection.putheader("Transfer-Encoding", "chunked")
        self.connection.putheader("Trailer", ERROR_TYPE)
        self.connection.endheaders()
        self.connection.send(b"4\r\npart\r\n0\r\n" + f"{ERROR_TYPE}: {error_type}\r\n\r\n".encode())
        self.connection.getresponse().read()


def loop(api=None):
    api = api or Api()
    while True:
        api.answer(*api.next())


def threads(number):
    for _ in range(number):
        threading.Thread(target=quietly, args=(loop,)).start()


def hands_over(number):
    events, free = queue.SimpleQueue(), threading.Semaphore(number)

    def answer():
        api = Api()
        while True:
            api.answer(*events.get())
            free.release()

    for _ in range(number):
        threading.Thread(target=quietly, args=(answer,), daemon=True).start()
    api = Api()
    while free.acquire():
        events.put(api.next())


def workers(number):
    pids = []
    for _ in range(number):
        pids.append(os.fork())
        if not pids[-1]:
            quietly(loop)
            os._exit(0)
    for pid in pids:
        os.waitpid(pid, 0)


def restores():
    api = Api()
    api.call("GET", "restore/next")
    loop(api)


def restore_fails():
    api = Api()
    api.call("GET", "restore/next")
    api.call("POST", "restore/error", json.dumps({"errorMessage": "it is to fail"}), {ERROR_TYPE: "Runtime.Hook"})
    sys.exit(1)


class Telemetry(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


def extends():
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    server = http.server.HTTPServer(("127.0.0.1", 0), Telemetry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    connection.request("POST", EXTENSION + "register", '{"events": []}', {"Lambda-Extension-Name": "plain"})
    response = connection.getresponse()
    response.read()
    with open(os.environ["PORT"], "w", encoding="utf-8") as file:
        file.write(str(server.server_port))
    connection.request("GET", EXTENSION + "event/next", headers={
        IDENTIFIER: response.headers[IDENTIFIER]})
    connection.getresponse()


def quietly(function, *args):
    """Until the service is gone."""
    try:
        function(*args)
    except (http.client.HTTPException, OSError):
        pass


HOW = {"loop": loop, "extends": extends, "restores": restores, "restore-fails": restore_fails, "threads": threads, "hands-over": hands_over, "workers": workers}

if __name__ == "__main__":
    quietly(HOW[sys.argv[1]], *map(int, sys.argv[2:]))
