#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""script/lib/tally.py: what its closing lines say of what was run."""
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases
from lib.cases import case

TALLY = pathlib.Path(__file__).resolve().parents[2] / "script/lib/tally.py"
CASES = "one ... ok (0.01 s)\ntwo ... skip: not here\n1 passed, 0 failed, 1 skipped\n"
ALL_SKIPPED = "one ... skip: not here\n0 passed, 0 failed, 1 skipped\nSKIP: not here\n"


def tally(*words):
    return subprocess.run([sys.executable, TALLY, *words], capture_output=True, text=True, check=False)


def told(folder, *tests):
    """The exit status and the lines of a run of meson that had these (name, result, stdout)."""
    log, results = folder / "testlog.json", folder / "results"
    log.write_text("".join(json.dumps({"name": name, "result": result, "stdout": stdout}) + "\n"
                           for name, result, stdout in tests))
    assert tally("meson", results, "step", log).returncode == 0
    done = tally("close", results)
    return done.returncode, done.stdout.splitlines()


@case
def a_case_that_a_passed_test_left_out_is_named(folder):
    assert told(folder, ("suite / a", "OK", CASES)) == (0, [
        "left out: step: suite / a: two: not here", "1 passed, 0 failed, 0 skipped"])


@case
def a_skipped_test_is_counted_once(folder):
    assert told(folder, ("a", "OK", "fine"), ("b", "SKIP", ALL_SKIPPED)) == (0, [
        "skipped: step: b: SKIP: not here", "1 passed, 0 failed, 1 skipped"])


@case
def a_test_that_did_not_pass_failed(folder):
    assert told(folder, ("a", "OK", ""), ("b", "FAIL", CASES), ("c", "TIMEOUT", "three ...")) == (1, [
        "failed: step: b: FAIL", "failed: step: c: TIMEOUT", "1 passed, 2 failed, 0 skipped"])


@case
def nothing_that_ran_is_a_failure(folder):
    assert told(folder) == (1, ["failed: step: meson ran no test", "0 passed, 1 failed, 0 skipped"])
    assert tally("close", folder / "none").returncode == 1


if __name__ == "__main__":
    cases.main(cases.parser(__doc__).parse_args(), folder=True)
