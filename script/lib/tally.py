#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts what script/test ran: one JSON line per result in a file, one closing line over all.

  tally.py add FILE RESULT NAME [REASON]   notes one result (passed, failed, skipped)
  tally.py meson FILE STEP TESTLOG         notes every test of a meson testlog.json
  tally.py close FILE                      prints what failed and was skipped, then the counts

Of a test that passed without some of its cases (tests/lib/cases.py) these are named, but not counted.
"""
import json
import re
import sys

RESULTS = {
    "OK": "passed",
    "EXPECTEDFAIL": "passed",
    "SKIP": "skipped",
}
LEFT_OUT = "left out"
CASE = re.compile(r"^(.+) \.\.\. skip: (.+)$", re.MULTILINE)


def last_line(test):
    lines = (test.get("stdout") or test.get("stderr") or "").strip().splitlines()
    said = [line for line in lines if "SKIP" in line.upper()]
    return (said or lines or ["no reason given"])[-1].strip()[:200]


def note(path, result, name, reason=""):
    with open(path, "a", encoding="utf-8") as out:
        out.write(json.dumps({"result": result, "name": name, "reason": reason}) + "\n")


def from_meson(path, step, log):
    try:
        with open(log, encoding="utf-8") as lines:
            tests = [json.loads(line) for line in lines if line.strip()]
    except FileNotFoundError:
        tests = []
    if not tests:
        note(path, "failed", step, "meson ran no test")
    for test in tests:
        result = RESULTS.get(test["result"], "failed")
        reason = {"skipped": last_line(test), "failed": test["result"]}.get(result, "")
        note(path, result, f"{step}: {test['name']}", reason)
        for case, why in CASE.findall(test.get("stdout") or "") if result == "passed" else ():
            note(path, LEFT_OUT, f"{step}: {test['name']}: {case}", why)
    return 0


def close(path):
    try:
        with open(path, encoding="utf-8") as lines:
            results = [json.loads(line) for line in lines]
    except FileNotFoundError:
        results = []
    count = {"passed": 0, "failed": 0, "skipped": 0}
    for entry in results:
        if entry["result"] in count:
            count[entry["result"]] += 1
    for kind in (LEFT_OUT, "skipped", "failed"):
        for entry in results:
            if entry["result"] == kind:
                print(f"{kind}: {entry['name']}: {entry['reason']}")
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    return 1 if count["failed"] or not count["passed"] else 0


def main(args):
    if len(args) in (4, 5) and args[0] == "add" and args[2] in ("passed", "failed", "skipped"):
        note(*args[1:])
        return 0
    if len(args) == 4 and args[0] == "meson":
        return from_meson(*args[1:])
    if len(args) == 2 and args[0] == "close":
        return close(args[1])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
