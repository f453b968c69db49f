#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every way to read and to write behaves the same, and carries HTTP that is followed to the byte."""

import harness
from harness import records
from lib.cases import case

ROUNDS, BODY_BYTES = 60, 40


@case("every way to read and write behaves the same")
def behaves_the_same(lab):
    for libc in lab.libcs():
        lab.same("stream", libc)


@case("what they carry is followed to the byte")
def every_byte_is_followed(lab):
    for libc in lab.libcs():
        segment = lab.same("stream", libc).segments[0]
        requests, responses, ends = (records(segment, kind)
                                     for kind in ("request", "response", "response_end"))
        assert len(requests) == len(responses) == len(ends) == ROUNDS, (
            libc, len(requests), len(responses), len(ends))
        last = segment["marks"]["listen"]
        for n, (request, response, end) in enumerate(zip(requests, responses, ends)):
            assert request["connection"] == response["connection"] == end["connection"]
            assert request["sequence"] == response["sequence"] == end["sequence"] == n
            assert request["target"] == f"/{n}", request
            assert response["status"] == end["status"] == 400 + n, end
            assert end["flags"] == 0, end
            head = f"POST /{n}?q HTTP/1.1\r\nContent-Length: {n % 7}\r\n\r\n"
            assert end["request_bytes"] == len(head) + n % 7, (libc, n, end)
            head = f"HTTP/1.1 {400 + n} OK\r\nContent-Length: {BODY_BYTES}\r\n\r\n"
            assert end["response_bytes"] == len(head) + BODY_BYTES, (libc, n, end)
            assert last < request["time_ns"] < response["time_ns"] < end["time_ns"], (n, end)
            last = end["time_ns"]
        assert segment["facts"]["connections"] == 1, segment["facts"]
        assert "heads.unfollowed" not in segment["facts"], segment["facts"]


@case("marks are those of the first invocation")
def marks_are_those_of_the_first(lab):
    for libc in lab.libcs():
        segment = lab.same("stream", libc).segments[0]
        marks = segment["marks"]
        assert marks["request"] == records(segment, "request")[0]["time_ns"]
        assert marks["response"] == records(segment, "response")[0]["time_ns"]
        assert marks["response_end"] == records(segment, "response_end")[0]["time_ns"]
        assert marks["main"] < marks["listen"] < marks["accept_wait"] < marks["request"], marks


if __name__ == "__main__":
    harness.main(__doc__)
