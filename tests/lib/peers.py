# SPDX-License-Identifier: Apache-2.0
"""Where other people's programs are (script/peers)."""
import pathlib
import subprocess

from . import cases

ROOT = pathlib.Path(__file__).resolve().parents[2]


def path(name):
    """The path of a peer; without it the case is skipped, or outside of one the script."""
    run = subprocess.run([ROOT / "script" / "peers", "--path", name], capture_output=True,
                         text=True, check=False)
    if run.returncode == cases.SKIP_TEST:
        cases.skip(run.stdout.strip().removeprefix("SKIP: "))
    run.check_returncode()
    return pathlib.Path(run.stdout.strip())
