#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What could not be seen, or not exactly, is said: nothing is invented for it.

usage: unseen.py --build DIR

Real processes under the shim, a real collector, and what it wrote.
"""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, otlp_json, traces, watching
from lib.cases import case

SERVER = 2  # a span's kind
LIMIT_S = 60
APPROXIMATE = "coldspan.approximate"
CONVERTED_NS = 10_000_000  # the anchors are not read at one instant


class Watch:
    """A collector, and what it wrote of the programs that were started under it."""

    def __init__(self, build, folder):
        self.traces, socket = folder / "traces.jsonl", folder / "announce.sock"
        self.env = {**os.environ, "COLDSPAN_SOCKET": str(socket),
                    "LD_PRELOAD": str(build / "preload/libcoldspan.so")}
        self.collector = watching.start([build / "collector/coldspan-collector", "--file",
                                         self.traces], socket, stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        watching.kill(self.collector)

    def until(self, name, pid):
        """Until a span of that name, of that process, is told."""
        end = time.monotonic() + LIMIT_S
        while not any(span["name"] == name and span["resource"].get("process.pid") == pid
                      for span in self.told()):
            assert time.monotonic() < end, f"no {name} of process {pid}"
            time.sleep(0.01)

    def told(self):
        """All spans that are written whole by now."""
        lines = self.traces.read_text().splitlines(True) if self.traces.exists() else []
        return otlp_json.spans([json.loads(line) for line in lines if line.endswith("\n")])

    def stop(self):
        """Returns all spans."""
        watching.finish(self.collector)
        return otlp_json.of_file(self.traces)


def program(spans, pid):
    """Its cold start, phases by name, and its invocations."""
    mine = [span for span in spans if span["resource"].get("process.pid") == pid]
    start, phases = traces.cold_start(mine)
    return (start, {traces.phase_of(phase): phase for phase in phases},
            [span for span in mine if span["kind"] == SERVER])


@case
def a_function_that_runs_when_the_collector_stops(args, folder):
    # That the first word is here does not say that its writer has come back to tell of it: the second does.
    code = "import sys, signal; sys.stdin.read(); print('out', flush=True); print('told', flush=True); signal.pause()"
    with Watch(args.build, folder) as watch:
        with subprocess.Popen([sys.executable, "-c", code], env=watch.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            try:
                assert (process.stdout.readline(), process.stdout.readline()) == (b"out\n", b"told\n")
                start, phases, (served,) = program(watch.stop(), process.pid)
            finally:
                process.kill()
    for span in (start, served):
        assert "still running" in span["attributes"][APPROXIMATE], span
        assert span["status"] != 2, span
    assert "still running" in phases["respond"]["attributes"]["coldspan.phase.approximate"]


@case
def wrappers_that_end_by_exec_are_named_in_spawn(args, folder):
    wrapper, result = folder / "manager", folder / "run.json"
    wrapper.write_text('#!/bin/sh\nsleep 0.2\nexec "$@"\n')
    wrapper.chmod(0o755)
    subprocess.run([args.build / "agent/coldspan", "run", "--quiet", "--json", result, "--", wrapper,
                    sys.executable, "-c", "import sys; print(sys.stdin.read(), flush=True)"],
                   input=b"event", stdout=subprocess.DEVNULL, check=True, timeout=LIMIT_S)
    start, = json.loads(result.read_text())["cold_starts"]
    spawn, = [phase for phase in start["phases"] if phase["name"] == "spawn"]
    assert spawn["duration_ns"] >= 200_000_000, spawn
    assert start["programs_before"].startswith("manager"), start
    assert "ran before: manager" in spawn["approximate"], spawn


FUNCTION = """
import os, sys, time
time.sleep(0.1)
sys.stdin.read()
time.sleep(0.1)
print(os.getpid(), flush=True)
time.sleep(0.1)
"""


def _wrapped(args, folder, command):
    """The only start and the only invocation of a command around the function, and what it wrote."""
    result, function = folder / "run.json", folder / "function.py"
    function.write_text(FUNCTION)
    ran = subprocess.run([args.build / "agent/coldspan", "run", "--quiet", "--json", result, "--",
                          *[word.replace("FUNCTION", f"'{sys.executable}' '{function}'")
                            for word in command]], input=b"event", stdout=subprocess.PIPE,
                         check=False, timeout=LIMIT_S)
    run = json.loads(result.read_text())
    start, = run["cold_starts"]
    return start, run["invocations"], ran.stdout.decode()


@case
def a_function_behind_wrappers_that_fork(args, folder):
    for command, before in ((["sh", "-c", "FUNCTION; true"], "sh"),
                            (["bash", "-c", "FUNCTION; exit 0"], "bash"),
                            (["sh", "-c", "timeout 60 FUNCTION; exit 3"], "sh, timeout"),
                            (["timeout", "60", "sh", "-c", "FUNCTION; true"], "timeout, sh")):
        start, (served,), out = _wrapped(args, folder, command)
        assert start["pid"] == served["pid"] == int(out), (command, start["pid"], out)
        assert start["function"] == served["function"] == "function", (command, start)
        assert start["programs_before"].startswith(before), (command, start["programs_before"])
        assert start["ready"] and start["approximate"] is served["approximate"] is None, start
        phases = {phase["name"]: phase for phase in start["phases"]}
        assert f"ran before: {before}" in phases["spawn"]["approximate"], phases["spawn"]
        for name in ("code", "handler", "respond"):
            assert phases[name]["duration_ns"] >= 100_000_000, (command, phases[name])
            assert phases[name]["approximate"] is None, (command, phases[name])
        assert served["outcome"] == ("exit status 3" if "exit 3" in command[-1] else
                                     "exit status 0"), served


@case
def a_child_that_may_have_served_is_named(args, folder):
    for command in (["sh", "-c", "FUNCTION | cat"], ["sh", "-c", "echo early; FUNCTION >&2"]):
        start, _, _ = _wrapped(args, folder, command)
        assert start["approximate"], (command, start)
        assert start["function"] == "sh", (command, start)
    start, _, _ = _wrapped(args, folder, ["sh", "-c", "FUNCTION | cat"])
    assert "a child process (function.py)" in start["approximate"], start


@case
def helpers_of_a_wrapper_have_no_cold_start(args, folder):
    """Two programs in one process each, over before the collector has read what their parent said."""
    helper, wrapper, result = folder / "helper", folder / "manager", folder / "run.json"
    helper.write_text("#!/usr/bin/env bash\necho words\n")
    wrapper.write_text("#!/usr/bin/env bash\nfor i in {1..60}; do words=$(helper); done\n"
                       'exec "$@"\n')
    for script in (helper, wrapper):
        script.chmod(0o755)
    subprocess.run([args.build / "agent/coldspan", "run", "--quiet", "--json", result, "--", wrapper,
                    sys.executable, "-c", "import sys; print(sys.stdin.read(), flush=True)"],
                   env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}, input=b"event",
                   stdout=subprocess.DEVNULL, check=True, timeout=LIMIT_S)
    names = [start["function"] for start in json.loads(result.read_text())["cold_starts"]]
    assert len(names) == 1, names


@case
def a_function_whose_runtime_is_stopped_before_it_can_tell_of_it(args, folder):
    code = "import os, sys; sys.stdin.read(); print(os.getpid(), flush=True)"
    with Watch(args.build, folder) as watch:
        with subprocess.Popen([args.build / "tests/e2e/stopped_parent", sys.executable, "-c", code],
                              env=watch.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as runtime:
            try:
                port = int(runtime.stdout.readline())
                with socket.create_connection(("127.0.0.1", port), LIMIT_S) as client:
                    client.sendall(b"POST /orders HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
                    pid = int(runtime.stdout.readline())
                    watch.until("cold start", pid)
                    stat = pathlib.Path(f"/proc/{runtime.pid}/stat").read_text()
                    assert stat.rpartition(")")[2].split()[0] == "T", stat
                    runtime.send_signal(signal.SIGCONT)
                    assert client.recv(4096).startswith(b"HTTP/1.1 200")
                assert runtime.wait(LIMIT_S) == 0
            finally:
                runtime.send_signal(signal.SIGCONT)
                runtime.kill()
        spans = watch.stop()
    start, phases, (served,) = program(spans, pid)
    _, _, (caused,) = program(spans, runtime.pid)
    assert list(phases)[:3] == ["queue", "spawn", "exec"], phases
    assert not any("coldspan.phase.approximate" in phases[name]["attributes"]
                   for name in ("queue", "spawn", "exec")), phases
    assert abs(phases["queue"]["start"] - caused["start"]) < CONVERTED_NS, (phases["queue"], caused)
    assert start["attributes"]["coldspan.init.type"] == "per_request", start
    assert served["traceId"] == start["traceId"] == caused["traceId"], (served, start, caused)
    assert served["parentSpanId"] == caused["spanId"], (served, caused)


SERVER_ON_INHERITED = """
import select, socket, sys
listener = socket.socket(fileno=int(sys.argv[1]))
waiting = select.epoll()
waiting.register(listener, select.EPOLLIN)
print("ready", flush=True)
waiting.poll()
connection, _ = listener.accept()
connection.recv(4096)
connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
connection.close()
"""
IDLE_S = 0.3


@case
def a_wait_for_a_socket_that_was_inherited(args, folder):
    """Nobody saw that it listens: that the function waited for it is not claimed, and said."""
    script = folder / "server.py"
    script.write_text(SERVER_ON_INHERITED)
    with Watch(args.build, folder) as watch, socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.fileno()
        with subprocess.Popen([sys.executable, script, str(number)], env=watch.env,
                              pass_fds=[number], stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout.readline() == b"ready\n"
                time.sleep(IDLE_S)  # what is looked for
                with socket.create_connection(listener.getsockname(), LIMIT_S) as client:
                    client.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                    assert client.recv(4096).startswith(b"HTTP/1.1 200")
                assert process.wait(LIMIT_S) == 0
                start, phases, _ = program(watch.stop(), process.pid)
            finally:
                process.kill()
    assert start["attributes"]["coldspan.init.ready"], start
    assert "wait" not in phases, phases
    code = phases["code"]
    assert code["end"] - code["start"] >= IDLE_S * 1e9, code
    assert code["attributes"]["coldspan.phase.approximate"] == "readiness was not seen", code


def _answers_by_ring(watch, guest, way):
    """A server answers three requests over two connections; its pid."""
    with subprocess.Popen([guest, way, "2"], env=watch.env, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = process.stdout.readline()
            if not said.strip().isdigit():
                cases.skip(said.strip())
            for requests in (1, 2):
                with socket.create_connection(("127.0.0.1", int(said)), LIMIT_S) as client:
                    for _ in range(requests):
                        client.sendall(b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
                        assert client.recv(4096).startswith(b"HTTP/1.1 200")
            assert process.wait(LIMIT_S) == 0
        finally:
            process.kill()
    return process.pid


@case
def what_passes_through_io_uring_was_not_aborted(args, folder):
    with Watch(args.build, folder) as watch:
        ways = {_answers_by_ring(watch, args.build / "tests/e2e" / guest, way): (guest, way)
                for guest in ("uring_server", "uring_server_past_libc") for way in ("send", "receive", "all")}
        spans = watch.stop()
    assert len(ways) == 6
    for pid, (guest, way) in ways.items():
        start, _, served = program(spans, pid)
        # Who reads through libc is seen to be asked; nothing else is claimed of what nobody saw.
        assert len(served) == (3 if way == "send" else 0), (way, served)
        made = guest == "uring_server"  # that liburing makes a ring is not seen: then nothing is hidden
        for span in (start, *served):
            assert ("io_uring" if made else "liburing") in span["attributes"][APPROXIMATE], (guest, way, span)
            if made:
                assert span["status"] != 2 and "error.type" not in span["attributes"], (way, span)
        if made:
            assert start["attributes"]["coldspan.init.ready"], (way, start)
            assert "coldspan.init.unused" not in start["attributes"], (way, start)
        assert start["attributes"]["coldspan.stand_down"] == ("io_uring" if made else "liburing"), (way, start)


# A ring of so many entries, or none: 0 is refused. It dies of its first request.
_KILLED = """
import ctypes, os, socket, sys
ctypes.CDLL(None).syscall(425, int(sys.argv[1]), ctypes.create_string_buffer(120))
with socket.create_server(("127.0.0.1", 0)) as listener:
    print(listener.getsockname()[1], flush=True)
    client, _ = listener.accept()
    client.recv(4096)
    os.kill(os.getpid(), 9)
"""


@case
def who_has_a_ring_and_is_killed_is_told_to_be(args, folder):
    killed = {}
    with Watch(args.build, folder) as watch:
        for entries in ("0", "1"):
            with subprocess.Popen([sys.executable, "-c", _KILLED, entries], env=watch.env, stdout=subprocess.PIPE,
                                  text=True) as process:
                with socket.create_connection(("127.0.0.1", int(process.stdout.readline())), LIMIT_S) as client:
                    client.sendall(b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
                    assert process.wait(LIMIT_S) == -9
                killed[process.pid] = entries
        spans = watch.stop()
    for pid, entries in killed.items():
        start, _, (served,) = program(spans, pid)
        assert served["status"] == 2 and served["message"].startswith("killed by signal 9"), served
        made = "coldspan.stand_down" in start["attributes"]
        assert made == (APPROXIMATE in served["attributes"]), served
        assert not made or entries == "1", start


def _in_a_time_namespace(args, folder, options, shift_s):
    """A function whose clock is not ours has the same cold start, on our clock."""
    unshare = ["unshare", "-T", *options, "-f"]
    refused = subprocess.run([*unshare, "true"], capture_output=True, text=True, check=False)
    if refused.returncode:
        cases.skip(f"unshare -T: {refused.stderr.strip()}")
    code = ("import os, sys, time; sys.stdin.read(); time.sleep(0.2); "
            "print(os.getpid(), flush=True); time.sleep(0.1)")
    with Watch(args.build, folder) as watch:
        preload = f"LD_PRELOAD={watch.env.pop('LD_PRELOAD')}"
        before = time.time_ns()
        ran = subprocess.run([*unshare, "env", preload, sys.executable, "-c", code], env=watch.env,
                             input=b"event", stdout=subprocess.PIPE, check=True, timeout=LIMIT_S)
        start, phases, (served,) = program(watch.stop(), int(ran.stdout))
        after = time.time_ns()  # it ended when the collector saw that
    for span in (start, served, *phases.values()):
        assert before <= span["start"] + CONVERTED_NS and span["end"] <= after + CONVERTED_NS, span
    for phase, least_ns in (("handler", 200_000_000), ("respond", 100_000_000)):
        lasted = phases[phase]["end"] - phases[phase]["start"]
        assert lasted + CONVERTED_NS >= least_ns, f"{phase} {lasted} ns"
    for span in (start, served):
        assert "time namespace" in span["attributes"][APPROXIMATE], span
    shift_ns = start["resource"]["coldspan.clock.shift_ns"]
    assert abs(shift_ns + shift_s * 1_000_000_000) < 1_000_000_000, shift_ns


@case
def a_function_in_a_time_namespace_ahead_of_ours(args, folder):
    _in_a_time_namespace(args, folder, ["--monotonic", "100000", "--boottime", "50"], 100000)


@case
def a_function_in_a_time_namespace_behind_ours(args, folder):
    with open("/proc/uptime", encoding="ascii") as uptime:
        behind = min(1000, int(float(uptime.read().split()[0])) - 5)
    if behind < 5:
        cases.skip("the machine has just booted")
    _in_a_time_namespace(args, folder, ["--monotonic", f"-{behind}"], -behind)


if __name__ == "__main__":
    parsed = cases.parser(__doc__, "build").parse_args()
    cases.main(parsed, parsed, folder=True)
