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
        execs = records(parent, "exec")
        more = libc == "glibc"  # execveat
        # that succeed, fail, and are given what nobody can read; one a child
        assert len(execs) == 12 + 2 * more + 10 + 2 * more + 13, (libc, len(execs))
        assert len({r["by"] for r in execs}) == len(execs), libc
        children = run.of(exe=name) + run.of(exe="exec-by-name")
        # Some were given an environment without the preload.
        assert len(children) - 1 == 7, (libc, len(children))
        by = {r["by"]: r for r in execs}
        for child in children:
            if child is parent:
                continue
            record = by[child["pid"]]
            assert record["time_ns"] < child["attach_ns"], "recorded after the exec"
            assert record["spawn"] in (1, 2) and record["spawn_begin_ns"] > 0


if __name__ == "__main__":
    harness.main(__doc__)
