#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The boards that are committed are what their source makes, and name what the collector exports.

usage: committed.py [--only WORDS]
"""
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import boards
import history
import yaml_files
from lib import cases, peers
from lib.cases import case

PAGE = boards.ROOT / "docs/metrics.md"
# Prometheus' own, and labels that every series has.
FOREIGN = {"ALERTS"}
PLACES = {"job", "instance", "le"}
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count", "")}


def exported():
    """{name at Prometheus: labels}, by the table that a lint test holds against the collector's list."""
    found = {}
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 6 and cells[0].startswith("`"):
            labels = {name.replace(".", "_") for name in re.findall(r"`([^`]+)`", cells[4])}
            for suffix in SUFFIXES.get(cells[2], ("",)):
                found[cells[1].strip("`") + suffix] = labels
    return found


def selectors(expr):
    """(metric, {labels}) of each."""
    for name, inside in re.findall(r"\b([a-zA-Z_:][\w:]*)\{([^}]*)\}", expr.replace("${slo}", "slo")):
        yield name, set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", inside))


def every_expr():
    for board in boards.all_boards():
        for title, target in boards.queries(board):
            yield f"{board['title']}: {title}", target["expr"]
        for variable in boards.variables(board):
            if variable["type"] == "query":
                yield f"{board['title']}: ${variable['name']}", variable["query"]
        for annotation in boards.annotations(board):
            yield f"{board['title']}: {annotation['name']}", annotation["expr"]


@case
def what_is_committed_is_what_the_source_makes(folder):
    peers.path("boards")
    subprocess.run([boards.ROOT / "dashboards/generate", folder], check=True)
    made = {path.name: path.read_text("utf-8") for path in folder.glob("*.json")}
    committed = {path.name: path.read_text("utf-8") for path in boards.FOLDER.glob("*.json")}
    assert sorted(made) == sorted(committed)
    for name, text in made.items():
        assert committed[name] == text, f"dashboards/boards/{name} is out of date: dashboards/generate"


@case
def every_metric_and_label_is_exported(folder):
    known, seen = exported(), 0
    for where, expr in every_expr():
        for name, labels in selectors(expr):
            seen += 1
            if name not in FOREIGN:
                assert name in known, f"{where} asks for {name}: docs/metrics.md does not name it"
                assert labels <= known[name] | PLACES, f"{where}: {name} has no {labels - known[name]}"
    assert seen > 100


@case
def groups_are_by_labels_that_are_there(folder):
    labels = set().union(*exported().values()) | PLACES
    for where, expr in every_expr():
        for names in re.findall(r"\bby \(([^)]*)\)", expr):
            unknown = set(names.replace(" ", "").split(",")) - labels
            assert not unknown, f"{where}: by {unknown}"


@case
def native_histograms_are_asked_for_as_their_buckets_are(folder):
    """The past of past.py has buckets alone, and what is scraped live has no known numbers: of each histogram of a
    query, the same functions, series and times in both of its forms."""
    seen, of_rules = 0, [(rule["alert" if "alert" in rule else "record"], rule["expr"])
                         for kind in ("recording", "alerts") for rule in yaml_files.rules(kind)]
    for where, expr in [*every_expr(), *of_rules]:
        expr, forms = re.sub(r"\$\{(\w+)[^}]*\}", r"$\1", expr), {}
        for how, name, inside, window in re.findall(r"\b(rate|increase)\((\w+)(?:\{([^}]*)\})?\[([^]]+)\]", expr):
            base = re.sub(r"_(bucket|count|sum)$", "", name)
            if base + "_bucket" in exported():
                labels = tuple(sorted(one for one in inside.split(",") if one and not one.startswith("le=")))
                forms.setdefault((base, name == base), set()).add((how, labels, window))
        for base, native in forms:
            assert forms[base, native] == forms.get((base, not native)) or "Invocations by duration" in where, (where, forms)
        parts = re.findall(r"_(count|sum)(?:\{[^}]*\})?\[[^]]*\]\)\s*or\s*histogram_(count|sum)\(", expr)
        assert all(classic == native for classic, native in parts), (where, parts)
        seen += len(forms)
    assert seen > 100, seen


@case
def a_name_of_one_function_is_no_regular_expression(folder):
    """Grafana escapes what is put in only of variables that may have several values."""
    single = 0
    for board in boards.all_boards():
        names = {one["name"] for one in boards.variables(board)
                 if one["type"] == "query" and not one.get("multi") and not one.get("includeAll")}
        single += len(names)
        for _, target in boards.queries(board):
            bare = set(re.findall(r'=~"\$(\w+)"', target["expr"])) & names
            assert not bare, f"{board['title']}: {bare} in {target['expr']}"
    assert single


@case
def the_past_has_what_is_asked_for_and_nothing_else(folder):
    known = exported()
    for name in history.names():
        assert name in known or name + "_total" in known, f"history.py has {name}: it is not exported"


if __name__ == "__main__":
    cases.main(cases.parser(__doc__).parse_args(), folder=True)
