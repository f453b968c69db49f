#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""exec: every kind behaves the same, and each attempt is recorded before it happens."""
import os

import harness
from harness import records
from lib.cases import case


def _both(lab):
    for libc in lab.libcs():
        yield libc, lab.same("exec", libc)


@case("every exec behaves the same")
def behaves_the_same(lab):
    for _ in _both(lab):
        pass


@case("every attempt is recorded")
def attempts_are_recorded(lab):
    for libc, run in _both(lab):
        guest = lab.guest("exec", libc)
        name = os.path.basename(guest)
        parent = next(s for s in run.of(exe=name) if s["ppid"] == os.getpid())
        paths = [r["path"] for r in records(parent, "exec")]
        more = libc == "glibc"  # execveat
        # execve, execv, execvp, execvpe, execl, execle; two in vfork children; three that failed
        assert paths.count(guest) == 11 + more, (libc, paths)
        assert paths.count("exec-by-name") == 3, (libc, paths)
        assert paths.count("/nowhere/x") == 5 + more, (libc, paths)
        assert paths.count("surely-missing") == 3, (libc, paths)
        # What nobody can read has no name: two fexecve, an empty one, nine bad pointers.
        assert paths.count("") == 12 + 2 * more, (libc, paths)
        children = run.of(exe=name) + run.of(exe="exec-by-name")
        # Some were given an environment without the preload.
        assert len(children) - 1 == 7, (libc, len(children))
        by = {r["by"]: r for r in records(parent, "exec")}
        for child in children:
            if child is parent:
                continue
            record = by[child["pid"]]
            assert record["time_ns"] < child["attach_ns"], "recorded after the exec"
            assert record["spawn"] in (1, 2) and record["spawn_begin_ns"] > 0


if __name__ == "__main__":
    harness.main(__doc__)
