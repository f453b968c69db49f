# SPDX-License-Identifier: Apache-2.0
"""Cold start and memory: differences to the bare one of the same round; README.md says how, and why so."""
import time

import pairs
import ways
from surroundings import say


class Start:
    """One, from the start of the process to the first byte of its first answer, and what its processes used and held
    then."""

    def __init__(self, language, way, more):
        port = ways.free_port()
        begin = time.monotonic()
        process = language.start(way, port, more)
        try:
            self.ms = (ways.first_answer(process, port) - begin) * 1000
            pids = ways.session_of(process.pid)
            self.cpu_ms = ways.cpu_ns(pids) / 1e6
            self.faults = ways.faults(pids)
            self.kib = ways.pss_kib(pids)
        finally:
            ways.end(process)


class Starts:
    """Rounds of them, until @enough(how many). OpenTelemetry's, which take long and differ by far more, are in every
    few only."""

    def __init__(self, language, variables, rounds, theirs_every, enough):
        self.rounds, self.failed = [], {}
        for way in variables:  # the first of all reads the files
            self._try(language, way, variables)
        for n in range(rounds):
            names = [way for way in variables if way not in self.failed
                     and (way != ways.THEIRS or n % theirs_every == 0)]
            self.rounds.append({way: self._try(language, way, variables) for way in pairs.order(names, n)})
            if (n + 1) % 10 == 0:
                say(f"{language.name}: cold start {n + 1} of {rounds}")
            if enough(n + 1):
                break

    def _try(self, language, way, variables):
        try:
            return Start(language, way, variables[way])
        except ways.Missing as why:
            if way != ways.THEIRS:
                raise ways.Missing(f"{way}: {why}") from why
            self.failed[way] = str(why)
            say(f"{language.name}: {way}: {why}")
            return None

    def bare(self, what):
        return pairs.middle([getattr(starts[ways.BARE], what) for starts in self.rounds])

    def added(self, way, what):
        """A difference a round."""
        return [getattr(starts[way], what) - getattr(starts[ways.BARE], what) for starts in self.rounds
                if starts.get(way)]
