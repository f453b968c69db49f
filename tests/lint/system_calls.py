#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when docs/attach.md, the shim, and what `coldspan doctor` tries name different system calls.

usage: system_calls.py ROOT

The shim's are read from its source: cs_sysN(SYS_name, ...). Stand-ins are left out: they are called
where the program calls the function of that name, and libc does not have it.
"""
import pathlib
import re
import sys

ATTACH, LATER = "At the start", "Later"
STANDINS = ("standin.c", "standin_fd.c")
HOOKS = ("emit.c", "propagate.c", "hooks_")
APART = ("wire", "api")  # code of whoever reads, and of programs that link with it
# Made through libc's own function or the vDSO: not in the source as a system call.
THROUGH_OTHERS = {"poll", "ppoll", "clock_gettime"}


def documented(page, heading):
    section = page.read_text("utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.M)


def called(root):
    """Names in what runs at the start, names in the hooks."""
    start, later = set(), set()
    for path in sorted((root / "preload").rglob("*.c")):
        if path.name not in STANDINS and path.parent.name not in APART:
            names = re.findall(r"\bcs_sys\d\(\s*SYS_(\w+)", path.read_text("utf-8"))
            (later if path.name.startswith(HOOKS) else start).update(names)
    return start, later


def tried(root):
    text = (root / "agent/doctor/probe.c").read_text("utf-8")
    return re.findall(r'^\t+TRY\w*\(report, \w+, "(\w+)"', text, re.M)


def manual(root):
    text = (root / "docs/man/coldspan-doctor.1").read_text("utf-8")
    return re.findall(r"^\.Xr (\w+) 2 [,;]$", text, re.M)


def main():
    root = pathlib.Path(sys.argv[1])
    page = root / "docs/attach.md"
    attach, later = documented(page, ATTACH), documented(page, LATER)
    start, hooks = called(root)
    bad = []
    for what, theirs, ours in (
            ("preload/ calls at the start", start, set(attach)),
            ("preload's hooks call", hooks | THROUGH_OTHERS, set(later)),
            ("agent/doctor/probe.c tries", set(tried(root)), set(attach)),
            ("docs/man/coldspan-doctor.1 names", set(manual(root)), set(attach))):
        bad += [f"{what} {name}, docs/attach.md does not name it" for name in sorted(theirs - ours)]
        bad += [f"docs/attach.md names {name}: not what {what}" for name in sorted(ours - theirs)]
    bad += [f"docs/attach.md: {name} is there twice" for name in attach if attach.count(name) > 1]
    print("\n".join(bad) or f"system calls: {len(attach)} at the start, {len(later)} later")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
