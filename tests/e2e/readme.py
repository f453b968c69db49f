#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""README's commands, pasted as they stand: each block that uses what was built draws a cold start.

usage: readme.py --root CLONE --build DIR
"""
import contextlib
import os
import pathlib
import re
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases
from lib.cases import case

LIMIT_S = 60


def _blocks(root):
    text = (root / "README.md").read_text(encoding="utf-8")
    return [block for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
            if block.startswith(("build/", "echo"))]


def _paste(args, folder, block):
    """Runs it in a folder that looks like the clone, and may be written to."""
    (folder / "build").symlink_to(args.build)
    (folder / "tests").symlink_to(args.root / "tests")
    block = block.replace("/tmp/coldspan.sock", str(folder / "socket"))
    (folder / "block").write_text(block)
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("LD_PRELOAD", "COLDSPAN_SOCKET")}
    with open(folder / "out", "w+") as out, open(folder / "err", "w+") as err:
        bash = subprocess.Popen(["bash", "block"], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                cwd=folder, env=environment, start_new_session=True)
        try:
            bash.wait(LIMIT_S)
        finally:  # whatever the block has left running
            with contextlib.suppress(ProcessLookupError):
                os.killpg(bash.pid, signal.SIGTERM)
            bash.wait()
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(block, bash.returncode, out.read(), err.read())


@case
def one_start(args, folder):
    block = next(block for block in _blocks(args.root) if "coldspan run" in block)
    got = _paste(args, folder, block)
    assert got.returncode == 0 and "hello world" in got.stdout, got
    assert "handler  cold start" in got.stderr, got


@case
def a_collector_and_a_shell(args, folder):
    block = next(block for block in _blocks(args.root) if "coldspan-collector" in block)
    got = _paste(args, folder, block)
    assert got.returncode == 0 and "hello world" in got.stdout, got
    assert re.search(r"^\S+  cold start  ", got.stdout, re.MULTILINE), got
    assert not (folder / "socket").exists(), "the collector lives"


if __name__ == "__main__":
    arguments = cases.parser(__doc__, "root", "build").parse_args()
    cases.main(arguments, arguments, folder=True)
