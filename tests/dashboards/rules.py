#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every alert fires when it should and only then, by promtool.

usage: rules.py [--only WORDS]

For each: pasts just over each of its bounds, in which it fires, with these labels and words and after that many
evaluations; and such in which it is silent: a quiet one, just under each bound, series that are missing, too little
traffic to say anything. Each past lasts as long as the alert's longest window.
"""
import dataclasses
import functools
import json
import math
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import boards
import yaml_files
from lib import cases, prometheus
from lib.cases import case

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = sorted((ROOT / "dashboards/rules").glob("*.yaml"))
ALERTS = ROOT / "dashboards/rules/coldspan-alerts.yaml"
RUNBOOKS = ROOT / "docs/runbooks"
HOUR, DAY = 60, 1440  # minutes
F = 'job="coldspan",instance="a:9464",faas_name="f",faas_version="1"'
A = 'job="coldspan",instance="a:9464"'
UP = {"coldspan_build_info{" + A + "}": "1x{n}", "up{" + A + "}": "1x{n}"}


def grows(by):
    return f"0+{by:.9g}x{{n}}"


def starts(each, slow, labels=F):
    """`each` starts for each value, a share of them `slow`."""
    return {f'faas_init_duration_seconds_bucket{{{labels},le="0.5"}}': grows(each * (1 - slow)),
            f'faas_init_duration_seconds_bucket{{{labels},le="1.0"}}': grows(each),
            f'faas_init_duration_seconds_bucket{{{labels},le="+Inf"}}': grows(each),
            f"faas_init_duration_seconds_count{{{labels}}}": grows(each)}


def asked(each, failed=0.0, cold=0.0, late=0.0):
    """`each` invocations for each value, of which shares failed, were cold, or ran into their deadline."""
    return {f"faas_invocations_total{{{F}}}": grows(each * (1 - failed)),
            f"faas_errors_total{{{F}}}": grows(each * failed),
            f"faas_coldstarts_total{{{F}}}": grows(each * cold),
            f"faas_timeouts_total{{{F}}}": grows(each * late)}


def memory(each, share, rare=1.0):
    """Measurements lie at that share of a limit of 1000 bytes, in a bucket that ends there; if @rare, others far below."""
    bound = 1000 * share
    return {f'faas_mem_usage_bytes_bucket{{{F},le="{bound - 1:.6g}"}}': grows(each * (1 - rare)),
            f'faas_mem_usage_bytes_bucket{{{F},le="{bound:.6g}"}}': grows(each),
            f'faas_mem_usage_bytes_bucket{{{F},le="+Inf"}}': grows(each),
            f"faas_mem_usage_bytes_count{{{F}}}": grows(each),
            f"coldspan_function_memory_limit_bytes{{{F}}}": "1000x{n}"}


def attach(each, seconds, rare=1.0):
    low, high = f"{seconds * 0.99:.6g}", f"{seconds:.6g}"
    return {f'coldspan_shim_attach_duration_seconds_bucket{{{F},le="{low}"}}': grows(each * (1 - rare)),
            f'coldspan_shim_attach_duration_seconds_bucket{{{F},le="{high}"}}': grows(each),
            f'coldspan_shim_attach_duration_seconds_bucket{{{F},le="+Inf"}}': grows(each),
            f"coldspan_shim_attach_duration_seconds_count{{{F}}}": grows(each)}


def lost(read, dropped):
    return {f"coldspan_agent_events_total{{{A}}}": grows(read),
            f'coldspan_agent_events_dropped_total{{{A},coldspan_reason="ring_full"}}': grows(dropped)}


def exports(good, bad):
    where = f'{A},otel_component_name="otlp/0"'
    return {f"otel_sdk_exporter_span_exported_total{{{where}}}": grows(good),
            f'otel_sdk_exporter_span_exported_total{{{where},error_type="503"}}': grows(bad)}


SILENT = "The collector a:9464 has read nothing for 45 minutes, and did before, and yesterday at this time: is the library still preloaded?"


def stops(each, until, since=0, idle=None):
    """`each` records for each value of five minutes, from and until a minute; instances that are there all the time."""
    found = {f"coldspan_agent_events_total{{{A}}}": changing((max(since // 5, 1), 0), ((until - since) // 5, each), (60, 0))}
    if idle is not None:
        found[f'coldspan_instances{{{F},coldspan_instance_state="idle"}}'] = f"{idle}x{{n}}"
    return found


def reads(*pieces):
    """(minutes, records in each five of them), one after the other, and then none."""
    return {f"coldspan_agent_events_total{{{A}}}": changing((1, 0), *((minutes // 5, each) for minutes, each in pieces), (60, 0))}


def two_versions(old, new, each, of_old=None, since=4 * HOUR, gone=True):
    """Seconds of each one's starts, in buckets that end there; the second takes the first one's place, that long ago."""
    length, found = 2 * DAY + 4 * HOUR, {}
    before = (length - since) // 10
    for version, seconds, count in (("1", old, of_old or each), ("2", new, each)):
        labels = F.replace('faas_version="1"', f'faas_version="{version}"')
        def past(values, version=version):
            if version == "2":
                return f"_x{before - 1} {values}"
            return values.replace("{n}", f"{before + 1}") + " stale" if gone else values
        found[f"coldspan_function_info{{{labels}}}"] = past("1x{n}")
        for bound, by in (("0.1", 0), (f"{seconds}", count), ("+Inf", count)):
            found[f'faas_init_duration_seconds_bucket{{{labels},le="{bound}"}}'] = past(grows(by))
        found[f"faas_init_duration_seconds_count{{{labels}}}"] = past(grows(count))
    return found


def an_old_one(seconds, each=20):
    """Of two_versions': a third, which is there all the time."""
    found = two_versions(seconds, seconds, each, since=2 * DAY + 4 * HOUR - 20, gone=False)
    return {name.replace('faas_version="2"', 'faas_version="3"'): values for name, values in found.items() if 'faas_version="2"' in name}


def billed(before, after):
    """GB-seconds in ten minutes, of two days; `after` from the last two hours on."""
    ramp = (2 * DAY - 2 * HOUR) // 10
    return {f'coldspan_billed_gb_seconds_total{{{F},coldspan_billed_component="invoke"}}':
            f"0+{before}x{ramp} {before * ramp + after}+{after}x{{n}}"}


def kept_ready(until):
    """An instance that was provisioned, and ended at that minute: its whole life is billed then."""
    return {f'coldspan_billed_gb_seconds_total{{{F},coldspan_billed_component="provisioned"}}': f"0x{until // 10} 90000x{{n}}"}


def changing(*pieces):
    """What grows by so much for so many values, and then by another."""
    total, found = 0.0, []
    for count, by in pieces:
        found.append(f"{total + (by if found else 0):.9g}+{by:.9g}x{count - 1 if found else count}")
        total += by * count
    return " ".join(found)


def one_after_the_other(first, second, values):
    """Of pasts that grow: so many values of the first, and from then on the second."""
    def each(series, name):
        """How much it grows; of a bucket that is none of its own, as the next one below."""
        metric, bound = re.fullmatch(r'(.*?)(?:,le="(.*)")?}', name).groups()
        counts = [0.0]
        for other, how in series.items():
            same, below = re.fullmatch(r'(.*?)(?:,le="(.*)")?}', other).groups()
            if same == metric and float(below or 0) <= float(bound or 0):
                counts.append(float(how[2:].partition("x")[0]))
        return max(counts)
    whole = {**first, **second}
    return {name: changing((values, each(first, name)), (200, each(second, name))) if how.startswith("0+") else how
            for name, how in whole.items()}


def burning(*pieces, labels=F):
    """(values, starts for each, share of them that is slow), one after the other."""
    found = {}
    for bound, of in (("0.5", lambda each, slow: each * (1 - slow)), ("1.0", lambda each, _: each),
                      ("+Inf", lambda each, _: each)):
        values = changing(*((count, of(each, slow)) for count, each, slow in pieces))
        found[f'faas_init_duration_seconds_bucket{{{labels},le="{bound}"}}'] = values
    found[f"faas_init_duration_seconds_count{{{labels}}}"] = values
    return found


def failing(*pieces):
    """(values, invocations for each, share of them that fails, and is late for a cold start), one after the other."""
    return {f"faas_coldstarts_total{{{F}}}": changing(*((n, each * bad) for n, each, bad in pieces)),
            f"faas_invocations_total{{{F}}}": changing(*((n, each * (1 - bad)) for n, each, bad in pieces)),
            f"faas_errors_total{{{F}}}": changing(*((n, each * bad) for n, each, bad in pieces))}


def ended(series, values):
    """Of a past: what is named by a reason grew for so many values, and then no more."""
    return {name: re.sub(r"0\+(\S+)x{n}", lambda by: changing((values, float(by[1])), (20, 0)), how)
            if "reason" in name or "error_type" in name else how for name, how in series.items()}


def ended_all(series, values):
    """Of a past: everything grew for so many values, and then no more."""
    return {name: re.sub(r"0\+(\S+)x{n}", lambda by: changing((values, float(by[1])), (80, 0)), how)
            for name, how in series.items()}


AHEAD = f'{F},coldspan_init_type="provisioned"'
BYSTANDER = {'faas_name="f"': 'faas_name="g"', "a:9464": "c:9464"}


@dataclasses.dataclass
class Alert:
    minutes: int  # that a past lasts
    step: int  # minutes between its values and evaluations
    bad: dict  # series with which it fires, for sure
    good: dict  # a well one; it stands beside all others, as another function of another collector
    severity: str
    of: tuple  # labels of the alert, beside its severity
    waits: int  # evaluations before it fires
    fires: list  # (series, description): just over each of its bounds
    silent: dict  # {why: series}


OTHERS = {"another job": {'job="coldspan"': 'job="other"'}, "another function, at the same collector": {'faas_name="f"': 'faas_name="g"'}}
HALVES = {"collectors": ("a:9464", "b:9464"), "functions": ('faas_name="f"', 'faas_name="g"')}
FUNCTION = ("job", "faas_name")
COLLECTOR = ("job", "instance")
TABLE = {
    "ColdspanColdStartBudgetBurnFast": Alert(
        7 * HOUR, 1, starts(2, 0.75), starts(2, 0.01), "critical", FUNCTION, 2,
        [(starts(2, 0.31), "31% of the starts of f took longer than 500 ms; at this rate the budget of a month is gone "
                           "within days."),
         (burning((6 * HOUR - 10, 2, 0), (70, 2, 0.74)), "74% of the starts of f took longer than 500 ms; at this rate the "
                                                      "budget of a month is gone within days."),
         (starts(0.35, 1.0), "100% of the starts of f took longer than 500 ms; at this rate the budget of a month is gone "
                             "within days.")],
        {"just under": starts(2, 0.29), "just under in an hour": burning((6 * HOUR - 10, 2, 0), (70, 2, 0.70)),
         "over since ten minutes": burning((6 * HOUR + 50, 2, 0), (10, 2, 1)),
         "over until ten minutes ago": burning((6 * HOUR, 2, 0), (50, 2, 1), (10, 2, 0)),
         "over for hours, until 40 minutes ago": burning((6 * HOUR + 20, 2, 0.4), (40, 2, 0)),
         "just under in an hour, over in five minutes": burning((6 * HOUR - 10, 2, 0), (60, 2, 0.70), (10, 2, 0.75)),
         "over in an hour, just under in five minutes": burning((6 * HOUR - 10, 2, 0), (60, 2, 0.8), (10, 2, 0.71)),
         "just under in hours, over in half of one": burning((6 * HOUR + 20, 2, 0.29), (40, 2, 0.31)),
         "over in hours, just under in half of one": burning((6 * HOUR + 20, 2, 0.35), (40, 2, 0.29)),
         "missing": {}, "low traffic": starts(0.3, 1.0), "started ahead": starts(2, 1.0, AHEAD)}),
    "ColdspanColdStartBudgetBurnSlow": Alert(
        3 * DAY, 10, starts(10, 0.16), starts(10, 0.01), "warning", FUNCTION, 2,
        [(starts(10, 0.0505), "5.05% of the starts of f took longer than 500 ms; the budget of a month will not last."),
         (burning((2 * DAY // 10 - 6, 100, 0), (DAY // 10 + 6, 10, 0.152)),
          "15.2% of the starts of f took longer than 500 ms; the budget of a month will not last."),
         (starts(0.6, 1.0), "100% of the starts of f took longer than 500 ms; the budget of a month will not last.")],
        {"just under": starts(10, 0.0495), "just under in a day": burning((2 * DAY // 10 - 6, 100, 0), (DAY // 10 + 6, 10, 0.148)),
         "over since three hours": burning((3 * DAY // 10 - 18, 100, 0), (18, 100, 0.3)),
         "over until three hours ago": burning((2 * DAY // 10, 100, 0), (DAY // 10 - 18, 10, 0.3), (18, 10, 0)),
         "over for days, until eight hours ago": burning((3 * DAY // 10 - 48, 10, 0.1), (48, 10, 0)),
         "just under in a day, over in two hours": burning((2 * DAY // 10, 100, 0), (DAY // 10 - 18, 10, 0.147), (18, 10, 0.155)),
         "over in a day, just under in two hours": burning((2 * DAY // 10, 100, 0), (DAY // 10 - 18, 10, 0.2), (18, 10, 0.148)),
         "just under in days, over in six hours": burning((3 * DAY // 10 - 48, 10, 0.048), (48, 10, 0.055)),
         "over in days, just under in six hours": burning((3 * DAY // 10 - 48, 10, 0.06), (48, 10, 0.0495)),
         "missing": {}, "low traffic": starts(0.5, 1.0), "started ahead": starts(10, 1.0, AHEAD)}),
    "ColdspanColdStartRatioHigh": Alert(
        3 * HOUR, 1, asked(10, cold=0.25), asked(10, cold=0.01), "warning", FUNCTION, 15,
        [(asked(10, cold=0.205), "20.5% of the invocations of f waited for a cold start in the last hour."),
         (asked(1.7, cold=1.0), "100% of the invocations of f waited for a cold start in the last hour.")],
        {"just under": asked(10, cold=0.195), "missing": asked(0), "low traffic": asked(1.6, cold=1.0)}),
    "ColdspanInitRegressedAfterDeploy": Alert(
        2 * DAY + 4 * HOUR, 10, two_versions(0.4, 0.6, 20, gone=False),
        two_versions(0.4, 0.4, 20, gone=False), "warning",
        ("job", "faas_name", "faas_version"), 1,
        [(two_versions(0.4, 0.503, 20), "Version 2 of f has a p95 of 482.9ms, more than a quarter above that of the version "
                                        "before."),
         ({**two_versions(0.4, 0.6, 20), **an_old_one(0.3)}, "Version 2 of f has a p95 of 575ms, more than a quarter above that "
                                                             "of the version before."),
         (two_versions(0.4, 0.6, 5.1), "Version 2 of f has a p95 of 575ms, more than a quarter above that of the version "
                                       "before.")],
        {"just under": two_versions(0.4, 0.5, 20), "missing": {}, "low traffic": two_versions(0.4, 0.6, 4.9),
         "low traffic of the old one": two_versions(0.4, 0.6, 20, 4.9),
         "low traffic of the new one": two_versions(0.4, 0.6, 4.9, 20),
         "a version of the day before yesterday": two_versions(0.4, 0.6, 20, since=DAY),
         "a version of the day before yesterday, beside the old one": two_versions(0.4, 0.6, 20, since=26 * HOUR, gone=False),
         "another old one is as slow": {**two_versions(0.4, 0.6, 20), **an_old_one(0.59)},
         "another old one is as slow, with few starts": {**two_versions(0.4, 0.49, 20), **an_old_one(0.6, 4.9)}}),
    "ColdspanFunctionErrorBudgetBurn": Alert(
        3 * HOUR, 1, asked(10, failed=0.2), asked(10, failed=0.001), "critical", FUNCTION, 2,
        [(asked(10, failed=0.145), "14.5% of the invocations of f failed in the last hour."),
         (asked(1.7, failed=1.0), "100% of the invocations of f failed in the last hour.")],
        {"just under": asked(10, failed=0.143), "missing": asked(0), "low traffic": asked(1.6, failed=1.0),
         "over since five minutes": failing((175, 10, 0), (5, 10, 1)),
         "over until ten minutes ago": failing((170, 10, 0.5), (10, 10, 0)),
         "just under in an hour, over in five minutes": failing((172, 10, 0.143), (8, 10, 0.148)),
         "over in an hour, just under in five minutes": failing((170, 10, 0.2), (10, 10, 0.143))}),
    "ColdspanTimeoutsNearLimit": Alert(
        3 * HOUR, 1, asked(10, failed=0.02, late=0.02), asked(10), "warning", FUNCTION, 10,
        [(asked(10, failed=0.0101, late=0.0101), "1.01% of the invocations of f were ended at their deadline in the last hour."),
         (asked(1.7, failed=1.0, late=1.0), "100% of the invocations of f were ended at their deadline in the last hour.")],
        {"just under": asked(10, failed=0.0099, late=0.0099), "missing": asked(0),
         "low traffic": asked(1.6, failed=1.0, late=1.0)}),
    "ColdspanMemoryNearLimit": Alert(
        3 * HOUR, 1, memory(2, 0.98), memory(2, 0.4), "warning", FUNCTION, 15,
        [(memory(2, 0.952), "p99 of the memory of f is 95.2% of its limit."),
         (memory(2, 0.98, 0.015), "p99 of the memory of f is 97.93% of its limit."),
         (one_after_the_other(memory(2, 0.98), memory(2, 0.4), 150), "p99 of the memory of f is 98% of its limit."),
         (memory(0.35, 0.952), "p99 of the memory of f is 95.2% of its limit.")],
        {"just under": memory(2, 0.949), "missing": {k: v for k, v in memory(2, 0.98).items() if "limit" not in k},
         "until an hour ago": ended_all(memory(2, 0.98), 115),
         "over until an hour ago": one_after_the_other(memory(2, 0.98), memory(2, 0.4), 118), "low traffic": memory(0.325, 0.98)}),
    "ColdspanEventsDropped": Alert(
        2 * HOUR, 1, lost(1000, 5), lost(1000, 0), "warning", COLLECTOR, 5,
        [(lost(1000, 1.01), "0.101% of what functions recorded did not reach the collector a:9464 as a span.")],
        {"just under": lost(1000, 0.99), "missing": {}, "nothing read": lost(0, 0),
         "until a quarter of an hour ago": ended(lost(1000, 5), 105)}),
    "ColdspanExportFailing": Alert(
        2 * HOUR, 1, exports(100, 5), exports(100, 0), "warning", (*COLLECTOR, "otel_component_name"), 10,
        [(exports(100, 1.02), "1.01% of the spans for otlp/0 of the collector a:9464 are lost.")],
        {"just under": exports(100, 1), "missing": {}, "nothing exported": exports(0, 0),
         "until a quarter of an hour ago": ended(exports(100, 5), 105)}),
    "ColdspanShimNotAttached": Alert(
        DAY + 3 * HOUR, 5, stops(100, 25 * HOUR + 40), lost(1000, 0), "warning", COLLECTOR, 6,
        [(stops(100, 25 * HOUR + 40), SILENT), (stops(11.5, 25 * HOUR + 40), SILENT), (stops(100, 26 * HOUR + 10), SILENT),
         (reads((2 * HOUR + 10, 0), (15, 100), (22 * HOUR + 35, 0), (40, 100)), SILENT),
         (stops(100, 25 * HOUR + 40, idle=0), SILENT)],
        {"just under": stops(100, 26 * HOUR + 20), "missing": {}, "low traffic": stops(11, 25 * HOUR + 40),
         "its instances are there, idle": stops(100, 25 * HOUR + 40, idle=1),
         "as quiet as yesterday": stops(100, 25 * HOUR + 40, since=5 * HOUR),
         "as quiet as yesterday, and not an hour before": reads((HOUR + 45, 100), (3 * HOUR + 15, 0), (20 * HOUR + 40, 100))}),
    "ColdspanOverheadHigh": Alert(
        3 * HOUR, 1, attach(2, 0.004), attach(2, 0.0001), "warning", COLLECTOR, 15,
        [(attach(2, 0.00202), "p99 of what the library takes of a start is 2.02ms at the collector a:9464."),
         (attach(2, 0.004, 0.015), "p99 of what the library takes of a start is 3.973ms at the collector a:9464."),
         (one_after_the_other(attach(2, 0.004), attach(2, 0.0001), 150),
          "p99 of what the library takes of a start is 3.999ms at the collector a:9464."),
         (attach(0.35, 0.00202), "p99 of what the library takes of a start is 2.02ms at the collector a:9464.")],
        {"just under": attach(2, 0.00199), "missing": {}, "until an hour ago": ended_all(attach(2, 0.004), 115),
         "over until an hour ago": one_after_the_other(attach(2, 0.004), attach(2, 0.0001), 118),
         "low traffic": attach(0.325, 0.004)}),
    "ColdspanCostSpike": Alert(
        2 * DAY, 10, billed(100, 400), billed(300, 300), "info", FUNCTION, 2 + 3,  # at first when yesterday's hour was not whole
        [(billed(200, 402), "f was billed 2.412k GB-seconds in the last hour, more than twice as many as in the same hour of "
                            "yesterday."),
         ({**billed(200, 402), **kept_ready(DAY - 50)},
          "f was billed 2.412k GB-seconds in the last hour, more than twice as many as in the same hour of yesterday."),
         (billed(10, 170), "f was billed 1.02k GB-seconds in the last hour, more than twice as many as in the same hour of "
                           "yesterday.")],
        {"just under": billed(200, 398), "missing": {}, "low traffic": billed(10, 165),
         "low traffic, beside what was kept ready": {**billed(10, 165), **kept_ready(2 * DAY - 50)}}),
}


def in_halves(series, of):
    """The same past, half of what is counted by each of two collectors, or for each of two functions."""
    found = {}
    for name, values in series.items():
        counted = re.search(r"_(total|bucket|count)\{", name)
        half = re.sub(r"([\d.]+)\+([\d.]+)x", lambda by: f"{float(by[1]) / 2:.12g}+{float(by[2]) / 2:.12g}x", values)
        found[name] = half if counted else values
        found[name.replace(*HALVES[of])] = found[name]
    return found


def renamed(series, names):
    found = {}
    for name, values in series.items():
        for old, new in names.items():
            name = name.replace(old, new)
        found[name] = values
    return found


def one_test(alert, minutes, step, given, wanted=(), waits=None):
    """A past at whose end an alert is @wanted, or none, for promtool; series have a value every `step` minutes."""
    series = [{"series": name, "values": values.replace("{n}", str(minutes // step))}
              for name, values in {**UP, **given}.items()]
    found = {"interval": f"{step}m", "input_series": series,
             "alert_rule_test": [{"eval_time": f"{minutes}m", "alertname": alert, "exp_alerts": list(wanted)}]}
    if waits is not None:
        pending = f'max(count_over_time(ALERTS{{alertname="{alert}",alertstate="pending"}}[1w]))'
        found["promql_expr_test"] = [{"expr": pending, "eval_time": f"{minutes}m",
                                      "exp_samples": [{"labels": "{}", "value": waits}]}]
    return found


def rules_of(name):
    """The alert, and what is recorded for it: what nobody asks about need not be computed."""
    recorded = {rule["record"]: rule for rule in yaml_files.rules("recording")}
    found, pending = {}, [next(rule for rule in yaml_files.rules("alerts") if rule["alert"] == name)]
    for rule in pending:
        for other in re.findall(r"\bjob_\w+:[\w:]+", rule["expr"]):
            if other not in found:
                found[other] = recorded[other]
                pending.append(recorded[other])
    order = [rule for record, rule in recorded.items() if record in found]
    return {"groups": [{"name": "recording", "rules": order}, {"name": "alerts", "rules": pending[:1]}]}


def said(folder, step, *tests, peer=prometheus.DEBIANS):
    """What promtool says of these; None if all is as it is wanted."""
    path, rules = folder / "test.yaml", folder / "rules.yaml"
    rules.write_text(json.dumps(rules_of(tests[0]["alert_rule_test"][0]["alertname"])), "utf-8")
    path.write_text(json.dumps({"rule_files": [str(rules)], "evaluation_interval": f"{step}m",
                                "group_eval_order": ["recording", "alerts"], "tests": tests}), "utf-8")
    run = prometheus.tool("test", "rules", path, peer=peer)
    text = run.stdout + run.stderr
    assert not run.returncode or "got:" in text, text
    return text if run.returncode else None


fires = said  # where none is wanted


def alerts():
    return re.findall(r"- alert: (\w+)", ALERTS.read_text("utf-8"))


def expected(name, description):
    """The alert that promtool is to find, whole."""
    alert, rule = TABLE[name], next(rule for rule in yaml_files.rules("alerts") if rule["alert"] == name)
    values = {"job": "coldspan", "instance": "a:9464", "faas_name": "f", "faas_version": "2",
              "otel_component_name": "otlp/0"}
    return {"exp_labels": {**{label: values[label] for label in alert.of}, "severity": alert.severity},
            "exp_annotations": {**rule["annotations"], "description": description}}


for name, alert in TABLE.items():
    def check(folder, name=name, alert=alert):
        beside = renamed(alert.good, BYSTANDER)
        past = functools.partial(one_test, name, alert.minutes, alert.step)
        tests = [(f"it is to fire, {i}: {what}", past({**beside, **series}, [expected(name, what)]))
                 for i, (series, what) in enumerate(alert.fires)]
        of = "functions" if "instance" in alert.of else "collectors"
        tests += [(f"half of it of each of two {of}, {i}", past({**beside, **in_halves(series, of)}, [expected(name, what)]))
                  for i, (series, what) in enumerate(alert.fires) if of == "collectors" or any("faas_name" in one for one in series)]
        for other, names in OTHERS.items():
            tests.append((f"{other} is well", past({**renamed(alert.good, names), **alert.fires[0][0]},
                                                   [expected(name, alert.fires[0][1])])))
        tests += [(f"it is to be silent: {why}", past({**beside, **series}))
                  for why, series in {**alert.silent, "quiet": alert.good}.items()]
        tests.append(("for how long it waits", past({**beside, **alert.fires[0][0]}, [expected(name, alert.fires[0][1])],
                                                    alert.waits)))
        if said(folder, alert.step, *(test for _, test in tests)):
            found = [(why, said(folder, alert.step, test)) for why, test in tests]
            raise AssertionError("".join(f"{why}\n{text}" for why, text in found if text))
    cases.register(name, check)


# --- by native histograms ----------------------------------------------------------------------------

def natively(series):
    """The same past of a collector of which native histograms alone are scraped. Measurements are at the ends of
    their buckets, as far as native ones end there."""
    found, buckets = {}, {}
    for name, values in series.items():
        bucket = re.fullmatch(r'(\w+)_bucket(\{.*),le="([^"]+)"\}', name)
        if bucket:
            buckets.setdefault(f"{bucket[1]}{bucket[2]}}}", []).append((float(bucket[3]), values))
        elif "_count{" not in name:
            found[name] = values
    for name, bounds in buckets.items():
        counts, before = {}, 0.0
        # promtool's memory holds few buckets: wide ones where powers of two are all there is.
        scale = 0 if all(math.log2(bound) % 1 == 0 for bound, _ in bounds if bound < math.inf) else 5
        for bound, values in sorted(bounds):
            wait, by = re.fullmatch(r"(.*)0\+(\S+)x\{n\}", values).groups()
            if float(by) > before:
                counts[math.floor(math.log2(min(bound, 1e12)) * 2**scale)] = float(by) - before
            before = max(before, float(by))
        first, last = min(counts), max(counts)
        each = " ".join(f"{counts.get(i, 0):.9g}" for i in range(first, last + 1))
        found[name] = f"{wait}{{{{schema:{scale}}}}}+" \
            f"{{{{schema:{scale} count:{before:.9g} sum:1 offset:{first} buckets:[{each}]}}}}x{{n}}"
    return found


def elsewhere(series):
    """The same past of another collector."""
    return {name.replace("a:9464", "b:9464"): values for name, values in series.items()}


OF_HISTOGRAMS = ("ColdspanColdStartBudgetBurnFast", "ColdspanColdStartBudgetBurnSlow", "ColdspanInitRegressedAfterDeploy",
                 "ColdspanMemoryNearLimit", "ColdspanOverheadHigh")

for name in OF_HISTOGRAMS:
    def check_natively(folder, name=name):
        length, step, bad, good = TABLE[name].minutes, TABLE[name].step, TABLE[name].bad, TABLE[name].good
        fleets = {"native alone": natively(bad), "native alone, beside buckets alone": {**natively(bad), **elsewhere(good)},
                  "buckets alone, beside native alone": {**elsewhere(natively(good)), **bad}, "both": {**natively(bad), **bad},
                  "native alone, beside another function of buckets alone": {**natively(bad), **renamed(good, BYSTANDER)}}
        for kind, past in fleets.items():
            assert fires(folder, step, one_test(name, length, step, past), peer=prometheus.CURRENT), f"{kind}: it does not fire"
        quiet = one_test(name, length, step, {**natively(good), **elsewhere(good)})
        assert not fires(folder, step, quiet, peer=prometheus.CURRENT), "it fires"
    cases.register(f"{name}, natively", check_natively)


# Minutes, how much in each, a share of it: in each window of a rule another one.
UNSTEADY = ((2 * DAY, 2, 0.1), (18 * HOUR, 3, 0.2), (4 * HOUR, 4, 0.3), (HOUR, 5, 0.4), (30, 6, 0.5), (25, 7, 0.7), (5, 8, 0.9))


def within(minutes):
    """What there was in the last so many, and of that the share."""
    left, total, part = minutes, 0.0, 0.0
    for length, each, share in reversed(UNSTEADY):
        taken = min(left, length)
        left, total, part = left - taken, total + taken * each, part + taken * each * share
    return total, part / total


@case
def what_is_recorded_is_of_its_own_window(folder):
    tests, ends = [], {"m": 1, "h": HOUR, "d": DAY}
    for rule in yaml_files.rules("recording"):
        found = re.search(r":(ratio_rate|rate|increase)(\d+)([mhd])$", rule["record"])
        if found:
            minutes = int(found[2]) * ends[found[3]]
            total, share = within(minutes)
            wanted = {"f": {"ratio_rate": share, "rate": 2 * total / minutes / 60, "increase": 2 * total}[found[1]]}
            if "attempts:" in rule["record"]:
                wanted.update(invocations=2 / 60, errors=2 / 60)
            tests += [{"expr": f'sum(abs({rule["record"]}{{job="coldspan",faas_name="{name}"}} / {value:.9g} - 1) < bool 0.001)',
                       "eval_time": "3d", "exp_samples": [{"labels": "{}", "value": 1}]} for name, value in wanted.items()]
    assert len(tests) == len(yaml_files.rules("recording")) - 1 + 2 * 2, tests  # a quantile, of which an alert is made alone
    past = {**burning(*UNSTEADY), **failing(*UNSTEADY)}
    past.update(elsewhere(past))  # of two collectors
    for kind in ("invocations", "errors"):  # of a function that never failed, and of one that always did
        past[f"faas_{kind}_total{{{F}}}".replace('"f"', f'"{kind}"')] = grows(2)
    series = [{"series": name, "values": values.replace("{n}", str(3 * DAY))} for name, values in past.items()]
    path = folder / "test.yaml"
    path.write_text(json.dumps({"rule_files": [str(rule) for rule in RULES], "evaluation_interval": "1d", "tests": [
        {"interval": "1m", "input_series": series, "promql_expr_test": tests}]}), "utf-8")
    run = prometheus.tool("test", "rules", path)
    assert run.returncode == 0, run.stdout + run.stderr


@case
def an_instance_kept_ready_that_ends_is_no_spike(folder):
    """Its whole life is billed when it ends."""
    length, step = TABLE["ColdspanCostSpike"].minutes, TABLE["ColdspanCostSpike"].step
    assert not fires(folder, step, one_test("ColdspanCostSpike", length, step, {**billed(200, 200), **kept_ready(length - 50)}))


@case
def a_collector_that_is_gone_is_told(folder):
    name, rule = "ColdspanCollectorDown", next(one for one in yaml_files.rules("alerts") if one["alert"] == "ColdspanCollectorDown")
    def wanted(what, **labels):
        return {"exp_labels": {**labels, "severity": "critical"}, "exp_annotations": {
            **rule["annotations"], "description": f"{what} What functions record meanwhile is lost once their rings are full."}}
    one_of_two = {f"up{{{A}}}": "1x14 0x6", f"coldspan_build_info{{{A}}}": "1x14 stale",
                  **renamed(UP, BYSTANDER)}
    assert said(folder, 1, one_test(name, 20, 1, one_of_two, [
        wanted("The collector a:9464 cannot be scraped.", job="coldspan", instance="a:9464")])) is None
    none = {f"up{{{A}}}": "1x14 stale", f"coldspan_build_info{{{A}}}": "1x14 stale"}
    assert said(folder, 1, one_test(name, 20, 1, none, [wanted("No collector is scraped.")])) is None


@case
def another_job_that_is_gone_is_nobodys(folder):
    assert not fires(folder, 1, one_test("ColdspanCollectorDown", 20, 1, {'up{job="node",instance="a:9100"}': "0x20"}))
    assert not fires(folder, 1, one_test("ColdspanCollectorDown", 20, 1, {}))


@case
def one_that_answers_again_soon_is_not(folder):
    assert not fires(folder, 1, one_test("ColdspanCollectorDown", 20, 1, {f"up{{{A}}}": "1x16 0 0 0 1"}))


@case
def rules_are_well_formed(folder):
    run = prometheus.tool("check", "rules", "--lint=all", "--lint-fatal", *RULES)
    assert run.returncode == 0, run.stdout + run.stderr


@case
def every_alert_is_tried_and_has_a_page(folder):
    assert sorted(alerts()) == sorted([*TABLE, "ColdspanCollectorDown"])
    for alert in alerts():
        page = (RUNBOOKS / f"{alert}.md").read_text("utf-8")
        assert page.startswith(f"# {alert}\n"), alert
        for heading in ("## What it means", "## What to do"):
            assert heading in page, f"{alert}.md has no {heading!r}"
    assert sorted(path.stem for path in RUNBOOKS.glob("Coldspan*.md")) == sorted(alerts())


@case
def pages_name_boards_rows_and_panels_that_are_there(folder):
    """What stands in *italics*."""
    names = {"timed out"}  # a line of a panel
    for board in boards.all_boards():
        names |= {board["title"]} | {panel["title"] for panel in [*board["panels"], *boards.panels(board)]}
    seen = 0
    for path in RUNBOOKS.glob("*.md"):
        for name in re.findall(r"(?<![*\w])\*([^*]+)\*(?!\*)", path.read_text("utf-8")):
            assert " ".join(name.split()) in names, f"{path.name}: {name}"
            seen += 1
    assert seen > 15, seen


if __name__ == "__main__":
    cases.main(cases.parser(__doc__).parse_args(), folder=True)
