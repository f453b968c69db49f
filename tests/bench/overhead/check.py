#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The programs of this benchmark work: load.c asks, sink.c answers, and both count the same.

usage: check.py FOLDER_OF_THE_PROGRAMS
"""
import pathlib
import subprocess
import sys

MILLISECONDS, CONNECTIONS, LIMIT_S = 300, 4, 60


def main(folder):
    with subprocess.Popen([folder / "sink"], stdout=subprocess.PIPE, text=True) as sink:
        try:
            port = sink.stdout.readline().strip()
            done = subprocess.run([folder / "load", port, str(CONNECTIONS), str(MILLISECONDS), "0", str(sink.pid)],
                                  stdout=subprocess.PIPE, text=True, check=True, timeout=LIMIT_S)
        finally:
            sink.terminate()
        got, size = map(int, sink.communicate(timeout=LIMIT_S)[0].split())
    requests, wall_ns, cpu_ns, _, own_ns = map(int, done.stdout.split())
    print(f"{requests} requests in {wall_ns / 1e6:.0f} ms, {cpu_ns / 1e6:.0f} ms of them in the server")
    assert requests <= got <= requests + CONNECTIONS, (requests, got)  # the last are not waited for
    assert requests and not size, (requests, size)
    assert wall_ns >= MILLISECONDS * 1e6 and 0 < cpu_ns <= wall_ns and own_ns, done.stdout
    gone = subprocess.run([folder / "load", port, "1", str(MILLISECONDS), "0", "1"], capture_output=True,
                          text=True, check=False, timeout=LIMIT_S)
    assert gone.returncode == 1 and "connect" in gone.stderr, gone


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
