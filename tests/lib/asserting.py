# SPDX-License-Identifier: Apache-2.0
"""`coldspan assert` as cases call it: a coldspan.yaml, a run, and what is expected of it."""
import os
import re
import subprocess

from lib import cases

KEPT, FAILED, USAGE, OVER, NO_DATA, INCONCLUSIVE = 0, 1, 2, 3, 4, 5
FEW = "defaults: {runs: 5, max_runs: 5, warmup: 0}\n"


def plan(folder, functions, top=FEW):
    (folder / "coldspan.yaml").write_text("version: 1\n" + top + "functions:\n" + functions)


def environment(**more):
    """Ours, outside of any CI: under one, `coldspan assert` writes what that CI reads."""
    own = {k: v for k, v in os.environ.items() if not k.startswith(("GITHUB_", "GITLAB_", "CI", "GIT_"))}
    return {**own, "LC_ALL": "C", **more}


def coldspan(args, folder, *words, env=None, **more):
    return subprocess.run([args.coldspan, "assert", *words], cwd=folder, capture_output=True, text=True,
                          timeout=300, check=False, env=environment(**(env or {})), **more)


def expect(got, code, *said):
    assert got.returncode == code, got
    for words in said:
        assert re.search(words, got.stderr + got.stdout), (words, got)


def main(usage, more=None):
    """@more: adds options of the script's own to the parser."""
    parser = cases.parser(usage, "coldspan")
    if more:
        more(parser)
    args = parser.parse_args()
    cases.main(args, args, folder=True)
