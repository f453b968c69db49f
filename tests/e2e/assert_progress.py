#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `coldspan assert` says while it measures: on a terminal one line that is gone at the end, elsewhere
a line for each function.

usage: assert_progress.py --coldspan FILE
"""
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import asserting
from lib.asserting import coldspan, environment
from lib.cases import case

LIMIT_S = 120
CLEAR = "\r\x1b[K"


def _plan(folder, start="/bin/true", runs=12):
    (folder / "coldspan.yaml").write_text(
        f"version: 1\ndefaults: {{runs: {runs}, max_runs: {runs}, warmup: 0, timeout: 60s}}\nfunctions:\n"
        f"  hello: {{run: [{start}], budgets: [p50 total <= 100s]}}\n")


def _on_terminal(args, folder, *words, interrupt_at=None, **env):
    """What it wrote to a terminal that is its standard error, what to standard output, and its status."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([args.coldspan, "assert", *words], cwd=folder, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=theirs, text=True,
                               env=environment(**{"TERM": "xterm", "LC_ALL": "C.UTF-8", **env}))
    os.close(theirs)
    said, until = b"", time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        if not select.select([ours], [], [], 1)[0]:
            continue
        try:
            more = os.read(ours, 4096)
        except OSError:  # its end was closed
            break
        if not more:
            break
        said += more
        if interrupt_at and interrupt_at in said:
            process.send_signal(signal.SIGINT)
            interrupt_at = None
    os.close(ours)
    out, _ = process.communicate(timeout=LIMIT_S)
    return said.decode(), out, process.returncode


@case
def on_a_terminal_one_line_is_drawn_and_gone(args, folder):
    _plan(folder, "sleep, '0.1'")
    said, out, status = _on_terminal(args, folder)
    assert status == 0 and "PASS" in out, out
    assert "hello  start 0/12  " in said and said.endswith(CLEAR), repr(said)
    assert "\n" not in said, repr(said)
    assert re.search(r"hello  start \d+/12  ━+ *  p50 total so far [\d.]+ m?s  (likely PASS|open)  eta \d+ s", said), repr(said)


@case
def what_was_drawn_is_no_wider_than_the_terminal(args, folder):
    _plan(folder, "sleep, '0.1'", runs=6)
    said, _, status = _on_terminal(args, folder, "--ascii", COLUMNS="60")
    assert status == 0, said
    for line in said.split(CLEAR):
        assert len(line) < 60, repr(line)


@case
def interrupted_it_leaves_a_clean_line(args, folder):
    _plan(folder, "sleep, '30'")
    said, out, status = _on_terminal(args, folder, interrupt_at=b"hello  start 0/12")
    assert status == -signal.SIGINT, (said, out, status)
    assert said.endswith(CLEAR), repr(said)


@case
def elsewhere_a_line_for_each_function(args, folder):
    _plan(folder, runs=3)
    done = coldspan(args, folder)
    assert done.returncode == 0 and done.stderr == "hello: 3 cold starts\n", done
    dumb, _, status = _on_terminal(args, folder, TERM="dumb")
    assert status == 0 and dumb.replace("\r", "") == "hello: 3 cold starts\n", repr(dumb)


@case
def quiet_says_nothing(args, folder):
    _plan(folder, runs=3)
    for word in ("--quiet", "-q"):
        said, out, status = _on_terminal(args, folder, word)
        assert (said, status) == ("", 0) and "PASS" in out, (said, out)


if __name__ == "__main__":
    asserting.main(__doc__)
