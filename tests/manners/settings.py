#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which setting wins, and that credentials among them are shown nowhere.

usage: settings.py --build DIR --source DIR
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, listening
from lib.cases import case
from manners import commands

LIMIT_S = 60
SECRET = "s3cr3t-t0ken"


def call(args, folder, *words, **env):
    return subprocess.run([args.coldspan, *words], cwd=folder, text=True, capture_output=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=LIMIT_S, env=commands.environment(**env))


def shown(folder, got):
    """All that was said and written."""
    files = [path.read_bytes().decode(errors="replace") for path in folder.rglob("*") if path.is_file()]
    return "\n".join([got.stdout, got.stderr, *files])


@case
def a_flag_beats_the_variable_and_the_variable_what_is_built_in(args, folder):
    for words, env, wanted in ((["--socket", "/flag"], {"COLDSPAN_SOCKET": "/variable"}, "/flag"),
                               ([], {"COLDSPAN_SOCKET": "/variable"}, "/variable"),
                               ([], {"COLDSPAN_SOCKET": ""}, "/run/coldspan/announce.sock"),
                               ([], {}, "/run/coldspan/announce.sock")):
        got = call(args, folder, "env", "--json", *words, **env)
        assert json.loads(got.stdout)["variables"]["COLDSPAN_SOCKET"] == wanted, (words, env, got)
        got = call(args, folder, "doctor", *words, "--", "cat", **env)
        assert f" at {wanted}" in got.stdout, (words, env, got)


@case
def a_flag_beats_the_file(args, folder):
    (folder / "coldspan.yaml").write_text(
        "version: 1\ndefaults: {runs: 9, max_runs: 9, warmup: 0}\nfunctions:\n"
        "  f: {run: ['true'], budgets: [shared_objects <= 100]}\n")
    for words, count in (([], 9), (["--runs", "3"], 3)):
        got = call(args, folder, "assert", *words)
        assert got.stdout.startswith(f"f: {count} cold starts"), got


YAML = """version: 1
defaults: {runs: 9,
           max_runs: 12}
policy:
  on_inconclusive: fail
functions:
  f:
    run: [sh, -c, echo a b]
    timeout: 3s
    budgets:
      - shared_objects <= 100
    extends: coldspan:lambda
  g:
    shell: "true"
    env: {TOKEN: s3cr3t-t0ken}
    budgets: [total <= 9s]
"""


EVERY_KEY = """version: 1
functions:
  h:
    run: [sh, -c, echo a b]
    ready: {pattern: a b}
    invoke: {path: /x, body: s3cr3t-t0ken}
    package: .
    cost: {memory: 1GiB}
    env: {TOKEN: s3cr3t-t0ken}
    forbid: [a, b c]
    extends: coldspan:knative
    baseline: {ref: main, build: make}
    budgets: [total <= 9s, total <= 2x vs baseline]
policy:
  prices: {date: 2026-11-22, source: a page, per_request: 1USD, per_gb_second: 1USD}
  quarantine: [{id: h/p50-total, until: 2026-12-31}]
"""


def _told(args, folder, *words):
    got = call(args, folder, "assert", "--show-origin", *words)
    assert (got.returncode, got.stderr) == (0, "") and SECRET not in got.stdout, got
    return {name: (value, origin) for origin, name, value in
            (re.fullmatch(r"(\S+) +(\S+) = (.*)", line).groups() for line in got.stdout.splitlines())}


@case
def where_a_setting_comes_from_is_told(args, folder):
    (folder / "coldspan.yaml").write_text(YAML)
    told = _told(args, folder)
    for name, wanted in {"f.run": ("sh -c 'echo a b'", "coldspan.yaml:8"), "f.runs": ("9", "coldspan.yaml:2"),
                         "f.max_runs": ("12", "coldspan.yaml:3"), "f.warmup": ("2", "default"),
                         "f.timeout": ("3.00 s", "coldspan.yaml:9"), "g.timeout": ("10.0 s", "default"),
                         "f.ready": ("exit", "default"), "f.confidence": ("95%", "default"),
                         "f.budgets.shared_objects": ("shared_objects <= 100", "coldspan.yaml:11"),
                         "f.budgets.p95-total-slow": ("p95 total <= 1.00 s (warn)", "coldspan.yaml:12"),
                         "g.shell": ("true", "coldspan.yaml:14"), "g.runs": ("9", "coldspan.yaml:2"),
                         "policy.on_inconclusive": ("fail", "coldspan.yaml:5"), "policy.confirm": ("0", "default")}.items():
        assert told[name] == wanted, (name, told)
    told = _told(args, folder, "-n", "5", "--strict", "--baseline", "main", "g")
    assert told["g.runs"] == told["g.max_runs"] == ("5", "--runs") and "f.runs" not in told, told
    assert told["policy.on_inconclusive"] == ("fail", "--strict") and told["g.baseline.ref"] == ("main", "--baseline"), told
    (folder / "coldspan.yaml").write_text(EVERY_KEY)
    told = _told(args, folder)
    for name, wanted in {"h.ready.pattern": ("a b", 5), "h.invoke.path": ("/x", 6), "h.invoke.body": ("(set, not shown)", 6),
                         "h.package": (".", 7), "h.cost.memory": ("1GiB", 8), "h.env.TOKEN": ("(set, not shown)", 9),
                         "h.forbid": ("a 'b c'", 10), "h.extends": ("coldspan:knative", 11),
                         "h.baseline.ref": ("main", 12), "h.baseline.build": ("make", 12),
                         "policy.prices.per_request": ("1USD", 15), "policy.quarantine.0.id": ("h/p50-total", 16),
                         "policy.quarantine.0.until": ("2026-12-31", 16)}.items():
        assert told[name] == (wanted[0], f"coldspan.yaml:{wanted[1]}"), (name, told)
    assert told["policy.on_no_data"] == ("fail", "default"), told
    told = _told(args, folder, "--baseline", "other")
    assert (told["h.baseline.ref"], told["h.baseline.build"]) == (("other", "--baseline"), ("make", "coldspan.yaml:12")), told
    for words in (["nosuch"], ["--null"], ["-o", "junit=j.xml"], ["--from", "r.json"]):
        got = call(args, folder, "assert", "--show-origin", *words)
        assert got.returncode == 2 and got.stderr.count("\n") == 1 and not got.stdout, got
    assert not (folder / "j.xml").exists()


@case
def what_comes_by_a_pipe_is_a_file_as_well(args, folder):
    text = ("version: 1\ndefaults: {runs: 2, max_runs: 2, warmup: 0}\nfunctions:\n"
            "  f: {run: [./here], budgets: [shared_objects <= 100]}\n")
    (folder / "here").write_text("#!/bin/sh\n")
    (folder / "here").chmod(0o755)
    for script in ('cat plan | "$0" assert -c -', '"$0" assert -c <(cat plan)', '"$0" assert --config=/dev/stdin < plan',
                   '"$0" assert -c plan -o json=r.json && "$0" assert -c plan --from <(cat r.json)'):
        (folder / "plan").write_text(text)
        got = subprocess.run(["bash", "-c", script, args.coldspan], cwd=folder, text=True, capture_output=True,
                             check=False, timeout=LIMIT_S, stdin=subprocess.DEVNULL, env=commands.environment())
        assert got.returncode == 0 and "f: 2 cold starts" in got.stdout, (script, got)
    got = call(args, folder, "assert", "--update", "-c", "-")
    assert got.returncode == 2 and got.stderr.count("\n") == 1 and "--config - is none" in got.stderr, got


@case
def the_collector_takes_its_flag_for_the_variable(args, folder):
    for words, env, name in ((["--socket", "flag"], {"COLDSPAN_SOCKET": "variable"}, "flag"),
                             ([], {"COLDSPAN_SOCKET": "variable"}, "variable")):
        with subprocess.Popen([args.collector, *words], cwd=folder, stderr=subprocess.PIPE, text=True,
                              env=commands.environment(**env)) as process:
            said = process.stderr.readline() + process.stderr.readline()
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=LIMIT_S)
        assert f"announce themselves at {name}\n" in said, said


@case
def the_collector_tells_where_its_settings_come_from(args, folder):
    def told(*words, **env):
        got = subprocess.run([args.collector, "--show-origin", *words], cwd=folder, text=True, capture_output=True,
                             check=False, timeout=LIMIT_S, stdin=subprocess.DEVNULL, env=commands.environment(**env))
        assert (got.returncode, got.stderr) == (0, "") and SECRET not in got.stdout, got
        return [re.fullmatch(r"(\S+) +(\S+) = (.*)", line).groups() for line in got.stdout.splitlines()]

    assert told() == [("default", "socket", "/run/coldspan/announce.sock"), ("default", "socket-mode", "0666"),
                      ("default", "max-instances", "half of the descriptors"), ("default", "xray-parent", "no"),
                      ("default", "sampler", "none"), ("default", "tail", "everything"),
                      ("default", "log-level", "info")]
    env = {"COLDSPAN_SOCKET": "c.sock", "OTEL_LOG_LEVEL": "warn", "OTEL_EXPORTER_OTLP_HEADERS": f"k={SECRET}",
           "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:4318/{SECRET}?k={SECRET}",
           "OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.5"}
    assert {("COLDSPAN_SOCKET", "socket", "c.sock"), ("OTEL_LOG_LEVEL", "log-level", "warn"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "otlp", "http://127.0.0.1:4318"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "otlp.headers", "(set, not shown)")} <= set(told(**env))
    got = told(**env, OTEL_TRACES_EXPORTER="none")
    assert ("OTEL_TRACES_EXPORTER", "otlp.traces", "none") in got and ("default", "otlp.logs", "none") not in got, got
    got = told("--otlp", "http://127.0.0.1:1", OTEL_LOGS_EXPORTER="none")
    assert {("--otlp", "otlp", "http://127.0.0.1:1"), ("OTEL_LOGS_EXPORTER", "otlp.logs", "none")} <= set(got), got
    words = ["--socket", "f.sock", "--socket-mode", "600", "--max-instances", "7", "--xray-parent", "--log-level", "error",
             "--tail", "cold,ratio=0.1",
             "--file", "a", "--file", "b", "--otlp", "http://127.0.0.1:1"]
    assert told(*words, **env)[:-1] == [
        ("--socket", "socket", "f.sock"), ("--socket-mode", "socket-mode", "0600"), ("--max-instances", "max-instances", "7"),
        ("--xray-parent", "xray-parent", "yes"), ("OTEL_TRACES_SAMPLER", "sampler", "traceidratio=0.5"),
        ("--tail", "tail", "cold,ratio=0.1"), ("--log-level", "log-level", "error"), ("--file", "file", "a"),
        ("--file", "file", "b"), ("--otlp", "otlp", "http://127.0.0.1:1")]
    assert not (folder / "f.sock").exists() and not (folder / "a").exists()


@case
def credentials_are_shown_by_no_command(args, folder):
    env = {"OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{SECRET}",
           "OTEL_EXPORTER_OTLP_TRACES_HEADERS": f"x-key={SECRET}", "OTEL_LOG_LEVEL": "debug"}
    url = f"http://127.0.0.1:{listening.closed_port()}"
    for words in (["run", "-v", "--json", "run.json", "--file", "spans.jsonl", "--otlp", url, "--", "true"],
                  ["env"], ["env", "--export"], ["env", "--json"], ["doctor", "--", "true"],
                  ["doctor", "--json", "--no-socket", "--", "true"], ["doctor", str(os.getpid())],
                  ["version", "--json"], ["init"], ["report", "spans.jsonl"], ["report", "--json", "spans.jsonl"]):
        got = call(args, folder, *words, **env)
        assert SECRET not in shown(folder, got), f"{words}: {shown(folder, got)}"
        assert got.stdout or got.stderr, words


@case
def credentials_of_another_process_are_not_shown_either(args, folder):
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, env={
            **os.environ, "OTEL_EXPORTER_OTLP_HEADERS": SECRET, "COLDSPAN_SOCKET": str(folder / "none")}) as process:
        for words in (["doctor"], ["doctor", "--json"]):
            got = call(args, folder, *words, str(process.pid))
            assert got.returncode == 3 and SECRET not in shown(folder, got), got
        process.stdin.close()


@case
def credentials_that_cannot_be_understood_are_not_quoted(args, folder):
    url = f"http://127.0.0.1:{listening.closed_port()}"
    for headers in (SECRET, f"a b={SECRET}", f"={SECRET}", f"a=%zz{SECRET}", f"a={SECRET}\x01", f"ok=1,{SECRET}"):
        for command in ([args.coldspan, "run", "--otlp", url, "--", "true"],
                        [args.collector, "--socket", "c.sock", "--otlp", url]):
            with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  stdin=subprocess.DEVNULL,
                                  env=commands.environment(OTEL_EXPORTER_OTLP_HEADERS=headers)) as process:
                if command[0] == args.collector and "ready" in (line := process.stderr.readline()):
                    process.send_signal(signal.SIGTERM)  # it made sense of them
                said = (line if command[0] == args.collector else "") + "".join(process.communicate(timeout=LIMIT_S))
            assert SECRET not in said, f"{headers!r}: {said}"


@case
def credentials_in_an_address_are_not_quoted(args, folder):
    for url in (f"http://user:{SECRET}@127.0.0.1:1", f"https://user:{SECRET}@127.0.0.1:1", f"user:{SECRET}@127.0.0.1",
                f"ftp://{SECRET}@127.0.0.1", f"http://user:p/{SECRET}@127.0.0.1:1", f"http://a b/?key={SECRET}",
                f"https://127.0.0.1/?key={SECRET}", f"http://127.0.0.1:1/#x?{SECRET}"):
        for command in ([args.coldspan, "run", "--otlp", url, "--", "true"],
                        [args.collector, "--socket", "c.sock", "--otlp", url]):
            got = subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False, timeout=LIMIT_S,
                                 stdin=subprocess.DEVNULL, env=commands.environment())
            assert got.returncode in (2, 125) and got.stderr.count("\n") == 1, f"{url}: {got}"
            assert SECRET not in shown(folder, got), f"{url}: {got}"


@case
def a_key_in_an_address_that_is_used_is_not_quoted(args, folder):
    got = call(args, folder, "run", "-v", "--otlp", f"http://127.0.0.1:{listening.closed_port()}/in?key={SECRET}", "--", "true",
               OTEL_LOG_LEVEL="debug")
    assert got.returncode == 0 and SECRET not in shown(folder, got), got
    with subprocess.Popen([args.collector, "--socket", "c.sock", "--otlp",
                           f"http://127.0.0.1:{listening.closed_port()}/in?key={SECRET}"], cwd=folder, text=True,
                          stderr=subprocess.PIPE, env=commands.environment()) as process:
        said = process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        said += process.communicate(timeout=LIMIT_S)[1]
    assert "otlp http://127.0.0.1:" in said and SECRET not in said, said


def main():
    args = cases.parser(__doc__, "build", "source").parse_args()
    args.coldspan, args.collector = args.build / "agent/coldspan", args.build / "collector/coldspan-collector"
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
