#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`coldspan dashboards lint`: our boards break no rule, and each rule fires where it should.

usage: lint.py --build DIR [--only WORDS]
"""
import json
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import boards
import queries
from lib import cases, prometheus
from lib.cases import case

RULES = re.findall(r'^\s*X\(\w+, "([\w-]+)"', (boards.ROOT / "agent/dashboards/lint.h").read_text("utf-8"),
                   re.MULTILINE)
NAME = "coldspan-function"


def lint(args, *files):
    """[(rule, panel, text)]"""
    got = subprocess.run([args.coldspan, "dashboards", "lint", "--json", *files], capture_output=True, text=True,
                         check=False, timeout=60, env={"COLDSPAN_DASHBOARDS": str(boards.ROOT / "dashboards")})
    assert got.returncode in (0, 3) and got.stderr == "", got
    found = json.loads(got.stdout)["findings"]
    assert (got.returncode == 3) == bool(found), got
    return [(one["rule"], one["panel"], one["text"]) for one in found]


def good():
    return json.loads((boards.FOLDER / f"{NAME}.json").read_text("utf-8"))


def first(board, kind):
    return next(panel for panel in boards.panels(board) if panel["type"] == kind)


def variable(board, name):
    return next(one for one in boards.variables(board) if one["name"] == name)


def ask(board, expr, kind="timeseries"):
    """Another query for a panel, by which all are still used."""
    panel = first(board, kind)
    panel["targets"] = [{**panel["targets"][0], "refId": "Z", "expr": expr}, *panel["targets"]]


S = 'job=~"$job",instance=~"$instance"'
LOKI = {"type": "loki", "uid": "loki"}


def logs(board, expr):
    panel = first(board, "timeseries")
    panel["targets"].append({"refId": "L", "expr": expr, "datasource": LOKI})


def searches(board, query, **more):
    """A panel that asks a Tempo, beside the others."""
    boards.variables(board).append({"type": "datasource", "name": "tempo_datasource", "query": "tempo",
                                    "label": "Tempo data source"})
    first(board, "heatmap")["targets"].append({"refId": "T", "queryType": "traceql", "query": query,
                                               "datasource": {"type": "tempo", "uid": "$tempo_datasource"}, **more})


def overlap(board):
    one, other = [panel for panel in board["panels"] if panel["type"] != "row"][:2]
    other["gridPos"] = dict(one["gridPos"])


# rule: what breaks it, alone or with others
BREAKS = {
    "template-datasource-rule": [
        lambda b: b["templating"].update(list=[v for v in boards.variables(b) if v["type"] != "datasource"]),
        lambda b: variable(b, "prometheus_datasource").update(label="Where"),
        lambda b: boards.variables(b).append({"type": "datasource", "name": "tempo", "query": "tempo",
                                              "label": "Tempo data source"})],
    "template-job-rule": [lambda b: variable(b, "job").update(multi=False),
                          lambda b: variable(b, "job").update(allValue=".*"),
                          lambda b: variable(b, "job").update(label="job"),
                          lambda b: variable(b, "job").update(type="custom"),
                          lambda b: variable(b, "job").update(datasource={"uid": "abc"}),
                          lambda b: variable(b, "job").update(name="jobs")],
    "template-instance-rule": [lambda b: variable(b, "instance").update(allValue="")],
    "template-label-promql-rule": [lambda b: variable(b, "job").update(query="labels(up, job)"),
                                   lambda b: variable(b, "job").update(query="up"),
                                   lambda b: variable(b, "job").update(query='label_values(up{job="}, job)')],
    "template-on-time-change-reload-rule": [lambda b: variable(b, "job").update(refresh=1)],
    "panel-datasource-rule": [lambda b: first(b, "timeseries").update(datasource={"uid": "abc"}),
                              lambda b: first(b, "timeseries").update(datasource={"uid": "$job"})],
    "panel-title-description-rule": [lambda b: first(b, "stat").update(description=""),
                                     lambda b: first(b, "stat").pop("title")],
    "panel-units-rule": [lambda b: first(b, "stat")["fieldConfig"]["defaults"].update(unit="bananas"),
                         lambda b: first(b, "stat")["fieldConfig"]["defaults"].pop("unit")],
    "panel-no-targets-rule": [lambda b: first(b, "stat").pop("targets")],
    "target-logql-rule": [lambda b: logs(b, 'rate({app="x"[$__auto])'), lambda b: logs(b, "rate(x[$__auto])"),
                          lambda b: logs(b, '{app="x} |= "y')],
    "target-logql-auto-rule": [lambda b: logs(b, 'rate({app="x"}[5m])')],
    "target-promql-rule": [lambda b: ask(b, f"sum(up{{{S}}}"), lambda b: ask(b, f"rate(up{{{S}}})"),
                           lambda b: ask(b, f"nosuch(up{{{S}}})"), lambda b: ask(b, f"up{{{S}}} or 1"),
                           lambda b: ask(b, "")],
    "target-rate-interval-rule": [lambda b: ask(b, f"rate(up{{{S}}}[5m])"),
                                  lambda b: ask(b, f"sum(irate(up{{{S}}}[$__interval]))")],
    "target-job-rule": [lambda b: ask(b, 'up{instance=~"$instance"}'),
                        lambda b: ask(b, 'up{job="$job",instance=~"$instance"}')],
    "target-instance-rule": [lambda b: ask(b, 'sum(up{job=~"$job"})')],
    "target-counter-agg-rule": [lambda b: ask(b, f"sum(x_total{{{S}}})"),
                                lambda b: ask(b, f"delta(x_total{{{S}}}[5m])")],
    "uneditable-dashboard": [lambda b: b.update(editable=True)],
    "panel-complete-rule": [lambda b: first(b, "heatmap").update(description=""),
                            lambda b: first(b, "heatmap").update(title=""),
                            lambda b: first(b, "stat")["fieldConfig"]["defaults"].pop("noValue"),
                            lambda b: first(b, "heatmap")["fieldConfig"]["defaults"].update(unit="")],
    "panel-overlap-rule": [overlap, lambda b: first(b, "stat")["gridPos"].update(x=23),
                           lambda b: first(b, "stat").pop("gridPos")],
    "panel-id-rule": [lambda b: first(b, "stat").update(id=first(b, "heatmap")["id"]),
                      lambda b: first(b, "stat").pop("id")],
    "query-source-rule": [
        lambda b: first(b, "stat")["targets"][0].update(datasource={"type": "prometheus", "uid": "abc"}),
        lambda b: first(b, "stat")["targets"][0].update(datasource={"type": "prometheus", "uid": "$job"}),
        lambda b: first(b, "stat")["targets"][0].update(datasource={"type": "loki", "uid": "$prometheus_datasource"}),
        lambda b: first(b, "stat")["targets"][0].update(datasource="x$prometheus_datasource"),
        lambda b: first(b, "heatmap")["targets"][0].update(expr="sum(up"), lambda b: first(b, "heatmap")["targets"][0].pop("expr"),
        lambda b: boards.annotations(b)[0].update(expr="sum(up"), lambda b: boards.annotations(b)[0].pop("datasource"),
        lambda b: searches(b, ""), lambda b: searches(b, '{ name = "x }'), lambda b: searches(b, "{ duration > 1s } | rate("),
        lambda b: searches(b, "sum(rate(up[5m]))"), lambda b: searches(b, "{}", datasource={"type": "tempo", "uid": "abc"})],
    "variable-used-rule": [lambda b: boards.variables(b).append({"type": "textbox", "name": "price", "query": "1"})],
    "variable-known-rule": [lambda b: ask(b, f'up{{{S},le="$nosuch"}}'),
                            lambda b: b["links"].append({"type": "link", "url": "/x?${nosuch:queryparam}"})],
    "link-rule": [lambda b: b["links"].append({"type": "link", "url": "/d/coldspan-nosuch/x"}),
                  lambda b: b["links"].append({"type": "link", "url": f"/d/{NAME}?var-nosuch=1"}),
                  lambda b: b["links"].append({"type": "dashboards", "tags": ["coldspan-nosuch"]}),
                  lambda b: b["links"].append({"type": "link", "url": "/x?a=${__value.raw}"}),
                  lambda b: b["links"].append({"type": "link", "url": "https://x/?a=$faas_name&b=c"})],
    "metric-exported-rule": [lambda b: ask(b, f"faas_coldstart_total{{{S}}}"),
                             lambda b: ask(b, f"sum(rate(faas_coldstarts{{{S}}}[$__rate_interval]))"),
                             lambda b: ask(b, f"coldspan_instances_total{{{S}}}"),
                             lambda b: variable(b, "job").update(query="label_values(coldspan_nosuch, job)"),
                             lambda b: boards.annotations(b)[0].update(expr="coldspan_nosuch")],
    "bucket-bound-rule": [lambda b: ask(b, f'faas_init_duration_seconds_bucket{{{S},le="0.3"}}'),
                          lambda b: boards.variables(b).append(
                              {"type": "custom", "name": "slo", "query": "1,7",
                               "options": [{"value": "1"}, {"value": "7"}]}) or
                          ask(b, f'faas_init_duration_seconds_bucket{{{S},le=~"${{slo}}([.]0)?"}}')],
}


@case
def our_boards_break_no_rule(args, folder):
    assert lint(args) == []
    assert lint(args, *sorted(boards.FOLDER.glob("*.json"))) == []


@case
def every_rule_has_a_board_that_breaks_it(args, folder):
    assert sorted(BREAKS) == sorted(RULES), set(BREAKS) ^ set(RULES)
    assert len(RULES) >= 17


@case
def each_rule_fires(args, folder):
    file = folder / "board.json"
    for rule, changes in BREAKS.items():
        for i, change in enumerate(changes):
            board = good()
            change(board)
            file.write_text(json.dumps(board), "utf-8")
            found = lint(args, file)
            assert rule in {name for name, _, _ in found}, f"{rule}, {i}: {found}"


def _of_the_unit_test(name):
    text = (boards.ROOT / "tests/unit/agent/dashboards/test_promql.c").read_text("utf-8")
    for inside in re.findall(rf"const {name}\[\] = \{{(.*?)\n\t\}};", text, re.DOTALL):
        yield from (json.loads(f'"{word}"') for word in re.findall(r'"((?:[^"\\]|\\.)*)"', inside))


def _refused(args, folder, asked):
    """Which of them we refuse. A board has a thousand panels at most."""
    found = set()
    for start in range(0, len(asked), 1000):
        board = good()
        board["panels"] = [{"id": i + 1, "type": "stat", "title": str(i), "targets": [{"expr": query}]}
                           for i, query in enumerate(asked[start:start + 1000], start)]
        (folder / "board.json").write_text(json.dumps(board), "utf-8")
        found |= {asked[int(panel)] for rule, panel, _ in lint(args, folder / "board.json") if rule == "target-promql-rule"}
    return found


# What a server may be told to read as well.
FEATURES = ["--enable-feature=promql-experimental-functions", "--enable-feature=promql-extended-range-selectors"]


def _refused_by_prometheus(folder, asked, peer, *features):
    """Which of them it refuses, all in one file of rules."""
    rules = [{"record": f"a{i}", "expr": query} for i, query in enumerate(asked)]
    (folder / "rules.json").write_text(json.dumps({"groups": [{"name": "a", "rules": rules}]}), "utf-8")
    got = prometheus.tool(*features, "check", "rules", "--lint=none", folder / "rules.json", peer=peer)
    found = {asked[int(i)] for i in re.findall(r'group "a", rule \d+, "a(\d+)"', got.stdout + got.stderr)}
    assert (got.returncode != 0) == bool(found), got
    return found


def _of_our_boards():
    for board in boards.all_boards():
        for panel in boards.panels(board):
            yield from (boards.filled_in(re.sub(r"\$__\w+", lambda name: "300" if name[0].endswith("_s") else "5m", target["expr"]),
                                        boards.chosen(board))
                        for target in panel.get("targets", []) if "expr" in target)


@case
def prometheus_reads_and_refuses_the_same_queries(args, folder):
    ours, newer, older = (list(each) for each in (_of_our_boards(), _of_the_unit_test("newer"), _of_the_unit_test("queries")))
    asked = list(dict.fromkeys([*ours, *newer, *older, *queries.queries(20261122, 4000)]))
    assert len(ours) > 100 and len(newer) > 15 and len(older) > 90
    theirs = _refused_by_prometheus(folder, asked, prometheus.CURRENT, *FEATURES)
    refused = _refused(args, folder, asked)
    assert refused == theirs, [(query, query in theirs) for query in refused ^ theirs][:10]
    assert len(asked) / 4 < len(asked) - len(theirs) < len(asked) / 2, (len(asked), len(theirs))
    assert not refused & {*ours, *newer}, refused & {*ours, *newer}


@case
def debians_prometheus_reads_the_queries_of_our_boards(args, folder):
    """And what is marked as newer in the unit test it does not: that is why it stands apart there."""
    assert not _refused_by_prometheus(folder, list(_of_our_boards()), prometheus.DEBIANS)
    newer = list(_of_the_unit_test("newer"))
    assert _refused_by_prometheus(folder, newer, prometheus.DEBIANS) == set(newer)


@case
def each_board_as_it_is_breaks_none_alone(args, folder):
    """A link to a board that is installed is no finding, though only one was named."""
    for path in boards.FOLDER.glob("*.json"):
        assert lint(args, path) == [], path


@case
def what_is_nobodys_to_judge_is_no_finding(args, folder):
    """Filters that no query names, a variable that only repeats, boards of somebody else's tag."""
    board = good()
    boards.variables(board).extend([{"type": "adhoc", "name": "filters"},
                                    {"type": "custom", "name": "each", "query": "1,2", "label": "Each"}])
    first(board, "stat")["repeat"] = "each"
    board["links"].append({"type": "dashboards", "tags": ["kubernetes"]})
    (folder / "b.json").write_text(json.dumps(board), "utf-8")
    assert lint(args, folder / "b.json") == []


@case
def what_is_hostile_is_refused_or_read_in_time(args, folder):
    def of(change):
        board = good()
        change(board)
        (folder / "b.json").write_text(json.dumps(board), "utf-8")
        return subprocess.run([args.coldspan, "dashboards", "lint", folder / "b.json"], capture_output=True, text=True,
                              check=False, timeout=60)
    got = of(lambda b: boards.variables(b).extend([{"type": "custom", "name": "x", "query": "1"}] * 1001))
    assert got.returncode == 2 and "more than 1000 variables" in got.stderr, got
    got = of(lambda b: first(b, "stat").update(targets=[{"expr": "up"}] * 10001))
    assert got.returncode == 2 and "more than 10000 queries" in got.stderr, got
    for text in ("[", "${", "[[x"):
        got = of(lambda b, text=text: first(b, "stat").update(description=text * ((7 << 20) // len(text))))
        assert got.returncode in (0, 3), got


@case
def queries_of_any_source_that_are_well_are_no_finding(args, folder):
    """Of a Tempo beside a Prometheus, of Grafana itself, and those that are hidden."""
    board = good()
    searches(board, '{ span.faas.coldstart = true && resource.faas.name =~ "$faas_name" } | rate()')
    own = {"type": "datasource", "uid": "-- Dashboard --"}
    for more in ({"query": "$faas_name"}, {"query": "4bf92f3577b34da6a3ce929d0e0e4736"}, {"query": "", "queryType": "serviceMap"},
                 {"query": "", "hide": True}, {"datasource": own}, {"datasource": {"type": "__expr__", "uid": "__expr__"}}):
        targets = first(board, "heatmap")["targets"]
        targets.append({**targets[-1], "datasource": {"type": "tempo", "uid": "${tempo_datasource}"}, "refId": f"U{len(targets)}", **more})
    board["links"].append({"type": "link", "url": "/x?from=${__from}&to=${__to:date:iso}&v=${faas_name:percentencode}&${job:queryparam}#$job"})
    (folder / "b.json").write_text(json.dumps(board), "utf-8")
    assert lint(args, folder / "b.json") == []


@case
def what_the_http_api_gives_is_read_as_well(args, folder):
    (folder / "api.json").write_text(json.dumps({"meta": {}, "dashboard": good()}), "utf-8")
    assert lint(args, folder / "api.json") == []


@case
def hostile_names_do_not_reach_the_terminal(args, folder):
    board = good()
    first(board, "stat").update(title="\x1b[31mred\n", description="")
    (folder / "b.json").write_text(json.dumps(board), "utf-8")
    got = subprocess.run([args.coldspan, "dashboards", "lint", folder / "b.json"], capture_output=True, text=True,
                         check=False)
    assert got.returncode == 3 and "\x1b" not in got.stdout and "red" in got.stdout, got


@case
def what_is_no_board_is_one_line(args, folder):
    for text, wanted in (("{", ":1:"), ("[]", "no board"), ('{"panels": [1]}', "no object"), ("", "no JSON"),
                         ('{"apiVersion": "dashboard.grafana.app/v2beta1", "spec": {}}', "classic JSON")):
        (folder / "b.json").write_text(text, "utf-8")
        got = subprocess.run([args.coldspan, "dashboards", "lint", folder / "b.json"], capture_output=True,
                             text=True, check=False)
        assert got.returncode == 2 and got.stderr.count("\n") == 1 and wanted in got.stderr, (text, got)
    got = subprocess.run([args.coldspan, "dashboards", "lint", folder / "none"], capture_output=True, text=True,
                         check=False)
    assert got.returncode == 2 and "No such file" in got.stderr, got


def main():
    args = cases.parser(__doc__, "build").parse_args()
    args.coldspan = args.build / "agent/coldspan"
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
