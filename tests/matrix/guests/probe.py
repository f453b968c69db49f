# SPDX-License-Identifier: Apache-2.0
"""The matrix guest in Python: reports on itself, spawns by vfork with descriptors closed."""
import os
import signal
import subprocess
import sys
import threading


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
        data = os.read(0, 128)
        os.write(1, data)
        os.write(2, b"to stderr\n")
    except OSError as e:
        lines.append(f"io={e.errno}")
    with open(os.environ["MATRIX_REPORT"], "w", encoding="utf-8") as report:
        report.write("\n".join(lines) + "\n")
    sys.exit(7)


main()
