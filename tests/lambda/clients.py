#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real client of the Lambda Runtime API against a strict one: what is told of it, and that it is theirs.

usage: clients.py --coldspan FILE --client NAME [--write]

Each case runs the client bare and watched: what the service gets must be the same, and the trace must say
what the service knows. What is seen has to be what seen/NAME.json says; --write writes it anew.
"""
import json
import os
import pathlib
import signal
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import runtime_api
from lib import cases, traces, versions
from lives import PLATFORM, WAIT_S, XRay, both
from table import CLIENTS

SEEN = pathlib.Path(__file__).resolve().parent / "seen"
OK, ERROR = 0, 2  # a span's status
AT_ONCE = 4


def serves(client, args, folder):
    """Three events: the first one cold, in a chunked body the last; ids, times and place are the service's."""
    def script(api, seen, _):
        api.wait_asked()
        seen.sent = [XRay() for _ in range(3)]
        first, second, third = map(str, seen.sent)
        seen.events = [api.push(b'{"n": 1}', arn=runtime_api.ARN + ":live", trace=first),
                       api.push(b'{"n": 2}', tenant="blue", trace=second),
                       api.push(b'{"n": 3}', chunked=True, trace=third)]
        seen.answers = [event.answer() for event in seen.events]
        api.wait_asked(4)
    seen = both(args, client, folder, script)
    assert not seen.violations, seen.violations
    assert [json.loads(answer.body)["got"]["n"] for answer in seen.answers] == [1, 2, 3]
    cold, phases = traces.cold_start(seen.spans)
    check_cold_start(cold, phases, seen)
    assert len(seen.invocations) == 3, [span["name"] for span in seen.spans]
    for span, event, sent in zip(seen.invocations, seen.events, seen.sent):
        check_invocation(span, event, sent, first=event is seen.events[0])
    check_first(seen.invocations[0], cold)
    assert seen.invocations[1]["attributes"]["coldspan.lambda.tenant_id"] == "blue"
    check_page(client, args, seen)


def check_cold_start(cold, phases, seen):
    said = cold["attributes"]
    assert said["coldspan.protocol"] == "lambda" and said["coldspan.init.ready"] is True, said
    assert said["coldspan.init.type"] == "on_demand" and cold["status"] == OK, cold
    first = seen.invocations[0]
    assert cold["end"] == first["end"], (cold, first)
    (handler,) = (phase for phase in phases if traces.phase_of(phase) == "handler")
    assert handler["start"] == first["start"], (handler, first)
    place = cold["resource"]
    expected = {"service.name": "probe", "faas.name": "probe", "faas.version": "7",
                "faas.instance": PLATFORM["AWS_LAMBDA_LOG_STREAM_NAME"], "faas.max_memory": 256 << 20,
                "cloud.provider": "aws", "cloud.platform": "aws_lambda", "cloud.region": "eu-central-1",
                "aws.log.group.names": ["/aws/lambda/probe"]}
    assert {key: place.get(key) for key in expected} == expected, place


def check_invocation(span, event, sent, first):
    said = span["attributes"]
    assert said["faas.invocation_id"] == event.id, (said, event.id)
    assert said["faas.coldstart"] is first and said["coldspan.protocol"] == "lambda", said
    assert said["coldspan.lambda.deadline_unix_ms"] == event.deadline_ms, said
    assert said["aws.lambda.invoked_arn"] == event.arn, said
    assert span["kind"] == 2 and span["status"] == OK, span
    assert said["coldspan.first_byte_ns"] <= span["end"] - span["start"], span
    assert [(link["traceId"], link["spanId"], link["attributes"]) for link in span["links"]] == \
        [sent.link()], span["links"]


def check_first(span, cold):
    """An alias is no resource."""
    assert span["attributes"]["cloud.resource_id"] == runtime_api.ARN + ":7", span
    assert span["attributes"]["cloud.account.id"] == "123456789012", span
    assert span["parentSpanId"] == cold["spanId"] and span["traceId"] == cold["traceId"], (span, cold)


def check_page(client, args, seen):
    path, found = SEEN / f"{client.name}.json", seen.facts(client)
    if args.write:
        path.write_text(json.dumps({"version": client.version(), **found}, indent=2) + "\n")
    known = json.loads(path.read_text())
    versions.check(client.version, known.pop("version"))
    assert found == known, f"\nseen:  {found}\nknown: {known}"


def fails(client, args, folder):
    """An event whose handler fails, and one behind it that does not."""
    def script(api, seen, _):
        seen.events = [api.push(b'{"error": 1}'), api.push(b'{"n": 2}')]
        seen.answers = [event.answer() for event in seen.events]
        for answer in seen.answers:
            answer.body = without_request_id(answer.body)
        api.wait_asked(3)
    seen = both(args, client, folder, script)
    assert [answer.kind for answer in seen.answers] == ["error", "response"], seen.answers
    failed, good = seen.invocations
    assert failed["attributes"]["faas.invocation_id"] == seen.events[0].id, failed
    assert failed["status"] == ERROR and failed["message"] == "the function failed", failed
    assert failed["attributes"]["error.type"] == (seen.answers[0].error_type or "_OTHER"), failed
    assert good["status"] == OK and "error.type" not in good["attributes"], good


def without_request_id(body):
    """Of an error report what does not differ from event to event."""
    said = json.loads(body)
    return json.dumps({key: said[key] for key in said if key != "requestId"}).encode()


def fails_at_init(client, args, folder):
    """The service is told that the init failed; the start says so, too, and there is no invocation."""
    def script(api, seen, process):
        if client.says_init_error:
            seen.answers = [api.wait_init_error()]
        else:
            process.wait(WAIT_S)
    seen = both(args, client, folder, script, PROBE_FAILS="init")
    assert seen.status != 0, seen.status
    cold, phases = traces.cold_start(seen.spans)
    said = cold["attributes"]
    assert said["coldspan.init.ready"] is False, cold
    assert said.get("coldspan.init.error_type", "") == \
        (seen.answers[0].error_type or "_OTHER" if seen.answers else ""), (said, seen.answers)
    assert said["process.exit.code"] == seen.status and cold["status"] == ERROR, cold
    assert traces.phase_of(phases[-1]) == "code", phases[-1]
    assert not seen.invocations, seen.invocations


def killed(client, args, folder):
    """Killed by the platform while it handles its second event: that one ends with the cause."""
    def script(api, seen, _):
        first = api.push(b'{"n": 1}')
        seen.answers = [first.answer()]
        seen.events = [first, kill_in_invocation(api, seen.folder)]
    seen = both(args, client, folder, script)
    good, dead = seen.invocations
    assert good["status"] == OK and good["attributes"]["faas.coldstart"] is True, good
    assert dead["attributes"]["faas.invocation_id"] == seen.events[1].id, dead
    check_killed(dead)


def kill_in_invocation(api, folder):
    """The event in whose midst its process was killed."""
    pid_file = folder / "pid"
    os.mkfifo(pid_file)
    event = api.push(json.dumps({"hang": str(pid_file)}).encode())
    os.kill(int(pid_file.read_text(encoding="utf-8")), signal.SIGKILL)
    return event


def check_killed(dead):
    assert dead["status"] == ERROR and dead["message"] == "killed by signal 9 (SIGKILL)", dead
    assert dead["attributes"]["error.type"] == "signal", dead
    assert dead["start"] <= dead["end"], dead


def answers_too_much(client, args, folder):
    """What the service does not take is said with the event that it was the answer to."""
    def script(api, seen, process):
        event = api.push(json.dumps({"answer_bytes": runtime_api.ANSWER_MAX}).encode())
        seen.answers = [event.answer()]
        seen.events = [event]
        api.closed()
        process.wait(WAIT_S)
    seen = both(args, client, folder, script)
    assert seen.answers[0].status == 413, seen.answers[0].status
    refused = seen.invocations[0]
    assert refused["attributes"]["faas.invocation_id"] == seen.events[0].id, refused
    assert refused["attributes"]["coldspan.lambda.refused_status"] == 413, refused
    assert refused["status"] == ERROR and refused["message"] == "the answer was refused", refused


def streams(client, args, folder):
    """Answers in parts: one that ends well, one that breaks off, and one behind it."""
    def script(api, seen, _):
        seen.events = [api.push(body) for body in (b'{"parts": 3}', b'{"parts": 2, "error": 1}', b'{"parts": 1}')]
        seen.answers = [event.answer() for event in seen.events]
        api.wait_asked(4)
    seen = both(args, client, folder, script, _HANDLER=client.streaming)
    assert [answer.mode for answer in seen.answers] == ["streaming"] * 3, seen.answers
    assert [answer.body.count(b"part ") for answer in seen.answers] == [3, 2, 1], seen.answers
    assert bool(seen.answers[1].trailers) is client.trailers, seen.answers[1]
    for span, event in zip(seen.invocations, seen.events, strict=True):
        said = span["attributes"]
        assert said["faas.invocation_id"] == event.id and said["coldspan.lambda.streamed"] is True, span
    whole, broken, last = seen.invocations
    assert (whole["status"], last["status"]) == (OK, OK), (whole, last)
    if client.trailers:
        assert broken["status"] == ERROR and broken["message"] == "the function failed", broken
    else:
        assert broken["status"] == OK, "it is seen after all: table.py says otherwise"


def runs_commands(client, args, folder):
    """What a command writes that handles an event is that event's up to the answer. What it leaves behind is nobody's:
    neither when the next event goes on, nor when nothing does."""
    def script(api, seen, _):
        lates = [seen.folder / "late-0", seen.folder / "late-1"]
        seen.events = []
        for late in lates:
            os.mkfifo(late)
            seen.events.append(api.push(json.dumps({"says": str(late)}).encode()))
            assert seen.events[-1].handed_out.wait(WAIT_S), "it was not asked for"
            if late != lates[0]:
                lates[0].write_text("")
            seen.events[-1].answer()
        api.wait_asked(3)
        lates[1].write_text("")
    seen = both(args, client, folder, script)
    spans = {span["spanId"]: span["attributes"]["faas.invocation_id"] for span in seen.invocations}
    lines = sorted((line["body"], spans.get(line["spanId"])) for line in seen.lines)
    expected = [*((f"handled {event.id}", event.id) for event in seen.events), ("late", None), ("late", None)]
    assert lines == sorted(expected), (lines, expected)


def check_start_at_once(seen):
    """Also where workers are forked first, and each loads the function, all of its phases are seen."""
    _, phases = traces.cold_start(seen.spans)
    told = {traces.phase_of(phase): phase["attributes"].get("coldspan.phase.approximate") for phase in phases}
    assert list(told) == traces.PHASES[1:] and not any(told.values()), told


def many_at_once(client, args, folder):
    """A managed instance: events that are all out together, each with its own; and one that is killed."""
    def script(api, seen, _):
        with socket.create_server(("127.0.0.1", 0)) as place:
            place.settimeout(WAIT_S)
            seen.sent = [XRay() for _ in range(AT_ONCE)]
            seen.events = [api.push(json.dumps({"meet": place.getsockname()[1], "answer_bytes": 1000 * n}).encode(),
                                    trace=str(sent)) for n, sent in enumerate(seen.sent)]
            met = [place.accept()[0] for _ in seen.events]
        for peer in met:
            peer.close()
        seen.answers = [event.answer() for event in seen.events]
        for answer in seen.answers:
            answer.body = b"x" * answer.body.count(b"x")  # the port is another each time
        seen.last = kill_in_invocation(api, seen.folder)
    seen = both(args, client, folder, script, AT_ONCE, AWS_LAMBDA_MAX_CONCURRENCY=str(AT_ONCE),
                AWS_LAMBDA_NODEJS_WORKER_COUNT="2")
    assert not seen.violations, seen.violations
    check_start_at_once(seen)
    assert [len(answer.body) for answer in seen.answers] == [1000 * n for n in range(AT_ONCE)]
    found = seen.invocations
    told = {span["attributes"]["faas.invocation_id"]: span for span in found}
    assert len(told) == len(found) == AT_ONCE + 1, found
    spans = [told[event.id] for event in seen.events]
    colds = [span for span in spans if span["attributes"]["faas.coldstart"]]
    assert len(colds) == 1, spans
    for span, event, sent in zip(spans, seen.events, seen.sent):
        check_invocation(span, event, sent, first=span is colds[0])
    assert max(span["start"] for span in spans) < min(span["end"] for span in spans), spans
    size = [span["attributes"]["coldspan.response.bytes"] for span in spans]
    assert all(0 <= more - less - 1000 < 100 for less, more in zip(size, size[1:])), size
    check_killed(told[seen.last.id])


def register(client, check):
    cases.register(check.__name__.replace("_", " "), lambda args, folder: check(client, args, folder))


def main():
    parser = cases.parser(__doc__, "coldspan")
    parser.add_argument("--client", choices=[client.name for client in CLIENTS], required=True)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    (client,) = (one for one in CLIENTS if one.name == args.client)
    client.command()  # or everything is skipped
    for check in (serves, fails, fails_at_init, killed):
        register(client, check)
    if client.large:
        register(client, answers_too_much)
    if client.streaming:
        register(client, streams)
    if client.commands:
        register(client, runs_commands)
    if client.managed:
        register(client, many_at_once)
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
