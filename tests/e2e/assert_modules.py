#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`coldspan assert`: forbidden modules and how many there are, out of the files that a start opens.

usage: assert_modules.py --coldspan FILE
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import asserting, cases
from lib.asserting import KEPT, NO_DATA, OVER, USAGE, coldspan, expect, plan
from lib.cases import case


def python(folder, program, **keys):
    (folder / "app.py").write_text(program)
    more = "".join(f", {key}: {value}" for key, value in {"budgets": "[]", **keys}.items())
    plan(folder, f"  f: {{run: [{sys.executable}, -I, run.py], timeout: 60s{more}}}\n")
    (folder / "run.py").write_text("import sys\nsys.path.insert(0, '.')\nsys.path.insert(0, 'site-packages')\nimport app\n")


def package(folder, name, text=""):
    (folder / "site-packages" / name).mkdir(parents=True)
    (folder / "site-packages" / name / "__init__.py").write_text(text)
    (folder / "site-packages" / name / "core.py").write_text("x = 1\n")


@case
def a_forbidden_package_is_named_with_its_file(args, folder):
    package(folder, "panda")
    python(folder, "import panda.core\n", forbid="[pand, panda]")
    # Read from its source first, from its compiled file then.
    for _ in range(2):
        expect(coldspan(args, folder), OVER, r"FAIL +forbid pand, panda +2, 5 of 5 over +coldspan.yaml:4:\S+\n +found: panda \(.*site-packages/panda/\S+\)\n")
    assert list((folder / "site-packages/panda/__pycache__").iterdir())
    python(folder, "import panda.core\n", forbid="['panda.cor?']")
    expect(coldspan(args, folder), OVER, r"1, \d of \d over .*\n +found: panda\.core \(.*/__pycache__/core\.cpython-\d+\.pyc\)")
    python(folder, "import json\n", forbid="[panda, 'panda.*']")
    expect(coldspan(args, folder), KEPT, r"PASS +forbid panda, panda\.\* +0\n")


@case
def what_the_language_brings_is_seen_as_well(args, folder):
    python(folder, "import wave\n", forbid="[wave]")
    expect(coldspan(args, folder), OVER, r"1, \d of \d over .*\n +found: wave \(.*/lib/python3.*wave")
    python(folder, "import _ctypes_test\n", forbid="[_ctypes_test]")
    if coldspan(args, folder).returncode != NO_DATA:
        expect(coldspan(args, folder), OVER, r"1, \d of \d over .*\n +found: _ctypes_test \(.*\.so\)")


@case
def own_modules_begin_at_the_folder(args, folder):
    (folder / "parts").mkdir()
    (folder / "parts/heavy.py").write_text("")
    python(folder, "import parts.heavy\n", forbid="[parts.heavy]")
    expect(coldspan(args, folder), OVER, r"1, \d of \d over .*\n +found: parts\.heavy \(.*\)")


@case
def modules_are_counted(args, folder):
    package(folder, "a")
    package(folder, "b")
    python(folder, "import a, b.core, a.core\n", budgets="[import.modules <= 1000]")
    got = coldspan(args, folder)
    expect(got, KEPT, r"PASS +import.modules <= 1000 +\d+\n")
    many = int(got.stdout.split("1000")[1].split()[0])
    python(folder, "import a\n", budgets=f"[import.modules <= {many - 3}]")
    expect(coldspan(args, folder), KEPT, rf"PASS +import.modules <= {many - 3} +{many - 3}\n")
    python(folder, "import a, b\n", budgets=f"[import.modules <= {many - 3}]")
    expect(coldspan(args, folder), OVER, rf"FAIL +import.modules <= {many - 3} +{many - 2}, 5 of 5 over")


@case
def processes_that_ran_before_it_hide_nothing(args, folder):
    package(folder, "panda")
    python(folder, "import panda\n")
    plan(folder, "  f:\n    shell: 'i=0; while [ $i -lt 40 ]; do sh -c \": < run.py\"; i=$((i+1)); done; "
                 f"exec {sys.executable} -I run.py'\n    timeout: 60s\n    forbid: [panda]\n    budgets: [import.modules <= 1000]\n")
    expect(coldspan(args, folder, "-n", "2"), OVER, r"FAIL +forbid panda +1, 2 of 2 over", r"PASS +import.modules <= 1000 +[1-9]")


@case
def nodes_packages_are_modules(args, folder):
    node = shutil.which("node")
    if not node:
        cases.skip("node is not installed (script/setup installs it)")
    inner = folder / "node_modules/a/node_modules/@b/c/lib"
    inner.mkdir(parents=True)
    (inner / "index.js").write_text("")
    (folder / "node_modules/a/index.js").write_text("require('@b/c/lib')\n")
    (folder / "app.js").write_text("require('a')\n")
    budget = f"  f: {{run: [{node}, app.js], timeout: 60s, forbid: [%s], budgets: []}}\n"
    plan(folder, budget % "'@b/c'")
    expect(coldspan(args, folder), OVER, r"1, \d of \d over .*\n +found: @b/c/lib/index \(.*/node_modules/@b/c/lib/index.js\)")
    plan(folder, budget % "c, b")
    expect(coldspan(args, folder), KEPT)


@case
def evicted_files_are_cold(args, folder):
    kind = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True, check=True).stdout.strip()
    if kind in ("tmpfs", "ramfs"):
        cases.skip(f"{folder} is in memory ({kind})")
    (folder / "data").write_bytes(os.urandom(1 << 23))
    for cache in ("evict", "warm"):
        plan(folder, f"  f: {{run: [cat, ./data], cache: {cache}, budgets: [total <= 100s, faults.minor <= 1000000]}}\n")
        got = coldspan(args, folder)
        expect(got, KEPT, r"PASS +p50 total")
        cold = re.search(r"(?m)^  (\d+) % or more of its files was out of the page cache before each$", got.stdout)
        assert bool(cold) == (cache == "evict") and (not cold or int(cold[1]) >= 60), got


@case
def mistakes_are_told_with_their_place(args, folder):
    plan(folder, "  f: {run: [/bin/true], forbid: pandas, budgets: []}\n")
    expect(coldspan(args, folder), USAGE, r"coldspan.yaml:4:33: a list is expected here")
    plan(folder, "  f: {run: [/bin/true], forbid: [x], budgets: [{metric: total, max: 1s, id: forbid}]}\n")
    expect(coldspan(args, folder), USAGE, r"coldspan.yaml:4:33: budget .forbid. stands twice")


if __name__ == "__main__":
    asserting.main(__doc__)
