# SPDX-License-Identifier: Apache-2.0
"""A real coldspan-collector, from ready to stopped."""
import contextlib
import os
import select
import signal
import subprocess

WAIT_S = 30


class NotWatched(AssertionError):
    """The collector did not start, or saw nothing: what was measured is not what was meant."""


def start(command, socket, **options):
    """A collector that is ready. @command: its path and flags; @options: subprocess.Popen's."""
    ready, theirs = os.pipe()
    with os.fdopen(ready, "rb") as pipe:
        try:
            process = subprocess.Popen([*command, "--socket", socket, "--ready-fd", str(theirs)],
                                       pass_fds=[theirs], **options)
        finally:
            os.close(theirs)
        if select.select([pipe], [], [], WAIT_S)[0] and pipe.readline() == b"ready\n":
            return process
    process.kill()
    said = process.communicate()[1] or b""
    raise NotWatched(f"the collector did not start: {said.decode(errors='replace').strip()}")


def stop(process):
    """Ends any process: asked to, and if it does not in time, killed."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(WAIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def collector(build, folder):
    """Reads rings and writes traces to folder/traces.jsonl; gives the path of its socket."""
    socket, traces = folder / "announce.sock", folder / "traces.jsonl"
    process = start([build / "collector" / "coldspan-collector", "--file", traces, "--log-level",
                     "error"], socket)
    try:
        yield str(socket)
    finally:
        stop(process)
    if not traces.exists() or not traces.stat().st_size:
        raise NotWatched("the collector saw nothing")
