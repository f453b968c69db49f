#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A CGI script; see README.md for what it answers."""
import os
import socket
import sys

BODY = sys.stdin.buffer.read(int(os.environ.get("CONTENT_LENGTH") or 0))
if os.environ["REQUEST_URI"].startswith("/hang/"):
    socket.create_connection(("127.0.0.1", int(os.environ["REQUEST_URI"][6:]))).recv(1)
sys.stdout.buffer.write(b"Content-Type: text/plain\r\n\r\nhello " + BODY + b"\n")
