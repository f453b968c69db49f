#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens: every kind behaves the same; what is read is classed, counted and named."""
import os
import shutil
import subprocess

import harness
from harness import records
from lib import cases
from lib.cases import case

USER, DEPENDENCY, NATIVE = 1, 2, 4


def run(lab, libc):
    return lab.same("file", libc, [str(lab.guests)])


@case("every open behaves the same")
def behaves_the_same(lab):
    for libc in lab.libcs():
        run(lab, libc)


@case("files are named by class")
def files_are_named(lab):
    for libc in lab.libcs():
        segment = run(lab, libc).segments[0]
        files = records(segment, "file")
        user = [r["path"] for r in files if r["class"] == USER]
        # Read, by each kind of open; never those that write or fail.
        assert user.count("new3") == 2 and user.count("new7") == 1, (libc, user)
        assert not {"missing", "new2", "."} & set(user), (libc, user)
        loads = [r["path"] for r in files if r["flags"] & 1]
        assert loads[0] == "libguest_inner.so" and all(
            r["class"] == NATIVE for r in files if r["flags"] & 1), (libc, loads)
        for r in files:
            assert r["flags"] & 1 or segment["marks"]["main"] <= r["time_ns"] <= r["end_ns"], r


@case("asked for all, files of every class are named")
def all_are_named(lab):
    for libc in lab.libcs():
        few = run(lab, libc).segments[0]
        segment = lab.same("file", libc, [str(lab.guests)], env={"COLDSPAN_FILES": "all"}).segments[0]
        named = [r for r in records(segment, "file") if not r["flags"] & 1]
        opens = sum(count for name, count in segment["facts"].items() if name.startswith("opens."))
        assert len(named) == opens, (libc, len(named), segment["facts"])
        assert segment["facts"] == {**few["facts"], "attach.cost_ns": segment["facts"]["attach.cost_ns"]}, libc


@case("failed look-ups and loads are counted")
def counts(lab):
    for libc, fortified in (("glibc", 2), ("musl", 0)):
        if libc not in lab.libcs():
            continue
        facts = run(lab, libc).segments[0]["facts"]
        # open, open64, openat, openat64, fopen, fopen64 of "missing"; of a file taken for a folder;
        # of an empty name; creat in no folder is none: nobody looked for code there.
        assert facts["lookups.failed"] == 8 + fortified, (libc, facts)
        assert facts["dlopens"] == (6 if libc == "glibc" else 4), (libc, facts)


@case("a language in a package is no dependency of its own")
def own_program(lab):
    with lab.folder() as folder:
        package = folder / "node_modules/language"
        package.mkdir(parents=True)
        program, other = package / "program", package / "other"
        for copy in (program, other):
            shutil.copy(shutil.which("cat"), copy)
        run = lab.watched([program, program, other], cwd=folder)
        assert run.status == 0
    segment, = run.segments
    facts = segment["facts"]
    assert (facts["opens.runtime"], facts["opens.dependency"]) == (1, 1), facts
    assert [r["path"] for r in records(segment, "file") if r["class"] == DEPENDENCY] == [str(other)]


@case("user code begins with the first file of the function")
def user_code_begins_in_main(lab):
    for libc in lab.libcs():
        segment = run(lab, libc).segments[0]
        first = next(r for r in records(segment, "file") if r["class"] == USER)
        assert segment["marks"]["user_code"] == first["time_ns"] > segment["marks"]["main"]


def listed(program):
    """The shared objects that the loader's own list names: what has a file."""
    out = subprocess.run(["ldd", program], stdout=subprocess.PIPE, text=True, check=True).stdout
    return len([line for line in out.splitlines() if "/" in line])


@case("shared objects are counted as ldd shows them")
def shared_objects(lab):
    if not shutil.which("ldd"):
        cases.skip("ldd is not installed")
    for program in (lab.guest("file"), shutil.which("perl"), shutil.which("cat")):
        if program:
            facts = lab.watched([program, "--version"]).segments[0]["facts"]
            assert facts["shared_objects"] == listed(program), (program, facts)
    if "musl" in lab.libcs():
        # libc is the loader.
        assert lab.watched([lab.guest("file", "musl")]).segments[0]["facts"]["shared_objects"] == 1


if __name__ == "__main__":
    harness.main(__doc__)
