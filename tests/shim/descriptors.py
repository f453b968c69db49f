#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whatever makes, copies and frees descriptors behaves the same; listeners are told."""
import socket

import harness
from harness import records
from lib.cases import case


@case("descriptors behave the same")
def behaves_the_same(lab):
    for libc in lab.libcs():
        lab.same("descriptors", libc)


@case("each socket that listens is told once")
def listeners_are_told(lab):
    for libc in lab.libcs():
        segment = lab.same("descriptors", libc).segments[0]
        listens = records(segment, "listen")
        families = [r["family"] for r in listens]
        # Bound to any port, never bound (then unknown: nobody said), and to a path.
        assert families == [socket.AF_INET, 0, socket.AF_UNIX], (libc, listens)
        assert len({r["socket"] for r in listens}) == 3, listens
        assert segment["marks"]["listen"] == listens[0]["time_ns"]
        assert segment["facts"]["connections"] == 1, segment["facts"]
        # Rings that the kernel refuses are none.
        assert segment["stand_down"] == 0, (libc, segment["stand_down"])


if __name__ == "__main__":
    harness.main(__doc__)
