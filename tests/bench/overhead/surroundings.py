# SPDX-License-Identifier: Apache-2.0
"""What runs beside the functions, on the processor that none of them has."""
import os
import pathlib
import subprocess
import sys
import time

import ways

sys.path.insert(0, str(ways.HERE.parents[1]))
from lib import watching

STILL_S = 0.4  # longer than anything there waits before it sends


class Sink:
    """Takes what is sent; must have got something in the end."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdout=subprocess.PIPE, text=True)
        self.endpoint = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def end(self, way):
        self.process.terminate()
        requests, size = map(int, self.process.communicate(timeout=ways.LIMIT_S)[0].split())
        say(f"{way}: {requests} requests of {size // 1024} KiB were sent")
        return size > 0


class Surroundings:
    """A collector, where both send to, and what each way has in its environment."""

    def __init__(self, build, folder):
        programs = build / "tests/bench/overhead"
        self.load = programs / "load"
        self.sinks = {way: Sink(programs / "sink") for way in (ways.OURS, ways.THEIRS)}
        announce = folder / "announce.sock"
        self.collector = watching.start(
            [build / "collector/coldspan-collector", "--otlp", self.sinks[ways.OURS].endpoint, "--log-level",
             "error"], announce, stderr=subprocess.DEVNULL)
        self.variables = {
            ways.BARE: {}, ways.AGAIN: {},
            ways.OURS: {"LD_PRELOAD": str(build / "preload/libcoldspan.so"), "COLDSPAN_SOCKET": str(announce)},
            ways.THEIRS: {"OTEL_EXPORTER_OTLP_ENDPOINT": self.sinks[ways.THEIRS].endpoint,
                          "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
                          "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}}

    def still(self):
        """Waits until nothing is left to be read and sent. Return: what the collector has used, in ns."""
        used, since = ways.cpu_ns([self.collector.pid]), time.monotonic()
        limit = since + ways.LIMIT_S
        while time.monotonic() < min(limit, since + STILL_S):
            time.sleep(STILL_S / 8)
            now = ways.cpu_ns([self.collector.pid])
            if now - used > STILL_S * 1e9 / 200:  # it looks after its rings for ever
                used, since = now, time.monotonic()
        return used

    def end(self, loaded):
        """Return: what was wrong, as pairs of what and why. Cold starts alone are over before they are sent."""
        wrong = []
        try:
            watching.stop(self.collector)
        except AssertionError as error:
            wrong.append(("what the collector says at its end", f"it does not add up: {error}"))
        silent = [way for way, sink in self.sinks.items() if not sink.end(way)]
        return wrong + [(f"what {way} has sent", "nothing came") for way in silent if loaded]

    def kill(self):
        """For what is left when something else has failed."""
        for process in (self.collector, *(sink.process for sink in self.sinks.values())):
            watching.kill(process)


def say(words):
    print(f"overhead: {words}", file=sys.stderr, flush=True)
