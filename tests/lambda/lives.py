# SPDX-License-Identifier: Apache-2.0
"""A client of the Lambda Runtime API from its start to its end, bare and watched, before a service that
a script plays; and what was seen of it."""
import contextlib
import dataclasses
import os
import secrets
import signal
import subprocess

import runtime_api
from lib import otlp_json, traces
from table import FUNCTIONS

WAIT_S = 60
PLATFORM = {"AWS_LAMBDA_FUNCTION_NAME": "probe", "AWS_LAMBDA_FUNCTION_VERSION": "7",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_REGION": "eu-central-1",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/probe",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/21/[7]0123456789abcdef",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "LAMBDA_TASK_ROOT": str(FUNCTIONS)}
FILES = ("user", "dependency", "native")


@dataclasses.dataclass
class XRay:
    """A tracing header of its own."""
    time: str = dataclasses.field(default_factory=lambda: secrets.token_hex(4))
    rest: str = dataclasses.field(default_factory=lambda: secrets.token_hex(12))
    span: str = dataclasses.field(default_factory=lambda: secrets.token_hex(8))

    def __str__(self):
        return f"Root=1-{self.time}-{self.rest};Parent={self.span};Sampled=1"

    def link(self):
        """What becomes of it: X-Ray's context is a link, not the parent."""
        return (self.time + self.rest, self.span, {"coldspan.link": "x-ray", "source": "x-ray-env"})


class Seen:
    """What one run of a client came to."""

    def __init__(self, folder):
        self.folder, self.status, self.events, self.answers, self.violations = folder, None, [], [], []

    @property
    def spans(self):
        return otlp_json.of_file(self.folder / "traces.jsonl")

    @property
    def lines(self):
        return otlp_json.of_file(self.folder / "traces.jsonl", otlp_json.logs)

    @property
    def invocations(self):
        return sorted((span for span in self.spans if span["name"] == "probe"),
                      key=lambda span: span["start"])

    def facts(self, client):
        """What the page says of it: nothing that differs from one run to the next."""
        cold, phases = traces.cold_start(self.spans)
        said = cold["attributes"]
        return {
            "title": client.title,
            "protocol": said["coldspan.protocol"],
            "init": said["coldspan.init.type"],
            "phases": {traces.phase_of(phase): phase["attributes"].get("coldspan.phase.approximate", "")
                       for phase in phases},
            "files": [kind for kind in FILES if said[f"coldspan.opens.{kind}"]],
            "streams": "trailers" if client.trailers else "yes" if client.streaming else "",
            "managed": client.managed,
            "init_error": client.says_init_error,
            "notes": client.notes,
        }


def run(args, client, folder, script, watched, concurrency, **env):
    """@script(api, seen, process) plays the service; then the environment goes away."""
    command = client.command()
    folder.mkdir()
    seen = Seen(folder)
    if watched:
        command = [args.coldspan, "run", "--quiet", "--json", folder / "run.json", "--file",
                   folder / "traces.jsonl", "--", *command]
    with runtime_api.serve(concurrency) as api, open(folder / "said", "wb") as said:
        env = {**os.environ, **PLATFORM, "AWS_LAMBDA_RUNTIME_API": api.address, "_HANDLER": client.handler,
               **env}
        with subprocess.Popen(command, env=env, cwd=FUNCTIONS, stdin=subprocess.DEVNULL, stdout=said,
                              stderr=said, start_new_session=True) as process:
            try:
                script(api, seen, process)
                api.closed()
                seen.status = process.wait(WAIT_S)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        seen.violations = api.violations
    return seen


def without_ids(said, seen):
    """The same in every run."""
    for number, event in enumerate(seen.events):
        said = said.replace(event.id, f"event {number}")
    return said


def both(args, client, folder, script, concurrency=1, **env):
    """Bare and watched: the same answers, the same end. Returns what was seen of the watched one."""
    bare = run(args, client, folder / "bare", script, False, concurrency, **env)
    seen = run(args, client, folder / "watched", script, True, concurrency, **env)
    # A bare run that died of a signal is a negative status to us, one under coldspan 128 and more.
    assert seen.status == (bare.status if bare.status >= 0 else 128 - bare.status), (bare.status, seen.status)
    refusals = [[without_ids(said, one) for said in one.violations] for one in (bare, seen)]
    assert refusals[0] == refusals[1], refusals
    assert [(a.kind, a.body, a.error_type, a.mode, a.trailers) for a in seen.answers] == \
        [(a.kind, a.body, a.error_type, a.mode, a.trailers) for a in bare.answers]
    return seen
