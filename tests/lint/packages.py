#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when the build uses a library whose Debian package script/setup does not install.

usage: packages.py ROOT BUILD_DIR

What was installed by hand on one machine would be missing on the next.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys

SKIP_TEST = 77  # meson's code for a skipped test


def output(*command):
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.stdout.strip() if run.returncode == 0 else ""


def package_of(dependency):
    """The Debian package that holds a dependency's pkg-config file; None if there is no such file."""
    folder = output("pkg-config", "--variable=pcfiledir", dependency)
    if not folder:
        return None
    return output("dpkg", "-S", f"{folder}/{dependency}.pc").partition(":")[0]


def main():
    root, build = map(pathlib.Path, sys.argv[1:])
    if not shutil.which("dpkg") or not shutil.which("pkg-config"):
        print("SKIP: no dpkg or no pkg-config")
        return SKIP_TEST
    listed = set(re.split(r"\n| or ", output(root / "script" / "setup", "--list")))
    known = json.loads((build / "meson-info" / "intro-dependencies.json").read_text("utf-8"))
    wanted = {entry["name"]: package_of(entry["name"]) for entry in known}
    bad = [f"{name} is in {package}, which script/setup does not list"
           for name, package in wanted.items() if package and package not in listed]
    print("\n".join(bad) or f"packages: {sum(map(bool, wanted.values()))} libraries are listed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
