#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when an #include breaks an arrow of docs/architecture.md ("Folders and arrows").

Every `#include "folder/x.h"` is root-relative; a folder may include itself and what ALLOWED names.
Calls cannot go where includes cannot: -Werror=implicit-function-declaration and missing-prototypes
make a declaration necessary, and declarations live in headers only (checked below).
"""
import pathlib
import re
import sys

ALLOWED = {
    "preload/wire": set(),
    "preload": {"preload/wire"},
    "base": set(),
    "exporters": {"base"},
    "collector": {"base", "exporters", "preload/wire"},
    "agent": {"base", "exporters", "collector", "preload/wire"},
    "runtime": set(),
    "tests": None,  # may look at everything
}
GENERATED = {"completions.inc": "agent", "coldspan_config.h": None, "thunks.inc": "preload",
             "early.inc": "preload", "hook_hashes.inc": "preload"}  # None: everybody's
PROTOBUF = "exporters"  # *.pb-c.h is made there


def folder(path):
    parts = path.parts
    return "preload/wire" if parts[:2] == ("preload", "wire") else parts[0]


def check(root):
    bad = []
    for path in sorted(root.rglob("*.[chS]")):
        rel = path.relative_to(root)
        src = folder(rel)
        if src.startswith("build") or src not in ALLOWED:
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            where = f"{rel}:{number}"
            if src != "tests" and rel.suffix == ".c" and re.match(r"extern\b(?!.*_DYNAMIC)", line):
                bad.append(f"{where}: extern declaration outside a header")
            m = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
            if not m:
                continue
            name = m.group(2)
            if m.group(1) == "<":
                if (root / name).exists() and (root / name).is_file():
                    bad.append(f"{where}: <{name}> is this project's: \"{name}\"")
                continue
            if name.endswith(".pb-c.h"):
                dst = PROTOBUF
            elif name in GENERATED:
                dst = GENERATED[name] or src
            elif "/" not in name or not (root / name).exists():
                bad.append(f'{where}: "{name}" is not a root-relative path of this project')
                continue
            else:
                dst = folder(pathlib.PurePath(name))
            if ALLOWED[src] is not None and dst != src and dst not in ALLOWED[src]:
                bad.append(f"{where}: {src} may not include {dst}")
            if dst == "tests" and src != "tests":
                bad.append(f"{where}: nothing may include tests")
    return bad


def check_order(root):
    """The root names each folder after all that it may link, so meson refuses a wrong arrow."""
    named = re.findall(r"^\s*subdir\('([^']+)'\)", (root / "meson.build").read_text(), re.M)
    named = [name for name in named if name in ALLOWED]
    bad = [f"meson.build: {name} stands before {other}, which it may use"
           for at, name in enumerate(named) for other in ALLOWED[name] or set()
           if other in named[at:]]
    return bad + [f"meson.build: no subdir('{name}')" for name in ALLOWED
                  if "/" not in name and name not in named]


def main():
    root = pathlib.Path(sys.argv[1])
    bad = check(root) + check_order(root)
    print("\n".join(bad) or "arrows: all includes follow the arrows")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
