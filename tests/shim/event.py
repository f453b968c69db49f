#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The event of a process without connections: seen however it is read, and nothing else is taken for it."""
import harness
from harness import records
from lib.cases import case

SEEN = ["itself", "dup", "fcntl", "dup-and-back", "dup-and-close", "name", "dev-fd", "proc"]
OTHERS = ["null", "copy-of-null", "replaced-name", "reopened-number"]
STDIN, STDOUT = 1, 2


def run(lab, libc, *ways):
    """The guest's own segment."""
    result = lab.same("event", libc, ways, stdin=b"an event")
    return [s for s in result.segments if s["argv0"].endswith("event" if libc == "glibc" else "event_musl")][0]


@case("a read is seen by whatever descriptor it comes")
def reads(lab):
    for libc in lab.libcs():
        for way in SEEN:
            marks = run(lab, libc, way, "itself")["marks"]
            assert "stdin_read" in marks and marks["stdin_read"] < marks["stdout_write"], (libc, way, marks)


@case("so is a write")
def writes(lab):
    for libc in lab.libcs():
        for way in SEEN:
            marks = run(lab, libc, "itself", way)["marks"]
            assert marks["stdin_read"] < marks.get("stdout_write", 0), (libc, way, marks)


@case("what is read and written elsewhere is neither")
def others(lab):
    for libc in lab.libcs():
        for way in OTHERS:
            marks = run(lab, libc, way, way)["marks"]
            assert not {"stdin_read", "stdout_write"} & set(marks), (libc, way, marks)


@case("a read through syscall is one")
def by_syscall(lab):
    for libc in lab.libcs():
        for way in ("itself", "dup"):
            marks = run(lab, libc, way, "itself", "fork", "syscall")["marks"]
            assert "stdin_read" in marks, (libc, way, marks)


@case("an exec tells what is left to the program")
def left_to_children(lab):
    """Each run executes before the read, after it, and after the write."""
    whole, used = [STDIN | STDOUT, STDOUT, 0], [0, 0, 0]
    for libc in lab.libcs():
        for how, expected in (("fork", whole), ("vfork", whole), ("fork-null", used),
                              ("vfork-null", used), ("spawn", [])):
            segment = run(lab, libc, "itself", "itself", how)
            told = [r["flags"] for r in records(segment, "exec")]
            assert told == expected, (libc, how, told)


@case("a fork child that reads and writes tells of itself")
def fork_child(lab):
    for libc in lab.libcs():
        for way in ("itself", "dup"):
            segment = run(lab, libc, way, way, "plain")
            child = records(segment, "process")[0]["tag"]
            told = [(r["tag"], r["mark"]) for r in records(segment, "ready")]
            assert told == [(child, "stdin_read"), (child, "stdout_write")], (libc, way, told)
            assert not {"stdin_read", "stdout_write"} & set(segment["marks"]), (libc, way, segment["marks"])


@case("a copy of what was there before is no event")
def left_after_a_replacement(lab):
    for libc in lab.libcs():
        told = [r["flags"] for r in records(run(lab, libc, "null", "null", "fork"), "exec")]
        assert told == [STDIN | STDOUT, STDOUT, 0], (libc, told)
        told = [r["flags"] for r in records(run(lab, libc, "dup-and-back", "null", "fork"), "exec")]
        assert told == [STDIN | STDOUT, STDOUT, 0], (libc, told)


if __name__ == "__main__":
    harness.main(__doc__)
