#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when a hook has no guest that calls it, or the shim calls what it interposes.

usage: hooks.py ROOT BUILD_DIR

Every name of preload/hooks/hooks.def must be called by a guest of tests/shim, bare and watched: that is its
differential test. And an object of the shim that refers to such a name would call the hook where it
means the original; so an undefined name may only be our own (cs_) or one of memory.c.
"""
import pathlib
import re
import subprocess
import sys

CALLED_BY_EVERY_PROGRAM = {"__libc_start_main"}
OWN = re.compile(r"cs_\w+|mem(cpy|move|set|cmp)|_DYNAMIC|_GLOBAL_OFFSET_TABLE_")


def hooks(root):
    text = (root / "preload/hooks/hooks.def").read_text("utf-8")
    return set(re.findall(r"^(?:HOOK|THUNK)\((\w+)\)", text, re.M)) | {"vfork"}


def without_a_guest(root):
    text = "".join(path.read_text("utf-8") for path in (root / "tests/shim/guests").glob("*.[ch]"))
    # Older versions of a symbol are called through .symver.
    called = set(re.findall(r"\b(\w+)\(", text)) | set(re.findall(r"\.symver \w+, (\w+)@", text))
    # A child by IN_CHILD(vfork, ...) calls it as well.
    called |= set(re.findall(r"IN_CHILD\((\w+),", text))
    return sorted(hooks(root) - called - CALLED_BY_EVERY_PROGRAM)


def calls_by_name(build):
    objects = sorted((build / "preload/libcoldspan.so.p").glob("*.o"))
    if not objects:
        yield f"{build}: the shim was not built"
    for path in objects:
        run = subprocess.run(["nm", "-P", "-u", path], capture_output=True, text=True, check=True)
        for line in run.stdout.splitlines():
            name = line.split()[0]
            if not OWN.fullmatch(name):
                yield f"{path.name} refers to {name}: CS_REAL({name}) or a raw call is meant"


def main():
    root, build = map(pathlib.Path, sys.argv[1:])
    bad = [f"{name}: no guest of tests/shim calls it" for name in without_a_guest(root)]
    bad += calls_by_name(build)
    print("\n".join(bad) or f"hooks: {len(hooks(root))} have a guest")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
