#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What measures here is right itself: load.c and sink.c count the same, a server that gives no answer is told, and what
is made of pairs is what it is meant to be.

usage: check.py --programs FOLDER
"""
import collections
import contextlib
import pathlib
import socket
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]
import pairs
from lib import cases
from lib.cases import case
from saturated import Block, Load, Session
import ways

MILLISECONDS, CONNECTIONS, LIMIT_S = 300, 4, 60
HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class Asked:
    """load.c, a line at a time."""

    def __init__(self, args, connections=CONNECTIONS):
        self.process = subprocess.Popen([args.programs / "load", str(connections)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1)

    def block(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        return self.process.stdout.readline()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        assert self.process.wait(LIMIT_S) == 0


class Server(threading.Thread):
    """Gives each connection these answers, one a request, and closes it."""

    def __init__(self, *answers):
        super().__init__(daemon=True)
        self.answers, self.listener = answers, socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            with connection, contextlib.suppress(ConnectionError):
                for answer in self.answers:
                    if not connection.recv(4096):
                        break
                    connection.sendall(answer)


@case
def the_load_and_the_sink_count_the_same(args):
    blocks = []
    with subprocess.Popen([args.programs / "sink"], stdout=subprocess.PIPE, text=True) as sink:
        try:
            port = sink.stdout.readline().strip()
            with Asked(args) as load:
                for _ in range(2):
                    blocks.append(list(map(int, load.block(port, MILLISECONDS, sink.pid).split())))
        finally:
            sink.terminate()
        got, size = map(int, sink.communicate(timeout=LIMIT_S)[0].split())
    print(f"{blocks}, the server counts {got}")
    # Each connection's first is none of a block, and stays for the next one.
    assert got == sum(requests for requests, *_ in blocks) + CONNECTIONS and not size, (blocks, got, size)
    for requests, wall_ns, cpu_ns, _, own_ns in blocks:
        assert requests >= CONNECTIONS and wall_ns >= MILLISECONDS * 1e6 and 0 < cpu_ns and own_ns, blocks


@contextlib.contextmanager
def refusing():
    """A port at which nobody listens, nor will."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@case
def what_fails_is_told_and_the_next_block_goes_on(args):
    there = Server(*[HELLO] * 100000)
    with refusing() as port, Asked(args, 1) as load:
        said = load.block(port, MILLISECONDS, 1)
        assert said == f"error: port {port}: connect: Connection refused\n", said
        said = load.block(there.port, MILLISECONDS, 2 ** 22 + 1)  # no process has that number
        assert "a process of the server: it has ended" in said, said
        assert load.block("nonsense").startswith("error: ")
        assert int(load.block(there.port, MILLISECONDS, 1).split()[0]) > 0


@case
def an_answer_that_is_none_is_told(args):
    for answer, why in ((b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "no 200"),
                        (b"HTTP/1.1 200 OK\r\n\r\n", "no length"), (b"HTTP/1.1 200 OK\r\nCont", "closed before")):
        with Asked(args) as load:
            said = load.block(Server(answer).port, MILLISECONDS, 1)
            assert said.startswith("error: ") and why in said and said.endswith("\n"), said


@case
def what_is_closed_between_answers_is_opened_again(args):
    with Asked(args, 1) as load:
        for _ in range(2):
            requests = int(load.block(Server(HELLO, HELLO, HELLO).port, MILLISECONDS, 1).split()[0])
            assert requests > 6, requests
        said = load.block(Server().port, MILLISECONDS, 1)
        assert "closed each time" in said, said


@case
def a_failed_block_is_a_reason_and_not_a_traceback(args):
    load = Load(args.programs / "load")
    with refusing() as port:
        try:
            load.block(port, 0.1, [1])
            raise AssertionError("nobody listens there")
        except ways.Missing as why:
            assert f"port {port}: connect" in str(why), why
        finally:
            load.end()


@case
def the_estimate_is_little_moved_by_what_is_far_off(_):
    assert pairs.middle([1]) == 1 and pairs.middle([1, 2, 3]) == 2
    assert pairs.middle([1, 2, 3, 4, 5]) == 3 and pairs.middle([1, 2, 3, 4, 500]) == 3
    assert pairs.quarters([1, 2, 3, 4, 5]) == (2, 4) and pairs.quarters([7]) == (7, 7)
    assert pairs.shown([1.0, 2, 3], "{:.1f}") == "2.0 (1.5 to 2.5)"


@case
def all_are_behind_all_others_as_often(_):
    for names in ("ab", "abc", "abcd"):
        seen = collections.Counter()
        for n in range(24):
            order = pairs.order(names, n)
            seen.update(zip(order, order[1:]))
            assert pairs.there_and_back(names, n) == order + order[::-1]
        assert len(seen) == len(names) * (len(names) - 1) and len(set(seen.values())) == 1, seen


def _session(*rounds):
    """Of pairs (bare, ours), each (requests, wall ms, processor ms)."""
    session = Session.__new__(Session)
    session.rounds = [{way: Block(requests, wall * 10 ** 6, cpu * 10 ** 6)
                       for way, (requests, wall, cpu) in zip((ways.BARE, ways.OURS), pair)} for pair in rounds]
    return session


@case
def what_is_kept_by_the_clock_needs_a_processor_that_is_busy(_):
    busy = ((1000, 100, 99), (900, 100, 99))
    assert abs(_session(busy).kept(ways.OURS) - 90) < 1e-6
    assert abs(_session(busy).kept_by_the_clock(ways.OURS) - 90) < 1e-6
    # Half idle: what it would do with the rest is known by its own clock, and by that alone.
    idle = ((1000, 200, 100), (900, 200, 100))
    assert abs(_session(idle).kept(ways.OURS) - 90) < 1e-6
    assert _session(idle).kept_by_the_clock(ways.OURS) is None
    assert _session(idle, busy).kept_by_the_clock(ways.OURS) is None
    assert abs(_session(idle, busy, busy).kept_by_the_clock(ways.OURS) - 90) < 1e-6
    assert _session(busy).kept(ways.THEIRS) is None and _session(busy).kept_by_the_clock(ways.THEIRS) is None


if __name__ == "__main__":
    arguments = cases.parser(__doc__, "programs").parse_args()
    cases.main(arguments, arguments)
