#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A known sleep in one phase is found in that phase and nowhere else.

usage: phases.py --coldspan FILE --guest FILE

One start per phase, so that a wrong place cannot hide behind another sleep. The phase holds at least its
sleep, and every other phase less than half of it. Where others have the machine for as long as that, the
sleep is made longer: in a wrong place it would still be half and more.
"""
import functools
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases

SLEEPS_MS = (400, 2000, 10000)
SERVER = pathlib.Path(__file__).parent / "guests" / "sleeper_http.py"
PHASES = {"SLEEP_LINK_MS": "link", "SLEEP_RUNTIME_MS": "runtime", "SLEEP_CODE_MS": "code",
          "SLEEP_HANDLER_MS": "handler", "SLEEP_RESPOND_MS": "respond"}
HTTP_PHASES = {"SLEEP_CODE_MS": "code", None: "wait", "SLEEP_HANDLER_MS": "handler",
               "SLEEP_RESPOND_MS": "respond"}


def start(args, folder, variable, sleep_ms):
    result = folder / "run.json"
    code = folder / "handler.conf"
    code.write_text("user code\n")
    env = {**os.environ, variable: str(sleep_ms)}
    run = subprocess.run([args.coldspan, "run", "--quiet", "--json", result, "--", args.guest, code],
                         input=b"x", stdout=subprocess.PIPE, env=env, cwd=folder, check=False,
                         timeout=60)
    assert run.returncode == 0 and run.stdout == b"done\n", run
    return json.loads(result.read_text())


def start_server(args, folder, variable, sleep_ms):
    """One request to a Python server; without a @variable its client is what comes late."""
    result, port = folder / "run.json", folder / "port"
    port.unlink(missing_ok=True)
    env = {**os.environ, variable or "SLEEP_NO_MS": str(sleep_ms)}
    with subprocess.Popen([args.coldspan, "run", "--quiet", "--json", result, "--",
                           sys.executable, SERVER, port], env=env, cwd=folder) as process:
        end = time.monotonic() + 60
        while not port.exists():
            assert process.poll() is None and time.monotonic() < end, "it does not listen"
            time.sleep(0.001)
        if not variable:
            time.sleep(sleep_ms / 1000)
        url = f"http://127.0.0.1:{port.read_text()}/"
        with urllib.request.urlopen(url, b"body", timeout=60) as answer:
            assert answer.read() == b"body"
        assert process.wait(60) == 0
    return json.loads(result.read_text())


def start_behind_a_wrapper(args, folder, _, sleep_ms):
    """What runs before the program that serves is part of the way to it."""
    result = folder / "run.json"
    words = ["sh", "-c", f'sleep {sleep_ms / 1000}; exec "$0"', args.guest]
    run = subprocess.run([args.coldspan, "run", "--quiet", "--json", result, "--", *words],
                         input=b"x", stdout=subprocess.PIPE, cwd=folder, check=False, timeout=60)
    assert run.returncode == 0 and run.stdout == b"done\n", run
    return json.loads(result.read_text())


def check(begin, variable, expected, args, folder):
    for sleep_ms in SLEEPS_MS:
        durations, late = measured(begin(args, folder, variable, sleep_ms), begin, expected, sleep_ms)
        if not late:
            return
    raise AssertionError(f"the sleep was in {expected}, but {durations}")


def measured(document, begin, expected, sleep_ms):
    """Milliseconds of each phase, and which have a sleep's that should have none."""
    starts = document["cold_starts"]
    assert len(starts) == 1, f"{len(starts)} cold starts, expected one"
    phases = starts[0]["phases"]
    assert sum(p["duration_ns"] for p in phases) == starts[0]["total_ns"], "they do not sum to the total"
    durations = {p["name"]: p["duration_ns"] / 1e6 for p in phases}
    assert expected in durations, f"no phase {expected} in {list(durations)}"
    # Its client sleeps in "wait": the server may come late to that. Of Python's own boot nobody knows how long it takes.
    wait, busy = expected == "wait", ("exec", "link", "runtime", "code") if begin == start_server else ()
    assert wait or durations[expected] >= sleep_ms, f"less than its sleep: {durations}"
    late = [name for name, ms in durations.items()
            if name != expected and name not in busy and ms >= sleep_ms / 2]
    return durations, late or (wait and durations[expected] < sleep_ms * 0.9)


for sleep, phase in PHASES.items():
    cases.register(phase, functools.partial(check, start, sleep, phase))
for sleep, phase in HTTP_PHASES.items():
    cases.register(f"{phase} of a Python server", functools.partial(check, start_server, sleep, phase))
cases.register("spawn", functools.partial(check, start_behind_a_wrapper, None, "spawn"))


def main():
    args = cases.parser(__doc__, "coldspan", "guest").parse_args()
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
