# SPDX-License-Identifier: Apache-2.0
"""On which TCP port a process listens, read from /proc: servers are started with port 0, so that
no test has to guess a free one. For those that cannot choose one, a port that no other test takes."""
import os
import pathlib
import random
import socket

LISTEN = "0A"
GUESSED = (20000, 32000)  # below those that the kernel gives to whoever asks for any
HELD = []  # until this process ends


def inodes_of(pid):
    found = set()
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(fd)
        except OSError:
            continue  # closed meanwhile
        if target.startswith("socket:["):
            found.add(target[len("socket:["):-1])
    return found


def ports_of(pid):
    """All TCP ports, IPv4 and IPv6, that @pid listens on, in rising order."""
    mine, ports = inodes_of(pid), set()
    for table in ("tcp", "tcp6"):
        lines = pathlib.Path(f"/proc/{pid}/net/{table}").read_text(encoding="ascii").splitlines()
        for fields in (line.split() for line in lines[1:]):
            if fields[3] == LISTEN and fields[9] in mine:
                ports.add(int(fields[1].rpartition(":")[2], 16))
    return sorted(ports)


def port_of(pid):
    """The one port that @pid listens on."""
    ports = ports_of(pid)
    if len(ports) != 1:
        raise RuntimeError(f"process {pid} listens on {ports or 'no port'}")
    return ports[0]


def free_port():
    """A port on loopback for a server that has to be told one. It may listen a while later: no other test
    that asks here gets the same while this process lives, and the kernel gives it to nobody."""
    while True:
        port, mark = random.randrange(*GUESSED), socket.socket(socket.AF_UNIX)
        try:
            mark.bind(f"\0coldspan-test-port-{port}")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            mark.close()
            continue
        HELD.append(mark)
        return port


def closed_port():
    """A port on loopback where nobody listens, nor will while this process lives."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))  # and it does not listen
    HELD.append(held)
    return held.getsockname()[1]
