#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the commands print, in tmux at four widths: no line is wider than the terminal, and under LANG=C
all of it is ASCII.

usage: widths.py --build DIR --source DIR
"""
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases
from lib.cases import case
from manners import commands

LIMIT_S = 120
WIDTHS = (60, 80, 120, 200)
LOCALES = ("C", "C.UTF-8")
END = "-- that was all --"


class Tmux:
    """A server of its own, one window as wide as asked."""

    def __init__(self, folder):
        if not shutil.which("tmux"):
            cases.skip("tmux is not installed (script/setup installs it)")
        self.folder, self.number = folder, 0

    def tmux(self, *words):
        return subprocess.run(["tmux", "-S", self.folder / f"socket{self.number}", "-f", "/dev/null", *words], text=True,
                              capture_output=True, check=True, timeout=LIMIT_S,
                              env=commands.environment(TERM="screen", LC_ALL="C.UTF-8")).stdout

    def screen(self, columns, locale, *words):
        """The lines as they were printed: those that tmux had to break are put together again."""
        line = " ".join(shlex.quote(str(word)) for word in words)
        script = f"cd {self.folder}; unset LC_ALL LC_CTYPE COLUMNS; LANG={locale} {line}; echo '{END}'; exec cat"
        self.number += 1  # a server that ends may still hold its socket
        self.tmux("new-session", "-d", "-x", str(columns), "-y", "200", "sh", "-c", script)
        try:
            end = time.monotonic() + LIMIT_S
            while END not in (text := self.tmux("capture-pane", "-p", "-J", "-S", "-")):
                assert time.monotonic() < end, text
                time.sleep(0.02)
        finally:
            self.tmux("kill-server")
        return text[:text.index(END)].rstrip().split("\n")


def check(args, folder, *words, own=lambda line: line):
    """@own: the line without the words that are the caller's, such as long paths."""
    tmux, texts = Tmux(folder), {}
    for columns in WIDTHS:
        for locale in LOCALES:
            rows = tmux.screen(columns, locale, args.coldspan, *words)
            wide = [row for row in rows if len(own(row.rstrip())) > columns]
            assert rows[0] and not wide, f"{columns} {locale}: {wide}"
            assert locale != "C" or "".join(rows).isascii(), f"{columns}: {rows}"
            assert "error:" not in rows[0], rows
            texts[columns, locale] = rows
    return texts


def words_of(rows):
    return " ".join(rows).split()


@case
def help(args, folder):
    tmux = Tmux(folder)
    for command in commands.every(args.build, args.source):
        if command.words[0] == args.coldspan:
            rows = tmux.screen(60, "C", *command.words, "--help")
            wide = [row for row in rows if len(row.rstrip()) > 60 and len(row.split()) > 1]
            assert not wide, f"{command.name}: {wide}"
            assert words_of(rows) == command.help().split(), f"{command.name}: words are lost: {rows}"
    for rows in check(args, folder, "help").values():
        assert words_of(rows) == commands.every(args.build, args.source)[0].help().split(), rows


@case
def run(args, folder):
    for (columns, locale), rows in check(args, folder, "run", "--", "sh", "-c", "echo hi").items():
        drawn = next(row for row in rows if row.startswith(" phase"))
        assert len(drawn) == columns, f"{columns} {locale}: {drawn!r}"
        assert any(re.match(r" +exec |.*\bexec\b", row) for row in rows), rows


@case
def report(args, folder):
    spans = folder / "spans.jsonl"
    subprocess.run([args.coldspan, "run", "-q", "--file", spans, "--", "sh", "-c", "exit 3"], check=False,
                   stdin=subprocess.DEVNULL, timeout=LIMIT_S)
    for (columns, locale), rows in check(args, folder, "report", spans).items():
        drawn = next(row for row in rows if row.startswith(" phase"))
        assert len(drawn) == columns, f"{columns} {locale}: {drawn!r}"


def _short(line):
    """A path is one word, and is to be copied whole."""
    return re.sub(r"/\S{20,}", "/path", line)


@case
def doctor(args, folder):
    told = check(args, folder, "doctor", "--", "cat", own=_short)
    whole = subprocess.run([args.coldspan, "doctor", "--", "cat"], text=True, capture_output=True, check=False,
                           env=commands.environment()).stdout
    for (columns, _), rows in told.items():
        assert words_of(rows) == whole.split(), f"{columns}: {rows}"
        assert all(re.match(r"(ok|note|NO) |      |cat c|cat C", row) for row in rows), f"{columns}: {rows}"


@case
def assert_(args, folder):
    (folder / "coldspan.yaml").write_text(
        "version: 1\ndefaults: {warmup: 0}\nfunctions:\n"
        "  hello:\n    run: [sh, -c, 'true']\n    budgets: [p50 total <= 1ns, p90 total <= 100s, "
        "shared_objects <= 1]\n")
    for (columns, locale), rows in check(args, folder, "assert", "--runs", "6").items():
        text = " ".join(words_of(rows))
        assert "FAIL" in text and "INCONCLUSIVE" in text, f"{columns} {locale}: {rows}"


def main():
    args = cases.parser(__doc__, "build", "source").parse_args()
    args.coldspan = args.build / "agent/coldspan"
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
