#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a process writes to its logs is told, and nothing else that it writes."""
import harness
from harness import records
from lib.cases import case

STDOUT, STDERR, FRAMED = 1, 2, 3
RATE_BYTES, WINDOW_SHIFT = 64 << 10, 27  # preload/descriptors/logs.h


def written(run, stream):
    assert run.status == 0, run
    return "".join(r["text"] for r in records(run.segments[0], "log") if r["stream"] == stream)


def lost(run):
    return run.segments[0]["facts"].get("log.bytes_lost", 0)


@case("writes to standard error are told, however they are made")
def standard_error(lab):
    for libc in lab.libcs():
        run = lab.same("logs", libc, ["ways"])
        # What libc writes by itself (dprintf) is not seen.
        assert written(run, STDERR) == ("by write\none line in parts\nby a copy\nby its name\n"), run
        assert not written(run, STDOUT), run
        assert lost(run) == 0, run


@case("a log goes where the process began: what the number becomes is not told")
def something_else(lab):
    for libc in lab.libcs():
        run = lab.same("logs", libc, ["else"])
        assert not records(run.segments[0], "log"), run


@case("standard output is told of who serves, also what came before")
def standard_output(lab):
    for libc in lab.libcs():
        run = lab.same("logs", libc, ["answer", "serve", "child"])
        assert written(run, STDOUT) == (
            "the answer\nbefore it listens\nwhen it waits\nof a child\n"), run
        logs = records(run.segments[0], "log")
        assert logs[0]["time_ns"] < run.segments[0]["marks"]["listen"], logs
        assert logs[3]["tag"] != logs[2]["tag"], logs


@case("the answer of a process per event is never told")
def answer(lab):
    for libc in lab.libcs():
        for way in (["answer"], ["read", "answer", "serve", "answer"]):
            run = lab.same("logs", libc, way)
            assert not records(run.segments[0], "log"), run
        run = lab.same("logs", libc, ["answer", "serve"], env={"Http_Method": "GET"})
        assert not records(run.segments[0], "log"), run


@case("what is too much is counted")
def too_much(lab):
    run = lab.same("logs", arguments=["much"])
    logs = records(run.segments[0], "log")
    told = len(written(run, STDERR))
    assert told >= 2 * 32768, told
    # Of the megabyte what is within the rate, however long it took; a ring holds more.
    windows = {r["time_ns"] >> WINDOW_SHIFT for r in logs}
    assert told <= RATE_BYTES * len(windows) and told + lost(run) == 1100000, run.segments[0]["facts"]
    assert [r["lost"] for r in logs if r["flags"] == 0][0] == 100000 - 32768, logs[:10]
    assert all(r["flags"] == 1 for r in logs[:8]) and logs[8]["flags"] == 0, logs[:10]


def with_frames(lab, *arguments, env=None):
    """The guest, with a descriptor for frames as the platform gives one."""
    run = lab.watched(["/bin/sh", "-c", 'exec "$0" "$@" 9>/dev/null', lab.guest("logs"), *arguments],
                      env={"_LAMBDA_TELEMETRY_LOG_FD": "9", **(env or {})})
    assert run.status == 0, run
    run.segments = run.of("logs")
    return run


@case("frames are told, and nothing else that goes to their descriptor")
def frames(lab):
    text = written(with_frames(lab, "frames"), FRAMED)
    assert text.endswith("half"), text
    assert text.count("whole") == 1 and text.count("next") == 1 and "no frame" not in text, text
    assert len(text) == 16 + 5 + 16 + 4 + 16 + 4, text


@case("COLDSPAN_LOGS=off takes nothing")
def switched_off(lab):
    run = with_frames(lab, "ways", "serve", "frames", env={"COLDSPAN_LOGS": "off"})
    assert not records(run.segments[0], "log"), run
    assert lost(run) == 0, run


if __name__ == "__main__":
    harness.main(__doc__)
