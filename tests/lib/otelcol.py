# SPDX-License-Identifier: Apache-2.0
"""A real OpenTelemetry Collector for a test: OTLP/HTTP in, a file of OTLP JSON lines out.

    with Otelcol(folder) as collector:
        run(f"--otlp={collector.endpoint}")
        spans = otlp_json.of_file(collector.stop())

An export that was answered with 200 has passed the whole pipeline; stop() flushes the file.
"""
import pathlib
import subprocess
import threading
import time

from . import listening, peers, threads

LIMIT_S = 60
READY = "Everything is ready"
CONFIG = """\
receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:0
exporters:
  file:
    path: {path}
  debug:
    verbosity: basic
service:
  telemetry:
    metrics:
      level: none
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [file, debug]
    metrics:
      receivers: [otlp]
      exporters: [file, debug]
    logs:
      receivers: [otlp]
      exporters: [file, debug]
"""


class Otelcol:
    def __init__(self, folder, timeout=LIMIT_S):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "otelcol.jsonl"
        config = folder / "otelcol.yaml"
        config.write_text(CONFIG.format(path=self.file), encoding="utf-8")
        self.log, self._ready = [], threading.Event()
        self._process = subprocess.Popen(
            [peers.path("otelcol"), f"--config=file:{config}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._ready.wait(timeout) or self._process.poll() is not None:
            self.kill()
            raise RuntimeError("the OpenTelemetry Collector did not get ready:\n" +
                               "".join(self.log[-20:]))
        self.pid = self._process.pid
        self.port = listening.port_of(self.pid)
        self.endpoint = f"http://127.0.0.1:{self.port}"

    def _read(self):
        for line in self._process.stderr:
            self.log.append(line)
            if READY in line:
                self._ready.set()
        self._ready.set()  # it ended: whoever waits looks at the exit status

    def stop(self, timeout=LIMIT_S):
        """Ends the collector as an operator would; returns the file with what it received."""
        self._settle(timeout)
        self._process.terminate()
        status = self._process.wait(timeout)
        self._reader.join(timeout)
        if status:
            raise RuntimeError(f"the OpenTelemetry Collector ended with {status}:\n" +
                               "".join(self.log[-20:]))
        return self.file

    def _settle(self, timeout):
        """Waits until every thread sleeps. Only after it has said that it is ready does the collector
        ask for SIGTERM, without a word; until then the signal kills it with all that it holds."""
        end, before = time.monotonic() + timeout, None
        while (now := threads.of(self.pid)) != before or any(one.state not in threads.RESTS + threads.ENDED for one in now.values()):
            before = now
            if time.monotonic() > end:
                raise RuntimeError(f"the OpenTelemetry Collector did not rest for {timeout} s:\n" +
                                   "".join(self.log[-20:]))
            time.sleep(0.001)

    def kill(self):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._reader.join(LIMIT_S)
        self._process.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.kill()
