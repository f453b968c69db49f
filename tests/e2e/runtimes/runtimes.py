#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One real runtime, unmodified, watched: its start, its invocations, its violent end.

usage: runtimes.py --build DIR --runtime NAME [--write]

See README.md. What is seen has to be what seen/NAME.json says; --write writes it anew.
"""
import json
import pathlib
import platform
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from lib import cases, traces, versions
from lib.cases import case
from lives import observe
from table import RUNTIMES

SEEN = pathlib.Path(__file__).resolve().parent / "seen"
ERROR = 2  # a span's status


@case
def answers_and_exit_status_are_as_without_us(seen):
    assert seen.watched.answers == seen.bare.answers, (seen.bare.answers, seen.watched.answers)
    assert all(status == 200 and b"hello" in body for status, _, body in seen.bare.answers)
    assert seen.watched.status == seen.bare.status, (seen.bare.status, seen.watched.status)


@case
def it_says_what_it_says_without_us(seen):
    assert seen.watched.words == seen.bare.words, (seen.bare.words, seen.watched.words)


@case
def the_first_invocation_is_cold(seen):
    span = seen.served(seen.watched.contexts[0])
    assert span["attributes"]["faas.coldstart"] is True, span
    assert span["status"] != ERROR, span


@case
def the_second_invocation_is_warm_unless_it_has_a_process_of_its_own(seen):
    span = seen.served(seen.watched.contexts[1])
    assert span["attributes"]["faas.coldstart"] is seen.runtime.is_cold_each_time, span
    assert span["status"] != ERROR, span


@case
def the_start_is_told_in_phases(seen):
    start, phases, first = seen.start()
    assert traces.phase_of(phases[-1]) == "respond" and phases[-1]["end"] == first["end"], phases[-1]
    handler = [phase for phase in phases if traces.phase_of(phase) == "handler"]
    assert handler and handler[0]["start"] == first["start"], (handler, first)
    if start["attributes"]["coldspan.init.type"] in ("proactive", "fork_pool"):
        assert [link["traceId"] for link in first["links"]] == [start["traceId"]], \
            "the first invocation has no link to the start that nobody had asked for"
    else:
        assert start["traceId"] == first["traceId"], "the start is not in the trace that caused it"


@case
def an_invocation_that_was_killed_has_its_cause(seen):
    kernel = tuple(map(int, re.match(r"(\d+)\.(\d+)", platform.release()).groups()))
    if not seen.runtime.has_watched_parent and kernel < (6, 15):
        cases.skip("its parent is not watched, and before Linux 6.15 a pidfd does not tell how it ended")
    span = seen.served(seen.killed.contexts[-1])
    assert (span["status"], span["message"]) == (ERROR, "killed by signal 9 (SIGKILL)"), span
    assert span["end"] > span["start"], "it took no time"


@case
def what_is_seen_is_what_the_page_says(seen):
    known = json.loads((SEEN / f"{seen.runtime.name}.json").read_text())
    versions.check(seen.runtime.version, known.pop("version"))
    found = seen.facts()
    assert found == known, f"\nseen:  {found}\nknown: {known}"


def main():
    parser = cases.parser(__doc__, "build")
    parser.add_argument("--runtime", choices=[runtime.name for runtime in RUNTIMES], required=True)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder that keeps everything written")
    args = parser.parse_args()
    (runtime,) = (one for one in RUNTIMES if one.name == args.runtime)
    if args.keep:
        args.keep.mkdir()
        seen = observe(args, runtime, args.keep)
    else:
        with tempfile.TemporaryDirectory() as folder:
            seen = observe(args, runtime, pathlib.Path(folder))
    if args.write:
        found = {"version": runtime.version(), **seen.facts()}
        (SEEN / f"{runtime.name}.json").write_text(json.dumps(found, indent=2) + "\n")
    cases.main(args, seen)


if __name__ == "__main__":
    main()
