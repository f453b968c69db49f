#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Texts as C strings, for the program to print: static const char NAME_text[] for each file.

usage: embed.py OUTPUT NAME=FILE...
"""
import pathlib
import sys


def literal(line):
    return '\t"' + line.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("?", "\\?") + '\\n"'


def main():
    output, *inputs = sys.argv[1:]
    text = "/* Made by agent/embed.py. */\n"
    for word in inputs:
        name, _, file = word.partition("=")
        lines = pathlib.Path(file).read_text(encoding="ascii").splitlines()
        text += f"static const char {name}_text[] =\n" + "\n".join(map(literal, lines)) + ";\n"
    pathlib.Path(output).write_text(text, encoding="ascii")


if __name__ == "__main__":
    main()
