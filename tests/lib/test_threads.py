#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""lib/threads: what it says of processes in each state."""
import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, threads
from lib.cases import case

# A thread that runs beside a main thread that waits for its input, under a name that ends a field in /proc/PID/stat.
ONE_RUNS = r"""
import pathlib, sys, threading
pathlib.Path("/proc/self/comm").write_text(") R\n1")
threading.Thread(target=lambda: [None for _ in iter(int, 1)], daemon=True).start()
print(flush=True)
sys.stdin.readline()
"""


@contextlib.contextmanager
def child(code):
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            process.stdout.readline()
            yield process
        finally:
            process.kill()


@case
def a_thread_that_runs_is_seen_beside_one_that_waits(_args):
    with child(ONE_RUNS) as process:
        threads.until(process.pid, threads.RESTS, "it waits for its input")
        found = threads.of(process.pid)
        main = found.pop(process.pid)
        assert main.state == threads.RESTS and [one.state for one in found.values()] == ["R"], (main, found)


@case
def who_was_asked_to_go_on_was_switched(_args):
    with child("import sys\nprint(flush=True)\nfor line in sys.stdin: print(flush=True)") as process:
        threads.until(process.pid, threads.RESTS, "it waits for its input")
        before = threads.of(process.pid)
        assert threads.of(process.pid) == before, "it rests"
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.stdout.readline()
        threads.until(process.pid, threads.RESTS, "it waits again")
        assert threads.of(process.pid) != before


@case
def a_stopped_one_is_alive_and_a_zombie_is_not(_args):
    with child("print(flush=True); input()") as process:
        process.send_signal(signal.SIGSTOP)
        threads.until(process.pid, "T", "it was stopped")
        assert threads.alive(process.pid)
        process.kill()
        threads.until(process.pid, "Z", "it was killed")
        assert not threads.alive(process.pid)
    assert not threads.alive(process.pid)
    try:
        threads.of(process.pid)
    except OSError:
        return
    raise AssertionError("threads of a process that is gone")


@case
def threads_that_end_meanwhile_are_left_out(_args):
    end = threading.Event()

    def churn():
        while not end.is_set():
            one = threading.Thread(target=int)
            one.start()
            one.join()

    churning = threading.Thread(target=churn)
    churning.start()
    try:
        for _ in range(200):
            assert os.getpid() in threads.of(os.getpid())
    finally:
        end.set()
        churning.join()


if __name__ == "__main__":
    arguments = cases.parser(__doc__).parse_args()
    cases.main(arguments, arguments)
