#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looking at rings: holes, fork children, bursts, exec, death, and the end of the collector.

    rings.py COLLECTOR DRIVER
"""
import os
import signal
import subprocess

from harness import LIMIT_S, Collector, Guest, main, run, until_asleep
from lib import cases
from lib.cases import case


@case
def what_a_killed_writer_left_is_stepped_over(binary, driver):
    with Collector(binary) as collector:
        assert run(driver, collector.socket, "killed")[1] == -signal.SIGKILL
        counters = collector.until("it has ended", lambda c: c["instances_ended"] == 1)
        assert counters["torn"] == 1, counters
        assert counters["records"] == 2, counters


@case
def a_hole_of_a_running_process_is_given_up_after_a_second(binary, driver):
    with Collector(binary) as collector:
        with Guest(driver, collector.socket, "jumped", 15) as guest:
            counters = collector.until("it is given up", lambda c: c["torn"] == 1)
            assert counters["records"] == 1, counters
            guest.close()
        collector.until("ended", lambda c: c["instances_ended"] == 1)


@case
def a_sleeping_process_is_not_late(binary, driver):
    with Collector(binary) as collector:
        collector.process.send_signal(signal.SIGSTOP)  # what it does until it sleeps is not looked at
        with Guest(driver, collector.socket, "frozen") as guest:
            until_asleep(guest.process.pid)
            collector.process.send_signal(signal.SIGCONT)
            # longer than the patience with a running one: looks are counted, not seconds
            first = collector.counters()["looks"]
            counters = collector.until("it was looked at for long",
                                       lambda c: c["looks"] > first + 80)
            assert counters["torn"] == counters["records"] == 0, counters
            guest.close()  # commits
        counters = collector.until("ended", lambda c: c["instances_ended"] == 1)
        assert counters["torn"] == 0 and counters["records"] == 2, counters


@case
def a_fork_child_keeps_the_segment_when_its_parent_is_gone(binary, driver):
    with Collector(binary) as collector:
        with Guest(driver, collector.socket, "orphan") as guest:
            assert guest.process.wait(LIMIT_S) == 4
            counters = collector.until("the parent was seen to end",
                                       lambda c: c["ends_known"] + c["ends_unknown"] == 1)
            assert counters["instances_now"] == 1, counters
            guest.process.stdin.close()  # the child ends
            counters = collector.until("the child ended", lambda c: c["instances_ended"] == 1)
            assert counters["records"] == 3, counters


@case
def fork_children_that_ended_unseen_hold_nothing(binary, driver):
    with Collector(binary) as collector:
        with Guest(driver, collector.socket, "forks", 300) as guest:
            counters = collector.until("all was read", lambda c: c["records"] == 300)
            collector.until("no child is followed", lambda c: c["processes_now"] == 1)
            guest.close()
        counters = collector.until("it has ended", lambda c: c["instances_ended"] == 1)
        assert counters["ends_known"] + counters["ends_unknown"] == 301, counters


@case
def rings_of_one_process_are_read_in_the_order_of_time(binary, driver):
    with Collector(binary) as collector:
        with Guest(driver, collector.socket, "lanes", 500) as guest:
            counters = collector.until("all was read", lambda c: c["records"] == 1500)
            guest.close()
        counters = collector.until("it is exported", lambda c: c["invocations"] > 0)
        assert counters["invocations"] == 500, counters
        assert counters["unmatched"] == 0 and counters["dropped"] == 0, counters
        assert counters["torn"] == 1, counters


@case
def pids_of_another_namespace_are_found(binary, driver):
    if os.getuid() != 0 or subprocess.run(["unshare", "--pid", "--fork", "true"],
                                          check=False).returncode:
        cases.skip("cannot make a pid namespace")
    with Collector(binary) as collector:
        with Guest(driver, collector.socket, "container", 20) as guest:
            counters = collector.until("all was read", lambda c: c["records"] == 21)
            counters = collector.until("one and its child are followed",
                                       lambda c: c["processes_now"] == 2)
            assert counters["instances_now"] == 1, counters
            assert guest.close() == 6
        counters = collector.until("it has ended", lambda c: c["instances_ended"] == 1)
        assert counters["ends_known"] + counters["ends_unknown"] == 22, counters
        # The last child is reaped by a namespace that is going away: its status may be gone first.
        assert counters["ends_known"] >= 1, counters


@case
def exec_ends_the_life_in_the_old_segment(binary, driver):
    with Collector(binary) as collector:
        with Guest(driver, collector.socket, "exec"):
            counters = collector.until("two came", lambda c: c["announces"] == 2)
            assert counters["instances_now"] == 1, counters
            assert counters["instances_ended"] == 1, counters
            assert counters["processes_now"] == 1, counters


@case
def a_burst_that_fits_the_ring_is_read_in_full(binary, driver):
    with Collector(binary) as collector:
        fitted = int(run(driver, collector.socket, "burst", 15000)[0])
        assert fitted == 15000
        counters = collector.until("ended", lambda c: c["instances_ended"] == 1)
        assert counters["records"] == fitted and counters["dropped"] == 0, counters


@case
def what_does_not_fit_is_counted_by_the_writer(binary, driver):
    with Collector(binary) as collector:
        fitted = int(run(driver, collector.socket, "burst", 2000000)[0])
        counters = collector.until("ended", lambda c: c["instances_ended"] == 1)
        assert counters["records"] == fitted, counters
        assert counters["dropped"] == 2000000 - fitted, counters
        assert sum(counters["dropped_of"].values()) == counters["dropped"], counters
        assert len(counters["dropped_of"]) == 1, counters


@case
def a_quiet_ring_gives_its_pages_back(binary, driver):
    with Collector(binary) as collector:
        with Guest(driver, collector.socket, "mapped"):
            collector.until("trimmed", lambda c: c["trims"] >= 1)


@case
def without_an_instance_nothing_wakes_it(binary, driver):
    with Collector(binary) as collector:
        run(driver, collector.socket, "short", 1)
        collector.until("ended", lambda c: c["instances_ended"] == 1)
        first = collector.counters()["looks"]
        for _ in range(100):
            assert collector.counters()["looks"] == first


@case
def stop_reads_everything_once_more_and_accounts_for_it(binary, driver):
    with Collector(binary) as collector:
        with Guest(driver, collector.socket, "good", 50):
            collector.until("they are there", lambda c: c["announces"] >= 1)
            collector.accounting()


@case
def stop_takes_in_what_waits_in_the_socket(binary, driver):
    with Collector(binary) as collector:
        collector.process.send_signal(signal.SIGSTOP)
        run(driver, collector.socket, "short", 20)
        collector.process.send_signal(signal.SIGUSR1)
        collector.process.send_signal(signal.SIGTERM)
        collector.process.send_signal(signal.SIGCONT)
        rest = collector.process.communicate(timeout=LIMIT_S)[1].decode()
        assert collector.process.returncode == 0, rest


@case
def stop_says_what_it_cannot_take_in(binary, driver):
    with Collector(binary) as collector:
        # less than is kept free for one message
        subprocess.run(["prlimit", f"--pid={collector.process.pid}", "--nofile=100:100"],
                       check=True)
        assert run(driver, collector.socket, "short", 5)[1] == 0
        collector.until("it pauses", lambda c: c["intake_pauses"] > 0)
        said, code = collector.stop()
        lines = [line for line in said if "not taken in" in line]
        assert code == 0 and len(lines) == 1 and "at least 5 announces" in lines[0], said


if __name__ == "__main__":
    main(__doc__, "collector", "driver")
