# SPDX-License-Identifier: Apache-2.0
"""Starts the real coldspan-faas on functions written into a temporary folder, and talks to it."""
import contextlib
import errno
import http.client
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, seccomp
from lib.threads import alive  # for the tests, too

BINARY = None  # set by main()
LIMIT_S = 60   # for anything that is waited for; a loaded machine is slow, a hang is not finite


def until(condition, what, limit_s=LIMIT_S):
    """Waits, bounded, for something that announces itself in no other way."""
    end = time.monotonic() + limit_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {limit_s} s: {what}")
        time.sleep(0.005)


def children(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(word) for word in text.split()]


def deny_netlink():
    """For before_exec: socket(AF_NETLINK, ...) fails from then on, as some sandboxes have it."""
    if not seccomp.library():
        cases.skip("libseccomp is not installed")
    return seccomp.refusing(["socket"], errno.EPERM, [(0, socket.AF_NETLINK)])


class Functions:
    """A folder of functions."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="coldspan-faas-"))

    def add(self, name, program, mode="exec", more="", file="main", interpreter=sys.executable):
        folder = self.path / name
        folder.mkdir()
        script = folder / file
        script.write_text(f"#!{interpreter}\n{program}")
        script.chmod(0o755)
        (folder / "function.yaml").write_text(
            f"name: {name}\nmode: {mode}\ncommand: [./{file}]\n{more}")
        return folder

    def add_shell(self, name, program, **kw):
        return self.add(name, program, interpreter="/bin/sh", **kw)

    def remove(self):
        shutil.rmtree(self.path)


class Answer:
    def __init__(self, response):
        self.status, self.reason = response.status, response.reason
        self.headers = response.headers
        self.body = response.read()

    @property
    def text(self):
        return self.body.decode(errors="replace")


class Runtime:
    """coldspan-faas serve, from its start to its end."""

    def __init__(self, functions, *args, env=None, listen="127.0.0.1:0", before_exec=None):
        self.stderr = tempfile.TemporaryFile()
        if "--timeout" not in args:  # what is built in is less than a starved function needs to start
            args = ("--timeout", "60s", *args)
        self.process = subprocess.Popen(
            [BINARY, "serve", "--functions", str(functions.path), "--listen", listen, *args],
            stdout=subprocess.PIPE, stderr=self.stderr, env=env, preexec_fn=before_exec)
        ready, _, _ = select.select([self.process.stdout], [], [], LIMIT_S)
        self.line = self.process.stdout.readline().decode() if ready else ""
        if not self.line.startswith("listening on http://"):
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"did not start: {self.line!r} {self.log()}")
        self.port = int(self.line.rpartition(":")[2])

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S)

    def call(self, path, body=None, method=None, headers=None):
        with contextlib.closing(self.connect()) as connection:
            connection.request(method or ("GET" if body is None else "POST"), path, body,
                               headers or {})
            return Answer(connection.getresponse())

    def log(self):
        self.stderr.seek(0)
        return self.stderr.read().decode(errors="replace")

    def stop(self, signum=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(signum)
        try:
            return self.process.wait(LIMIT_S)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()


class Case(unittest.TestCase):
    """Functions and one runtime for a test; both are gone afterwards."""

    def setUp(self):
        self.functions = Functions()
        self.addCleanup(self.functions.remove)

    def serve(self, *args, **kw):
        runtime = Runtime(self.functions, *args, **kw)
        self.addCleanup(self.check_end, runtime)
        return runtime

    def check_end(self, runtime):
        """However a test ends: the runtime stops with status 0 (unless it was shot), in silence."""
        status = runtime.stop()
        log = runtime.log()
        runtime.stderr.close()
        self.assertIn(status, (0, -signal.SIGKILL), log)
        self.assertNotRegex(log, "Sanitizer|runtime error|Assert|libevent: ")

    def run_binary(self, *args, env=None):
        return subprocess.run([BINARY, *args], capture_output=True, text=True, timeout=LIMIT_S,
                              env=env, check=False)

    def scratch(self):
        folder = tempfile.mkdtemp(prefix="coldspan-faas-scratch-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return pathlib.Path(folder)


def main(usage):
    """Runs the cases of a script; its argument is the path of coldspan-faas."""
    global BINARY
    parser = cases.parser(usage)
    parser.add_argument("binary")
    args = parser.parse_args()
    BINARY = os.path.abspath(args.binary)
    cases.main(args)
