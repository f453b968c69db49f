# SPDX-License-Identifier: Apache-2.0
"""The whole way, on stage: a real collector, and the reference runtime under the shim."""
import os
import re
import secrets
import shutil
import signal
import subprocess
import urllib.request

from lib import watching

LIMIT_S = 60
NEEDS = {"hello-c": None, "hello-py": "python3", "hello-py-http": "python3", "hello-node": "node"}


def check(condition, what):
    if not condition:
        raise AssertionError(what)


class Stage:
    """Collector and runtime, from ready to stopped."""

    def __init__(self, build, functions, folder):
        self.build, self.folder = build, folder
        self.socket = folder / "announce.sock"
        self.traces = folder / "traces.jsonl"
        self.started = []
        self.collector = self.start_collector()
        self.runtime = self.start_runtime(functions)

    def start_collector(self):
        process = watching.start([self.build / "collector/coldspan-collector", "--file", self.traces],
                                 self.socket, stderr=subprocess.PIPE)
        self.started.append(process)
        return process

    def start_runtime(self, functions):
        env = {**os.environ, "LD_PRELOAD": str(self.build / "preload/libcoldspan.so"),
               "COLDSPAN_SOCKET": str(self.socket)}
        process = subprocess.Popen(
            [self.build / "runtime/coldspan-faas", "serve", "--functions", functions, "--listen",
             "127.0.0.1:0", "--timeout", "30s", "--pass-env", "LD_PRELOAD,COLDSPAN_*"], env=env,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.started.append(process)
        line = process.stdout.readline()
        match = re.search(r"http://127\.0\.0\.1:\d+", line)
        check(match, f"the runtime said {line!r}")
        self.base = match.group(0)
        return process

    def call(self, name):
        """Returns the caller's trace id, span id and request id."""
        trace_id, span_id, request = secrets.token_hex(16), secrets.token_hex(8), secrets.token_hex(4)
        self.call_with(name, {"traceparent": f"00-{trace_id}-{span_id}-01", "X-Request-Id": request})
        return trace_id, span_id, request

    def call_with(self, name, headers):
        asked = urllib.request.Request(f"{self.base}/function/{name}", b'{"name": "e2e"}', headers)
        with urllib.request.urlopen(asked, timeout=LIMIT_S) as answer:
            check(answer.status == 200 and b"e2e" in answer.read(), f"{name} did not answer")

    def stop(self):
        self.runtime.send_signal(signal.SIGTERM)
        check(self.runtime.wait(LIMIT_S) == 0, "the runtime did not stop with status 0")
        self.collector.send_signal(signal.SIGTERM)
        _, said = self.collector.communicate(timeout=LIMIT_S)
        check(self.collector.returncode == 0, "the collector did not stop with status 0")
        watching.ledger(said.decode().splitlines())
        return said.decode()

    def kill(self):
        for process in self.started:
            watching.kill(process)


def prepare(functions, build, folder):
    """Copies the sample functions whose language is here, ready to run. Returns their names."""
    names = [name for name, tool in NEEDS.items() if not tool or shutil.which(tool)]
    for name in names:
        shutil.copytree(functions / name, folder / name)
    shutil.copy(build / "tests/functions/hello", folder / "hello-c/hello")
    return names
