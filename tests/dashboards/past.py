#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every query of every panel, variable and annotation, asked of a real Prometheus about a known past.

usage: past.py [--only WORDS]

The past is history.py's. None may be empty, none may be no number, in instances and over the range.
"""
import math
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import boards
import expected
import history
import truth
from lib import cases, prometheus
from lib.cases import case

# What Grafana puts in: an interval that holds some of everything; the hour that is looked at.
WINDOW, RANGE = 40 * history.STEP, 3600
GRAFANA = {"__rate_interval": f"{WINDOW}s", "__range": f"{RANGE}s", "__range_s": str(RANGE), "__interval": "30s"}
# Nothing of the kind is in the past, or in this hour of it.
QUIET = {"Alerts"}


def asked(board, expr, **other):
    return boards.filled_in(expr, {**boards.chosen(board, **other), **GRAFANA})


def finite(where, found):
    bad = [labels for labels, value in found if not math.isfinite(value)]
    assert not bad, f"{where}: no number for {bad}"


def each_query():
    for board in boards.all_boards():
        for title, target in boards.queries(board):
            yield board, f"{board['title']}: {title} {target['refId']}", target


@case
def no_query_of_a_panel_is_empty_or_no_number(server):
    for board, where, target in each_query():
        found = server.instant(asked(board, target["expr"]), history.END)
        assert found, f"{where} is empty: {asked(board, target['expr'])}"
        finite(where, found)


def close(expr, got, wanted):
    """Of a quantile, what is no larger than the smallest bound lies anywhere below it."""
    least = history.DURATION[0] if "histogram_quantile" in expr else 1e-9
    return abs(got - wanted) <= max(expected.tolerance(expr) * abs(wanted), least)


def key_of(labels, expr):
    """A result's labels, in the order in which its query names them."""
    grouped = re.findall(r"\bby \(([^)]*)\)", expr)
    order = [name for name in re.split(r"[ ,]+", " ".join(grouped)) if name]
    return tuple(labels[name] for name in sorted(labels, key=order.index))


def answers(server, true, **chosen):
    """Of each query that has an expected result: where, what is asked, what it was answered, and what is true."""
    for board in boards.all_boards():
        table = expected.EXPECTED.get(board["uid"], {})  # none of what Tempo answers
        for panel in boards.panels(board):
            title, targets = panel["title"], [one for one in panel.get("targets", []) if "expr" in one]
            if not targets or (board["uid"], title) in expected.BANDS:
                continue
            results = table[title](true)
            assert len(results) == len(targets), f"{title}: {len(results)} results for {len(targets)} queries"
            for target, wanted in zip(targets, results):
                expr = asked(board, target["expr"], **chosen)
                yield f"{board['title']}: {title} {target['refId']}", expr, server.instant(expr, history.END), wanted


def compared(server, true, **chosen):
    """How many numbers were compared, all of which are true."""
    seen = 0
    for where, expr, found, wanted in answers(server, true, **chosen):
        got = {key_of(labels, expr): value for labels, value in found}
        wanted = {tuple(filter(None, key)): value for key, value in wanted.items()}
        missing = {key for key, value in wanted.items() if value} - set(got)
        assert not missing, f"{where} lacks {missing}: {got}"
        for key, value in got.items():
            assert close(expr, value, wanted.get(key, 0)), \
                f"{where} {key}: {value}, not {wanted.get(key)}"
            seen += 1
    return seen


@case
def every_panel_shows_what_is_true(server):
    seen = compared(server, truth.Truth(WINDOW, RANGE))
    assert seen > 150, seen


@case
def and_of_what_was_chosen_alone(server):
    """By name; and by version, of which each function has another."""
    for label, value in (("faas_name", "hello"), ("faas_name", "resize"), ("faas_version", "2"), ("faas_version", "7")):
        functions = [one for one in history.FUNCTIONS if one.labels[label] == value]
        seen = compared(server, truth.Truth(WINDOW, RANGE, functions), **{label: value})
        assert seen > 100, (label, value, seen)


@case
def of_a_version_that_nobody_asks_any_more_nothing_is_no_number(server):
    """The first of `hello`: it is there, and nothing happened in the interval."""
    for board, where, target in each_query():
        expr = asked(board, target["expr"], faas_name="hello", faas_version="1")
        finite(where, server.instant(expr, history.END))


@case
def nobody_waits_for_what_was_started_ahead(server):
    true, panels = truth.Truth(WINDOW, RANGE), ("Over objective A", "Over objective by function A", "Functions, one by one H",
                                                "Time that people waited for starts A")
    with tempfile.TemporaryDirectory() as folder:
        data = prometheus.past(folder, history.lines([*history.FUNCTIONS, history.STARTED_AHEAD]))
        with prometheus.Prometheus(folder, data=data) as with_it:
            told = [one for one in answers(with_it, true) if any(one[0] == f"coldspan / Fleet: {title}" for title in panels)]
            starts = next(found for where, _, found, _ in answers(with_it, true) if "Fleet: Functions, one by one F" in where)
    assert len(told) == len(panels) and "ahead" in [labels["faas_name"] for labels, _ in starts], (told, starts)
    for where, expr, found, wanted in told:
        got = {key_of(labels, expr): value for labels, value in found}
        assert {key for key, value in wanted.items() if value} <= set(got) <= set(wanted), (where, got)
        assert all(close(expr, value, wanted[key]) for key, value in got.items()), (where, got, wanted)


@case
def nor_over_the_range(server):
    for board, where, target in each_query():
        found = server.range(asked(board, target["expr"]), history.END - RANGE, history.END, 60)
        assert found, f"{where} is empty"
        for labels, values in found:
            finite(where, [(labels, value) for _, value in values])


@case
def every_variable_has_values(server):
    for board in boards.all_boards():
        for variable in boards.variables(board):
            if variable["type"] != "query":
                continue
            metric, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]).groups()
            metric = asked(board, metric)
            found = server.ask(f"label/{label}/values", **{"match[]": metric}, start=history.START,
                               end=history.END)
            assert found, f"{board['title']}: {variable['name']} has no values: {metric}"


@case
def annotations_say_when_a_version_came(server):
    for board in boards.all_boards():
        for annotation in boards.annotations(board):
            found = server.range(asked(board, annotation["expr"]), history.START + 600, history.END, 30)
            if annotation["name"] in QUIET:
                continue
            assert [labels for labels, _ in found] == [
                {"faas_name": "hello", "faas_version": "2"}], (annotation["name"], found)


@case
def one_function_alone_is_no_other(server):
    board = next(b for b in boards.all_boards() if b["uid"] == "coldspan-function")
    expr = next(target["expr"] for title, target in boards.queries(board) if title == "Invocations")
    def of(name):
        return server.instant(asked(board, expr, faas_name=name), history.END)[0][1]
    assert of("hello") > 1.9 and abs(of("warm") - 1) < 0.01, (of("hello"), of("warm"))
    assert abs(of("hello") + of("warm") - of("hello|warm")) < 0.01


def main():
    args = cases.parser(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = prometheus.past(folder, history.lines())
        with prometheus.Prometheus(folder, data=data) as server:
            cases.main(args, server)


if __name__ == "__main__":
    main()
