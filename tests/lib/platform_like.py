# SPDX-License-Identifier: Apache-2.0
"""Starts a server as a platform would, and ends as it did.

usage: platform_like.py NAME COMMAND…

It listens, to nobody: a process that only starts a server is part of that server's start, and one that
serves is not. NAME becomes the OTEL_SERVICE_NAME of the server. Not imported: it runs under the shim.
"""
import os
import socket
import subprocess
import sys


def main():
    # No TCP port: the child has its listener, too, until it executes the server.
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("")
        listener.listen()
        status = subprocess.run(sys.argv[2:], check=False,
                                env={**os.environ, "OTEL_SERVICE_NAME": sys.argv[1]}).returncode
    return 128 - status if status < 0 else status


if __name__ == "__main__":
    sys.exit(main())
