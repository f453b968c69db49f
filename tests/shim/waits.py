#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Waits behave the same, and the first one for a connection is what makes a server ready."""

import harness
from harness import records
from lib.cases import case

BOTH = ["epoll_wait", "epoll_pwait", "poll", "ppoll", "select", "pselect", "accept", "accept4",
        "poll-elsewhere", "select-elsewhere", "endless-poll", "endless-ppoll",
        "endless-poll-elsewhere", "endless-ppoll-elsewhere"]
GLIBC = ["epoll_pwait2", "__poll_chk", "__ppoll_chk"]


@case("every wait behaves the same")
def behave_the_same(lab):
    for libc in lab.libcs():
        marks = lab.same("waits", libc).segments[0]["marks"]
        # An accept of anything is taken for one of an inherited listener.
        assert "listen" not in marks and marks["accept_wait"] > marks["main"], marks


def waited_between_the_stamps(lab, libc, arguments):
    segment = lab.same("waits", libc, arguments).segments[-1]
    before, after = (r["time_ns"] for r in records(segment, "kill"))
    marks = segment["marks"]
    assert before < marks.get("accept_wait", 0) < after, (libc, arguments, before, marks, after)
    return before, marks


@case("only a wait for a connection makes ready")
def first_for_a_connection(lab):
    for libc in lab.libcs():
        for way in BOTH + (GLIBC if libc == "glibc" else []):
            before, marks = waited_between_the_stamps(lab, libc, [way])
            assert marks["listen"] < before, (libc, way, marks)


@case("a thread's waits as well")
def first_in_a_thread(lab):
    for libc in lab.libcs():
        for way in BOTH:
            waited_between_the_stamps(lab, libc, [way, "thread"])


if __name__ == "__main__":
    harness.main(__doc__)
