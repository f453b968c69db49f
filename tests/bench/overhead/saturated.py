# SPDX-License-Identifier: Apache-2.0
"""Throughput: what functions do whose processor is never idle; README.md says how, and why so."""
import contextlib
import os
import statistics
import subprocess
import time

import pairs
import ways
from surroundings import say

CONNECTIONS = 64
BLOCK_S = 0.15  # nobody waits for a second for his next one: after that the collector gives a ring's memory back
SATURATED = 0.95  # of the time its processor was its own, by its own clock: less, and something else was the limit
STEADY, STEADY_BLOCKS = 0.97, 8  # warm: the last blocks are no faster than the ones before them
WARM_TIMES_MOST = 2.5
QUIET, QUIET_S, QUIET_MOST_S = 0.02, 0.2, 10  # of a processor, over so long: nobody compiles


class Block:
    """What one function did in a while of load: sums, if there were several."""

    def __init__(self, requests=0, wall_ns=0, cpu_ns=0, waited_ns=0, own_ns=0):
        self.requests, self.wall_ns, self.cpu_ns = requests, wall_ns, cpu_ns
        self.waited_ns, self.own_ns = waited_ns, own_ns  # the load's

    def __add__(self, other):
        return Block(*(mine + more for mine, more in zip(vars(self).values(), vars(other).values())))

    @property
    def share(self):
        """Of the time: how much its processor worked for it."""
        return self.cpu_ns / self.wall_ns

    @property
    def cost_us(self):
        """Of its processor for a request."""
        return self.cpu_ns / self.requests / 1000

    @property
    def rate(self):
        """Requests a second, by the clock."""
        return self.requests / self.wall_ns * 1e9


class Load:
    """load.c, which keeps connections to all functions."""

    def __init__(self, program):
        self.process = subprocess.Popen([program, str(CONNECTIONS)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1)
        with contextlib.suppress(PermissionError):  # before the collector, where that is allowed
            os.sched_setscheduler(self.process.pid, os.SCHED_FIFO, os.sched_param(1))

    def block(self, port, seconds, pids):
        self.process.stdin.write(" ".join(map(str, [port, int(seconds * 1000), *pids])) + "\n")
        answer = self.process.stdout.readline()
        if not answer or answer.startswith("error: "):
            raise ways.Missing(f"the load: {answer[7:].strip() or 'it has ended'}")
        return Block(*map(int, answer.split()))

    def end(self):
        self.process.stdin.close()
        self.process.wait(ways.LIMIT_S)


class Function:
    """One that runs, and was asked once."""

    def __init__(self, language, way, more):
        self.port, self.asked, self.warm = ways.free_port(), 0, []
        self.process = language.start(way, self.port, more)
        try:
            ways.first_answer(self.process, self.port)
        except BaseException:
            ways.end(self.process)
            raise

    def work(self, load, seconds=BLOCK_S):
        block = load.block(self.port, seconds, ways.session_of(self.process.pid))
        self.asked += block.requests
        return block

    @property
    def steady(self):
        costs = [block.cost_us for block in self.warm]
        last, before = costs[-STEADY_BLOCKS:], costs[-2 * STEADY_BLOCKS:-STEADY_BLOCKS]
        return len(before) == STEADY_BLOCKS and statistics.median(last) >= STEADY * statistics.median(before)


def quiet(functions):
    """Waits until none does anything, asked as it is by nobody: compilers go on for seconds after the requests that
    made them begin, and would have the processor of whoever is asked next."""
    pids = [pid for function in functions.values() for pid in ways.session_of(function.process.pid)]
    limit, used = time.monotonic() + QUIET_MOST_S, None
    while used is None or (used > QUIET * QUIET_S * 1e9 and time.monotonic() < limit):
        before = ways.cpu_ns(pids)
        time.sleep(QUIET_S)
        used = ways.cpu_ns(pids) - before


def warm_up(language, functions, load, least_s):
    """All in turn, for so long at least, and until none gets faster any more."""
    turns = 0
    while turns * BLOCK_S < least_s or (not all(function.steady for function in functions.values())
                                        and turns * BLOCK_S < WARM_TIMES_MOST * least_s):
        for function in functions.values():
            function.warm.append(function.work(load))
        turns += 1
        if turns % STEADY_BLOCKS == 0:
            quiet(functions)
    quiet(functions)
    for way, function in functions.items():
        costs = [block.cost_us for block in function.warm]
        say(f"{language.name}: {way}: warm after {function.asked} requests: {costs[0]:.1f} us of its processor each, "
            f"then {costs[len(costs) // 2]:.1f}, {costs[-1]:.1f}{'' if function.steady else ', and not steady yet'}")


class Session:
    """New processes, all alive at once. rounds: of each {way: what it did}; collector_us: its own, a request."""

    def __init__(self, language, surroundings, names, rounds, quick=False):
        self.rounds, self.failed = [], {}
        with contextlib.ExitStack() as stack:
            load = Load(surroundings.load)
            stack.callback(load.end)
            functions = {}
            for way in names:
                try:
                    functions[way] = Function(language, way, surroundings.variables[way])
                    stack.callback(ways.end, functions[way].process)
                    functions[way].work(load)
                except ways.Missing as why:
                    if way != ways.THEIRS:
                        raise ways.Missing(f"{way}: {why}") from why
                    functions.pop(way, None)
                    self.failed[way] = str(why)
                    say(f"{language.name}: {way}: {why}")
            warm_up(language, functions, load, BLOCK_S if quick else language.warm_s)
            ours = functions[ways.OURS]
            asked, used = ours.asked, surroundings.still()
            for n in range(rounds):
                did = {way: Block() for way in functions}
                for way in pairs.there_and_back(list(functions), n):
                    did[way] += functions[way].work(load)
                self.rounds.append(did)
            self.collector_us = (surroundings.still() - used) / (ours.asked - asked) / 1000

    def sum(self, way):
        return sum((did[way] for did in self.rounds), Block())

    def kept(self, way):
        """Of what the bare one does with as much of its processor, in per cent."""
        return self._kept(way, self.rounds, lambda block: 1 / block.cost_us)

    def kept_by_the_clock(self, way):
        """The same of what it does in as much time; None: its processor was not busy, or the bare one's."""
        busy = [did for did in self.rounds
                if way in did and min(did[way].share, did[ways.BARE].share) >= SATURATED]
        return self._kept(way, busy, lambda block: block.rate) if 2 * len(busy) > len(self.rounds) else None

    @staticmethod
    def _kept(way, rounds, figure):
        if not rounds or way not in rounds[0]:
            return None
        return pairs.middle([100 * figure(did[way]) / figure(did[ways.BARE]) for did in rounds])
