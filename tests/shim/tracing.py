# SPDX-License-Identifier: Apache-2.0
"""What system calls a guest makes, by strace, bare or watched.

A guest marks where its own work begins (guest.h, MARK): what libc, the loader and the attach do comes
before. The same after each exec of a guest; what an exec makes of a process that marks nothing (a
shell) is left out.
"""
import dataclasses
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


def trace(lab, command, watched):
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
        run = runner([*inject, *command], env={"LD_PRELOAD": ""}, cwd=folder)
        if "ptrace" in run.stderr.lower():
            cases.skip("ptrace is not allowed here")
        paths = sorted(folder.glob("trace.*"), key=lambda path: int(path.suffix[1:]))
        assert paths, f"nothing was traced: {run.stderr}"
        return [read(path.read_text(errors="replace"), path != paths[0]) for path in paths], run
