# SPDX-License-Identifier: Apache-2.0
"""Which threads of a process run, and what is below it, as the kernel tells: proc(5), /proc/PID/task/TID/stat,
status and children."""
import collections
import pathlib
import time

LIMIT_S = 60
RESTS, ENDED = "S", "ZX"

Thread = collections.namedtuple("Thread", "state switches")


def of(pid):
    """By its id, of each thread of @pid: the letter of its state, and how often it was switched to another, which
    stays the same as long as it does not run. A process that is gone is an OSError; a thread that is gone, none."""
    found = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            status = (task / "status").read_text(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        fields = dict(line.split(":\t", 1) for line in status.splitlines())
        found[int(task.name)] = Thread(fields["State"][0],
                                       tuple(int(fields[f"{kind}_ctxt_switches"])
                                             for kind in ("voluntary", "nonvoluntary")))
    return found


def state(pid):
    """Of the main thread of @pid. One that is gone is an OSError."""
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text(errors="replace")
    return stat.rpartition(")")[2].split()[0]


def until(pid, wanted, why, limit_s=LIMIT_S):
    """Until the main thread of @pid is in the state @wanted."""
    end = time.monotonic() + limit_s
    while (now := state(pid)) != wanted:
        assert time.monotonic() < end, f"{pid} is in state {now}, not {wanted}: {why}"
        time.sleep(0.001)


def alive(pid):
    """Whether it runs; a zombie does not."""
    try:
        return state(pid) not in ENDED
    except (FileNotFoundError, ProcessLookupError):
        return False


def children_of(pid):
    """Nothing, of one that is gone."""
    try:
        return [int(word) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
                for word in (task / "children").read_text().split()]
    except OSError:
        return []


def tree_of(pid):
    """A process and all below it."""
    found = [pid]
    for one in found:
        found += children_of(one)
    return found
