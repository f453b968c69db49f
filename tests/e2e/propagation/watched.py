# SPDX-License-Identifier: Apache-2.0
"""Functions in three languages, each with a collector that watches it."""
import os
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lib import cases, listening, otlp_json, peers, watching

HERE = pathlib.Path(__file__).resolve().parent
SERVER = 2  # a span's kind
LIMIT_S, POLL_S = 60, 0.02


def node(_, name):
    return ["node", HERE / f"{name}.js"], {"NODE_PATH": str(peers.path("sdk_node"))}


def python(_, name):
    return [peers.path("propagators"), HERE / f"{name}.py"], {}


def java(folder, name):
    classpath = f"{peers.path('sdk_java')}/*:{folder}"
    if not shutil.which("javac"):
        cases.skip("there is no javac")
    name = name.capitalize()
    subprocess.run(["javac", "-cp", classpath, "-d", folder, HERE / f"{name}.java"], check=True)
    return ["java", "-XX:TieredStopAtLevel=1", "-cp", classpath, name], {}


# Each gives the command that runs a program of this folder, and what its environment needs.
LANGUAGES = {"node": node, "python": python, "java": java}


def start(command, env):
    return subprocess.Popen([str(word) for word in command], env={**os.environ, **env}, stdin=subprocess.DEVNULL)


def wait_for_port(process):
    end = time.monotonic() + LIMIT_S
    while not (ports := listening.ports_of(process.pid)):
        assert process.poll() is None and time.monotonic() < end, "the server does not listen"
        time.sleep(POLL_S)
    return ports[0]


class Watched:
    """A server, and the collector that watches it."""

    def __init__(self, build, folder, command, env, propagate, options=()):
        self.traces, announce = folder / "traces.jsonl", folder / "announce.sock"
        self.collector = watching.start([build / "collector/coldspan-collector", "--file", self.traces,
                                         "--log-level", "error", *options], announce, stderr=subprocess.DEVNULL)
        self.process = start(command, {**env, "COLDSPAN_SOCKET": str(announce), "COLDSPAN_PROPAGATE": propagate,
                                       "LD_PRELOAD": str(build / "preload/libcoldspan.so")})

    def __enter__(self):
        self.port = wait_for_port(self.process)
        return self

    def __exit__(self, *_):
        watching.kill(self.process)
        watching.stop(self.collector)

    def all_spans(self):
        """After the end."""
        return list(otlp_json.of_file(self.traces))

    def spans(self):
        """Of requests, by their ids; after the end."""
        return {span["attributes"]["http.request.header.x-request-id"][0]: span
                for span in self.all_spans() if span["kind"] == SERVER}
