# SPDX-License-Identifier: Apache-2.0
"""A function for AWS's Python runtime interface client: does what its event says."""
import os
import socket
import time

if os.environ.get("PROBE_FAILS") == "init":
    raise ImportError("the init is to fail")


def handle(event, context):
    if event.get("error"):
        raise ValueError("the event is to fail")
    if event.get("hang"):
        with open(event["hang"], "w", encoding="utf-8") as file:
            file.write(str(os.getpid()))
        time.sleep(600)
    if event.get("meet"):  # until somebody at that port says a byte
        with socket.create_connection(("127.0.0.1", event["meet"])) as peer:
            peer.recv(1)
    return {"got": event, "pad": "x" * event.get("answer_bytes", 0)}
