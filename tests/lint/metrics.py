#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when docs/metrics.md and the table in collector/metrics/instruments.h say different things.

usage: metrics.py ROOT [--print]
--print writes the table's rows as the page has to have them.
"""
import pathlib
import re
import sys

ROW = re.compile(r'X\((\w+),\s*"([^"]*)",\s*"([^"]*)",\s*(\w+),\s*(true|false),\s*(\w+),\s*(\w+),'
                 r'\s*"([^"]*)",\s*"([^"]*)"\)')
TYPES = {"HISTOGRAM": "histogram", "COUNTER": "counter", "UPDOWN": "up-down counter", "GAUGE": "gauge"}
HEADINGS = {"FUNCTION": "Of functions", "COLLECTOR": "Of the collector"}


def instruments(header):
    body = header.split("#define CS_INSTRUMENTS(X)")[1].split("\n\n")[0]
    found = ROW.findall(body.replace("\\\n", " "))
    assert len(found) == len(re.findall(r"\bX\(\w+,", body)) > 0, "a row that is not understood"
    return found


def prometheus(name, unit, kind):
    """The name as OpenTelemetry's specification translates it (compatibility/prometheus)."""
    words = {"s": "_seconds", "By": "_bytes"}
    word = "_ratio" if (unit, kind) == ("1", "GAUGE") else words.get(unit, "")
    return name.replace(".", "_") + word + ("_total" if kind == "COUNTER" else "")


def rows(header):
    result = {heading: [] for heading in HEADINGS.values()}
    for _, name, unit, kind, _, _, of, attributes, description in instruments(header):
        keys = ", ".join(f"`{key}`" for key in attributes.split(", ") if key)
        result[HEADINGS[of]].append(
            f"| `{name}` | `{prometheus(name, unit, kind)}` | {TYPES[kind]} | {unit and f'`{unit}`'} "
            f"| {keys} | {description} |")
    return result


def main():
    root = pathlib.Path(sys.argv[1])
    header = (root / "collector/metrics/instruments.h").read_text()
    ours = rows(header)
    if "--print" in sys.argv:
        for heading, lines in ours.items():
            print(f"## {heading}\n", *lines, sep="\n")
        return 0
    names = [row[1] for row in instruments(header)]
    bad = len(names) != len(set(names))
    page = (root / "docs/metrics.md").read_text()
    for heading, lines in ours.items():
        section = page.split(f"## {heading}\n")[1].split("\n## ")[0]
        theirs = [line for line in section.splitlines() if line.startswith("| `")]
        for line in lines + theirs:
            if line not in lines or line not in theirs:
                print(f"docs/metrics.md, {heading}: in one of page and table only: {line}")
                bad = True
        if lines != theirs and not bad:
            print(f"docs/metrics.md, {heading}: another order than the table's")
            bad = True
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
