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


def kill(process):
    """Ends any process at once, if it still runs."""
    if process.poll() is None:
        process.kill()
        process.wait()


def stop(process):
    """Ends any process: asked to, and if it does not in time, killed."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(WAIT_S)
    except subprocess.TimeoutExpired:
        kill(process)


def accounts(lines):
    """Counters of each kind of destination out of the lines that a collector says at its end; they add up.
    Those of spans under the kind ("file"), those of log records under "file logs"."""
    found = {}
    for line in (text for text in lines if " accepted=" in text):
        counts = {key: int(value) for key, value in
                  (word.split("=") for word in line.split() if "=" in word)}
        assert counts["accepted"] == (counts["sent"] + counts["rejected"] + counts["dropped"]
                                      + counts["queued"]), line
        kind = line.split(": ", 1)[1].split()[0]
        found[kind if ": spans " in line else f"{kind} logs"] = counts
    assert found, lines
    return found


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
