#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every test and case that docs/complaints.md names is there, and every complaint has one.

usage: complaints.py SOURCE BUILD
"""
import json
import pathlib
import re
import sys

COMPLAINTS = 28


def tests_of(build):
    """name: the files of its command that are texts, or the unit test's source."""
    found = {}
    for test in json.loads((build / "meson-info/intro-tests.json").read_text()):
        found[test["name"]] = [word for word in test["cmd"] if word.endswith(".py")]
    return found


def source_of(root, name, scripts):
    if scripts:
        return pathlib.Path(scripts[0]).read_text("utf-8")
    folder, module = name.rsplit("/", 1)
    path = root / "tests/unit" / folder / f"test_{module}.c"
    return path.read_text("utf-8") if path.exists() else ""


def rows(page):
    """What each row is about (a complaint's number, or words), and what holds it."""
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) > 1 and "/" in cells[-1]:
            yield cells[0], cells[-1]


def wrong_in(root, tests, about, text):
    name = None
    if not re.search(r"`[a-z0-9_-]+/[a-z0-9_-]+`", text):
        yield f"{about}: names no test"
    for test, case in re.findall(r"`([^`]+)`|\*([^*]+)\*", text):
        if test and re.fullmatch(r"[a-z0-9_-]+/[a-z0-9_/-]+", test):
            name = test
            if name not in tests:
                yield f"{about}: no test is called {name}"
        elif case and name in tests and case not in source_of(root, name, tests[name]):
            yield f"{about}: {name} has no case {case!r}"


def main():
    root, build = map(pathlib.Path, sys.argv[1:3])
    tests = tests_of(build)
    found = list(rows((root / "docs/complaints.md").read_text("utf-8")))
    wrong = [line for about, text in found for line in wrong_in(root, tests, about, text)]
    if [int(about) for about, _ in found if about.isdigit()] != list(range(1, COMPLAINTS + 1)):
        wrong.append(f"the complaints are not 1 to {COMPLAINTS}, once each, in their order")
    print("\n".join(f"docs/complaints.md: {line}" for line in wrong) or f"complaints: {len(found)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
