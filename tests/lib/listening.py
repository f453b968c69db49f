# SPDX-License-Identifier: Apache-2.0
"""On which TCP port a process listens, read from /proc: servers are started with port 0, so that
no test has to guess a free one."""
import os
import pathlib

LISTEN = "0A"


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
