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
SIGNAL = "ended by a signal"
ALL_SKIPPED = "one ... skip: not here\n0 passed, 0 failed, 1 skipped\nSKIP: not here\n"


def tally(*words):
    return subprocess.run([sys.executable, TALLY, *words], capture_output=True, text=True, check=False)


def write(log, tests):
    """What meson writes of tests: (name, result, stdout), and what a signal ended says it in SIGNAL."""
    log.write_text("".join(json.dumps({"name": name, "result": result, "stdout": stdout,
                                       "returncode": -11 if stdout == SIGNAL else 1}) + "\n"
                           for name, result, stdout in tests))
    return log


def told(folder, *tests, second=()):
    """The exit status and the lines of a run of meson that had these."""
    results = folder / "results"
    logs = [write(folder / "testlog.json", tests), write(folder / "again.json", second)]
    assert tally("meson", results, "step", *logs).returncode == 0
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
def what_passes_when_it_runs_again_is_named_as_flaky(folder):
    assert told(folder, ("s / a", "OK", ""), ("s / b", "FAIL", ""), ("s / c", "FAIL", ""),
                second=[("s / b", "OK", ""), ("s / c", "FAIL", "")]) == (1, [
                    "flaky: step: s / b: FAIL, and passed when it ran again alone",
                    "failed: step: s / c: FAIL", "2 passed, 1 failed, 0 skipped"])


@case
def a_second_run_is_for_a_few_that_were_not_ended_by_what_they_found(folder):
    def again(*tests):
        done = tally("again", write(folder / "testlog.json", tests))
        assert done.returncode == 0, done
        return done.stdout.splitlines()

    good, bad = ("s / a", "OK", ""), ("s / e2e/b", "FAIL", "it differs")
    assert again(good, bad, ("s / c", "TIMEOUT", "")) == ["e2e/b", "c"]
    assert again(good) == []
    assert again(bad, ("s / d", "FAIL", "==7==ERROR: AddressSanitizer: heap-use-after-free")) == []
    assert again(bad, ("s / d", "FAIL", SIGNAL)) == []
    assert again(bad, ("s / d", "ERROR", "")) == []
    assert again(*[bad] * 5) == []


@case
def nothing_that_ran_is_a_failure(folder):
    assert told(folder) == (1, ["failed: step: meson ran no test", "0 passed, 1 failed, 0 skipped"])
    assert tally("close", folder / "none").returncode == 1


if __name__ == "__main__":
    cases.main(cases.parser(__doc__).parse_args(), folder=True)
