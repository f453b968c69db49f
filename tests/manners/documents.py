#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--json: every command that tells facts prints one document that fits its schema, and never a colour.

usage: documents.py --build DIR --source DIR
"""
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases
from lib.cases import case
from manners import commands

# What tells no facts, or tells them in a language that is not ours.
WITHOUT = {"help": "prose", "completion": "a script for a shell", "init": "writes a file"}
FORCED = {"FORCE_COLOR": "1", "CLICOLOR_FORCE": "1", "TERM": "xterm"}


def tell(args, *words, status=0, env=None):
    got = subprocess.run([args.coldspan, *words], capture_output=True, check=False, timeout=60,
                         stdin=subprocess.DEVNULL, env=commands.environment(**FORCED, **(env or {})))
    assert got.returncode == status, f"{words}: {got}"
    return got


def document_of(args, *words, **more):
    got = tell(args, *words, **more)
    assert b"\x1b" not in got.stdout, f"{words}: {got.stdout!r}"
    return checked(args, json.loads(got.stdout))


def checked(args, document):
    """As its schema has it, and nothing that the schema does not describe."""
    try:
        import jsonschema
    except ImportError:
        cases.skip("python3-jsonschema is not installed (script/setup installs it)")
    name, version = document["schema"].split("/")
    text = (args.source / f"docs/schema/{name}.{version}.json").read_text()
    jsonschema.validate(document, json.loads(text.replace('"additionalProperties": true',
                                                          '"additionalProperties": false')))
    return document


def _recording(args, folder):
    file = folder / "spans.jsonl"
    for command in (["cat"], ["sh", "-c", "exit 3"]):
        subprocess.run([args.coldspan, "run", "-q", "--file", file, "--", *command], check=False,
                       stdin=subprocess.DEVNULL, timeout=60)
    return file


@case
def every_command_that_tells_facts_has_json(args, _):
    for command in commands.every(args.build, args.source):
        verb = command.name.partition(" ")[2]
        if verb and verb not in WITHOUT:
            assert "--json" in command.options(), f"{command.name} has no --json"


@case
def every_schema_is_installed(args, _):
    text = (args.source / "agent/meson.build").read_text()
    for schema in (args.source / "docs/schema").iterdir():
        assert f"docs/schema/{schema.name}'" in text, schema.name


@case
def version(args, _):
    got = document_of(args, "version", "--json")
    assert tell(args, "version").stdout.decode() == f"coldspan {got['coldspan_version']}\n", got


@case
def env(args, _):
    got = document_of(args, "env", "--json", "--socket", "/a b/'c'", env={"LD_PRELOAD": "libm.so.6"})
    lines = tell(args, "env", "--socket", "/a b/'c'", env={"LD_PRELOAD": "libm.so.6"}).stdout.decode()
    assert "".join(f"{name}={value}\n" for name, value in got["variables"].items()) == lines, got
    assert got["variables"]["COLDSPAN_SOCKET"] == "/a b/'c'"


@case
def env_has_one_form_at_a_time(args, _):
    got = tell(args, "env", "--json", "--export", status=2)
    assert got.stdout == b"" and got.stderr.count(b"\n") == 1, got


@case
def what_is_no_text_is_no_json(args, _):
    got = tell(args, "env", "--json", "--socket", b"/\xff", status=1)
    assert got.stdout == b"" and got.stderr.endswith(b"COLDSPAN_SOCKET is not UTF-8: JSON cannot hold it\n"), got


@case
def doctor_of_a_command(args, _):
    words = ["--no-socket", "--", "cat"]
    got = document_of(args, "doctor", "--json", *words)
    text = tell(args, "doctor", *words).stdout.decode()
    assert got["ok"] and text == "".join(
        f"{finding['kind']:6}{finding['text']}\n" for finding in got["findings"]) + got["verdict"] + "\n", (got, text)


@case
def doctor_of_what_cannot_be_watched(args, folder):
    got = document_of(args, "doctor", "--json", "--socket", folder / "none", "--", "cat", status=3)
    obstacle, = [finding for finding in got["findings"] if finding["kind"] == "obstacle"]
    text = tell(args, "doctor", "--socket", folder / "none", "--", "cat", status=3).stdout.decode()
    assert not got["ok"] and f"NO    {obstacle['text']}\n      remedy: {obstacle['remedy']}\n" in text, (got, text)


@case
def doctor_of_a_process(args, folder):
    got = document_of(args, "doctor", "--json", "--socket", folder / "none", str(os.getpid()), status=3)
    assert str(os.getpid()) in got["verdict"] and "NOT watched" in got["verdict"], got


@case
def doctor_of_nothing_is_no_document(args, _):
    got = tell(args, "doctor", "--json", "--", "nosuch-command", status=2)
    assert got.stdout == b"" and got.stderr.count(b"\n") == 1, got


@case
def report(args, folder):
    file = _recording(args, folder)
    got = document_of(args, "report", "--json", file)
    assert [cold["function"] for cold in got["cold_starts"]] == ["cat", "sh"], got
    spans = [span for line in file.read_text().splitlines() for resource in json.loads(line).get("resourceSpans", [])
             for scope in resource["scopeSpans"] for span in scope["spans"]]
    by_id = {span["spanId"]: span for span in spans}
    assert got["spans_count"] == len(spans)
    for cold in got["cold_starts"]:
        span = by_id[cold["span_id"]]
        assert cold["start_unix_ns"] == int(span["startTimeUnixNano"]), cold
        assert cold["total_ns"] == int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"]), cold
        assert cold["phases"] and {phase["name"] for phase in cold["phases"]} >= {"exec", "link"}, cold
    assert [cold["error"] is None for cold in got["cold_starts"]] == [True, False], got


@case
def report_of_one_function_and_of_none(args, folder):
    file = _recording(args, folder)
    got = document_of(args, "report", "--json", "--function", "cat", file)
    assert {cold["function"] for cold in got["cold_starts"]} == {"cat"} == {f["name"] for f in got["functions"]}, got
    got = document_of(args, "report", "--json", "--function", "nosuch", file, status=4)
    assert got["cold_starts"] == got["functions"] == [], got


@case
def dashboards(args, folder):
    boards = {"COLDSPAN_DASHBOARDS": str(args.source / "dashboards")}
    got = document_of(args, "dashboards", "list", "--json", env=boards)
    text = tell(args, "dashboards", "list", env=boards).stdout.decode()
    assert [board["uid"] for board in got["boards"]] == [line.split()[0] for line in text.splitlines()], (got, text)
    got = document_of(args, "dashboards", "install", "--json", folder / "kit", env=boards)
    assert all((folder / "kit" / name).is_file() for name in got["written"]) and got["written"], got
    got = document_of(args, "dashboards", "lint", "--json", env=boards)
    assert got["findings"] == [] and got["linted"] >= 5, got
    (folder / "bad.json").write_text('{"panels": [], "editable": true}')
    got = document_of(args, "dashboards", "lint", "--json", folder / "bad.json", env=boards, status=3)
    text = tell(args, "dashboards", "lint", folder / "bad.json", env=boards, status=3).stdout.decode()
    assert all(f"{one['text']} [{one['rule']}]" in text for one in got["findings"]), (got, text)


@case
def settings(args, folder):
    file = folder / "coldspan.yaml"
    file.write_text("version: 1\nfunctions:\n  f: {run: ['true'], runs: 7, budgets: [total <= 9s]}\n")
    words = ["assert", "--show-origin", "-c", file, "-n", "8"]
    got = document_of(args, *words, "--json")["settings"]
    text = tell(args, *words).stdout.decode()
    assert {tuple(line.split(None, 1)) for line in text.splitlines()} == {
        (setting.get("option") or (f"{file}:{setting['line']}" if "line" in setting else "default"),
         f"{setting['name']} = {setting['value']}") for setting in got}, (got, text)
    assert {setting["origin"] for setting in got} == {"default", "file", "option"}, got


@case
def settings_of_the_collector(args, _):
    words = [args.collector, "--show-origin", "--file", "a\"b\x1b[31m", "--otlp", "http://u:secret@127.0.0.1:1/x"]
    env = commands.environment(OTEL_TRACES_SAMPLER="always_off", OTEL_EXPORTER_OTLP_HEADERS="k=secret")
    said = [subprocess.run([*words, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, check=True,
                           timeout=commands.LIMIT_S).stdout.decode() for more in ([], ["--json"])]
    got = json.loads(said[1])
    checked(args, got)
    assert {tuple(line.split(None, 1)) for line in said[0].splitlines()} == {
        (one.get("option") or one.get("variable") or "default", f"{one['name']} = {one['value']}".replace("\x1b", "\ufffd"))
        for one in got["settings"]}, said
    told = {one["name"]: one for one in got["settings"]}
    assert told["file"] == {"origin": "option", "option": "--file", "name": "file", "value": "a\"b\x1b[31m"}, told
    assert told["sampler"] == {"origin": "variable", "variable": "OTEL_TRACES_SAMPLER", "name": "sampler",
                               "value": "always_off"}, told
    assert told["socket-mode"]["origin"] == "default" and "secret" not in "".join(said), said
    alone = subprocess.run([args.collector, "--json"], capture_output=True, text=True, env=env, timeout=commands.LIMIT_S, check=False)
    assert alone.returncode == commands.USAGE and "--show-origin" in alone.stderr and not alone.stdout, alone


@case
def run(args, _):
    got = document_of(args, "run", "--quiet", "--json", "-", "--", "true")
    assert got["cold_starts"], got


@case
def run_colours_its_words_and_not_its_document(args, folder):
    got = tell(args, "run", "--json", folder / "run.json", "--", "true")
    assert b"\x1b" in got.stderr and b"\x1b" not in (folder / "run.json").read_bytes(), got


@case
def a_document_that_cannot_be_written_is_a_failure(args, folder):
    file = _recording(args, folder)
    for words in (["version"], ["env"], ["doctor", "--no-socket"], ["report"]):
        more = {"doctor": ["--", "cat"], "report": [file]}.get(words[0], [])
        with open("/dev/full", "w", encoding="utf-8") as full:
            got = subprocess.run([args.coldspan, *words, "--json", *more], stdout=full, stderr=subprocess.PIPE,
                                 text=True, check=False, timeout=60)
        assert got.returncode == 1 and got.stderr.count("\n") == 1, f"{words}: {got}"
        assert "No space left on device" in got.stderr, f"{words}: {got}"


def main():
    args = cases.parser(__doc__, "build", "source").parse_args()
    args.coldspan, args.collector = args.build / "agent/coldspan", args.build / "collector/coldspan-collector"
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
