#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A day in small: the same calls again and again, and nothing is lost and nothing grows.

usage: soak.py --build DIR --functions DIR --seconds N

Three callers at a time call an exec and an http function; now and then an instance is killed in the
middle of its life. Each call has an id of its own, which has to stand on exactly one span of the
function's and one of the runtime's. The collector may hold no more descriptors at the end than at the
beginning, and never more memory than its bounded tables take when they are full (8 MiB, reached after
some 10,000 calls): ten minutes of calls that leak 50 bytes each are beyond that.
"""
import collections
import concurrent.futures
import contextlib
import os
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, otlp_json, watching
from lib.cases import case
from lib.stage import LIMIT_S, Stage, prepare

CALLERS = 3
ROUND = 60              # calls in a row, after each of which the collector is looked at
WARM_UP_ROUNDS = 3      # until all is started that stays
MEMORY_MAX = 16 << 20   # private and dirty
SERVER = 2


def _memory(process):
    with open(f"/proc/{process.pid}/smaps_rollup", encoding="ascii") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_Dirty"))


def _descriptors(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def _children(process):
    with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as pids:
        return [int(pid) for pid in pids.read().split()]


class Growth:
    """What the collector held after each round."""

    def __init__(self, process):
        self.process, self.memory, self.descriptors = process, [], []

    def look(self):
        self.memory.append(_memory(self.process))
        self.descriptors.append(_descriptors(self.process))

    def check(self):
        descriptors = self.descriptors[WARM_UP_ROUNDS:]
        half = len(descriptors) // 2
        assert half, f"only {len(self.memory)} rounds"
        assert max(self.memory) < MEMORY_MAX, f"it has grown: {self.memory[::10]}"
        assert min(descriptors[half:]) <= max(descriptors[:half]), f"descriptors: {descriptors}"


def _kill_children(process):
    """Of the runtime: its http instance, so that the next call starts another."""
    for pid in _children(process):
        with contextlib.suppress(ProcessLookupError):  # of an event that was answered it may just end
            os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + LIMIT_S
    while _children(process):
        assert time.monotonic() < end, "a killed instance is not reaped"
        time.sleep(0.01)


def _calls(stage, pool, number):
    names = ["hello-c", "hello-py-http" if number % 2 else "hello-c"]
    wanted = [names[i % 2] for i in range(ROUND)]
    return [(name, *called) for name, called in zip(wanted, pool.map(stage.call, wanted))]


@case
def nothing_is_lost_and_nothing_grows(args, folder):
    (folder / "functions").mkdir()
    prepare(args.functions, args.build, folder / "functions")
    stage = Stage(args.build, folder / "functions", folder)
    called, end = [], time.monotonic() + args.seconds
    growth = Growth(stage.collector)
    try:
        with concurrent.futures.ThreadPoolExecutor(CALLERS) as pool:
            while time.monotonic() < end or len(growth.memory) < WARM_UP_ROUNDS + 4:
                called += _calls(stage, pool, len(growth.memory))
                _kill_children(stage.runtime)
                growth.look()
        said = stage.stop()
    finally:
        stage.kill()
    growth.check()
    counts = watching.accounts(said.splitlines())["file"]
    assert counts["sent"] == counts["accepted"], said
    seen = collections.Counter(
        (span["resource"]["service.name"], span["traceId"])
        for span in otlp_json.of_file(stage.traces) if span["kind"] == SERVER)
    wrong = collections.Counter((service, seen[service, trace_id]) for name, trace_id, _, _ in called
                                for service in (name, "coldspan-faas") if seen[service, trace_id] != 1)
    assert not wrong, f"of {len(called)} calls, (service, spans instead of one): {dict(wrong)}"
    print(f"({len(called)} calls, {growth.memory[0] >> 10} to {growth.memory[-1] >> 10} KiB)", end=" ")


if __name__ == "__main__":
    parser = cases.parser(__doc__, "build", "functions")
    parser.add_argument("--seconds", type=float, required=True)
    arguments = parser.parse_args()
    cases.main(arguments, arguments, folder=True)
