#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every process is seen however short it lives, without any privilege.

usage: short_lives.py --build DIR

The programs run as nobody, with no_new_privs and no capability to be had, where the test may make them
so; else as who runs the test. `true` lives for about a millisecond.
"""
import ctypes
import os
import pathlib
import shutil
import subprocess
import sys
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, otlp_json, watching
from lib.cases import case

LIVES = 500
AT_ONCE = 8
NOBODY = 65534
PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 23, 24, 38


def give_up_everything():
    """In the child: nobody, for ever."""
    libc = ctypes.CDLL(None)
    if os.geteuid() == 0:
        for capability in range(64):
            if libc.prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1:
                libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        status = pathlib.Path("/proc/self/status").read_text()
        assert "CapBnd:\t0000000000000000\n" in status and "CapEff:\t0000000000000000\n" in status, status
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0


def short_lives(env):
    """Starts them, AT_ONCE side by side; returns their pids."""
    program, pids, running = shutil.which("true"), [], set()
    while len(pids) < LIVES or running:
        while len(pids) < LIVES and len(running) < AT_ONCE:
            pid = os.fork()
            if not pid:
                os.execve(program, [program], env)
            pids.append(pid)
            running.add(pid)
        pid, status = os.wait()
        assert status == 0, f"process {pid}: status {status}"
        running.remove(pid)
    return pids


def started_by_nobody(env):
    """The pids that a child, which has given up everything, has started."""
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            give_up_everything()
            os.write(theirs, " ".join(map(str, short_lives(env))).encode())
            status = 0
        except BaseException:  # whatever it is: this process is no test
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(theirs)
    with os.fdopen(ours) as pipe:
        pids = list(map(int, pipe.read().split()))
    assert os.waitpid(child, 0)[1] == 0, "the programs could not be started"
    return pids


@case
def each_of_them_has_a_span(args, folder):
    os.chmod(folder, 0o755)
    traces = folder / "traces.jsonl"
    collector = watching.start([args.build / "collector/coldspan-collector", "--log-level", "error",
                                "--file", traces], folder / "announce.sock", stderr=subprocess.DEVNULL)
    library = folder / "libcoldspan.so"  # where nobody may go
    shutil.copy(args.build / "preload/libcoldspan.so", library)
    env = {"PATH": os.environ["PATH"], "LD_PRELOAD": str(library),
           "COLDSPAN_SOCKET": str(folder / "announce.sock")}
    try:
        pids = started_by_nobody(env)
        watching.stop(collector)
    finally:
        watching.kill(collector)
    spans = otlp_json.of_file(traces)
    seen = {span["resource"]["process.pid"] for span in spans if span["name"] == "cold start"}
    missing = set(pids) - seen
    assert len(pids) == LIVES and not missing, f"{len(missing)} of {LIVES} were not seen: {missing}"


def main():
    args = cases.parser(__doc__, "build").parse_args()
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
