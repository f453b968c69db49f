#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every alert fires when it should and only then, by promtool.

usage: rules.py [--only WORDS]

For each: a past in which it fires, one that is quiet, one just under its bound, one whose series are missing,
and one with too little traffic to say anything. Each past lasts as long as the alert's longest window.
"""
import json
import math
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
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


def memory(each, share):
    """All measurements lie at that share of a limit of 1000 bytes, in a bucket that ends there."""
    bound = 1000 * share
    return {f'faas_mem_usage_bytes_bucket{{{F},le="{bound - 1:.6g}"}}': grows(0),
            f'faas_mem_usage_bytes_bucket{{{F},le="{bound:.6g}"}}': grows(each),
            f'faas_mem_usage_bytes_bucket{{{F},le="+Inf"}}': grows(each),
            f"faas_mem_usage_bytes_count{{{F}}}": grows(each),
            f"coldspan_function_memory_limit_bytes{{{F}}}": "1000x{n}"}


def attach(each, seconds):
    low, high = f"{seconds * 0.99:.6g}", f"{seconds:.6g}"
    return {f'coldspan_shim_attach_duration_seconds_bucket{{{F},le="{low}"}}': grows(0),
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


def stops(each, minutes):
    """Records come for so many minutes, and none from then on."""
    total = each * minutes
    return {f"coldspan_agent_events_total{{{A}}}": f"0+{each}x{minutes} {total}x{{n}}"}


def two_versions(old, new, each):
    """Seconds of each one's starts; the second appears after two days. Of buckets that end there."""
    found = {}
    for version, seconds, late in (("1", old, False), ("2", new, True)):
        labels = F.replace('faas_version="1"', f'faas_version="{version}"')
        wait = f"_x{2 * DAY // 10 - 1} " if late else ""
        found[f"coldspan_function_info{{{labels}}}"] = f"{wait}1x{{n}}"
        for bound, count in (("0.1", 0), (f"{seconds}", each), ("+Inf", each)):
            found[f'faas_init_duration_seconds_bucket{{{labels},le="{bound}"}}'] = wait + grows(count)
        found[f"faas_init_duration_seconds_count{{{labels}}}"] = wait + grows(each)
    return found


def billed(before, after):
    """GB-seconds in ten minutes, of two days; `after` from the last two hours on."""
    ramp = (2 * DAY - 2 * HOUR) // 10
    return {f'coldspan_billed_gb_seconds_total{{{F},coldspan_billed_component="invoke"}}':
            f"0+{before}x{ramp} {before * ramp + after}+{after}x{{n}}"}


# alert: (minutes, minutes between values, which shorten long pasts; series of: fires, quiet, just under, missing, low traffic)
TABLE = {
    "ColdspanColdStartBudgetBurnFast": (
        7 * HOUR, 1, starts(2, 0.75), starts(2, 0.01), starts(2, 0.29), {}, starts(0.3, 1.0)),
    "ColdspanColdStartBudgetBurnSlow": (
        3 * DAY, 10, starts(10, 0.16), starts(10, 0.01), starts(10, 0.049), {}, starts(0.5, 1.0)),
    "ColdspanColdStartRatioHigh": (
        3 * HOUR, 1, asked(10, cold=0.25), asked(10, cold=0.01), asked(10, cold=0.195), asked(0), asked(1.5, cold=1.0)),
    "ColdspanInitRegressedAfterDeploy": (
        2 * DAY + 4 * HOUR, 10, two_versions(0.4, 0.6, 20), two_versions(0.4, 0.4, 20), two_versions(0.4, 0.48, 20),
        {}, two_versions(0.4, 0.6, 4)),
    "ColdspanFunctionErrorBudgetBurn": (
        3 * HOUR, 1, asked(10, failed=0.2), asked(10, failed=0.001), asked(10, failed=0.143), asked(0), asked(1.5, failed=1.0)),
    "ColdspanTimeoutsNearLimit": (
        3 * HOUR, 1, asked(10, failed=0.02, late=0.02), asked(10), asked(10, failed=0.0099, late=0.0099), asked(0),
        asked(1.5, failed=1.0, late=1.0)),
    "ColdspanMemoryNearLimit": (
        3 * HOUR, 1, memory(2, 0.98), memory(2, 0.4), memory(2, 0.949),
        {k: v for k, v in memory(2, 0.98).items() if "limit" not in k}, memory(0.3, 0.98)),
    "ColdspanEventsDropped": (
        2 * HOUR, 1, lost(1000, 5), lost(1000, 0), lost(1000, 0.99), {}, lost(0, 0)),
    "ColdspanExportFailing": (
        2 * HOUR, 1, exports(100, 5), exports(100, 0), exports(100, 1), {}, exports(0, 0)),
    "ColdspanShimNotAttached": (
        3 * HOUR, 1, stops(100, 100), lost(1000, 0), stops(100, 145), {}, stops(0.5, 100)),
    "ColdspanOverheadHigh": (
        3 * HOUR, 1, attach(2, 0.004), attach(2, 0.0001), attach(2, 0.00199), {}, attach(0.3, 0.004)),
    "ColdspanCostSpike": (
        2 * DAY, 10, billed(100, 400), billed(300, 300), billed(200, 390), {}, billed(10, 40)),
}
KINDS = ("fires", "quiet", "just under", "missing", "low traffic")


def one_test(alert, minutes, step, given):
    """A past at whose end the alert is said not to fire, for promtool; series have a value every `step` minutes."""
    series = [{"series": name, "values": values.replace("{n}", str(minutes // step))}
              for name, values in {**UP, **given}.items()]
    return {"interval": f"{step}m", "input_series": series,
            "alert_rule_test": [{"eval_time": f"{minutes}m", "alertname": alert, "exp_alerts": []}]}


def fires(folder, step, *tests, peer=prometheus.DEBIANS):
    """What promtool says of alerts that fire in one of these; None if none does."""
    path = folder / "test.yaml"
    path.write_text(json.dumps({"rule_files": [str(rule) for rule in RULES], "evaluation_interval": f"{step}m",
                                "group_eval_order": ["coldspan.recording", "coldspan.alerts"],
                                "tests": tests}), "utf-8")
    run = prometheus.tool("test", "rules", path, peer=peer)
    said = run.stdout + run.stderr
    assert not run.returncode or "got:" in said, said
    return said if run.returncode else None


def alerts():
    return re.findall(r"- alert: (\w+)", ALERTS.read_text("utf-8"))


for name, (length, step, *pasts) in TABLE.items():
    def check(folder, name=name, length=length, step=step, pasts=pasts):
        tests = [one_test(name, length, step, past) for past in pasts]
        said = fires(folder, step, tests[0])
        assert said, "it does not fire"
        assert not any(bad in said for bad in ("%!", "<no value>", "error calling")), said
        said = fires(folder, step, *tests[1:])
        if said:
            bad = [kind for kind, test in zip(KINDS[1:], tests[1:]) if fires(folder, step, test)]
            raise AssertionError(f"it fires: {bad}\n{said}")
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
        length, step, bad, good, *_ = TABLE[name]
        fleets = {"native alone": natively(bad), "native alone, beside buckets alone": {**natively(bad), **elsewhere(good)},
                  "buckets alone, beside native alone": {**elsewhere(natively(good)), **bad}}
        for kind, past in fleets.items():
            said = fires(folder, step, one_test(name, length, step, past), peer=prometheus.CURRENT)
            assert said and "got:" in said, f"{kind}: it does not fire"
        quiet = one_test(name, length, step, {**natively(good), **elsewhere(good)})
        assert not fires(folder, step, quiet, peer=prometheus.CURRENT), "it fires"
    cases.register(f"{name}, natively", check_natively)


def burning(each, slow, good, bad):
    """`each` starts a minute, of which a share is slow in the last of `good` + `bad` minutes alone."""
    found = starts(each, 0)
    low = next(name for name in found if 'le="0.5"' in name)
    found[low] = f"0+{each}x{good} {each * (good + 1 - slow):.9g}+{each * (1 - slow):.9g}x{{n}}"
    return found


@case
def a_budget_that_began_to_burn_an_hour_ago_is_told_by_that_hour(folder):
    """Six hours have not enough of it yet: the shorter pair of windows alone."""
    alert, length = "ColdspanColdStartBudgetBurnFast", 7 * HOUR
    assert fires(folder, 1, one_test(alert, length, 1, burning(2, 0.95, length - 60, 60)))
    assert not fires(folder, 1, one_test(alert, length, 1, burning(2, 0.70, length - 60, 60)))


@case
def an_instance_kept_ready_that_ends_is_no_spike(folder):
    """Its whole life is billed when it ends."""
    length, step, *_ = TABLE["ColdspanCostSpike"]
    kept = {f'coldspan_billed_gb_seconds_total{{{F},coldspan_billed_component="provisioned"}}':
            f"0x{(length - 50) // step} 90000x{{n}}"}
    assert not fires(folder, step, one_test("ColdspanCostSpike", length, step, {**billed(200, 200), **kept}))


@case
def a_collector_that_is_gone_is_told(folder):
    gone = {f"up{{{A}}}": "0x20", f"coldspan_build_info{{{A}}}": "1x5 stale"}
    assert fires(folder, 1, one_test("ColdspanCollectorDown", 20, 1, gone))
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


if __name__ == "__main__":
    cases.main(cases.parser(__doc__).parse_args(), folder=True)
