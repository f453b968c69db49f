# SPDX-License-Identifier: Apache-2.0
"""Answers each request with the bytes that it was asked with. Arguments: how they are read.

recv N      N bytes at most at a time
recv_into   into a buffer
readv N     into buffers of N bytes
peek        looked at first
"""
import os
import socket
import sys

HOW, SIZE = sys.argv[1], int((sys.argv[2:] or ["65536"])[0])


def read(connection):
    if HOW == "recv_into":
        buffer = bytearray(65536)
        return bytes(buffer[:connection.recv_into(buffer)])
    if HOW == "readv":
        buffers = [bytearray(SIZE) for _ in range(64)]
        got = os.readv(connection.fileno(), buffers)
        return b"".join(buffers)[:got]
    if HOW == "peek":
        connection.recv(SIZE, socket.MSG_PEEK)
    return connection.recv(SIZE)


def length_of(head):
    lengths = [int(line.split(b":")[1]) for line in head.split(b"\r\n")
               if line.lower().startswith(b"content-length:")]
    return lengths[0] if lengths else 0


def serve(connection):
    data = b""
    while True:
        while (end := data.find(b"\r\n\r\n")) < 0 or len(data) < end + 4 + length_of(data[:end]):
            more = read(connection)
            if not more:
                return
            data += more
        whole = end + 4 + length_of(data[:end])
        asked, data = data[:whole], data[whole:]
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(asked) + asked)


with socket.create_server(("127.0.0.1", 0)) as server:
    while True:
        with server.accept()[0] as accepted:
            serve(accepted)
