#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `coldspan assert` finds, and what it does not: short, and as coarse as a busy machine allows.

usage: assert_proofs.py --build DIR
`script/bench --long budgets` has the whole proofs; docs/budgets.md their figures.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import budgets, cases
from lib.cases import case

PAIRS, PAIRS_EXACT, NULL_RUNS = 6, 2, 2
LESS = 4  # than what is measured in full
TRIES = 3  # a machine that is too busy for a verdict may be less so a moment later


def verdicts(args, *words):
    return budgets.verdicts(args.build / "agent/coldspan", *words)


def a_shared_object_more(args, folder, name):
    command, with_one_more, objects = budgets.commands(args.build, folder)[name]
    line = f"{objects} <= 0 vs baseline"
    found, status = verdicts(args, folder, {name: budgets.paired(with_one_more(1), command(1), line)}, PAIRS_EXACT)
    assert (status, found[name, objects]) == (budgets.FAILED, "FAIL"), found
    found, status = verdicts(args, folder, {name: budgets.paired(command(1), command(1), line)}, PAIRS_EXACT)
    assert (status, found[name, objects]) == (budgets.KEPT, "PASS"), found


@case
def a_shared_object_more_is_found_in_c(args, folder):
    a_shared_object_more(args, folder, "c")


@case
def a_shared_object_more_is_found_in_python(args, folder):
    a_shared_object_more(args, folder, "python")


@case
def a_shared_object_more_is_found_in_node(args, folder):
    a_shared_object_more(args, folder, "node")


@case
def user_code_four_times_as_long_is_found(args, folder):
    for name, (command, _, _) in budgets.commands(args.build, folder).items():
        count = budgets.COUNTS[name] // LESS
        function = budgets.paired(command(4 * count), command(count), "p50 code <= +10% vs baseline")
        for _ in range(TRIES):
            found, status = verdicts(args, folder, {name: function}, PAIRS)
            if found[name, "p50 code"] != "UNSTABLE":
                break
        assert (status, found[name, "p50 code"]) == (budgets.FAILED, "FAIL"), found


@case
def what_did_not_change_does_not_fail(args, folder):
    functions = {}
    for name, (command, _, objects) in budgets.commands(args.build, folder).items():
        own = command(budgets.COUNTS[name] // LESS)
        functions[name] = budgets.paired(own, own, "p50 code <= +50% vs baseline", f"{objects} <= 0 vs baseline")
    for _ in range(NULL_RUNS):
        found, status = verdicts(args, folder, functions, PAIRS, "--null")
        assert status == budgets.KEPT, found
        assert all(found[name, objects] == "PASS" for name, (_, _, objects) in budgets.commands(args.build, folder).items()), found


def main():
    args = cases.parser(__doc__, "build").parse_args()
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
