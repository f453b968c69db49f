#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when a tracked file names a place that only its author has, or a file that is not there.

- the path of this checkout, of its parent folder or of the home folder;
- a URL whose host is none of HOSTS: what is fetched comes through its client's own configuration;
- a relative Markdown link that leads nowhere.
"""
import os
import pathlib
import re
import subprocess
import sys

SKIP_TEST = 77  # meson's code for a skipped test
HOSTS = re.compile(r"(.+\.)?example(\.(com|org|net|test))?|.+\.(test|invalid)|localhost|127\.[0-9.]+"
                   r"|\[::1\]|(www\.)?apache\.org|opentelemetry\.io|(www\.)?w3\.org|(www\.)?github\.com"
                   r"|json-schema\.org|grafana\.com|schemas?\..+|0\.0\.0\.0|[0-9.]+")
URL = re.compile(r"\bhttps?://(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+)")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def own_places(root):
    places = {str(root.resolve()), os.path.expanduser("~")}
    parent = root.resolve().parent
    if len(parent.parts) > 2:
        places.add(str(parent))
    return [place.rstrip("/") + "/" for place in places if len(place) > 1]


def check_line(where, line, places):
    bad = [f"{where}: a path of this machine: {place}" for place in places
           if re.search(r"(?<![\w./-])" + re.escape(place), line)]
    bad += [f"{where}: unknown host {host}" for host in URL.findall(line)
            if "." in host and not HOSTS.fullmatch(host.rstrip("."))]
    return bad


def check(root, names):
    bad, places = [], own_places(root)
    for name in names:
        path = root / name
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError):
            continue  # binary: fuzz corpora, golden bytes
        for number, line in enumerate(text.splitlines(), 1):
            bad += check_line(f"{name}:{number}", line, places)
            if name.endswith(".md"):
                bad += [f"{name}:{number}: link to {target}, which is not there"
                        for target in LINK.findall(line) if not (path.parent / target).exists()]
    return bad


def main():
    root = pathlib.Path(sys.argv[1])
    run = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"],
                         capture_output=True, text=True, check=False)
    if run.returncode:
        print("SKIP: not a git checkout")
        return SKIP_TEST
    names = [name for name in run.stdout.splitlines() if (root / name).is_file()]
    bad = check(root, names)
    print("\n".join(bad) or f"places: {len(names)} files")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
