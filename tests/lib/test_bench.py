#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""script/lib/bench.py, through which script/bench shows everything: what it prints, and when it fails."""
import json
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases
from lib.cases import case

BENCH = pathlib.Path(__file__).resolve().parents[2] / "script/lib/bench.py"
KEYS = ["bench", "what", "ours", "peer", "unit", "ratio", "goal", "met", "n"]
GIVEN = {"bench": "b", "what": "a thing", "ours": 30.0, "peer": 100.0, "unit": "ns",
         "goal": "ratio <= 0.35", "n": 9}


def show(folder, said, *mode, status=0, seconds="30"):
    """What a benchmark that says this is shown as: (exit status, lines, stderr)."""
    (folder / "script/lib").mkdir(parents=True, exist_ok=True)
    shutil.copy(BENCH, folder / "script/lib")
    run = folder / "tests/bench/b/run"
    run.parent.mkdir(parents=True, exist_ok=True)
    run.write_text(f"#!/bin/sh\necho \"$@\" >'{folder}/args'\n{said}\nexit {status}\n")
    run.chmod(0o755)
    done = subprocess.run([sys.executable, folder / "script/lib/bench.py", folder, seconds, *mode, "b"],
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines(), done.stderr


def says(*bars):
    return "\n".join(f"echo '{json.dumps(bar)}'" for bar in bars)


@case
def a_table_and_then_a_line_of_json_for_each_bar(folder):
    status, lines, _ = show(folder, says(GIVEN, {**GIVEN, "ours": 36}))
    assert status == 0 and lines[0].split() == KEYS and lines[3] == "", lines
    met, missed = (json.loads(line) for line in lines[4:])
    assert list(met) == KEYS and (met["ratio"], met["met"]) == (0.3, True), met
    assert (missed["ratio"], missed["met"]) == (0.36, False), missed
    assert "yes" in lines[1] and "NO" in lines[2], lines


@case
def a_goal_of_our_own_needs_no_peer(folder):
    own = {**GIVEN, "peer": None, "goal": "ours >= 30"}
    status, lines, _ = show(folder, says(own))
    last = json.loads(lines[-1])
    assert status == 0 and last["met"] and last["ratio"] is None, lines
    assert show(folder, says({**own, "goal": "ratio <= 1"}))[0] == 1


@case
def what_was_not_measured_is_a_failure(folder):
    for said, status, why in ((says(GIVEN), 3, "exit status 3"), ("", 0, "printed no bar"),
                              ("echo {", 0, "not a line of JSON"),
                              (says({**GIVEN, "ours": "30"}), 0, "'ours' is missing"),
                              (says({**GIVEN, "goal": "fast"}), 0, "goal is not like")):
        got, lines, told = show(folder, said, status=status)
        assert got == 1 and not lines and f"b: not measured: {why}" in told, (got, lines, told)


@case
def a_benchmark_that_takes_too_long_is_ended(folder):
    got, _, told = show(folder, "sleep 60", seconds="1")
    assert got == 1 and "took longer than" in told, told


@case
def preparing_and_measuring_longer_are_handed_on(folder):
    for mode in ("--prepare", "--long"):
        status, lines, _ = show(folder, says(GIVEN), mode)
        assert status == 0 and bool(lines) == (mode == "--long"), lines
        assert mode in (folder / "args").read_text().split()


if __name__ == "__main__":
    cases.main(cases.parser(__doc__).parse_args(), folder=True)
