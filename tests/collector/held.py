#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A process whose /proc never answers, since it hangs in execve(2): nobody else notices.

    held.py COLLECTOR SHIM HELD_EXEC
"""
import os
import select
import signal
import subprocess
import tempfile
import time

from harness import LIMIT_S, Collector, cold_starts, main, until_asleep, watched
from lib import cases
from lib.cases import case

USER = 65534  # another than the one that hangs


class Held:
    """A watched function that hangs in exec, while the collector cannot look at it yet."""

    def __init__(self, collector, shim, held_exec):
        self.folder = tempfile.mkdtemp(prefix="coldspan-test-")
        collector.process.send_signal(signal.SIGSTOP)
        self.process = subprocess.Popen(
            [held_exec, "mount", self.folder, "env", f"LD_PRELOAD={shim}",
             f"COLDSPAN_SOCKET={collector.socket}", held_exec, "exec", f"{self.folder}/file",
             "true"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        assert select.select([self.process.stdout], [], [], LIMIT_S)[0], "it does not hang"
        line = self.process.stdout.readline()
        collector.process.send_signal(signal.SIGCONT)
        if not line and self.process.wait(LIMIT_S) == 77:
            cases.skip("cannot mount a file system of our own")
        assert line == b"held\n", (line, self.process.poll())

    def let_go(self):
        """The file system ends with who reads what it says, and so does the wait for it."""
        self.process.stdout.close()
        self.process.wait(LIMIT_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.let_go()
        os.rmdir(self.folder)


def call(collector, shim, command, **more):
    """A function that is ready for a while before its event comes, and ends well."""
    before = collector.counters()
    process = watched(collector, shim, command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL,
                      **more)
    collector.until("it announced", lambda c: c["announces"] > before["announces"])
    until_asleep(process.pid)
    looks = collector.counters()["looks"]
    collector.until("it was looked at", lambda c: c["looks"] > looks + 20)
    process.stdin.close()
    assert process.wait(LIMIT_S) == 0
    return collector.until("it is told", lambda c: c["cold_starts"] > before["cold_starts"])


def is_known(name, collector):
    return any("coldspan.cpu_ns" in start for start in cold_starts(collector.file) if start["faas.name"] == name)


@case
def a_process_that_hangs_in_exec_holds_nobody_up(binary, shim, held_exec):
    # A sanitizer's search for leaks stops all threads, and waits for one that the kernel does not stop.
    with Collector(binary, env={"ASAN_OPTIONS": "detect_leaks=0"}) as collector:
        with Held(collector, shim, held_exec):
            counters = collector.until("it was given up", lambda c: c["readings_given_up"] >= 1)
            assert counters["instances_now"] == 1, counters
            call(collector, shim, ["cat"])
            # Asked until one was looked at before it was over.
            deadline = time.monotonic() + LIMIT_S
            while (os.getuid() == 0 and call(collector, shim, ["dd"], user=USER)
                   and not is_known("dd", collector)):
                assert time.monotonic() < deadline, "another uid is not looked at"
            # The thread that waits for it is waited for by nobody.
            said, code = collector.stop()
            assert code == 0, said
        starts = {start["faas.name"]: start for start in cold_starts(collector.file)}
        # What is missing is missing, not 0.
        assert "cat" in starts, starts
        assert "coldspan.cpu_ns" not in starts["held_exec"], starts["held_exec"]


@case
def what_it_used_is_known_again_later(binary, shim, held_exec):
    with Collector(binary) as collector:
        with Held(collector, shim, held_exec) as held:
            collector.until("it was given up", lambda c: c["readings_given_up"] >= 1)
            held.let_go()
            collector.until("it has ended", lambda c: c["instances_now"] == 0)
        # Asked as long as its uid is left out.
        deadline = time.monotonic() + LIMIT_S
        while call(collector, shim, ["cat"]) and not is_known("cat", collector):
            assert time.monotonic() < deadline, "nothing is looked at any more"
        assert collector.accounting()["dropped"] == 0


if __name__ == "__main__":
    main(__doc__, "collector", "shim", "held_exec")
