#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trace contexts as OpenTelemetry's own propagators write and read them, read by us.

usage: carriers.py READ_CARRIERS_PROGRAM

What they write we read, to the bit. Of what is spoilt a little either may take what the other refuses
(they are lenient about lengths and cases, and want a span that called); what both take is the same.
"""
import functools
import pathlib
import random
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, peers

HERE = pathlib.Path(__file__).resolve().parent
FORMATS = ["w3c", "xray", "cloud", "b3", "b3-headers", "jaeger"]
CONTEXTS, SPOILT = 500, 3000
BYTES = "0123456789abcdefABCDEFg-:;/=. ?%,d"
SEED = 20261121


def ask(command, text):
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True,
                          timeout=60).stdout


class Readers:
    """Each takes lists of header lines, one a request."""

    def __init__(self, program):
        self.program, self.python = program, peers.path("propagators")

    def them(self, mode, name, text):
        return ask([self.python, HERE / "propagators.py", mode, name], text)

    def read(self, name, requests):
        """What we and they say of each request: a list of words, empty for nothing."""
        text = "".join("\n".join(lines) + "\n\n" for lines in requests)
        ours = [line.split()[1:] for line in ask([self.program], text).splitlines()]
        theirs = [[] if line == "-" else line.split()
                  for line in self.them("extract", name, text).splitlines()]
        assert len(ours) == len(theirs) == len(requests), (len(ours), len(theirs), len(requests))
        return list(zip(requests, ours, theirs))

    def written(self, name, source):
        """Contexts as words, and the header lines that they made of each."""
        contexts = [f"{source.getrandbits(128) | 1:032x} {source.getrandbits(64) | 1:016x} "
                    f"{source.randrange(2)}" for _ in range(CONTEXTS)]
        blocks = self.them("inject", name, "\n".join(contexts) + "\n").split("\n\n")[:-1]
        assert len(blocks) == len(contexts), f"{len(blocks)} requests for {len(contexts)} contexts"
        return contexts, [block.split("\n") for block in blocks]


def what_they_write_we_read(name, readers):
    contexts, requests = readers.written(name, random.Random(SEED))
    for context, (lines, ours, theirs) in zip(contexts, readers.read(name, requests)):
        assert ours == context.split(), f"{lines}: we read {ours}, they wrote {context}"
        assert ours == theirs, f"{lines}: we read {ours}, they {theirs}"


def spoil(value, source):
    """One small accident."""
    at, other = sorted(source.randrange(len(value) + 1) for _ in range(2))
    return source.choice([
        lambda: value[:at] + source.choice(BYTES) + value[at + 1:],
        lambda: value[:at] + source.choice(BYTES) + value[at:],
        lambda: value[:at] + value[at + 1:],
        lambda: value[:at],
        lambda: value[:at] + value[other:],
        lambda: value[:at] + value[max(0, at - 3):],
        value.upper,
        lambda: re.sub("[0-9a-f]{16,32}", lambda found: "0" * len(found[0]), value, count=1),
    ])()


def spoilt(requests, source):
    for _ in range(SPOILT):
        lines = list(source.choice(requests))
        at = source.randrange(len(lines))
        name, _, value = lines[at].partition(": ")
        lines[at] = f"{name}: {spoil(value, source)}"
        yield lines


def what_both_read_is_the_same(name, readers):
    source = random.Random(SEED + 1)
    _, requests = readers.written(name, source)
    both = neither = 0
    for lines, ours, theirs in readers.read(name, list(spoilt(requests, source))):
        if ours and theirs:
            assert ours[:2] == theirs[:2], f"{lines}: we read {ours}, they {theirs}"
        both += bool(ours and theirs)
        neither += not ours and not theirs
        if name == "w3c":  # the one format whose specification leaves no choice
            assert bool(ours) == bool(theirs), f"{lines}: we read {ours}, they {theirs}"
    assert both > SPOILT / 50 and neither > SPOILT / 5, f"{both} read by both, {neither} by none"


def main():
    parser = cases.parser(__doc__)
    parser.add_argument("program", type=pathlib.Path)
    args = parser.parse_args()
    readers = Readers(args.program.resolve())
    for name in FORMATS:
        for what in (what_they_write_we_read, what_both_read_is_the_same):
            cases.register(f"{name}: {what.__name__}", functools.partial(what, name))
    cases.main(args, readers)


if __name__ == "__main__":
    main()
