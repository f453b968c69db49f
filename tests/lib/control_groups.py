# SPDX-License-Identifier: Apache-2.0
"""Real control groups below the one that a test runs in. Where none can be made the case is skipped."""
import contextlib
import errno
import fcntl
import os
import pathlib
import shlex
import time

from . import cases

LIMIT_S = 60


def own_group(unified=False):
    """The control group that limits this process's memory, and the name of the file of its limit.

    unified: that of version 2, whether it limits memory or not."""
    mounts = [line.split() for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()]
    paths = {}
    for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            paths[controller] = path
    for mount in mounts:
        kind, options = mount[mount.index("-") + 1], mount[-1].split(",")
        if kind == "cgroup" and "memory" in options and "memory" in paths and not unified:
            where, limit = paths["memory"], "memory.limit_in_bytes"
        elif kind == "cgroup2" and "" in paths and ("memory" not in paths or unified):
            where, limit = paths[""], "memory.max"
        else:
            continue
        root = mount[3].rstrip("/")
        if where.startswith(root):
            return pathlib.Path(mount[4] + where.removeprefix(root)), limit
    return cases.skip("no control groups that limit memory are mounted")


@contextlib.contextmanager
def alone(top):
    """Names are the same in each test that makes groups below @top: one at a time."""
    folder = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def remove(folder):
    """What was killed in it may still be on its way out."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        try:
            folder.rmdir()
            return
        except OSError as error:
            if error.errno != errno.EBUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.005)


@contextlib.contextmanager
def group(*names, limits=(), unified=False):
    """Groups in each other, below ours, with limits in bytes; gives the innermost."""
    top, limit = own_group(unified)
    with alone(top):
        yield from _groups(top, limit, names, limits)


def _groups(top, limit, names, limits):
    made = []
    try:
        for i, name in enumerate(names):
            folder = (made[-1] if made else top) / name
            try:
                folder.mkdir(exist_ok=True)  # of a test that was killed
            except OSError as error:
                cases.skip(f"no control group can be made here: {error}")
            made.append(folder)
            if i < len(limits) and limits[i]:
                if not (folder / limit).exists():
                    cases.skip(f"{folder.parent} does not hand the memory controller on")
                (folder / limit).write_text(str(limits[i]))
        yield made[-1]
    finally:
        for folder in reversed(made):
            remove(folder)


@contextlib.contextmanager
def cpu_quota(name, processors):
    """A group below ours that may use so much of all processors' time."""
    groups = pathlib.Path("/proc/self/cgroup").read_text().splitlines()
    paths = {controller: path for line in groups for _, names, path in [line.split(":", 2)] for controller in names.split(",")}
    mounts = pathlib.Path("/sys/fs/cgroup")
    top = mounts / "cpu" / paths["cpu"].strip("/") if "cpu" in paths else mounts / paths.get("", "").strip("/")
    folder = top / name
    if not top.is_dir():
        cases.skip(f"no {top}")
    with alone(top):
        try:
            folder.mkdir(exist_ok=True)
            if "cpu" in paths:
                (folder / "cpu.cfs_period_us").write_text("100000")
                (folder / "cpu.cfs_quota_us").write_text(str(int(processors * 100000)))
            else:
                (folder / "cpu.max").write_text(f"{int(processors * 100000)} 100000")
        except OSError as error:
            if folder.is_dir():
                remove(folder)
            cases.skip(f"no control group with a CPU quota can be made here: {error}")
        try:
            yield folder
        finally:
            remove(folder)


def enter(folder):
    """Shell by which a process goes into a group."""
    return f"echo $$ > {shlex.quote(str(folder / 'cgroup.procs'))}"
