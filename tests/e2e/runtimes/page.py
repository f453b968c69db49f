#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes docs/runtimes.md of what the tests of the runtimes saw: seen/*.json here, of the clients of the
Lambda Runtime API in tests/lambda, and of OpenWhisk's action loops in ../openwhisk.

usage: page.py ROOT [--check]

--check fails where the page is not what would be made, or where table.py, meson.build and seen/ name
different runtimes or clients, or servers.py and meson.build of ../frameworks different servers.
"""
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
FRAMEWORKS = HERE.parent / "frameworks"
sys.path.insert(0, str(HERE.parents[1]))
sys.path.insert(0, str(FRAMEWORKS))
from lib.traces import PHASES
from servers import SERVERS
from table import RUNTIMES

LAMBDA, OPENWHISK = HERE.parents[1] / "lambda", HERE.parent / "openwhisk"
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
reason in the last column. [phases.md](phases.md) says what the phases are. Where there is no `queue`,
nobody had asked for the start (`proactive`, and `fork_pool` where forked workers serve).

"""
WARMTH = "the first is cold, the second warm (processes that handle one event each: both cold);"
FRAMEWORKS_TEXT = """
## Servers of frameworks

What web frameworks stand on, unmodified, asked in turn, by six connections at once, and by one that does not wait for
its answers; with bodies that come behind their head, whole and in chunks. For each of these it holds that every
request is one invocation, with its path, status and the trace that was sent, and nothing else is; that no line that is
written while one is answered is told of another one; and that requests that come in turn have their lines
(`tests/e2e/frameworks`):

SERVERS.
"""
LAMBDA_HEAD = """
## Clients of the Lambda Runtime API

AWS's own clients, and a bootstrap in shell, run by `coldspan run` before a service that `tests/lambda`
plays strictly. For every row it holds that

- the service gets the same answers, and the exit status is the same, as without coldspan;
- each invocation has the request id, deadline, ARN and tenant that were sent, and X-Ray's context as a
  link ([traces.md](traces.md)); the first is cold, the second warm;
- an event whose handler fails has status Error and the error's type, where the client says one; one that is
  killed in its midst `killed by signal 9 (SIGKILL)`; an answer that is refused as too large (413)
  `coldspan.lambda.refused_status` (not tried: bash and curl);
- an init that fails is a cold start with status Error and no invocation.

The same clients under AWS's own emulator (`aws-lambda-rie`, where that is installed): `tests/lambda/emulator.py`.

`streams`: answers that are streamed are told from others; *trailers*: and one that breaks off has status
Error, for the client says so in trailers. `at once`: how the client has many events at once in a managed
instance (`AWS_LAMBDA_MAX_CONCURRENCY`); each is told by its own id, and one that is killed among them with
its cause. `init error`: the client reports an init that failed, whose type is then an attribute.

"""
OPENWHISK_HEAD = """
## OpenWhisk's action loops

Loops as OpenWhisk's launchers for these languages write them, behind a parent that does with pipes what its proxy
does (`tests/e2e/openwhisk/proxy.py`; the proxy itself, a static Go program, is not to be had from the Go module
proxy). For every row it holds that

- answers and what is printed are the same as without coldspan;
- each invocation has its activation id, its transaction's, and its deadline, and that of a web action the trace id
  that was sent; the first is cold, the second warm; the acknowledgement is none;
- one that is killed in its midst has status Error, `killed by signal 9 (SIGKILL)` (not tried: Ruby and PHP).

`answers`: they are seen, so that one with the key `error` has status Error, and the end of an event is exact. The
parent is not watched, so that there is neither `spawn` nor `exec`.

"""


def read(path):
    return json.loads(path.read_text())


def seen_of(runtime):
    return read(HERE / "seen" / f"{runtime.name}.json")


def mark(seen, phase):
    if phase not in seen["phases"]:
        return "–"
    return "~" if seen["phases"][phase] else "✓"


def reasons(seen):
    return [f"`{phase}`: {why}" for phase, why in seen["phases"].items() if why]


def cells(seen, *more):
    """What every row has, and what stands between the phases and the remarks."""
    return [seen["title"], seen["version"], f"`{seen['protocol']}`",
            *(mark(seen, phase) for phase in PHASES), ", ".join(seen["files"]) or "–", *more]


def row(seen):
    remarks = reasons(seen)
    if seen["worker"]:
        remarks.append("served by a forked worker, which is named")
    if seen["notes"]:
        remarks.append(seen["notes"])
    return [*cells(seen), "; ".join(remarks)]


def lambda_row(seen):
    remarks = reasons(seen) + ([seen["notes"]] if seen["notes"] else [])
    return [*cells(seen, seen["streams"] or "–", seen["managed"] or "–", "✓" if seen["init_error"] else "–"), "; ".join(remarks)]


def openwhisk_row(seen):
    remarks = reasons(seen) + ([seen["notes"]] if seen["notes"] else [])
    return [*cells(seen, "✓" if seen["answers"] else "–"), "; ".join(remarks)]


def table(first, *more, rows):
    names = [first, "tested with", "protocol", *(f"`{phase}`" for phase in PHASES),
             "files of the start", *more, "remarks"]
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    return "\n".join(lines + [f"| {' | '.join(one)} |" for one in rows]) + "\n"


def page():
    clients, loops = ([read(path) for path in sorted((folder / "seen").glob("*.json"))]
                      for folder in (LAMBDA, OPENWHISK))
    return HEAD.replace("{warmth}", WARMTH) + \
        table("runtime", rows=[row(seen_of(one)) for one in RUNTIMES]) + \
        FRAMEWORKS_TEXT.replace("SERVERS", "; ".join(one.title for one in SERVERS.values())) + LAMBDA_HEAD + \
        table("client", "streams", "at once", "init error", rows=map(lambda_row, clients)) + OPENWHISK_HEAD + \
        table("loop", "answers", rows=map(openwhisk_row, loops))


def names_in(folder):
    """What seen/ and meson.build of a folder name."""
    return {"seen": sorted(path.stem for path in (folder / "seen").glob("*.json")),
            "meson.build": sorted(re.findall(r"^ +'([\w-]+)',", (folder / "meson.build").read_text(), re.M))}


def check(target):
    """Prints what is wrong. Returns how much."""
    named, clients = sorted(runtime.name for runtime in RUNTIMES), names_in(LAMBDA)
    wrong = [f"tests/e2e/runtimes/{where} has {names}, but table.py has {named}"
             for where, names in names_in(HERE).items() if names != named]
    if clients["seen"] != clients["meson.build"]:
        wrong.append(f"tests/lambda: {clients}")
    if names_in(FRAMEWORKS)["meson.build"] != sorted(SERVERS):
        wrong.append("tests/e2e/frameworks: meson.build and servers.py name different servers")
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
