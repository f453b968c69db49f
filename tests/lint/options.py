#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Options in the code, in --help and in the man page are the same ones, for every command.

usage: options.py SOURCE
"""
import pathlib
import re
import sys

# program: where its table of options and its help text stand, its man page
PROGRAMS = {
    "coldspan-collector": ("collector/options.c", "coldspan-collector.8"),
    "coldspan-faas": ("runtime/options.c runtime/main.c", "coldspan-faas.8"),
}
VERBS = "agent/verbs.h"
EVERYWHERE = {"help", "version"}  # explained once, in coldspan(1)


def in_code(text):
    """Of getopt's tables, and of those of { "--name", take_name }."""
    return set(re.findall(r'\{\s*"(?:--)?([a-z][a-z-]*)",\s*(?:(?:no|required|optional)_argument|take_)',
                          text))


def in_help(text):
    """Lines of string literals that begin with an option, as --help prints them."""
    return set(re.findall(r'^\s*"\s+(?:-\w, )?--([a-z][a-z-]*)', text, re.MULTILINE))


def in_man(text):
    items = [line for line in text.splitlines() if line.startswith(".It Fl")]
    return {name for line in items for name in re.findall(r"(?<!\S)-([a-z][a-z-]+)", line)}


def commands(root):
    """The programs, and every subcommand of the table."""
    verbs = re.findall(r"^\s*X\((\w+), ", (root / VERBS).read_text(), re.MULTILINE)
    assert len(verbs) > 1, f"{VERBS}: no table of subcommands; has it another shape?"
    return PROGRAMS | {f"coldspan {verb}": (f"agent/cmd_{verb}.c", f"coldspan-{verb}.1") for verb in verbs}


def main():
    root = pathlib.Path(sys.argv[1])
    wrong = []
    for command, (source, page) in commands(root).items():
        text = "".join((root / name).read_text() for name in source.split())
        code = in_code(text)
        if not code:
            wrong.append(f"{source}: no option found; has its table another shape?")
        for place, names in ((f"{source}, --help", in_help(text)),
                             (f"docs/man/{page}", in_man((root / "docs/man" / page).read_text()))):
            for name in sorted(code - names - EVERYWHERE):
                wrong.append(f"{place}: {command} has --{name}, which is not explained")
            for name in sorted(names - code - EVERYWHERE):
                wrong.append(f"{place}: {command} has no --{name}")
    print("\n".join(wrong) or f"options: {len(commands(root))} commands")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
