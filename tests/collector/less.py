#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A process of which the shim tells less from some moment on is named, with the reason.

    less.py COLLECTOR SHIM GUEST COLDSPAN

GUEST: tests/shim/guests/shared.c, which serves beside a child that runs in its memory.
"""
import json
import os
import pathlib
import subprocess

from harness import LIMIT_S, Collector, cold_starts, main, watched
from lib.cases import case


@case
def a_collector_counts_it_and_its_spans_have_the_reason(binary, shim, guest, _coldspan):
    with Collector(binary) as collector:
        process = watched(collector, os.path.abspath(shim), [os.path.abspath(guest)],
                          cwd=collector.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        assert process.wait(LIMIT_S) == 0
        collector.until("the reason is counted", lambda c: not c["instances_now"]
                        and c["stood_down"] == {"shared_memory": 1})
        collector.stop()
        start, = [s for s in cold_starts(collector.file) if s["process.pid"] == process.pid]
        assert start["coldspan.stand_down"] == "shared_memory", start


@case
def a_run_says_it(binary, _shim, guest, coldspan):
    with Collector(binary) as collector:  # for its folder
        result = pathlib.Path(collector.folder, "run.json")
        done = subprocess.run([os.path.abspath(coldspan), "run", "--json", result, "--",
                               os.path.abspath(guest)], cwd=collector.folder, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, check=True, timeout=LIMIT_S)
        run = json.loads(result.read_text())
    start = run["cold_starts"][0]
    assert start["stand_down"] == "shared_memory", start
    assert "watched less: a child runs beside it" in done.stderr, done.stderr
    served, lost = run["invocations"]
    assert served["approximate"] is None and lost["approximate"], run["invocations"]


if __name__ == "__main__":
    main(__doc__, "collector", "shim", "guest", "coldspan")
