#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Originals that come with a library which is loaded later: threads and dlopen before glibc 2.34.

The old libc is a copy of this machine's in which two names are spelled differently, so that nobody
finds them there; the plug-in's own library has them, as libpthread and libdl had.
"""
import glob

import harness
from harness import assert_same
from lib import cases
from lib.cases import case

NAMES = (b"pthread_create", b"dlopen")


def old_libc(folder):
    for path in glob.glob("/lib/*-linux-gnu/libc.so.6") + glob.glob("/lib64/libc.so.6"):
        with open(path, "rb") as libc:
            data = libc.read()
        if all(data.count(b"\0" + name + b"\0") == 1 for name in NAMES):
            break
    else:
        cases.skip("no glibc here that has both in libc.so.6")
    for name in NAMES:
        data = data.replace(b"\0" + name + b"\0", b"\0" + name[:-1] + b"X\0")
    (folder / "libc.so.6").write_bytes(data)


@case("originals that come later are found when they are called")
def found_when_called(lab):
    plugins = str(lab.guests / "plugin")
    with lab.folder() as folder:
        old_libc(folder)
        how = {"env": {"LD_LIBRARY_PATH": str(folder)}, "cwd": folder}
        command = [lab.guest("late"), plugins]
        bare, watched = lab.run(command, **how), lab.watched(command, **how)
    assert bare.status == 69 and "pthread_create: 0" in bare.stdout and "dlopen: 1" in bare.stdout, bare
    for what in ("status", "stdout", "stderr"):
        assert_same(what, getattr(bare, what), getattr(watched, what))
    # The main program loads the plug-in, that two more, each through dlmopen.
    facts = watched.segments[0]["facts"]
    assert facts["unresolved"] >= 2 and facts["threads"] == 1 and facts["dlopens"] == 5, facts


if __name__ == "__main__":
    harness.main(__doc__)
