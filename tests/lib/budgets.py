# SPDX-License-Identifier: Apache-2.0
"""Functions whose user code counts to a number, in C, Python and Node.js, held to budgets by `coldspan assert`.

Each may load one shared object more. Their programs are those of tests/bench/budgets.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

FAILED, KEPT = 3, 0
COUNTS = {"c": 30_000_000, "python": 700_000, "node": 40_000_000}  # some 30 to 60 ms each
LIMIT_S = 600
LINE = re.compile(r"  (PASS|FAIL|INCONCLUSIVE|UNSTABLE|NO DATA) +(\S+) (\S+)")

PYTHON = """import ctypes, sys
for library in sys.argv[2:]:
    ctypes.CDLL(library)
total = 0
for i in range(int(sys.argv[1])):
    total += i
"""
# A library that is no add-on of Node's is loaded, and then refused.
NODE = """for (const library of process.argv.slice(3)) try { process.dlopen({exports: {}}, library); } catch { }
const count = Number(process.argv[2]);
let total = 0;
for (let i = 0; i < count; i++) total = (total + i) % 1000003;
"""


class Missing(Exception):
    """What has to be there to measure is not."""


def need(name):
    path = shutil.which(name)
    if not path:
        raise Missing(f"{name} is not there (script/setup --all installs it)")
    return str(pathlib.Path(path).resolve())


def commands(build, folder):
    """{language: (its command for a count, the same with a shared object more, what counts that)}"""
    guests = build / "tests/bench/budgets"
    library = next(guests.glob("libone_more.so"))
    for name, text in (("count.py", PYTHON), ("count.js", NODE)):
        (folder / name).write_text(text)
    python, node = [os.path.realpath(sys.executable), str(folder / "count.py")], [need("node"), str(folder / "count.js")]
    return {"c": (lambda count: [str(guests / "count"), str(count)],
                  lambda count: [str(guests / "count_more"), str(count)], "shared_objects"),
            "python": (lambda count: [*python, str(count)],
                       lambda count: [*python, str(count), str(library)], "dlopens"),
            "node": (lambda count: [*node, str(count)],
                     lambda count: [*node, str(count), str(library)], "dlopens")}


def verdicts(coldspan, folder, functions, pairs, *words):
    """{(function, "p50 code"): verdict}, and the exit status."""
    plan = {"version": 1, "defaults": {"runs": pairs, "max_runs": pairs, "warmup": 1, "timeout": "60s"},
            "functions": functions}
    (folder / "coldspan.yaml").write_text(json.dumps(plan))
    done = subprocess.run([coldspan, "assert", "--ascii", *words], cwd=folder, capture_output=True, text=True,
                          timeout=LIMIT_S, check=False, env={**os.environ, "LC_ALL": "C"})
    if done.returncode not in (KEPT, FAILED):
        raise Missing(f"coldspan assert: {done.stdout}{done.stderr}")
    found, function = {}, None
    for line in done.stdout.splitlines():
        if not line.startswith(" "):
            function = line.partition(":")[0]
        elif match := LINE.match(line):
            budget = f"{match[2]} {match[3]}" if match[2].startswith("p") else match[2]
            found[function, budget] = match[1]
    return found, done.returncode


def paired(own, other, *budgets):
    return {"run": own, "baseline": {"run": other}, "budgets": list(budgets)}
