#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts what script/test ran: one JSON line per result in a file, one closing line over all.

  tally.py add FILE RESULT NAME [REASON]   notes one result (passed, failed, skipped)
  tally.py again TESTLOG                   prints which tests of a meson testlog.json deserve a second run
  tally.py meson FILE STEP TESTLOG [SECOND]
                                           notes every test of it, and how the second run of some went
  tally.py close FILE                      prints what failed and was skipped, then the counts

Of a test that passed without some of its cases (tests/lib/cases.py) these are named, but not counted.
A test with foreign programs may meet a machine that starves it: a few that failed may run once more,
alone. One that passes then is counted as passed, and named as flaky: it is a defect to be mended. What
a sanitizer found or a signal ended is never asked again, nor are more than AGAIN tests.
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
FLAKY = "flaky"
AGAIN = 4
FOUND = re.compile(r"(Address|Leak|Thread|Memory|UndefinedBehavior)Sanitizer|runtime error:")
CASE = re.compile(r"^(.+) \.\.\. skip: (.+)$", re.MULTILINE)


def last_line(test):
    lines = (test.get("stdout") or test.get("stderr") or "").strip().splitlines()
    said = [line for line in lines if "SKIP" in line.upper()]
    return (said or lines or ["no reason given"])[-1].strip()[:200]


def note(path, result, name, reason=""):
    with open(path, "a", encoding="utf-8") as out:
        out.write(json.dumps({"result": result, "name": name, "reason": reason}) + "\n")


def read(log):
    try:
        with open(log, encoding="utf-8") as lines:
            return [json.loads(line) for line in lines if line.strip()]
    except FileNotFoundError:
        return []


def failed(tests):
    return [test for test in tests if test["result"] not in RESULTS]


def again(log):
    tests = failed(read(log))
    if len(tests) > AGAIN or any(is_final(test) for test in tests):
        return 0
    for test in tests:
        print(test["name"].rpartition(" / ")[2])
    return 0


def is_final(test):
    said = (test.get("stdout") or "") + (test.get("stderr") or "")
    return test["result"] not in ("FAIL", "TIMEOUT") or test.get("returncode", 1) < 0 or FOUND.search(said)


def from_meson(path, step, log, second=None):
    tests = read(log)
    late = {test["name"]: test for test in read(second) if test["result"] in RESULTS} if second else {}
    if not tests:
        note(path, "failed", step, "meson ran no test")
    for test in tests:
        if test["result"] not in RESULTS and test["name"] in late:
            note(path, FLAKY, f"{step}: {test['name']}", f"{test['result']}, and passed when it ran again alone")
            test = late[test["name"]]
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
    for kind in (LEFT_OUT, "skipped", FLAKY, "failed"):
        for entry in results:
            if entry["result"] == kind:
                print(f"{kind}: {entry['name']}: {entry['reason']}")
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    return 1 if count["failed"] or not count["passed"] else 0


def main(args):
    if len(args) in (4, 5) and args[0] == "add" and args[2] in ("passed", "failed", "skipped"):
        note(*args[1:])
        return 0
    if len(args) == 2 and args[0] == "again":
        return again(args[1])
    if len(args) in (4, 5) and args[0] == "meson":
        return from_meson(*args[1:])
    if len(args) == 2 and args[0] == "close":
        return close(args[1])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
