#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`coldspan init` writes a coldspan.yaml that `coldspan assert` takes as it is.

usage: init.py --build DIR --source DIR
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases
from lib.cases import case
from manners import commands

KEPT, USAGE, OVER, NO_DATA = 0, 2, 3, 4


def coldspan(args, folder, *words, **options):
    return subprocess.run([args.build / "agent/coldspan", *words], cwd=folder, text=True, check=False, timeout=200,
                          stdin=subprocess.DEVNULL, stdout=options.pop("stdout", subprocess.PIPE),
                          stderr=subprocess.PIPE, env=commands.environment(**options))


def written(args, folder, **files):
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    got = coldspan(args, folder, "init")
    assert (got.returncode, got.stderr) == (0, ""), got
    return got.stdout, (folder / "coldspan.yaml").read_text()


def run_of(text):
    """The words of its run, plain or quoted."""
    words, = re.findall(r"^    run: \[(.*)\]$", text, re.MULTILINE)
    return [json.loads(word) if word.startswith('"') else word for word in re.findall(r'"[^"]*"|[^ ,]+', words)]


def project(args, folder, sample, **files):
    """A sample function of ours, in a folder that looks like people's projects."""
    target = folder / "hello"
    shutil.copytree(args.source / "tests/functions" / sample, target)
    (target / "function.yaml").unlink()
    return target, written(args, target, **files)


def _kept(args, folder):
    """But for what an attach takes: that is as long as a busy machine makes it."""
    got = coldspan(args, folder, "assert", "--runs", "12")
    failed = re.findall(r"^ +FAIL +(.+)$", got.stdout, re.MULTILINE)
    assert got.returncode == (OVER if failed else KEPT) and all("overhead" in line for line in failed), got
    assert "PASS" in got.stdout and "hello" in got.stdout and "NO DATA" not in got.stdout, got


@case
def a_python_project(args, folder):
    folder, (said, text) = project(args, folder, "hello-py", requirements__txt="")
    assert run_of(text) == ["python3", "handler.py"] and "ready: exit" in text, text
    assert said == "wrote coldspan.yaml: hello, started by python3 handler.py (requirements.txt)\n" \
                   "next:  coldspan assert\n", said
    _kept(args, folder)


@case
def a_node_project(args, folder):
    folder, (_, text) = project(args, folder, "hello-node", package__json='{"main": "index.js"}')
    assert run_of(text) == ["node", "index.js"] and "ready: first-response" in text, text
    _kept(args, folder)


@case
def a_rust_and_a_java_project(args, folder):
    for name, files, jar, run, file in (
            ("rust", {"Cargo__toml": '[package]\nversion = "1.0.0"\nname = "quick"\n'}, "release/quick",
             ["./target/release/quick"], "Cargo.toml"),
            ("java", {"pom__xml": "<project/>"}, "app 1.jar", ["java", "-jar", "target/app 1.jar"], "pom.xml")):
        (folder / name).mkdir()
        said, text = written(args, folder / name, **files)
        assert f"({file})\nnext:  correct its run" in said, said
        (folder / name / "target" / jar).parent.mkdir(parents=True)
        (folder / name / "target" / jar).write_text("")
        got = coldspan(args, folder / name, "init", "--force")
        assert got.stdout.endswith("next:  coldspan assert\n"), got
        assert run_of((folder / name / "coldspan.yaml").read_text()) == run, text


@case
def a_serverless_project(args, folder):
    _, text = written(args, folder, package__json="{}",
                      serverless__yml="service: x\nfunctions:\n  greet:\n    handler: handler.greet\n")
    assert run_of(text) == ["npx", "serverless", "invoke", "local", "--function", "greet"], text


@case
def a_folder_of_nothing_known(args, folder):
    said, text = written(args, folder)
    assert run_of(text) == ["./bootstrap"] and "next:  correct its run" in said, (said, text)


@case
def every_file_it_writes_is_one_that_assert_reads(args, folder):
    """Whatever is found, and whatever the folder is called."""
    for number, (name, files) in enumerate((("ok", {}), ("1", {"package__json": "{"}), ("ä ü: {", {"pom__xml": ""}),
                                            ("-", {"package__json": '{"main": "a \\"b\\" #: c.js"}'}),
                                            ("true", {"serverless__yml": "{{{"}), ("null", {"Cargo__toml": "\n"}))):
        (folder / name).mkdir()
        written(args, folder / name, **files)
        got = coldspan(args, folder / name, "completion", "functions")
        assert (got.returncode, got.stderr) == (0, "") and got.stdout.count("\n") == 1, f"{number}: {got}"


@case
def nobodys_file_is_replaced_unless_asked(args, folder):
    (folder / "coldspan.yaml").write_text("mine")
    got = coldspan(args, folder, "init")
    assert got.returncode == USAGE and got.stdout == "" and got.stderr.count("\n") == 1, got
    assert "--force" in got.stderr and (folder / "coldspan.yaml").read_text() == "mine", got
    assert coldspan(args, folder, "init", "--force").returncode == 0
    assert "version: 1" in (folder / "coldspan.yaml").read_text()
    assert sorted(os.listdir(folder)) == ["coldspan.yaml"]


@case
def a_link_is_somebodys_file(args, folder):
    (folder / "coldspan.yaml").symlink_to("elsewhere")
    got = coldspan(args, folder, "init")
    assert got.returncode == USAGE and not (folder / "elsewhere").exists(), got


@case
def editors_find_the_schema(args, folder):
    _, text = written(args, folder)
    first = text.splitlines()[0]
    assert first == "# yaml-language-server: $schema=/usr/share/coldspan/schema/coldspan.schema.json", first
    assert max(map(len, text.splitlines())) <= 100, text


def main():
    parser = cases.parser(__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--source", required=True, type=pathlib.Path)
    args = parser.parse_args()
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
