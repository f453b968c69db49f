#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when clang-format 14 would change a file, or a file lacks its SPDX line."""
import pathlib
import shutil
import subprocess
import sys

SKIP_TEST = 77  # meson's code for a skipped test


def is_version_14(tool):
    said = subprocess.run([tool, "--version"], capture_output=True, text=True, check=False)
    return " version 14." in said.stdout


def main():
    root = pathlib.Path(sys.argv[1])
    tracked = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"],
                             capture_output=True, text=True, check=False)
    if tracked.returncode:
        print("SKIP: not a git checkout")
        return SKIP_TEST
    names = [n for n in tracked.stdout.split("\n") if n and (root / n).exists()]
    bad = [f"{n}: no SPDX line in its first three lines" for n in names
           if n.endswith((".c", ".h", ".S", ".inc", ".py", ".sh", "meson.build", ".proto"))
           and "SPDX-License-Identifier: Apache-2.0"
           not in "".join((root / n).read_text().splitlines(True)[:3])]
    tool = shutil.which("clang-format-14") or shutil.which("clang-format")
    if not tool or not is_version_14(tool):
        print("\n".join(bad) or "SKIP: no clang-format 14 (script/setup installs it)")
        return 1 if bad else SKIP_TEST
    sources = [n for n in names if n.endswith((".c", ".h"))]
    run = subprocess.run([tool, "--dry-run", "--Werror", "--ferror-limit=3", *sources],
                         cwd=root, capture_output=True, text=True, check=False)
    if run.returncode:
        bad.append(run.stderr.strip())
    print("\n".join(bad) or f"format: {len(sources)} files")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
