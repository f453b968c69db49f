#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a client of the Lambda Runtime API does at the libc boundary: same behaviour, and the event's records.

Every case of guests/lambda.c but `results` asks for one event and answers it.
"""
import contextlib
import socket

import harness
from harness import records
from lib.cases import case

CASES = ("one-connection", "bytes", "in-progress", "mapped", "copied", "half-closed", "other-thread",
         "other-process")
RESPONSE = 1
BROKEN = 2
BATCH = 1
SQS = 2


@contextlib.contextmanager
def free_port():
    """A port that nobody gets from the kernel meanwhile: it is bound, and may be bound again."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def play(lab, libc, name, where="127.0.0.1"):
    with free_port() as port:
        env = {"AWS_LAMBDA_RUNTIME_API": f"{where}:{port}"}
        run = lab.same("lambda", libc, [name], env=env)
        raw = lab.watched([lab.guest("lambda", libc), name], env=env, raw=True).raw
    assert run.status == 0, run
    assert b"SECRET" not in raw, "more than ids came into the ring"
    return run


def check_event(run, flags=0, said=""):
    segment, = run.segments
    began, = records(segment, "invocation")
    ended, = records(segment, "invocation_end")
    assert began["id"] == ended["id"] == "r-1", (began, ended)
    assert began["headers"] == "lambda-runtime-aws-request-id: r-1\n", began
    assert began["source"] == ended["source"] == 1 and ended["outcome"] == RESPONSE, (began, ended)
    assert ended["flags"] == flags and ended["status"] == 0 and ended["headers"] == said, ended
    times = [segment["marks"]["main"], began["asked_ns"], began["time_ns"], ended["first_ns"],
             ended["time_ns"]]
    assert times == sorted(times), times
    assert segment["marks"]["next"] == began["asked_ns"], (segment["marks"], began)
    return began, ended


for one in CASES:
    @case(f"an event: {one}")
    def _(lab, name=one):
        for libc in lab.libcs():
            run = play(lab, libc, name)
            began, ended = check_event(run)
            assert not records(run.segments[0], "event"), "its body is nothing that we know"
            assert (began["thread"] == ended["thread"]) == (name not in ("other-thread",)), name
            assert (began["tag"] == ended["tag"]) == (name != "other-process"), name


@case("an event, where the service has a name and no address")
def named(lab):
    check_event(play(lab, "glibc", "one-connection", where="localhost"))


@case("an event whose answer is streamed, and fails on the way")
def streamed(lab):
    for libc in lab.libcs():
        check_event(play(lab, libc, "streamed"), BROKEN,
                    "lambda-runtime-function-response-mode: streaming\n"
                    "lambda-runtime-function-error-type: A.B\n")


for one in ("batch", "batch-bytes"):
    @case(f"ids of the messages of an event: {one}")
    def _(lab, name=one):
        for libc in lab.libcs():
            run = play(lab, libc, name)
            began, _ = check_event(run)
            told, = records(run.segments[0], "event")
            assert told["id"] == "r-1" and told["messages"] == 2 and told["flags"] == BATCH, told
            assert told["service"] == SQS and told["lines"] == "id: m-1\n\nid: m-2\n\n", told
            assert told["time_ns"] >= began["time_ns"], (began, told)


@case("a batch that breaks off is no event to anybody: nothing is told of the message that came whole")
def half(lab):
    for libc in lab.libcs():
        run = play(lab, libc, "half-batch")
        segment, = run.segments
        assert "then: 0" in run.stdout, run.stdout
        assert len(records(segment, "invocation")) == 1 and not records(segment, "event"), segment


@case("nothing is recorded of what is elsewhere")
def elsewhere(lab):
    segment, = play(lab, "glibc", "one-connection", where="127.0.0.2").segments
    assert not records(segment, "invocation") and not records(segment, "invocation_end"), segment
    assert "next" not in segment["marks"], segment["marks"]


@case("connect, good and bad")
def results(lab):
    for libc in lab.libcs():
        run = play(lab, libc, "results")
        assert "good: 0" in run.stdout and "refused: -1" in run.stdout, run.stdout


if __name__ == "__main__":
    harness.main(__doc__)
