#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Intake of coldspan-collector against good guests and hostile ones.

    intake.py COLLECTOR DRIVER
"""
import os
import resource
import signal
import socket
import stat
import subprocess

from harness import Collector, Guest, LIMIT_S, main, run
from lib import cases, watching
from lib.cases import case

NOBODY = 65534


def need_root():
    if os.getuid() != 0:
        cases.skip("needs root to become another user")


@case
def a_good_segment_becomes_an_instance_that_ends_with_its_process(binary, driver):
    with Collector(binary) as collector:
        with Guest(driver, collector.socket, "good") as guest:
            collector.until("it is there", lambda c: c["instances_now"] == 1 and c["records"] == 1)
            assert collector.counters()["processes_now"] == 1
            guest.close()
        counters = collector.until("it has ended", lambda c: c["instances_ended"] == 1)
        assert counters["instances_now"] == counters["processes_now"] == 0
        assert counters["refused"] == {}


@case
def lives_shorter_than_a_look_are_all_seen(binary, driver):
    with Collector(binary) as collector:
        assert run(driver, collector.socket, "short", 200)[1] == 0
        counters = collector.until("all ended", lambda c: c["instances_ended"] == 200)
        assert counters["records"] == 400, counters
        assert counters["torn"] == counters["broken"] == 0, counters
        assert counters["processes_now"] == 0, counters


@case
def what_was_announced_before_the_collector_looked_is_kept(binary, driver):
    with Collector(binary) as collector:
        collector.process.send_signal(signal.SIGSTOP)  # as slow as a collector can be
        try:
            assert run(driver, collector.socket, "short", 100)[1] == 0
        finally:
            collector.process.send_signal(signal.SIGCONT)
        counters = collector.until("all ended", lambda c: c["instances_ended"] == 100)
        assert counters["records"] == 200, counters


@case
def one_refusal_has_one_reason_and_hurts_nobody_else(binary, driver):
    cases = {"none": "no_descriptor", "hello": "hello", "long": "hello", "version": "version",
             "header": "header", "size": "size"}
    with Collector(binary) as collector:
        for number, (what, reason) in enumerate(cases.items(), 1):
            run(driver, collector.socket, what)
            collector.until(f"{what} is refused",
                            lambda c, n=number: sum(c["refused"].values()) == n)
            assert collector.counters()["refused"].get(reason), (what, collector.counters())
        with Guest(driver, collector.socket, "good"):
            collector.until("a good one is taken", lambda c: c["instances_now"] == 1)


@case
def who_hands_over_anything_but_a_sealed_memory_file_is_refused(binary, driver):
    need_root()
    cases = {"seals": "seals", "write-seal": "seals", "folder": "not_memfd", "device": "not_memfd",
             "pipe": "not_memfd"}
    for what, reason in cases.items():
        with Collector(binary) as collector:
            run(driver, collector.socket, what, user=NOBODY)
            counters = collector.until("refused", lambda c: sum(c["refused"].values()) == 1)
            assert counters["refused"] == {reason: 1}, (what, counters)
            run(driver, collector.socket, "killed", user=NOBODY)
            counters = collector.until("its uid, too", lambda c: "uid_refused" in c["refused"])
            assert counters["instances_ended"] == 0, counters
            with Guest(driver, collector.socket, "good"):
                collector.until("others are served", lambda c: c["instances_now"] == 1)


@case
def two_descriptors_and_253_are_refused_and_closed(binary, driver):
    for number in (2, 253):
        with Collector(binary) as collector:
            folder = f"/proc/{collector.process.pid}/fd"
            before = len(os.listdir(folder))
            run(driver, collector.socket, "many", number)
            counters = collector.until("refused", lambda c: sum(c["refused"].values()) == 1)
            assert counters["refused"] == {"many_descriptors": 1}, counters
            collector.until("they are closed", lambda c: len(os.listdir(folder)) <= before)


@case
def a_close_that_blocks_does_not_block_the_collector(binary, driver):
    need_root()
    with Collector(binary) as collector:
        # Stopped, so that the guest closes its copy first and the last one is the collector's.
        collector.process.send_signal(signal.SIGSTOP)
        with Guest(driver, collector.socket, "linger", user=NOBODY):
            collector.process.send_signal(signal.SIGCONT)
            collector.until("refused", lambda c: c["refused"].get("not_memfd") == 1)
            with Guest(driver, collector.socket, "good"):
                collector.until("others are served", lambda c: c["instances_now"] == 1)


def links(pid):
    found = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.add(os.readlink(f"/proc/{pid}/fd/{name}"))
        except FileNotFoundError:
            pass  # closed in the meantime
    return found


@case
def a_second_message_is_thrown_away_unread(binary, driver):
    with Collector(binary) as collector:
        with Guest(driver, collector.socket, "second") as guest:
            collector.until("taken", lambda c: c["instances_now"] == 1)
            sent = {link for link in links(guest.process.pid) if link.startswith("pipe:")}
            sent -= links(os.getpid())
            assert sent, "the guest holds the pipe that it sent"
            assert not sent & links(collector.process.pid), sent
        collector.until("ended", lambda c: c["instances_ended"] == 1)


@case
def a_hostile_head_ends_that_segment_alone(binary, driver):
    with Collector(binary) as collector:
        with Guest(driver, collector.socket, "good"), Guest(driver, collector.socket, "head"):
            counters = collector.until("it is broken", lambda c: c["broken"] == 1)
            assert counters["instances_now"] == 1, counters
            assert counters["instances_ended"] == 1, counters


@case
def a_probe_is_no_announce(binary, driver):
    with Collector(binary) as collector:
        run(driver, collector.socket, "probe")
        counters = collector.until("it is counted", lambda c: c["probes"] == 1)
        assert counters["announces"] == 0 and counters["refused"] == {}, counters


@case
def who_connects_and_says_nothing_is_dropped(binary, driver):
    with Collector(binary) as collector:
        with Guest(driver, collector.socket, "silence"):
            collector.until("dropped", lambda c: c["refused"] == {"silent": 1})


@case
def a_uid_gets_no_more_instances_than_allowed(binary, driver):
    with Collector(binary, "--max-instances", "3") as collector:
        with Guest(driver, collector.socket, "good", 5) as guest:
            counters = collector.until("five were announced",
                                       lambda c: c["announces"] + sum(c["refused"].values()) >= 5)
            assert counters["instances_now"] == 3, counters
            assert counters["refused"] == {"uid_quota": 2}, counters
            guest.close()
        collector.until("they ended", lambda c: c["instances_ended"] == 3)
        with Guest(driver, collector.socket, "good"):
            collector.until("there is room again", lambda c: c["instances_now"] == 1)


@case
def too_few_descriptors_make_it_wait_and_not_fail(binary, driver):
    with Collector(binary, "--max-instances", "1000") as collector:
        subprocess.run(["prlimit", f"--pid={collector.process.pid}", "--nofile=200:200"],
                       check=True)
        with Guest(driver, collector.socket, "good", 120) as guest:
            counters = collector.until("it pauses", lambda c: c["intake_pauses"] > 0)
            assert 0 < counters["instances_now"] < 120, counters
            guest.close()
        counters = collector.until("all were taken", lambda c: c["instances_ended"] == 120)
        assert counters["refused"] == {}, counters


@case
def other_users_may_announce_unless_the_mode_says_no(binary, driver):
    need_root()
    with Collector(binary) as collector:
        assert stat.S_IMODE(os.stat(collector.socket).st_mode) == 0o666
        run(driver, collector.socket, "short", 1, user=NOBODY)
        collector.until("taken", lambda c: c["instances_ended"] == 1)
    with Collector(binary, "--socket-mode", "0600") as collector:
        assert run(driver, collector.socket, "short", 1, user=NOBODY)[1] != 0
        assert run(driver, collector.socket, "short", 1)[1] == 0
        collector.until("taken", lambda c: c["instances_ended"] == 1)


def refuses(binary, *flags):
    done = subprocess.run([binary, *flags], stderr=subprocess.PIPE, stdout=subprocess.PIPE,
                          timeout=LIMIT_S, check=False)
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 2, done
    assert len(lines) == 1 and lines[0].startswith("coldspan-collector: error: "), lines
    return lines[0]


@case
def mistakes_are_one_clear_line_and_status_2(binary, _):
    assert "/proc/none" in refuses(binary, "--socket", "/proc/none/announce.sock")
    assert "--sockt" in refuses(binary, "--sockt", "/tmp/x")
    assert "--socket" in refuses(binary, "--socket")
    assert "extra" in refuses(binary, "extra")
    assert "loud" in refuses(binary, "--log-level", "loud")
    assert "not a socket" in refuses(binary, "--socket", "/etc/hostname")
    assert "99" in refuses(binary, "--ready-fd", "99")
    assert "longer than" in refuses(binary, "--socket", "/tmp/" + "x" * 200)


@case
def an_odd_level_in_the_environment_is_said_and_passed_over(binary, _):
    for level, lines in (("shouting", 1), ("debug", 0), ("", 0)):
        got = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=LIMIT_S,
                             check=False, env={**os.environ, "OTEL_LOG_LEVEL": level})
        assert got.returncode == 0 and got.stdout and got.stderr.count("\n") == lines, got
        assert not lines or "OTEL_LOG_LEVEL is \"shouting\"" in got.stderr, got


@case
def a_folder_that_is_not_writable_is_named(binary, _):
    need_root()
    done = subprocess.run([binary, "--socket", "/run/coldspan-test-none/announce.sock"],
                          stderr=subprocess.PIPE, timeout=LIMIT_S, check=False, user=NOBODY)
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 2 and len(lines) == 1, (done.returncode, lines)
    assert "/run/coldspan-test-none" in lines[0] and "--socket" in lines[0], lines


@case
def a_living_socket_is_kept_and_a_dead_one_taken_over(binary, driver):
    with Collector(binary) as first:
        assert "another process listens" in refuses(binary, "--socket", first.socket)
        first.until("it still serves", lambda c: c["probes"] == 1)
        dead = f"{first.folder}/dead.sock"
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.bind(dead)
        second = watching.start([binary], dead, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            assert run(driver, dead, "short", 1)[1] == 0
        finally:
            second.terminate()
            assert second.wait(LIMIT_S) == 0
        assert not os.path.exists(dead)


@case
def too_few_descriptors_for_an_event_loop_are_one_line(binary, _announce):
    for count in (4, 5):
        def limit(count=count):
            resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))
        done = subprocess.run([binary, "--socket", "/nowhere/x.sock"], capture_output=True, text=True,
                              timeout=LIMIT_S, check=False, preexec_fn=limit)
        assert done.returncode == 1 and done.stderr.count("\n") == 1, done
        assert done.stderr.startswith("coldspan-collector: error: cannot make an event loop: "), done


@case
def signals_that_the_caller_had_blocked_end_it_all_the_same(binary, _):
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
    try:
        with Collector(binary) as collector:
            assert collector.stop()[1] == 0
        with Collector(binary) as collector:
            assert collector.stop(signal.SIGINT)[1] == 0
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


if __name__ == "__main__":
    main(__doc__, "collector", "driver")
