#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where user code begins in real interpreters, and what is said where that was not seen.

usage: interpreters.py --coldspan FILE
"""
import json
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases
from lib.cases import case

UNSEEN = "no open of user code was seen"


def start(args, folder, command, cwd=None):
    """The start of @command's last program, with its phases by name."""
    if not shutil.which(command[0]):
        cases.skip(f"{command[0]} is not installed")
    result = folder / "run.json"
    run = subprocess.run([args.coldspan, "run", "--quiet", "--json", result, "--", *command],
                         input=b"x\n", stdout=subprocess.PIPE, cwd=cwd or folder, check=False,
                         timeout=60)
    assert run.returncode == 0, run
    starts = json.loads(result.read_text())["cold_starts"]
    assert len(starts) == 1, f"{len(starts)} cold starts of {command}"
    return starts[0], {phase["name"]: phase for phase in starts[0]["phases"]}


def unseen(*command):
    def check(args, folder):
        cold, phases = start(args, folder, command)
        assert cold["script"] is None and cold["function"].startswith(command[0]), cold
        assert "code" not in phases, f"{command}: {list(phases)}"
        said = phases["runtime"]["approximate"]
        assert said.startswith(UNSEEN), phases["runtime"]
    cases.register(f"{command[0]} {command[1]}: the code is no file", check)


unseen("python3", "-c", "print(input())")
unseen("perl", "-e", "syswrite STDOUT, <STDIN>")
unseen("node", "-e", "process.stdin.once('data', () => process.exit(0))")
unseen("bash", "-c", "read x; true")


def called_as_a_languages_own(command, name, code):
    def check(args, folder):
        for inner in ("lib/server", "lib/python-fn"):
            (folder / inner).mkdir(parents=True)
            (folder / inner / name).write_text(code)
            cold, phases = start(args, folder, [command, str(folder / inner / name)], cwd="/")
            assert cold["script"] == str(folder / inner / name), cold
            assert "code" in phases and not phases["runtime"]["approximate"], (inner, phases)
            assert phases["runtime"]["duration_ns"] > 0 and cold["facts"]["opens.user"] > 0, cold
    cases.register(f"{command}: a folder that is called as a language's own", check)


called_as_a_languages_own("python3", "h.py", "print(input())")
called_as_a_languages_own("node", "h.js", "process.stdin.once('data', () => process.exit(0))")


def behind_a_link(command, name, code, module):
    def check(args, folder):
        (folder / "release").mkdir()
        (folder / "release" / name).write_text(code)
        (folder / "release" / module).write_text("")
        (folder / "current").symlink_to("release")
        (folder / "bin").mkdir()
        (folder / "bin" / name).symlink_to(folder / "release" / name)
        opens = []
        for way in (f"release/{name}", f"current/{name}", f"bin/{name}", f"bin/../current//{name}"):
            cold, phases = start(args, folder, [*command, str(folder) + "/" + way], cwd="/")
            assert "code" in phases and not phases["runtime"]["approximate"], (way, phases)
            opens.append(cold["facts"]["opens.user"])
        assert opens[0] >= 2 and len(set(opens)) == 1, opens
    cases.register(f"{command[0]}: a folder behind a link", check)


behind_a_link(["python3", "-B"], "h.py", "import other\nprint(input())", "other.py")
behind_a_link(["node"], "h.js", "require('./other.js'); process.stdin.once('data', () => process.exit(0))",
              "other.js")


@case("a program of the user's own has no runtime")
def own_program(args, folder):
    _, phases = start(args, folder, ["cat"])
    assert phases["runtime"]["duration_ns"] == 0 and "code" in phases, phases


def main():
    args = cases.parser(__doc__, "coldspan").parse_args()
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
