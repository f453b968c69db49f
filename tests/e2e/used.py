#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an invocation used: CPU time, faults, memory, switches, read from outside.

usage: used.py --build DIR

A real server under the shim that uses what it is asked to and says what it used itself, and a real
collector. Each request waits until the one before was told of, so that the server was idle in between.
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, listening, otlp_json, watching
from lib.cases import case

SERVER = 2  # a span's kind
LIMIT_S, POLL_S = 60, 0.02
MORE_NS = 300_000_000  # what reading a request, answering it and counting may cost beside
HERE = pathlib.Path(__file__).resolve().parent


class Watched:
    """The server and the collector that watches it."""

    def __init__(self, build, folder):
        self.traces, announce = folder / "traces.jsonl", folder / "announce.sock"
        self.collector = watching.start([build / "collector/coldspan-collector", "--file", self.traces,
                                         "--log-level", "error"], announce)
        self.server = subprocess.Popen(
            [sys.executable, HERE / "guests/spender.py"], stdin=subprocess.DEVNULL,
            env={**os.environ, "PORT": "0", "COLDSPAN_SOCKET": str(announce),
                 "LD_PRELOAD": str(build / "preload/libcoldspan.so")})
        self.served = 0

    def __enter__(self):
        end = time.monotonic() + LIMIT_S
        while not (ports := listening.ports_of(self.server.pid)):
            assert self.server.poll() is None and time.monotonic() < end, "the server does not listen"
            time.sleep(POLL_S)
        self.port = ports[0]
        return self

    def __exit__(self, *_):
        watching.kill(self.server)
        watching.stop(self.collector)

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=LIMIT_S) as answer:
            return json.load(answer)

    def spans(self, count):
        """The invocations so far, by the order of their begin, once there are @count of them."""
        end = time.monotonic() + LIMIT_S
        while True:
            lines = self.traces.read_text().splitlines(True) if self.traces.exists() else []
            found = [span for span in otlp_json.spans(json.loads(line) for line in lines if line.endswith("\n"))
                     if span["kind"] == SERVER]
            if len(found) >= count:
                return sorted(found, key=lambda span: span["start"])
            assert time.monotonic() < end, f"{len(found)} invocations, not {count}"
            time.sleep(POLL_S)

    def spend(self, path):
        """Asks, and waits until it was told of: its attributes, and what the server said itself."""
        told = self.get(path)
        self.served += 1
        return self.spans(self.served)[-1]["attributes"], told


@case("an invocation has what it used itself")
def alone(args, folder):
    with Watched(args.build, folder) as watched:
        watched.spend("/spend?cpu_ms=0&mib=0")
        # What the first has used would be far too much for those behind it.
        for cpu_ms, mib in ((2 * MORE_NS // 1_000_000, 64), (0, 0), (20, 0)):
            used, told = watched.spend(f"/spend?cpu_ms={cpu_ms}&mib={mib}")
            assert used.get("coldspan.used.of") == "invocation", used
            said_ns = told["cpu_s"] * 1e9
            assert said_ns <= used["coldspan.cpu_ns"] <= said_ns + MORE_NS, (used, said_ns)
            assert mib * 128 <= used["coldspan.faults.minor"] <= mib * 512 + 4096, used
            assert used["coldspan.max_rss_bytes"] >= used["coldspan.rss_bytes"] > 1 << 20, used
            assert used["coldspan.used.window_ns"] >= cpu_ms * 1_000_000, used
            assert used["coldspan.faults.major"] >= 0, used


@case("what two used together is nobody's")
def together(args, folder):
    with Watched(args.build, folder) as watched:
        watched.spend("/spend?cpu_ms=0&mib=0")
        other = threading.Thread(target=watched.get, args=["/meet"])
        other.start()
        watched.get("/meet")
        other.join(LIMIT_S)
        watched.served += 2
        for span in watched.spans(3)[1:]:
            assert not any(key.startswith("coldspan.used") for key in span["attributes"]), span
            assert "coldspan.cpu_ns" not in span["attributes"], span
        used, told = watched.spend("/spend?cpu_ms=30&mib=0")
        assert used["coldspan.cpu_ns"] >= told["cpu_s"] * 1e9, used


@case("one that was killed has used what it used")
def killed(args, folder):
    marker = folder / "marker"
    with Watched(args.build, folder) as watched:
        watched.spend("/spend?cpu_ms=0&mib=0")
        asking = threading.Thread(target=ask_the_dead, args=[watched, marker])
        asking.start()
        end = time.monotonic() + LIMIT_S
        while not marker.exists():
            assert time.monotonic() < end, "the handler does not run"
            time.sleep(POLL_S)
        watched.server.send_signal(signal.SIGKILL)
        asking.join(LIMIT_S)
        span = watched.spans(2)[-1]
    assert span["status"] == 2, span
    assert span["attributes"]["coldspan.used.of"] == "invocation", span
    assert span["attributes"]["coldspan.cpu_ns"] >= 50_000_000, span


def ask_the_dead(watched, marker):
    try:
        watched.get(f"/stuck?{marker}")
    except OSError:
        pass


@case("a process for one event used all of it for that")
def per_event(args, folder):
    code = ("import sys, time\nsys.stdin.read()\n"
            "while time.process_time() < 0.1: pass\n"
            "for _ in range(400): time.sleep(0.0001)\nprint('done')")  # some are over before they begin
    traces = folder / "traces.jsonl"
    subprocess.run([args.build / "agent/coldspan", "run", "--file", traces, "--", sys.executable, "-c",
                    code], input=b"event", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   check=True, timeout=LIMIT_S)
    (span,) = [span for span in otlp_json.of_file(traces) if span["kind"] == SERVER]
    assert span["attributes"]["coldspan.used.of"] == "process", span
    assert span["attributes"]["coldspan.cpu_ns"] >= 95_000_000, span
    assert span["attributes"]["coldspan.max_rss_bytes"] > 1 << 20, span
    assert span["attributes"]["coldspan.context_switches.voluntary"] >= 200, span
    assert span["attributes"]["coldspan.context_switches.involuntary"] >= 0, span


def main():
    args = cases.parser(__doc__, "build").parse_args()
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
