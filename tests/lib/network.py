# SPDX-License-Identifier: Apache-2.0
"""A network of our own, with nothing but loopback in it: for servers that listen at fixed ports, and for
everybody's network, and can be told nothing else."""
import fcntl
import os
import socket
import struct
import subprocess
import sys

from . import cases

MARK = "COLDSPAN_TEST_NETWORK"
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def enter():
    """This script once more, in such a network; or it is skipped. Returns in there."""
    if os.environ.pop(MARK, None):
        up()
        return
    for command in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        if subprocess.run([*command, "true"], check=False, capture_output=True).returncode == 0:
            os.environ[MARK] = "1"
            os.execvp(command[0], [*command, sys.executable, *sys.argv])
    cases.skip("no network namespace can be made here")


def up():
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
