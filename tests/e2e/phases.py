#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A known sleep in one phase is found in that phase and nowhere else.

usage: phases.py --coldspan FILE --guest FILE

One start per phase, so that a wrong place cannot hide behind another sleep. Bounds are one-sided
where the machine's noise could reach: the phase holds at least its sleep, and every other phase
less than half of it.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

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
    if run.returncode != 0 or run.stdout != b"done\n":
        raise SystemExit(f"{variable}: exit {run.returncode}, stdout {run.stdout!r}")
    return json.loads(result.read_text())


def check(document, expected):
    starts = document["cold_starts"]
    if len(starts) != 1:
        return [f"{len(starts)} cold starts, expected one"]
    phases = starts[0]["phases"]
    bad = []
    if sum(p["duration_ns"] for p in phases) != starts[0]["total_ns"]:
        bad.append("the phases do not sum to the total")
    durations = {p["name"]: p["duration_ns"] / 1e6 for p in phases}
    for name, ms in durations.items():
        if name == expected and ms < SLEEP_MS:
            bad.append(f"{name} took {ms:.1f} ms, less than its sleep")
        if name != expected and ms >= SLEEP_MS / 2:
            bad.append(f"{name} took {ms:.1f} ms, but the sleep was in {expected}")
    if expected not in durations:
        bad.append(f"no phase {expected} in {list(durations)}")
    return bad


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--coldspan", required=True)
    parser.add_argument("--guest", required=True)
    args = parser.parse_args()
    args.coldspan, args.guest = os.path.abspath(args.coldspan), os.path.abspath(args.guest)
    failed = False
    for variable, phase in PHASES.items():
        with tempfile.TemporaryDirectory() as folder:
            bad = check(start(args, pathlib.Path(folder), variable), phase)
        print(f"{'FAIL' if bad else 'ok  '} {phase}: {'; '.join(bad) or 'found'}", flush=True)
        failed |= bool(bad)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
