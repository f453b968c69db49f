#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`coldspan doctor PID`, on processes that are watched and on those that are not.

usage: doctor_pid.py --build DIR
"""
import contextlib
import ctypes
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, watching
from lib.cases import case

WAIT_S = 60
NOBODY = 65534


class Place:
    """A folder with a collector; what is started here runs until the end of the case."""

    def __init__(self, build, folder):
        self.build, self.folder, self.stack = build, folder, contextlib.ExitStack()
        self.library = build / "preload/libcoldspan.so"
        self.socket, self.collector = folder / "announce.sock", None
        os.chmod(folder, 0o755)

    def __enter__(self):
        self.listen()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def listen(self):
        self.collector = watching.start([self.build / "collector/coldspan-collector", "--log-level",
                                         "error", "--file", self.folder / "traces.jsonl"], self.socket)
        self.stack.callback(watching.kill, self.collector)

    def env(self, **more):
        full = {"PATH": os.environ["PATH"], "LD_PRELOAD": str(self.library),
                "COLDSPAN_SOCKET": str(self.socket), **more}
        return {name: str(value) for name, value in full.items() if value is not None}

    def start(self, *command, ready=True, preexec=None, clear=False, **more):
        """A process, and the line by which it says that it is ready (cat: what it is told)."""
        process = subprocess.Popen(command or ["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, env={} if clear else self.env(**more),
                                   preexec_fn=preexec, cwd=self.folder)
        self.stack.callback(watching.kill, process)
        self.stack.callback(process.stdout.close)
        self.stack.callback(process.stdin.close)
        process.said = b""
        if ready:
            process.stdin.write(b"ready\n")
            process.stdin.flush()
            process.said = process.stdout.readline()
            assert process.said, f"{command} did not get ready"
        return process

    def doctor(self, process, *options, before=None):
        pid = process.pid if hasattr(process, "pid") else process
        run = subprocess.run([self.build / "agent/coldspan", "doctor", *options, str(pid)],
                             capture_output=True, timeout=WAIT_S, check=False, preexec_fn=before,
                             env={"PATH": os.environ["PATH"]})
        return run.returncode, run.stdout.decode(), run.stderr.decode()

    def expect(self, process, status, *texts, options=(), before=None):
        if not status:  # the collector takes in a moment later what was announced
            wait_until(lambda: self.doctor(process, *options, before=before)[0] == 0)
        code, out, err = self.doctor(process, *options, before=before)
        assert code == status, f"exit {code}, expected {status}:\n{out}{err}"
        for text in texts:
            assert text in out + err, f"no {text!r} in:\n{out}{err}"
        if status in (0, 3):
            assert err == "" and out.splitlines()[-1].startswith("process "), (out, err)
            assert ("NO " in out) == (status == 3), out
        return out + err


def python(code):
    """A Python that says "ready" once the code ran, and then waits for its input's end."""
    return [sys.executable, "-c", f"import os, sys, ctypes, signal\n{code}\n"
            "os.write(1, b'ready\\n')\nos.read(0, 6)\nos.read(0, 1)"]


# Watched ------------------------------------------------------------------------------------------

@case
def a_watched_process(args, folder):
    with Place(args.build, folder) as place:
        process = place.start()
        out = place.expect(process, 0, "the shim is in it and records", "reads what it records",
                           f"process {process.pid} (cat) is watched")
        assert "note" not in out, out


@case
def a_fork_child_and_a_thread(args, folder):
    code = ("import threading\nwake = threading.Event()\nt = threading.Thread(target=wake.wait, daemon=True)\n"
            "t.start()\nchild = os.fork()\nif not child: signal.pause()\n"
            "os.write(1, b'%d %d\\n' % (child, t.native_id))")
    with Place(args.build, folder) as place:
        process = place.start(*python(code))
        child, thread = map(int, process.said.split())
        place.stack.callback(os.kill, child, signal.SIGKILL)
        place.expect(child, 0, "a fork child", f"segment of process {process.pid}")
        place.expect(thread, 0, f"{thread} is a thread of process {process.pid}",
                     f"process {process.pid} (")


@case
def what_is_seen_less_is_told(args, folder):
    with Place(args.build, folder) as place:
        process = place.start(preexec=lambda: resource.setrlimit(resource.RLIMIT_DATA, (1 << 29, 1 << 29)))
        place.expect(process, 0, "less is recorded: no memory for the descriptor table")
        strict = "ctypes.CDLL(None).prctl(22, 1, 0, 0, 0)"  # PR_SET_SECCOMP, SECCOMP_MODE_STRICT
        place.expect(place.start(*python(strict)), 3, "it was watched, and is not any more", "remedy:")


@case
def what_did_not_fit_into_its_ring(args, folder):
    """A collector that stands still reads nothing."""
    code = ("os.write(1, b'up\\n')\nos.read(0, 6)\nos.read(0, 2)\n"
            "for _ in range(20000): os.kill(os.getpid(), signal.SIGCONT)")
    with Place(args.build, folder) as place:
        process = place.start(*python(code))
        place.expect(process, 0)
        place.collector.send_signal(signal.SIGSTOP)
        try:
            process.stdin.write(b"go")
            process.stdin.flush()
            assert process.stdout.readline() == b"ready\n"
            out = place.expect(process, 0)
            assert re.search(r"note +[1-9]\d* records \(kill\) were dropped, for its ring was full", out), out
        finally:
            place.collector.send_signal(signal.SIGCONT)


@case
def who_else_is_in_it(args, folder):
    with Place(args.build, folder) as place:
        copy = folder / "copy/libcoldspan.so"
        copy.parent.mkdir()
        shutil.copy(place.library, copy)
        other = folder / "libheaptrack_preload.so"
        shutil.copy(args.build / "tests/shim/inner/libguest_inner.so", other)
        process = place.start(LD_PRELOAD=f"{place.library}:{copy}:{other}")
        place.expect(process, 0, "two copies of the shim are in it", "heaptrack", "is watched")
        copy.unlink()
        process = place.start(LD_PRELOAD=f"{place.library}")
        assert "heaptrack" not in place.expect(process, 0)


@case
def a_shim_that_was_replaced(args, folder):
    with Place(args.build, folder) as place:
        copy = folder / "libcoldspan.so"
        shutil.copy(place.library, copy)
        process = place.start(LD_PRELOAD=copy)
        copy.unlink()
        place.expect(process, 0, f"{copy} was replaced since", "is watched")


# Not: the collector -------------------------------------------------------------------------------

@case
def no_collector(args, folder):
    with Place(args.build, folder) as place:
        process = place.start(COLDSPAN_SOCKET=folder / "none")
        place.expect(process, 3, "it announced to nobody", "no collector can be reached at", "is NOT watched")
        out = place.expect(process, 3, "it announced to nobody", options=["--no-socket"])
        assert "reached" not in out, out
        out = place.expect(process, 3, "it announced to nobody", options=["--socket", place.socket])
        assert f"a collector listens at {place.socket}" in out, out


@case
def a_collector_that_came_later(args, folder):
    with Place(args.build, folder) as place:
        process = place.start()
        place.expect(process, 0, "reads what it records")
        watching.stop(place.collector)
        place.expect(process, 3, "no collector can be reached")
        place.listen()
        place.expect(process, 3, "has not got its segment", "start the process anew")


def wait_until(happened):
    deadline = time.monotonic() + WAIT_S
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


# Not: the shim stood down -------------------------------------------------------------------------

@case
def switches(args, folder):
    with Place(args.build, folder) as place:
        place.expect(place.start(COLDSPAN_DENY="x:cat"), 3, "COLDSPAN_DENY in its environment names it")
        place.expect(place.start(COLDSPAN_DISABLE="1"), 3, "COLDSPAN_DISABLE is set in its environment")


@case
def limits(args, folder):
    with Place(args.build, folder) as place:
        for limit, value, text in ((resource.RLIMIT_FSIZE, 4096, "the limit on file sizes is 4096 bytes"),
                                   (resource.RLIMIT_AS, 1 << 29, "address space is 536870912 bytes")):
            process = place.start(preexec=lambda: resource.setrlimit(limit, (value, value)))
            place.expect(process, 3, text, "remedy: raise it")


# Not: nothing was mapped --------------------------------------------------------------------------

@case
def programs_into_which_nothing_gets(args, folder):
    static = args.build / "tests/matrix/probe_static"
    if not static.exists():
        cases.skip("probe_static was not built: its compiler is missing")
    with Place(args.build, folder) as place:
        place.expect(place.start(static, ready=False), 3, "statically linked", "is NOT watched")


@case
def a_program_with_privileges(args, folder):
    if os.geteuid() != 0:
        cases.skip("needs root to make a setuid program of another user")
    with Place(args.build, folder) as place:
        copy = folder / "cat"
        shutil.copy(shutil.which("cat"), copy)
        os.chown(copy, NOBODY, NOBODY)
        os.chmod(copy, 0o4755)
        place.expect(place.start(copy), 3, "the loader drops LD_PRELOAD")


@case
def an_environment_without_it(args, folder):
    with Place(args.build, folder) as place:
        place.expect(place.start(LD_PRELOAD=None), 3, "LD_PRELOAD is not in its environment, nor in that of")
        place.expect(place.start(clear=True), 3, "LD_PRELOAD is not in its environment, which is empty")
        place.expect(place.start(LD_PRELOAD=""), 3, "LD_PRELOAD is empty in its environment")
        other = args.build / "tests/shim/inner/libguest_inner.so"
        place.expect(place.start(LD_PRELOAD=other), 3, f"is {other}, where no shim is")


@case
def a_parent_that_does_not_hand_it_on(args, folder):
    """As a CGI server does; it is told by its name how it can be made to."""
    for name, remedy in (("lighttpd", "mod_setenv"), ("deno", "/etc/ld.so.preload"),
                         ("php-fpm8.2", "clear_env = no"), ("some", "have whoever starts it")):
        with Place(args.build, folder) as place:
            server = folder / name
            shutil.copy(shutil.which("sh"), server)
            process = place.start(server, "-c", "env -u LD_PRELOAD sh -c 'echo $$; exec cat'; true")
            child = int(process.said)
            assert process.stdout.readline() == b"ready\n"  # it is what it becomes
            place.expect(child, 3, f"its parent {process.pid} ({name}) has it and does not hand it on",
                         remedy)


@case
def a_library_that_is_not_there_for_it(args, folder):
    with Place(args.build, folder) as place:
        path = folder / "libcoldspan.so"
        process = place.start(LD_PRELOAD=path)
        place.expect(process, 3, f"LD_PRELOAD names {path}, which is not there for it")
        before = time.monotonic() + 0.1  # more than the 10 ms to which start times are rounded
        wait_until(lambda: time.monotonic() > before)
        shutil.copy(place.library, path)
        place.expect(process, 3, f"{path} was put there after the process had started", "start it anew")
        path.unlink()
        foreign = bytearray(place.library.read_bytes())
        foreign[18:20] = (8).to_bytes(2, sys.byteorder)  # e_machine: MIPS
        path.write_bytes(foreign)
        place.expect(place.start(LD_PRELOAD=path), 3, f"{path} is no library for this architecture")
        place.expect(place.start(LD_PRELOAD="libcoldspan.so"), 3, "without a folder")


@case
def a_list_of_the_system_that_came_later(args, folder):
    if os.geteuid() != 0:
        cases.skip("needs root to make an /etc of its own")
    libc, etc = ctypes.CDLL(None), folder / "etc"
    etc.mkdir()

    def enter():
        new, bind, private = 0x20000, 1 << 12, 1 << 18 | 1 << 14
        if libc.unshare(new) or libc.mount(b"none", b"/", None, private, None) or \
                libc.mount(bytes(etc), b"/etc", None, bind, None):
            os._exit(cases.SKIP_TEST)

    with Place(args.build, folder) as place:
        process = place.start(LD_PRELOAD=None, preexec=enter, ready=False)
        process.stdin.write(b"ready\n")
        process.stdin.flush()
        if not process.stdout.readline():
            cases.skip("no mount namespace can be made here")
        place.expect(process, 3, "LD_PRELOAD is not in its environment")
        (etc / "ld.so.preload").write_text(f"{place.library}\n")
        place.expect(process, 3, "/etc/ld.so.preload names the shim, but not when it started")


@case
def an_environment_that_was_overwritten(args, folder):
    """As servers do that write a title there."""
    title = ("fields = open('/proc/self/stat').read().rsplit(')', 1)[1].split()\n"
             "begin, end = int(fields[47]), int(fields[48])\n"
             "ctypes.memset(begin, 120, end - begin - 1)")
    with Place(args.build, folder) as place:
        place.expect(place.start(*python(title), LD_PRELOAD=None), 3, "it has overwritten its environment")
        place.expect(place.start(*python(title)), 0, "is watched", options=["--no-socket"])


# Processes that are no processes ------------------------------------------------------------------

@case
def what_has_ended_and_what_never_was(args, folder):
    with Place(args.build, folder) as place:
        process = place.start()
        process.stdin.close()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        place.expect(process, 3, "it has ended; its parent has not yet waited")
        process.wait()
        for pid in (process.pid, 2 ** 31 - 1):
            out = place.expect(pid, 2, f"no process {pid} is seen here")
            assert out.count("\n") == 1, out
        for word in ("0", "99999999999", "000"):
            place.expect(word, 2, "is no process id")
        place.expect("12a", 2, "12a: command not found")


@case
def a_thread_of_the_kernel(args, folder):
    with Place(args.build, folder) as place:
        if not pathlib.Path("/proc/2").exists() or pathlib.Path("/proc/2/cmdline").read_bytes():
            cases.skip("no thread of the kernel is seen here")
        place.expect(2, 3, "it is a thread of the kernel")


@case
def a_process_that_hangs_in_exec(args, folder):
    """What /proc knows of it waits for a file system that never answers (tests/support/held_exec.c)."""
    held, mounted = args.build / "tests/support/held_exec", folder / "mounted"
    mounted.mkdir()
    with Place(args.build, folder) as place:
        process = place.start(held, "mount", mounted, held, "exec", mounted / "file", "true", ready=False)
        process.stdin.write(b"r")
        process.stdin.flush()
        if process.stdout.readline() != b"held\n":
            assert process.wait(WAIT_S) == cases.SKIP_TEST, process.returncode
            cases.skip("cannot mount a file system of our own")
        out = place.expect(process, 1, f"process {process.pid} is still in execve")
        assert out.count("\n") == 1, out


@case
def a_process_that_may_not_be_looked_at(args, folder):
    if os.geteuid() != 0:
        cases.skip("needs root to start a process of another user")

    def forgo():
        for capability in (19, 38, 21):  # CAP_SYS_PTRACE; CAP_PERFMON, CAP_SYS_ADMIN: maps alone
            if ctypes.CDLL(None).prctl(24, capability, 0, 0, 0):  # PR_CAPBSET_DROP
                os._exit(cases.SKIP_TEST)

    with Place(args.build, folder) as place:
        process = place.start(preexec=lambda: os.setresuid(NOBODY, NOBODY, NOBODY))
        place.expect(process, 0, "is watched")
        if place.doctor(process, before=forgo)[0] == cases.SKIP_TEST:
            cases.skip("root cannot drop capabilities here")
        out = place.expect(process, 1, "may not be read by this user", f"uid {NOBODY}", before=forgo)
        assert out.count("\n") == 1, out


@case
def names_that_want_to_be_seen_as_something_else(args, folder):
    name = rb"a\x1b[31m\nNO"
    hostile = f"ctypes.CDLL(None).prctl(15, b'{name.decode()}', 0, 0, 0)"  # PR_SET_NAME
    with Place(args.build, folder) as place:
        bad = "/x\x1b]0;owned\x07\nok    all is well\x9b"
        for more in ({}, {"LD_PRELOAD": bad}, {"COLDSPAN_SOCKET": bad},
                     {"LD_PRELOAD": f"{bad}/libcoldspan.so"}):
            process = place.start(*python(hostile), **more)
            _, out, err = place.doctor(process)
            assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", out + err), repr(out + err)
            for line in out.splitlines():
                assert line.startswith(("ok    ", "note  ", "NO    ", "      remedy: ", "process ")), out
            assert "ok    all is well" not in out.splitlines(), out
            assert f"process {process.pid} (a" in out, out


def main():
    args = cases.parser(__doc__, "build").parse_args()
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
