#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when an object file calls across an arrow of docs/architecture.md, or a name is not ours.

usage: symbols.py BUILD_DIR

arrows.py reads includes; this reads what the compiler made of them: every undefined symbol of a
folder's objects that another folder defines must follow an arrow. Only names of our own are
looked at, since preload also defines libc's. Global names outside preload/ and runtime/ must begin
with cs_, so that a static library of ours never collides with a user's.
"""
import collections
import json
import pathlib
import re
import subprocess
import sys

import arrows

OURS = re.compile(r"cs_|coldspan_|faas_|opentelemetry__")
FREE_NAMES = ("preload", "runtime", "tests")
GIVEN = ("main", "malloc_conf")  # names that a library looks for
GENERATED = re.compile(r"opentelemetry__|.*\.pb-c\.c\.o$")


def symbols(objects):
    """(object, kind, name) of every global symbol."""
    for at in range(0, len(objects), 100):
        run = subprocess.run(["nm", "-A", "-P", "-g", *objects[at:at + 100]],
                             capture_output=True, text=True, check=True)
        for line in run.stdout.splitlines():
            where, name, kind = line.rsplit(": ", 1)[0], *line.rsplit(": ", 1)[1].split()[:2]
            yield pathlib.Path(where), kind, name.partition("@")[0]


def check(build):
    known = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    objects = [build / entry["output"] for entry in known
               if arrows.folder(pathlib.PurePath(entry["output"])) in arrows.ALLOWED]
    objects = [path for path in objects if path.exists()]  # targets nobody asked for yet
    defined, wanted, bad = collections.defaultdict(set), [], []
    for path, kind, name in symbols(objects):
        rel = path.relative_to(build)
        folder = arrows.folder(rel)
        if kind in "Uwv":
            if OURS.match(name):
                wanted.append((rel, folder, name))
            continue
        defined[name].add(folder)
        if folder not in FREE_NAMES and name not in GIVEN and not name.startswith(("cs_", "_")) \
                and not GENERATED.match(name) and not GENERATED.match(str(rel)):
            bad.append(f"{rel}: the global name {name} does not begin with cs_")
    for rel, folder, name in wanted:
        allowed = arrows.ALLOWED[folder]
        homes = defined.get(name, set())
        if homes and allowed is not None and not homes & (allowed | {folder}):
            bad.append(f"{rel}: {folder} may not use {name} of {', '.join(sorted(homes))}")
    return bad, len(objects)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    bad, count = check(build)
    if not count:
        bad.append(f"{build}: no object file")
    print("\n".join(bad) or f"symbols: {count} objects follow the arrows")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
