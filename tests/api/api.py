#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs that tell of themselves through coldspan.h, bare and watched, and the spans that come of it.

usage: api.py --coldspan FILE --collector FILE --shim FILE --library FILE --include DIR --server FILE
              --sources DIR
"""
import collections
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, otlp_json, watching
from lib.cases import case

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
SERVER, INTERNAL = 2, 1
ERROR, OK = 2, 1
TIMEOUT_S = 60


def build(args, folder, source="teller.c", compiler="cc", flags=()):
    made = folder / "guest"
    run = subprocess.run([compiler, "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-O1", *flags,
                          "-I", args.include, args.sources / source, args.library, "-pthread",
                          "-o", made], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return made


def watch(args, folder, *command, text="", status=0, **env):
    """Spans of a command under `coldspan run`, and what it wrote."""
    written = folder / "traces.jsonl"
    run = subprocess.run([args.coldspan, "run", "--quiet", "--file", written, "--", *command], input=text,
                         capture_output=True, text=True, check=False, timeout=TIMEOUT_S,
                         env={**os.environ, **env})
    assert run.returncode == status, run
    spans = otlp_json.of_file(written)
    assert "secret" not in written.read_text(), "a header that is on no list was recorded"
    return [span for span in spans if "coldspan.phase" not in span["attributes"]], run.stdout


def named(spans, name):
    found = [span for span in spans if span["name"] == name]
    assert len(found) == 1, f"{name}: {[span['name'] for span in spans]}"
    return found[0]


def of_id(spans, name):
    found = [span for span in spans if span["attributes"].get("faas.invocation_id") == name]
    assert len(found) == 1, f"{name}: {len(found)}"
    return found[0]


@case
def everything(args, folder):
    spans, said = watch(args, folder, build(args, folder), "everything")
    invocation, outer, inner = named(spans, "nightly"), named(spans, "outer"), named(spans, "inner")
    assert said == f"1 {PARENT}\n0 .\n1 77\n", said
    assert len(spans) == 4 and named(spans, "cold start")["attributes"]["coldspan.protocol"] == "api", spans
    told = invocation["attributes"]
    assert (invocation["traceId"], invocation["kind"], invocation["status"]) == (TRACE, SERVER, OK), told
    assert invocation["parentSpanId"] == "b7ad6b7169203331" and invocation["traceState"] == "a=b"
    expected = {"faas.trigger": "timer", "faas.invocation_id": "i-1", "faas.coldstart": True,
                "coldspan.protocol": "api", "n": -7, "s": "grüß",
                "http.request.header.x-request-id": ["r-1"]}
    assert expected.items() <= told.items(), told
    assert invocation["dropped"][0] == 4, invocation["dropped"]  # three that are none, one that is ours
    assert (outer["parentSpanId"], outer["kind"]) == (invocation["spanId"], INTERNAL), outer
    assert (inner["parentSpanId"], inner["status"]) == (outer["spanId"], ERROR), inner
    assert inner["message"] == "went wrong", inner
    assert inner["attributes"] == {"d": 0.5, "b": True, "twice": "last"}, inner
    assert outer["attributes"] == {} and len(outer["events"]) == 1, outer
    event = outer["events"][0]
    assert (event["name"], event["attributes"]) == ("cache miss", {"n": -7, "s": "grüß"}), event
    times = [invocation["start"], outer["start"], inner["start"], event["time"], inner["end"],
             outer["end"], invocation["end"]]
    assert times == sorted(times) and times[0] > 0, times


@case
def what_is_handed_on_is_its_own(args, folder):
    spans, said = watch(args, folder, build(args, folder), "everything", COLDSPAN_PROPAGATE="outbound")
    invocation = named(spans, "nightly")
    assert said == f"1 00-{TRACE}-{invocation['spanId']}-01\n0 .\n1 77\n", (said, invocation)
    assert invocation["parentSpanId"] == "b7ad6b7169203331", invocation


@case
def of_an_id_that_is_handed_on_there_is_a_record(args, folder):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as nobody:
        nobody.bind(str(folder / "socket"))
        nobody.listen()
        run = subprocess.run([build(args, folder), "flooded"], capture_output=True, text=True, check=False,
                             timeout=TIMEOUT_S,
                             env={**os.environ, "LD_PRELOAD": str(args.shim), "COLDSPAN_PROPAGATE": "outbound",
                                  "COLDSPAN_SOCKET": str(folder / "socket")})
    assert (run.returncode, run.stdout) == (0, f"1 {PARENT}\n"), run


@case
def what_is_wrong_does_nothing(args, folder):
    guest = build(args, folder)
    spans, _ = watch(args, folder, guest, "nothing")
    assert len([span for span in spans if span["kind"] == SERVER]) == 2, spans
    assert of_id(spans, "short"), spans


@case
def the_same_without_a_shim(args, folder):
    guest = build(args, folder)
    for program, out in (("everything", "0 \n0 .\n0 77\n"), ("nothing", ""), ("many", ""),
                         ("threads", ""), ("handlers", "100\n")):
        run = subprocess.run([guest, program], capture_output=True, text=True, check=False,
                             timeout=TIMEOUT_S)
        assert (run.returncode, run.stdout, run.stderr) == (0, out, ""), (program, run)


LINKED = {"PIE": ("-fPIE", "-pie"), "no PIE": ("-fno-PIE", "-no-pie"),
          "no PIE, eagerly bound": ("-no-pie", "-Wl,-z,now"), "optimised at link time": ("-flto",),
          "gold": ("-fuse-ld=gold",), "lld": ("-fuse-ld=lld",)}


def linked(what, flags):
    def check(args, folder):
        linker = [flag.partition("=")[2] for flag in flags if "fuse-ld" in flag]
        if linker and not shutil.which(f"ld.{linker[0]}"):
            cases.skip(f"ld.{linker[0]} is not installed")
        spans, said = watch(args, folder, build(args, folder, flags=flags), "everything")
        assert said.endswith("1 77\n") and len(spans) == 4, (said, spans)
    cases.register(f"linked: {what}", check)


for one, given in LINKED.items():
    linked(one, given)


@case("a static program does without")
def static(args, folder):
    guest = build(args, folder, flags=("-static",))
    run = subprocess.run([guest, "everything"], capture_output=True, text=True, check=False,
                         env={**os.environ, "LD_PRELOAD": str(args.shim)}, timeout=TIMEOUT_S)
    assert (run.returncode, run.stdout) == (0, "0 \n0 .\n0 77\n"), run


@case("a program on musl")
def musl(args, folder):
    if not shutil.which("musl-gcc"):
        cases.skip("musl-gcc is not installed (script/setup installs it)")
    guest = build(args, folder, compiler="musl-gcc")
    spans, said = watch(args, folder, guest, "everything")
    assert said.endswith("1 77\n") and len(spans) == 4, (said, spans)


@case("the header is C++, too")
def cplusplus(args, folder):
    if not shutil.which("c++"):
        cases.skip("c++ is not installed")
    guest = build(args, folder, source="links.cpp", compiler="c++", flags=("-pedantic", "-std=c++11"))
    spans, _ = watch(args, folder, guest, status=1)
    assert named(spans, "s") and len(spans) == 3, spans


@case("the header is C99")
def c99(args, folder):
    (folder / "only.c").write_text("#include <coldspan.h>\nint main(void) { return coldspan_watching(); }\n")
    subprocess.run(["cc", "-std=c99", "-pedantic-errors", "-Wall", "-Wextra", "-Werror", "-Wconversion",
                    "-I", args.include, folder / "only.c", args.library, "-o", folder / "only"], check=True)


@case
def limits_are_counted(args, folder):
    spans, _ = watch(args, folder, build(args, folder), "many")
    invocation = of_id(spans, "many")
    told = invocation["attributes"]
    assert told["long"] == "x" * 511, len(told["long"])
    assert invocation["dropped"][0] > 0, invocation["dropped"]
    kept = sum(key.startswith("k") for key in told)
    assert kept + invocation["dropped"][0] == 100, (kept, invocation["dropped"])
    assert len(invocation["events"]) == 64 and told["coldspan.events.dropped"] == 37, told
    assert invocation["events"][0]["attributes"] == {"same": 31}, invocation["events"][0]
    assert sum(span["name"] == "one of many" for span in spans) == 1000, len(spans)


@case
def nothing_is_ever_anothers(args, folder):
    spans, _ = watch(args, folder, build(args, folder), "threads")
    invocations = {span["spanId"]: span for span in spans if span["kind"] == SERVER}
    inner = [span for span in spans if span["kind"] == INTERNAL and span["name"] != "cold start"]
    assert len(invocations) == len(inner) == 8 * 60, (len(invocations), len(inner))
    for span in inner:
        parent = invocations[span["parentSpanId"]]
        own = parent["attributes"]["faas.invocation_id"]
        assert span["traceId"] == parent["traceId"]
        assert [span["name"], span["attributes"]["of"], parent["attributes"]["of"]] == [own] * 3, span
        assert [event["name"] for event in parent["events"]] == [own], parent
    assert sum(span["attributes"]["faas.coldstart"] for span in invocations.values()) == 1
    assert max(collections.Counter(span["parentSpanId"] for span in inner).values()) == 1


@case
def children_of_fork(args, folder):
    spans, _ = watch(args, folder, build(args, folder), "forks")
    parent, child = of_id(spans, "parent"), of_id(spans, "child")
    assert named(spans, "shared")["parentSpanId"] == parent["spanId"], spans
    assert named(spans, "of the child")["parentSpanId"] == parent["spanId"], spans
    assert named(spans, "its own")["parentSpanId"] == child["spanId"], spans
    assert child["attributes"]["coldspan.worker.pid"] != parent["resource"]["process.pid"], child


@case
def killed_in_the_middle(args, folder):
    spans, _ = watch(args, folder, build(args, folder), "killed", status=137)
    for span in (of_id(spans, "killed"), named(spans, "outer"), named(spans, "inner")):
        assert span["status"] == ERROR and "SIGKILL" in span["message"], span
        assert span["attributes"]["coldspan.exit.signal"] == 9, span
    assert named(spans, "inner")["parentSpanId"] == named(spans, "outer")["spanId"], spans


@case
def handlers_of_signals(args, folder):
    spans, said = watch(args, folder, build(args, folder), "handlers")
    assert said == "100\n", said
    names = collections.Counter(span["name"] for span in spans)
    assert (names["in a handler"], names["outside"]) == (100, 100), names
    own = of_id(spans, "handlers")["spanId"]
    assert all(span["parentSpanId"] == own for span in spans if span["name"] in ("outside", "in a handler"))


@case("a span that outlives its invocation is told of when it ends")
def outlives(args, folder):
    written, socket = folder / "traces.jsonl", folder / "socket"
    guest = build(args, folder)
    collector = watching.start([args.collector, "--file", written], str(socket),
                               stderr=subprocess.DEVNULL)
    try:
        program = subprocess.Popen([guest, "later"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   env={**os.environ, "LD_PRELOAD": str(args.shim),
                                        "COLDSPAN_SOCKET": str(socket)})
        assert program.stdout.readline() == b"answered\n"
        until = time.monotonic() + TIMEOUT_S
        while not (written.exists() and "later" in written.read_text()):
            assert time.monotonic() < until, "the invocation was not told of while its process lives"
            time.sleep(0.02)
        assert "goes on" not in written.read_text()
        program.communicate(b"x", timeout=TIMEOUT_S)
    finally:
        watching.stop(collector)
    spans = otlp_json.of_file(written)
    span, invocation = named(spans, "goes on"), of_id(spans, "later")
    assert span["parentSpanId"] == invocation["spanId"] and span["traceId"] == invocation["traceId"], span
    assert span["attributes"] == {"after": 1} and span["end"] > invocation["end"], span


@case("the sample server")
def sample(args, folder):
    lines = f"a {PARENT} one two\nb - three\nc -\n"
    spans, said = watch(args, folder, args.server, text=lines)
    assert said == "ONE TWO\nTHREE\nerror\n", said
    first, second, third = (of_id(spans, name) for name in "abc")
    assert first["traceId"] == TRACE and second["traceId"] != TRACE, spans
    assert [span["attributes"]["faas.coldstart"] for span in (first, second, third)] == [True, False, False]
    assert third["status"] == ERROR and third["message"] == "there are no words", third
    shouts = [span for span in spans if span["name"] == "shout"]
    assert [span["parentSpanId"] for span in shouts] == [first["spanId"], second["spanId"]], shouts
    cold = named(spans, "cold start")
    assert (cold["traceId"], cold["end"]) == (TRACE, first["end"]), cold
    bare = subprocess.run([args.server], input=lines, capture_output=True, text=True, check=True,
                          timeout=TIMEOUT_S)
    assert bare.stdout == said, bare


if __name__ == "__main__":
    given_args = cases.parser(__doc__, "coldspan", "collector", "shim", "library", "include", "server",
                              "sources").parse_args()
    cases.main(given_args, given_args, folder=True)
