# SPDX-License-Identifier: Apache-2.0
"""A process per event, whose request stands in the environment; see README.md for what it answers."""
import os
import socket
import sys

BODY = sys.stdin.buffer.read()
if os.environ["Http_Path"].startswith("/hang/"):
    socket.create_connection(("127.0.0.1", int(os.environ["Http_Path"][6:]))).recv(1)
sys.stdout.buffer.write(b"hello " + BODY + b"\n")
