#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A command gets the same from coldspan-spawn, the small process that starts it, as from coldspan itself, but
for the memory of who starts it.

usage: spawner.py --coldspan FILE --library FILE
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases
from lib.asserting import FEW, KEPT, coldspan, expect, plan
from lib.cases import case

# What a program can tell of how it was started; its parent is coldspan.
TOLD = """import json, os, sys
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status") if ":\\t" in line)
print(json.dumps({
    "name": sys.argv[1:], "folder": os.getcwd(), "processors": sorted(os.sched_getaffinity(0)),
    "signals": [status[key].strip() for key in ("SigBlk", "SigIgn", "SigCgt")],
    "files": sorted(int(fd) for fd in os.listdir("/proc/self/fd") if int(fd) < 100 and os.path.exists(f"/proc/self/fd/{fd}")),
    "parent": open(f"/proc/{os.getppid()}/comm").read(), "leads": os.getpgrp() == os.getpid(),
    "environment": {key: value for key, value in os.environ.items() if key not in ("COLDSPAN_SOCKET", "_")}}))
"""


def _without(args, folder):
    """A copy of coldspan that has no spawner beside it."""
    copy = folder / "alone" / "coldspan"
    copy.parent.mkdir()
    shutil.copy(args.coldspan, copy)
    return str(copy)


def _both(args, folder):
    if not args.coldspan.with_name("coldspan-spawn").exists():
        cases.skip("this build has no coldspan-spawn: libc.a is missing")
    return [args.coldspan, _without(args, folder)]


def run(program, args, *words, **options):
    return subprocess.run([program, "run", "--quiet", *words], capture_output=True, timeout=60, check=False, text=True,
                          env={**os.environ, "COLDSPAN_LIBRARY": args.library}, **options)


def ignore_some():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])


@case
def it_is_started_alike(args, folder):
    (folder / "told.py").write_text(TOLD)
    told = []
    for program in _both(args, folder):
        with open("/dev/null", encoding="utf-8") as more:
            got = run(program, args, "--", sys.executable, "told.py", "a b", "", cwd=folder, preexec_fn=ignore_some,
                      pass_fds=[more.fileno()])
        assert got.returncode == 0, got
        told.append(json.loads(got.stdout))
    assert told[0] == told[1], told
    assert told[0]["parent"] == "coldspan\n" and told[0]["name"] == ["a b", ""], told[0]


@case
def what_cannot_be_executed_is_told_alike(args, folder):
    (folder / "text").write_text("exit 5\n")
    (folder / "text").chmod(0o755)
    (folder / "lost").write_text("#!/nosuch/interpreter\n")
    (folder / "lost").chmod(0o755)
    for program in _both(args, folder):
        for word, code, said in (("nosuch-command", 127, "command not found"), ("/etc/passwd", 126, "Permission denied"),
                                 ("./lost", 127, "the interpreter that it names was not found"), ("./text", 5, "")):
            got = run(program, args, "--", word, cwd=folder)
            assert got.returncode == code and said in got.stderr, (program, word, got)
        got = run(program, args, "--", "sh", "-c", "kill -9 $$")
        assert got.returncode == 137, got


@case
def a_command_is_looked_for_by_the_path_of_coldspan(args, folder):
    # Its own PATH is for what it starts itself.
    for place, code in (("ours", 0), ("its", 9)):
        (folder / place).mkdir()
        (folder / place / "found").write_text(f"#!/bin/sh\nexit {code}\n")
        (folder / place / "found").chmod(0o755)
    plan(folder, f"  f: {{run: [found], env: {{PATH: '{folder}/its:/usr/bin:/bin'}}, budgets: [total <= 60s]}}\n", FEW)
    own, alone = _both(args, folder)
    ours = {"PATH": f"{folder}/ours:{os.environ['PATH']}", "COLDSPAN_LIBRARY": args.library}
    try:
        for args.coldspan in (alone, own):
            expect(coldspan(args, folder, env=ours), KEPT)
    finally:
        args.coldspan = own


@case
def nothing_of_it_is_left_or_told(args, folder):
    program = _both(args, folder)[0]
    # It may run before coldspan has waited for who started it.
    got = run(program, args, "--json", "r.json", "--", "sh", "-c",
              "until set -- $(cat /proc/$PPID/task/$PPID/children) && [ $# = 1 ]; do :; done; echo $$ $*", cwd=folder)
    own, *children = got.stdout.split()
    assert got.returncode == 0 and children == [own], got
    told = (folder / "r.json").read_text()
    assert "coldspan-spawn" not in told and f'"pid":{own}' in told.replace(" ", ""), told


def memory_of(folder):
    return json.loads((folder / "r.json").read_text())["functions"][0]["samples"]["memory_bytes"]


@case
def memory_of_a_small_program_is_its_own(args, folder):
    # A C program: the memory of coldspan itself, 4 to 8 MiB, is none of it.
    plan(folder, "  f: {run: [/bin/true], budgets: [max memory <= 2 MiB]}\n")
    own, alone = _both(args, folder)
    expect(coldspan(args, folder, "-o", "json=r.json"), KEPT, r"PASS +max memory <= 2.00 MiB")
    small = memory_of(folder)
    assert len(small) == 5 and min(small) > 200_000, small
    plan(folder, "  f: {run: [/bin/true], budgets: [max memory <= 9 GiB]}\n")
    args.coldspan = alone
    try:
        expect(coldspan(args, folder, "-o", "json=r.json", env={"COLDSPAN_LIBRARY": args.library}), KEPT)
    finally:
        args.coldspan = own
    assert min(memory_of(folder)) > max(small) + (2 << 20), (memory_of(folder), small)


@case
def memory_of_a_larger_one_is_told_as_the_kernel_tells_it(args, folder):
    plan(folder, "  f:\n    run: [python3, -c, \"b = b'1' * (64 << 20)\"]\n    budgets: [memory <= 9GiB]\n", FEW)
    expect(coldspan(args, folder, "-o", "json=r.json"), KEPT)
    for memory in memory_of(folder):
        assert 64 << 20 < memory < 128 << 20, memory_of(folder)


if __name__ == "__main__":
    ARGS = cases.parser(__doc__, "coldspan", "library").parse_args()
    cases.main(ARGS, ARGS, folder=True)
