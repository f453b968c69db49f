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


def pinned(version):
    """Of what tests/peers asks for: the same on every machine."""
    version.pinned = True
    return version


def check(version, known):
    """Does a page name what is here? What is the system's own may be another."""
    if getattr(version, "pinned", False):
        assert version() == known, f"the page has {known}, and here is {version()}: write it anew (--write)"


def from_npm(peer, name):
    """The version of a package that a peer installed."""
    @pinned
    def version():
        modules = peers.path(peer)
        while modules.name != "node_modules":
            modules = modules.parent
        return f"{name} {json.loads((modules / name / 'package.json').read_text())['version']}"
    return version


def from_pypi(python, name):
    """The same of one from PyPI; @python: gives the interpreter that has it."""
    code = f"import importlib.metadata as m; print('{name}', m.version('{name}'))"
    return pinned(lambda: said_by(python(), "-c", code)())
