# SPDX-License-Identifier: Apache-2.0
"""A collector under test, its guests, and its counters. Waits are bounded and never sleeps."""
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, otlp_json, threads, watching

LIMIT_S = 60  # for anything that happens at once, if it gets its turn


class Collector:
    """One coldspan-collector with a socket and a trace file in a folder of its own.

    wrapped: the collector's binary, where `binary` is a program that runs another one.
    """

    def __init__(self, binary, *flags, env=None, user=None, wrapped=None):
        self.folder = tempfile.mkdtemp(prefix="coldspan-test-")
        os.chmod(self.folder, 0o755)
        if user:
            os.chown(self.folder, user, user)
        self.socket = f"{self.folder}/announce.sock"
        self.file = pathlib.Path(self.folder, "traces.jsonl")
        self.pending = b""
        self.said = []
        program = [binary, wrapped] if wrapped else [binary]
        begin = time.monotonic_ns()
        self.process = watching.start([*program, "--file", self.file, *flags], self.socket,
                                      stderr=subprocess.PIPE, user=user,
                                      env={**os.environ, **(env or {})})
        self.start_ns = time.monotonic_ns() - begin  # from there until it was ready

    def line(self, wanted, limit_s=LIMIT_S):
        """The next line on standard error for which wanted() is true."""
        deadline = time.monotonic() + limit_s
        while True:
            while b"\n" in self.pending:
                text, self.pending = self.pending.split(b"\n", 1)
                text = text.decode()
                if not text.startswith("{"):
                    self.said.append(text)
                if wanted(text):
                    return text
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stderr], [], [], left)[0]:
                raise AssertionError("the collector did not say it:\n" + "\n".join(self.said))
            data = os.read(self.process.stderr.fileno(), 65536)
            if not data:
                raise AssertionError("the collector is gone:\n" + "\n".join(self.said))
            self.pending += data

    def counters(self):
        self.process.send_signal(signal.SIGUSR1)
        return json.loads(self.line(lambda text: text.startswith("{")))

    def until(self, what, condition, limit_s=LIMIT_S):
        """The counters once condition(counters) holds."""
        deadline = time.monotonic() + limit_s
        while True:
            counters = self.counters()
            if condition(counters):
                return counters
            if time.monotonic() > deadline:
                raise AssertionError(f"waited in vain until {what}: {counters}")
            select.select([], [], [], 0.005)  # ask again, not at once: it is not a test of signals

    def stop(self, number=signal.SIGTERM):
        """End it; what it said, and its exit status."""
        self.process.send_signal(number)
        rest = self.process.communicate(timeout=LIMIT_S)[1]
        self.said += (self.pending + rest).decode().splitlines()
        self.pending = b""
        return self.said, self.process.returncode

    def accounting(self):
        """End it; counters of its destination "file", for all of which they must add up."""
        said, code = self.stop()
        assert code == 0, (code, said)
        return watching.accounts(said)["file"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        watching.kill(self.process)
        self.process.stderr.close()
        shutil.rmtree(self.folder)


class Guest:
    """A run of the driver that stays alive until close()."""

    def __init__(self, driver, socket, what, number=1, user=None):
        self.process = subprocess.Popen([driver, socket, what, str(number)], user=user,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if not select.select([self.process.stdout], [], [], LIMIT_S)[0]:
            self.process.kill()
            raise AssertionError(f"{what}: not ready")
        assert self.process.stdout.readline() == b"ready\n", what

    def close(self):
        self.process.stdin.close()
        return self.process.wait(LIMIT_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        watching.kill(self.process)
        self.process.stdout.close()
        self.process.stdin.close()


def run(driver, socket, what, number=1, user=None):
    """A run of the driver that ends by itself: its output and exit status."""
    done = subprocess.run([driver, socket, what, str(number)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, timeout=LIMIT_S, check=False, user=user)
    return done.stdout.decode(), done.returncode


def watched(collector, shim, command, **more):
    """A program under the shim."""
    env = {**os.environ, "LD_PRELOAD": shim, "COLDSPAN_SOCKET": collector.socket}
    return subprocess.Popen(command, env=env, **more)


def until_asleep(pid):
    """Where it waits for its input, after its last word."""
    threads.until(pid, threads.RESTS, "it does not wait for its input", LIMIT_S)


def cold_starts(path):
    """Attributes of each cold start's span, with those of its resource and its status."""
    return [{**span["resource"], **span["attributes"], "status": span["status"],
             "message": span["message"]}
            for span in otlp_json.of_file(path) if span["name"] == "cold start"]


def main(usage, *names):
    """Runs the cases of a script; each gets the paths of the programs that @names name, in order."""
    parser = cases.parser(usage)
    for name in names:
        parser.add_argument(name)
    args = parser.parse_args()
    cases.main(args, *(getattr(args, name) for name in names))
