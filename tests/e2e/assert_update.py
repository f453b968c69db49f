#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`coldspan assert --update`: budgets out of what was observed, and nothing else of the file.

usage: assert_update.py --coldspan FILE
"""
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import asserting, cases
from lib.asserting import FAILED, INCONCLUSIVE, KEPT, NO_DATA, OVER, USAGE, coldspan, environment, expect, plan
from lib.cases import case

NOTE = r"  # coldspan assert --update: \d{4}-\d\d-\d\d, \S+, n=5"


@case
def budgets_become_what_was_observed(args, folder):
    plan(folder, "  # who wrote this\n  f:\n    run: [/bin/true]   # says nothing\n    extends: coldspan:recommended\n"
                 "    budgets:\n      - p50 total <= 1ns\n      - {metric: shared_objects, max: 0, why: 'x: 0'}  # y\n"
                 "      - {metric: memory, max: 1B, level: off}\n")
    before = (folder / "coldspan.yaml").read_text()
    (folder / "coldspan.yaml").chmod(0o640)
    expect(coldspan(args, folder), OVER)
    assert (folder / "coldspan.yaml").read_text() == before
    expect(coldspan(args, folder, "--update"), KEPT, r"coldspan.yaml: 2 budgets updated, 4 left as they are")
    after = (folder / "coldspan.yaml").read_text()
    want = re.escape(before).replace(re.escape("<= 1ns"), r"<= [\d.]+[mu]?s" + NOTE)
    want = want.replace(re.escape("max: 0, why: 'x: 0'}  # y"), r"max: \d+, why: 'x: 0'}  # y" + NOTE)
    assert re.fullmatch(want, after), (want, after)
    assert (folder / "coldspan.yaml").stat().st_mode & 0o777 == 0o640
    assert [path.name for path in folder.iterdir()] == ["coldspan.yaml"]
    expect(coldspan(args, folder, "--update"), KEPT)
    assert (folder / "coldspan.yaml").read_text().count("--update:") == 2
    expect(coldspan(args, folder), KEPT, r"PASS +shared_objects")


@case
def in_ci_it_is_refused(args, folder):
    plan(folder, "  f: {run: [/bin/true], budgets: [p50 total <= 1ns]}\n")
    before = (folder / "coldspan.yaml").read_text()
    expect(coldspan(args, folder, "--update", env={"CI": "true"}), USAGE, r"--update .*--allow-ci")
    assert (folder / "coldspan.yaml").read_text() == before
    expect(coldspan(args, folder, "--update", "--allow-ci", env={"CI": "true"}), KEPT, r"1 budgets updated")
    assert (folder / "coldspan.yaml").read_text() != before
    expect(coldspan(args, folder, "--update", "--null"), USAGE, r"--update")


@case
def a_file_that_cannot_be_replaced_is_refused_before_the_first_start(args, folder):
    """Root may write anywhere, but for one whom CAP_DAC_OVERRIDE was taken from."""
    started = folder.parent / f"{folder.name}.started"
    plan(folder, f"  f: {{shell: 'echo started >> {started}', budgets: [p50 total <= 1ns]}}\n")
    before = (folder / "coldspan.yaml").read_text()
    bound = ["setpriv", "--bounding-set", "-dac_override"] if os.geteuid() == 0 else []
    folder.chmod(0o555)
    try:
        got = subprocess.run([*bound, args.coldspan, "assert", "--update"], cwd=folder, capture_output=True, text=True,
                             timeout=300, check=False, env=environment())
        expect(got, FAILED, r"^coldspan: error: cannot write \S*coldspan.yaml: Permission denied\n$")
        assert not started.exists() and (folder / "coldspan.yaml").read_text() == before
        folder.chmod(0o755)
        expect(coldspan(args, folder, "--update"), KEPT)
        assert started.exists()
    finally:
        folder.chmod(0o755)
        started.unlink(missing_ok=True)


@case
def so_is_one_that_a_container_was_given_alone(args, folder):
    """A file that is mounted cannot give its place to another."""
    started = folder.parent / f"{folder.name}.started"
    plan(folder, f"  f: {{shell: 'echo started >> {started}', budgets: [p50 total <= 1ns]}}\n")
    mounted = ["unshare", "--mount", "sh", "-c", 'mount --bind coldspan.yaml coldspan.yaml && exec "$@"', "sh"]
    if subprocess.run([*mounted, "true"], cwd=folder, capture_output=True, check=False).returncode:
        cases.skip("nothing can be mounted here")
    got = subprocess.run([*mounted, args.coldspan, "assert", "--update"], cwd=folder, capture_output=True, text=True,
                         timeout=300, check=False, env=environment())
    expect(got, FAILED, r"^coldspan: error: cannot write \S*coldspan.yaml: Device or resource busy\n$")
    assert not started.exists()


@case
def what_it_cannot_write_still_counts(args, folder):
    """A budget against something, of a preset, or that is unproved: the exit status is as without --update."""
    plan(folder, "  f:\n    run: [/bin/true]\n    baseline: {run: [/bin/true]}\n    budgets:\n      - p50 total <= 1ns\n"
                 "      - shared_objects <= -99% vs baseline\n")
    expect(coldspan(args, folder, "--update"), OVER, r"1 budgets updated, 1 left as they are\nbudgets: 1 exceeded, 1 kept\n")
    expect(coldspan(args, folder), OVER, r" p50 total <= (?!1 ns|1\.00 ns)\d")  # it is in force; what a noisy machine says of it is another thing
    plan(folder, "  f:\n    run: [/bin/true]\n    budgets:\n      - p50 total <= 100s\n")
    expect(coldspan(args, folder, "-o", "json=few.json"), KEPT)
    plan(folder, "  f:\n    run: [/bin/true]\n    baseline: {file: few.json}\n    budgets:\n      - p50 total <= 1ns\n"
                 "      - p95 total <= 99x vs baseline\n")
    expect(coldspan(args, folder, "--update"), KEPT, r"1 budgets updated, 1 left as they are\n")
    expect(coldspan(args, folder, "--update", "--strict"), INCONCLUSIVE, r"as they are\nbudgets: (1 inconclusive, 1 kept|2 inconclusive)\n")


@case
def without_data_nothing_is_written(args, folder):
    plan(folder, "  f: {run: [/bin/false], budgets: [p50 total <= 1ns]}\n")
    before = (folder / "coldspan.yaml").read_text()
    expect(coldspan(args, folder, "--update"), NO_DATA, r"0 budgets updated")
    assert (folder / "coldspan.yaml").read_text() == before


if __name__ == "__main__":
    asserting.main(__doc__)
