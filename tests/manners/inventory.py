#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manners of every command there is: help, manual page, mistakes, a standard output that fails.

usage: inventory.py --build DIR --source DIR
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases
from lib.cases import case
from manners import commands

COLUMNS = 80
EVERYWHERE = {"--help", "--version"}  # explained once, in coldspan(1)


def one_line(got, command):
    assert got.stderr.count("\n") == 1 and got.stderr.endswith("\n"), f"{command}: {got}"
    program = command.name.split()[0]
    assert re.match(rf"{program}: (error: )?\S", got.stderr), f"{command}: {got.stderr}"
    return got.stderr


@case
def there_are_commands(_, every):
    names = {command.name for command in every}
    assert {"coldspan", "coldspan run", "coldspan assert", "coldspan help", "coldspan-faas"} <= names, names


@case
def help_is_for_standard_output(_, every):
    for command in every:
        long, short = command.run("--help"), command.run("-h")
        assert (long.returncode, long.stderr) == (0, ""), f"{command.name}: {long}"
        assert (short.returncode, short.stderr, short.stdout) == (0, "", long.stdout), f"{command.name}: {short}"


@case
def help_is_a_sentence_then_examples_then_options(_, every):
    for command in every:
        text = command.help()
        sentence, examples, *rest = text.split("\n\n")
        assert re.fullmatch(r"[A-Z][^\n]*\.", sentence), f"{command.name}: {sentence!r}"
        program = command.name.split()[0]
        for line in examples.splitlines():
            assert re.match(rf'  (eval "\$\()?({program}|curl) |   {{20}}', line), f"{command.name}: {line!r}"
        assert command.name in examples, f"{command.name}: {examples}"
        assert any(re.match(r"Options( of \w+)?:\n", part) for part in rest), f"{command.name}: {text}"
        assert rest[-1].startswith("Exit status: 0 ") or command.passes_on, f"{command.name}: {rest[-1]}"
        assert "-h, --help" in text, command.name


@case
def help_fits_into_80_columns_of_ascii(_, every):
    for command in every:
        wide = [line for line in command.help().splitlines() if len(line) > COLUMNS]
        assert not wide, f"{command.name}: {wide}"
        assert command.help().isascii(), command.name


@case
def help_explains_every_command(_, every):
    coldspan = every[0]
    assert coldspan.run("help").stdout == coldspan.help()
    for command in every:
        if command.name.startswith("coldspan "):
            got = coldspan.run("help", command.words[1])
            assert (got.returncode, got.stdout) == (0, command.help()), f"{command.name}: {got}"
    for words, text in ((["help", "rum"], 'did you mean "run"?'), (["help", "run", "env"], '"env" is one too many')):
        got = coldspan.run(*words)
        assert got.returncode == commands.USAGE and text in one_line(got, coldspan), got


@case
def a_summary_is_the_name_of_its_page(_, every):
    """`coldspan help`, apropos(1) and --help say the same in their own length."""
    for name, summary in commands.verbs(every[0].words[0]).items():
        assert len(summary) <= COLUMNS - 14 and not summary.endswith("."), f"{name}: {summary}"


@case
def manual_pages_are_clean(args, every):
    if not shutil.which("mandoc"):
        cases.skip("mandoc is not installed (script/setup installs it)")
    pages = sorted((args.source / "docs/man").iterdir())
    assert {command.page for command in every} <= set(pages), [command.name for command in every
                                                               if command.page not in pages]
    got = subprocess.run(["mandoc", "-Tlint", "-W", "warning", *pages], capture_output=True, text=True,
                         check=False)
    assert (got.returncode, got.stdout) == (0, ""), got.stdout


@case
def manual_pages_tell_of_the_options_the_examples_and_the_exit_status(_, every):
    for command in every:
        text = command.page.read_text()
        items = [line for line in text.splitlines() if line.startswith(".It Fl") and " Ta " not in line]
        told = {f"-{name}" for line in items for name in re.findall(r"(?<!\S)(-[a-z][a-z-]+)", line)}
        assert told - EVERYWHERE == set(command.options()) - EVERYWHERE, \
            f"{command.page.name}: {sorted(told ^ set(command.options()))}"
        letters = {letter for letter, _ in command.options().values() if letter and letter != "-h"}
        short = {f"-{letter}" for line in items for letter in re.findall(r"(?<!\S)([a-z])(?!\S)", line)}
        assert {letter for letter in letters if letter not in short} == set(), f"{command.page.name}: {letters}"
        for section in ("EXIT STATUS", "EXAMPLES", "SEE ALSO", "SYNOPSIS"):
            assert f"\n.Sh {section}\n" in text, f"{command.page.name} has no {section}"


@case
def an_unknown_option_is_one_line_with_the_nearest(_, every):
    for command in every:
        words = ["serve"] if command.name == "coldspan-faas" else []
        got = command.run(*words, "--nosuch-thing")
        assert got.returncode == command.status(commands.USAGE) and got.stdout == "", f"{command.name}: {got}"
        assert "nosuch-thing" in one_line(got, command) and "--help" in got.stderr, got.stderr
        for option in command.options():
            if option == "--version" and words:
                continue
            typed = option[:3] + ("q" if option[3] != "q" else "j") + option[4:]
            got = command.run(*words, typed)
            assert got.returncode == command.status(commands.USAGE), f"{command.name} {typed}: {got}"
            if len(option) > 6:
                assert re.search(rf'did you mean "?{option}"?\?', one_line(got, command)), got.stderr


@case
def an_unknown_command_is_one_line_with_the_nearest(_, every):
    coldspan = every[0]
    for typed, text in (("rnu", 'did you mean "run"?'), ("zzzzzz", "see coldspan --help"), ("", "unknown command"),
                        ("-x", "unknown option -x"), ("--versio", "did you mean --version?")):
        got = coldspan.run(typed)
        assert got.returncode == commands.USAGE and text in one_line(got, coldspan), got


@case
def commands_have_no_short_forms(_, every):
    coldspan = every[0]
    names = set(commands.verbs(coldspan.words[0]))
    for name in names:
        for length in range(1, len(name)):
            if name[:length] not in names:
                got = coldspan.run(name[:length])
                assert got.returncode == commands.USAGE and "unknown command" in one_line(got, coldspan), got


@case
def an_option_without_its_value_is_named(_, every):
    for command in every:
        words = ["serve"] if command.name == "coldspan-faas" else []
        for option, (_letter, value) in command.options().items():
            if value:
                got = command.run(*words, option)
                assert got.returncode == command.status(commands.USAGE), f"{command.name} {option}: {got}"
                assert f"{option} needs a value" in one_line(got, command), got.stderr


@case
def every_program_says_its_version(_, every):
    for command in every:
        if " " not in command.name:
            got = command.run("--version")
            assert got.returncode == 0 and re.fullmatch(rf"{command.name} \d+\.\d+\.\d+\n", got.stdout), got
    assert every[0].run("version").stdout == every[0].run("--version").stdout


@case
def behind_two_dashes_comes_no_option(_, every):
    for command in every:
        if command.name in ("coldspan", "coldspan-faas"):
            continue
        got = command.run("--", "--help")
        assert "Exit status" not in got.stdout, f"{command.name}: {got}"
        assert got.returncode not in (0, 1), f"{command.name}: {got}"


@case
def a_full_disk_is_a_failure_that_is_said(_, every):
    for command in every:
        with open("/dev/full", "w", encoding="utf-8") as full:
            got = command.run("--help", stdout=full)
        assert got.returncode == command.status(commands.FAILED), f"{command.name}: {got}"
        assert "No space left on device" in one_line(got, command), got.stderr


@case
def a_reader_that_has_had_enough_is_no_news(_, every):
    for command in every:
        for ignored in (False, True):
            reader, writer = pipe()
            reader.close()
            with writer:
                got = command.run("--help", stdout=writer, restore_signals=not ignored)
            assert got.stderr == "", f"{command.name}: {got}"
            assert got.returncode in (-signal.SIGPIPE, command.status(commands.FAILED)), f"{command.name}: {got}"


def pipe():
    reader, writer = os.pipe()
    return os.fdopen(reader), os.fdopen(writer, "w")


@case
def a_closed_standard_output_is_a_failure(_, every):
    for command in every:
        got = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *command.words, "--help"], text=True,
                             stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False,
                             timeout=commands.LIMIT_S)
        assert got.returncode == command.status(commands.FAILED), f"{command.name}: {got}"
        one_line(got, command)


def main():
    args = cases.parser(__doc__, "build", "source").parse_args()
    cases.main(args, args, commands.every(args.build, args.source))


if __name__ == "__main__":
    main()
