#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks ring.pml with Spin: every interleaving in several small worlds.

usage: run.py [--all] CC [NAME…]

The properties must hold in every world, and each mistake, a simplification of the ring that looks
harmless, must break the property that it is listed with: that shows that the property can fail.
--all searches larger worlds, too. With NAMEs only these worlds and mistakes are looked at, and what
happens before a violation is told step by step.
Exit status: 0 all as expected, 1 not, 2 usage, 77 Spin is not installed.
"""
import collections
import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

MODEL = pathlib.Path(__file__).resolve().parent
SKIP_TEST = 77  # meson's code for a skipped test
MEMORY_MB = 1400
SECONDS = 400
DEPTH = 2000

# In the order of their bits in ASKED.
PROPERTIES = ("committed_is_read", "never_torn", "no_duplicates", "late_writer_harmless",
              "trim_owns", "nobody_waits")

WORLDS = {
    "late writers": "SLOTS=2 RECORDS_A=2 RECORDS_B=2",
    "records of one and two slots": "SLOTS=3 LONGEST=2",
    "a process is killed": "SLOTS=2 KILLS=1",
    "a writer is jumped over": "SLOTS=2 JUMPS=1",
    "two writers in one process": "SLOTS=2 RECORDS_B=1 RECORDS_C=1",
    "a reader that trims": "SLOTS=3 TRIMS=1",
    "a trim that fails half-way": "SLOTS=3 TRIMS=1 FAILS=1",
    "a trim that fails half-way, and a takeover": "SLOTS=4 RECORDS_B=1 TRIMS=2 FAILS=1 TAKEOVERS=1",
    "a reader takes over": "SLOTS=2 TAKEOVERS=2",
    "a reader takes over a trim": "SLOTS=4 RECORDS_B=1 TRIMS=1 TAKEOVERS=1",
    "a list that is soon full": "SLOTS=2 RECORDS_B=3 QUARANTINE=1",
}
LARGER_WORLDS = {
    "late writers, five records": "SLOTS=2 RECORDS_A=2 RECORDS_B=3",
    "records of one and two slots, three laps": "SLOTS=3 RECORDS_B=3 LONGEST=2",
    "records of one and two slots, four slots": "SLOTS=4 LONGEST=2",
    "a process is killed, long records": "SLOTS=3 LONGEST=2 KILLS=1",
    "both processes are killed": "SLOTS=2 RECORDS_B=3 KILLS=2",
    "one jumped over, one killed": "SLOTS=2 KILLS=1 JUMPS=1",
    "writers are jumped over, long records": "SLOTS=3 LONGEST=2 JUMPS=2",
    "writers are jumped over, four records": "SLOTS=2 RECORDS_B=3 JUMPS=2",
    "a reader that trims again": "SLOTS=3 TRIMS=2",
    "a reader that trims, long records": "SLOTS=4 LONGEST=2 TRIMS=1",
    "a reader that trims, one killed": "SLOTS=3 TRIMS=1 KILLS=1",
    "a reader takes over, long records": "SLOTS=3 LONGEST=2 TAKEOVERS=1",
    "a reader takes over, one killed": "SLOTS=2 KILLS=1 TAKEOVERS=1",
    "a list that is soon full, three slots": "SLOTS=3 RECORDS_A=2 RECORDS_B=3 QUARANTINE=1",
}
# More holes than the list has entries: the reader may have to wait, and does no harm meanwhile.
CROWDED = {
    "a full list, a trim and a takeover": "SLOTS=3 TRIMS=1 TAKEOVERS=1",
    "a full list, jumped over and taken over": "SLOTS=2 JUMPS=1 TAKEOVERS=2",
    "a full list, two trims and a takeover": "SLOTS=4 RECORDS_B=1 TRIMS=2 TAKEOVERS=1",
}
# Every run ends: no cycle but one, the look at an entry that is not to be lifted yet.
ENDLESS = {
    "nobody runs in circles": "SLOTS=2 JUMPS=1",
}
MISTAKES = {
    "no quarantine": ("late_writer_harmless", "SLOTS=2 NO_QUARANTINE=1"),
    "no quarantine, and its records": ("never_torn", "SLOTS=2 RECORDS_B=3 NO_QUARANTINE=1"),
    "a hole is not looked at again": ("committed_is_read", "SLOTS=2 NO_SECOND_LOOK=1"),
    "quarantine ends before the writer does": ("late_writer_harmless", "SLOTS=2 NEVER_LATE=1"),
    "one dead process stands for all": ("late_writer_harmless",
                                        "SLOTS=2 RECORDS_B=1 RECORDS_C=2 KILLS=1 ONE_IS_ENOUGH=1"),
    "only the dead are given up": ("nobody_waits", "SLOTS=2 JUMPS=1 ONLY_THE_DEAD=1"),
    "padding by a newer list": ("late_writer_harmless", "SLOTS=2 RECORDS_B=3 RELIST=1"),
    "release before the copy": ("never_torn", "SLOTS=2 RECORDS_B=3 EARLY_RELEASE=1"),
    "the lap is not looked at": ("no_duplicates", "SLOTS=2 RECORDS_B=3 NO_LAP=1"),
    "a trim by a plain store": ("trim_owns", "SLOTS=3 TRIMS=1 BLIND_TRIM=1"),
    "a trim that fails and is forgotten": ("nobody_waits",
                                           "SLOTS=3 TRIMS=1 FAILS=1 TRIM_FORGOTTEN=1"),
    "a trim that wipes the note of another": (
        "nobody_waits", "SLOTS=4 RECORDS_B=1 TRIMS=2 FAILS=1 TAKEOVERS=1 NOTE_WIPED=1"),
    "a leap over inherited quarantine": ("committed_is_read", "SLOTS=3 TAKEOVERS=1 LEAP=1"),
    "a trim that stops at a quarantine": ("nobody_waits",
                                          "SLOTS=4 RECORDS_B=1 TRIMS=1 TAKEOVERS=1 TRIM_STOPS=1"),
}

Job = collections.namedtuple("Job", "name kind wanted defines")
Result = collections.namedtuple("Result", "job violated states unreached story trouble")


def jobs_of(long, names):
    jobs = [Job(name, "mistake", wanted, defines) for name, (wanted, defines) in MISTAKES.items()]
    jobs += [Job(name, "endless", None, defines) for name, defines in ENDLESS.items()]
    jobs += [Job(name, "world", None, defines) for name, defines in WORLDS.items()]
    if long or names:
        jobs += [Job(name, "world", None, defines) for name, defines in LARGER_WORLDS.items()]
        jobs += [Job(name, "crowd", None, defines) for name, defines in CROWDED.items()]
    return [job for job in jobs if not names or job.name in names]


def run(folder, seconds, *command):
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=seconds, check=False)


def switches_of(job):
    """Of a mistake only its property is asked, of a crowd all but that nobody waits."""
    asked = 255
    if job.kind == "mistake":
        asked = 1 << PROPERTIES.index(job.wanted)
    elif job.kind == "crowd":
        asked -= 1 << PROPERTIES.index("nobody_waits")
    return [f"-DASKED={asked}", *("-D" + define for define in job.defines.split())]


def build(job, cc, folder):
    """Makes pan in the folder. Returns what went wrong, or None."""
    mode = "-DNP" if job.kind == "endless" else "-DSAFETY"
    for source in MODEL.glob("*.pml"):
        shutil.copy(source, folder)
    for command in (["spin", "-a", *switches_of(job), "ring.pml"],
                    [cc, "-O1", "-w", mode, "-DCOLLAPSE", f"-DMEMLIM={MEMORY_MB}", "-o", "pan",
                     "pan.c"]):
        made = run(folder, 120, *command)
        if made.returncode or "Error:" in made.stdout:
            return f"{command[0]}: {made.stdout.strip()[-400:]}"
    return None


def violated_property(out):
    """The name of the property that pan found violated, "" if none, None if the search was cut."""
    first = re.search(r"^pan:1: (.*)", out, re.M)
    if first:
        if re.search(r"invalid end state|non-progress cycle", first.group(1)):
            return "nobody_waits"
        return next((p for p in PROPERTIES if p in first.group(1)), first.group(1))
    if not re.search(r"errors: 0$", out, re.M) or re.search(
            r"Search not completed|max search depth too small|out of memory|reached -DMEMLIM", out):
        return None
    return ""


def unreached_of(out):
    """Places, as FILE:LINE, of steps that were never taken."""
    return set(re.findall(r"^\t(\w+\.pml:\d+), state", out, re.M))


def story_of(job, folder):
    told = run(folder, 60, "spin", "-t", *switches_of(job), "ring.pml")
    return [line.strip() for line in told.stdout.splitlines()
            if re.match(r"\s+(writer|reader|process) ", line)]


def check(job, cc):
    with tempfile.TemporaryDirectory(prefix="coldspan-model-") as folder:
        trouble = build(job, cc, folder)
        if trouble:
            return Result(job, None, 0, set(), [], trouble)
        try:
            search = {"endless": ["-l"], "crowd": ["-E"]}.get(job.kind, [])
            out = run(folder, SECONDS, "./pan", f"-m{DEPTH}", *search).stdout
        except subprocess.TimeoutExpired:
            return Result(job, None, 0, set(), [], f"not done after {SECONDS} s")
        violated = violated_property(out)
        states = re.search(r"([\d.e+]+) states, stored", out)
        return Result(job, violated, int(float(states.group(1))) if states else 0,
                      unreached_of(out), story_of(job, folder) if violated else [],
                      None if violated is not None else out.strip()[-400:])


def report(result, tell):
    """Prints one line, and a story if it is wanted. Returns whether all is as expected."""
    job = result.job
    good = result.trouble is None and result.violated == (job.wanted or "")
    said = result.trouble or (result.violated or "what is asked holds")
    print(f"{'ok' if good else 'FAILED'}: {job.kind}: {job.name} ({job.defines}): {said}; "
          f"{result.states} states", flush=True)
    if result.violated and (tell or not good):
        print("\n".join("    " + line for line in result.story))
    return good


def summary(results):
    """One line per property. Returns how many are without a mistake that breaks them."""
    bad, all_worlds = 0, [r for r in results if r.job.kind in ("world", "crowd")]
    for name in PROPERTIES:
        worlds = [r for r in all_worlds if name != "nobody_waits" or r.job.kind == "world"]
        broken = sum(r.violated == name for r in worlds)
        proofs = sum(r.job.wanted == name == r.violated for r in results)
        word = "holds" if not broken else "VIOLATED"
        print(f"{name}: {word} in {len(worlds) - broken} of {len(worlds)} worlds, "
              f"broken by {proofs} mistakes")
        bad += broken > 0 or not proofs
    never = set.intersection(*(r.unreached for r in all_worlds))
    print(f"steps that no world takes: {' '.join(sorted(never)) or 'none'}")
    return bad + len(never)


def main():
    args = [arg for arg in sys.argv[1:] if arg != "--all"]
    if not args or args[0].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    if shutil.which("spin") is None:
        print("SKIP: spin is not installed (script/setup installs it)")
        return SKIP_TEST
    jobs = jobs_of("--all" in sys.argv, args[1:])
    if len(jobs) < len(args[1:]):
        print(f"no such world or mistake among: {', '.join(args[1:])}", file=sys.stderr)
        return 2
    results, failed = [], 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for result in pool.map(lambda job: check(job, args[0]), jobs):
            failed += not report(result, bool(args[1:]))
            results.append(result)
    if not args[1:]:
        failed += summary(results)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
