#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes docs/runtimes.md of what the tests of the runtimes saw (seen/*.json).

usage: page.py ROOT [--check]

--check fails where the page is not what would be made, or where table.py, meson.build and seen/ name
different runtimes.
"""
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
from lib.traces import PHASES
from table import RUNTIMES

HEAD = """# What is seen of real runtimes

This page is made by `tests/e2e/runtimes/page.py` of what the tests beside it saw; do not edit it. Each
test starts the runtime as it comes from its packages, with nothing but `LD_PRELOAD` set, and asks it
over HTTP. For every row it also holds that

- answers, exit status and what is printed are the same as without coldspan;
- each invocation carries the trace id that was sent, below the span that sent it;
- {warmth}
- an invocation whose process is killed with SIGKILL ends with status Error, `killed by signal 9
  (SIGKILL)`.

✓ a phase of its own; – no such phase, or merged into the one before it; ~ merged, or not exact, for the
reason in the last column. [phases.md](phases.md) says what the phases are. `queue` is not among them:
here nobody had asked for the start (`proactive`, and `fork_pool` where forked workers serve).

"""
WARMTH = "the first is cold, the second warm (processes that handle one event each: both cold);"
PHASES_HERE = [name for name in PHASES if name != "queue"]


def seen_of(runtime):
    return json.loads((HERE / "seen" / f"{runtime.name}.json").read_text())


def mark(seen, phase):
    if phase not in seen["phases"]:
        return "–"
    return "~" if seen["phases"][phase] else "✓"


def row(runtime):
    seen = seen_of(runtime)
    reasons = [f"`{phase}`: {why}" for phase, why in seen["phases"].items() if why]
    if seen["worker"]:
        reasons.append("served by a forked worker, which is named")
    if seen["notes"]:
        reasons.append(seen["notes"])
    cells = [seen["title"], seen["version"], f"`{seen['protocol']}`",
             *(mark(seen, phase) for phase in PHASES_HERE), ", ".join(seen["files"]) or "–",
             "; ".join(reasons)]
    return f"| {' | '.join(cells)} |"


def page():
    names = ["runtime", "tested with", "protocol", *(f"`{phase}`" for phase in PHASES_HERE),
             "files of the start", "remarks"]
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    return HEAD.replace("{warmth}", WARMTH) + "\n".join(lines + [row(one) for one in RUNTIMES]) + "\n"


def check(target):
    """Prints what is wrong. Returns how much."""
    named = sorted(runtime.name for runtime in RUNTIMES)
    others = {"seen": sorted(path.stem for path in (HERE / "seen").glob("*.json")),
              "meson.build": sorted(re.findall(r"^ +'([\w-]+)',", (HERE / "meson.build").read_text(), re.M))}
    wrong = [f"tests/e2e/runtimes/{where} has {names}, but table.py has {named}"
             for where, names in others.items() if names != named]
    if not wrong and target.read_text() != page():
        wrong.append("docs/runtimes.md is not what tests/e2e/runtimes/page.py makes: run it with the root")
    print("\n".join(wrong))
    return len(wrong)


def main():
    target = pathlib.Path(sys.argv[1]) / "docs/runtimes.md"
    if sys.argv[2:] == ["--check"]:
        return min(check(target), 1)
    target.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
