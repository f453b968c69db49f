#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""script/lib/steps.sh: what a step says of itself, and that a signal ends script, step and all it started.

usage: test_steps.py ROOT
"""
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, threads
from lib.cases import case

LIMIT_S = 60
SCRIPT = """#!/usr/bin/env bash
set -uo pipefail
. "{root}/script/lib/common.sh"
. "{root}/script/lib/steps.sh"
good() {{ :; }}
bad() {{ return 3; }}
absent() {{ skip 'it is not there'; }}
hang() {{ sleep 1000 & echo $! >"{folder}/started"; wait; }}
if [ "${{1:-}}" = --step ]; then
	shift
	"$@"
	exit
fi
for name in "$@"; do
	step {limit} "$name" "$name"
done
tally close "$CS_RESULTS"
"""


def _write(root, folder, limit=60):
    script = folder / "script"
    script.write_text(SCRIPT.format(root=root, folder=folder, limit=limit))
    script.chmod(0o755)
    (folder / "tmp").mkdir()
    # Not that of the script/test that runs this one: results would be noted there.
    outer = {name: value for name, value in os.environ.items() if not name.startswith("CS_")}
    return script, {**outer, "TMPDIR": str(folder / "tmp")}


def _until(condition, what):
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, f"not within {LIMIT_S} s: {what}"
        time.sleep(0.01)


def _heed_signals():
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_DFL)


@case
def each_step_is_counted(root, folder):
    script, environment = _write(root, folder)
    got = subprocess.run([script, "good", "bad", "absent"], capture_output=True, text=True,
                         check=False, timeout=LIMIT_S, env=environment)
    assert got.stdout.splitlines()[-1] == "1 passed, 1 failed, 1 skipped", got
    assert got.returncode == 1 and "bad: exit status 3" in got.stdout, got
    assert not os.listdir(folder / "tmp"), "its scratch folder is left"


@case
def a_step_that_takes_too_long_is_ended(root, folder):
    script, environment = _write(root, folder, limit=1)
    got = subprocess.run([script, "hang"], capture_output=True, text=True, check=False,
                         timeout=LIMIT_S, env=environment)
    assert "hang: took longer than 1 s" in got.stdout, got
    pid = int((folder / "started").read_text(encoding="utf-8"))
    _until(lambda: not threads.alive(pid), "what the step started ends")


@case
def a_signal_ends_everything(root, folder):
    script, environment = _write(root, folder)
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        started = folder / "started"
        started.unlink(missing_ok=True)
        with subprocess.Popen([script, "hang", "good"], stdout=subprocess.PIPE, text=True,
                              env=environment, start_new_session=True,
                              preexec_fn=_heed_signals) as process:
            _until(lambda: started.exists() and started.read_text(encoding="utf-8"), "it starts")
            pid = int(started.read_text(encoding="utf-8"))
            process.send_signal(signum)
            try:
                said, _ = process.communicate(timeout=LIMIT_S)
            finally:
                process.kill()
        assert process.returncode == -signum and "good" not in said, (process.returncode, said)
        _until(lambda: not threads.alive(pid), f"what the step started ends at {signum!r}")
        assert not os.listdir(folder / "tmp"), "its scratch folder is left"


if __name__ == "__main__":
    parser = cases.parser(__doc__)
    parser.add_argument("root")
    arguments = parser.parse_args()
    cases.main(arguments, arguments.root, folder=True)
