#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What can happen to a connection: same behaviour, and exactly one end for each request.

The table says how the request of each case of guests/connections.c ends: status and flags.
"""
import platform

import harness
from harness import records
from lib import cases
from lib.cases import case

CLOSED, ABORTED, UNFOLLOWED = 1, 2, 4
OF_FIRST, BLOCKING = 4, 8  # of a request
NO_CLOCK, STRICT_MODE, SHARED_MEMORY = 2, 6, 8  # bits of the reasons to stand down
ENDS = {
    "plain": (200, 0),
    "endless": (200, CLOSED),
    "shut": (200, CLOSED),
    "shut-reading": (200, 0),
    "half": (200, ABORTED),
    "silent": (0, ABORTED),
    "hints": (200, 0),
    "no-http": (0, UNFOLLOWED),
    "upgrade": (101, 0),
    "big": (200, 0),
    "whole": (200, 0),
    "dup": (200, 0),
    "fcntl": (200, 0),
    "dup2": (200, 0),
    "dup3": (200, 0),
    "onto-itself": (200, 0),
    "nothing-onto": (200, 0),
    "something-onto": (0, ABORTED),
    "copy-too-high": (0, UNFOLLOWED),  # its bytes would pass unseen
    "range": (0, ABORTED),
    "range-on-exec": (200, 0),
    "from": (0, ABORTED),
    "raw-close": (0, ABORTED),
    "raw-write": (0, UNFOLLOWED),
    "stream": (0, UNFOLLOWED),
    "stream-below": (0, UNFOLLOWED),
    "stream-again": (0, UNFOLLOWED),
    "stream-after": (0, UNFOLLOWED),
    "dprintf": (0, UNFOLLOWED),
    "child-answers": (200, 0),  # and the parent's, below
    "child-closes": (200, 0),
    "vfork-child-closes": (200, 0),
    # Who else has it answers, and is not seen.
    "vfork-child-answers": (0, UNFOLLOWED),
    "spawned-answers": (0, UNFOLLOWED),
    "cloned-answers": (0, UNFOLLOWED),
    "passed": (0, UNFOLLOWED),
    "passed-with-others": (0, UNFOLLOWED),
    "passed-and-answered": (200, 0),
    "other-thread": (200, 0),
    "reader-beside": (200, 0),
    "cancelled": (200, 0),
}


def run(lab, libc):
    result = lab.same("connections", libc)
    if "dup2, high: 65536 " not in result.stdout:  # RLIMIT_NOFILE cannot be raised here
        ENDS["copy-too-high"] = (200, 0)
    return result.segments[0]


@case("whatever happens to a connection behaves the same")
def behaves_the_same(lab):
    for libc in lab.libcs():
        lab.same("connections", libc)


@case("each request is told once")
def each_request_is_told_once(lab):
    for libc in lab.libcs():
        segment = run(lab, libc)
        requests = records(segment, "request")
        assert [r["target"][1:] for r in requests] == list(ENDS), (libc, requests)
        sockets = {r["socket"] for r in requests}
        assert sockets == {records(segment, "listen")[0]["socket"]}, sockets
        assert len({r["connection"] for r in requests}) == len(requests), "ids came twice"


@case("each request ends once, in the way it did")
def each_request_ends_once(lab):
    for libc in lab.libcs():
        segment = run(lab, libc)
        parent = segment["pid"]
        for request in records(segment, "request"):
            name = request["target"][1:]
            ends = [r for r in records(segment, "response_end")
                    if r["connection"] == request["connection"]]
            if name == "child-answers":  # the parent closes what a child may answer
                given_up = [r for r in ends if r["tag"] == parent]
                assert [(r["status"], r["flags"]) for r in given_up] == [(0, UNFOLLOWED)], ends
                ends = [r for r in ends if r["tag"] != parent]
            assert [(r["status"], r["flags"]) for r in ends] == [ENDS[name]], (libc, name, ends)
            assert ends[0]["request_bytes"] == len(f"GET {request['target']} HTTP/1.1\r\n"
                                                   "Host: h\r\n\r\n"), (name, ends)


@case("each response begins once")
def responses_begin_once(lab):
    for libc in lab.libcs():
        segment = run(lab, libc)
        for request in records(segment, "request"):
            begun = [r for r in records(segment, "response")
                     if r["connection"] == request["connection"]]
            name = request["target"][1:]
            seen = ENDS[name][0] or name == "no-http"
            assert len(begun) == (1 if seen else 0), (libc, name, begun)


@case("bytes are counted")
def bytes_are_counted(lab):
    for libc in lab.libcs():
        segment = run(lab, libc)
        sent = {r["target"][1:]: e["response_bytes"] for r in records(segment, "request")
                for e in records(segment, "response_end") if e["connection"] == r["connection"]}
        assert sent["plain"] == len("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), sent
        assert sent["whole"] == 1500000 + len("HTTP/1.1 200 OK\r\nContent-Length: 1500000\r\n\r\n")
        assert sent["big"] == 3000000 + len("HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n")


@case("connections and what is not followed are counted")
def counts(lab):
    for libc in lab.libcs():
        facts = run(lab, libc)["facts"]
        assert facts["connections"] == len(ENDS), facts
        too_high = ENDS["copy-too-high"][1] == UNFOLLOWED
        assert facts.get("fds.unfollowed", 0) == too_high, facts
        assert "heads.unfollowed" not in facts, facts


@case("children that accept tell of themselves")
def children_that_accept(lab):
    for libc in lab.libcs():
        segment = lab.same("prefork", libc).segments[0]
        workers = [r["tag"] for r in records(segment, "process")]
        requests, ends = records(segment, "request"), records(segment, "response_end")
        assert [r["target"] for r in requests] == ["/worker/0", "/worker/1", "/worker/2"], requests
        assert [r["tag"] for r in requests] == [r["tag"] for r in ends] == workers, requests
        assert all((r["status"], r["flags"]) == (200, 0) for r in ends), ends
        waits = records(segment, "ready")
        assert [(r["tag"], r["mark"]) for r in waits] == [(w, "accept_wait") for w in workers], waits
        assert all(w["time_ns"] <= r["time_ns"] for w, r in zip(waits, requests)), (waits, requests)
        # The header's marks are the parent's, and it neither waited nor served.
        assert "listen" in segment["marks"], segment["marks"]
        for mark in ("accept_wait", "request", "response", "response_end"):
            assert mark not in segment["marks"], segment["marks"]


@case("so do those whose parent has waited before them")
def children_of_one_that_waits(lab):
    for libc in lab.libcs():
        segment = lab.same("prefork", libc, ["waited"]).segments[0]
        workers = [r["tag"] for r in records(segment, "process")]
        waits = records(segment, "ready")
        assert [(r["tag"], r["mark"]) for r in waits] == [(w, "accept_wait") for w in workers], waits
        assert segment["marks"]["accept_wait"] < waits[0]["time_ns"], (segment["marks"], waits)


@case("whether the first process accepted for a child is told")
def children_that_are_handed_connections(lab):
    for libc in lab.libcs():
        for how, flags in (([], BLOCKING), (["handed"], OF_FIRST | BLOCKING)):
            segment = lab.same("prefork", libc, how).segments[0]
            requests = records(segment, "request")
            assert [(r["target"], r["flags"]) for r in requests] == [
                (f"/worker/{n}", flags) for n in range(3)], (libc, how, requests)
            assert all(r["tag"] != segment["pid"] for r in requests), (libc, how, requests)
            assert ("accept_wait" in segment["marks"]) == bool(how), (libc, how, segment["marks"])
            assert bool(records(segment, "ready")) != bool(how), (libc, how, segment["records"])


@case("whether a read waits is told of what was seen")
def whether_reads_wait(lab):
    waits = {"accepted": True, "made-not-to": False, "asked-not-to": False, "and-again": True,
             "set-not-to": False, "and-set-again": True, "set-badly": True, "not-this-time": False,
             "copied": False, "passed": False}
    for libc in lab.libcs():
        segment = lab.same("blocking", libc).segments[0]
        told = {r["target"][1:]: bool(r["flags"] & BLOCKING) for r in records(segment, "request")}
        assert told == waits, (libc, told)


@case("a descriptor that was sent is a connection if it begins with a request")
def sent_connections(lab):
    for libc in lab.libcs():
        run = lab.same("received", libc)
        assert "status 0" in run.stdout, run.stdout
        parent, worker = run.segments
        told = [(r["target"], r["sequence"], r["flags"]) for r in records(worker, "request")]
        assert told == [("/first", 0, OF_FIRST), ("/second", 1, OF_FIRST)], (libc, told)
        assert [(r["sequence"], r["status"], r["flags"]) for r in records(worker, "response_end")] == [
            (0, 200, 0), (1, 200, 0)], (libc, worker["records"])
        assert worker["facts"]["connections"] == 1, (libc, worker["facts"])
        assert not records(parent, "request"), (libc, parent["records"])


@case("serving makes no system call of ours")
def nothing_but_read_and_write(lab):
    for libc in lab.libcs():
        for how in ([], ["probe"]):
            segment = lab.same("strict", libc, how).segments[0]
            child = records(segment, "process")[0]["tag"]
            ends = [(r["sequence"], r["status"], r["flags"])
                    for r in records(segment, "response_end") if r["tag"] == child]
            assert ends == [(n, 200, 0) for n in range(5)], (libc, how, ends)
            assert not segment["stand_down"], (libc, how, segment["stand_down"])


@case("where the clock may not be read, nothing is")
def no_clock_no_stamp(lab):
    if platform.machine() != "x86_64":
        cases.skip("only x86-64 has a time-stamp counter to forbid")
    for libc in lab.libcs():
        for how, reason in (("tsc", NO_CLOCK), ("strict", STRICT_MODE), ("raw", STRICT_MODE)):
            segment = lab.same("strict", libc, [how]).segments[0]
            child = records(segment, "process")[0]["tag"]
            assert not [r for r in records(segment, "request") if r["tag"] == child], how
            assert segment["stand_down"] == 1 << reason, (how, segment)


@case("beside a child in its memory nothing is followed, and that is said")
def beside_a_child_in_its_memory(lab):
    for libc in lab.libcs():
        segment = lab.same("shared", libc).segments[0]
        assert segment["stand_down"] == 1 << SHARED_MEMORY, (libc, segment["stand_down"])
        ends = [(r["status"], r["flags"]) for r in records(segment, "response_end")]
        assert ends == [(200, 0), (0, UNFOLLOWED)], (libc, ends)
        assert len(records(segment, "request")) == len(ends), (libc, segment["records"])
        facts = segment["facts"]
        assert (facts["connections"], facts["fds.unfollowed"]) == (3, 1), (libc, facts)


@case("who forbids the clock beside such a child lives on")
def no_clock_beside_a_child(lab):
    if platform.machine() != "x86_64":
        cases.skip("only x86-64 has a time-stamp counter to forbid")
    for libc in lab.libcs():
        segment = lab.same("shared", libc, ["tsc"]).segments[0]
        assert segment["stand_down"] == 1 << SHARED_MEMORY | 1 << NO_CLOCK, (libc, segment)


if __name__ == "__main__":
    harness.main(__doc__)
