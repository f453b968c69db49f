#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs that are linked, loaded, started or instrumented in unusual ways, and their company.

Each runs bare and watched, and does the same. "Bare" has everything that is unusual, without us.
"""
import os
import pathlib
import shutil
import subprocess
import tempfile

import harness
from harness import assert_same
from lib import cases, peers
from lib.cases import case

ROOT = pathlib.Path(__file__).resolve().parents[2]


def compare(lab, command, expected=1, env=None, preload=(), watched_preload=None, **how):
    """Runs it with and without us; @expected: announces at least, None: as many as come."""
    bare = lab.run(command, env={**(env or {}), **({"LD_PRELOAD": ":".join(map(str, preload))}
                                                   if preload else {})}, **how)
    watched = lab.watched(command, env=env, preload=watched_preload, **how)
    assert bare.status >= 0, f"the guest itself died: {bare}"
    for what in ("status", "stdout", "stderr"):
        assert_same(f"{command[0]}: {what}", getattr(bare, what), getattr(watched, what))
    if expected is not None:
        assert len(watched.segments) >= expected, f"{command}: {len(watched.segments)} announces"
    return watched


# Linking and loading ------------------------------------------------------------------------------

@case("LD_BIND_NOW and lazy binding")
def binding(lab):
    """A program whose calls are bound when they are made, and at once by the loader's wish."""
    for libc in lab.libcs():
        for now in ({}, {"LD_BIND_NOW": "1"}, {"LD_BIND_NOW": "1", "LD_BIND_NOT": "1"}):
            compare(lab, [lab.guest("process_lazy", libc)], env=now)


@case("RTLD_DEEPBIND, dlmopen: calls that pass us by")
def passed_by(lab):
    """Their descriptors are closed unseen, and their numbers are given out again."""
    for libc in lab.libcs():
        for how in ("plain", "deepbind", "dlmopen")[:3 if libc == "glibc" else 1]:
            library = lab.guests / "strangers/libguest_serve.so"
            run = compare(lab, [lab.guest("deep", libc), str(library), how])
            segment, = run.segments
            served = [r["type"] for r in segment["records"] if r["type"] in ("request", "response")]
            # Seen whole, or not at all; a file is never taken for a connection.
            assert served.count("request") == (4 if how == "plain" else 0), (libc, how, served)


@case("cancellation points")
def cancellation(lab):
    """Threads are cancelled before each call and while it waits; none is added, none is lost."""
    for libc in lab.libcs():
        run = compare(lab, [lab.guest("cancel", libc)])
        assert run.stdout.count("cancelled") > 40, run.stdout
        assert "stat, before: came back" in run.stdout, run.stdout


@case("a wait on a connection that is jumped out of, or cancelled")
def left_for_good(lab):
    """What is asked afterwards is told as ever; of an answer that was cancelled nobody says that it was whole."""
    waits = ("read", "recv", "poll", "accept")
    whole = [f"/{wait}-{how}" for how in ("jumped", "cancelled") for wait in waits]
    for libc in lab.libcs():
        segment, = compare(lab, [lab.guest("interrupted", libc)]).segments
        requests = [r for r in segment["records"] if r["type"] == "request"]
        assert [r["target"] for r in requests] == [*whole, "/write", "/last"], (libc, requests)
        ends = {r["connection"]: (r["status"], r["flags"]) for r in segment["records"]
                if r["type"] == "response_end"}
        told = {r["target"]: ends[r["connection"]] for r in requests}
        cut = told.pop("/write")
        assert cut[1] != 0 and set(told.values()) == {(200, 0)}, (libc, cut, told)
        assert not segment["torn"] and not segment["dropped"], segment


@case("preloaded by the loader's own option")
def by_option(lab):
    """ld.so --preload: nothing of it is in the environment, and children are not watched."""
    for loader in ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"):
        if os.path.exists(loader):
            break
    else:
        cases.skip("no loader where it is looked for")
    said = subprocess.run([loader, "--help"], capture_output=True, text=True, check=False).stdout
    if "--preload" not in said:
        cases.skip("this loader has no --preload")
    bare = lab.run([loader, lab.guest("process")])
    run = lab.watched([loader, "--preload", str(lab.shim), lab.guest("process")], preload=[])
    for what in ("status", "stdout", "stderr"):
        assert_same(what, getattr(bare, what), getattr(run, what))
    assert [s["ppid"] for s in run.segments] == [os.getpid()], run.segments


@case("a small signal stack")
def signal_stack(lab):
    for libc in lab.libcs():
        compare(lab, [lab.guest("altstack", libc)])


# Reads its own code and that of its libraries, and compares it with the files. Who patches need not take the right
# to write away again.
OWN_CODE = """
different, compared = [], 0
for line in open("/proc/self/maps"):
    words = line.split(None, 5)
    path = words[5].strip() if len(words) > 5 else ""
    if "x" in words[1] and path.startswith("/") and "libcoldspan" not in path:
        begin, end = (int(word, 16) for word in words[0].split("-"))
        with open("/proc/self/mem", "rb", 0) as memory, open(path, "rb") as file:
            memory.seek(begin)
            file.seek(int(words[2], 16))
            data = memory.read(end - begin)
            compared += len(data) > 0
            if data.rstrip(b"\\0") != file.read(end - begin).rstrip(b"\\0"):
                different.append(path)
print("compared some:", compared > 2, "different:", different)
"""


@case("no code is patched")
def code_is_left_alone(lab):
    run = compare(lab, ["python3", "-c", OWN_CODE])
    assert "compared some: True different: []" in run.stdout, run


# Environments, and programs that know better ------------------------------------------------------

@case("an environment that is cleared on the way")
def cleared(lab):
    """Who is behind it is not watched, whoever is before it is; nothing else differs."""
    for wrapper in (["env", "-i"], ["env", "-u", "LD_PRELOAD"]):
        run = compare(lab, ["sh", "-c", f"{' '.join(wrapper)} {shutil.which('cat')} /proc/self/stat "
                            "| wc -l; exit 5"])
        names = {os.path.basename(s["exe"]) for s in run.segments}
        assert "wc" in names and "cat" not in names, names


@case("a shell that has its own getenv, and programs that start with nothing")
def own_getenv(lab):
    """bash exports getenv, setenv and putenv: what we want of an environment comes from the kernel."""
    if not shutil.which("bash"):
        cases.skip("bash is not installed")
    script = "export A=1; unset HOME; B=2 env | grep -E '^(A|B|HOME)=' | sort; (exit 3); echo $?; " \
        "exec -c printenv"
    run = compare(lab, ["bash", "-c", script])
    assert run.of(exe="bash"), run.segments
    for switch in ({"COLDSPAN_DISABLE": "1"}, {"COLDSPAN_DENY": "bash:env:grep:sort:printenv"}):
        assert not compare(lab, ["bash", "-c", script.replace("env |", "printenv |")], 0,
                           env=switch).of(exe="bash")


@case("exec under names that nobody hooks")
def other_names(lab):
    """By libc itself (posix_spawnp, system, popen; older musls export __execvpe) and by a raw call: what
    comes of it tells of itself."""
    for libc in lab.libcs():
        run = compare(lab, [lab.guest("exec_names", libc)])
        parent, = [s for s in run.segments if s["ppid"] == os.getpid()]
        children = {s["pid"] for s in run.of(exe="true") if s["ppid"] == parent["pid"]}
        assert len(children) == 4, (libc, run.segments)


# Sanitizers ---------------------------------------------------------------------------------------

def instrumented(folder, compiler, *flags, guest="file"):
    """A guest that is built with a sanitizer; None: not with this compiler."""
    program = pathlib.Path(folder) / guest
    built = subprocess.run([compiler, "-O1", "-w", "-g0", "-D_GNU_SOURCE", f"-I{ROOT}", *flags,
                            ROOT / f"tests/shim/guests/{guest}.c", "-o", program], capture_output=True,
                           check=False) if shutil.which(compiler) else None
    return str(program) if built and built.returncode == 0 else None


SANITIZED = [("gcc", "-fsanitize=address", "-static-libasan"), ("clang", "-fsanitize=address"),
             ("gcc", "-fsanitize=undefined"), ("clang", "-fsanitize=undefined")]
# Before clang 17 and gcc 13 its runtime dies of address spaces with more random bits, of itself.
THREADS = [("gcc", "-fsanitize=thread"), ("clang", "-fsanitize=thread")]


def runs(lab, program):
    return lab.run([program, str(lab.guests)]).status == 63


@case("programs with a sanitizer in them")
def with_sanitizers(lab):
    found = 0
    for how in SANITIZED + THREADS:
        with tempfile.TemporaryDirectory() as place:
            program = instrumented(place, *how)
            if program and (how not in THREADS or runs(lab, program)):
                compare(lab, [program, str(lab.guests)])
                found += 1
    if not found:
        cases.skip("no compiler here has a sanitizer")


@case("a program whose AddressSanitizer is a library of its own")
def with_apart_sanitizer(lab):
    """It ends the program if somebody else is before it, but for us; whatever keeps us out, and in all orders."""
    strict = {"ASAN_OPTIONS": "verify_asan_link_order=1"}
    with tempfile.TemporaryDirectory() as place:
        program = instrumented(place, "gcc", "-fsanitize=address")
        if not program:
            cases.skip("gcc has no AddressSanitizer here")
        command = [program, str(lab.guests)]
        runtime = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True,
                                 check=True).stdout.strip()
        compare(lab, command, env=strict)
        for order in ([runtime, lab.shim], [lab.shim, runtime]):
            compare(lab, command, env=strict, preload=[runtime], watched_preload=order)
            compare(lab, ["cat", "/dev/null"], env=strict, preload=[runtime], watched_preload=order)
        compare(lab, command, expected=None, env={**strict, "COLDSPAN_DISABLE": "1"})
        compare(lab, command, expected=None, env={**strict, "COLDSPAN_SOCKET": "/nonexistent"})


@case("a program whose AddressSanitizer is a library of its own: our name is lost before main only")
def named_again(lab):
    with tempfile.TemporaryDirectory() as place:
        program = instrumented(place, "gcc", "-g", "-fsanitize=address", guest="names")
        if not program:
            cases.skip("gcc has no AddressSanitizer here")
        bare, run = lab.run([program]), lab.watched([program])
        assert bare.status == run.status == 0 and run.segments, run
        names = run.stdout.splitlines()
        assert pathlib.Path(lab.shim).name in names, names
        assert_same("all others", bare.stdout.splitlines(), [n for n in names if n != pathlib.Path(lab.shim).name])
        found = lab.watched([program, "error"])
        assert found.status == 1 and "heap-buffer-overflow" in found.stderr and "names.c:" in found.stderr, found


# Company ------------------------------------------------------------------------------------------

def library(*patterns):
    for pattern in patterns:
        for found in sorted(pathlib.Path("/usr/lib").glob(pattern)):
            return found
    return None


def _company(lab):
    """name: library. What script/setup or script/peers brings, and one that we make."""
    debian = peers.path("agents") / "usr/lib"
    found = {
        "heaptrack": library("heaptrack/libheaptrack_preload.so", "*/heaptrack/libheaptrack_preload.so"),
        "LTTng-UST, fork": library("*/liblttng-ust-fork.so.1"),
        "LTTng-UST, fd": library("*/liblttng-ust-fd.so.1"),
        "LTTng-UST, libc": library("*/liblttng-ust-libc-wrapper.so.1"),
        "LTTng-UST, dl": library("*/liblttng-ust-dl.so.1"),
        "jemalloc": library("*/libjemalloc.so.2"),
        "a crash reporter": lab.guests / "strangers/libguest_crash.so",
        **{name: next(debian.glob(f"**/{file}"), None) for name, file in (
            ("eatmydata", "libeatmydata.so.1"), ("faketime", "libfaketime.so.1"),
            ("mimalloc", "libmimalloc.so.2"), ("nss_wrapper", "libnss_wrapper.so"),
            ("tcmalloc", "libtcmalloc_minimal.so.4"))},
    }
    missing = [name for name, path in found.items() if not path]
    assert not missing, f"not installed (script/setup): {', '.join(missing)}"
    return found


def _guests_for(agent):
    """LTTng's threads open descriptors meanwhile, and its fork wrapper hangs after clone: without us, too."""
    return ("lookup", "threads", "quiet") if agent.startswith("LTTng") else \
        ("process", "descriptors", "file")


@case("other agents, before and after us, by either separator")
def other_agents(lab):
    found = _company(lab)
    users = "root:x:0:0:root:/nonexistent:/bin/sh\nguest:x:4711:4711::/:/bin/sh\n"
    with tempfile.TemporaryDirectory() as folder:
        table = pathlib.Path(folder) / "users"
        table.write_text(users)
        env = {"FAKETIME": "2001-02-03 04:05:06", "NSS_WRAPPER_PASSWD": str(table),
               "NSS_WRAPPER_GROUP": str(table), "DUMP_HEAPTRACK_OUTPUT": "/dev/null",
               "LTTNG_UST_REGISTER_TIMEOUT": "0"}
        for name, agent, guest in [(n, a, g) for n, a in found.items() for g in _guests_for(n)]:
            for order, separator in (((lab.shim, agent), ":"), ((agent, lab.shim), " ")):
                together = separator.join(map(str, order))
                try:
                    compare(lab, [lab.guest(guest)], env=env, preload=[agent], watched_preload=[together])
                except AssertionError as error:
                    raise AssertionError(f"{name}, {guest}, {together}: {error}") from error
        # What these two are there for still works.
        for order in ((lab.shim, found["nss_wrapper"]), (found["nss_wrapper"], lab.shim)):
            run = compare(lab, ["getent", "passwd", "guest"], env=env, cwd=folder,
                          preload=[found["nss_wrapper"]], watched_preload=order)
            assert "4711" in run.stdout, run
        for order in ((lab.shim, found["faketime"]), (found["faketime"], lab.shim)):
            run = compare(lab, ["date", "+%Y"], env=env, preload=[found["faketime"]],
                          watched_preload=order)
            assert run.stdout == "2001\n", run


@case("a crash reporter reports a crash")
def crashes(lab):
    agent = lab.guests / "strangers/libguest_crash.so"
    for order in ((lab.shim, agent), (agent, lab.shim)):
        runs = [lab.run(["sh", "-c", "kill -SEGV $$; kill -SEGV $$"], env={"LD_PRELOAD": str(agent)}),
                lab.watched(["sh", "-c", "kill -SEGV $$; kill -SEGV $$"], preload=order)]
        for run in runs:
            assert run.status == -11 and run.stderr == "agent: the process crashed\n", run
        assert runs[1].segments, "not watched"


if __name__ == "__main__":
    harness.main(__doc__)
