# SPDX-License-Identifier: Apache-2.0
"""What the loops in Python run."""
import os
import signal
import sys
import time


def main(parameters):
    name = parameters.get("name", "world")
    if name == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if name == "slow":
        os.write(1, b"asleep\n")
        time.sleep(600)
    if name == "wrong":
        raise ValueError("no such name")
    print(f"out: {name}\nmore: {name}")
    print(f"err: {name}", file=sys.stderr)
    return {"greeting": f"Hello, {name}!"}
