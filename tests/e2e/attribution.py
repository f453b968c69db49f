#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whose a line of log is, while a process serves more than what is told of.

usage: attribution.py --build DIR

A server writes a line for each byte that it is sent, so that the order of all lines is this script's.
"""
import contextlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, otlp_json
from lib.cases import case
from lib.served import Watched, connected, head, tool

GUEST = pathlib.Path(__file__).resolve().parent / "guests/lines.py"
FOLDED = "X-Folded: a\r\n b\r\n"  # two parsers may read that differently: it is not followed
BESIDE = {
    "probe": "User-Agent: kube-probe/1.29\r\n",
    "folded": FOLDED,
    "large": f"X-Large: {'x' * 70000}\r\n",
    "tunnel": "Connection: upgrade\r\nUpgrade: bytes\r\n",
}


class Lines:
    """A server, and whose each of its lines is."""

    def __init__(self, args, folder, how):
        self.watched = Watched(args.build, folder, [tool("/usr/bin/python3", "python3"), GUEST, how])

    def __enter__(self):
        self.watched.__enter__()
        self.port = int(self.watched.first_line().split()[1])
        return self

    def __exit__(self, *error):
        self.watched.__exit__(*error)

    @contextlib.contextmanager
    def asked(self, name, lines, more=""):
        """Gives what has the next line written; after the last one the request is over."""
        with connected(self.port) as (sock, stream):
            sock.sendall(f"POST /{name} HTTP/1.1\r\nHost: a\r\n{more}Content-Length: {lines}\r\n\r\n".encode())
            numbers = iter(range(lines))
            if "Upgrade" in more:
                assert head(stream)[0] == 101

            def line():
                sock.sendall(b"x")
                assert self.watched.first_line() == f"{name} {next(numbers)}\n"

            yield line
            assert "Upgrade" in more or head(stream)[0] == 200
            assert not stream.read(1), "more than an answer"  # and by then it is closed

    def finish(self):
        """The path of the invocation whose ids each line has; None: it has none."""
        _, _, invocations = self.watched.finish(self.port)
        paths = {span["spanId"]: span["attributes"]["url.path"] for span in invocations}
        lines = otlp_json.of_file(self.watched.traces, otlp_json.logs)
        return {line["body"]: paths.get(line["spanId"]) for line in lines}


def beside(args, folder, more):
    with Lines(args, folder, "waits") as server:
        with server.asked("aside", 3, more) as aside:
            aside()
            with server.asked("helper-told", 2) as told, server.asked("own", 1) as own:
                aside()
                told()
                own()
                told()
            aside()
        with server.asked("helper-after", 1) as after:
            after()
        owners = server.finish()
    for number in range(3):
        assert owners[f"aside {number}"] in (None, "/aside"), owners
    assert owners["helper-told 0"] is None and owners["helper-told 1"] is None, owners
    assert owners["own 0"] == "/own", owners
    assert owners["helper-after 0"] == "/helper-after", owners


@case
def alone_beside_a_probe_is_not_alone(args, folder):
    beside(args, folder, BESIDE["probe"])


@case
def alone_beside_a_head_that_is_not_followed_is_not_alone(args, folder):
    beside(args, folder, BESIDE["folded"])


@case
def alone_beside_a_head_that_is_too_long_is_not_alone(args, folder):
    beside(args, folder, BESIDE["large"])


@case
def alone_beside_a_tunnel_is_not_alone(args, folder):
    beside(args, folder, BESIDE["tunnel"])


def at_once(args, folder, how):
    with Lines(args, folder, how) as server:
        with server.asked("a", 2) as a, server.asked("b", 2) as b, server.asked("helper-c", 1) as c:
            a()
            b()
            c()
            b()
            a()
        owners = server.finish()
    assert {line: owners[line] for line in ("a 0", "a 1", "b 0", "b 1", "helper-c 0")} == {
        "a 0": "/a", "a 1": "/a", "b 0": "/b", "b 1": "/b", "helper-c 0": None}, owners


@case
def threads_that_wait_in_their_reads_have_their_own_lines(args, folder):
    at_once(args, folder, "waits")


@case
def threads_that_wait_for_one_connection_by_poll_have_their_own_lines(args, folder):
    at_once(args, folder, "polls")


if __name__ == "__main__":
    args = cases.parser(__doc__, "build").parse_args()
    cases.main(args, args, folder=True)
