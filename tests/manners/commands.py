# SPDX-License-Identifier: Apache-2.0
"""Every command there is, by the word of the programs themselves: a new one is not forgotten here."""
import os
import pathlib
import re
import subprocess

LIMIT_S = 60
USAGE = 2
FAILED = 1
RUN_FAILED = 125  # as env(1): run hands on its command's statuses
SHAPING = ("COLUMNS", "NO_COLOR", "COLDSPAN_NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "LC_ALL",
           "LC_CTYPE", "TERM", "COLDSPAN_SOCKET", "COLDSPAN_LIBRARY")


def environment(**changes):
    env = {key: value for key, value in os.environ.items() if key not in SHAPING}
    return {**env, "LANG": "C", **changes}


class Command:
    """One program, or one subcommand of it."""

    def __init__(self, name, words, page):
        self.name, self.words, self.page = name, words, page
        self.passes_on = name == "coldspan run"

    def status(self, status):
        """run has one status of its own for all that happens before its command starts."""
        return RUN_FAILED if self.passes_on else status

    def run(self, *words, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        return subprocess.run([*self.words, *words], stderr=subprocess.PIPE, check=False, text=True,
                              env=environment(), timeout=LIMIT_S, **options)

    def help(self):
        return self.run("--help").stdout

    def options(self):
        """name with dashes: its letter or "", its value's name or "" """
        found = re.findall(r"^\s+(?:(-\w), )?(--[a-z][a-z-]*)(?: ([A-Z][A-Z\[\],*:]*))?(?:\s|$)", self.help(),
                           re.MULTILINE)
        return {name: (letter, value) for letter, name, value in found}


def verbs(coldspan):
    """name: summary, out of `coldspan help`."""
    text = subprocess.run([coldspan, "help"], capture_output=True, text=True, check=True,
                          timeout=LIMIT_S).stdout
    table = text.split("\nCommands:\n")[1].split("\n\n")[0]
    return dict(re.findall(r"^  (\S+) +(\S.*)$", table, re.MULTILINE))


def every(build, source):
    """All commands of the build."""
    build, man = pathlib.Path(build), pathlib.Path(source) / "docs/man"
    coldspan = build / "agent/coldspan"
    found = [Command("coldspan", [coldspan], man / "coldspan.1"),
             Command("coldspan-collector", [build / "collector/coldspan-collector"],
                     man / "coldspan-collector.8"),
             Command("coldspan-faas", [build / "runtime/coldspan-faas"], man / "coldspan-faas.8")]
    found += [Command(f"coldspan {verb}", [coldspan, verb], man / f"coldspan-{verb}.1")
              for verb in verbs(coldspan)]
    return found
