#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What could not be seen, or not exactly, is said: nothing is invented for it.

usage: unseen.py --build DIR

Real processes under the shim, a real collector, and what it wrote.
"""
import os
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, otlp_json, traces, watching
from lib.cases import case

SERVER = 2  # a span's kind
LIMIT_S = 60
APPROXIMATE = "coldspan.approximate"


class Watch:
    """A collector, and what it wrote of the programs that were started under it."""

    def __init__(self, build, folder):
        self.traces, socket = folder / "traces.jsonl", folder / "announce.sock"
        self.env = {**os.environ, "COLDSPAN_SOCKET": str(socket),
                    "LD_PRELOAD": str(build / "preload/libcoldspan.so")}
        self.collector = watching.start([build / "collector/coldspan-collector", "--file",
                                         self.traces], socket, stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        watching.kill(self.collector)

    def stop(self):
        """Returns all spans."""
        self.collector.send_signal(signal.SIGTERM)
        assert self.collector.wait(LIMIT_S) == 0, "the collector did not stop with status 0"
        return otlp_json.of_file(self.traces)


def program(spans, pid):
    """Its cold start, phases by name, and its invocations."""
    mine = [span for span in spans if span["resource"].get("process.pid") == pid]
    start, phases = traces.cold_start(mine)
    return (start, {traces.phase_of(phase): phase for phase in phases},
            [span for span in mine if span["kind"] == SERVER])


@case
def a_function_that_runs_when_the_collector_stops(args, folder):
    code = "import sys, signal; sys.stdin.read(); print('out', flush=True); signal.pause()"
    with Watch(args.build, folder) as watch:
        with subprocess.Popen([sys.executable, "-c", code], env=watch.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            try:
                assert process.stdout.readline() == b"out\n"
                start, phases, (served,) = program(watch.stop(), process.pid)
            finally:
                process.kill()
    for span in (start, served):
        assert "still running" in span["attributes"][APPROXIMATE], span
        assert span["status"] != 2, span
    assert "still running" in phases["respond"]["attributes"]["coldspan.phase.approximate"]


if __name__ == "__main__":
    parser = cases.parser(__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parsed = parser.parse_args()
    parsed.build = parsed.build.resolve()
    cases.main(parsed, parsed, folder=True)
