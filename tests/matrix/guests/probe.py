# SPDX-License-Identifier: Apache-2.0
"""The matrix guest in Python: reports on itself, spawns by vfork with descriptors closed."""
import os
import signal
import struct
import subprocess
import sys
import threading


def secure():
    """AT_SECURE, from the auxiliary vector; it cannot be read by a user who became another."""
    try:
        with open("/proc/self/auxv", "rb") as vector:
            return dict(struct.iter_unpack("LL", vector.read()))[23]
    except OSError as e:
        return e.errno


def main():
    lines = []
    for fd in range(256):
        try:
            lines.append(f"fd.{fd}={os.readlink(f'/proc/self/fd/{fd}')}")
        except OSError:
            continue
    lines += [f"env={k}={v}" for k, v in os.environ.items()]
    lines.append(f"mask={sorted(signal.pthread_sigmask(signal.SIG_BLOCK, []))}")
    lines.append(f"threads={threading.active_count()}")
    lines.append(f"tasks={len(os.listdir('/proc/self/task'))}")
    lines.append(f"secure={secure()}")
    try:
        os.stat("/nonexistent")
    except OSError as e:
        lines.append(f"stat={e.errno}")
    try:
        for _ in range(3):
            run = subprocess.run(["/bin/sh", "-c", "ls /proc/self/fd; exit 4"], close_fds=True,
                                 stdin=subprocess.DEVNULL, capture_output=True, check=False)
            lines.append(f"child={run.returncode} {run.stdout} {run.stderr}")
        pid = os.fork()
        if pid == 0:
            os._exit(6)
        lines.append(f"fork={os.waitpid(pid, 0)[1]}")
    except OSError as e:
        lines.append(f"children={e.errno}")
    try:
        os.open("/nonexistent/filter-from-here-on", os.O_RDONLY)  # late_filter.c
    except OSError as e:
        lines.append(f"open={e.errno}")
    with open("/proc/self/status", encoding="ascii") as status:
        lines += ["seccomp=" + line.split()[1] for line in status if line.startswith("Seccomp:")]
    try:
        data = os.read(0, 128)
        os.write(1, data)
        os.write(2, b"to stderr\n")
    except OSError as e:
        lines.append(f"io={e.errno}")
    with open(os.environ["MATRIX_REPORT"], "w", encoding="utf-8") as report:
        report.write("\n".join(lines) + "\n")
    sys.exit(7)


main()
