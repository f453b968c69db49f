#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs that do not see the preload: COLDSPAN_HIDE, /etc/ld.so.preload, and Deno, for whom they are.

Deno does not start a program while a variable LD_* is set, unless it may start any (--allow-run).
"""
import ctypes
import os
import shutil
import subprocess

import harness
from harness import assert_same
from lib import cases, peers
from lib.cases import case

HERE = harness.pathlib.Path(__file__).resolve().parent
CHILD = "cat"  # which the script asks for, and --allow-run allows
# By what others get into a runtime: agents have overwritten, or emptied, them.
OTHERS = {"A": "libcoldspan.so", "LD_PRELOADS": "/a/libcoldspan.so:/b", "LD_LIBRARY_PATH": "/nonexistent", "EMPTY": "", "NODE_OPTIONS": "--no-warnings",
          "JAVA_TOOL_OPTIONS": "-Dx=y", "PYTHONPATH": "/nonexistent", "RUBYOPT": "-W0", "PERL5OPT": "-w",
          "DOTNET_STARTUP_HOOKS": "/nonexistent", "CORECLR_ENABLE_PROFILING": "0", "GODEBUG": "gctrace=0",
          "TRACEPARENT": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "LD_BIND_NOW": "1",
          "OTEL_RESOURCE_ATTRIBUTES": "a=b", "AWS_LAMBDA_EXEC_WRAPPER": "/opt/w"}
REFUSED = "Requires --allow-run permissions to spawn subprocess with LD_PRELOAD"


def variables(run):
    return dict(line.split("=", 1) for line in run.stdout.splitlines())


def printing(lab, name, **how):
    """A program of this name that prints its environment, under the shim."""
    with lab.folder() as folder:
        os.symlink(shutil.which("env"), folder / name)
        run = lab.watched([str(folder / name)], cwd=folder, **how)
    assert run.status == 0 and run.stderr == "", run
    assert len(run.segments) == 1, f"{name} is not watched: {run.segments}"
    return variables(run)


@case("a program on the list does not see us, and is watched all the same")
def on_the_list(lab):
    assert printing(lab, "deno")["LD_PRELOAD"] == ""
    assert printing(lab, "deno", env={"COLDSPAN_HIDE": "node:deno"})["LD_PRELOAD"] == ""
    assert printing(lab, "some", env={"COLDSPAN_HIDE": "some"})["LD_PRELOAD"] == ""


@case("all others see their environment as it is")
def not_on_the_list(lab):
    ours = str(lab.shim)
    assert printing(lab, "node")["LD_PRELOAD"] == ours
    assert printing(lab, "deno", env={"COLDSPAN_HIDE": ""})["LD_PRELOAD"] == ours
    assert printing(lab, "deno", env={"COLDSPAN_HIDE": "node"})["LD_PRELOAD"] == ours
    seen = printing(lab, "node", env=OTHERS)
    assert seen.pop("COLDSPAN_SOCKET") and seen.pop("LD_PRELOAD") == ours
    with lab.folder() as folder:
        assert_same("variables", variables(lab.run(["env"], cwd=folder, env=OTHERS)), seen)


@case("what else is preloaded stays, and so does every other variable")
def others_stay(lab):
    with lab.folder() as folder:
        # A name as long as ours, and one that ends as ours does.
        others = [folder / "libnss_wrap.so", folder / "notlibcoldspan.so"]
        assert len(others[0].name) == len(lab.shim.name) and others[1].name.endswith(lab.shim.name)
        for other in others:
            shutil.copy(lab.guests / "inner/libguest_inner.so", other)
        bare = lab.run(["env"], cwd=folder, env={**OTHERS, "LD_PRELOAD": ":".join(map(str, others))})
        os.symlink(shutil.which("env"), folder / "deno")
        for preload in ([lab.shim, *others], [others[0], lab.shim, others[1]], [*others, lab.shim]):
            run = lab.watched([str(folder / "deno")], env=OTHERS, preload=preload, cwd=folder)
            seen = variables(run)
            assert seen.pop("COLDSPAN_SOCKET")
            assert_same("variables", variables(bare), seen)


@case("a program on musl's list")
def on_musl(lab):
    """Its libc looks for the auxiliary vector behind the environment, after us."""
    if "musl" not in lab.libcs():
        cases.skip("no compiler for musl")
    with lab.folder() as folder:
        shutil.copy(lab.guest("inside", "musl"), folder / "inside")
        bare = lab.run([str(folder / "inside")], cwd=folder)
        run = lab.watched([str(folder / "inside")], env={"COLDSPAN_HIDE": "inside"}, cwd=folder)
    assert run.segments, "not watched"
    assert_same("status", bare.status, run.status)
    assert_same("stdout", bare.stdout, run.stdout)


# Deno ---------------------------------------------------------------------------------------------

def deno(may_run):
    """The real one, with a script that starts a child."""
    program = peers.path("javascript") / "@deno/linux-x64-glibc/deno"
    return [str(program), "run", "--no-remote", f"--allow-run{may_run}", str(HERE / "guests/spawn.js"), CHILD]


def quiet(folder):
    return {"DENO_DIR": str(folder / "deno"), "DENO_NO_UPDATE_CHECK": "1", "NO_COLOR": "1"}


@case("Deno that may start a named program only")
def deno_with_a_list(lab):
    with lab.folder() as folder:
        how = {"env": quiet(folder), "cwd": folder}
        bare, watched = lab.run(deno(f"={CHILD}"), **how), lab.watched(deno(f"={CHILD}"), **how)
        assert bare.status == 0 and "from the child" in bare.stdout, bare
        for what in ("status", "stdout", "stderr"):
            assert_same(what, getattr(bare, what), getattr(watched, what))
        assert len(watched.of(exe="deno")) == 1, "Deno is not watched"
        assert not watched.of(exe=CHILD), "the child is watched: docs/attach.md says that it is not"
        # This is what would be if nothing was hidden: the case is not one of nothing.
        plain = lab.watched(deno(f"={CHILD}"), cwd=folder, env={**quiet(folder), "COLDSPAN_HIDE": ""})
        assert plain.status == 1 and REFUSED in plain.stderr, plain


@case("Deno that may start any program, and whose children are to be watched")
def deno_without_a_list(lab):
    with lab.folder() as folder:
        run = lab.watched(deno(""), cwd=folder, env={**quiet(folder), "COLDSPAN_HIDE": ""})
    assert run.status == 0 and run.stderr == "", run
    assert len(run.of(exe="deno")) == 1 and len(run.of(exe=CHILD)) == 1, run.segments


# /etc/ld.so.preload -------------------------------------------------------------------------------

def of_a_system(folder, shim):
    """Enters a mount namespace whose /etc/ld.so.preload, and nothing else, is ours."""
    libc = ctypes.CDLL(None, use_errno=True)
    new, bind, private = 0x20000, 1 << 12, 1 << 18 | 1 << 14  # CLONE_NEWNS, MS_BIND, MS_PRIVATE | MS_REC
    etc = folder / "etc"
    shutil.copytree("/etc", etc, symlinks=True, ignore_dangling_symlinks=True,
                    ignore=lambda where, names: [n for n in names if n not in (
                        "ld.so.cache", "nsswitch.conf", "passwd", "group")])
    (etc / "ld.so.preload").write_text(f"{shim}\n")

    def enter():
        if libc.unshare(new) or libc.mount(b"none", b"/", None, private, None) or \
                libc.mount(bytes(etc), b"/etc", None, bind, None):
            raise OSError(ctypes.get_errno(), "no mount namespace")
    return enter


@case("Deno in a system whose /etc/ld.so.preload names us: its children are watched too")
def preloaded_by_the_system(lab):
    if os.geteuid() != 0:
        cases.skip("needs root to make an /etc of its own")
    with lab.folder() as folder:
        how = {"env": quiet(folder), "cwd": folder}
        bare = lab.run(deno(f"={CHILD}"), **how)
        try:
            run = lab.watched(deno(f"={CHILD}"), preload=[],
                              preexec=of_a_system(folder, lab.shim), **how)
        except subprocess.SubprocessError:
            cases.skip("no mount namespace can be made here")
    for what in ("status", "stdout", "stderr"):
        assert_same(what, getattr(bare, what), getattr(run, what))
    assert len(run.of(exe="deno")) == 1 and len(run.of(exe=CHILD)) == 1, run.segments


if __name__ == "__main__":
    harness.main(__doc__)
