#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C, pressed on a real terminal, leaves nothing behind: no process, no file, no half of a result.

usage: ctrl_c.py --build DIR --source DIR
"""
import contextlib
import fcntl
import json
import os
import pathlib
import pty
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import termios
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases
from lib.cases import case
from manners import commands

LIMIT_S = 60
CTRL_C = b"\x03"
# A shell may take the key between two of its commands, and go on with the next.
WAITING = (sys.executable, "-c", "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL); "
           "print('ready', flush=True); signal.pause()")
STUBBORN = "trap '' INT; "  # as what a shell calls inherits it


def restore_signals():
    """A test run that was started in the background has them ignored."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Session:
    """A command in the foreground of a terminal of its own, with an empty TMPDIR."""

    def __init__(self, folder, *words):
        self.tmp, self.text = folder / "tmp", ""
        self.tmp.mkdir()
        self.ours, theirs = pty.openpty()
        self.process = subprocess.Popen(words, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs,
                                        start_new_session=True, preexec_fn=restore_signals,
                                        env=commands.environment(TMPDIR=str(self.tmp), TERM="xterm"))
        os.close(theirs)

    def read(self, patience_s=0.05):
        if select.select([self.ours], [], [], patience_s)[0]:
            with contextlib.suppress(OSError):
                self.text += os.read(self.ours, 65536).decode()

    def until(self, what, reached):
        end = time.monotonic() + LIMIT_S
        while not reached():
            assert time.monotonic() < end, f"not {what}: {self.text!r}"
            self.read()

    def until_said(self, word):
        self.until(f"said {word!r}", lambda: word in self.text)

    def press(self, key):
        os.write(self.ours, key)

    def ended(self):
        self.until("ended", lambda: self.process.poll() is not None)
        self.read(0)
        return self.process.returncode

    def members(self):
        """Processes of the session that live; the field behind the name's ')' is state, ppid, pgrp, session."""
        found = []
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                name, _, fields = stat.read_text().rpartition(")")
                state, _, _, session = fields.split()[:4]
                if int(session) == self.process.pid and state != "Z":
                    found.append(name)
        return found

    def left_nothing(self):
        self.until("all gone", lambda: not self.members())
        assert os.listdir(self.tmp) == [], os.listdir(self.tmp)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.ours)


def plan(folder, script):
    (folder / "coldspan.yaml").write_text(
        f"version: 1\nfunctions:\n  f:\n    shell: {json.dumps(script)}\n    timeout: 60s\n"
        "    budgets: [p50 total <= 100s]\n")


@case
def run_ends_with_its_command(args, folder):
    with Session(folder, args.coldspan, "run", "--json", "start.json", "--", *WAITING) as s:
        s.until_said("ready")
        s.press(CTRL_C)
        assert s.ended() == -signal.SIGINT, s.text
        s.left_nothing()
    assert sorted(os.listdir(folder)) == ["start.json", "tmp"], os.listdir(folder)


@case
def a_shell_does_not_go_on_after_it(args, folder):
    """A shell ends its loop only if its command ended by the signal itself."""
    plan(folder, "exec " + " ".join(map(shlex.quote, WAITING)) + " > said")
    for number, (words, ready) in enumerate(((("run", "-q", "--", *WAITING), lambda s: "ready" in s.text),
                                             (("assert",), lambda s: (folder / "said").exists()
                                              and (folder / "said").read_text()))):
        home = folder / str(number)
        home.mkdir()
        with Session(home, "bash", "-c", 'cd ..; for i in 1 2; do "$@"; echo "went on: $?"; done', "bash", args.coldspan,
                     *words) as s:
            s.until("ready", lambda s=s, ready=ready: ready(s))
            s.press(CTRL_C)
            assert s.ended() == -signal.SIGINT and "went on" not in s.text, (words, s.text)
            s.left_nothing()


@case
def run_leaves_ctrl_c_to_a_command_that_has_a_use_for_it(args, folder):
    """As an interpreter at its prompt, or a debugger: the terminal is the command's."""
    # A handler's word may wait for the end of a read that was just about to begin: it is waited for.
    code = ("import signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT]); print('ready', flush=True)\n"
            "for _ in range(2): signal.sigwait([signal.SIGINT]); print('caught', flush=True)\n"
            "sys.exit(7 if input() == 'go on' else 1)")
    with Session(folder, args.coldspan, "run", "-q", "--", sys.executable, "-c", code) as s:
        s.until_said("ready")
        for _ in range(2):
            before = s.text.count("caught")
            s.press(CTRL_C)
            s.until("caught", lambda seen=before: s.text.count("caught") > seen)
        s.press(b"go on\n")
        assert s.ended() == 7, s.text
        s.left_nothing()


@case
def run_leaves_no_half_of_a_result(args, folder):
    """Killed by what cannot be caught it leaves the old result alone."""
    (folder / "start.json").write_text("old")
    with Session(folder, args.coldspan, "run", "--json", "start.json", "--", *WAITING) as s:
        s.until_said("ready")
        s.process.kill()
        s.ended()
    assert (folder / "start.json").read_text() == "old"


@case
def assert_ends_what_it_started(args, folder):
    plan(folder, STUBBORN + "echo $$ > pid; sleep 600; true")
    with Session(folder, args.coldspan, "assert") as s:
        s.until("started", lambda: (folder / "pid").exists() and (folder / "pid").read_text().strip())
        s.press(CTRL_C)
        assert s.ended() == -signal.SIGINT, s.text
        assert not pathlib.Path("/proc", (folder / "pid").read_text().strip()).exists(), s.text
        s.left_nothing()
    assert sorted(os.listdir(folder)) == ["coldspan.yaml", "pid", "tmp"], os.listdir(folder)


@case
def assert_says_no_verdict(args, folder):
    plan(folder, "echo $$ > pid; sleep 600; true")
    with Session(folder, args.coldspan, "assert") as s:
        s.until("started", lambda: (folder / "pid").exists())
        s.press(CTRL_C)
        s.ended()
    assert "PASS" not in s.text and "FAIL" not in s.text and "NO DATA" not in s.text, s.text


def black_hole():
    """Takes connections, and never answers."""
    sink = socket.create_server(("127.0.0.1", 0))
    return sink, f"http://127.0.0.1:{sink.getsockname()[1]}"


@case
def collector_takes_its_socket_along(args, folder):
    with Session(folder, args.collector, "--socket", "c.sock", "--file", "spans.jsonl") as s:
        s.until_said("ready")
        s.press(CTRL_C)
        assert s.ended() == 0, s.text
        s.left_nothing()
    assert sorted(set(os.listdir(folder)) - {"spans.jsonl"}) == ["tmp"], os.listdir(folder)


@case
def a_second_ctrl_c_ends_the_collector_whatever_it_waits_for(args, folder):
    sink, url = black_hole()
    with sink, Session(folder, args.collector, "--socket", "c.sock", "--otlp", url) as s:
        s.until_said("ready")
        subprocess.run(["true"], check=True, timeout=LIMIT_S, env={
            **os.environ, "LD_PRELOAD": str(args.library), "COLDSPAN_SOCKET": str(folder / "c.sock")})
        s.press(CTRL_C)
        assert select.select([sink], [], [], LIMIT_S)[0], s.text  # its last spans are on their way
        s.press(CTRL_C)
        assert s.ended() == 0 and "queued=" in s.text, s.text
        s.left_nothing()


@case
def faas_ends_its_functions(args, folder):
    shutil.copytree(args.source / "tests/functions/hello-py-http", folder / "functions/hello")
    with Session(folder, args.faas, "serve", "--functions", "functions", "--listen", "127.0.0.1:0",
                 "--port-file", "port") as s:
        s.until_said("listening on http://127.0.0.1:")
        with socket.create_connection(("127.0.0.1", int((folder / "port").read_text())), LIMIT_S) as client:
            client.sendall(b"POST /function/hello-py-http HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
            assert client.recv(4096).startswith(b"HTTP/1.1 200"), s.text
        assert len(s.members()) > 1, "no instance is kept"
        s.press(CTRL_C)
        assert s.ended() == 0, s.text
        s.left_nothing()


@case
def doctor_and_report_have_nothing_to_leave(args, folder):
    """They end by the signal itself; a doctor that waits for nobody is not kept long enough to press."""
    os.mkfifo(folder / "spans.jsonl")
    with Session(folder, args.coldspan, "report", "spans.jsonl") as s:
        with open(folder / "spans.jsonl", "wb"):  # it reads, and waits for more
            s.press(CTRL_C)
            assert s.ended() == -signal.SIGINT, s.text
        s.left_nothing()


def main():
    args = cases.parser(__doc__, "build", "source").parse_args()
    args.coldspan, args.collector = args.build / "agent/coldspan", args.build / "collector/coldspan-collector"
    args.faas, args.library = args.build / "runtime/coldspan-faas", args.build / "preload/libcoldspan.so"
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
