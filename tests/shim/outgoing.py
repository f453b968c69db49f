#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Connections that a process makes: same behaviour, and what is recorded of them (guests/outgoing.c)."""
import harness
from harness import records
from lib.cases import case

BEGUN, DONE = 1, 2  # stages
UNKNOWN, HTTP, POSTGRESQL, MYSQL, REDIS = 0, 1, 4, 5, 6
MORE, ABORTED = 1, 4
ECONNREFUSED = 111
CALLS = [  # by connection: protocol, and of each call method or operation, target, status, end
    (HTTP, [("GET", "/first", 200, 0), ("GET", "/second", 200, 0), ("GET", "/third", 0, ABORTED)]),
    (HTTP, [("GET", "/later", 200, 0)]),
    (REDIS, [("GET", "", 0, None), ("SET", "", 0, None)]),
    (POSTGRESQL, [("SELECT", "", 0, None)]),
    (MYSQL, [("INSERT", "", 0, None)]),
    (UNKNOWN, [("", "", 0, None), ("", "", 0, None)]),
    (HTTP, [("GET", "/up", 101, 0), ("", "", 0, None), ("", "", 0, None)]),  # and what it is then, by turns
    (HTTP, [("GET", "/unix", 200, 0), ("GET", "/handed", 200, 0)]),
]


def run(lab, libc):
    return lab.same("outgoing", libc).segments[0]


def last_ends(segment):
    """By call, what was told of its end last, and how often it was."""
    ends = {}
    for end in records(segment, "call_end"):
        ends.setdefault((end["connection"], end["sequence"]), []).append(end)
    return ends


@case("connections that are made behave the same")
def behaves_the_same(lab):
    for libc in lab.libcs():
        lab.same("outgoing", libc)


@case("each connection is told once, and where it leads")
def connections_are_told(lab):
    for libc in lab.libcs():
        made = records(run(lab, libc), "connect")
        refused = [c for c in made if c["error"]]
        assert [(c["stage"], c["error"], c["port"], c["address"]) for c in refused] == [
            (DONE, ECONNREFUSED, 1, "::ffff:127.0.0.1")], (libc, refused)
        done = [c for c in made if c["stage"] == DONE and not c["error"]]
        assert len(done) == len(CALLS) == len({c["connection"] for c in done}), (libc, made)
        assert [c["text"] for c in done if c["family"] == 1] == ["socket"], (libc, done)
        begun = [c for c in made if c["stage"] == BEGUN]
        assert [c["connection"] for c in begun] == [done[1]["connection"]], (libc, begun)
        for c in begun + [done[0]]:
            assert c["address"] == "::ffff:127.0.0.1" and c["port"] > 1, (libc, c)
            assert 0 < c["begin_ns"] <= c["time_ns"], (libc, c)


@case("each call is told once, with nothing that may be secret")
def calls_are_told(lab):
    for libc in lab.libcs():
        segment = run(lab, libc)
        calls, ends = records(segment, "call"), last_ends(segment)
        assert "secret" not in str(segment["records"]), libc
        seen = {}
        for call in calls:
            told = ends[call["connection"], call["sequence"]]
            seen.setdefault(call["connection"], (call["protocol"], []))[1].append(
                (call["method"], call["target"], told[-1]["status"],
                 told[-1]["flags"] if call["protocol"] == HTTP else None))
            assert call["headers"] == ("host: example.test\n" if call["protocol"] == HTTP else "")
        assert list(seen.values()) == CALLS, (libc, seen)


@case("an answer has its times and bytes")
def answers_are_told(lab):
    for libc in lab.libcs():
        segment = run(lab, libc)
        ends = last_ends(segment)
        for call in records(segment, "call"):
            end = ends[call["connection"], call["sequence"]][-1]
            if end["flags"] & ABORTED:
                assert end["first_ns"] == end["bytes_in"] == 0, (libc, end)
                continue
            assert call["time_ns"] <= end["first_ns"] <= end["time_ns"], (libc, call, end)
        unknown = [c for c in records(segment, "call") if c["protocol"] == UNKNOWN]
        sizes = [(e["bytes_out"], e["bytes_in"]) for c in unknown
                 for e in ends[c["connection"], c["sequence"]][-1:]]
        assert sizes == [(3, 3), (1, 1), (3, 1), (67, 40)], (libc, sizes)


@case("names that are looked up are told, numbers are not")
def names_are_told(lab):
    for libc in lab.libcs():
        told = [(r["name"], r["done"], r["error"] != 0, r["addresses"] > 0)
                for r in records(run(lab, libc), "lookup")]
        assert told == [("localhost", 0, False, False), ("localhost", 1, False, True),
                        ("name.invalid", 0, False, False), ("name.invalid", 1, True, False)], (
                            libc, told)


if __name__ == "__main__":
    harness.main(__doc__)
