#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""stat and access: every kind behaves the same; what is not there is counted."""

import harness
from lib.cases import case


def missing(lab, libc):
    run = lab.same("lookup", libc)
    lines = [line for line in run.stdout.splitlines() if line.endswith("errno 2")]
    return run.segments[0]["facts"], len(lines)


@case("every look-up behaves the same")
def behaves_the_same(lab):
    for libc in lab.libcs():
        lab.same("lookup", libc)


@case("what is missing is counted")
def what_is_missing_is_counted(lab):
    for libc in lab.libcs():
        facts, lines = missing(lab, libc)
        assert facts["lookups.failed"] == lines, (libc, facts, lines)


if __name__ == "__main__":
    harness.main(__doc__)
