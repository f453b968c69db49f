#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real clients of the Lambda Runtime API under AWS's runtime interface emulator, where there is one.

usage: emulator.py --build DIR

The emulator is `aws-lambda-rie` as AWS's base images have it, found by PATH; without it the test is skipped.
It is a static program, so it is seen by nobody; it starts the client at its first event, and each case asks
it over loopback: bare, and below a real collector.
"""
import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, listening, otlp_json, traces, versions, watching
from lives import PLATFORM, WAIT_S
from table import CLIENTS, FUNCTIONS

INVOKE = "/2015-03-31/functions/function/invocations"
KILLED = re.compile(rb"RequestId: (\S+) Error: Runtime exited with error: signal: killed")
EVENTS = [{"n": 1}, {"error": 1}, {"n": 2}]
# What no two errors have in common: the id of the event.
DIFFERS = re.compile(rb"[0-9a-f]{8}-[0-9a-f-]{27}")
POLL_S = 0.02
NOTHING, ATTEMPTS = (502, b""), 5
OK, ERROR = 0, 2  # a span's status


class Life:
    """The emulator from its start to its end: events, one that is killed, and what was answered."""

    def __init__(self, client, folder, env):
        self.folder = folder
        self.answers, self.last = [], b""
        folder.mkdir()
        self.port, api = listening.free_port(), listening.free_port()
        with open(folder / "said", "wb") as said:
            self.process = subprocess.Popen(
                [versions.program("aws-lambda-rie"), "--runtime-interface-emulator-address",
                 f"127.0.0.1:{self.port}", "--runtime-api-address", f"127.0.0.1:{api}", *client.command()],
                env={**os.environ, **PLATFORM, "_HANDLER": client.handler, **env}, cwd=FUNCTIONS,
                stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True)
        try:
            for event in EVENTS:
                self.ask(event)
            self.ask_and_kill()
            self.process.send_signal(signal.SIGTERM)
            self.status = self.process.wait(WAIT_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def connected(self):
        """It listens some time after it was started, and does not say when."""
        end = time.monotonic() + WAIT_S
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
            try:
                connection.connect()
                return connection
            except ConnectionRefusedError:
                assert self.process.poll() is None and time.monotonic() < end, "the emulator does not listen"
                time.sleep(POLL_S)

    def ask(self, event):
        with contextlib.closing(self.connected()) as connection:
            connection.request("POST", INVOKE, json.dumps(event), {"X-Amz-Tenant-Id": "blue"})
            answer = connection.getresponse()
            self.last = answer.read()
            self.answers.append((answer.status, re.sub(DIFFERS, b"#", self.last)))

    def ask_and_kill(self):
        pid_file = self.folder / "pid"
        os.mkfifo(pid_file)
        asking = threading.Thread(target=self.ask, args=({"hang": str(pid_file)},))
        asking.start()
        os.kill(int(pid_file.read_text(encoding="utf-8")), signal.SIGKILL)
        asking.join(WAIT_S)


def both(args, client, folder):
    """Bare and watched: the same answers, the same end. Returns the watched life, and the spans of it.

    Without us as well the emulator answers now and then with 502 and nothing more: it does not wait for what it
    answers with. Of such a life nothing is known, and it is lived again."""
    for attempt in range(ATTEMPTS):
        bare, seen, spans = one_each(args, client, folder / str(attempt))
        if NOTHING not in bare.answers + seen.answers:
            break
    assert seen.answers == bare.answers, (bare.answers, seen.answers)
    assert seen.status == bare.status, (bare.status, seen.status)
    return seen, spans


def one_each(args, client, folder):
    folder.mkdir()
    bare = Life(client, folder / "bare", {})
    written, announce = folder / "traces.jsonl", folder / "announce.sock"
    collector = watching.start([args.build / "collector/coldspan-collector", "--file", written], announce,
                               stderr=subprocess.DEVNULL)
    try:
        seen = Life(client, folder / "watched", {
            "LD_PRELOAD": str(args.build / "preload/libcoldspan.so"), "COLDSPAN_SOCKET": str(announce)})
    finally:
        watching.stop(collector)
    return bare, seen, otlp_json.of_file(written)


def serves_fails_and_is_killed(client, args, folder):
    """Four events: cold, one whose handler fails, warm, and one in whose midst its process is killed."""
    seen, spans = both(args, client, folder)
    assert [status for status, _ in seen.answers] == [200, 200, 200, 502], seen.answers
    instance = [span["resource"]["process.pid"] for span in spans if span["name"] == "cold start"][:1]
    cold, phases = traces.cold_start([span for span in spans if span["resource"]["process.pid"] in instance])
    assert {"runtime", "code", "wait", "handler", "respond"} <= set(map(traces.phase_of, phases)), phases
    events = sorted((span for span in spans if span["name"] == "probe"), key=lambda span: span["start"])
    assert cold["end"] == events[0]["end"] and cold["spanId"] == events[0]["parentSpanId"], cold
    assert len({span["attributes"]["faas.invocation_id"] for span in events}) == len(events), events
    # Which id an event has, the emulator says only of one that was killed.
    assert [events[-1]["attributes"]["faas.invocation_id"].encode()] == KILLED.findall(seen.last), seen.last
    assert [span["attributes"]["faas.coldstart"] for span in events] == [True, False, False, False], events
    assert [(span["status"], span["message"]) for span in events] == [
        (OK, ""), (ERROR, "the function failed"), (OK, ""), (ERROR, "killed by signal 9 (SIGKILL)")], events
    for span in events:
        assert span["attributes"]["coldspan.lambda.tenant_id"] == "blue", span
        assert not span["links"], "the emulator hands no trace header on"


def main():
    args = cases.parser(__doc__, "build").parse_args()
    versions.program("aws-lambda-rie")  # or everything is skipped
    for client in CLIENTS:
        cases.register(client.name, lambda args, folder, client=client:
                       serves_fails_and_is_killed(client, args, folder))
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
