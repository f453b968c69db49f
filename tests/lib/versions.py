# SPDX-License-Identifier: Apache-2.0
"""Programs of the system's own, and how they and what peers installed tell their version."""
import json
import shutil
import subprocess

from . import cases, peers


def program(name):
    """A command of the system's own; without it the test is skipped."""
    found = shutil.which(name)
    if not found:
        cases.skip(f"{name} is not installed")
    return found


def said_by(*command):
    """How a program tells its version."""
    return lambda: subprocess.run(command, capture_output=True, text=True,
                                  check=True).stdout.splitlines()[0].split(" (")[0]


def from_npm(peer, name):
    """The version of a package that a peer installed."""
    def version():
        modules = peers.path(peer)
        while modules.name != "node_modules":
            modules = modules.parent
        return f"{name} {json.loads((modules / name / 'package.json').read_text())['version']}"
    return version


def from_pypi(python, name):
    """The same of one from PyPI; @python: gives the interpreter that has it."""
    code = f"import importlib.metadata as m; print('{name}', m.version('{name}'))"
    return lambda: said_by(python(), "-c", code)()
