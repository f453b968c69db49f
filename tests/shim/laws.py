#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The laws of the shim (docs/architecture.md), each broken by a check that fails.

Law 3 is golden_dynamic.py's; law 7 has a script for each family of hooks; the conditions of law 1
that need a prepared machine are in tests/matrix.
"""
import collections
import ctypes
import errno
import os
import pathlib
import shutil
import struct
import subprocess
import sys

import harness
from harness import assert_same, records
from tracing import trace

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lint"))
from lib import cases, seccomp
from lib.cases import case
from system_calls import documented

STACK_MAX = 4096

# What an attach may call beyond the loader's own work, and what a hook may call.
ATTACH_CALLS = set(documented(ROOT / "docs/attach.md", "At the start"))
HOOK_CALLS = set(documented(ROOT / "docs/attach.md", "Later"))
LOADER_CALLS = {"openat", "open", "read", "pread64", "fstat", "newfstatat", "mmap", "mprotect",
                "close", "access", "munmap"}


# 1. Fail open, silently ---------------------------------------------------------------------------

def stays_away(lab, expected=0, **how):
    run = lab.watched([lab.guest("lookup")], **how)
    assert_same("status", lab.run([lab.guest("lookup")]).status, run.status)
    assert run.stderr == "", run.stderr
    assert len(run.segments) == expected, f"{len(run.segments)} announces"
    return run


@case("1: switches keep it out")
def switched_off(lab):
    stays_away(lab, env={"COLDSPAN_DISABLE": "1"})
    stays_away(lab, env={"COLDSPAN_DENY": "bash:lookup:node"})
    stays_away(lab, 1, env={"COLDSPAN_DENY": "bash:look:lookups"})
    stays_away(lab, 1, env={"COLDSPAN_DISABLE": "0"})
    stays_away(lab, 1, env={"COLDSPAN_DISABLE": ""})


@case("1: no collector, in any way")
def bad_sockets(lab):
    for path in ("/nonexistent/x", "/dev/null", "/", "relative", "x" * 200):
        stays_away(lab, env={"COLDSPAN_SOCKET": path})


@case("1: a second copy stands down")
def second_copies(lab):
    with lab.folder() as folder:
        copy = folder / "libother.so"
        shutil.copy(lab.shim, copy)
        for order in ([lab.shim, copy], [copy, lab.shim], [copy, copy]):
            run = lab.watched([lab.guest("lookup")], preload=order, cwd=folder)
            assert len(run.segments) == 1, f"{order}: {len(run.segments)} announces"
            assert run.status == 64 and run.stderr == "", run
            for name in ("file", "link", "loop"):
                (folder / name).unlink()


@case("1: the loader called as a program")
def loader_as_program(lab):
    """ld.so PROGRAM: what the kernel started is the loader, not the program."""
    found = 0
    for libc, loaders in (("glibc", ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1")),
                          ("musl", ("/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1"))):
        for loader in loaders:
            if libc in lab.libcs() and os.path.exists(loader):
                command = [loader, lab.guest("lookup", libc)]
                bare, watched = lab.run(command), lab.watched(command)
                assert_same("status", bare.status, watched.status)
                assert_same("stdout", bare.stdout, watched.stdout)
                found += 1
    if not found:
        cases.skip("no loader where it is looked for")


def without_debug_entry(program):
    """The bytes of a program whose dynamic section lacks DT_DEBUG: a tag that nobody knows instead."""
    data = bytearray(pathlib.Path(program).read_bytes())
    headers, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for at in range(headers, headers + size * count, size):
        kind, _, offset, _, _, length = struct.unpack_from("<IIQQQQ", data, at)
        for entry in range(offset, offset + length, 16) if kind == 2 else ():
            if struct.unpack_from("<Q", data, entry)[0] == 21:
                struct.pack_into("<Q", data, entry, 0x6FFFE001)
                return bytes(data)
    raise AssertionError(f"{program} has no DT_DEBUG")


@case("1: a program that does not lead to the loader's list")
def no_debug_entry(lab):
    for libc in lab.libcs():
        with lab.folder() as folder:
            program = folder / "lookup"
            program.write_bytes(without_debug_entry(lab.guest("lookup", libc)))
            program.chmod(0o755)
            runs = []
            for run in (lab.run, lab.watched):
                runs.append(run([str(program)], cwd=folder))
                for name in ("file", "link", "loop"):
                    (folder / name).unlink()
        assert_same("status", runs[0].status, runs[1].status)
        assert_same("stdout", runs[0].stdout, runs[1].stdout)
        assert len(runs[1].segments) == 1, f"{libc}: not watched"


@case("1: a program without libc")
def no_libc(lab):
    run = lab.same("nolibc")
    assert run.stdout == "no libc here\n"


@case("1: a filter refuses any call of the attach")
def refused_calls(lab):
    """A filter that answers any one call of an attach with an errno: nothing is left, nothing differs."""
    if not seccomp.library():
        cases.skip("libseccomp is not installed")
    stand_down = {"socket", "connect", "memfd_create", "ftruncate", "fcntl", "madvise", "sendmsg"}
    # Without the loader's own there is no program.
    for call in sorted(ATTACH_CALLS - {"mmap", "munmap", "openat", "read", "close"}):
        for libc in lab.libcs():
            for error in (errno.EPERM, errno.ENOSYS):
                run = lab.same("inside", libc, ["network"], preexec=seccomp.refusing([call], error))
                expected = 0 if call in stand_down else 1
                assert len(run.segments) == expected, f"{libc} without {call}: {run.segments}"


@case("1: no memory for any part of it")
def no_memory(lab):
    """Each mapping of an attach fails in turn: what was made before it is gone again."""
    if not seccomp.library():
        cases.skip("libseccomp is not installed")
    length, flags = 1, 3
    own, shared = 0x4022, 0x01  # private, anonymous, not reserved
    tables = lab.own_bytes()
    for what, equal, expected in (("the segment", [(flags, shared)], 0),
                                  ("what is our own", [(flags, own)], 0),
                                  ("the descriptor table", [(length, tables)], 1)):
        run = lab.watched(["cat", "/proc/self/maps"],
                          preexec=seccomp.refusing(["mmap"], errno.ENOMEM, equal))
        assert run.status == 0 and "libcoldspan.so" in run.stdout and run.stderr == "", run
        assert len(run.segments) == expected, f"without {what}: {len(run.segments)} announces"
        assert ("memfd:coldspan" in run.stdout) == bool(expected), f"without {what}: {run.stdout}"
        if expected:
            assert run.segments[0]["stand_down"], f"without {what}: it does not say so"


@case("1: a program with privileges")
def privileged_programs(lab):
    """Of a program that was given privileges the loader takes the preload of a system file."""
    if os.geteuid() != 0:
        cases.skip("needs root to make a setuid program and an /etc of its own")
    libc = ctypes.CDLL(None, use_errno=True)
    with lab.folder() as folder:
        os.chmod(folder, 0o755)
        etc, cat = folder / "etc", folder / "cat"
        etc.mkdir()
        (etc / "ld.so.preload").write_text(f"{lab.shim}\n")
        shutil.copy(shutil.which("cat"), cat)

        def enter():
            private = 1 << 18 | 1 << 14  # MS_PRIVATE | MS_REC
            if libc.unshare(0x20000) or libc.mount(b"none", b"/", None, private, None) or \
                    libc.mount(bytes(etc), b"/etc", None, 1 << 12, None):  # CLONE_NEWNS, MS_BIND
                raise OSError(ctypes.get_errno(), "no mount namespace")
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)

        for mode, expected in ((0o755, 1), (0o4755, 0)):
            os.chmod(cat, mode)
            try:
                run = lab.watched([str(cat), "/proc/self/maps"], preload=[], preexec=enter, cwd=folder)
            except subprocess.SubprocessError as error:
                cases.skip("no mount namespace can be made here")
            assert run.status == 0 and "libcoldspan.so" in run.stdout, run
            assert len(run.segments) == expected, f"mode {mode:o}: {len(run.segments)} announces"
            assert ("memfd:coldspan" in run.stdout) == bool(expected), run.stdout


# 2. Leave nothing in the process ------------------------------------------------------------------

@case("2: nothing is left in the process")
def leaves_nothing(lab):
    for libc in lab.libcs():
        run = lab.same("inside", libc)
        assert run.segments, "not watched"


# 4. The originals

@case("4: hooks that are called before the constructor")
def constructors_before_ours(lab):
    """Of two libraries that want to be first the last one is: ours comes after it."""
    other = lab.guests / "early/libguest_early.so"
    command = [lab.guest("lookup")]
    bare = lab.run(command, env={"LD_PRELOAD": str(other)})
    watched = lab.watched(command, preload=[lab.shim, other])
    assert "the thread ran: 1" in bare.stdout and "dlopen: 1" in bare.stdout, bare
    for what in ("status", "stdout", "stderr"):
        assert_same(what, getattr(bare, what), getattr(watched, what))
    assert len(watched.of(exe="lookup")) == 1, watched.segments


# 5. Signals, stack --------------------------------------------------------------------------------

@case("5: signal handlers")
def signal_handlers(lab):
    for libc in lab.libcs():
        run = lab.same("signals", libc)
        segment = run.segments[0]
        kills = records(segment, "kill")
        # A handler that jumps out of a record leaves it torn; nothing else may be.
        assert segment["torn"] < 200, segment["torn"]
        assert all(r["tag"] == segment["pid"] for r in kills)
        dropped = segment["dropped"].get("kill", 0)
        assert len(kills) + dropped + segment["torn"] >= 8000, (libc, len(kills), dropped)
        times = [r["time_ns"] for r in kills]
        assert min(times) > segment["attach_ns"]


@case("5: at most 4 KiB of stack")
def bounded_stack(lab):
    for libc in lab.libcs():
        command = [lab.guest("stack", libc)]
        bare, watched = lab.run(command), lab.watched(command)
        used = [dict(line.split() for line in r.stdout.splitlines()) for r in (bare, watched)]
        assert bare.status == watched.status == 0 and len(used[0]) == len(used[1]) > 0
        for name, bytes_bare in used[0].items():
            more = int(used[1][name]) - int(bytes_bare)
            assert more <= STACK_MAX, f"{libc}: {name} takes {more} bytes of stack"


# 6. No system call after attach -------------------------------------------------------------------

@case("6, 9: no system call after attach, none at exit")
def no_call_after_attach(lab):
    for libc in lab.libcs():
        command = [lab.guest("quiet", libc)]
        bare, _ = trace(lab, command, False)
        watched, run = trace(lab, command, True)
        assert run.segments, "not watched"
        calls = watched[0].own
        assert_same(f"{libc}: calls after the mark", "\n".join(bare[0].own), "\n".join(calls))
        assert len(bare) == len(watched), "processes"
        for child_bare, child_watched in zip(bare[1:], watched[1:]):
            assert_same(f"{libc}: a child's calls", "\n".join(child_bare.own),
                        "\n".join(child_watched.own))


# What threads, signals and children that are killed early call or not, by how they meet.
MEETINGS = {"pause", "setpgid", "futex", "tgkill", "tkill", "rt_sigreturn", "rt_sigprocmask", "restart_syscall", "mmap",
            "munmap", "mprotect", "madvise", "brk", "gettid"}

# Guests that together make every call that is hooked, and what a watched one may call beyond the
# bare one: name: (arguments, exactly these; None if their threads and signals never meet alike).
EVERY_HOOK = {
    "descriptors": ([], {}),
    "lookup": ([], {}),
    "waits": ([], {}),
    "prefork": ([], None),
    "received": ([], None),
    "stream": ([], None),
    "file": (["."], None),
    "exec": ([], None),
    "process": ([], None),
    "connections": ([], None),
}


@case("6: no hook adds a system call")
def no_hook_adds_a_call(lab):
    for libc in lab.libcs():
        for name, (arguments, exactly) in EVERY_HOOK.items():
            command = [lab.guest(name, libc), *arguments]
            bare, watched = (collections.Counter(call for process in trace(lab, command, how)[0]
                                                 for call in process.own) for how in (False, True))
            assert sum(bare.values()) > 30, f"{libc} {name}: {bare}"
            more = {call: n for call, n in (watched - bare).items() if call not in MEETINGS}
            if exactly is None:
                unknown = set(more) - set(bare) - HOOK_CALLS
                assert not unknown, f"{libc} {name}: {unknown}"
            else:
                assert more == exactly, f"{libc} {name}: {more}, not {exactly}"


@case("6: memory is asked for where something is handed on, not where it is only counted that nothing is")
def only_who_hands_on_asks(lab):
    for libc in lab.libcs():
        for in_flight, asks, counted in ((1, True, 0), (2, False, 1)):
            run = lab.same("handing_on", libc, [str(in_flight)], env={"COLDSPAN_PROPAGATE": "outbound"})
            assert run.segments[0]["facts"].get("not_handed_on", 0) == counted, (libc, in_flight, run.segments)
            processes, _ = trace(lab, [lab.guest("handing_on", libc), str(in_flight)], True,
                                 {"COLDSPAN_PROPAGATE": "outbound"})
            assert ("rt_sigprocmask" in processes[0].own) == asks, (libc, in_flight, processes[0].own)


FORK, VFORK, CLONE, POSIX_SPAWN = 1, 2, 3, 4  # enum cs_spawn_kind
FILTERED = 1 << 7                             # bit of the reason to stand down


@case("6: a filter that comes late need know no call of ours")
def late_filters(lab):
    """It kills for every call of an attach that no other program needs; processes start all the same."""
    for libc in lab.libcs():
        for how in ("none", "prctl", "syscall", "raw"):
            run = lab.same("filtered", libc, [how, lab.guest("unwatched")])
            assert "no libc here" in run.stdout and run.status == 68, run
            segment, = run.segments
            spawned = {r["child"]: r for r in records(segment, "spawn")}
            processes = {r["tag"]: r for r in records(segment, "process") if r["spawn"] == FORK}
            forked = {child for child, r in spawned.items() if r["spawn"] == FORK}
            assert len(forked) == 4 and set(processes) == forked, (libc, how, segment["records"])
            execs = records(segment, "exec")
            kinds = {segment["pid"]: "own", **{child: r["spawn"] for child, r in spawned.items()}}
            by = collections.Counter(kinds.get(r["by"], "unknown") for r in execs)
            # Of a child in borrowed memory the last attempt is told; and what would have to ask who
            # it is, is left alone where a filter was seen.
            expected = {"own": 2, FORK: 6, VFORK: 1}
            expected |= {"none": {CLONE: 3, "unknown": 2}, "raw": {}}.get(how, {CLONE: 1})
            assert by == expected, (libc, how, by)
            assert all(r["spawn"] == kinds[r["by"]] for r in execs if r["by"] in spawned
                       and kinds[r["by"]] in (FORK, VFORK)), execs
            seen = how in ("prctl", "syscall")
            assert segment["stand_down"] == (FILTERED if seen else 0), (libc, how, segment)


def polls(lab, libc, way, watched):
    return [name for name in trace(lab, [lab.guest("waits", libc), way], watched)[0][0].own
            if name in ("poll", "ppoll")]


@case("6: a wait with a limit, or of what is on the stack, is one call")
def waits_are_one_call(lab):
    """Before the one for a connection the guest makes others, also without limit."""
    for libc in lab.libcs():
        for way in ("poll", "ppoll", "poll-elsewhere", "endless-poll", "endless-ppoll",
                    *(("__poll_chk", "__ppoll_chk") if libc == "glibc" else ())):
            bare, watched = (polls(lab, libc, way, how) for how in (False, True))
            assert bare == watched and len(bare) >= 2, (libc, way, bare, watched)


@case("6: a look before a wait without limit is the same call")
def endless_waits_look_by_their_own_call(lab):
    """A filter may know ppoll and not poll, or the other way round."""
    for libc in lab.libcs():
        for call in ("poll", "ppoll"):
            bare, watched = (polls(lab, libc, f"endless-{call}-elsewhere", how)
                             for how in (False, True))
            assert bare == [call] * 2 and watched == [call] * 3, (libc, call, bare, watched)


@case("6: attach makes few and known system calls")
def attach_calls(lab):
    for libc in lab.libcs():
        command = [lab.guest("quiet", libc)]
        extra = list(trace(lab, command, True)[0][0].start)
        for name in trace(lab, command, False)[0][0].start:
            if name in extra:
                extra.remove(name)
        unknown = set(extra) - ATTACH_CALLS - LOADER_CALLS
        assert not unknown, f"{libc}: attach calls {sorted(unknown)}"
        assert len(extra) <= 45, f"{libc}: {len(extra)} more system calls: {extra}"


# 8. Secrets stay ----------------------------------------------------------------------------------

@case("8: secrets do not enter the segment")
def secrets(lab):
    for libc in lab.libcs():
        run = lab.watched([lab.guest("quiet", libc), "--password=SECRET-argument", "SECRET-word"],
                          env={"PASSWORD": "SECRET-variable", "AWS_SECRET_ACCESS_KEY": "SECRET-key",
                               "K_SERVICE_X": "SECRET-longer", "K_SERVICE": "public-service",
                               "Http_Path": "http://user:SECRET@host/public-path?token=SECRET",
                               "REQUEST_URI": "/public-uri?token=SECRET",
                               "Http_Authorization": "SECRET-token", "HTTP_COOKIE": "SECRET-cookie",
                               "Http_X_Call_Idx": "SECRET-longer", "Http_X_Call": "SECRET-shorter",
                               "http_x_call_id": "SECRET-case", "XHttp_X_Call_Id": "SECRET-prefix",
                               "Http_Tracestate": "SECRET" * 86, "Http_X_Call_Id": "public-call",
                               "HTTP_X_B3_SPANID": "public-span"},
                          raw=True)
        assert b"public-service" in run.raw and b"public-id" in run.raw, "nothing was recorded"
        for kept in ("Http_Path=/public-path", "REQUEST_URI=/public-uri", "Http_X_Call_Id=public-call",
                     "HTTP_X_B3_SPANID=public-span"):
            assert f"env.{kept}\0".encode() in run.raw, f"{kept} of the request was not kept"
        assert b"\0cut=headers\0" in run.raw and b"cut=target" not in run.raw, "what was left out is said"
        no_secret(libc, run)


def no_secret(what, run):
    at = run.raw.find(b"SECRET")
    assert at < 0, f"{what}: {run.raw[max(0, at - 40):at + 40]!r}"


# Code and words on the command lines of interpreters; no way to write them is to tell them.
COMMAND_LINES = [
    ("bash", "-ec", "echo password=SECRET; true"),
    ("bash", "-euo", "pipefail", "-c", "true SECRET", "SECRET"),
    ("bash", "-s", "SECRET"),
    ("dash", "-ec", "echo password=SECRET; true"),
    ("sh", "-c", "exec true SECRET"),
    ("python3", "-Ic", "password = 'SECRET'"),
    ("python3", "-X", "dev", "-csecret='SECRET'"),
    ("python3", "-m", "this", "SECRET"),
    ("python3", "-", "SECRET"),
    ("node", "--eval", "'SECRET'"),
    ("node", "-pe", "'SECRET'"),
    ("node", "--input-type", "module", "--eval", "'SECRET'"),
    ("perl", "-ne", "'SECRET'"),
    ("perl", "-wE", "'SECRET'"),
    ("perl", "-de1;'SECRET'"),
    ("ruby", "-ne", "'SECRET'"),
    ("php", "-r", "'SECRET';"),
    ("lua", "-e", "x = 'SECRET'"),
    ("java", "-cp", "/tmp/SECRET:/x", "NoSuchClass"),
]


@case("8: the code of a command line does not enter the segment")
def code_of_command_lines(lab):
    found = [line for line in COMMAND_LINES if shutil.which(line[0])]
    for line in found:
        # What an interpreter itself says of the code, on standard error, is a line of its log.
        run = lab.watched(line, raw=True, env={"COLDSPAN_LOGS": "off"})
        assert run.segments, f"{line}: not watched"
        no_secret(line, run)
        said = [s for s in run.segments if os.path.basename(s["exe"]).startswith(line[0])]
        assert said and all("script" not in s for s in said), said
    if not found:
        cases.skip("no interpreter is installed")


@case("8: a script is told")
def scripts_are_told(lab):
    for line, script in ((("python3", "-X", "importtime", "-W", "ignore", "h.py", "SECRET"), "h.py"),
                         (("node", "-r", "fs", "h.py", "SECRET"), "h.py"),
                         (("bash", "-euo", "pipefail", "h.py", "SECRET"), "h.py"),
                         (("./h.sh", "SECRET"), "h.sh")):
        with lab.folder() as folder:
            (folder / "h.py").write_text("")
            (folder / "h.sh").write_text("#!/bin/sh -e\ntrue\n")
            (folder / "h.sh").chmod(0o755)
            if not shutil.which(line[0], path=f"{os.environ['PATH']}:{folder}"):
                continue
            run = lab.watched(line, raw=True, cwd=folder)
            scripts = [os.path.normpath(s["script"]) for s in run.segments if "script" in s]
            assert str(folder / script) in scripts, (line, run.segments)
            no_secret(line, run)


if __name__ == "__main__":
    harness.main(__doc__)
