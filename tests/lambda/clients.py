#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real clients of the Lambda Runtime API against a strict one: what is told of them, and that it is theirs.

usage: clients.py --coldspan FILE

Each case runs a client bare and watched: what the service gets must be the same, and the trace must say
what the service knows.
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import runtime_api
from lib import cases, otlp_json, peers, traces

FUNCTIONS = pathlib.Path(__file__).parent / "functions"
XRAY = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
PLATFORM = {"AWS_LAMBDA_FUNCTION_NAME": "probe", "AWS_LAMBDA_FUNCTION_VERSION": "7",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_REGION": "eu-central-1",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/probe",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/21/[7]0123456789abcdef",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"}
WAIT_S = 60


def awslambdaric():
    return [str(peers.path("awslambdaric")), "-m", "awslambdaric", "probe.handle"]


def bash_and_curl():
    for tool in ("bash", "curl"):
        if not shutil.which(tool):
            cases.skip(f"{tool} is not installed")
    return ["bash", "bootstrap.sh"]


CLIENTS = {"awslambdaric": awslambdaric, "bash and curl": bash_and_curl}


class Seen:
    """What one run of a client came to."""

    def __init__(self, folder):
        self.folder, self.status, self.answers = folder, None, []

    @property
    def spans(self):
        return otlp_json.of_file(self.folder / "traces.jsonl")

    @property
    def invocations(self):
        return sorted((span for span in self.spans if span["name"] == "probe"),
                      key=lambda span: span["start"])


def run(args, client, folder, script, watched, **env):
    """@script(api, seen, process) plays the service; then the environment goes away."""
    command = CLIENTS[client]()
    folder.mkdir()
    seen = Seen(folder)
    if watched:
        command = [args.coldspan, "run", "--quiet", "--json", folder / "run.json", "--file",
                   folder / "traces.jsonl", "--", *command]
    with runtime_api.serve() as api:
        env = {**os.environ, **PLATFORM, "AWS_LAMBDA_RUNTIME_API": api.address, **env}
        with subprocess.Popen(command, env=env, cwd=FUNCTIONS, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            try:
                script(api, seen, process)
                api.closed()
                seen.status = process.wait(WAIT_S)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
        seen.violations = api.violations
    return seen


def both(args, client, folder, script, **env):
    """Bare and watched: the same answers, the same end. Returns what was seen of the watched one."""
    bare = run(args, client, folder / "bare", script, False, **env)
    seen = run(args, client, folder / "watched", script, True, **env)
    # A bare run that died of a signal is a negative status to us, one under coldspan 128 and more.
    assert seen.status == (bare.status if bare.status >= 0 else 128 - bare.status), (bare.status, seen.status)
    refusals = [[said.split(": ", 1)[1] for said in one.violations] for one in (bare, seen)]
    assert refusals[0] == refusals[1], refusals
    assert [(a.kind, a.body, a.error_type, a.mode) for a in seen.answers] == \
        [(a.kind, a.body, a.error_type, a.mode) for a in bare.answers]
    return seen


def serves(client, args, folder):
    """Three events: the first one cold, in a chunked body the last; ids, times and place are the service's."""
    def script(api, seen, _):
        api.wait_asked()
        seen.events = [api.push(b'{"n": 1}', arn=runtime_api.ARN + ":live", trace=XRAY),
                       api.push(b'{"n": 2}', tenant="blue"), api.push(b'{"n": 3}', chunked=True)]
        seen.answers = [event.answer() for event in seen.events]
        api.wait_asked(4)
    seen = both(args, client, folder, script)
    assert not seen.violations, seen.violations
    assert [json.loads(answer.body)["got"]["n"] for answer in seen.answers] == [1, 2, 3]
    cold, phases = traces.cold_start(seen.spans)
    names = [traces.phase_of(phase) for phase in phases]
    assert names == traces.PHASES[traces.PHASES.index(names[0]):], names
    assert {"runtime", "code", "wait", "handler", "respond"} <= set(names), names
    check_cold_start(cold, phases, seen)
    assert len(seen.invocations) == 3, [span["name"] for span in seen.spans]
    for span, event in zip(seen.invocations, seen.events):
        check_invocation(span, event, first=event is seen.events[0])
    check_first(seen.invocations[0], cold)
    assert seen.invocations[1]["attributes"]["coldspan.lambda.tenant_id"] == "blue"


def check_cold_start(cold, phases, seen):
    said = cold["attributes"]
    assert said["coldspan.protocol"] == "lambda" and said["coldspan.init.ready"] is True, said
    assert said["coldspan.init.type"] == "on_demand" and cold["status"] == 0, cold
    approximate = [phase["attributes"] for phase in phases if "coldspan.phase.approximate" in phase["attributes"]]
    assert not approximate, approximate
    assert cold["end"] == seen.invocations[0]["end"], (cold, seen.invocations[0])
    place = cold["resource"]
    expected = {"service.name": "probe", "faas.name": "probe", "faas.version": "7",
                "faas.instance": PLATFORM["AWS_LAMBDA_LOG_STREAM_NAME"], "faas.max_memory": 256 << 20,
                "cloud.provider": "aws", "cloud.platform": "aws_lambda", "cloud.region": "eu-central-1",
                "aws.log.group.names": ["/aws/lambda/probe"]}
    assert {key: place.get(key) for key in expected} == expected, place


def check_invocation(span, event, first):
    said = span["attributes"]
    assert said["faas.invocation_id"] == event.id, (said, event.id)
    assert said["faas.coldstart"] is first and said["coldspan.protocol"] == "lambda", said
    assert said["coldspan.lambda.deadline_unix_ms"] == event.deadline_ms, said
    assert said["aws.lambda.invoked_arn"] == event.arn, said
    assert span["kind"] == 2 and span["status"] == 0, span
    assert said["coldspan.first_byte_ns"] <= span["end"] - span["start"], span


def check_first(span, cold):
    """X-Ray's context is a link, not the parent; an alias is no resource."""
    assert span["attributes"]["cloud.resource_id"] == runtime_api.ARN + ":7", span
    assert span["attributes"]["cloud.account.id"] == "123456789012", span
    assert span["parentSpanId"] == cold["spanId"] and span["traceId"] == cold["traceId"], (span, cold)
    assert [(link["traceId"], link["spanId"], link["attributes"]) for link in span["links"]] == [
        ("5759e988bd862e3fe1be46a994272793", "53995c3f42cd8ad8",
         {"coldspan.link": "x-ray", "source": "x-ray-env"})], span["links"]


def fails(client, args, folder):
    """An event whose handler fails, and one behind it that does not."""
    def script(api, seen, _):
        events = [api.push(b'{"error": 1}'), api.push(b'{"n": 2}')]
        seen.answers = [event.answer() for event in events]
        for answer in seen.answers:
            answer.body = without_ids(answer.body)
        api.wait_asked(3)
    seen = both(args, client, folder, script)
    assert [answer.kind for answer in seen.answers] == ["error", "response"], seen.answers
    failed, good = seen.invocations
    assert failed["status"] == 2 and failed["message"] == "the function failed", failed
    assert failed["attributes"]["error.type"] == (seen.answers[0].error_type or "_OTHER"), failed
    assert good["status"] == 0 and "error.type" not in good["attributes"], good


def without_ids(body):
    """Of an error report what does not differ from event to event."""
    said = json.loads(body)
    return json.dumps({key: said[key] for key in said if key != "requestId"}).encode()


def fails_at_init(client, args, folder):
    """The service is told that the init failed; the start says so, too, and there is no invocation."""
    def script(api, seen, _):
        seen.answers = [api.wait_init_error()]
    seen = both(args, client, folder, script, PROBE_FAILS="init")
    assert seen.status != 0, seen.status
    cold, phases = traces.cold_start(seen.spans)
    assert cold["attributes"]["coldspan.init.ready"] is False, cold
    assert cold["attributes"]["coldspan.init.error_type"], cold
    assert cold["attributes"]["process.exit.code"] == seen.status and cold["status"] == 2, cold
    assert traces.phase_of(phases[-1]) == "code", phases[-1]
    assert not seen.invocations, seen.invocations


def killed(client, args, folder):
    """Killed by the platform while it handles its second event: that one ends with the cause."""
    def script(api, seen, _):
        pid_file = seen.folder / "pid"
        os.mkfifo(pid_file)
        first = api.push(b'{"n": 1}')
        seen.answers = [first.answer()]
        seen.event = api.push(json.dumps({"hang": str(pid_file)}).encode())
        os.kill(int(pid_file.read_text(encoding="utf-8")), signal.SIGKILL)
    seen = both(args, client, folder, script)
    good, dead = seen.invocations
    assert good["status"] == 0 and good["attributes"]["faas.coldstart"] is True, good
    assert dead["attributes"]["faas.invocation_id"] == seen.event.id, dead
    assert dead["status"] == 2 and dead["message"] == "killed by signal 9 (SIGKILL)", dead
    assert dead["attributes"]["error.type"] == "signal", dead
    assert dead["start"] <= dead["end"], dead


def answers_too_much(client, args, folder):
    """What the service does not take is said with the event that it was the answer to."""
    def script(api, seen, process):
        event = api.push(json.dumps({"answer_bytes": runtime_api.ANSWER_MAX}).encode())
        seen.answers = [event.answer()]
        seen.event = event
        api.closed()
        process.wait(WAIT_S)
    seen = both(args, client, folder, script)
    assert seen.answers[0].status == 413, seen.answers[0].status
    refused = seen.invocations[0]
    assert refused["attributes"]["faas.invocation_id"] == seen.event.id, refused
    assert refused["attributes"]["coldspan.lambda.refused_status"] == 413, refused
    assert refused["status"] == 2 and refused["message"] == "the answer was refused", refused


def register(client, check):
    cases.register(f"{client} {check.__name__.replace('_', ' ')}",
                   lambda args, folder: check(client, args, folder))


for name in CLIENTS:
    for one in (serves, fails, fails_at_init, killed, answers_too_much):
        if name == "awslambdaric" or one is not answers_too_much:  # too much for a command line
            register(name, one)


def main():
    parser = cases.parser(__doc__)
    parser.add_argument("--coldspan", required=True)
    args = parser.parse_args()
    args.coldspan = os.path.abspath(args.coldspan)
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
