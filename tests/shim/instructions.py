#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the hooks that are called all the time cost, in instructions: of time a shared machine tells little.

guests/exchange.h says what is counted. The limits are just above what gcc 12 and clang 14 make of it on
x86-64: who needs more raises them, and says why. Looks at the clock are exact.
"""
import os
import pathlib
import platform
import subprocess
import tempfile

import harness
from lib import cases
from lib.cases import case

# What is done: instructions of ours at most, looks at the clock.
LIMITS = {
    "read": (16, 0),
    "write": (16, 0),
    "serve": (7300, 3),
    "call": (6600, 2),
}


def counted(lab, name):
    if platform.machine() != "x86_64":
        cases.skip("the limits are those of x86-64")
    command = [pathlib.Path(lab.dump).with_name("count_steps"), lab.shim, lab.guest("counted"), name]
    with tempfile.TemporaryDirectory() as place:
        receiver = harness.Receiver(lab.dump, os.path.join(place, "announce.sock"))
        try:
            done = subprocess.run(command, env={"COLDSPAN_SOCKET": os.path.join(place, "announce.sock")},
                                  capture_output=True, text=True, timeout=harness.TIMEOUT_S,
                                  check=False)
        finally:
            segments = receiver.close()
    if any(why in done.stderr for why in ("Operation not permitted", "Function not implemented")):
        cases.skip(f"nothing can be stepped here: {done.stderr.strip()}")
    assert done.returncode == 0, done
    instructions, clocks = map(int, done.stdout.split())
    return instructions, clocks, segments


def _within(lab, name):
    instructions, clocks, segments = counted(lab, name)
    print(f"{name}: {instructions} instructions, {clocks} looks at the clock")
    most, looks = LIMITS[name]
    assert instructions <= most, f"{name}: {instructions} instructions, {most} are allowed"
    assert clocks == looks, f"{name}: {clocks} looks at the clock, not {looks}"
    return segments


@case("a read that is nobody's business")
def read(lab):
    _within(lab, "read")


@case("a write that is nobody's business")
def write(lab):
    _within(lab, "write")


@case("an invocation over HTTP")
def serve(lab):
    segments = _within(lab, "serve")
    assert len(harness.records(segments[0], "response_end")) == 33, "it was not followed"


@case("a call over HTTP")
def call(lab):
    segments = _within(lab, "call")
    assert len(harness.records(segments[0], "call_end")) == 33, "it was not followed"


if __name__ == "__main__":
    harness.main(__doc__)
