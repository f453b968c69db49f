#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""script/demo, as a newcomer types it: what it draws, writes, leaves running and says when it cannot.

usage: demo.py --root CLONE   of which build/ is the build folder
"""
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases
from lib.cases import case

FUNCTIONS = {"hello-c": None, "hello-py": "python3", "hello-py-http": "python3", "hello-node": "node"}
PHASES = ["queue", "spawn", "exec", "link", "runtime", "code", "wait", "handler", "respond",
          "unattributed"]
MINUTE_S = 60  # what it may take, once all is built


def _demo(root, *flags, **environment):
    return subprocess.run([root / "script" / "demo", "--no-setup", *flags], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=MINUTE_S,
                          check=False, env={**os.environ, **environment})


def _waterfalls(text):
    """{function: names of the phases drawn}, and that each has a trace and a share for each phase."""
    found = {}
    for part in re.split(r"^(?=\S+  cold start  )", text, flags=re.MULTILINE)[1:]:
        head, *lines = part.splitlines()
        assert re.search(r"cold start  \d[\d.,]* (us|ms|s)  .*trace [0-9a-f]{8}", head), head
        rows = [re.match(r" (\w+)\s+([-~\d.]+)\s+~?(\d+\.\d+)\s+(\d+\.\d+)", line) for line in lines]
        found[head.split()[0]] = [row[1] for row in rows if row]
    return found


def _written(text):
    return [pathlib.Path(path) for line in re.findall(r"^demo: wrote (.*)$", text, re.MULTILINE)
            for path in re.sub(r" \(.*\)$", "", line).split(", ")]


def _cold_starts(path):
    names = []
    for line in path.read_text().splitlines():
        for resource in json.loads(line).get("resourceSpans", []):
            names += [span["name"] for scope in resource["scopeSpans"] for span in scope["spans"]]
    return sum("cold start" in name for name in names)


@case
def a_waterfall_for_each_function(root, _folder):
    got = _demo(root)
    assert got.returncode == 0 and not got.stderr, got
    expected = [name for name, tool in FUNCTIONS.items() if not tool or shutil.which(tool)]
    drawn = _waterfalls(got.stdout)
    assert drawn == {name: PHASES for name in expected}, f"{drawn}\n{got.stdout}"
    assert re.search(r"warm ones \d.*\(median of 5\)", got.stdout), got.stdout
    traces, *logs = _written(got.stdout)
    assert _cold_starts(traces) >= len(expected) and all(log.exists() for log in logs), got.stdout
    told, = re.findall(r"^demo: the collector's spans: accepted=(\d+) sent=(\d+) rejected=0 dropped=0 queued=0$",
                       got.stdout, re.MULTILINE)
    assert told[0] == told[1] and int(told[0]) > len(expected) * len(PHASES), got.stdout
    again = shlex.split(re.search(r"look again:\s+(.+)$", got.stdout, re.MULTILINE)[1])
    drawn = _waterfalls(subprocess.run(again, text=True, capture_output=True, check=True, timeout=MINUTE_S).stdout)
    assert set(expected) <= set(drawn), drawn


@case
def a_missing_language_is_named_and_skipped(root, folder):
    for place in os.environ["PATH"].split(":"):
        for tool in pathlib.Path(place).glob("*"):
            if tool.name != "node" and not (folder / tool.name).exists():
                (folder / tool.name).symlink_to(tool)
    got = _demo(root, PATH=str(folder))
    assert got.returncode == 0 and "skipping hello-node: node is not installed" in got.stdout, got
    assert list(_waterfalls(got.stdout)) == list(FUNCTIONS)[:3], got.stdout


@case
def where_nothing_is_recorded_it_fails(root, _folder):
    got = _demo(root, COLDSPAN_DISABLE="1")
    assert got.returncode == 1 and "no cold start of hello-c was recorded" in got.stderr, got


@case
def a_clone_may_lie_anywhere(root, folder):
    """The loader splits LD_PRELOAD at spaces; only a colon is too much, for protoc."""
    clone, colon = folder / "a \u00e4 b" / "c d", folder / "c:d"
    clone.parent.mkdir()
    clone.symlink_to(root)
    colon.symlink_to(root)
    got = _demo(clone)
    assert got.returncode == 0 and len(_waterfalls(got.stdout)) >= 3, got
    got = _demo(colon)
    assert got.returncode == 1 and got.stderr.startswith("demo: the path of this clone"), got
    assert len(got.stderr.splitlines()) == 1 and not got.stdout, got


@case
def what_it_lacks_is_said_in_a_line(root, folder):
    got = _demo(root, TMPDIR=str(folder / "missing"))
    assert got.returncode == 1 and got.stderr.splitlines()[-1] == \
        "demo: no scratch folder: set TMPDIR to one that exists", got
    assert "calling" not in got.stdout, "it went on without one"
    got = _demo(root, CC="false")
    assert got.returncode == 1, got
    assert got.stderr == "demo: hello-c, a sample function, does not compile\n", got


@case
def what_stays_says_how_to_stop_it(root, _folder):
    got = _demo(root, "--stay")
    pids = [int(pid) for pid in re.search(r"stop with:\s+kill (\d+) (\d+);", got.stdout).groups()]
    try:
        assert got.returncode == 0 and len(_waterfalls(got.stdout)) >= 3, got
        url = re.search(r"the runtime listens at (\S+),", got.stdout)[1]
        traces = pathlib.Path(re.search(r"spans go to (.+)$", got.stdout, re.MULTILINE)[1])
        again = re.search(r"look again:\s+(.+)$", got.stdout, re.MULTILINE)[1]
        assert shlex.split(again)[-1] == str(traces), again
        other = _demo(root)
        assert other.returncode == 0 and _written(other.stdout)[0] != traces, other.stdout
        assert traces.exists(), "another demo has taken its files away"
        before = _cold_starts(traces)
        with urllib.request.urlopen(f"{url}/function/hello-c", b"{}", timeout=60) as answer:
            assert answer.status == 200
        end = time.monotonic() + 20
        while _cold_starts(traces) == before:
            assert time.monotonic() < end, "what stays records no more"
            time.sleep(0.05)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGTERM)
    work = re.search(r"; rm -r (\S+)$", got.stdout, re.MULTILINE)[1]
    assert work.startswith("/") and "coldspan-demo." in work, work
    end = time.monotonic() + 20
    while any(pathlib.Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < end, "it does not stop"
        time.sleep(0.05)
    shutil.rmtree(work)


@case
def an_unknown_flag_is_named(root, _folder):
    for name in ("demo", "test", "setup", "bench", "peers"):
        got = subprocess.run([root / "script" / name, "--foo"], capture_output=True, text=True,
                             timeout=MINUTE_S, check=False)
        assert got.returncode == 2 and not got.stdout, got
        assert got.stderr == f"{name}: unknown argument: --foo; see script/{name} --help\n", got


if __name__ == "__main__":
    arguments = cases.parser(__doc__, "root").parse_args()
    cases.main(arguments, arguments.root, folder=True)
