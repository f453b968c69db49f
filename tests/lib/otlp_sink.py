# SPDX-License-Identifier: Apache-2.0
"""A real OTLP/HTTP receiver for a test, in a process of its own (otlp_server.py).

    with OtlpSink(folder) as sink:
        run(f"--otlp={sink.endpoint}")
        requests = sink.wait(lambda got: len(flatten(got)) >= 3)
"""
import json
import pathlib
import subprocess
import threading

from . import peers

LIMIT_S = 60
SERVER = pathlib.Path(__file__).with_name("otlp_server.py")


class OtlpSink:
    def __init__(self, folder, answers=()):
        self._requests, self._grown = [], threading.Condition()
        self._ended = False
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [peers.path("python"), SERVER, folder, *map(str, answers)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        first = self._process.stdout.readline()
        if not first:
            raise RuntimeError(f"{SERVER.name} did not start: exit {self._process.wait()}")
        self.port = json.loads(first)["port"]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            with self._grown:
                self._requests.append(json.loads(line))
                self._grown.notify_all()
        with self._grown:
            self._ended = True
            self._grown.notify_all()

    @property
    def requests(self):
        """What came so far: one dictionary per request, in order (see otlp_server.py)."""
        with self._grown:
            return list(self._requests)

    def wait(self, enough, timeout=LIMIT_S):
        """The requests, once enough(requests) is true; TimeoutError after @timeout seconds."""
        with self._grown:
            if not self._grown.wait_for(lambda: enough(self._requests) or self._ended, timeout) \
                    or not enough(self._requests):
                raise TimeoutError(f"after {timeout} s only {len(self._requests)} requests came: "
                                   f"{json.dumps(self._requests)[:1500]}")
            return list(self._requests)

    def close(self):
        self._process.stdin.close()
        self._process.wait(timeout=LIMIT_S)
        self._reader.join(timeout=LIMIT_S)
        self._process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
