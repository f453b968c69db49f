# SPDX-License-Identifier: Apache-2.0
"""A function at the edges of propagation: GET /HOW/PORT, its answer is JSON. With a port as
argument it is one event."""
import ctypes
import http.client
import http.server
import json
import mmap
import os
import queue
import socket
import subprocess
import sys
import threading

LIMIT_S = 60
PAGE = mmap.PAGESIZE
HEAD = b"GET /edge HTTP/1.1\r\nHost: localhost\r\n\r\n"
libc = ctypes.CDLL(None, use_errno=True)


class Part(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


class Message(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("name_len", ctypes.c_uint32), ("parts", ctypes.c_void_p),
                ("count", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_len", ctypes.c_size_t),
                ("flags", ctypes.c_int)]


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S)


def two_pages():
    """The address of a page, behind which nothing is."""
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
    at = libc.mmap(None, 2 * PAGE, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
    libc.munmap(ctypes.c_void_p(at + PAGE), ctypes.c_size_t(PAGE))
    return at


def bad_memory(port):
    """What each writer says of memory that is not there, or not all of it."""
    at = two_pages()
    gone, last = at + PAGE, at + PAGE - 20
    ctypes.memmove(at, HEAD, len(HEAD))
    ctypes.memmove(last, HEAD, 20)
    good = Part(at, len(HEAD))
    ways = {
        "write": lambda fd: libc.write(fd, ctypes.c_void_p(gone), ctypes.c_size_t(100)),
        "send": lambda fd: libc.send(fd, ctypes.c_void_p(gone), ctypes.c_size_t(100), 0),
        "half a head": lambda fd: libc.write(fd, ctypes.c_void_p(last), ctypes.c_size_t(100)),
        "no parts": lambda fd: libc.writev(fd, ctypes.c_void_p(gone), 1),
        "a part": lambda fd: libc.writev(fd, ctypes.byref(Part(gone, 100)), 1),
        "a second part": lambda fd: libc.writev(fd, ctypes.byref((Part * 2)(good, Part(gone, 100))), 2),
        "half the parts": lambda fd: half_the_parts(fd, at, gone),
        "no message": lambda fd: libc.sendmsg(fd, ctypes.c_void_p(gone), 0),
        "no parts of a message": lambda fd: libc.sendmsg(fd, ctypes.byref(Message(parts=gone, count=1)), 0),
        "no first page": lambda fd: libc.write(fd, ctypes.c_void_p(8), ctypes.c_size_t(100)),
    }
    told = {}
    for name, way in ways.items():
        with connect(port) as sock:
            ctypes.set_errno(0)
            told[name] = way(sock.fileno()), ctypes.get_errno()
    return told


def half_the_parts(fd, at, gone):
    """The first part's description is there, the second's is not."""
    part = Part(at, len(HEAD))
    ctypes.memmove(gone - ctypes.sizeof(part), ctypes.byref(part), ctypes.sizeof(part))
    return libc.writev(fd, ctypes.c_void_p(gone - ctypes.sizeof(part)), 2)


def flood(port):
    """Calls, until the callee says that the last twenty were told nothing, or there were very many."""
    connection, nothing = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S), 0
    for calls in range(30000):
        connection.request("GET", "/")
        told = connection.getresponse().read()
        nothing = 0 if told else nothing + 1
        if nothing == 20:
            break
    return {"calls": calls + 1, "nothing": nothing}


def call(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
    connection.request("GET", "/")
    return connection.getresponse().read().decode()


events = queue.Queue()


def beside(port):
    """Another thread takes an event of another protocol, and calls for that."""
    done = queue.Queue()
    events.put((port, done))
    return {"told": done.get(timeout=LIMIT_S)}


def serve_events():
    """A client of the Lambda Runtime API."""
    while True:
        port, done = events.get()
        api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"], timeout=LIMIT_S)
        api.request("GET", "/2018-06-01/runtime/invocation/next")
        answer = api.getresponse()
        event, request_id = answer.read(), answer.getheader("Lambda-Runtime-Aws-Request-Id")
        told = call(port) if event else None
        api.request("POST", f"/2018-06-01/runtime/invocation/{request_id}/response", b"{}")
        api.getresponse().read()
        done.put([told, call(port)])


def bash(port):
    """A shell of the function's, and curl below it."""
    done = subprocess.run(["bash", "-c", f"curl -sS http://127.0.0.1:{port}/ && true"], capture_output=True,
                          text=True, timeout=LIMIT_S, check=True)
    return {"told": done.stdout}


def start(port):
    """A runtime's part: it starts a function, and hands the request on."""
    with subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, text=True,
                          env={**os.environ, "OTEL_SERVICE_NAME": "started"}) as function:
        try:
            own = int(function.stdout.readline())
            connection = http.client.HTTPConnection("127.0.0.1", own, timeout=LIMIT_S)
            connection.request("GET", f"/call/{port}", headers={"X-Correlation-Id": "started"})
            return json.loads(connection.getresponse().read())
        finally:
            function.terminate()


HOW = {"bad-memory": bad_memory, "flood": flood, "beside": beside, "bash": bash, "start": start,
       "call": lambda port: {"told": call(port)}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        _, how, port = self.path.split("/")
        body = json.dumps(HOW[how](int(port))).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


if len(sys.argv) == 2:  # a process per event
    sys.stdin.read()
    print(call(int(sys.argv[1])), end="")
    sys.exit()
if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    threading.Thread(target=serve_events, daemon=True).start()
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
if os.environ["OTEL_SERVICE_NAME"] == "started":
    print(server.server_address[1], flush=True)
server.serve_forever()
