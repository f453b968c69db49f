#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A known sleep in one phase is found in that phase and nowhere else.

usage: phases.py --coldspan FILE --guest FILE

One start per phase, so that a wrong place cannot hide behind another sleep. Bounds are one-sided
where the machine's noise could reach: the phase holds at least its sleep, and every other phase
less than half of it.
"""
import functools
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases

SLEEP_MS = 400
PHASES = {"SLEEP_LINK_MS": "link", "SLEEP_RUNTIME_MS": "runtime", "SLEEP_CODE_MS": "code",
          "SLEEP_HANDLER_MS": "handler", "SLEEP_RESPOND_MS": "respond"}


def start(args, folder, variable):
    result = folder / "run.json"
    code = folder / "handler.conf"
    code.write_text("user code\n")
    env = {**os.environ, variable: str(SLEEP_MS)}
    run = subprocess.run([args.coldspan, "run", "--quiet", "--json", result, "--", args.guest, code],
                         input=b"x", stdout=subprocess.PIPE, env=env, cwd=folder, check=False,
                         timeout=60)
    assert run.returncode == 0 and run.stdout == b"done\n", run
    return json.loads(result.read_text())


def check(variable, expected, args, folder):
    starts = start(args, folder, variable)["cold_starts"]
    assert len(starts) == 1, f"{len(starts)} cold starts, expected one"
    phases = starts[0]["phases"]
    assert sum(p["duration_ns"] for p in phases) == starts[0]["total_ns"], "they do not sum to the total"
    durations = {p["name"]: p["duration_ns"] / 1e6 for p in phases}
    assert expected in durations, f"no phase {expected} in {list(durations)}"
    assert durations[expected] >= SLEEP_MS, f"less than its sleep: {durations}"
    late = [name for name, ms in durations.items() if name != expected and ms >= SLEEP_MS / 2]
    assert not late, f"the sleep was in {expected}, but {durations}"


for sleep, phase in PHASES.items():
    cases.register(phase, functools.partial(check, sleep, phase))


def main():
    parser = cases.parser(__doc__)
    parser.add_argument("--coldspan", required=True)
    parser.add_argument("--guest", required=True)
    args = parser.parse_args()
    args.coldspan, args.guest = os.path.abspath(args.coldspan), os.path.abspath(args.guest)
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
