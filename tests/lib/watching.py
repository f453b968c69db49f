# SPDX-License-Identifier: Apache-2.0
"""A real coldspan-collector, from ready to stopped."""
import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile

WAIT_S = 60
SIGNALS = {"": "spans", " metrics": "data points", " logs": "log records"}


class NotWatched(AssertionError):
    """The collector did not start, or saw nothing: what was measured is not what was meant."""


def start(command, socket, **options):
    """A collector that is ready. @command: its path and flags; @options: subprocess.Popen's.

    What it says is looked at by finish() and stop(), but where the caller reads it."""
    said = None
    if options.get("stderr") in (None, subprocess.DEVNULL):
        shown = options.get("stderr") is None
        said = options["stderr"] = tempfile.TemporaryFile()
    ready, theirs = os.pipe()
    with os.fdopen(ready, "rb") as pipe:
        try:
            process = subprocess.Popen([*command, "--socket", socket, "--ready-fd", str(theirs)],
                                       pass_fds=[theirs], **options)
            process.said = said
            process.shown = said and shown
        finally:
            os.close(theirs)
        if select.select([pipe], [], [], WAIT_S)[0] and pipe.readline() == b"ready\n":
            return process
    process.kill()
    text = process.communicate()[1] or ""
    text = text if isinstance(text, str) else text.decode(errors="replace")
    text = "\n".join(_said(process)) if said else text
    raise NotWatched(f"the collector did not start: {text.strip()}")


def kill(process):
    """Ends any process at once, if it still runs."""
    if process.poll() is None:
        process.kill()
        process.wait()


def _said(process):
    """The lines of standard error that start() has kept."""
    process.said.seek(0)
    lines = process.said.read().decode(errors="replace").splitlines()
    if process.shown:
        print(*(line for line in lines if "read=" not in line and "accepted=" not in line),
              sep="\n", end="", file=sys.stderr)
    return lines


def stop(process):
    """Ends any process: asked to, and if it does not in time, killed. What a collector says must add up."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(WAIT_S)
    except subprocess.TimeoutExpired:
        kill(process)
    if process.returncode == 0 and getattr(process, "said", None):
        ledger(_said(process))


def finish(process):
    """Ends a collector: it does so well, and what it says adds up."""
    stop(process)
    assert process.returncode == 0, "the collector did not stop with status 0"


def _fields(line):
    return {key: int(value) for key, value in
            (word.split("=") for word in line.split() if "=" in word)}


def ledger(lines):
    """What became of all that a collector followed, by its kind, out of what it says at its end: each line
    adds up, and what was told became spans and records of logs."""
    kinds = {}
    for line in (text for text in lines if ": told: " in text):
        counts = _fields(line)
        assert counts["read"] == counts["told"] + counts["aside"] + counts["dropped"], line
        kinds[line.split(": told: ", 1)[1].split()[0]] = counts
    assert kinds, lines
    told = {kind: counts["told"] for kind, counts in kinds.items()}
    assert kinds["records"]["read"] == told["lines"], kinds
    # Each start is a span and those of its phases.
    assert (kinds["spans"]["read"] - told["invocations"] - told["inner"] - told["calls"]
            >= 2 * told["starts"]), kinds
    return kinds


def accounts(lines):
    """Counters of each kind of destination out of the lines that a collector says at its end; they add up.
    Those of spans under the kind ("file"), of log records under "file logs", of data points under "file metrics"."""
    kinds = ledger(lines)
    found = {}
    for line in (text for text in lines if " accepted=" in text):
        counts = _fields(line)
        signal = next(name for name, items in SIGNALS.items() if f": {items} " in line)
        # What is counted is told each minute again: no one line says how much that is.
        if signal != " metrics":
            assert counts["accepted"] == kinds["records" if signal else "spans"]["told"], line
        assert counts["accepted"] == (counts["sent"] + counts["rejected"] + counts["dropped"]
                                      + counts["queued"]), line
        kind = line.split(": ", 1)[1].split()[0]
        found[kind + signal] = counts
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
    if not traces.exists() or b'"resourceSpans"' not in traces.read_bytes():
        raise NotWatched("the collector saw nothing")
