#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A language's own tests of what it does with libc, by the people who know, watched.

They pass, also with all that can be handed on. What fails is run again, bare and watched: a machine that is busy fails
some with us and without, and what fails bare is not ours to mend.
"""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

import harness
from lib import cases, peers
from lib.cases import case

LIMIT_S = 420
TRIES = 3
PYTHON = "/usr/bin/python3.11"
MODULES = ["test_epoll", "test_fcntl", "test_httplib", "test_httpservers", "test_os", "test_poll", "test_popen",
           "test_posix", "test_pty", "test_select", "test_subprocess", "test_xmlrpc"]
OUTCOME = re.compile(r"^(test\w+) \(([\w.]+)\).*? \.\.\. (ok|FAIL|ERROR|skipped)", re.M)


def run(folder, modules, env):
    """{test: what came out}."""
    with subprocess.Popen([PYTHON, "-m", "test", "-v", "--tempdir", folder, *modules], cwd=folder,
                          env={"PATH": os.environ["PATH"], "HOME": folder, "LANG": "C.UTF-8",
                               "PYTHONPATH": folder, **env},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          start_new_session=True, text=True, errors="replace") as tests:
        try:
            said, _ = tests.communicate(timeout=LIMIT_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(tests.pid, signal.SIGKILL)
    found = {f"{name} {where}": what for name, where, what in OUTCOME.findall(said)}
    assert found and f"{len(modules)}/{len(modules)}" in said, said[-2000:]  # it came to the last
    return found


def watched(lab, folder, modules, env):
    socket = os.path.join(folder, "announce.sock")
    receiver = harness.Receiver(lab.dump, socket)
    try:
        found = run(folder, modules, {"LD_PRELOAD": str(lab.shim), "COLDSPAN_SOCKET": socket, **env})
    finally:
        segments = receiver.close()
    assert segments, "it was not watched"
    return found


def failing(found):
    return {test for test, what in found.items() if what in ("FAIL", "ERROR")}


def module_of(test):
    return next(word for word in re.split(r"[ .]", test) if word in MODULES)


def passes(lab, env):
    own = peers.path("python_tests")
    with tempfile.TemporaryDirectory() as folder:
        for part in (pathlib.Path("/usr/lib/python3.11/test"), own):
            shutil.copytree(part, pathlib.Path(folder, "test"), dirs_exist_ok=True)
        found = watched(lab, folder, MODULES, env)
        assert list(found.values()).count("ok") > 700, len(found)
        failed = failing(found)
        for _ in range(TRIES):
            if not failed:
                return
            modules = sorted({module_of(test) for test in failed})
            failed &= failing(watched(lab, folder, modules, env)) - failing(run(folder, modules, {}))
        assert not failed, f"only watched: {sorted(failed)}"


@case("Python: its tests of processes, descriptors, signals and sockets")
def python(lab):
    passes(lab, {})


@case("Python: the same, with all that can be handed on")
def python_handing_on(lab):
    passes(lab, {"COLDSPAN_PROPAGATE": "env,inbound,outbound"})


if __name__ == "__main__":
    harness.main(__doc__)
