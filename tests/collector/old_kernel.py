#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The collector on a kernel that gives no pidfd with a connection, and tells no exit status.

    old_kernel.py COLLECTOR SHIM DRIVER OLD_KERNEL
"""
import os
import signal
import subprocess

from harness import LIMIT_S, Collector, Guest, cold_starts, main, run, watched
from lib import cases
from lib.cases import case


def start(binary, old):
    """A collector under the filter. The filter's own refusal is a skip, not a failure."""
    if subprocess.run([old, "/bin/true"], stderr=subprocess.DEVNULL, check=False).returncode == 77:
        cases.skip("no seccomp filters here")
    return Collector(old, wrapped=binary)


@case
def a_process_is_followed_by_its_pid(binary, _, driver, old):
    with start(binary, old) as collector:
        with Guest(driver, collector.socket, "good") as guest:
            collector.until("followed", lambda c: c["processes_now"] == 1)
            guest.close()
        collector.until("ended", lambda c: c["instances_ended"] == 1)


@case
def short_lives_are_all_seen_and_no_end_is_guessed(binary, _, driver, old):
    with start(binary, old) as collector:
        assert run(driver, collector.socket, "short", 100)[1] == 0
        counters = collector.until("all ended", lambda c: c["instances_ended"] == 100)
        assert counters["records"] == 200, counters
        # Every other one ends with status 7, which /proc may tell in time; a 0 there is not believed.
        assert counters["ends_known"] + counters["ends_unknown"] == 100, counters
        assert counters["ends_unknown"] >= 50, counters


@case
def of_who_is_not_waited_for_a_status_is_believed_that_is_not_0(binary, shim, _, old):
    with start(binary, old) as collector:
        left = [watched(collector, shim, ["sh", "-c", f"exit {status}"]) for status in (0, 7)]
        counters = collector.until("both ended", lambda c: c["instances_ended"] == 2)
        assert counters["ends_known"] == counters["ends_unknown"] == 1, counters
        assert [process.wait(LIMIT_S) for process in left] == [0, 7]


@case
def a_process_in_a_time_namespace_behind_ours_is_followed_by_its_pid(binary, shim, _, old):
    """By its own clock it attached before it was started by ours."""
    with open("/proc/uptime", encoding="ascii") as uptime:
        behind = min(1000, int(float(uptime.read().split()[0])) - 5)
    if behind < 5:
        cases.skip("the machine has just booted")
    unshare = ["unshare", "-T", "--boottime", f"-{behind}", "-f"]
    refused = subprocess.run([*unshare, "true"], capture_output=True, text=True, check=False)
    if refused.returncode:
        cases.skip(f"unshare -T: {refused.stderr.strip()}")
    with start(binary, old) as collector:
        inside = ["env", f"LD_PRELOAD={shim}", f"COLDSPAN_SOCKET={collector.socket}", "cat"]
        with subprocess.Popen([*unshare, *inside], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as guest:
            try:
                guest.stdin.write(b"x")
                guest.stdin.flush()
                assert guest.stdout.read(1) == b"x"
                counters = collector.until("taken in", lambda c: c["instances_now"]
                                           + c["instances_ended"] == 1)
                assert counters["processes_now"] == counters["instances_now"] == 1, counters
            finally:
                guest.stdin.close()
                guest.wait(LIMIT_S)
        collector.until("ended", lambda c: c["instances_ended"] == 1)


@case
def an_end_is_told_by_a_watched_parent_or_by_nobody(binary, shim, _, old):
    with start(binary, old) as collector:
        script = "sh -c 'read x; exit 7' </dev/null; true"
        assert watched(collector, shim, ["sh", "-c", script]).wait(LIMIT_S) == 0
        collector.until("both ended", lambda c: c["instances_ended"] == 2)
        counters = collector.counters()
        assert counters["ends_known"] == counters["ends_unknown"] == 1, counters
        collector.accounting()
        outer = cold_starts(collector.file)
        assert all("process.exit.code" not in s or s["process.exit.code"] == 7 for s in outer), outer


@case
def a_child_is_taken_in_before_its_parent_tells_of_its_end(binary, _, driver, old):
    with start(binary, old) as collector:
        with Guest(driver, collector.socket, "parent") as guest:
            collector.until("both are there", lambda c: c["instances_now"] == 2)
            collector.counters()  # and the first child's end, which came before, was seen
            collector.process.send_signal(signal.SIGSTOP)
            os.waitpid(collector.process.pid, os.WUNTRACED)
            guest.process.stdin.close()
            assert guest.process.stdout.readline() == b"reaped\n"
            collector.process.send_signal(signal.SIGCONT)
            counters = collector.until("both ended", lambda c: c["instances_ended"] == 2)
            assert counters["ends_known"] == 2 and counters["ends_unknown"] == 0, counters


if __name__ == "__main__":
    main(__doc__, "collector", "shim", "driver", "old_kernel")
