#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A function under load, and a collector that samples: what is left gives back what there was.

usage: sampling.py --build DIR

A Python server under the shim gets thousands of requests, whose randomness the client has chosen (`rv` of
their tracestate), so that it is known beforehand what the ratio keeps. OpenTelemetry's own samplers say what a head
sampler is to decide (tests/conformance/samplers.py).
"""
import http.client
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, listening, otlp_json, peers, threads, watching
from lib.cases import case

LIMIT_S, POLL_S = 120, 0.02
SERVER = 2  # a span's kind
ERROR = 2   # a status
SAMPLED = 0x1
ALL = 1 << 56
ORACLE = pathlib.Path(__file__).resolve().parents[1] / "conformance" / "samplers.py"

FUNCTION = """
import http.server

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(500 if self.path == "/fail" else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass

http.server.HTTPServer(("127.0.0.1", 0), Handler).serve_forever()
"""


class Watched:
    """A collector with these flags or variables, and a function."""

    def __init__(self, args, folder, *flags, **variables):
        self.file = folder / "spans.jsonl"
        socket = folder / "announce.sock"
        self.collector = watching.start(
            [args.build / "collector/coldspan-collector", "--file", self.file, "--log-level", "error", *flags],
            socket, env={**os.environ, **variables})
        self.function = subprocess.Popen(
            [sys.executable, "-c", FUNCTION], stdin=subprocess.DEVNULL,
            env={**os.environ, "COLDSPAN_SOCKET": str(socket),
                 "LD_PRELOAD": str(args.build / "preload/libcoldspan.so")})
        end = time.monotonic() + LIMIT_S
        while not (ports := listening.ports_of(self.function.pid)):
            assert self.function.poll() is None and time.monotonic() < end, "the function does not listen"
            time.sleep(POLL_S)
        self.connection = http.client.HTTPConnection("127.0.0.1", ports[0], timeout=LIMIT_S)

    def ask(self, path="/", headers=()):
        self.connection.request("GET", path, headers=dict(headers))
        answer = self.connection.getresponse()
        answer.read()
        assert answer.status == (500 if path == "/fail" else 200), answer.status

    def stop(self):
        """All spans, and the ledger."""
        self.connection.close()
        # The client may have its answer before the call that sent it has come back: until then it is not over.
        threads.until(self.function.pid, threads.RESTS, "the function does not come to rest")
        self.function.send_signal(signal.SIGTERM)
        self.function.wait(LIMIT_S)
        self.collector.send_signal(signal.SIGTERM)
        self.collector.wait(LIMIT_S)
        self.collector.said.seek(0)
        lines = self.collector.said.read().decode().splitlines()
        text = self.file.read_text().splitlines() if self.file.exists() else []
        found = watching.accounts(lines)
        return otlp_json.spans([json.loads(line) for line in text if "resourceSpans" in line]), found, \
            watching.ledger(lines)


def ot(span):
    """OpenTelemetry's member of a tracestate, as a dictionary."""
    members = dict(member.split("=", 1) for member in span["traceState"].split(",") if member)
    return dict(field.split(":", 1) for field in members["ot"].split(";")) if "ot" in members else {}


def stands_for(span):
    return ALL / (ALL - int(ot(span)["th"].ljust(14, "0"), 16))


def traceparent(trace, flags="01"):
    return f"00-{trace:032x}-00000000000000ab-{flags}"


@case
def counts_come_back_within_one_percent(args, folder):
    count, failing, ratio = 2000, 40, 0.25
    watched = Watched(args, folder, "--tail", f"cold,timeouts,errors,slowest=1,ratio={ratio}")
    failed = 0
    for n in range(count):
        # Every value of the range as often as all others, in no order that failures could follow.
        rv = (n * 7919 % count) * (ALL // count)
        path = "/fail" if n % failing == 7 else "/"
        failed += path == "/fail"
        watched.ask(path, [("traceparent", traceparent(n + 1, "00")), ("tracestate", f"vendor=x,ot=rv:{rv:014x}")])
    spans, _, ledger = watched.stop()
    served = [span for span in spans if span["kind"] == SERVER]
    # The start, and the invocation that waited for it; each failure; the rest by the ratio.
    assert [span["name"] for span in spans].count("cold start") == 1, "the start is missing"
    assert sum(span["attributes"]["faas.coldstart"] for span in served) == 1, "and who waited for it"
    errors = [span for span in served if span["status"] == ERROR]
    assert sum(stands_for(span) for span in errors) == len(errors) == failed, [
        (len(errors), failed), [(ot(span), span["attributes"].get("http.response.status_code")) for span in errors]]
    total = sum(stands_for(span) for span in served)
    assert abs(total - count) <= count / 100, f"{total} of {count}"
    assert len(served) <= count * ratio + failed + 20, len(served)
    for span in served:
        assert span["traceState"].endswith(",vendor=x") and ot(span)["th"] in ("0", "c"), span["traceState"]
        kept = int(ot(span)["rv"], 16) >= ALL * (1 - ratio)
        assert kept or ot(span)["th"] == "0", span["traceState"]
    assert ledger["invocations"]["told"] == count, ledger
    assert ledger["spans"]["aside"] == count - len(served), ledger


@case
def without_a_sampler_nothing_is_left_out_or_changed(args, folder):
    watched = Watched(args, folder, OTEL_TRACES_SAMPLER="jaeger_remote")
    for n in range(20):
        watched.ask(headers=[("traceparent", traceparent(n + 1, "00")), ("tracestate", "a=1,ot=th:c")])
    spans, _, ledger = watched.stop()
    served = [span for span in spans if span["kind"] == SERVER]
    assert len(served) == 20 and ledger["spans"]["aside"] == 0, ledger
    assert all(span["traceState"] == "a=1,ot=th:c" and not span["flags"] & SAMPLED for span in served), served


@case
def the_tail_counts_what_became_of_it(args, folder):
    watched = Watched(args, folder, COLDSPAN_TAIL="errors,slowest=2")
    for n in range(30):
        watched.ask("/fail" if n == 5 else "/")
    spans, _, ledger = watched.stop()
    served = [span for span in spans if span["kind"] == SERVER]
    # Two of each minute, if it went by while they were asked.
    assert 3 <= len(served) <= 9 and all(ot(span) == {"th": "0"} for span in served), served
    assert ledger["spans"]["told"] == len(spans), ledger


def ask_oracle(sampler, ratio, asked):
    """What OpenTelemetry's sampler says of each of those requests: None, or the tracestate."""
    lines = [f"{trace:032x} 00000000000000ab {flags} {state or '-'}" for trace, flags, state in asked]
    run = subprocess.run([peers.path("propagators"), ORACLE, sampler, repr(ratio)],
                         input="\n".join(lines), capture_output=True, text=True, check=True, timeout=LIMIT_S)
    answers = run.stdout.splitlines()
    assert len(answers) == len(asked), run
    return [answer[2:] if answer[0] == "1" else None for answer in answers]


def members(state):
    return sorted(state.replace("ot=", "ot;").replace(";", ",").split(",")) if state else []


def compare(args, folder, sampler, ratio):
    """Requests of callers with every kind of decision: the same are kept, with the same tracestate."""
    # As the four digits have it; OpenTelemetry's Python takes all fourteen.
    threshold = round((1 - ratio) * 0x10000) << 40
    exact = (ALL - threshold) / ALL
    draw = random.Random(sampler)
    asked = []
    for n in range(200):
        trace = (n + 1) << 64 | draw.getrandbits(56)
        flags = draw.choice(["00", "01", "01", "03"])
        state = draw.choice([None, "a=1", f"ot=rv:{draw.getrandbits(56):014x}", "a=1,ot=k:v"])
        if flags != "00" and draw.random() < 0.3:
            # A caller that samples by a ratio, too, and keeps its promise.
            state = f"ot=th:{(trace & (ALL - 1)) >> 44:03x}"
        asked.append((trace, flags, state))
    wanted = ask_oracle(sampler, exact, asked)
    watched = Watched(args, folder, "--sampler", f"{sampler}={ratio}")
    for trace, flags, state in asked:
        watched.ask(headers=[("traceparent", traceparent(trace, flags)),
                             *([("tracestate", state)] if state else [])])
    spans, _, ledger = watched.stop()
    kept = {int(span["traceId"], 16): span for span in spans if span["kind"] == SERVER}
    for (trace, flags, state), want in zip(asked, wanted):
        told = f"{trace:032x} {flags} {state}: {want}"
        assert (trace in kept) == (want is not None), told
        if want is None:
            continue
        assert members(kept[trace]["traceState"]) == members(want), (told, kept[trace]["traceState"])
        assert kept[trace]["flags"] & SAMPLED, told
    assert 20 < len(kept) < 180 and ledger["spans"]["aside"] >= 200 - len(kept), (len(kept), ledger)


@case
def a_ratio_decides_as_opentelemetrys_sampler(args, folder):
    compare(args, folder, "traceidratio", 0.3)


@case
def a_parents_decision_counts_as_with_opentelemetrys_sampler(args, folder):
    compare(args, folder, "parentbased_traceidratio", 0.3)


@case
def traces_that_begin_here_are_drawn_by_their_ids(args, folder):
    watched = Watched(args, folder, OTEL_TRACES_SAMPLER="parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG="0.5")
    for _ in range(400):
        watched.ask()
    spans, _, ledger = watched.stop()
    served = [span for span in spans if span["kind"] == SERVER]
    # 400 coins: less than 100 or more than 300 heads come up once in 10^23 runs.
    assert 100 < len(served) < 300, len(served)
    for span in served:
        assert int(span["traceId"][-14:], 16) >= ALL / 2 and ot(span) == {"th": "8"}, span
        assert span["flags"] & 0x3 == 0x3, hex(span["flags"])
    assert ledger["invocations"]["told"] == 400, ledger


def main():
    args = cases.parser(__doc__, "build").parse_args()
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
