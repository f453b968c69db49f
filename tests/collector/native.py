#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Protobuf scrapes with native histograms, read by Debian's Prometheus and by a current one, and the same by OTLP.

    native.py COLLECTOR SHIM
"""
import collections
import math
import pathlib
import subprocess
import tempfile

from harness import LIMIT_S, main, watched
from lib import listening, otlp_json, prometheus
from lib.cases import case
from scraped import Scraped, until, value
from serving import serve

STARTS = 110  # 0.95 of them is no whole number: the quantile is one measurement, and not between two
AT_ONCE = 5
BY_NATIVE = {"scrape_protocols": ["PrometheusProto"], "scrape_native_histograms": True}
OF_FUNCTIONS = ("faas_", "coldspan_init", "coldspan_instance", "coldspan_shim", "coldspan_function",
                "coldspan_network", "coldspan_connections", "coldspan_queue", "coldspan_billed")


def start_many(collector, shim):
    for _ in range(STARTS // AT_ONCE):
        for process in [watched(collector, shim, ["/bin/cat", "/dev/stdin"], stdin=subprocess.PIPE,
                                stdout=subprocess.DEVNULL) for _ in range(AT_ONCE)]:
            process.communicate(b"{}", LIMIT_S)
            assert process.returncode == 0
    collector.until("all starts were told", lambda c: c["cold_starts"] >= STARTS and not c["instances_now"])


def width(times):
    """How wide a bucket is to its value, where 320 of them hold these: 1.1 %, twice that beyond five octaves, and so on."""
    low, high = (math.log2(seconds) for seconds in (min(filter(None, times), default=1), max(times) or 1))
    scale = next(scale for scale in range(6, -11, -1) if (high - low) * 2.0**scale < 319)
    return 2 ** 2.0**-scale - 1


def exact(collector):
    """Of each phase, of its spans: its 95th percentile in seconds, and how far off it may be."""
    took = collections.defaultdict(list)
    for span in otlp_json.of_file(collector.file):
        if phase := span["attributes"].get("coldspan.phase"):
            took[phase].append((span["end"] - span["start"]) / 1e9)
    return {phase: (sorted(times)[math.ceil(len(times) * 0.95) - 1], max(0.02, width(times)))
            for phase, times in took.items() if len(times) == STARTS}


def check_quantiles(binary, shim, job, **server):
    with Scraped(binary) as collector:
        jobs = [prometheus.job(collector.url.netloc, **job)]
        with prometheus.Prometheus(pathlib.Path(collector.folder), jobs=jobs, **server) as server:
            until("it is scraped", lambda: value(server, "coldspan_build_info") == 1)
            start_many(collector, shim)
            wanted = exact(collector)
            until("all is there", lambda: value(
                server, "sum(histogram_count(faas_init_duration_seconds))") == STARTS)
            until("and another scrape", lambda: value(
                server, "sum(histogram_count(increase(coldspan_init_phase_duration_seconds[10m])))") > 0)
            assert not server.instant("coldspan_init_phase_duration_seconds_bucket"), "it took the classic ones"
            found = {labels["coldspan_phase"]: seconds for labels, seconds in server.instant(
                "histogram_quantile(0.95, sum by (coldspan_phase) (rate(coldspan_init_phase_duration_seconds[10m])))")}
            ids = {one["labels"]["trace_id"] for series in server.ask(
                "query_exemplars", query="coldspan_init_phase_duration_seconds", start=0, end=2**32)
                for one in series["exemplars"]}
    print({phase: (seconds, found.get(phase)) for phase, (seconds, _) in wanted.items()}, end=" ")
    assert len([seconds for seconds, _ in wanted.values() if seconds]) >= 3, wanted
    for phase, (seconds, off) in wanted.items():
        assert abs(found[phase] - seconds) <= off * seconds + 1e-9, (phase, seconds, off, found)
    return ids


@case
def quantiles_are_within_two_per_cent_in_debians(binary, shim):
    check_quantiles(binary, shim, {}, native=True)


@case
def quantiles_are_within_two_per_cent_in_a_current_one(binary, shim):
    ids = check_quantiles(binary, shim, BY_NATIVE, peer=prometheus.CURRENT)
    assert ids and all(len(one) == 32 for one in ids), ids


def series_of(server, selector, drop=("job", "instance")):
    """{name and labels: value, or what a native histogram has of one}"""
    found = {}
    for one in server.ask("query", query=selector)["result"]:
        labels = {key: text for key, text in one["metric"].items() if key not in drop}
        it = one["value"][1] if "value" in one else one["histogram"][1]
        found[tuple(sorted(labels.items()))] = it
    return found


def of_functions(series):
    return {labels: it for labels, it in series.items() if dict(labels)["__name__"].startswith(OF_FUNCTIONS)}


@case
def each_format_tells_a_current_one_the_same(binary, shim):
    """Three scrapers of one collector; each must see the first of a series, too."""
    formats = {"old": {"scrape_protocols": ["PrometheusText0.0.4"]},
               "open": {"scrape_protocols": ["OpenMetricsText1.0.0"]},
               "proto": {**BY_NATIVE, "always_scrape_classic_histograms": True}}
    with Scraped(binary) as collector:
        jobs = [prometheus.job(collector.url.netloc, name, **more) for name, more in formats.items()]
        with prometheus.Prometheus(pathlib.Path(collector.folder), jobs=jobs, peer=prometheus.CURRENT) as server:
            until("all scrape it", lambda: value(server, "coldspan_build_info") == 3)
            serve(collector, shim)
            until("all have it", lambda: value(server, 'faas_invoke_duration_seconds_count') ==
                  3 * value(server, 'faas_invoke_duration_seconds_count{job="old"}') > 0)
            until("and its end", lambda: value(server, "coldspan_instance_lifetime_seconds_count") == 3)
            told = {name: of_functions(series_of(server, f'{{job="{name}"}}')) for name in formats}
            assert told["old"] == told["open"], set(told["old"].items()) ^ set(told["open"].items())
            classic = {labels: it for labels, it in told["proto"].items() if isinstance(it, str)}
            assert told["old"] == classic, set(told["old"].items()) ^ set(classic.items())
            assert len(told["proto"]) > len(classic) > 100, (len(told["proto"]), len(classic))
            assert value(server, "target_info") == 3


@case
def one_start_is_an_increase_by_otlp_too(binary, shim):
    """Of a function that is new between two pushes; and nothing of what is pushed is refused."""
    with tempfile.TemporaryDirectory() as folder, prometheus.Prometheus(
            pathlib.Path(folder), peer=prometheus.CURRENT) as server, Scraped(
                binary, "--otlp", f"http://127.0.0.1:{server.port}/api/v1/otlp",
                env={"OTEL_METRIC_EXPORT_INTERVAL": "1000", "OTEL_TRACES_EXPORTER": "none"}) as collector:
        own = 'otel_sdk_exporter_metric_data_point_exported_total{otel_component_name=~"otlp.*"'
        until("two were pushed", lambda: value(server, own + ',error_type=""}'))
        process = watched(collector, shim, ["/bin/cat", "/dev/stdin"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        process.communicate(b"{}", LIMIT_S)
        until("it is there", lambda: value(server, "faas_invocations_total") == 1)
        until("with what it was before", lambda: value(server, "increase(faas_invocations_total[10m])") >= 1)
        assert value(server, own + ',error_type!=""}') == 0, server.instant(own + "}")


@case
def otlp_makes_the_same_series(binary, shim):
    port, own = listening.free_port(), f"127.0.0.1:{listening.free_port()}"
    with Scraped(binary, "--otlp", f"http://127.0.0.1:{port}/api/v1/otlp", at=own,
                 env={"OTEL_METRIC_EXPORT_INTERVAL": "1000", "OTEL_TRACES_EXPORTER": "none"}) as collector:
        with prometheus.Prometheus(pathlib.Path(collector.folder), port=port, peer=prometheus.CURRENT,
                                   jobs=[prometheus.job(own, "scraped", **BY_NATIVE)]) as server:
            until("it is scraped", lambda: value(server, 'coldspan_build_info{job="scraped"}') == 1)
            serve(collector, shim)
            until("both have it", lambda: value(server, "sum(faas_invocations_total)") > 0 and value(
                server, "count(count by (job) (coldspan_instance_lifetime_seconds))") == 2)

            def same():
                pulled = series_of(server, '{job="scraped",__name__!~"up|scrape_.*|target_info"}')
                pushed = series_of(server, '{job!="scraped",__name__=~".+",__name__!="target_info"}')
                return (pulled, pushed) if of_functions(pulled) == of_functions(pushed) else None

            pulled, pushed = until("both tell the same", same)
            assert pulled.keys() == pushed.keys(), pulled.keys() ^ pushed.keys()
            assert len(of_functions(pulled)) >= 20, of_functions(pulled).keys()
            instances = {labels["instance"] for labels, _ in server.instant('coldspan_build_info{job!="scraped"}')}
            target = [labels for labels, _ in server.instant('target_info{job="scraped"}')]
            assert instances == {target[0]["service_instance_id"]} and len(target) == 1, (instances, target)
            resources = {labels["job"]: labels for labels, _ in server.instant('target_info{job!="scraped"}')}
            assert "coldspan-collector" in resources and len(resources) > 1, resources


if __name__ == "__main__":
    main(__doc__, "collector", "shim")
