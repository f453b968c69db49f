#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes of hooks.def what cannot include it: usage: exports.py hooks.def MAP THUNKS EARLY HASHES

MAP is the version script; THUNKS has a line per entry-only hook, for thunk.S, with its index; EARLY
one for every hook, for early.S; HASHES the hash of each name, for loader.c: every start would compute
the same.
"""
import pathlib
import re
import sys

# Assembly of its own; the mark of a copy of us; what libcoldspan.a calls.
OTHERS = ["vfork", "coldspan_shim", "coldspan_shim_call"]


def gnu_hash(name):
    """As DT_GNU_HASH has it (elf_lookup.h)."""
    value = 5381
    for byte in name.encode():
        value = (value * 33 + byte) % 2**32
    return value


hooks = re.findall(r"^(HOOK|THUNK)\((\w+)\)", pathlib.Path(sys.argv[1]).read_text(), re.M)
pathlib.Path(sys.argv[2]).write_text(
    "{\n\tglobal:\n" + "".join(f"\t\t{n};\n" for n in [h[1] for h in hooks] + OTHERS) +
    "\tlocal: *;\n};\n")
pathlib.Path(sys.argv[3]).write_text(
    "".join(f"\tTHUNK {name}, {i}\n" for i, (kind, name) in enumerate(hooks) if kind == "THUNK"))
pathlib.Path(sys.argv[4]).write_text("".join(f"\tEARLY {i}\n" for i in range(len(hooks))))
pathlib.Path(sys.argv[5]).write_text(
    "".join(f"\t{gnu_hash(name):#010x}, /* {name} */\n" for _, name in hooks))
