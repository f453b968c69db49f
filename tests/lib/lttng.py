# SPDX-License-Identifier: Apache-2.0
"""A session daemon of LTTng of our own, for benchmarks beside it."""
import contextlib
import ctypes
import os
import pathlib
import shutil
import subprocess
import sys
import time

from lib import watching

WAIT_S = 60
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000


class Missing(Exception):
    """What the measurement needs and does not have."""


def need():
    if not shutil.which("lttng-sessiond"):
        raise Missing("lttng-sessiond is not there: install lttng-tools (script/setup)")


def own_run_folder():
    """As root LTTng lives in /run/lttng, where another daemon may be: cover it in our own view."""
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) or libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None):
        print("no mount namespace here: LTTng's daemon uses the machine's /run/lttng",
              file=sys.stderr)
        return
    os.makedirs("/run/lttng", exist_ok=True)
    libc.mount(b"tmpfs", b"/run/lttng", b"tmpfs", 0, None)


@contextlib.contextmanager
def session(folder, said=None):
    """A session that records every user event; gives the environment ["NAME=VALUE"] to trace in.

    What `lttng stop` said, such as that events were discarded, is appended to the list `said`."""
    need()
    own_run_folder()
    home = folder / "lttng"
    home.mkdir()
    env = {**os.environ, "LTTNG_HOME": str(home), "HOME": str(home)}

    def lttng(*command):
        done = subprocess.run(["lttng", "-n", *command], env=env, check=True, timeout=WAIT_S,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.stdout

    pid_file = pathlib.Path(home / "pid")
    process = subprocess.Popen(["lttng-sessiond", "--no-kernel", "--pidfile", pid_file], env=env,
                               stdout=subprocess.DEVNULL, stderr=sys.stderr)
    try:
        deadline = time.monotonic() + WAIT_S
        while not pid_file.exists() or not pid_file.read_text().strip():
            if process.poll() is not None or time.monotonic() > deadline:
                raise Missing("lttng-sessiond did not start")
            time.sleep(0.01)  # it says that it is ready by this file alone
        lttng("create", "bench", f"--output={home / 'trace'}")
        lttng("enable-event", "--userspace", "--all")
        lttng("start")
        yield [f"LTTNG_HOME={home}", f"HOME={home}"]
        stopped = lttng("stop")
        if said is not None:
            said.append(stopped)
        lttng("destroy", "bench")
    finally:
        watching.stop(process)
