#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs benchmarks of tests/bench/ and shows their bars (tests/bench/README.md has the convention).

usage: bench.py BUILD_DIR SECONDS [--long | --prepare] NAME…

Prints a table and, last, one JSON line per bar. Exit status 0: everything was measured, whether
the bars are met or not; 1: something could not be measured; 2: no such benchmark.
"""
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

BENCHES = pathlib.Path(__file__).resolve().parents[2] / "tests" / "bench"
GIVEN = {"bench": str, "what": str, "ours": (int, float), "peer": (int, float, type(None)),
         "unit": str, "goal": str, "n": int}
REFUSED = ["bench", "what", "unmeasured"]
PATIENCE_S = 10
ENDINGS = (signal.SIGINT, signal.SIGTERM)
GOAL = re.compile(r"(ours|ratio) (<=|>=) ([0-9.]+)")
COLUMNS = ["bench", "what", "ours", "peer", "unit", "ratio", "goal", "met", "n"]


class Unmeasured(Exception):
    """A benchmark that did not yield its bars; the text says why."""


def bar(line):
    """One line of a benchmark's output, checked, with ratio and met worked out."""
    try:
        given = json.loads(line)
    except json.JSONDecodeError as error:
        raise Unmeasured(f"not a line of JSON: {line[:80]!r}") from error
    if "unmeasured" in given:
        if set(given) != set(REFUSED) or not all(isinstance(value, str) for value in given.values()):
            raise Unmeasured(f"a line that says why nothing was measured has {', '.join(REFUSED)}: {line[:200]}")
        return given
    for key, kind in GIVEN.items():
        if key not in given or not isinstance(given[key], kind) or isinstance(given[key], bool):
            raise Unmeasured(f"{key!r} is missing or of a wrong type in {line[:200]}")
    goal = GOAL.fullmatch(given["goal"])
    if not goal:
        raise Unmeasured(f"goal is not like 'ratio <= 0.35' or 'ours >= 5': {given['goal']!r}")
    ratio = given["ours"] / given["peer"] if given["peer"] else None
    value = given["ours"] if goal[1] == "ours" else ratio
    if value is None:
        raise Unmeasured(f"the goal is a ratio and there is no peer in {line[:200]}")
    met = value <= float(goal[3]) if goal[2] == "<=" else value >= float(goal[3])
    whole = {**given, "ratio": None if ratio is None else float(f"{ratio:.4g}"), "met": met}
    return {key: whole[key] for key in COLUMNS}


def heed():
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)


def end(process):
    """Lets a benchmark clean up behind itself for PATIENCE_S, and ends what is left of its group."""
    with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
        os.killpg(process.pid, signal.SIGINT)
        process.wait(PATIENCE_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def run(name, build, limit, mode):
    """The standard output of one benchmark; its own words go to stderr as they come."""
    command = [BENCHES / name / "run", "--build", build, *mode]
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)  # until there is somebody to end
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          start_new_session=True, preexec_fn=heed) as process:
        try:
            heed()
            out, _ = process.communicate(timeout=max(1, limit))
        except subprocess.TimeoutExpired as error:
            os.killpg(process.pid, signal.SIGKILL)
            raise Unmeasured(f"took longer than {limit:.0f} s") from error
        except BaseException:  # a signal, which its own session keeps from it
            end(process)
            raise
    if process.returncode:
        said = (out.strip().splitlines() or [""])[-1]
        raise Unmeasured(f"exit status {process.returncode} {said}".strip())
    return out


def measure(name, build, limit, mode):
    lines = [line for line in run(name, build, limit, mode).splitlines() if line.strip()]
    if "--prepare" in mode:
        return []
    if not lines:
        raise Unmeasured("printed no bar")
    return [bar(line) for line in lines]


def cell(value):
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "NO"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def row(one):
    if "unmeasured" in one:
        one = {**one, "goal": f"not measured: {one['unmeasured']}"}
    return [cell(one.get(key)) for key in COLUMNS]


def table(bars):
    rows = [COLUMNS] + [row(one) for one in bars]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip()
                     for row in rows)


def main(args):
    build, seconds, *rest = args
    mode = [arg for arg in rest if arg.startswith("--")]
    names = [arg for arg in rest if not arg.startswith("--")]
    for name in names:
        if not (BENCHES / name / "run").exists():
            print(f"bench: no such benchmark: {name}", file=sys.stderr)
            return 2
    deadline = time.monotonic() + float(seconds)
    bars, missed = [], 0
    for name in names:
        print(f"bench: {name}", file=sys.stderr)
        try:
            bars += measure(name, os.path.abspath(build), deadline - time.monotonic(), mode)
        except Unmeasured as why:
            print(f"bench: {name}: not measured: {why}", file=sys.stderr)
            missed += 1
    if bars:
        print(table(bars))
        print()
    for one in bars:
        print(json.dumps(one))
        missed += "unmeasured" in one
    return 1 if missed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda signum, _: sys.exit(128 + signum))
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
