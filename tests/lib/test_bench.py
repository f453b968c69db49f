#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""script/lib/bench.py, through which script/bench shows everything: what it prints, and when it fails."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases
from lib.cases import case

BENCH = pathlib.Path(__file__).resolve().parents[2] / "script/lib/bench.py"
KEYS = ["bench", "what", "ours", "peer", "unit", "ratio", "goal", "met", "n"]
LIMIT_S = 60
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
def one_bar_that_could_not_be_measured_leaves_the_others(folder):
    missing = {"bench": "b", "what": "another", "unmeasured": "it does not start"}
    status, lines, _ = show(folder, says(GIVEN, missing, {**GIVEN, "ours": 31}))
    assert status == 1 and "not measured: it does not start" in lines[2], lines
    assert [json.loads(line).get("ours") for line in lines[-3:]] == [30, None, 31], lines
    assert json.loads(lines[-2]) == missing, lines
    status, lines, told = show(folder, says({**missing, "ours": 3}))
    assert status == 1 and not lines and "why nothing was measured" in told, (lines, told)


@case
def a_signal_ends_the_benchmark_too(folder):
    for signum in (signal.SIGINT, signal.SIGTERM):
        show(folder, says(GIVEN))
        started = folder / "started"
        started.unlink(missing_ok=True)
        (folder / "tests/bench/b/run").write_text(
            f"#!/bin/sh\nsleep 1000 & echo $! >'{started}.new'\nmv '{started}.new' '{started}'\nwait\n")
        with subprocess.Popen([sys.executable, folder / "script/lib/bench.py", folder, "60", "b"],
                              stderr=subprocess.PIPE, text=True,
                              preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
                              ) as bench:
            end = time.monotonic() + LIMIT_S
            while not started.exists():
                assert time.monotonic() < end, "it does not start"
                time.sleep(0.01)
            bench.send_signal(signum)
            try:
                _, said = bench.communicate(timeout=LIMIT_S)
            finally:
                bench.kill()
                left = pathlib.Path(f"/proc/{started.read_text().strip()}/cmdline")
                running = left.exists() and left.read_bytes()  # a zombie has none
                if running:
                    os.kill(int(started.read_text()), signal.SIGKILL)
        assert bench.returncode == 128 + signum and said == "bench: b\n", (bench.returncode, said)
        assert not running, f"the benchmark outlives {signum!r}"


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
