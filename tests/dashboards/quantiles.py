#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Quantiles on panels beside the exact ones of the same starts, and what panels show of a fleet that is scraped in several ways.

usage: quantiles.py --build DIR [--only WORDS]

Two collectors, each with many real cold starts of the reference runtime: their spans have the exact values. A current
Prometheus scrapes each in three ways at once, and is asked by the panels' own queries, as they are committed; then
Grafana's panels draw it.
"""
import collections
import concurrent.futures
import math
import pathlib
import re
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "draw"))
import boards
from draw import Studio
from lib import cases, otlp_json, prometheus, watching
from lib.cases import case
from lib.stage import Stage

LIMIT_S = 420
STARTS = 205  # 0.95 of them, or of twice as many, is no whole number: the quantile is one measurement, and not between two
AT_ONCE = 2  # of each host
SAMPLES = 60  # a second apart: increase() goes on for up to 1.5 of them beyond what was sampled, which of a dozen is much
SCRAPE_S = 600  # what the data source says: so that one interval holds all that happened
GRAFANA = {"__rate_interval": "40m", "__range": "1h", "__interval": "15s"}
CLASSIC = 0.10
WAYS = {
    "native": {"scrape_protocols": ["PrometheusProto"], "scrape_native_histograms": True},
    "both": {"scrape_protocols": ["PrometheusProto"], "scrape_native_histograms": True, "always_scrape_classic_histograms": True},
    "text": {"scrape_protocols": ["OpenMetricsText1.0.0"]},
}
NOT_OF_A_START = {"queue", "fetch", "wait", "handler", "respond"}
# Every tenth start is slow, by what it loads: so that the 95th percentile is in the middle of these, wherever that is.
HANDLER = """\
import fcntl, sys, time

with open("turn", "r+") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    turn = int(file.read())
    file.seek(0)
    file.write(str(turn + 1))
slow = turn % 10 == 0
time.sleep({factor} * (0.25 * 3 ** (turn / {starts}) if slow else 0.05 + 0.03 * turn / {starts}))
sys.stdin.read()
print("{{}}")
"""


class Host(Stage):
    """One with functions of its own, `factor` times as slow as they may be."""

    def __init__(self, build, folder, name, factor):
        self.name, function = name, folder / "functions" / name
        function.mkdir(parents=True)
        (function / "handler.py").write_text(HANDLER.format(factor=factor, starts=STARTS))
        (function / "turn").write_text("0")
        (function / "function.yaml").write_text(
            f'name: {name}\ncommand: ["python3", "handler.py"]\nmode: exec\nenvironment:\n  OTEL_SERVICE_NAME: {name}\n')
        super().__init__(build, folder / "functions", folder)

    def start_collector(self):
        log = self.folder / "collector.log"
        with log.open("wb") as said:
            process = watching.start([self.build / "collector/coldspan-collector", "--file", self.traces, "--prometheus", "0"],
                                     self.socket, stderr=said)
        self.started.append(process)
        self.metrics = re.search(r"metrics for Prometheus: http://([^/\s]+)", log.read_text())[1]
        return process

    def _ask(self, _):
        with urllib.request.urlopen(urllib.request.Request(f"{self.base}/function/{self.name}", b"{}"), timeout=LIMIT_S) as answer:
            assert answer.status == 200

    def start_all(self):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._ask, range(STARTS)))

    def phases(self):
        """{phase: seconds of each start} and of the whole as metrics define it, "": of the spans in the file."""
        starts = collections.defaultdict(dict)
        for span in otlp_json.of_file(self.traces):
            phase = span["attributes"].get("coldspan.phase")
            if phase and span["resource"]["service.name"] == self.name:  # the runtime starts once, too
                starts[span["traceId"], span["parentSpanId"]][phase] = (span["end"] - span["start"]) / 1e9
        found = collections.defaultdict(list)
        for each in starts.values():
            for phase, seconds in each.items():
                found[phase].append(seconds)
            found[""].append(sum(seconds for phase, seconds in each.items() if phase not in NOT_OF_A_START))
        return found


def exact(values, q):
    """The one below or at which a share of q lies."""
    return sorted(values)[math.ceil(len(values) * q) - 1]


def native(values):
    """How far off these may be by their 320 buckets: what docs/metrics.md says."""
    values = [value for value in values if value]
    times = max(values) / min(values)
    return 0.02 if times <= 31 else 0.022 if times <= 1000 else 0.045


def until(what, condition):
    deadline = time.monotonic() + LIMIT_S
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.2)
    return found


def panel(uid, title):
    board = next(one for one in boards.all_boards() if one["uid"] == uid)
    return board, next(one for one in boards.panels(board) if one["title"] == title)


class Fleet:
    """What panels of both hosts show."""

    def __init__(self, hosts, server):
        self.hosts, self.server = hosts, server
        self.took = [host.phases() for host in hosts]

    def all_took(self, phase):
        return sorted(sum((took[phase] for took in self.took), []))

    def chosen(self, board, ways):
        """Values of variables, by which the first host is looked at as it was scraped by the first of @ways …"""
        jobs = "|".join(f"{host.name}-{way}" for host, way in zip(self.hosts, ways))
        return boards.chosen(board, job=jobs, faas_name="|".join(host.name for host in self.hosts))

    def shown(self, uid, title, *ways, query=0, **values):
        """{(label values): number} of a panel's own query."""
        board, one = panel(uid, title)
        expr = boards.filled_in(one["targets"][query]["expr"], {**self.chosen(board, ways), **values, **GRAFANA})
        return {tuple(labels.values()): number for labels, number in self.server.instant(expr)}


def near(got, wanted, within, *what):
    assert abs(got - wanted) <= within * wanted, (*what, f"{got} is {abs(got / wanted - 1):.2%} from {wanted}")


QUANTILES = [("coldspan-anatomy", "Start p50", 0.5), ("coldspan-anatomy", "Start p95", 0.95), ("coldspan-anatomy", "Start p99", 0.99),
             ("coldspan-fleet", "Start p95", 0.95), ("coldspan-function", "Start p95", 0.95)]


@case
def quantiles_of_native_histograms_are_within_two_per_cent(fleet):
    for uid, title, q in QUANTILES:
        for ways in (("native", ""), ("both", ""), ("", "native"), ("native", "both"), ("native", "native")):
            values = sum((took[""] for took, way in zip(fleet.took, ways) if way), [])
            if len(values) * q % 1 == 0:
                continue  # any number between two measurements is that
            got = fleet.shown(uid, title, *ways)[()]
            near(got, exact(values, q), native(values), uid, title, ways)


@case
def so_are_those_of_phases(fleet):
    seen = 0
    for i, took in enumerate(fleet.took):
        ways = ["", ""]
        ways[i] = "native"
        got = fleet.shown("coldspan-anatomy", "p95 by phase", *ways)
        for phase, values in took.items():
            wanted = exact(values, 0.95)
            if phase and wanted and len(values) == STARTS:
                seen += 1
                near(got[(phase,)], wanted, native(values), phase, ways)
    assert seen >= 8, [took.keys() for took in fleet.took]


@case
def those_of_explicit_buckets_are_within_ten(fleet):
    for uid, title, q in QUANTILES[1::2]:
        for ways in (("text", ""), ("", "text"), ("text", "text")):
            values = sum((took[""] for took, way in zip(fleet.took, ways) if way), [])
            near(fleet.shown(uid, title, *ways)[()], exact(values, q), CLASSIC, uid, title, ways)
    got = fleet.shown("coldspan-anatomy", "p95 by phase", "text", "")
    near(got[("code",)], exact(fleet.took[0]["code"], 0.95), CLASSIC, "code")


@case
def a_fleet_with_buckets_everywhere_is_one(fleet):
    wanted = exact(fleet.all_took(""), 0.95)
    for ways in (("both", "text"), ("text", "both")):
        near(fleet.shown("coldspan-anatomy", "Start p95", *ways)[()], wanted, CLASSIC, ways)


@case
def of_what_cannot_be_added_the_larger_is_shown(fleet):
    larger = max(exact(took[""], 0.95) for took in fleet.took)
    for ways in (("native", "text"), ("text", "native")):
        near(fleet.shown("coldspan-anatomy", "Start p95", *ways)[()], larger, CLASSIC, ways)


@case
def sums_and_counts_are_of_all_however_they_are_scraped(fleet):
    sums = [sum(took[""]) for took in fleet.took]
    for one in WAYS:
        for other in WAYS:
            near(fleet.shown("coldspan-anatomy", "Mean start by phase", one, other)[("code",)],
                 sum(sum(took["code"]) for took in fleet.took) / (2 * STARTS), 0.01, one, other)
            got = fleet.shown("coldspan-fleet", "Time that people waited for starts", one, other)
            near(got[(fleet.hosts[0].name,)] / got[(fleet.hosts[1].name,)], sums[0] / sums[1], 0.05, one, other)
            above = sum(value > 0.5 for value in fleet.all_took("")) / (2 * STARTS)
            got = fleet.shown("coldspan-fleet", "Over objective", one, other)[()]
            assert abs(got - above) < 0.01, (one, other, got, above)


@case
def every_panel_of_native_histograms_alone_is_answered(fleet):
    """As that of explicit buckets alone is, but for what is of buckets by its nature."""
    seen = 0
    for board in boards.all_boards():
        for title, target in boards.queries(board):
            if title == "Invocations by duration" or not re.search("_count|_sum|_bucket", target["expr"]):
                continue
            answers = [fleet.server.instant(boards.filled_in(target["expr"], {**fleet.chosen(board, (way, way)), **GRAFANA}))
                       for way in ("native", "text")]
            native, text = ({tuple(sorted(labels.items())) for labels, _ in answer} for answer in answers)
            assert native == text, (board["uid"], title, native ^ text)
            seen += bool(native)
    assert seen > 25, seen


# --- drawn -------------------------------------------------------------------------------------------

SECONDS = {"s": 1, "ms": 1e-3, "µs": 1e-6}


def read(text):
    """What a person reads: seconds."""
    number, unit = re.fullmatch(r"([\d.]+) ?(s|ms|µs)", text).groups()
    return float(number) * SECONDS[unit]


def drawn(fleet, uid, *ways):
    board, _ = panel(uid, panel_titles(uid)[0])
    now = math.ceil((time.time() + 1) / SCRAPE_S) * SCRAPE_S  # a step of the range, and after all that happened
    jobs = [f"{host.name}-{way}" for host, way in zip(fleet.hosts, ways) if way]
    with tempfile.TemporaryDirectory() as folder, Studio(folder, server=fleet.server, scrape_s=SCRAPE_S) as studio:
        seen = studio.draw(board, "light", 1280, until=now, span=3600, values={
            "job": jobs, "faas_name": [host.name for host in fleet.hosts]})
    return {one["title"]: one for one in seen["panels"]}


def panel_titles(uid):
    return [one["title"] for one in boards.panels(next(board for board in boards.all_boards() if board["uid"] == uid))]


def check_drawn(fleet, way, within):
    """@within: how far off, by the values."""
    panels, took = drawn(fleet, "coldspan-anatomy", way, ""), fleet.took[0]
    stat = panels["Start p95"]
    (number,) = stat["numbers"].values()
    near(number, exact(took[""], 0.95), within(took[""]), way, "the panel's data")
    texts = [text["text"] for text in stat["texts"]]
    shown = "".join(texts[1:])
    near(read(shown), number, 0.006, way, texts)  # three digits
    bars = panels["p95 by phase"]
    near(bars["numbers"]["code"], exact(took["code"], 0.95), within(took["code"]), way, bars["numbers"])
    assert "code" in [text["text"] for text in bars["texts"]], bars["texts"]


@case
def grafanas_panels_show_that_of_native_histograms(fleet):
    check_drawn(fleet, "native", native)


@case
def grafanas_panels_show_that_of_explicit_buckets(fleet):
    check_drawn(fleet, "text", lambda _: CLASSIC)


@case
def whoever_shows_a_quantile_says_how_exact_it_is(fleet):
    seen = 0
    for board in boards.all_boards():
        for one in boards.panels(board):
            if any("histogram_quantile" in target.get("expr", "") for target in one.get("targets", [])):
                seen += 1
                assert "native histograms" in one["description"] and "10 %" in one["description"], one["title"]
    assert seen >= 15, seen


def complete(server, hosts):
    """Each was scraped in each way after its last start, and so often that increase() is near what there was."""
    def counted(job, what, all_series="sum"):
        return sum(number for _, number in server.instant(f"{all_series}({what.format(job=job)})"))
    for host in hosts:
        until(f"all spans of {host.name} are there", lambda: len(host.phases()[""]) == STARTS)
        for way in WAYS:
            selector = f'faas_init_duration_seconds{"" if way == "native" else "_count"}{{{{job="{{job}}",faas_name="{host.name}"}}}}'
            total = f"histogram_count({selector})" if way == "native" else selector
            often = f"count_over_time({selector}[30m])"
            until(f"{host.name} is there by {way}", lambda: counted(f"{host.name}-{way}", total) == STARTS)
            until("and often", lambda: counted(f"{host.name}-{way}", often, "min") >= SAMPLES)


def main():
    args = cases.parser(__doc__, "build").parse_args()
    hosts = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        try:
            for name, factor in (("quick", 1), ("slow", 1.6)):
                hosts.append(Host(args.build, folder / name, name, factor))
            jobs = [prometheus.job(host.metrics, f"{host.name}-{way}", **how) for host in hosts for way, how in WAYS.items()]
            with prometheus.Prometheus(folder, jobs=jobs, peer=prometheus.CURRENT) as server:
                until("all is scraped", lambda: server.instant("count(coldspan_build_info)") == [({}, float(len(jobs)))])
                with concurrent.futures.ThreadPoolExecutor(len(hosts)) as pool:  # at once: what is guessed of one is so of the other
                    list(pool.map(Host.start_all, hosts))
                complete(server, hosts)
                cases.main(args, Fleet(hosts, server))
        finally:
            for host in hosts:
                host.kill()


if __name__ == "__main__":
    main()
