# SPDX-License-Identifier: Apache-2.0
"""A server with a thread for each connection, that writes a line for each byte of a body: attribution.py says when.

usage: lines.py waits|polls

waits: its sockets block. polls: they do not, and each read waits by poll() for its one connection (as a timeout
in Python does, and every read of Ruby). The lines of a path /helper-NAME are written by a thread that reads no
requests.
"""
import concurrent.futures
import os
import re
import socket
import sys
import threading

LIMIT_S = 60
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: bytes\r\n\r\n"


def write(name, number):
    line = f"{name} {number}\n".encode()
    if name.startswith("helper-"):
        helper.submit(os.write, 1, line).result()
    else:
        os.write(1, line)


def serve(connection):
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(4096)
        if not piece:
            return connection.close()
        head += piece
    head, _, early = head.partition(b"\r\n\r\n")
    name = re.search(rb" /([^ ]*)", head)[1].decode()
    if name == "exit/":
        connection.sendall(ANSWER)
        os._exit(0)
    if b"Upgrade:" in head:
        connection.sendall(SWITCH)
    for number in range(int(re.search(rb"Content-Length: (\d+)", head)[1])):
        assert number < len(early) or connection.recv(1)
        write(name, number)
    if b"Upgrade:" not in head:
        connection.sendall(ANSWER)
    return connection.close()


helper = concurrent.futures.ThreadPoolExecutor(1)
helper.submit(os.getpid).result()
with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
    os.write(1, b"port %d\n" % listener.getsockname()[1])
    while True:
        accepted, _ = listener.accept()
        if sys.argv[1] == "polls":
            accepted.settimeout(LIMIT_S)
        threading.Thread(target=serve, args=(accepted,)).start()
