# SPDX-License-Identifier: Apache-2.0
"""A real collector that watches while something is measured."""
import contextlib
import os
import signal
import subprocess

WAIT_S = 30


class NotWatched(Exception):
    """The collector did not start, or saw nothing: what was measured is not what was meant."""


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(WAIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def collector(build, folder):
    """Reads rings and writes traces to folder/traces.jsonl; gives the path of its socket."""
    ready, theirs = os.pipe()
    socket, traces = folder / "announce.sock", folder / "traces.jsonl"
    process = subprocess.Popen(
        [build / "collector" / "coldspan-collector", "--socket", socket, "--ready-fd", str(theirs),
         "--file", traces, "--log-level", "error"], pass_fds=[theirs])
    os.close(theirs)
    try:
        with os.fdopen(ready) as pipe:
            if pipe.readline() != "ready\n":
                raise NotWatched("the collector did not start")
        yield str(socket)
    finally:
        stop(process)
    if not traces.exists() or not traces.stat().st_size:
        raise NotWatched("the collector saw nothing")
