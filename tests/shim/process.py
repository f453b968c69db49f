#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Processes: the guest behaves the same, and every spawn, end and signal is recorded."""
import os
import signal

import harness
from harness import records
from lib.cases import case

FORK, VFORK, CLONE, POSIX_SPAWN = 1, 2, 3, 4


def own(lab, libc):
    run = lab.same("process", libc)
    segments = run.of(exe=os.path.basename(lab.guest("process", libc)))
    assert len(segments) == 1, f"{len(segments)} segments: fork children must not announce"
    segment = segments[0]
    # Three children are killed wherever they are: perhaps in the middle of their first record.
    assert segment["torn"] <= 3 and not segment["dropped"], (segment["torn"], segment["dropped"])
    return run, segment


@case("the guest behaves the same on glibc")
def same_on_glibc(lab):
    own(lab, "glibc")


@case("the guest behaves the same on musl")
def same_on_musl(lab):
    own(lab, "musl")


@case("spawns and ends are recorded")
def spawns_and_ends(lab):
    for libc in lab.libcs():
        _, segment = own(lab, libc)
        mine = [r for r in records(segment, "spawn") if r["tag"] == segment["pid"]]
        good = {r["child"]: r for r in mine if r["child"] > 0}
        kinds = {kind: sum(r["spawn"] == kind for r in good.values()) for kind in (1, 2, 3, 4)}
        assert kinds[POSIX_SPAWN] == 4 and kinds[VFORK] == 3 + 60 and kinds[CLONE] == 4, kinds
        begun = {(r["spawn"], r["time_ns"]) for r in records(segment, "spawning")}
        slept = {(r["spawn"], r["time_ns"]) for r in mine if r["spawn"] in (VFORK, POSIX_SPAWN)}
        assert slept and slept <= begun and not any(kind == FORK for kind, _ in begun), (libc, slept - begun)
        failed = [(r["spawn"], -r["child"]) for r in mine if r["child"] < 0]
        assert (POSIX_SPAWN, 2) in failed and (CLONE, 22) in failed, failed
        for r in mine:
            assert 0 < r["time_ns"] <= r["end_ns"], r
        ends = {r["child"]: r["status"] for r in records(segment, "wait")}
        exits = {os.waitstatus_to_exitcode(s) for s in ends.values()}
        assert {1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 21, 31, 51, 53, 54} <= exits, exits
        assert {-signal.SIGTERM, -signal.SIGKILL} <= exits, exits
        # Children that libc starts by itself are no spawns of ours; all others must have an end,
        # but for five whose parent could not be told.
        unseen = [r for child, r in good.items() if child not in ends]
        assert len(unseen) == 5, f"{libc}: no end for {unseen}"


@case("usage is recorded if the caller asked for it")
def usage_only_if_asked(lab):
    _, segment = own(lab, "glibc")
    by_status = {os.waitstatus_to_exitcode(r["status"]): r for r in records(segment, "wait")}
    for status in (3, 4):  # wait3, wait4 with a rusage
        assert by_status[status]["max_rss_bytes"] > 0 and by_status[status]["faults_minor"] > 0
        assert by_status[status]["switches_voluntary"] > 0, by_status[status]
    for status in (1, 2, 5):
        assert by_status[status]["max_rss_bytes"] == 0


@case("fork children write under their own tag")
def fork_children_write_under_their_own_tag(lab):
    for libc in lab.libcs():
        _, segment = own(lab, libc)
        processes = {r["tag"]: r for r in records(segment, "process")}
        assert segment["pid"] not in processes
        spawned = {r["child"]: r for r in records(segment, "spawn") if r["spawn"] == FORK}
        ends = {r["child"]: r["status"] for r in records(segment, "wait")}
        for child, spawn in spawned.items():
            process = processes.get(child)
            if not process and child in ends and os.WIFSIGNALED(ends[child]):
                continue  # killed before it ran
            assert process, f"{libc}: fork child {child} wrote nothing"
            assert process["spawn"] == FORK and process["ppid"] == spawn["tag"]
            assert process["spawn_begin_ns"] == spawn["time_ns"]
        bypassed = [r for r in processes.values() if r["spawn"] == 0]
        assert bypassed, f"{libc}: the raw clone's child did not find out by itself"
        grandchildren = [r for r in processes.values()
                         if r["ppid"] in processes and r["ppid"] != segment["pid"]]
        assert len(grandchildren) == 1, grandchildren
        for r in segment["records"]:
            assert r["tag"] in processes or r["tag"] == segment["pid"], r


@case("the parent tells what vfork children execute")
def parents_tell_of_vfork_children(lab):
    for libc in lab.libcs():
        _, segment = own(lab, libc)
        vforked = {r["child"] for r in records(segment, "spawn") if r["spawn"] == VFORK}
        execs = [r for r in records(segment, "exec") if r["by"] in vforked]
        assert len(execs) == 2, execs  # of a shell, and of what is nowhere
        for r in execs:
            assert r["ppid"] == segment["pid"] and r["spawn"] == VFORK
            assert 0 < r["spawn_begin_ns"] <= r["time_ns"]
        said = {(r["time_ns"], r["spawn_begin_ns"]) for r in records(segment, "executing") if r["spawn"] == VFORK}
        assert {(r["time_ns"], r["spawn_begin_ns"]) for r in execs} <= said, (execs, said)
        by_others = [r for r in segment["records"] if r["tag"] in vforked]
        assert not by_others, by_others


@case("signals are recorded")
def signals_are_recorded(lab):
    for libc in lab.libcs():
        _, segment = own(lab, libc)
        kills = [(r["signal"], r["error"], r["target"] < 0) for r in records(segment, "kill")]
        for expected in [(signal.SIGTERM, 3, False), (signal.SIGTERM, 0, False),
                         (signal.SIGKILL, 0, True), (12345, 22, False)]:
            assert expected in kills, (libc, expected, kills)
        assert all(s for s, _, _ in kills), "signal 0 sends nothing"


@case("threads at once lose nothing, each in its order")
def threads_at_once_lose_nothing(lab):
    for libc in lab.libcs():
        run = lab.same("threads", libc)
        segment, = run.of(exe=os.path.basename(lab.guest("threads", libc)))
        assert segment["torn"] == 0 and not segment["dropped"], segment["dropped"]
        times = {}
        for r in records(segment, "kill"):
            times.setdefault(r["thread"], []).append(r["time_ns"])
        assert [len(of_one) for of_one in times.values()] == [3000] * 4, times.keys()
        assert all(of_one == sorted(of_one) for of_one in times.values()), "out of order"


@case("spawns and threads are counted")
def counts(lab):
    for libc in lab.libcs():
        _, segment = own(lab, libc)
        facts = segment["facts"]
        assert facts["threads"] == 7, facts
        mine = len([r for r in records(segment, "spawn") if r["tag"] == segment["pid"]])
        assert facts["spawns"] >= mine, facts


@case("what execs announces itself")
def shells_join_by_exec(lab):
    run, segment = own(lab, "glibc")
    shells = [s for s in run.segments if s["pid"] != segment["pid"]]
    # vfork and execl, four posix_spawns, system twice (its query runs one in glibc), popen
    assert len(shells) == 8, [s["exe"] for s in shells]
    assert all(s["ppid"] == segment["pid"] for s in shells)


if __name__ == "__main__":
    harness.main(__doc__)
