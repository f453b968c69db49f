# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus for a test, and what it says.

    with Prometheus(folder, scrape="127.0.0.1:9464") as server:
        server.instant("up")        # [({label: value}, number)]

Debian's, unpacked by script/peers, or with peer=CURRENT a newer one; listens on loopback. Debian's takes native
histograms, and with them no others, if it is told native=True; of a newer one its jobs say it.
"""
import json
import pathlib
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from . import listening, peers

LIMIT_S = 120
DEBIANS, CURRENT = "prometheus", "prometheus_current"  # by their names in script/peers
OWN_FLAGS = {CURRENT: ["--web.enable-otlp-receiver", "--enable-feature=exemplar-storage"],
             DEBIANS: ["--enable-feature=exemplar-storage"]}


def job(target, name="coldspan", interval="1s", **more):
    """One of what is scraped; @more: other keys of a scrape_config."""
    return {"job_name": name, "scrape_interval": interval, "static_configs": [{"targets": [target]}], **more}


def tool(*args, peer=DEBIANS, **more):
    """promtool's run. Its own files are looked for nowhere else than in its arguments."""
    return subprocess.run([peers.path(peer) / "promtool", *map(str, args)], capture_output=True,
                          text=True, check=False, **more)


def past(folder, lines):
    """A new folder of data with this OpenMetrics text in it."""
    text, data = pathlib.Path(folder) / "past.txt", pathlib.Path(folder) / "data"
    with text.open("w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)
    run = tool("tsdb", "create-blocks-from", "openmetrics", text, data)
    if run.returncode:
        raise RuntimeError(f"promtool: {run.stderr}")
    text.unlink()
    return data


class Prometheus:
    def __init__(self, folder, scrape=None, interval="1s", rules=(), data=None, timeout=LIMIT_S,
                 peer=DEBIANS, native=False, jobs=(), port=0):
        folder = pathlib.Path(folder)
        config = folder / "prometheus.yml"
        jobs = [*jobs, *([job(scrape, interval=interval)] if scrape else [])]
        config.write_text(json.dumps({"global": {"evaluation_interval": "1s"},
                                      "rule_files": [str(rule) for rule in rules],
                                      "scrape_configs": jobs}), "utf-8")  # JSON is YAML
        flags = [*OWN_FLAGS[peer], *(["--enable-feature=native-histograms"] if native else [])]
        self.log = folder / "prometheus.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [peers.path(peer) / "prometheus", f"--config.file={config}",
                 f"--storage.tsdb.path={data or folder / 'data'}", "--storage.tsdb.retention.time=100y",
                 f"--web.listen-address=127.0.0.1:{port}", *flags],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self._wait_ready(time.monotonic() + timeout)
        except BaseException:
            self.stop()
            raise

    def _wait_ready(self, until):
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("Prometheus did not get ready:\n" +
                                   self.log.read_text("utf-8", "replace")[-2000:])
            time.sleep(0.05)

    def _ready(self):
        try:
            self.port = listening.port_of(self._process.pid)
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=10):
                return True
        except (RuntimeError, OSError):
            return False  # no port yet, ended, or replaying its data

    def ask(self, what, **params):
        """The data of an answer of its API. A question that it refuses is a ValueError."""
        query = urllib.parse.urlencode(params, doseq=True)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/{what}?{query}",
                                        timeout=LIMIT_S) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            said = error.read().decode("utf-8", "replace")
            raise ValueError(f"{error.code} {said}: {params}") from None

    def instant(self, expr, at=None):
        found = self.ask("query", query=expr, **({"time": at} if at is not None else {}))
        if found["resultType"] == "scalar":
            return [({}, float(found["result"][1]))]
        return [(one["metric"], float(one["value"][1])) for one in found["result"] if "value" in one]

    def range(self, expr, start, end, step):
        """[({label: value}, [(time, number)])]"""
        found = self.ask("query_range", query=expr, start=start, end=end, step=step)
        return [(one["metric"], [(at, float(value)) for at, value in one["values"]])
                for one in found["result"] if "values" in one]

    def stop(self):
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(LIMIT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
