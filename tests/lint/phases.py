#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when docs/phases.md and the tables in preload/wire/marks.h name different things.

usage: phases.py ROOT
"""
import pathlib
import re
import sys


def table(text, name):
    body = text.split(f"#define {name}(X)")[1].split("\n\n")[0]
    return re.findall(r'X\(\w+,\s*"(\w+)"', body)


def documented(text, heading):
    section = text.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [name for cell in rows for name in re.findall(r"`(\w+)`", cell)]


def main():
    root = pathlib.Path(sys.argv[1])
    header = (root / "preload/wire/marks.h").read_text()
    page = (root / "docs/phases.md").read_text()
    bad = 0
    for name, heading in (("CS_PHASES", "Phases"), ("CS_MARKS", "Marks")):
        ours, theirs = table(header, name), documented(page, heading)
        if ours != theirs:
            print(f"docs/phases.md, {heading}: {theirs}, but {name} has {ours}")
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
