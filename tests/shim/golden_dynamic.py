#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The dynamic section of the shim, entry by entry: what a loader anywhere needs of it.

usage: golden_dynamic.py libcoldspan.so hooks.def
"""
import pathlib
import re
import subprocess
import sys

# Beyond what hooks.def lists: assembly of its own, and the mark by which copies know each other.
OTHERS = {"vfork", "coldspan_shim", "coldspan_shim_call"}
# Everything that may stand there. No NEEDED, no RELR (old loaders ignore it and crash), no TEXTREL,
# no version tables, no FINI: nothing runs at exit.
TAGS = {"SONAME", "INIT_ARRAY", "INIT_ARRAYSZ", "HASH", "GNU_HASH", "STRTAB", "SYMTAB", "STRSZ",
        "SYMENT", "PLTGOT", "PLTRELSZ", "PLTREL", "JMPREL", "RELA", "RELASZ", "RELAENT", "RELACOUNT",
        "FLAGS", "FLAGS_1", "SYMBOLIC", "NULL"}
REQUIRED = {"SONAME", "INIT_ARRAY", "HASH", "GNU_HASH"}
RELOCATIONS = {"R_X86_64_RELATIVE", "R_AARCH64_RELATIVE"}
# What every start runs, from files that have nothing else in common: preload/layout.ld.
START = {".rodata", "__libc_start_main", "memcpy", "cs_attach", "cs_classify_holds_code", "cs_elf_find",
            "cs_fd_init", "cs_follow_start", "cs_identity_write", "cs_lanes_init", "cs_loader_resolve",
            "cs_logs_variable", "cs_now", "cs_pool_init", "cs_propagate_variable", "cs_ring_init",
            "cs_script_find", "cs_segment_format", "cs_shim_enter", "cs_start_read", "cs_text_starts"}
FAULT_AROUND_BYTES = 65536
FLAGS_1 = {"NOW", "NODELETE", "INITFIRST"}


def readelf(option, path):
    return subprocess.run(["readelf", "-W", option, path], check=True, capture_output=True, text=True,
                          env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}).stdout


def check_tags(path):
    text = readelf("-d", path)
    tags = re.findall(r"^ 0x[0-9a-f]+ \((\w+)\)\s*(.*)$", text, re.M)
    names = {name for name, _ in tags}
    yield from (f"dynamic tag {name}: a loader may not know or honour it" for name in names - TAGS)
    yield from (f"dynamic tag {name} is missing" for name in REQUIRED - names)
    flags = dict(tags).get("FLAGS_1", "")
    missing = FLAGS_1 - set(flags.replace("Flags:", "").split())
    if missing:
        yield f"FLAGS_1 lacks {sorted(missing)}: {flags}"
    if "BIND_NOW" not in dict(tags).get("FLAGS", ""):
        yield "FLAGS lacks BIND_NOW"


def check_symbols(path, hooks):
    expected = set(re.findall(r"^(?:HOOK|THUNK)\((\w+)\)", hooks.read_text(), re.M)) | OTHERS
    exported = set()
    for line in readelf("--dyn-syms", path).splitlines():
        field = line.split()
        if len(field) < 8 or not field[0].rstrip(":").isdigit() or field[0] == "0:":
            continue
        kind, binding, index, name = field[3], field[4], field[6], field[7]
        if kind == "SECTION" and binding == "LOCAL":
            continue  # ld for aarch64 leaves them there; nobody can bind to them
        if index == "UND":
            yield f"undefined symbol {name} ({binding}): law 3 allows none, not even a weak one"
        elif kind != "FUNC":
            yield f"{name} is exported as {kind}: copy relocations reach data symbols"
        else:
            exported.add(name)
    yield from (f"{name} is exported, but not in hooks.def" for name in sorted(exported - expected))
    yield from (f"{name} is in hooks.def, but not exported" for name in sorted(expected - exported))


def check_segments(path):
    headers = readelf("-l", path)
    if re.search(r"^\s+TLS\s", headers, re.M):
        yield "a TLS segment: dlopen in a full static block fails"
    if len(re.findall(r"^\s+LOAD\s", headers, re.M)) > 2:
        yield "more than two mappings: each costs every process at its start and its end"
    for begin, bytes_ in re.findall(r"^\s+LOAD\s+\S+\s+(0x\w+)\s+\S+\s+\S+\s+(0x\w+)\s+RW ",
                                    headers, re.M):
        if int(begin, 16) % 4096 + int(bytes_, 16) > 4096:
            yield "more than one page of data: each process copies it, and maps the rest"
    stack = re.search(r"^\s+GNU_STACK\s.*", headers, re.M)
    if not stack or "RWE" in stack.group():
        yield "the stack would be made executable"
    if re.search(r"^\s+LOAD\s.*RWE", headers, re.M):
        yield "a segment that is writable and executable"
    for kind in set(re.findall(r"(R_\w+)", readelf("-r", path))) - RELOCATIONS:
        yield f"relocation {kind}: only relative ones need no symbol"
    if "no version information" not in readelf("-V", path).lower():
        yield "version needs or definitions"


def check_layout(path):
    ends = {}
    for name, begin, size in re.findall(r"\] (\.rodata)\s+PROGBITS\s+(\w+) \w+ (\w+)", readelf("-S", path)):
        ends[name] = int(begin, 16) + int(size, 16)
    for line in readelf("--symbols", path).splitlines():
        field = line.split()
        if len(field) == 8 and field[3] == "FUNC":
            ends[field[7]] = int(field[1], 16) + int(field[2], 0)
    yield from (f"no {name}: has it another name now?" for name in START - set(ends))
    yield from (f"{name} ends at {ends[name]:#x}: beyond {FAULT_AROUND_BYTES} bytes it costs "
                "each start a page fault more (preload/layout.h)"
                for name in sorted(START & set(ends)) if ends[name] > FAULT_AROUND_BYTES)


def main():
    path, hooks = sys.argv[1], pathlib.Path(sys.argv[2])
    bad = [*check_tags(path), *check_symbols(path, hooks), *check_segments(path),
           *check_layout(path)]
    size = pathlib.Path(path).stat().st_size
    print("\n".join(bad) or f"{path}: as it has to be ({size} bytes with debug information)")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
