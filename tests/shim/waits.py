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
        assert "listen" not in marks and "accept_wait" not in marks, marks


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


@case("a socket that listens after it was given to epoll")
def epoll_before_listen(lab):
    for libc in lab.libcs():
        for way in ("early", "early-several"):
            before, marks = waited_between_the_stamps(lab, libc, [way])
            assert marks["listen"] < before, (libc, way, marks)


@case("an accept is the first wait for an inherited socket")
def accept_inherited(lab):
    for libc in lab.libcs():
        _, marks = waited_between_the_stamps(lab, libc, ["accept", "inherited"])
        assert "listen" not in marks and marks["accept_wait"] < marks["request"], (libc, marks)


@case("whether another wait was for an inherited socket is not claimed")
def wait_for_inherited(lab):
    for libc in lab.libcs():
        for way in ("epoll_wait", "poll", "ppoll", "select"):
            marks = lab.same("waits", libc, [way, "inherited"]).segments[-1]["marks"]
            assert "accept_wait" not in marks and "request" in marks, (libc, way, marks)


if __name__ == "__main__":
    harness.main(__doc__)
