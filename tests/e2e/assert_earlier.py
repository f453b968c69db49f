#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Saved samples as a baseline: compared with as what they are, and with nothing that was measured otherwise.

usage: assert_earlier.py --coldspan FILE --schema FILE
"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import asserting, cases
from lib.asserting import KEPT, NO_DATA, OVER, USAGE, coldspan, expect, plan
from lib.cases import case

RUNS = "defaults: {runs: 12, max_runs: 12, warmup: 0}\n"
FORMATS = ("text", "markdown", "html", "junit", "github", "gitlab")


def loop(turns):
    return json.dumps(["sh", "-c", f"i=0; while [ $i -lt {turns} ]; do i=$((i+1)); done"])


def function(turns, budgets="", more=""):
    baseline = f"baseline: {{file: old.json{more}}}, " if budgets else ""
    return f"  f: {{run: {loop(turns)}, {baseline}budgets: [total <= 100s{budgets}]}}\n"


def saved(args, folder, turns=1000):
    """Samples of a loop of so many turns in old.json. Return: what is in it."""
    plan(folder, function(turns), RUNS)
    expect(coldspan(args, folder, "-o", "json=old.json"), KEPT)
    return json.loads((folder / "old.json").read_text())


def change(folder, document, **origin):
    for name, value in origin.items():
        document["functions"][0]["origin"]["host"][name] = value
    (folder / "old.json").write_text(json.dumps(document))


@case
def what_grew_is_found_and_called_weaker_everywhere(args, folder):
    saved(args, folder)
    plan(folder, function(400000, ", p50 total <= +50% vs baseline, p90 total <= 1.5x vs baseline"),
         RUNS.replace("12", "14"))
    words = [word for name in FORMATS for word in ("-o", f"{name}=out.{name}")]
    got = coldspan(args, folder, *words, "-o", "json=new.json")
    expect(got, OVER, r"f: 14 cold starts, and 12 of the baseline that were made before",
           r"weaker than pairs: the baseline is of saved samples \(.*old.json, 20\d\d-",
           r"FAIL +p50 total <= \+50.0 % vs baseline .*; weaker: of saved samples, not of pairs")
    for name in FORMATS:
        assert "of saved samples, not of pairs" in (folder / f"out.{name}").read_text(), name
    for name in ("text", "markdown", "html"):
        assert "weaker than pairs" in (folder / f"out.{name}").read_text(), name
    new = json.loads((folder / "new.json").read_text())["functions"][0]
    known = new["baseline_saved"]
    assert known["starts"] == len(new["baseline_samples"]["total_ns"]) == 12 and known["difference"] is None, known
    assert known["from"].startswith(str(folder / "old.json")), known
    # Judged again from what was written, and no less weak.
    expect(coldspan(args, folder, "--from", "new.json"), OVER, r"weaker than pairs: .*old.json",
           r"FAIL +p50 total <= \+50.0 % vs baseline .*; weaker: of saved")


@case
def what_is_the_same_is_no_failure(args, folder):
    saved(args, folder)
    plan(folder, function(1000, ", p50 total <= 100x vs baseline, shared_objects <= 0 vs baseline"), RUNS)
    expect(coldspan(args, folder), KEPT, r"PASS +p50 total <= 100.00 x", r"PASS +shared_objects <= 0 vs baseline")


@case
def of_another_machine_it_is_refused_or_only_warns(args, folder):
    change(folder, saved(args, folder), kernel="2.6.18", cpus=77)
    over = ", shared_objects <= -99% vs baseline"
    plan(folder, function(1000, over), RUNS)
    got = coldspan(args, folder)
    expect(got, USAGE, r"coldspan.yaml:4:\d+: .*old.json was not measured as here: kernel 2.6.18 there, \S+ here; "
           r"77 processors there, \d+ here; measure it here, or write if_different: warn")
    assert "cold start" not in got.stdout, got
    plan(folder, function(1000, over, ", if_different: warn"), RUNS)
    got = coldspan(args, folder, "--strict", "-o", "json=new.json")
    expect(got, KEPT, r"it can only warn, since kernel 2.6.18 there", r"WARN +shared_objects")
    budget = json.loads((folder / "new.json").read_text())["functions"][0]["budgets"][1]
    assert (budget["verdict"], budget["counts"]) == ("WARN", False), budget
    expect(coldspan(args, folder, "--from", "new.json"), KEPT, r"it can only warn", r"WARN +shared_objects")
    # What a file says of itself excuses nothing that the plan in force does not.
    plan(folder, function(1000, over), RUNS)
    expect(coldspan(args, folder, "--from", "new.json"), USAGE, r"new.json: .*only warn .*: kernel 2.6.18 there")


@case
def they_are_not_joined_with_pairs(args, folder):
    saved(args, folder)
    plan(folder, function(1000, ", total <= 100x vs baseline"), RUNS)
    expect(coldspan(args, folder, "-o", "json=apart.json"), KEPT)
    pairs = f"  f: {{run: {loop(1000)}, baseline: {{run: {loop(1000)}}}, budgets: [total <= 100x vs baseline]}}\n"
    plan(folder, pairs, RUNS)
    expect(coldspan(args, folder, "-o", "json=pairs.json"), KEPT)
    for names in (("apart.json", "pairs.json"), ("pairs.json", "apart.json")):
        got = coldspan(args, folder, "--from", *names, "-o", "json=both.json")
        expect(got, KEPT, r"and 12 of the baseline that were made before", r"each beside one of the baseline")
        both = json.loads((folder / "both.json").read_text())["functions"]
        assert [len(one["samples"]["total_ns"]) for one in both] == [12, 12], names


@case
def measured_in_another_way_it_is_refused(args, folder):
    saved(args, folder)
    plan(folder, function(1000, ", total <= 9x vs baseline", "").replace("run:", "invoke: {body: x}, run:"), RUNS)
    expect(coldspan(args, folder), USAGE, r"its ready, invoke, prepare, cache, processor, slow_processor or warm_events differ;")
    plan(folder, function(1000, ", total <= 9x vs baseline", "").replace("run:", "prepare: 'true', run:"), RUNS)
    expect(coldspan(args, folder), USAGE, r"its ready, invoke, prepare, cache, ")


@case
def of_pairs_only_those_that_take_slow_processors_are_as_here(args, folder):
    """Where there are many processors, or a quota, none is avoided: then pairs differ in nothing."""
    alone = saved(args, folder)["functions"][0]["measured_as"]
    pairs = f"  f: {{run: {loop(1000)}, baseline: {{run: {loop(1000)}}}, %s budgets: [total <= 100x vs baseline]}}\n"
    for more in ("slow_processor: take,", ""):
        plan(folder, pairs % more, RUNS)
        expect(coldspan(args, folder, "-o", "json=old.json"), KEPT)
        method = json.loads((folder / "old.json").read_text())["functions"][0]["measured_as"]
        assert method == alone or not more, method
        plan(folder, function(1000, ", total <= 100x vs baseline"), RUNS)
        if method == alone:
            expect(coldspan(args, folder), KEPT)
        else:
            expect(coldspan(args, folder), USAGE, r"old.json was not measured as here: its starts were made in pairs, which avoid "
                   r"slow processors unless they say slow_processor: take; measure it here")


@case
def what_has_no_samples_is_no_baseline(args, folder):
    document = saved(args, folder)
    plan(folder, "  g: {run: [/bin/true], baseline: {file: old.json}, budgets: [total <= 9x vs baseline]}\n", RUNS)
    expect(coldspan(args, folder), NO_DATA, r"coldspan.yaml:4:\d+: .*old.json has no samples of it")
    document["functions"] *= 2
    document["functions"][1] = {**document["functions"][0],
                                "origin": {**document["functions"][0]["origin"], "commit": "other", "runs": ["b"]}}
    (folder / "old.json").write_text(json.dumps(document))
    plan(folder, function(1000, ", total <= 9x vs baseline"), RUNS)
    expect(coldspan(args, folder), USAGE, r"old.json has samples of it from 2 machines, commits or ways to measure")
    (folder / "old.json").write_text("{")
    expect(coldspan(args, folder), USAGE, r"coldspan.yaml:4:\d+: .*old.json:1:1: not a result of coldspan assert")
    plan(folder, "  f: {run: [/bin/true], budgets: [total <= 9x vs baseline],\n"
                 "      baseline: {run: [/bin/true], if_different: warn}}\n", RUNS)
    expect(coldspan(args, folder), USAGE, r"only samples of a file may differ; remove if_different")


@case
def too_few_prove_nothing(args, folder):
    saved(args, folder)
    plan(folder, function(400000, ", p95 total <= 1.5x vs baseline"), "defaults: {runs: 1, max_runs: 1, warmup: 0}\n")
    expect(coldspan(args, folder), KEPT, r"INCONCLUSIVE +p95 total .*59 starts are needed")


@case
def saved_starts_without_the_metric_are_told_and_not_too_many(args, folder):
    document = saved(args, folder)
    totals = document["functions"][0]["samples"]["total_ns"]
    plan(folder, function(1000, ", p50 total <= 100x vs baseline"), RUNS)
    totals[0] = None
    change(folder, document)
    expect(coldspan(args, folder), KEPT, r"PASS +p50 total .*; not seen in 1 of the 12 saved starts;")
    totals[1] = None
    change(folder, document)
    expect(coldspan(args, folder, "-o", "json=new.json"), NO_DATA,
           r"NO DATA +p50 total .*not seen in 2 of the 12 saved starts, too many to compare with")
    budget = json.loads((folder / "new.json").read_text())["functions"][0]["budgets"][1]
    assert budget["measured"]["saved_missing"] == 2, budget


@case
def the_schema_says_what_is_written(args, folder):
    try:
        import jsonschema
    except ImportError:
        cases.skip("python3-jsonschema is not installed (script/setup installs it)")
    saved(args, folder)
    plan(folder, function(1000, ", total <= 100x vs baseline"), RUNS)
    expect(coldspan(args, folder, "-o", "json=new.json"), KEPT)
    jsonschema.validate(json.loads((folder / "new.json").read_text()), json.loads(args.schema.read_text()))


def schema(parser):
    parser.add_argument("--schema", type=pathlib.Path, required=True)


if __name__ == "__main__":
    asserting.main(__doc__, schema)
