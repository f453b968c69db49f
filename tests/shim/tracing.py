# SPDX-License-Identifier: Apache-2.0
"""What system calls a guest makes, by strace, bare or watched.

A guest marks where its own work begins (guest.h, MARK): what libc, the loader and the attach do comes
before. The same after each exec of a guest; what an exec makes of a process that marks nothing (a
shell) is left out.
"""
import dataclasses
import pathlib
import re
import shutil

from lib import cases

MARK = f"getpgid({0x1234567})"


@dataclasses.dataclass
class Process:
    start: list = dataclasses.field(default_factory=list)  # before the first mark
    own: list = dataclasses.field(default_factory=list)    # names of calls, in order


def read(text, forked):
    process, own, marked = Process(), forked, forked
    for line in text.splitlines():
        call = re.match(r"(\w+)\(", line)
        if not call:
            continue  # a signal, the exit
        if line.startswith(MARK):
            own = marked = True
        elif own:
            process.own.append(call[1])
        elif not marked:
            process.start.append(call[1])
        if call[1].startswith("execve") and line.rstrip().endswith("= 0"):
            own = False
    return process


def in_order(paths):
    """As the processes were made. Their numbers begin anew above pid_max; strace's own child begins with exec."""
    found = {int(path.suffix[1:]): path for path in paths}
    first = [pid for pid, path in found.items() if path.read_text(errors="replace").startswith("execve(")]
    after = int(pathlib.Path("/proc/sys/kernel/pid_max").read_text())
    return [found[pid] for pid in sorted(found, key=lambda pid: (pid - min(first, default=0)) % after)]


def trace(lab, command, watched, env=None):
    """A Process for each, the first one first; and the run."""
    tool = shutil.which("strace")
    if not tool:
        cases.skip("strace is not installed")
    with lab.folder() as folder:
        inject = [tool, "-ff", "-qq", "-o", str(folder / "trace")]
        if watched:
            inject += [f"-ELD_PRELOAD={lab.shim}"]
        runner = (lambda c, **m: lab.watched(c, preload=["/dev/null"], **m)) if watched else lab.run
        # strace itself must not be watched: its preload is emptied, and the tracee's set.
        run = runner([*inject, *command], env={"LD_PRELOAD": "", **(env or {})}, cwd=folder)
        if "ptrace" in run.stderr.lower():
            cases.skip("ptrace is not allowed here")
        paths = in_order(folder.glob("trace.*"))
        assert paths, f"nothing was traced: {run.stderr}"
        return [read(path.read_text(errors="replace"), path != paths[0]) for path in paths], run
