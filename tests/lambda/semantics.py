#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is told of events of the Lambda Runtime API, by a plain client of it before a service that we play.

usage: semantics.py --coldspan FILE
"""
import contextlib
import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import runtime_api
from lib import cases, otlp_json, traces
from lib.cases import case

CLIENT = pathlib.Path(__file__).resolve().parent / "functions" / "plain.py"
PLATFORM = {"AWS_LAMBDA_FUNCTION_NAME": "plain", "AWS_LAMBDA_FUNCTION_VERSION": "7"}
WAIT_S = 60
OK, ERROR = 0, 2  # a span's status
PARENT = "00-0af7651916cd43dd8448eb211c80319c-{:016x}-01"
TRACE = "0af7651916cd43dd8448eb211c80319c"
XRAY = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
SECRET = "SECRET"


class Run:
    """A client under `coldspan run`, while its service is played; then the environment goes away.

    @within: a command that starts the one in its arguments.
    """

    def __init__(self, args, folder, *how, concurrency=1, snapshot=False, options=(), env=None, within=()):
        self.folder, self.stack = folder, contextlib.ExitStack()
        self.api = self.stack.enter_context(runtime_api.serve(concurrency, snapshot))
        command = [args.coldspan, "run", *options, "--json", folder / "run.json", "--file",
                   folder / "traces.jsonl", "--", *within, sys.executable, CLIENT, *map(str, how)]
        self.said = self.stack.enter_context(open(folder / "said", "w+", encoding="utf-8"))
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=self.said, env={
            **os.environ, **PLATFORM, "AWS_LAMBDA_RUNTIME_API": self.api.address, **(env or {})})
        self.status = None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        with self.stack:
            self.api.closed()
            try:
                self.status = self.process.wait(WAIT_S)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    self.process.kill()
            if not kind:
                assert not self.api.violations, self.api.violations

    @property
    def spans(self):
        return otlp_json.of_file(self.folder / "traces.jsonl")

    @property
    def raw(self):
        return (self.folder / "traces.jsonl").read_text(encoding="utf-8")

    @property
    def result(self):
        return json.loads((self.folder / "run.json").read_text(encoding="utf-8"))

    def of(self, event):
        """The one span of an event."""
        found, = (span for span in self.spans
                  if span["attributes"].get("faas.invocation_id") == event.id)
        return found

    def push(self, body, **more):
        return self.api.push(json.dumps(body).encode(), **more)


def message(number, count=1, traceparent=None, xray=None):
    """As SQS has them."""
    attributes = {"ApproximateReceiveCount": str(count), "SenderId": SECRET}
    if xray:
        attributes["AWSTraceHeader"] = xray
    said = {"traceparent": {"stringValue": traceparent, "dataType": "String"}} if traceparent else {}
    return {"messageId": f"m-{number}", "receiptHandle": SECRET, "body": f'{{"messageId": "{SECRET}"}}',
            "attributes": attributes, "messageAttributes": {**said, "other": {"stringValue": SECRET}},
            "eventSource": "aws:sqs", "eventSourceARN": SECRET}


def links(span, what):
    return [link for link in span.get("links", ()) if link["attributes"]["coldspan.link"] == what]


@case("a batch is one invocation with a link for each message")
def batch(args, folder):
    with Run(args, folder, "loop") as run:
        event = run.push({"Records": [message(1, traceparent=PARENT.format(1)), message(2, xray=XRAY),
                                      message(3)]}, chunked=True)
        event.answer()
    span = run.of(event)
    said = span["attributes"]
    assert said["faas.trigger"] == "pubsub" and said["coldspan.event.service"] == "sqs", said
    assert said["messaging.batch.message_count"] == 3 and "coldspan.event.unlinked" not in said, said
    assert [link["attributes"]["messaging.message.id"] for link in links(span, "message")] == \
        ["m-1", "m-2", "m-3"], span["links"]
    assert [(link["traceId"], link["spanId"]) for link in links(span, "message")] == \
        [(TRACE, f"{1:016x}"), ("5759e988bd862e3fe1be46a994272793", "53995c3f42cd8ad8"),
         ("", "")], span["links"]
    assert SECRET not in run.raw, "more than ids is told"


@case("of a batch of 300 messages 128 are linked, and the others counted")
def large_batch(args, folder):
    with Run(args, folder, "loop") as run:
        event = run.push({"Records": [{"messageId": f"m-{n}", "eventSource": "aws:sqs"} for n in range(300)]})
        event.answer()
    span = run.of(event)
    assert len(links(span, "message")) == 128, len(span["links"])
    assert span["attributes"]["messaging.batch.message_count"] == 300, span["attributes"]
    assert span["attributes"]["coldspan.event.unlinked"] == 172, span["attributes"]


@case("attempts of a message, and of an event, follow each other")
def attempts(args, folder):
    with Run(args, folder, "loop") as run:
        first = run.push({"Records": [message(1), message(2)]})
        first.answer()
        second = run.push({"Records": [message(1, count=2), message(3)]})
        second.answer()
        third = run.push({"n": 1})
        third.answer()
        again = run.push({"n": 1}, event_id=third.id)
        again.answer()
    before, span = run.of(first), run.of(second)
    (link,) = links(span, "attempt")
    assert (link["traceId"], link["spanId"]) == (before["traceId"], before["spanId"]), (before, span)
    assert [link["attributes"].get("coldspan.attempt") for link in links(span, "message")] == [2, 1], span
    tried, retried = sorted((one for one in run.spans
                             if one["attributes"].get("faas.invocation_id") == third.id),
                            key=lambda one: one["start"])
    assert "coldspan.attempt" not in tried["attributes"], tried
    assert retried["attributes"]["coldspan.attempt"] == 2, retried
    (link,) = links(retried, "attempt")
    assert link["spanId"] == tried["spanId"], (tried, retried)


@case("who called by API Gateway is the parent")
def gateway(args, folder):
    with Run(args, folder, "loop") as run:
        event = run.push({"headers": {"Authorization": SECRET, "traceparent": PARENT.format(5),
                                      "X-Request-Id": "q-1"}, "path": "/" + SECRET,
                          "requestContext": {"requestId": "c6af9ac6", "identity": {"user": SECRET}},
                          "body": SECRET}, trace=XRAY)
        event.answer()
    span = run.of(event)
    said = span["attributes"]
    assert (span["traceId"], span["parentSpanId"]) == (TRACE, f"{5:016x}"), span
    assert said["faas.trigger"] == "http" and said["coldspan.event.id"] == "c6af9ac6", said
    assert said["http.request.header.x-request-id"] == ["q-1"], said
    assert said["coldspan.context.carrier"] == "traceparent", said
    assert len(links(span, "x-ray")) == 1, span
    assert SECRET not in run.raw, "more than ids is told"


@case("members of a caller's baggage that are named become attributes")
def baggage(args, folder):
    sent = {"headers": {"Baggage": f"userId=al%20ice;p=1,secret={SECRET}"},
            "multi": {"multiValueHeaders": {"baggage": [f"userId=first,x={SECRET}", "userId=last"]}},
            "message": {"Records": [{**message(1), "messageAttributes": {"baggage": {"stringValue": "userId=x"}}}]}}
    with Run(args, folder, "loop", options=["--baggage", "userId"]) as run:
        events = [run.push({"requestContext": {"requestId": "c"}, "headers": sent["headers"]}),
                  run.push({"requestContext": {"requestId": "c"}, **sent["multi"]}), run.push(sent["message"])]
        for event in events:
            event.answer()
    said = [{key: value for key, value in run.of(event)["attributes"].items() if key.startswith("baggage")}
            for event in events]
    assert said == [{"baggage.userId": "al ice"}, {"baggage.userId": "last"}, {}], said
    assert SECRET not in run.raw, "more than is named is told"


SINGLE = {
    "eventbridge": ({"id": "e-1", "detail-type": SECRET, "source": SECRET, "detail": {"id": SECRET}}, "pubsub"),
    "schedule": ({"id": "e-1", "detail-type": "Scheduled Event", "source": "aws.events"}, "timer"),
}


@case("events of other services have their trigger and id")
def services(args, folder):
    with Run(args, folder, "loop") as run:
        events = {name: run.push(body) for name, (body, _) in SINGLE.items()}
        none = run.push({"id": SECRET, "Records": [{"messageId": SECRET}]})
        for event in (*events.values(), none):
            event.answer()
    for name, event in events.items():
        said = run.of(event)["attributes"]
        assert said["coldspan.event.service"] == name and said["coldspan.event.id"] == "e-1", said
        assert said["faas.trigger"] == SINGLE[name][1], said
    assert run.of(none)["attributes"]["faas.trigger"] == "other", run.of(none)
    assert SECRET not in run.raw, "more than ids is told"


def hang(run, folder, seconds, early=0.0):
    """An event that is never answered, and whose process is killed at its deadline, or before that."""
    fifo = folder / "pid"
    os.mkfifo(fifo)
    event = run.push({"hang": str(fifo)}, seconds=seconds)
    pid = int(fifo.read_text(encoding="utf-8"))
    event.begun_in_time = time.time() < event.deadline_ms / 1000
    while (left := event.deadline_ms / 1000 - early - time.time()) > 0:
        threading.Event().wait(left)
    os.kill(pid, signal.SIGKILL)
    return event


@case("who is killed at the deadline has timed out")
def timeout(args, folder):
    for seconds in (1, 10, 50):  # the next where the machine was too slow to begin within that
        inner = folder / str(seconds)
        inner.mkdir()
        with Run(args, inner, "loop") as run:
            event = hang(run, inner, seconds=seconds)
        if event.begun_in_time:
            break
    span = run.of(event)
    assert span["status"] == ERROR and span["message"] == "timed out: killed by signal 9 (SIGKILL)", span
    said = span["attributes"]
    assert said["error.type"] == "timeout" and said["coldspan.exit.signal"] == 9, said
    assert said["coldspan.lambda.deadline_passed"] is True, said
    assert said["coldspan.lambda.deadline_unix_ms"] == event.deadline_ms, said
    assert span["end"] >= (event.deadline_ms - 2) * 1_000_000, (span, event.deadline_ms)
    (told,) = run.result["invocations"]
    assert told["outcome"] == "timed out: killed by signal 9 (SIGKILL)", told


@case("who is killed before the deadline has not timed out")
def no_timeout(args, folder):
    with Run(args, folder, "loop") as run:
        event = hang(run, folder, seconds=60, early=60)
    span = run.of(event)
    assert span["status"] == ERROR and span["message"] == "killed by signal 9 (SIGKILL)", span
    assert span["attributes"]["error.type"] == "signal", span
    assert "coldspan.lambda.deadline_passed" not in span["attributes"], span


@case("a start from a snapshot has a phase restore")
def restore(args, folder):
    with Run(args, folder, "restores", snapshot=True,
             env={"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}) as run:
        run.api.wait_restore_asked()
        run.api.restore()
        event = run.push({"n": 1})
        event.answer()
    cold, phases = traces.cold_start(run.spans)
    assert cold["attributes"]["coldspan.init.type"] == "restore", cold
    names = [traces.phase_of(phase) for phase in phases]
    assert names[-5:] == ["code", "restore", "wait", "handler", "respond"], names
    assert not any("coldspan.phase.approximate" in phase["attributes"] for phase in phases[1:]), phases
    assert run.of(event)["attributes"]["faas.coldstart"] is True, run.of(event)


@case("a restore that failed fails the start")
def restore_error(args, folder):
    with Run(args, folder, "restore-fails", snapshot=True) as run:
        run.api.wait_restore_asked()
        run.api.restore()
        run.api.wait_init_error()
    assert run.status == 1, run.status
    cold, phases = traces.cold_start(run.spans)
    said = cold["attributes"]
    assert said["coldspan.init.error_type"] == "Runtime.Hook" and said["coldspan.init.ready"] is False, said
    assert said["coldspan.init.type"] == "restore" and cold["status"] == ERROR, cold
    assert traces.phase_of(phases[-1]) == "restore", phases[-1]


@case("a streamed answer that breaks off says of which type the error was")
def breaks(args, folder):
    with Run(args, folder, "loop") as run:
        event = run.push({"breaks": "Function.Broken"})
        assert event.answer().error_type == "Function.Broken"
    span = run.of(event)
    assert span["status"] == ERROR and span["message"] == "the function failed", span
    assert span["attributes"]["error.type"] == "Function.Broken", span
    assert span["attributes"]["coldspan.lambda.streamed"] is True, span


@case("where functions report to X-Ray its span is the parent, unless traceparent names one")
def xray_parent(args, folder):
    with Run(args, folder, "loop", options=["--xray-parent"]) as run:
        api = {"requestContext": {"requestId": "c6"}}
        events = [run.push({"n": 1}, trace=XRAY),
                  run.push({**api, "headers": {"traceparent": PARENT.format(5)}}, trace=XRAY),
                  run.push({**api, "headers": {"b3": f"{TRACE}-{6:016x}-1"}}, trace=XRAY),
                  run.push({**api, "headers": {"b3": f"{TRACE}-{6:016x}-1"}})]
        for event in events:
            event.answer()
    spans = [run.of(event) for event in events]
    assert [(span["traceId"], span["parentSpanId"], len(links(span, "x-ray"))) for span in spans] == [
        ("5759e988bd862e3fe1be46a994272793", "53995c3f42cd8ad8", 0), (TRACE, f"{5:016x}", 1),
        ("5759e988bd862e3fe1be46a994272793", "53995c3f42cd8ad8", 0), (TRACE, f"{6:016x}", 0)], spans
    assert spans[0]["attributes"]["coldspan.context.carrier"] == "x-amzn-trace-id", spans[0]


MANY = 8
MANAGED = {"AWS_LAMBDA_INITIALIZATION_TYPE": "lambda-managed-instances", "AWS_LAMBDA_MAX_CONCURRENCY": str(MANY)}


def at_once(run, folder, rounds=3):
    """As many events at once as there may be, answered in another order than they came. Returns them all."""
    events = []
    for number in range(rounds):
        fifos = [folder / f"fifo-{number}-{i}" for i in range(MANY)]
        for fifo in fifos:
            os.mkfifo(fifo)
        events.append([run.push({"wait": str(fifo)}, tenant=f"t-{number}-{i}", trace=XRAY.replace("53995", f"{i:05x}"))
                       for i, fifo in enumerate(fifos)])
        for event in events[-1]:
            assert event.handed_out.wait(WAIT_S), "it was not asked for"
        ends = [open(fifo, "wb") for fifo in fifos]  # each is there when its handler has opened it, too
        for i in reversed(range(MANY)):
            ends[i].close()
            answer = events[-1][i].answer()
            assert json.loads(answer.body)["id"] == events[-1][i].id, answer
    return events


def check_at_once(run, rounds):
    for number, events in enumerate(rounds):
        spans = [run.of(event) for event in events]
        for i, (span, event) in enumerate(zip(spans, events)):
            said = span["attributes"]
            assert said["coldspan.lambda.tenant_id"] == event.tenant == f"t-{number}-{i}", (said, event.tenant)
            assert said["coldspan.lambda.deadline_unix_ms"] == event.deadline_ms, said
            assert links(span, "x-ray")[0]["spanId"].startswith(f"{i:05x}"), span
            assert span["status"] == OK, span
        assert max(span["start"] for span in spans) <= min(span["end"] for span in spans), "they were at once"
        answered = [span["start"] + span["attributes"]["coldspan.first_byte_ns"] for span in spans]
        assert answered == sorted(answered, reverse=True), "each has its own answer"
    spans = [span for span in run.spans if "faas.invocation_id" in span["attributes"]]
    assert len(spans) == MANY * len(rounds), len(spans)
    assert sum(span["attributes"]["faas.coldstart"] for span in spans) == 1, "one of them is the first"
    cold, _ = traces.cold_start(run.spans)
    assert cold["attributes"]["coldspan.init.type"] == "provisioned", cold
    return spans


@case("many events at once, each in a thread of its own")
def threads(args, folder):
    with Run(args, folder, "threads", MANY, concurrency=MANY, env=MANAGED) as run:
        rounds = at_once(run, folder)
    spans = check_at_once(run, rounds)
    assert not any("coldspan.worker.pid" in span["attributes"] for span in spans), spans


@case("many events at once, asked for by one thread and answered by others")
def hands_over(args, folder):
    with Run(args, folder, "hands-over", MANY, concurrency=MANY, env=MANAGED) as run:
        rounds = at_once(run, folder)
    check_at_once(run, rounds)


@case("many events at once in forked workers")
def workers(args, folder):
    with Run(args, folder, "workers", MANY, concurrency=MANY, env=MANAGED) as run:
        rounds = at_once(run, folder)
    spans = check_at_once(run, rounds)
    pids = [span["attributes"]["coldspan.worker.pid"] for span in spans]
    assert len(set(pids)) == MANY, "who handled what at once were as many"


@case("a worker that is killed ends its own event, and nobody else's")
def killed_worker(args, folder):
    fifo, waiting = folder / "pid", folder / "wait"
    os.mkfifo(fifo)
    os.mkfifo(waiting)
    with Run(args, folder, "workers", 2, concurrency=2, env=MANAGED) as run:
        other = run.push({"wait": str(waiting)})
        dead = run.push({"hang": str(fifo)})
        pid = int(fifo.read_text(encoding="utf-8"))
        os.kill(pid, signal.SIGKILL)
        waiting.write_bytes(b"go")
        other.answer()
    killed, well = run.of(dead), run.of(other)
    assert killed["status"] == ERROR and killed["attributes"]["coldspan.worker.pid"] == pid, killed
    assert killed["message"] == "killed by signal 9 (SIGKILL)", killed
    assert well["status"] == OK and well["attributes"]["coldspan.worker.pid"] != pid, well


# As a bootstrap starts its runtime that does not execute it in its own place.
SHELL = ("sh", "-c", '"$@"; exit $?', "bootstrap")


@case("a runtime that a shell started is told of, and its start is that of the shell")
def below_a_shell(args, folder):
    with Run(args, folder, "loop", within=SHELL) as run:
        events = [run.push({"n": number}) for number in range(3)]
        for event in events:
            event.answer()
    assert [told["request_id"] for told in run.result["invocations"]] == [event.id for event in events], run.result
    start, = run.result["cold_starts"]
    assert [phase["name"] for phase in start["phases"]][-3:-1] == ["handler", "respond"], start
    assert start["programs_before"] == "sh", start
    first, second, third = (run.of(event)["attributes"] for event in events)
    assert first["faas.coldstart"] is True, first
    assert not second["faas.coldstart"] and not third["faas.coldstart"], (second, third)


@case("a runtime that a shell started and that is killed ends its event")
def killed_below_a_shell(args, folder):
    with Run(args, folder, "loop", within=SHELL) as run:
        event = hang(run, folder, seconds=60, early=60)
    span = run.of(event)
    assert span["status"] == ERROR and span["message"] == "killed by signal 9 (SIGKILL)", span
    assert len(run.result["cold_starts"]) == 1, run.result


@case("a runtime that a shell started and that exits with 0 ends its event")
def exit_below_a_shell(args, folder):
    with Run(args, folder, "loop", within=SHELL) as run:
        first = run.push({"n": 1})
        first.answer()
        event = run.push({"exit": 0})
        run.process.wait(WAIT_S)
    span = run.of(event)
    assert span["status"] == ERROR and span["message"] == "exit status 0 before it was answered", span
    assert run.of(first)["attributes"]["faas.coldstart"] and not span["attributes"]["faas.coldstart"], span
    assert len(run.result["cold_starts"]) == 1, run.result


@case("an extension beside a runtime is no function, nor is what it serves an event")
def extension(args, folder):
    port = folder / "port"
    os.mkfifo(port)
    beside = ("sh", "-c", '"$1" "$2" extends & "$@"; wait', "bootstrap")
    with Run(args, folder, "loop", within=beside, env={"PORT": str(port)}) as run:
        connection = http.client.HTTPConnection("127.0.0.1", int(port.read_text(encoding="utf-8")))
        event = run.push({"n": 1})
        event.answer()
        connection.request("POST", "/", "[]")
        assert connection.getresponse().status == 200
    assert [told["request_id"] for told in run.result["invocations"]] == [event.id], run.result
    start, = run.result["cold_starts"]
    assert run.of(event)["attributes"]["faas.coldstart"] is True and start["programs_before"] == "sh", start


@case("lines of another command of the shell are no event's of its runtime")
def beside_a_runtime(args, folder):
    fifo, said = folder / "wait", folder / "said-beside"
    os.mkfifo(fifo)
    beside = (f'"$@" & read line < {said}; '
              f'{sys.executable} -c "import os; os.write(2, b\'beside\\n\')"; : > {fifo}; wait')
    os.mkfifo(said)
    with Run(args, folder, "loop", within=("sh", "-c", beside, "bootstrap")) as run:
        event = run.push({"wait": str(fifo)})
        assert event.handed_out.wait(WAIT_S)
        said.write_bytes(b"go\n")
        event.answer()
    line, = (line for line in otlp_json.of_file(folder / "traces.jsonl", otlp_json.logs)
             if line["body"] == "beside")
    assert not line.get("traceId") and "faas.invocation_id" not in line["attributes"], line
    assert run.of(event)["status"] == OK


@case("the result and the report say which event failed")
def report(args, folder):
    with Run(args, folder, "loop") as run:
        events = [run.push({"n": 1}), run.push({"error": "Function.Bad"})]
        for event in events:
            event.answer()
    good, failed = run.result["invocations"]
    assert (good["request_id"], good["outcome"], good["error_type"]) == (events[0].id, "complete", None), good
    assert (failed["request_id"], failed["outcome"], failed["error_type"]) == \
        (events[1].id, "failed", "Function.Bad"), failed
    said = (folder / "said").read_text(encoding="utf-8")
    assert f"request {events[1].id}: failed (Function.Bad), after " in said, said
    assert f"request {events[0].id}:" not in said and f"ended with request {events[0].id}" in said, said


@case("an answer that is refused is told with its event")
def refused(args, folder):
    with Run(args, folder, "loop") as run:
        event = run.push({"bytes": runtime_api.ANSWER_MAX})
        assert event.answer().status == 413
        run.api.violations.clear()
    span = run.of(event)
    assert span["status"] == ERROR and span["message"] == "the answer was refused", span
    assert span["attributes"]["coldspan.lambda.refused_status"] == 413, span
    (told,) = run.result["invocations"]
    assert told["request_id"] == event.id and told["outcome"] == "refused", told
    said = (folder / "said").read_text(encoding="utf-8")
    assert f"request {event.id}: refused (status 413), after " in said, said


def main():
    args = cases.parser(__doc__, "coldspan").parse_args()
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
