#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much may wait at the announce socket: all that start at once, and not what functions need.

    backlog.py COLLECTOR SHIM
"""
import os
import resource
import shutil
import signal
import socket

from harness import LIMIT_S, Collector, main, watched
from lib import cases
from lib.cases import case

NOBODY = 65534
QUOTA = 512  # half of what is usual: what a user may have in flight, too
AT_ONCE = 200


def can_send_a_descriptor():
    """In a process of nobody's with QUOTA descriptors: the errno of handing one over, 0 it worked."""
    child = os.fork()
    if child == 0:
        failed = 255
        try:
            as_nobody()
            ours, theirs = socket.socketpair()
            try:
                socket.send_fds(ours, [b"x"], [theirs.fileno()])
                failed = 0
            except OSError as error:
                failed = error.errno
        finally:
            os._exit(failed)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def as_nobody():
    resource.setrlimit(resource.RLIMIT_NOFILE, (QUOTA, QUOTA))
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


@case
def a_hung_collector_leaves_functions_their_quota_of_descriptors_in_flight(binary, shim):
    """Announces that nobody takes count against their user's, whoever of that user's processes asks."""
    if os.geteuid() != 0:
        cases.skip("needs root to be another user")
    with Collector(binary) as collector:
        copy = shutil.copy(shim, collector.folder)  # ours may be where others may not look
        collector.process.send_signal(signal.SIGSTOP)
        try:
            assert can_send_a_descriptor() == 0
            script = f"i=0; while [ $i -lt {QUOTA + 88} ]; do /bin/true; i=$((i + 1)); done"
            assert watched(collector, copy, ["/bin/sh", "-c", script],
                           preexec_fn=as_nobody).wait(3 * LIMIT_S) == 0
            assert can_send_a_descriptor() == 0
        finally:
            collector.process.send_signal(signal.SIGCONT)
        # It was no mistake of the test: the queue was full.
        collector.until("the queue was taken in", lambda c: 200 < c["announces"] < QUOTA)


@case
def all_announce_that_start_at_once(binary, shim):
    program = shutil.which("true")
    with Collector(binary) as collector:
        gate, opened = os.pipe()
        env = {**os.environ, "LD_PRELOAD": shim, "COLDSPAN_SOCKET": collector.socket}
        children = []
        for _ in range(AT_ONCE):
            children.append(os.fork())
            if not children[-1]:
                os.close(opened)
                os.read(gate, 1)
                os.execve(program, [program], env)
        os.close(gate)
        os.close(opened)  # all of them go
        assert all(os.waitpid(child, 0)[1] == 0 for child in children)
        collector.until("all were taken in", lambda c: c["announces"] == AT_ONCE)


if __name__ == "__main__":
    main(__doc__, "collector", "shim")
