#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one guest bare and under the shim, under every condition, and demands the same behaviour.

usage: matrix.py GUEST --shim FILE --guests DIR --collector FILE
       (DIR: where the compiled guests are)

Same means: stdout, stderr, exit status, and the report a guest writes about itself (descriptors,
environment, signal state, errno of calls), after normalise.txt. With a collector present the guest
must also have announced itself, so that the comparison is not one of bare with bare.
"""
import atexit
import contextlib
import functools
import itertools
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile

import announce_socket

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from lib import cases, control_groups

TIMEOUT_S = 60
INPUT = b"hello\n"


def load_rules():
    rules = []
    for line in (HERE / "normalise.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            pattern, replacement = line.split(" => ")
            rules.append((re.compile(pattern), replacement))
    return rules


RULES = load_rules()
CGROUPS = itertools.count()


def normalise(data):
    out = []
    for line in data.decode(errors="replace").splitlines():
        for pattern, replacement in RULES:
            if replacement == "drop" and pattern.search(line):
                break
            if replacement != "drop":
                line = pattern.sub(replacement, line)
        else:
            out.append(line)
    return out


# name: (at the socket, launcher options, limits, environment)
CONDITIONS = {
    "collector present": ("counting", [], {}, {}),
    "coldspan-collector present": ("alive", [], {}, {}),
    "collector absent": ("absent", [], {}, {}),
    "collector hung": ("stopped", [], {}, {}),
    "collector hung, its queue full": ("full", [], {}, {}),
    "collector killed before": ("killed", [], {}, {}),
    "collector killed meanwhile": ("dying", [], {}, {}),
    "all descriptors closed": ("counting", ["--close-all"], {}, {}),
    "RLIMIT_NOFILE=4": ("counting", [], {resource.RLIMIT_NOFILE: 4}, {}),
    "RLIMIT_FSIZE=0": ("counting", [], {resource.RLIMIT_FSIZE: 0}, {}),
    "tight RLIMIT_AS": ("counting", [], {resource.RLIMIT_AS: "least"}, {}),
    "tight RLIMIT_DATA": ("counting", [], {resource.RLIMIT_DATA: "least"}, {}),
    "full memory cgroup": ("counting", [], {}, {"cgroup": True}),
    "attach refused by seccomp": ("counting", ["--refuse"], {}, {}),
    "strict filter after start": ("counting", [], {}, {"filter": True}),
    "nobody, no_new_privs": ("counting", ["--nobody"], {}, {}),
    "jemalloc before": ("counting", [], {}, {"before": True}),
    "jemalloc after": ("counting", [], {}, {"after": True}),
    "setuid copy": ("counting", ["--user"], {}, {"setuid": True}),
}

# What the bare guest needs is found by trying, so that there is really little: (unit in which it is
# looked for, most that is tried, what is given beyond). A watched guest may take 1 MiB of memory
# more; of address space some 7 MiB where there is more than a GiB, else none but the library's; of
# private memory that is limited its own page and the library's few.
KIB, MIB = 1 << 10, 1 << 20
NEEDS = {
    "tight RLIMIT_AS": {"java": (64 * MIB, 8192 * MIB, 12 * MIB), "others": (MIB, 2048 * MIB, MIB)},
    # Without enough of it Node does not end: it is given what surely suffices.
    # What a JVM takes differs by some MiB from one run to the next.
    "tight RLIMIT_DATA": {"java": (MIB, 2048 * MIB, 8 * MIB), "node": (768 * MIB, 768 * MIB, 0),
                          "others": (64 * KIB, 2048 * MIB, 128 * KIB)},
    "full memory cgroup": {"java": (4 * MIB, 128 * MIB, 2 * MIB),
                           "others": (MIB // 4, 128 * MIB, MIB)},
}

# Conditions under which the shim must still attach (elsewhere it may stand down).
ATTACHES = {"collector present", "coldspan-collector present", "collector hung",
            "collector killed meanwhile", "tight RLIMIT_DATA", "full memory cgroup",
            "strict filter after start", "nobody, no_new_privs", "jemalloc before", "jemalloc after"}
NEVER_ATTACHES = {"static"}


def command_of(guest, guests):
    """The guest's command, or why it cannot run here."""
    compiled = {"c-pie": "probe_pie", "c-nopie": "probe_nopie", "musl": "probe_musl",
                "static": "probe_static"}
    if guest in compiled:
        path = guests / compiled[guest]
        return [str(path)] if path.exists() else f"{path.name} was not built (missing compiler)"
    tools = {"python": (["/usr/bin/python3", "python3"], "probe.py"), "node": (["node"], "probe.js"),
             "java": (["java"], "Probe.java"), "bash": (["bash"], "probe.sh")}
    names, script = tools[guest]
    for name in names:
        tool = shutil.which(name)
        if tool:
            break
    else:
        return f"{names[-1]} is not installed"
    if guest != "java":
        return [tool, str(HERE / "guests" / script)]
    options = [tool, "-Xshare:auto", "-XX:TieredStopAtLevel=1"]
    return [*options, *compiled_java(HERE / "guests" / script)]


def compiled_java(source):
    """Compiled once where there is a compiler; else each run compiles."""
    if not shutil.which("javac"):
        return [str(source)]
    folder = tempfile.mkdtemp(prefix="coldspan-matrix-")
    atexit.register(shutil.rmtree, folder)
    os.chmod(folder, 0o755)
    subprocess.run(["javac", "-d", folder, source], check=True, timeout=TIMEOUT_S)
    os.chmod(pathlib.Path(folder) / f"{source.stem}.class", 0o644)
    return ["-cp", folder, source.stem]


def jemalloc():
    for path in ("/usr/lib/x86_64-linux-gnu/libjemalloc.so.2",
                 "/usr/lib/aarch64-linux-gnu/libjemalloc.so.2"):
        if os.path.exists(path):
            return path
    return None


@contextlib.contextmanager
def memory_cgroup():
    """A cgroup of its own: v2 if it has the memory controller, else v1; None if neither."""
    for base, limit in (("/sys/fs/cgroup", "memory.max"),
                        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")):
        path = pathlib.Path(base) / f"coldspan-matrix-{os.getpid()}-{next(CGROUPS)}"
        try:
            path.mkdir()
        except OSError:
            continue
        try:
            if (path / limit).exists():
                yield path / limit, path / "cgroup.procs"
                return
        finally:
            control_groups.remove(path)
    yield None


class Runner:
    def __init__(self, guest, shim, guests, collector):
        self.guest, self.shim, self.guests, self.collector = guest, shim, guests, collector
        self.command = command_of(guest, guests)
        self.least = None

    def environment(self, folder, extra, watched):
        env = {"PATH": os.environ["PATH"], "HOME": "/tmp", "LANG": "C",
               "MATRIX_REPORT": str(folder / "report")}
        preload = [jemalloc()] if extra.get("before") else []
        preload += [str(self.shim)] if watched else []
        preload += [jemalloc()] if extra.get("after") else []
        if extra.get("filter"):
            preload.append(str(self.guests / f"late_filter{'_musl' * (self.guest == 'musl')}.so"))
        if preload:
            env["MATRIX_PRELOAD"] = ":".join(preload)
        if watched:
            env["COLDSPAN_SOCKET"] = str(folder / "announce.sock")
        return env

    def launch(self, options, extra, folder):
        command = list(self.command)
        if extra.get("setuid"):
            copy = folder / "setuid-copy"
            shutil.copy(os.path.realpath(command[0]), copy)
            os.chmod(copy, 0o4755)
            command[0] = str(copy)
        return [str(self.guests / "under"), *options, "--", *command]

    def once(self, condition, watched):
        state, options, limits, extra = CONDITIONS[condition]
        with contextlib.ExitStack() as stack:
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
            os.chmod(folder, 0o777)
            group = stack.enter_context(memory_cgroup()) if extra.get("cgroup") else None
            collector = announce_socket.put(state, str(folder / "announce.sock"), self.collector)
            stack.callback(collector.close)

            def prepare():
                if group:
                    group[1].write_text(str(os.getpid()))
                for kind, value in limits.items():
                    value = self.least if value == "least" else value
                    resource.setrlimit(kind, (value, value))

            if group:
                group[0].write_text(str(self.least))
            run = subprocess.run(self.launch(options, extra, folder), input=INPUT, capture_output=True,
                                 env=self.environment(folder, extra, watched),
                                 preexec_fn=prepare, timeout=TIMEOUT_S, check=False,
                                 cwd=folder)  # a JVM in distress writes a file
            collector.close()  # first takes what is still in the queue
            report = folder / "report"
            text = report.read_bytes() if report.exists() else b"(no report)"
            seen = {"stdout": run.stdout, "stderr": run.stderr, "report": text}
            seen = {k: normalise(v.replace(str(folder).encode(), b"FOLDER"))
                    for k, v in seen.items()}
            return {"status": run.returncode, **seen}, collector.announces

    def measure(self, condition):
        """The least with which the bare guest works, and what it is to have beyond that."""
        unit, most, spare = NEEDS[condition].get(self.guest) or NEEDS[condition]["others"]
        low, high = 1, most // unit
        while low < high:
            middle = (low + high) // 2
            self.least = middle * unit
            try:
                works = self.once(condition, False)[0]["status"] == 7
            except (subprocess.SubprocessError, OSError):
                works = False
            low, high = (low, middle) if works else (middle + 1, high)
        self.least = low * unit + spare


def reason_to_skip(condition, guest):
    if condition == "full memory cgroup":
        with memory_cgroup() as group:
            if not group:
                return "no memory controller can be used here"
    if "nobody" in condition or condition == "setuid copy":
        if os.geteuid() != 0:
            return "needs root to change the user"
    if condition == "strict filter after start" and guest == "static":
        return "nothing can be preloaded into it, neither filter nor shim"
    if condition == "setuid copy" and guest == "java":
        return "a copy of its launcher does not find its libraries"
    if condition.startswith("jemalloc") and not jemalloc():
        return "libjemalloc.so.2 is not installed"
    if condition.startswith("jemalloc") and guest == "musl":
        return "Debian's jemalloc is for glibc"
    return None


def compare(runner, condition):
    """None if the guest behaves the same, else what differs."""
    bare, _ = runner.once(condition, False)
    watched, announced = runner.once(condition, True)
    if condition in NEEDS and bare["status"] != 7:
        return f"the bare guest does not live with {runner.least}: {bare['status']} {bare['stderr'][-3:]}"
    if condition == "strict filter after start" and bare["status"] != 7:
        return f"the bare guest does not live with its filter: {bare['status']}"
    if condition == "strict filter after start" and "seccomp=2" not in bare["report"]:
        return "the bare guest has no filter"
    if condition == "setuid copy" and "secure=1" not in bare["report"]:
        return "the copy was given no privileges: is its file system mounted nosuid?"
    for what, value in bare.items():
        if watched[what] != value:
            mine = [l for l in watched[what] if l not in value] if isinstance(value, list) else \
                watched[what]
            theirs = [l for l in value if l not in watched[what]] if isinstance(value, list) else \
                value
            return f"{what}: bare {theirs!r}, watched {mine!r}"
    if condition == "setuid copy" and announced:
        return "a setuid program was watched"
    if condition in ATTACHES and runner.guest not in NEVER_ATTACHES and not announced:
        return "the guest never announced itself"
    return None


def behaves_the_same(condition, runner):
    reason = reason_to_skip(condition, runner.guest)
    if reason:
        cases.skip(reason)
    if condition in NEEDS:
        runner.measure(condition)
    difference = compare(runner, condition)
    assert difference is None, difference


for name in CONDITIONS:
    cases.register(name, functools.partial(behaves_the_same, name))


def main():
    parser = cases.parser(__doc__, "guests", "shim", "collector")
    parser.add_argument("guest")
    args = parser.parse_args()
    runner = Runner(args.guest, args.shim, args.guests, args.collector)
    if isinstance(runner.command, str):
        cases.skip(runner.command)
    if not (runner.guests / "under").exists():
        cases.skip("under was not built: libseccomp's header is missing (script/setup)")
    cases.main(args, runner)


if __name__ == "__main__":
    main()
