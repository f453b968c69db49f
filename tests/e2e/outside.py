#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`coldspan run` by the kernel's word: programs without a shim, and boundaries that no shim saw.

usage: outside.py --coldspan FILE --lives FILE

--lives is a static program (tests/support/lives.c); without it the cases that need it are skipped.
"""
import errno
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, seccomp
from lib.cases import case

LIMIT_S = 60
ONLY = b"seen from outside only"
ECHO = "import sys; sys.stdin.read(); print('out', flush=True)"


def run(args, folder, *command, options=(), followed=True, **more):
    """Standard error, and the document."""
    result = folder / "run.json"
    got = subprocess.run([args.coldspan, "run", "--json", result, *options, "--", *command],
                         input=b"event", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         timeout=LIMIT_S, check=False, **more)
    assert got.returncode == 0, got
    document = json.loads(result.read_text())
    if followed and not document["outside"]["followed"]:
        cases.skip(document["outside"]["reason"])
    return got.stderr, document


def lives(args):
    if not args.lives.exists():
        cases.skip("no static program can be built here")
    return args.lives


def names(phases):
    return [phase["name"] for phase in phases]


def check_times(process):
    times = [process[f"{what}_unix_ns"] for what in ("spawn", "exec", "exit")]
    known = [time for time in times if time is not None]
    assert known == sorted(known), process


@case
def a_static_program_is_listed_with_its_times(args, folder):
    said, document = run(args, folder, lives(args))
    (process,) = document["outside"]["processes"]
    assert document["cold_starts"] == [], document
    assert not process["watched"] and process["execs"] == 1 and process["approximate"] is None
    assert process["executable"] == str(args.lives), process
    assert None not in (process["spawn_unix_ns"], process["exec_unix_ns"], process["exit_unix_ns"])
    check_times(process)
    assert ONLY in said and b"lives" in said and b"nothing was seen inside of" in said, said


@case
def a_watched_command_has_no_such_list(args, folder):
    said, document = run(args, folder, "sh", "-c", "true | cat")
    assert ONLY not in said, said
    processes = document["outside"]["processes"]
    assert len(processes) >= 3 and all(process["watched"] for process in processes), processes
    assert {process["program"] for process in processes} >= {"sh", "cat"}, processes
    (first,) = [p for p in processes if p["program"] == "sh" and p["execs"]]
    assert first["mapped"]["files"] >= 2 and first["pid"] == document["cold_starts"][0]["pid"]
    for process in processes:
        check_times(process)
        assert process["exit_unix_ns"] and process["approximate"] is None, process


@case
def a_start_below_a_parent_without_a_shim_has_all_its_phases(args, folder):
    _, document = run(args, folder, lives(args), "run", sys.executable, "-c", ECHO)
    (start,) = document["cold_starts"]
    assert names(start["phases"])[:3] == ["spawn", "exec", "link"], start
    for phase in start["phases"][1:3]:
        assert phase["approximate"] is None, start
    (process,) = [p for p in document["outside"]["processes"] if p["pid"] == start["pid"]]
    assert abs(process["spawn_unix_ns"] - start["start_unix_ns"]) < 1_000_000, (process, start)


@case
def a_program_without_a_shim_that_executes_the_function_is_named(args, folder):
    _, document = run(args, folder, lives(args), "exec", sys.executable, "-c", ECHO)
    (start,) = document["cold_starts"]
    assert start["programs_before"].startswith("lives"), start
    assert "lives" in start["phases"][0]["approximate"], start
    assert not [p for p in document["outside"]["processes"] if p["program"] == "lives"]


@case
def an_exec_inside_of_posix_spawn_is_seen(args, folder):
    code = "import os, sys; os.waitpid(os.posix_spawn('/bin/cat', ['cat'], " \
           "{**os.environ, 'Http_Method': 'POST'}), 0)"
    _, document = run(args, folder, sys.executable, "-c", code)
    (start,) = [one for one in document["cold_starts"] if one["function"] == "cat"]
    assert names(start["phases"])[:3] == ["spawn", "exec", "link"], start


@case
def a_cold_start_ends_when_the_kernel_says(args, folder):
    _, document = run(args, folder, "sh", "-c", "read event; echo out")
    (start,), (process,) = document["cold_starts"], document["outside"]["processes"]
    end = start["start_unix_ns"] + start["total_ns"]
    assert abs(end - process["exit_unix_ns"]) < 1_000_000, (start, process)


@case
def short_lives_are_all_told(args, folder):
    _, document = run(args, folder, lives(args), "fork", "500")
    processes = document["outside"]["processes"]
    assert len(processes) == 501 and document["outside"]["lost"] == 0, document["outside"]["lost"]
    starts = [process["spawn_unix_ns"] for process in processes]
    assert starts == sorted(starts)
    for process in processes:
        check_times(process)
        assert process["exit_unix_ns"] and process["approximate"] is None, process


@case
def what_the_kernel_had_no_room_for_is_said(args, folder):
    """Nobody reads the rings while coldspan is stopped; the one of a CPU holds some 3,000 such lives."""
    one = {min(os.sched_getaffinity(0))}
    _, document = run(args, folder, lives(args), "stop", "fork", "6000", "fork", "4",
                      preexec_fn=lambda: os.sched_setaffinity(0, one))
    outside = document["outside"]
    assert outside["lost"] > 0, outside["lost"]
    parent = outside["processes"][0]
    assert parent["program"] == "lives" and "lost" in parent["approximate"], parent


@case
def more_processes_than_are_kept_are_counted(args, folder):
    _, document = run(args, folder, lives(args), "fork", "4500")
    outside = document["outside"]
    if not outside["lost"]:
        assert len(outside["processes"]) == 4096, len(outside["processes"])
        assert outside["forgotten"] == 4501 - 4096, outside["forgotten"]
    assert outside["processes"][0]["program"] == "lives", outside["processes"][0]


@case
def a_long_list_is_cut(args, folder):
    said, document = run(args, folder, "sh", "-c", f"for i in 1 2 3 4 5 6 7 8 9 10; do {lives(args)}; done")
    assert b"10 processes without a shim" in said and b"and 2 more" in said, said
    dark = [p for p in document["outside"]["processes"] if not p["watched"]]
    assert len(dark) == 10, dark


@case
def a_refusal_changes_nothing_else_and_is_said(args, folder):
    if not seccomp.library():
        cases.skip("libseccomp is not installed")
    for error in (errno.EPERM, errno.EACCES, errno.ENOSYS):
        quiet, document = run(args, folder, "sh", "-c", "read event; echo out", followed=False,
                              preexec_fn=seccomp.refusing(["perf_event_open"], error))
        assert b"perf_event" not in quiet, quiet
        outside = document["outside"]
        assert outside["followed"] is False and "perf_event" in outside["reason"], outside
        assert outside["processes"] == [] and len(document["cold_starts"]) == 1, document
        said, _ = run(args, folder, "sh", "-c", "read event; echo out", options=["-v"],
                      followed=False, preexec_fn=seccomp.refusing(["perf_event_open"], error))
        assert said.count(b"perf_event") == 1, said


@case
def a_refusal_is_said_where_nothing_else_is(args, folder):
    if not seccomp.library():
        cases.skip("libseccomp is not installed")
    for options in ([], ["-v"]):
        said, _ = run(args, folder, lives(args), options=options, followed=False,
                      preexec_fn=seccomp.refusing(["perf_event_open"], errno.EPERM))
        assert said.count(b"perf_event") == 1 and b"nothing was seen of" in said, said


@case
def who_refuses_is_named(args, folder):
    if not seccomp.library():
        cases.skip("libseccomp is not installed")
    paranoid, result = folder / "paranoid", folder / "run.json"
    mounted = ["unshare", "-m", "sh", "-c",
               f'mount --bind {paranoid} /proc/sys/kernel/perf_event_paranoid && exec "$@"', "sh"]
    for level, error, reason in ((3, errno.EACCES, "kernel.perf_event_paranoid is 3, 2 is needed"),
                                 (4, errno.EPERM, "kernel.perf_event_paranoid is 4, 2 is needed"),
                                 (2, errno.EPERM, "refused (Operation not permitted), as container runtimes'"),
                                 (3, errno.ENOSYS, "perf_event_open: Function not implemented")):
        paranoid.write_text(f"{level}\n")
        refused = subprocess.run([*mounted, "true"], capture_output=True, text=True, check=False)
        if refused.returncode:
            cases.skip(f"unshare -m: {refused.stderr.strip()}")
        subprocess.run([*mounted, args.coldspan, "run", "-q", "--json", result, "--", "true"], check=True,
                       timeout=LIMIT_S, preexec_fn=seccomp.refusing(["perf_event_open"], error))
        outside = json.loads(result.read_text())["outside"]
        assert not outside["followed"] and reason in outside["reason"], (level, error, outside)


@case
def a_clock_that_is_not_the_kernels_is_no_help(args, folder):
    """In a time namespace the kernel's stamps would put a spawn a thousand seconds away."""
    unshare = ["unshare", "-T", "--monotonic", "1000", "-f"]
    refused = subprocess.run([*unshare, "true"], capture_output=True, text=True, check=False)
    if refused.returncode:
        cases.skip(f"unshare -T: {refused.stderr.strip()}")
    result = folder / "run.json"
    subprocess.run([*unshare, args.coldspan, "run", "-q", "--json", result, "--", "true"], check=True,
                   timeout=LIMIT_S)
    outside = json.loads(result.read_text())["outside"]
    assert outside["followed"] is False and outside["processes"] == [], outside
    assert "time namespace" in outside["reason"] or "perf_event" in outside["reason"], outside


if __name__ == "__main__":
    parsed = cases.parser(__doc__, "coldspan", "lives").parse_args()
    cases.main(parsed, parsed, folder=True)
