#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `coldspan run` draws on a real terminal (a pty) and elsewhere: its width, and when with colour.

usage: terminal.py --coldspan FILE
"""
import fcntl
import os
import pathlib
import pty
import struct
import subprocess
import sys
import tempfile
import termios

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases
from lib.cases import case

ESCAPE = "\x1b"
SHAPING = ("COLUMNS", "NO_COLOR", "COLDSPAN_NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE",
           "LC_ALL", "LC_CTYPE", "TERM")


def environment(changes):
    env = {key: value for key, value in os.environ.items() if key not in SHAPING}
    return {**env, "LANG": "C", "TERM": "xterm", **changes}


def read_all(terminal):
    """Until its last user has closed it: Linux says EIO."""
    text = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:
            part = b""
        if not part:
            return text.decode().replace("\r\n", "\n")
        text += part


def on_terminal(args, columns, *words, **changes):
    ours, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        with subprocess.Popen([args.coldspan, "run", *words, "--", "cat"], stdin=subprocess.DEVNULL,
                              stderr=theirs, env=environment(changes)) as process:
            os.close(theirs)
            text = read_all(ours)
            assert process.wait(60) == 0, text
    finally:
        os.close(ours)
    assert "cold start" in text, text
    return text


def elsewhere(args, *words, **changes):
    got = subprocess.run([args.coldspan, "run", *words, "--", "cat"], stdin=subprocess.DEVNULL,
                         capture_output=True, timeout=60, check=True, env=environment(changes))
    return got.stderr.decode()


def width(text):
    """The axis ends at the edge."""
    return next(len(row) for row in text.splitlines() if row.startswith(" phase"))


@case
def the_waterfall_is_as_wide_as_the_terminal(args):
    for columns in (40, 57, 100, 133):
        text = on_terminal(args, columns, "--color", "never", COLUMNS="70")
        assert width(text) == columns, f"{width(text)} of {columns}:\n{text}"
        assert max(map(len, text.splitlines())) == columns, text


@case
def columns_and_80_stand_in_where_no_width_is_known(args):
    assert width(on_terminal(args, 0, "--color", "never", COLUMNS="66")) == 66
    assert width(on_terminal(args, 0, "--color", "never")) == 80
    assert width(elsewhere(args, COLUMNS="66")) == 66
    assert width(elsewhere(args)) == width(elsewhere(args, COLUMNS="x")) == 80
    assert width(elsewhere(args, COLUMNS="1000")) == 400
    assert max(map(len, elsewhere(args, COLUMNS="3").splitlines())) == 20


@case
def colour_is_for_terminals_that_nobody_forbade(args):
    for words, changes, coloured in (
            ([], {}, True), ([], {"NO_COLOR": ""}, True), ([], {"FORCE_COLOR": "1"}, True),
            ([], {"NO_COLOR": "1"}, False), ([], {"COLDSPAN_NO_COLOR": "1"}, False),
            ([], {"NO_COLOR": "0"}, False), ([], {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
            ([], {"CLICOLOR_FORCE": "0"}, False), ([], {"CLICOLOR_FORCE": ""}, True),
            ([], {"FORCE_COLOR": "1", "CLICOLOR_FORCE": "0"}, True),
            ([], {"FORCE_COLOR": "0", "CLICOLOR_FORCE": "1"}, False),
            ([], {"FORCE_COLOR": "1", "TERM": "dumb"}, True),
            (["--color", "never"], {"CLICOLOR_FORCE": "1"}, False),
            (["--color", "auto"], {"COLDSPAN_NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
            (["--color", "always"], {"COLDSPAN_NO_COLOR": "1", "TERM": "dumb"}, True),
            ([], {"TERM": "dumb"}, False), ([], {"TERM": ""}, False), ([], {"FORCE_COLOR": "0"}, False),
            (["--color", "never"], {"FORCE_COLOR": "1"}, False),
            (["--color", "always"], {"NO_COLOR": "1"}, True)):
        text = on_terminal(args, 80, *words, **changes)
        assert (ESCAPE in text) == coloured, f"{words} {changes}: {text!r}"


@case
def colour_is_not_for_files_unless_asked_for(args):
    for words, changes, coloured in (
            ([], {}, False), ([], {"FORCE_COLOR": "1"}, True), ([], {"FORCE_COLOR": "0"}, False),
            ([], {"CLICOLOR_FORCE": "1"}, True), ([], {"CLICOLOR_FORCE": "0"}, False),
            ([], {"FORCE_COLOR": "1", "TERM": "dumb"}, True),
            ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False), (["--color", "always"], {}, True)):
        text = elsewhere(args, *words, **changes)
        assert (ESCAPE in text) == coloured, f"{words} {changes}: {text!r}"


@case
def each_stream_is_looked_at_by_itself(args):
    """run draws on standard error, report on standard output: where that is a file, no colour."""
    with tempfile.TemporaryDirectory() as folder:
        spans = f"{folder}/spans.jsonl"
        text = on_terminal(args, 80, "--file", spans)
        assert ESCAPE in text, text
        ours, theirs = pty.openpty()
        with subprocess.Popen([args.coldspan, "report", spans], stdin=theirs, stdout=subprocess.PIPE,
                              stderr=theirs, env=environment({})) as process:
            os.close(theirs)
            drawn = process.stdout.read().decode()
            assert process.wait(60) == 0 and "cold start" in drawn and ESCAPE not in drawn, drawn
        os.close(ours)


@case
def blocks_are_for_utf8_locales(args):
    for words, changes, blocks in (([], {"LANG": "C.UTF-8"}, True), ([], {}, False),
                                   ([], {"LANG": "C.UTF-8", "LC_ALL": "C"}, False),
                                   ([], {"LC_CTYPE": "en_US.utf8"}, True),
                                   (["--ascii"], {"LANG": "C.UTF-8"}, False)):
        text = elsewhere(args, *words, **changes)
        assert text.isascii() != blocks and ("#" in text) != blocks, f"{words} {changes}: {text}"


def main():
    args = cases.parser(__doc__, "coldspan").parse_args()
    cases.main(args, args)


if __name__ == "__main__":
    main()
