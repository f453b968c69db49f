# SPDX-License-Identifier: Apache-2.0
"""Where other people's programs are (script/peers), and how a test says that it cannot run."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIP_TEST = 77  # meson's code for a skipped test


def skip(reason):
    print(f"SKIP: {reason}")
    sys.exit(SKIP_TEST)


def path(name):
    """The path of a peer; without it the test ends as skipped."""
    run = subprocess.run([ROOT / "script" / "peers", "--path", name], capture_output=True,
                         text=True, check=False)
    if run.returncode == SKIP_TEST:
        skip(run.stdout.strip().removeprefix("SKIP: "))
    run.check_returncode()
    return pathlib.Path(run.stdout.strip())
