#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `coldspan assert` writes for programs and CI systems, and judging it again by --from.

usage: assert_outputs.py --coldspan FILE --schema FILE
"""
import contextlib
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import asserting, cases
from lib.asserting import FAILED, KEPT, NO_DATA, OVER, USAGE, coldspan, expect
from lib.cases import case

PLAN = """version: 1
defaults: {runs: 5, max_runs: 5, warmup: 0}
functions:
  kept: {run: [/bin/true], baseline: {run: [/bin/true]},
         budgets: [p50 total <= 100s, shared_objects <= 100, shared_objects <= 50 vs baseline]}
  over: {run: [/bin/true], budgets: [{metric: total, max: 1ns, why: "a <b>|%0A test"},
                                     {metric: memory, max: 1B, level: warn}]}
  dies: {shell: 'printf "last ]]> <b>words\\n::error::x\\n"; kill -9 $$', budgets: [total <= 100s]}
"""
FORMATS = {"github": "a.txt", "gitlab": "g.json", "html": "r.html", "json": "r.json", "junit": "j.xml",
           "markdown": "s.md", "openmetrics": "m.txt", "text": "t.txt"}
ALL = [word for name, file in FORMATS.items() for word in ("-o", f"{name}={file}")]


def plan(folder, text=PLAN):
    (folder / "coldspan.yaml").write_text(text)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def opened_by(pid):
    """What its descriptors lead to. Some may be closed while we look."""
    found = []
    for fd in pathlib.Path("/proc", str(pid), "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(os.readlink(fd))
    return found


def many(budgets):
    """A plan of so many budgets, none of which is kept."""
    lines = "".join(f"      - {{metric: total, max: 1ns, id: b{i}}}\n" for i in range(budgets))
    return ("version: 1\ndefaults: {runs: 5, max_runs: 5, warmup: 0}\nfunctions:\n"
            "  f:\n    run: [/bin/true]\n    budgets:\n" + lines)


@case
def all_formats_at_once(args, folder):
    plan(folder)
    got = coldspan(args, folder, *ALL)
    expect(got, NO_DATA, r"FAIL +p50 total")
    assert names(folder) == sorted([*FORMATS.values(), "coldspan.yaml"]), names(folder)
    assert (folder / "t.txt").read_text() == got.stdout
    document = json.loads((folder / "r.json").read_text())
    by_name = {function["function"]: function for function in document["functions"]}
    assert document["schema"] == "coldspan.assert/v1" and document["exit_status"] == NO_DATA
    assert document["verdict"] == "no data" and document["saved"] is False
    kept = by_name["kept"]
    assert kept["starts"] == 5 and len(kept["samples"]["total_ns"]) == 5
    assert all(isinstance(ns, int) and ns > 0 for ns in kept["baseline_samples"]["total_ns"])
    assert by_name["over"]["budgets"][0]["measured"]["over"] == 5
    assert by_name["over"]["budgets"][0]["max_ns"] == 1
    assert by_name["dies"]["failure"]["output_tail"] == "last ]]> <b>words\n::error::x\n"
    assert by_name["dies"]["failure"]["last_phase"]
    (folder / "hostile.json").write_text(json.dumps(document).replace('"last_phase": "', '"last_phase": "\\n::error::'))
    expect(coldspan(args, folder, "--from", "hostile.json"), USAGE, r"hostile.json: .*no phase: ")
    (folder / "hostile.json").unlink()
    suites = xml.etree.ElementTree.parse(folder / "j.xml").getroot()
    assert suites.attrib == {"name": "coldspan", "tests": "6", "failures": "1", "errors": "1"}
    assert suites.find("testsuite[@name='dies']/testcase/system-err").text.startswith("last ]]> <b>words\n")
    assert (folder / "s.md").read_text().startswith("### \u274c coldspan: 2 of 6 budgets not kept (dies first)\n")
    assert re.search(r"(?m)^\| \S+ \| kept \| shared_objects .* vs baseline \| 0 \| \d+ \| 5 \| PASS \|$",
                     (folder / "s.md").read_text())
    assert [entry["location"]["lines"]["begin"] for entry in json.loads((folder / "g.json").read_text())] == [8, 6, 7]
    assert (folder / "m.txt").read_text().endswith("# EOF\n")
    commands = (folder / "a.txt").read_text().splitlines()
    assert [line.split()[0] for line in commands] == ["::error", "::error", "::warning"]
    assert "%0Awhy: a <b>|%250A test%0Anext: coldspan run -- /bin/true" in commands[1] and "%0Alargest: " in commands[1], commands


@case
def the_schema_says_what_is_written(args, folder):
    try:
        import jsonschema
    except ImportError:
        cases.skip("python3-jsonschema is not installed (script/setup installs it)")
    plan(folder)
    schema = json.loads(args.schema.read_text())
    document = json.loads(coldspan(args, folder, "--json").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    del document["functions"][0]["samples"]
    try:
        jsonschema.validate(document, schema)
    except jsonschema.ValidationError:
        return
    raise AssertionError("without samples it is valid, too")


@case
def one_goes_to_standard_output_alone(args, folder):
    plan(folder)
    got = coldspan(args, folder, "over", "--quiet", "-o", "json=-", "-o", "text=t.txt")
    assert json.loads(got.stdout)["verdict"] == "exceeded"
    assert got.stderr == (folder / "t.txt").read_text()
    got = coldspan(args, folder, "over", "--json", env={"FORCE_COLOR": "1", "GITHUB_ACTIONS": "true"})
    assert json.loads(got.stdout) and "::error file=coldspan.yaml,line=6," in got.stderr, got
    expect(coldspan(args, folder, "--json", "-o", "junit=-"), USAGE, "standard output is written by another -o")


@case
def wrong_outputs_are_told_before_anything_starts(args, folder):
    plan(folder, "version: 1\nfunctions:\n  f: {shell: 'touch started', budgets: [total <= 1s]}\n")
    for word, said in (("junti=x", 'did you mean "junit"'), ("x", "formats are github"), ("json", "-o json=FILE"),
                       ("json=", "names no file")):
        expect(coldspan(args, folder, "-o", word), USAGE, said)
    (folder / "there").mkdir()
    for word, said in (("json=there", "cannot write there: Is a directory"),
                       ("json=no/where", "cannot write no/where: No such file or directory")):
        got = coldspan(args, folder, "-o", "junit=good.xml", "-o", word)
        expect(got, FAILED, said)
        assert got.stderr.count("\n") == 1, got
    expect(coldspan(args, folder, "-o", "junit=a", "-o", "json=./a"), FAILED, "are one file")
    before = (folder / "coldspan.yaml").read_text()
    expect(coldspan(args, folder, "-o", "json=./coldspan.yaml"), FAILED, r"-o json=\./coldspan\.yaml would replace the file of budgets\n$")
    assert (folder / "coldspan.yaml").read_text() == before
    assert names(folder) == ["coldspan.yaml", "there"], names(folder)


@case
def a_full_disk_leaves_what_was_there(args, folder):
    plan(folder)
    coldspan(args, folder, "over", "-o", "json=saved.json")
    (folder / "r.json").write_text("what was there\n")
    # A write above the limit fails as one on a full disk does, since SIGXFSZ stays ignored as it is in Python.
    got = coldspan(args, folder, "--from", "saved.json", "over", "-o", "json=r.json", "-o", "junit=j.xml",
                   restore_signals=False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500)))
    expect(got, FAILED, r"cannot write r.json: File too large\n", r"cannot write j.xml: File too large\n")
    assert got.stderr.count("\n") == 2, got
    assert (folder / "r.json").read_text() == "what was there\n"
    assert names(folder) == ["coldspan.yaml", "r.json", "saved.json"], names(folder)
    got = coldspan(args, folder, "over", "-o", "json=/dev/full", "-o", "junit=j.xml")
    expect(got, FAILED, r"cannot write /dev/full: No space left on device\n")
    assert xml.etree.ElementTree.parse(folder / "j.xml")


@case
def interrupted_it_leaves_no_output_behind(args, folder):
    plan(folder, f"version: 1\nfunctions:\n  f: {{shell: 'echo > {folder}/here; sleep 600; true', timeout: 60s, "
                 "budgets: [total <= 1s]}\n")
    (folder / "r.json").write_text("what was there\n")
    process = subprocess.Popen([args.coldspan, "assert", "-o", "json=r.json", "-o", "html=r.html"], cwd=folder,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    until = time.monotonic() + 60
    while not (folder / "here").exists():
        assert time.monotonic() < until and process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT, (process.returncode, said)
    assert names(folder) == ["coldspan.yaml", "here", "r.json"], names(folder)
    assert (folder / "r.json").read_text() == "what was there\n"


@case
def a_signal_at_any_moment_of_many_starts_ends_it(args, folder):
    """Also as a start ends, when whoever looks after signals during it has gone already."""
    plan(folder, "version: 1\nfunctions:\n  f: {run: [/bin/true], runs: 10000, max_runs: 10000, budgets: [total <= 100s]}\n")
    (folder / "tmp").mkdir()
    for turn in range(25):
        with subprocess.Popen([args.coldspan, "assert", "-o", "json=r.json"], cwd=folder, stderr=subprocess.PIPE,
                              env=asserting.environment(TMPDIR=str(folder / "tmp")),
                              preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) as process:
            try:
                process.stderr.readline()  # "f: 10000 cold starts": from now on they are made
                time.sleep(turn * 0.0017)  # another moment of a start each time
                process.send_signal(signal.SIGINT)
                assert process.wait(60) == -signal.SIGINT, process.returncode
            finally:
                process.kill()
        assert not list((folder / "tmp").iterdir()) and names(folder) == ["coldspan.yaml", "tmp"]


@case
def ended_while_it_waits_it_leaves_no_output_behind(args, folder):
    """By what it has no time to clean up after, too: outside of a start nobody looks after signals."""
    plan(folder)
    os.mkfifo(folder / "saved.json")
    words = [args.coldspan, "assert", "-o", "json=r.json", "-o", "html=r.html", "--from", "saved.json"]
    with open(os.open(folder / "saved.json", os.O_RDWR), "wb", buffering=0) as writer:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            process = subprocess.Popen(words, cwd=folder, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
            until = time.monotonic() + 60  # it has opened its outputs, and reads
            while not str(folder / "saved.json") in opened_by(process.pid):
                assert time.monotonic() < until and process.poll() is None, process.returncode
            process.send_signal(number)
            assert process.wait(timeout=60) == -number, process.returncode
            assert names(folder) == ["coldspan.yaml", "saved.json"], names(folder)
        assert not writer.closed


@case
def names_of_descriptors_are_what_these_are_open_on(args, folder):
    """A redirected standard output is a file: it keeps what it has, and what comes next goes behind."""
    plan(folder)
    coldspan(args, folder, "over", "-o", "json=saved.json")
    (folder / "link").symlink_to("/dev/fd/3")
    for name, number in (("/dev/stdout", 1), ("/dev/stderr", 2), ("/dev/fd/3", 3), ("/proc/self/fd/3", 3), ("link", 3),
                         ("/proc/thread-self/fd/3", 3)):
        (folder / "log").unlink(missing_ok=True)
        script = f'{{ echo before >&{number}; "$0" assert --from saved.json over -o json={name}; echo after >&{number}; }} {number}> log'
        got = subprocess.run(["bash", "-c", script, args.coldspan], cwd=folder, capture_output=True, text=True, timeout=300,
                             check=False, env=asserting.environment())
        lines = (folder / "log").read_text().splitlines()
        documents = [line for line in lines if line.startswith("{")]
        assert (lines[0], lines[-1], len(documents)) == ("before", "after", 1), (name, lines, got)
        assert json.loads(documents[0])["schema"] == "coldspan.assert/v1", name
        # What people read goes elsewhere where a document has standard output.
        assert len(lines) == 3 or number == 2, (name, lines, got)
        assert "budgets: 1 exceeded" in got.stdout + got.stderr, (name, got)
    expect(coldspan(args, folder, "--from", "saved.json", "over", "-o", "json=/dev/fd/77"), FAILED,
           r"cannot write /dev/fd/77: Bad file descriptor")
    expect(coldspan(args, folder, "--from", "saved.json", "over", "-o", "json=-", "-o", "text=/dev/stdout"), USAGE,
           r"standard output is written by another -o")
    assert names(folder) == ["coldspan.yaml", "link", "log", "saved.json"], names(folder)


@case
def fifos_and_devices_are_written_to(args, folder):
    plan(folder)
    coldspan(args, folder, "over", "-o", "json=saved.json")
    os.mkfifo(folder / "pipe")
    expect(coldspan(args, folder, "--from", "saved.json", "over", "-o", "json=pipe"), FAILED, r"cannot write pipe: ")
    with open(os.open(folder / "pipe", os.O_RDONLY | os.O_NONBLOCK), "rb") as reader:
        expect(coldspan(args, folder, "--from", "saved.json", "over", "-o", "json=pipe", "-o", "text=/dev/null",
                        "-o", "html=/dev/zero"), OVER)
        assert json.loads(reader.read())["schema"] == "coldspan.assert/v1"
    assert (folder / "pipe").is_fifo() and pathlib.Path("/dev/null").is_char_device()


@case
def saved_samples_are_judged_again(args, folder):
    plan(folder)
    first = coldspan(args, folder, *ALL)
    for saved in ("r.json", "r.html"):
        got = coldspan(args, folder, "--from", saved, "-o", "json=again.json")
        expect(got, NO_DATA)
        assert got.stdout == first.stdout, got
        again, before = (json.loads((folder / name).read_text()) for name in ("again.json", "r.json"))
        assert again["saved"] and again["functions"] == before["functions"]
    # By the budgets that are in force now, and by nothing else.
    plan(folder, PLAN.replace("max: 1ns", "max: 100s").replace("max: 1B", "max: 1GiB"))
    expect(coldspan(args, folder, "--from", "r.json", "over"), KEPT, r"PASS +p50 total <= 100 s", "budgets: 2 kept")
    plan(folder, PLAN.replace("p50 total <= 100s", "p99 total <= 100s"))
    expect(coldspan(args, folder, "--strict", "--from", "r.json", "kept"), 5, "INCONCLUSIVE +p99 total")


@case
def what_moved_is_named_again(args, folder):
    """Verdicts, and what is said of them, out of a file byte by byte; beside a reference it is called that."""
    for beside in ("baseline", "reference"):
        plan(folder, "version: 1\ndefaults: {runs: 5, max_runs: 5, warmup: 0}\nfunctions:\n"
                     f"  f: {{run: [sleep, '0'], {beside}: {{run: [/bin/true]}}, budgets: [shared_objects <= -1 vs {beside},\n"
                     "       p50 total <= 1ns]}\n")
        got = coldspan(args, folder, "-o", "json=r.json", "-o", "html=r.html")
        expect(got, OVER, rf"each beside one of the {beside}\n", r"moved: new: \S*sleep; gone: \S*true\n", r"largest: \w+ \S+ [mu]s of .*; "
               r"new: \S*sleep; gone: \S*true\n", r"(?m)^ +next: coldspan run -- sleep 0$")
        for saved in ("r.json", "r.html"):
            again = coldspan(args, folder, "--from", saved, "-o", "json=again.json")
            assert (again.returncode, again.stdout) == (OVER, got.stdout), (again, got)
            before = (folder / "r.json").read_text().replace('"saved":false', '"saved":true')
            assert (folder / "again.json").read_text() == before
        function = json.loads(before)["functions"][0]
        assert len(function[f"{beside}_samples"]["total_ns"]) == 5
        assert [name for name, value in function.items() if name.endswith("_samples") and value] == [f"{beside}_samples"]
        assert function["budgets"][0]["cause"]["kind"] == "moved", function["budgets"]
        page = (folder / "r.html").read_text().split("<script")[0]
        assert "moved: new: " in page and f"each beside one of the {beside}" in page
        assert beside == "baseline" or "baseline" not in page, page
    # Starts beside a reference say nothing about a baseline.
    plan(folder, "version: 1\nfunctions:\n  f: {run: [sleep, '0'], baseline: {run: [/bin/true]}, budgets: [total <= +5% vs baseline]}\n")
    expect(coldspan(args, folder, "--from", "r.json"), USAGE, "r.json: f: coldspan.yaml compares with something else than these reference_samples")


@case
def what_to_type_next_can_be_typed(args, folder):
    (folder / "bin").mkdir()
    (folder / "bin/coldspan").symlink_to(args.coldspan)
    (folder / "it's here").write_text("#!/bin/sh\necho hello\n")
    (folder / "it's here").chmod(0o755)
    plan(folder, "version: 1\ndefaults: {runs: 1, max_runs: 1, warmup: 0}\nfunctions:\n"
                 "  typed: {run: [\"./it's here\", 'a  b', $HOME], budgets: [shared_objects <= 0]}\n"
                 "  env: {run: [sh, -c, 'test $A = 1'], env: {A: '1'}, budgets: [shared_objects <= 0]}\n")
    (folder / "else where").mkdir()
    for where, words in ((folder, ()), (folder / "else where", ()), (folder / "bin", ("-c", "../coldspan.yaml"))):
        got = coldspan(args, where, *words, "-o", "json=r.json")
        expect(got, OVER)
        for function, status in zip(json.loads((where / "r.json").read_text())["functions"], (0, OVER)):
            command = function["budgets"][0]["next"]
            assert f"next: {command}\n" in got.stdout, (command, got)
            ran = subprocess.run(["sh", "-c", command], cwd=where, capture_output=True, text=True, timeout=120,
                                 check=False, env=asserting.environment(PATH=f"{folder}/bin:/usr/bin:/bin"))
            assert ran.returncode == status, (command, ran)
    assert (folder / "cold-starts.html").exists() and "coldspan assert env" in command


@case
def a_forbidden_module_is_named_again(args, folder):
    (folder / "extra.py").write_text("")
    plan(folder, "version: 1\ndefaults: {runs: 2, max_runs: 2, warmup: 0}\nfunctions:\n"
                 f"  f: {{run: [{sys.executable}, -c, 'import extra'], forbid: [extra]}}\n"
                 "  g: {run: [/bin/true], budgets: [total <= 100s]}\n")
    got = coldspan(args, folder, "-o", "json=r.json", "-o", "github=a.txt")
    expect(got, OVER, r"extra \(.*extra")
    assert "extra (" in (folder / "a.txt").read_text()
    again = coldspan(args, folder, "--from", "r.json")
    assert (again.returncode, again.stdout) == (OVER, got.stdout), again


@case
def files_are_counted_together_where_that_is_sound(args, folder):
    plan(folder)
    for name in ("1.json", "2.json"):
        coldspan(args, folder, "over", "-o", f"json={name}")
    expect(coldspan(args, folder, "--from", "1.json", "2.json", "over"), OVER, r"(?m)^over: 10 cold starts$", "10 of 10 over")
    expect(coldspan(args, folder, "--from", "1.json", "1.json"), USAGE, "1.json: over: its starts are counted already")
    text = (folder / "2.json").read_text()
    # Virtual machines of one kind have not always the same memory to the page.
    memory = json.loads(text)["functions"][0]["origin"]["host"]["memory_bytes"]
    for less, starts in ((memory // 64, 10), (memory // 16, 5)):
        (folder / "2.json").write_text(text.replace(f'"memory_bytes":{memory},', f'"memory_bytes":{memory - less},'))
        expect(coldspan(args, folder, "--from", "1.json", "2.json", "over"), OVER, rf"over: {starts} cold starts\n")
    for name in ("governor", "huge_pages", "aslr"):
        (folder / "2.json").write_text(re.sub(f'"{name}":"[a-z]*"', f'"{name}":"other"', text))
        (folder / "3.json").write_text(re.sub(f'"{name}":"[a-z]*"', f'"{name}":"this"', (folder / "1.json").read_text()))
        expect(coldspan(args, folder, "--from", "3.json", "2.json", "over"), OVER, r"over: 5 cold starts\n")
    (folder / "2.json").write_text(re.sub('"cpus":[0-9]+', '"cpus":512', text))
    got = coldspan(args, folder, "--from", "1.json", "--from", "2.json", "over", "-o", "junit=j.xml")
    expect(got, OVER, "budgets: 2 exceeded", r"(?m)^2.json #2: over: 5 cold starts$")
    suites = xml.etree.ElementTree.parse(folder / "j.xml").getroot()
    assert [suite.get("name") for suite in suites] == ["over (1.json #1)", "over (2.json #2)"]


@case
def whether_addresses_were_random_is_told(args, folder):
    if subprocess.run(["setarch", "-R", "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        cases.skip("personality(2) is refused here")
    plan(folder)
    told = [json.loads(subprocess.run([*first, args.coldspan, "assert", "--json", "over"], cwd=folder, text=True, timeout=300,
                                      capture_output=True, check=False, env=asserting.environment()).stdout)
            for first in ([], ["setarch", "-R"])]
    kernel = pathlib.Path("/proc/sys/kernel/randomize_va_space").read_text().strip()
    assert [document["functions"][0]["origin"]["host"]["aslr"] for document in told] == [
        {"0": "off", "1": "partial", "2": "full"}[kernel], "off"], told


@case
def another_configuration_is_told(args, folder):
    plan(folder)
    coldspan(args, folder, "over", "-o", "json=1.json")
    own = json.loads((folder / "1.json").read_text())
    assert own["config_hash"] == own["functions"][0]["origin"]["config_hash"] and len(own["config_hash"]) == 16, own
    got = coldspan(args, folder, "--from", "1.json", "over")
    expect(got, OVER)
    assert "judged by" not in got.stdout, got
    plan(folder, PLAN.replace("max: 1ns", "max: 9s"))
    words = [word for name in ("text", "markdown", "html", "json") for word in ("-o", f"{name}=out.{name}")]
    expect(coldspan(args, folder, "--from", "1.json", "over", *words), KEPT,
           rf"  judged by another coldspan.yaml than it was measured with \([0-9a-f]{{16}}, not {own['config_hash']}\)\n")
    for name in ("text", "markdown", "html"):
        assert "judged by another coldspan.yaml" in (folder / f"out.{name}").read_text(), name
    new = json.loads((folder / "out.json").read_text())
    assert new["config_hash"] != new["functions"][0]["origin"]["config_hash"] == own["config_hash"], new
    # Counted together with what was measured by the new one, it is still told.
    coldspan(args, folder, "over", "-o", "json=2.json")
    for files in (("1.json", "2.json"), ("2.json", "1.json")):
        expect(coldspan(args, folder, "--from", *files, "over"), KEPT, r"over: 10 cold starts", r"judged by another")


@case
def what_has_no_samples_is_not_green(args, folder):
    plan(folder)
    coldspan(args, folder, "kept", "-o", "json=r.json")
    expect(coldspan(args, folder, "--from", "r.json", "kept"), KEPT)
    expect(coldspan(args, folder, "--from", "r.json"), NO_DATA, r"over: 0 cold starts", r"NO DATA .* not seen in 0 of 0")


@case
def foreign_files_are_refused_in_a_line(args, folder):
    plan(folder)
    coldspan(args, folder, "over", "-o", "json=r.json")
    good = (folder / "r.json").read_text()
    for text, said in (("", r"x.json:1:"), ("{}", "it has no schema"), ("\xff" * 99, "x.json:1:"),
                       (good.replace("assert/v1", "assert/v9"), "reads coldspan.assert/v1, not coldspan.assert/v9"),
                       (good.replace('"over"', '"ovre"'), 'has no function "ovre"; it has "over"'),
                       (good.replace("total_ns", "total_s"), "does not know the metric total_s"),
                       (good[:len(good) // 2], "x.json:1:")):
        (folder / "x.json").write_text(text)
        got = coldspan(args, folder, "--from", "x.json")
        expect(got, USAGE, said)
        assert got.stderr.count("\n") == 1, got
    expect(coldspan(args, folder, "--from", "nothere"), USAGE, "nothere: No such file")
    expect(coldspan(args, folder, "--from", "."), USAGE, r"\.: Is a directory")
    expect(coldspan(args, folder, "--from", "r.json", "--null"), USAGE, "--null starts functions")
    expect(coldspan(args, folder, "--from", "r.json", "-n", "3"), USAGE, "--runs starts functions")
    expect(coldspan(args, folder, "--from", "r.json", "--baseline", "HEAD"), USAGE, "--baseline starts functions")


def github(folder):
    return {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(folder / "summary"),
            "GITHUB_OUTPUT": str(folder / "output"), "GITHUB_WORKSPACE": str(folder.parent)}


@case
def github_is_told_without_being_asked_to(args, folder):
    plan(folder)
    (folder / "summary").write_text("of another command\n")
    got = coldspan(args, folder, "over", env=github(folder))
    expect(got, OVER)
    place = f"file={folder.name}/coldspan.yaml,line=6,col="
    assert [line for line in got.stdout.splitlines() if line.startswith(f"::error {place}")], got
    assert (folder / "summary").read_text().startswith("of another command\n### \u274c coldspan: ")
    assert (folder / "output").read_text() == "verdict=exceeded\nexit_status=3\nreport=\n"
    # What is not proved is not kept either, also where it is no failure.
    text = (folder / "coldspan.yaml").read_text()
    bounds = "version: 1\nfunctions: {f: {run: [/bin/true], budgets: [p50 total <= 100s]}}\n"
    (folder / "coldspan.yaml").write_text(bounds)
    expect(coldspan(args, folder, "-n", "5", "-o", "json=few.json"), KEPT)
    (folder / "coldspan.yaml").write_text(bounds.replace("[p50", "[p99 total <= 100s, p50"))
    expect(coldspan(args, folder, "--from", "few.json", "-o", "html=p.html", env=github(folder)), KEPT)
    assert "### \u26a0\ufe0f coldspan: 1 of 2 budgets inconclusive\n" in (folder / "summary").read_text()
    assert (folder / "output").read_text().endswith("verdict=inconclusive\nexit_status=0\nreport=p.html\n")
    assert '<h1 class="doubtful">inconclusive</h1>' in (folder / "p.html").read_text()
    (folder / "coldspan.yaml").write_text(text)
    (folder / "summary").write_text("### before\n")
    got = coldspan(args, folder, "over", "--no-ci", env=github(folder))
    assert "::error" not in got.stdout and (folder / "summary").read_text().count("###") == 1
    got = coldspan(args, folder, "kept", env={**github(folder), "GITHUB_STEP_SUMMARY": "/no/where"})
    expect(got, KEPT, r"warn: cannot write /no/where \(\$GITHUB_STEP_SUMMARY\)")


@case
def gitlab_is_told_without_being_asked_to(args, folder):
    plan(folder)
    expect(coldspan(args, folder, "over", env={"GITLAB_CI": "true"}), OVER)
    report = json.loads((folder / "gl-code-quality-report.json").read_text())
    for entry in report:
        assert set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert entry["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert entry["location"]["path"] == "coldspan.yaml" and entry["location"]["lines"]["begin"] > 0
    assert len({entry["fingerprint"] for entry in report}) == len(report) == 2
    assert re.search(r"; largest: .*; why: .*; next: coldspan run -- /bin/true$", "\n".join(entry["description"] for entry in report), re.M)


@case
def limits_of_github_hold(args, folder):
    for count in (30, 10000):
        plan(folder, many(count))
        (folder / "summary").unlink(missing_ok=True)
        got = coldspan(args, folder, env=github(folder))
        expect(got, OVER)
        commands = [line for line in got.stdout.splitlines() if line.startswith("::")]
        assert len(commands) == 10 and f"{count - 9} more" in commands[-1], commands[-1]
        summary = (folder / "summary").read_bytes()
        assert len(summary) <= 900 * 1024, len(summary)
        rows = summary.count(b"| FAIL |")
        left = re.search(rb"\n(\d+) more, less bad than these, are left out", summary)
        assert rows + (int(left[1]) if left else 0) == count and (rows == 30 or left), rows


def schema(parser):
    parser.add_argument("--schema", type=pathlib.Path, required=True)


if __name__ == "__main__":
    asserting.main(__doc__, schema)
