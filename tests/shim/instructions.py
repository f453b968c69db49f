#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the hooks that are called all the time cost, in instructions: of time a shared machine tells little.

guests/exchange.h and java_servers.h say what is counted. The limits are just above what gcc 12 and clang 14
make of it on x86-64: who needs more raises them, and says why. Looks at the clock are exact.
"""
import os
import pathlib
import platform
import subprocess
import tempfile

import harness
from lib import cases
from lib.cases import case

PAGE = 4096

# What is done: instructions of ours at most, looks at the clock, pages that they stand on at most (CS_HOT of layout.h).
LIMITS = {
    "read": (16, 0, 1),
    "write": (16, 0, 1),
    "serve": (2100, 3, 10),
    "serve_in_two": (2400, 3, 10),
    "serve_jdk": (2550, 3, 10),
    "serve_jetty": (3000, 3, 10),
    "call": (4300, 2, 20),
}

STEPS_S = 240  # two switches a step: on a busy machine a start takes half a minute

# Of a start: instructions, and how far from the library's beginning the last one stands. The kernel maps 64 KiB
# with a page fault, from wherever the library begins in them. What a start looks through differs from machine to
# machine (the symbols of the kernel's own object, the loader's, the lengths of paths), so a tenth is left over.
START_MOST = 50000
START_END = 0xc000


def counted(lab, *arguments):
    """What count_steps writes to its standard output and error, and the segments."""
    if platform.machine() != "x86_64":
        cases.skip("the limits are those of x86-64")
    command = [pathlib.Path(lab.dump).with_name("count_steps"), *arguments]
    with tempfile.TemporaryDirectory() as place:
        receiver = harness.Receiver(lab.dump, os.path.join(place, "announce.sock"))
        try:
            done = subprocess.run(command, env={"COLDSPAN_SOCKET": os.path.join(place, "announce.sock")},
                                  capture_output=True, text=True, timeout=STEPS_S, check=False)
        finally:
            segments = receiver.close()
    if any(why in done.stderr for why in ("Operation not permitted", "Function not implemented")):
        cases.skip(f"nothing can be stepped here: {done.stderr.strip()}")
    assert done.returncode == 0, done
    assert len(segments) == 1, segments
    return *map(int, done.stdout.split()), done.stderr, segments


def offsets(profile):
    """From the library's beginning to each instruction that was run."""
    return sorted({int(line.split()[1], 16) for line in profile.splitlines()})


def _within(lab, name):
    instructions, clocks, profile, segments = counted(lab, "--profile", lab.shim, lab.guest("counted"), name)
    pages = {offset // PAGE for offset in offsets(profile)}
    print(f"{name}: {instructions} instructions on {len(pages)} pages, {clocks} looks at the clock")
    most, looks, most_pages = LIMITS[name]
    assert instructions <= most, f"{name}: {instructions} instructions, {most} are allowed"
    assert clocks == looks, f"{name}: {clocks} looks at the clock, not {looks}"
    assert len(pages) <= most_pages, f"{name}: on {sorted(map(hex, pages))}, {most_pages} are allowed (preload/layout.h)"
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


@case("an invocation whose answer is two writes")
def serve_in_two(lab):
    segments = _within(lab, "serve_in_two")
    assert len(harness.records(segments[0], "response_end")) == 33, "it was not followed"


@case("an invocation as the JDK's own server serves it")
def serve_jdk(lab):
    segments = _within(lab, "serve_jdk")
    assert len(harness.records(segments[0], "response_end")) == 33, "it was not followed"


@case("an invocation as Jetty serves it")
def serve_jetty(lab):
    segments = _within(lab, "serve_jetty")
    assert len(harness.records(segments[0], "response_end")) == 33, "it was not followed"


@case("a call over HTTP")
def call(lab):
    segments = _within(lab, "call")
    assert len(harness.records(segments[0], "call_end")) == 33, "it was not followed"


@case("a start, in the first pages of the library")
def start(lab):
    instructions, _, profile, _ = counted(lab, "--profile", "--life", lab.shim, "/bin/true")
    far = [offset for offset in offsets(profile) if offset >= START_END]
    print(f"start: {instructions} instructions")
    assert instructions <= START_MOST, f"{instructions} instructions, {START_MOST} are allowed"
    assert not far, f"beyond {START_END:#x}: {[hex(offset) for offset in far]} (preload/layout.h)"


if __name__ == "__main__":
    harness.main(__doc__)
