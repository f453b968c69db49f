#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus scrapes a real collector that watches real functions.

    scrape.py COLLECTOR SHIM
"""
import contextlib
import http.client
import os
import pathlib
import re
import socket
import subprocess
import time

from harness import LIMIT_S, main
from lib import cases, listening, otlp_json, prometheus
from lib.cases import case
from scraped import Scraped, until, value
from serving import REQUESTS, serve

NOBODY = 65534
PLACES = 16  # CS_PROMETHEUS_READERS_MAX
OPEN_METRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}


@case
def one_start_is_an_increase(binary, shim):
    """Of a series that is new: it was 0 before, and Prometheus has seen that."""
    with Scraped(binary) as collector:
        folder = pathlib.Path(collector.folder)
        with prometheus.Prometheus(folder, scrape=collector.url.netloc) as server:
            until("it is scraped", lambda: value(server, "coldspan_build_info") == 1)
            serve(collector, shim)
            until("the start is seen", lambda: value(server, "coldspan_inits_total") == 1)
            # From two samples on there is an increase, which is extrapolated to the ends of the range.
            assert until("it has increased", lambda: value(server, "increase(coldspan_inits_total[5m])")) >= 1
            assert value(server, "faas_invocations_total") == REQUESTS - 1
            assert value(server, "faas_errors_total") == 1
            assert value(server, 'faas_init_duration_seconds_bucket{le="+Inf"}') == 1
            found = server.ask("query_exemplars", query="faas_init_duration_seconds_bucket",
                               start=time.time() - 600, end=time.time() + 60)
            traces = {span["traceId"] for span in otlp_json.of_file(collector.file)}
            ids = {one["labels"]["trace_id"] for series in found for one in series["exemplars"]}
            assert ids and ids <= traces, (ids, traces)


@case
def two_that_look_the_same_both_see_it(binary, shim):
    """Replicas: each has seen that there was none before."""
    with Scraped(binary) as collector, contextlib.ExitStack() as stack:
        servers = []
        for name in ("one", "other"):
            folder = pathlib.Path(collector.folder, name)
            folder.mkdir()
            servers.append(stack.enter_context(prometheus.Prometheus(folder, scrape=collector.url.netloc)))
        for server in servers:
            until("it is scraped", lambda: value(server, "coldspan_build_info") == 1)
        serve(collector, shim)
        for server in servers:
            assert until("it has increased", lambda: value(server, "increase(coldspan_inits_total[5m])")) >= 1
            assert value(server, "increase(faas_errors_total[5m])") >= 1
        assert "coldspan_inits_total" in collector.ask()[2]
        looked = re.search(r"^coldspan_inits_total\S+ (\d+)$", collector.ask()[2], re.M)
        assert looked and looked[1] == "1", "who only looks is told what is"


class Scraper:
    """A connection that is kept open, of that user, from that address."""

    def __init__(self, collector, name, uid, address="127.0.0.1"):
        self.connection = http.client.HTTPConnection(collector.url.hostname, collector.url.port, timeout=LIMIT_S)
        self.headers = {"X-Prometheus-Scrape-Timeout-Seconds": "10", "User-Agent": name}
        own = os.geteuid()
        os.seteuid(uid)
        try:
            self.connection.sock = socket.socket()  # it is his who made it
        finally:
            os.seteuid(own)
        self.connection.sock.settimeout(LIMIT_S)
        self.connection.sock.bind((address, 0))
        self.connection.sock.connect((collector.url.hostname, collector.url.port))

    def inits(self):
        self.connection.request("GET", "/metrics", headers=self.headers)
        text = self.connection.getresponse().read().decode()
        return [int(number) for number in re.findall(r"^coldspan_inits_total\S+ (\d+)$", text, re.M)]


@case
def connections_that_are_kept_open_keep_no_scraper_out(binary, shim):
    """One user's, who takes all the places that he may, from many addresses; another's scraper is told of what is new from zero on."""
    if os.geteuid() != 0:
        cases.skip("one user cannot connect as another")
    with Scraped(binary) as collector:
        held = [Scraper(collector, f"greedy/{n}", NOBODY, f"127.0.0.{n + 2}") for n in range(PLACES)]
        scraper = Scraper(collector, "scraper", os.geteuid())
        for _ in range(2):  # the connection of who has asked twice is kept for long
            assert [one.inits() for one in (*held, scraper)] == [[]] * (PLACES + 1)
        serve(collector, shim)
        collector.until("the start was told", lambda c: c["cold_starts"] == 1)
        late = Scraper(collector, "greedy/late", NOBODY)
        assert late.inits() == [1], "who has no place is told what is"
        assert scraper.inits() == [0]
        assert scraper.inits() == [1]
        for one in (scraper, late, *held):
            one.connection.close()


@case
def nothing_is_lost_when_functions_and_collectors_start_anew(binary, shim):
    """increase() and rate() over three starts of a function and two of the collector."""
    at = f"127.0.0.1:{listening.free_port()}"
    with Scraped(binary, at=at) as collector:
        with prometheus.Prometheus(pathlib.Path(collector.folder), scrape=at) as server:
            until("it is scraped", lambda: value(server, "coldspan_build_info") == 1)
            for starts in (1, 2):
                serve(collector, shim)
                until("it is seen", lambda: value(server, "coldspan_inits_total") == starts)
            one = server.instant("target_info")[0][0]["service_instance_id"]
            collector.stop()
            until("it is gone", lambda: not server.instant("coldspan_inits_total"))
            with Scraped(binary, at=at) as again:
                serve(again, shim)
                until("the third is seen", lambda: value(server, "coldspan_inits_total") == 1)
                other = server.instant("target_info")[0][0]["service_instance_id"]
                assert one != other, one
                for name, wanted in (("coldspan_inits_total", 3), ("faas_errors_total", 3),
                                     ("faas_invocations_total", 3 * (REQUESTS - 1)),
                                     ("faas_invoke_duration_seconds_count", 3 * REQUESTS)):
                    found = value(server, f"sum(increase({name}[1h]))")
                    assert wanted <= found <= wanted * 1.5, (name, wanted, found)  # to the ends of the range
                    assert 0 < value(server, f"sum(rate({name}[1h]))") * 3600 <= wanted * 1.5, name
                    assert counted(server, name) == wanted, (name, wanted)


def counted(server, name):
    """What was added to a counter that may have begun anew, of all samples that there are."""
    total = 0
    for one in server.ask("query", query=f"{name}[1h]")["result"]:
        values = [float(number) for _, number in one["values"]]
        assert values[0] == 0, (name, values)
        total += sum(after - before if after >= before else after for before, after in zip(values, values[1:]))
    return total


@case
def what_is_served_is_well_formed(binary, shim):
    with Scraped(binary) as collector:
        serve(collector, shim)
        status, headers, old = collector.ask()
        assert status == 200 and headers["Content-Type"].startswith("text/plain; version=0.0.4"), headers
        run = prometheus.tool("check", "metrics", input=old)
        bad = [line for line in (run.stdout + run.stderr).splitlines()
               if "non-histogram" not in line and "no help text" not in line]
        assert not bad and "faas_invocations_total" in old, bad
        status, headers, new = collector.ask(headers=OPEN_METRICS)
        assert headers["Content-Type"].startswith("application/openmetrics-text"), headers
        assert new.endswith("# EOF\n") and " # {trace_id=" in new, new[-200:]
        names = re.findall(r"^# TYPE (\S+)", new, re.M)
        assert len(names) == len(set(names)), "a family is there twice"
        samples = [line.rsplit(" # ", 1)[0].rsplit(" ", 1)[0] for line in new.splitlines() if line[0] != "#"]
        assert len(samples) == len(set(samples)), "a sample is there twice"


@case
def bounds_are_those_that_were_asked_for(binary, shim):
    with Scraped(binary, "--buckets", "faas.invoke_duration=0.25,30") as collector:
        serve(collector, shim)
        text = collector.ask()[2]
        found = re.findall(r'^faas_invoke_duration_seconds_bucket\S*le="([^"]+)"\S* \d+$', text, re.M)
        assert set(found) == {"0.25", "30", "+Inf"}, found
        assert len(set(re.findall(r'^faas_init_duration_seconds_bucket\S*le="([^"]+)"', text, re.M))) > 20


@case
def it_tells_of_itself(binary, shim):
    with Scraped(binary) as collector:
        serve(collector, shim)
        collector.ask()
        text = collector.ask()[2]
        found = {name: [float(number) for number in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.M)] for name in (
            "coldspan_ring_utilization_ratio", "coldspan_agent_clock_shift_seconds", "coldspan_init_read_bytes_sum",
            "otel_sdk_exporter_operation_duration_seconds_count", "process_memory_usage_bytes",
            "otel_sdk_metric_reader_collection_duration_seconds_count")}
        assert all(found.values()), found
        assert 0 < found["coldspan_ring_utilization_ratio"][0] <= 1, found
        assert abs(found["coldspan_agent_clock_shift_seconds"][0]) < 60, found
        assert found["coldspan_init_read_bytes_sum"][0] > 10000, found  # Python has read its own modules
        assert sum(found["otel_sdk_exporter_operation_duration_seconds_count"]) >= 1, found
        assert re.search(r'^coldspan_inits_total{.*faas_trigger="http".*} 1$', text, re.M), text


@case
def only_metrics_and_only_for_who_may(binary, _):
    with Scraped(binary) as collector:
        port = collector.url.port
        status, headers, body = collector.ask("HEAD")
        assert (status, body) == (200, "") and int(headers.get("Content-Length", 1)) > 0, (status, headers)
        assert collector.ask(path="/")[0] == 404
        assert collector.ask(path="/metrics/..")[0] == 404
        assert collector.ask(path="/metrics?a=b")[0] == 200
        assert collector.ask("POST")[0] == 405
        assert collector.ask("DELETE")[0] == 405
        assert collector.ask(headers={"Host": f"evil.example:{port}"})[0] == 421
        assert collector.ask(headers={"Host": f"localhost:{port}"})[0] == 200
        assert collector.ask(headers={"X-Long": "x" * 20000})[0] >= 400
        assert collector.ask()[0] == 200


@case
def variables_of_opentelemetry_ask_for_it(binary, _):
    with Scraped(binary, at=None, env={"OTEL_METRICS_EXPORTER": "prometheus",
                                       "OTEL_EXPORTER_PROMETHEUS_HOST": "127.0.0.1",
                                       "OTEL_EXPORTER_PROMETHEUS_PORT": "0"}) as collector:
        assert "coldspan_build_info" in collector.ask()[2]


@case
def where_it_cannot_listen_it_says_so(binary, _):
    with Scraped(binary) as collector:
        for address, words in ((collector.url.netloc, "in use"), ("nonsense", "no address"),
                               ("127.0.0.1:99999", "no address"), ("", "needs an address")):
            run = subprocess.run([binary, "--socket", f"{collector.folder}/other.sock", "--prometheus", address],
                                 capture_output=True, text=True, check=False, timeout=LIMIT_S)
            assert run.returncode == 2 and words in run.stderr, (address, run)


if __name__ == "__main__":
    main(__doc__, "collector", "shim")
