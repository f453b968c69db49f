# SPDX-License-Identifier: Apache-2.0
"""Runs programs bare and under the shim, and gives what their segments hold.

A test script registers functions that take a Lab (tests/lib/cases) and calls main().

    run = lab.watched(["/bin/true"])            # under the shim, with a receiver (dump_segment)
    run.status, run.stdout, run.stderr          # of the program
    run.segments[0]["marks"]["attach"]          # a dict per announce, as dump_segment prints it
    lab.same("process")                         # guest, bare and watched: must behave the same

Programs run in an empty folder of the same name in both runs. Everything is bounded in time.
"""
import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases

TIMEOUT_S = 60


@dataclasses.dataclass
class Run:
    status: int
    stdout: str
    stderr: str
    segments: list = dataclasses.field(default_factory=list)
    raw: bytes = b""

    def of(self, exe=None, pid=None):
        """The segments of an executable's base name, or of a pid."""
        return [s for s in self.segments
                if (exe is None or os.path.basename(s.get("exe", "")) == exe)
                and (pid is None or s["pid"] == pid)]


def records(segment, kind):
    return [r for r in segment["records"] if r["type"] == kind]


class Receiver:
    """tests/shim/dump_segment at a socket; segments are told when it is closed."""

    def __init__(self, dump, path, raw=None):
        more = [raw] if raw else []
        self.process = subprocess.Popen([dump, "--listen", path, *more], stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.PIPE)
        first = json.loads(self.process.stdout.readline() or "{}")
        assert first.get("kind") == "ready", "the receiver did not start"
        self.own_bytes = first["own_bytes"]

    def close(self):
        try:
            out, _ = self.process.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        assert self.process.returncode == 0, f"receiver: status {self.process.returncode}"
        segments = []
        for line in map(json.loads, out.splitlines()):
            if line["kind"] == "segment":
                segments.append({**line, "records": [], "torn": 0})
            elif line["kind"] == "record":
                segments[-1]["records"].append(line)
            elif line["kind"] == "torn":
                segments[-1]["torn"] += 1
            else:
                raise AssertionError(f"not a segment: {line}")
        return segments


class Lab:
    def __init__(self, args):
        self.shim, self.guests, self.dump = args.shim, args.guests, args.dump

    def guest(self, name, libc="glibc"):
        path = self.guests / (name if libc == "glibc" else f"{name}_musl")
        if not path.exists():
            cases.skip(f"{path.name} was not built: no compiler for {libc}")
        return str(path)

    def libcs(self):
        return [libc for libc in ("glibc", "musl")
                if libc == "glibc" or (self.guests / "process_musl").exists()]

    @contextlib.contextmanager
    def folder(self):
        """Empty, and always of the same name in one test process, so that outputs compare."""
        path = pathlib.Path(tempfile.gettempdir()) / f"coldspan-shim-{os.getpid()}"
        path.mkdir(mode=0o755)
        try:
            yield path
        finally:
            shutil.rmtree(path)

    def run(self, command, env=None, stdin=b"", preexec=None, cwd=None):
        """A bare run: a clean environment but for @env."""
        full = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C", **(env or {})}
        with contextlib.ExitStack() as stack:
            cwd = cwd or stack.enter_context(self.folder())
            done = subprocess.run(command, input=stdin, capture_output=True, env=full, cwd=cwd,
                                  preexec_fn=preexec, timeout=TIMEOUT_S, check=False)
        return Run(done.returncode, done.stdout.decode(errors="replace"),
                   done.stderr.decode(errors="replace"))

    def own_bytes(self):
        """Of the mapping that the shim makes for itself."""
        with tempfile.TemporaryDirectory() as place:
            receiver = Receiver(self.dump, os.path.join(place, "announce.sock"))
            receiver.close()
        return receiver.own_bytes

    def watched(self, command, env=None, preload=None, raw=False, **more):
        """A run under the shim.

        @preload: the whole list instead of the shim alone; @raw: keep all bytes of the segments.
        """
        with tempfile.TemporaryDirectory() as place:
            os.chmod(place, 0o755)
            socket = os.path.join(place, "announce.sock")
            raw_path = os.path.join(place, "raw")
            receiver = Receiver(self.dump, socket, raw_path if raw else None)
            try:
                result = self.run(command, {
                    "LD_PRELOAD": ":".join(map(str, [self.shim] if preload is None else preload)),
                    "COLDSPAN_SOCKET": socket, **(env or {})}, **more)
            finally:
                segments = receiver.close()
            result.segments = segments
            if raw:
                result.raw = pathlib.Path(raw_path).read_bytes()
        return result

    def same(self, name, libc="glibc", arguments=(), **more):
        """The guest bare and watched; stdout, stderr and status must be the same."""
        command = [self.guest(name, libc), *arguments]
        bare, watched = self.run(command, **more), self.watched(command, **more)
        for what in ("status", "stdout", "stderr"):
            assert_same(what, getattr(bare, what), getattr(watched, what))
        assert bare.status >= 0, f"the guest itself died: {bare}"
        return watched


def assert_same(what, bare, watched):
    if bare == watched:
        return
    if isinstance(bare, str):
        bare, watched = bare.splitlines(), watched.splitlines()
        for n, (b, w) in enumerate(zip(bare + ["(end)"], watched + ["(end)"])):
            if b != w:
                raise AssertionError(f"{what}, line {n + 1}: bare {b!r}, watched {w!r}")
    raise AssertionError(f"{what}: bare {bare!r}, watched {watched!r}")


def main(usage):
    """Runs the cases of a script; each gets a Lab."""
    args = cases.parser(usage, "shim", "dump", "guests").parse_args()
    cases.main(args, Lab(args))
