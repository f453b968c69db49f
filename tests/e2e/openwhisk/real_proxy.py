#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same loops behind OpenWhisk's own action proxy (openwhisk-runtime-go), asked as an invoker asks it.

usage: real_proxy.py --build DIR

The proxy is a static Go program (tests/peers/README.md), which no library can be in. What watches the action comes
in the environment of its /init. It listens at port 8080 of every network: so all of this is in a network of its own.
"""
import contextlib
import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
import proxy
from languages import CALLER, LANGUAGES, LOOPS, SECRET, TRACE, needs_the_kernels_word, web
from lib import cases, network, otlp_json, peers, traces, watching
from lib.served import LIMIT_S, SERVER, tool

PORT = 8080  # it cannot be told another
OK, ERROR = 0, 2  # a span's status
NOT_TRIED = ("ruby", "php")  # no action of theirs kills itself
POLL_S = 0.005


class Life:
    """The proxy from its start to its end: an action that is brought by /init, and what /run is answered."""

    def __init__(self, folder, language, events, env):
        folder.mkdir()
        known = LANGUAGES[language]
        code = f"#!/bin/sh\nexec {tool(known.program)} {LOOPS / known.file}\n"
        self.logs = folder / "out", folder / "err"
        with open(self.logs[0], "wb") as out, open(self.logs[1], "wb") as err:
            self.process = subprocess.Popen([peers.path("openwhisk_proxy")], cwd=folder, stdout=out, stderr=err,
                                            stdin=subprocess.DEVNULL, start_new_session=True,
                                            env={"OW_WAIT_FOR_ACK": "1", "PATH": os.environ["PATH"]})
        try:
            init = self.post("/init", {"value": {"code": code, "main": "main", "env": env}})
            assert init == (200, b'{"ok":true}\n'), init
            self.answers = [self.post("/run", event) for event in events]
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(LIMIT_S)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def post(self, path, value):
        with contextlib.closing(self.connected()) as connection:
            connection.request("POST", path, json.dumps(value), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def connected(self):
        end = time.monotonic() + LIMIT_S
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=LIMIT_S)
            try:
                connection.connect()
                return connection
            except ConnectionRefusedError:
                assert self.process.poll() is None and time.monotonic() < end, "the proxy does not listen"
                time.sleep(POLL_S)

    def said(self):
        return [log.read_bytes() for log in self.logs]


def both(args, folder, language, events):
    """Bare and watched: the same answers, the same logs. Returns the spans of the watched one."""
    bare = Life(folder / "bare", language, events, {"A": "1"})
    written, announce = folder / "traces.jsonl", folder / "announce.sock"
    collector = watching.start([args.build / "collector/coldspan-collector", "--file", written], announce,
                               stderr=subprocess.DEVNULL)
    try:
        watched = Life(folder / "watched", language, events, {
            "A": "1", "LD_PRELOAD": str(args.build / "preload/libcoldspan.so"), "COLDSPAN_SOCKET": str(announce)})
        watching.finish(collector)
    finally:
        watching.kill(collector)
    assert watched.answers == bare.answers, (bare.answers, watched.answers)
    assert watched.said() == bare.said(), (bare.said(), watched.said())
    text = written.read_text()
    assert SECRET not in text and proxy.KEY not in text
    return bare.answers, otlp_json.of_file(written)


def _serves(args, folder, language):
    """Cold, a web action's with its caller's trace, one that fails, and one in whose midst it is killed."""
    events = [proxy.event("act-1", {"name": "one", "password": SECRET}), proxy.event("act-2", web("two")),
              proxy.event("act-3", {"name": "wrong"}), proxy.event("act-4", {"name": "killed"})]
    killed = language not in NOT_TRIED
    answers, spans = both(args, folder, language, events if killed else events[:-1])
    assert [status for status, _ in answers] == [200, 200, 200] + [400] * killed, answers
    found = sorted((span for span in spans if span["kind"] == SERVER), key=lambda span: span["start"])
    assert [span["attributes"]["faas.invocation_id"] for span in found] == \
        [event["activation_id"] for event in events[:len(answers)]], found
    assert {(span["name"], span["resource"]["faas.name"]) for span in found} == {("/guest/hello", "/guest/hello")}
    assert [span["attributes"]["faas.coldstart"] for span in found] == [True] + [False] * (len(found) - 1), found
    assert (found[1]["traceId"], found[1]["parentSpanId"]) == (TRACE, CALLER), found[1]
    seen = all("coldspan.first_byte_ns" in span["attributes"] for span in found[:3])
    assert seen is (language != "bash"), found  # whose answers are written inside of libc
    assert [span["status"] for span in found[:3]] == [OK, OK, ERROR if seen else OK], found
    cold, phases = traces.cold_start([span for span in spans
                                      if span["resource"]["process.pid"] == found[0]["resource"]["process.pid"]])
    assert found[0]["parentSpanId"] == cold["spanId"] and cold["attributes"]["coldspan.protocol"] == "stdio", cold
    names = [traces.phase_of(phase) for phase in phases]
    assert names[-5 if seen else -4:] == ["runtime", "code", "wait", "handler", "respond"][:None if seen else -1], names
    if killed:
        needs_the_kernels_word()
        assert (found[3]["status"], found[3]["message"]) == (ERROR, "killed by signal 9 (SIGKILL)"), found[3]


def main():
    parser = cases.parser(__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    args = parser.parse_args()
    args.build = args.build.resolve()
    network.enter()
    peers.path("openwhisk_proxy")  # or everything is skipped
    for language in LANGUAGES:
        cases.register(language, lambda args, folder, language=language: _serves(args, folder, language))
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
