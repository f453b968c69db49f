#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Why an instance was started is told from facts, and a frozen time is nobody's latency.

usage: inits.py --build DIR

Real processes under the shim, a real collector, and what it wrote.
"""
import contextlib
import errno
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, otlp_json, seccomp, threads, traces, watching
from lib.cases import case

ERROR, SERVER = 2, 2  # a span's status, a span's kind
LIMIT_S = 60

# What each of the servers below does with a request; they tell their port on standard output.
ANSWER = """
import os, signal, socket, sys, time
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
def answer(connection, head):
    if head.startswith(b"GET /die "):
        os.kill(os.getpid(), signal.SIGKILL)
    connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nhi")
"""
PLAIN = ANSWER + """
while True:
    connection, _ = listener.accept()
    while head := connection.recv(65536):
        answer(connection, head)
        print("answered", flush=True)
    connection.close()
"""
# Boots once, and forks when an event comes: the child reads it, and answers.
ZYGOTE = ANSWER + """
while True:
    connection, _ = listener.accept()
    child = os.fork()
    if not child:
        answer(connection, connection.recv(65536))
        os._exit(0)
    connection.close()
    os.waitpid(child, 0)
"""
# Ends with the status of a shell, or a JVM, that was told to end.
BY_STATUS = ANSWER.replace("listener = ", """
signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
listener = """) + PLAIN.removeprefix(ANSWER)
# Has a port, but never waits for anybody.
LOADS = ANSWER + "signal.pause()"
# Answers one request, and ends with status 3.
ONCE = ANSWER + """
connection, _ = listener.accept()
answer(connection, connection.recv(65536))
connection.close()
sys.exit(3)
"""
# Fails the first time, when it listens already.
FAILS_ONCE = ANSWER.replace("print(", """
with open("failed", "a+") as failed:
    failed.write("x")
    failed.seek(0)
    if failed.read() == "x":
        sys.exit(3)
print(""", 1) + PLAIN.removeprefix(ANSWER)
# Starts a program again whenever it has failed.
SUPERVISOR = """
import subprocess, sys
while subprocess.run(sys.argv[1:]).returncode:
    pass
"""


@contextlib.contextmanager
def watched(args, folder, command):
    """A program under the shim, a server of its own process group, with a collector.
    Gives it and a list that has all spans in the end."""
    written, announce, spans = folder / "traces.jsonl", folder / "announce.sock", []
    env = {**os.environ, "COLDSPAN_SOCKET": str(announce),
           "LD_PRELOAD": str(args.build / "preload/libcoldspan.so")}
    collector = watching.start([args.build / "collector/coldspan-collector", "--file", written],
                               announce, stderr=subprocess.DEVNULL)
    try:
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, start_new_session=True) as process:
            try:
                yield process, spans
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait(LIMIT_S)
        watching.finish(collector)
        spans += otlp_json.of_file(written)
    finally:
        watching.kill(collector)


PLATFORM = ["/usr/bin/python3", str(pathlib.Path(__file__).resolve().parents[1] / "lib/platform_like.py")]


def platform(folder, code, *before):
    """A server, started by a platform that is watched, too; nobody's request was in flight."""
    script = folder / "server.py"
    script.write_text(code)
    return [*PLATFORM, "server", *before, sys.executable, str(script)]


def port_of(process):
    """Of the server that starts next."""
    while (line := process.stdout.readline()) == b"answered\n":
        pass
    return int(line)


def ask(port, path):
    """The status of an answer; None: the server died instead."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
    with contextlib.closing(connection):
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (http.client.HTTPException, OSError):
            return None


def only_child(pid):
    child, = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def starts(spans):
    """Cold starts of the servers in their order, each with its phases and its invocations."""
    servers = {span["resource"]["process.pid"] for span in spans if span["kind"] == SERVER}
    found = [(*traces.cold_start([span for span in spans if span["resource"]["process.pid"] == pid]),
              sorted((span for span in spans if span["kind"] == SERVER
                      and span["resource"]["process.pid"] == pid), key=lambda span: span["start"]))
             for pid in servers]
    return sorted(found, key=lambda start: start[0]["start"])


def init(start, attribute="type"):
    return start["attributes"].get(f"coldspan.init.{attribute}")


@case
def a_start_after_a_crash_in_mid_service(args, folder):
    supervisor = folder / "supervisor.py"
    supervisor.write_text(SUPERVISOR)
    with watched(args, folder, platform(folder, PLAIN, sys.executable, str(supervisor))) as (process, spans):
        first = port_of(process)
        assert (ask(first, "/a"), ask(first, "/die")) == (200, None)
        second = port_of(process)  # of its own accord: nobody waits for it
        assert ask(second, "/b") == 200
    (before, _, served), (after, _, again) = starts(spans)
    assert (init(before), init(before, "counted")) == ("proactive", False), before
    assert before["attributes"]["coldspan.exec.programs"] == "supervisor.py", before
    assert (served[1]["status"], served[1]["message"]) == (ERROR, "killed by signal 9 (SIGKILL)"), served
    assert (init(after), init(after, "counted")) == ("reinit", True), after
    assert again[0]["attributes"]["faas.coldstart"] is True, again
    assert [link["traceId"] for link in again[0]["links"]] == [after["traceId"]], again


@case
def a_start_after_an_idle_server_has_crashed(args, folder):
    supervisor = folder / "supervisor.py"
    supervisor.write_text(SUPERVISOR)
    # Only a fault is a crash: who is told to end, or killed, may be one too many.
    for number, expected in (signal.SIGSEGV, "reinit"), (signal.SIGKILL, "proactive"):
        with watched(args, folder, platform(folder, PLAIN, sys.executable, str(supervisor))) as (process,
                                                                                                 spans):
            assert ask(port_of(process), "/a") == 200
            assert process.stdout.readline() == b"answered\n"  # and its last write has come back
            os.kill(only_child(only_child(process.pid)), number)
            assert ask(port_of(process), "/b") == 200
            assert process.stdout.readline() == b"answered\n"
        (before, _, served), (after, _, again) = starts(spans)
        assert init(before) == "proactive" and served[0]["status"] == 0, before
        assert (init(after), init(after, "counted")) == (expected, expected == "reinit"), after
        assert again[0]["attributes"]["faas.coldstart"] is True, again
        (folder / "traces.jsonl").unlink()


@case
def a_start_after_an_init_that_failed(args, folder):
    supervisor = folder / "supervisor.py"
    supervisor.write_text(SUPERVISOR)
    command = platform(folder, FAILS_ONCE.replace('"failed"', repr(str(folder / "failed"))),
                       sys.executable, str(supervisor))
    with watched(args, folder, command) as (process, spans):
        assert ask(port_of(process), "/a") == 200
        assert process.stdout.readline() == b"answered\n"  # and its last write has come back
    cold = [span for span in spans if span["name"] == "cold start"
            and not init(span, "ready") and span["resource"]["service.name"] == "server"]
    (start, _, served), = starts(spans)
    assert [(span["status"], span["message"]) for span in cold] == [(ERROR, "exit status 3")], cold
    assert (init(start), init(start, "counted")) == ("reinit", True), start
    assert served[0]["status"] == 0, served


@case
def a_zygote_whose_children_serve(args, folder):
    with watched(args, folder, platform(folder, ZYGOTE)) as (process, spans):
        port = port_of(process)
        # The last request lets the child before it note that it has answered.
        assert [ask(port, path) for path in ("/a", "/b", "/die", "/c", "/d")] == [200, 200, None, 200, 200]
    (start, phases, served), = starts(spans)
    served.pop()
    assert (init(start), init(start, "counted")) == ("fork_pool", False), start
    told = {traces.phase_of(phase): phase["attributes"].get("coldspan.phase.approximate") for phase in phases}
    assert list(told) == traces.PHASES[1:] and not any(told.values()), told
    assert [span["attributes"]["faas.coldstart"] for span in served] == [True, False, False, False], served
    assert [span["status"] for span in served] == [0, 0, ERROR, 0], served
    workers = [span["attributes"]["coldspan.worker.pid"] for span in served]
    assert len(set(workers)) == 4 and start["resource"]["process.pid"] not in workers, workers
    assert all(span["attributes"]["coldspan.worker.first"] for span in served), served


def _never_served(args, folder, code, number, attribute, value, status):
    """An idle server gets the signal @number. It is an unused init, whatever became of it."""
    with watched(args, folder, platform(folder, code)) as (process, spans):
        with socket.create_connection(("127.0.0.1", port_of(process)), LIMIT_S) as client:
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b"", "it answered nothing"  # but it accepted: it was ready
        os.kill(only_child(process.pid), number)
        process.wait(LIMIT_S)
    start, = [span for span in spans if span["name"] == "cold start"
              and span["resource"]["service.name"] == "server"]
    assert init(start, "ready") and init(start, "unused"), start
    assert init(start) == "proactive", start
    assert start["attributes"][attribute] == value, start
    assert start["status"] == status, start
    assert ("error.type" in start["attributes"]) == (status == ERROR), start


@case
def an_init_that_never_served(args, folder):
    _never_served(args, folder, PLAIN, signal.SIGTERM, "coldspan.exit.signal", 15, 0)


@case
def an_init_that_never_served_and_is_killed(args, folder):
    _never_served(args, folder, PLAIN, signal.SIGKILL, "coldspan.exit.signal", 9, ERROR)


@case
def an_init_that_never_served_and_ends_as_the_jvm_does(args, folder):
    """It handles the signal, and says so by its exit status."""
    _never_served(args, folder, BY_STATUS, signal.SIGTERM, "process.exit.code", 143, 0)


@case
def an_init_that_is_told_to_end_before_it_is_ready(args, folder):
    with watched(args, folder, platform(folder, LOADS)) as (process, spans):
        port_of(process)
        os.kill(only_child(process.pid), signal.SIGTERM)
        process.wait(LIMIT_S)
    start, = [span for span in spans if span["name"] == "cold start"
              and span["resource"]["service.name"] == "server"]
    assert not init(start, "ready") and start["status"] == ERROR, start
    assert start["attributes"]["error.type"] == "signal", start


@case
def a_server_that_is_told_to_end_over_an_invocation(args, folder):
    """It had one that was complete before, of which nothing is said."""
    code = PLAIN.replace("os.kill(os.getpid(), signal.SIGKILL)", "print('held', flush=True); signal.pause()")
    with watched(args, folder, platform(folder, code)) as (process, spans):
        port = port_of(process)
        assert ask(port, "/") == 200
        with socket.create_connection(("127.0.0.1", port), LIMIT_S) as client:
            client.sendall(b"GET /die HTTP/1.1\r\nHost: x\r\n\r\n")
            while process.stdout.readline() != b"held\n":
                pass
            os.kill(only_child(process.pid), signal.SIGTERM)
            process.wait(LIMIT_S)
    first, second = [span for span in spans if span["kind"] == SERVER]
    assert first["status"] == 0 and "error.type" not in first["attributes"], first
    assert second["status"] == ERROR and second["attributes"]["coldspan.exit.signal"] == 15, second
    start, = [span for span in spans if span["name"] == "cold start"
              and span["resource"]["service.name"] == "server"]
    assert start["status"] == 0, start


@case
def a_server_that_is_stopped_between_invocations(args, folder):
    """It is asked while it is frozen: it begins to handle that when it goes on, and lasts no longer."""
    for frozen_s in (0.7, 3, 12):  # longer than others have the machine, or what is looked for is not seen
        served = _stopped_between_invocations(args, folder, frozen_s)
        lasted = [span["end"] - span["start"] for span in served]
        if max(lasted) < frozen_s * 1e9 / 2:
            break
    else:
        raise AssertionError(lasted)
    assert [span["attributes"]["url.path"] for span in served] == ["/a", "/a-frozen", "/b", "/b-frozen"]
    assert served[1]["start"] - served[0]["end"] >= frozen_s * 1e9, served
    assert not any("coldspan.approximate" in span["attributes"] for span in served), served


def _stopped_between_invocations(args, folder, frozen_s):
    (folder / "traces.jsonl").unlink(missing_ok=True)
    with watched(args, folder, platform(folder, PLAIN)) as (process, spans):
        connection = http.client.HTTPConnection("127.0.0.1", port_of(process), timeout=LIMIT_S)
        with contextlib.closing(connection):
            for path in ("/a", "/b"):
                connection.request("GET", path)
                connection.getresponse().read()
                assert process.stdout.readline() == b"answered\n"  # it is over to the server, too
                server = only_child(process.pid)
                os.kill(server, signal.SIGSTOP)
                threads.until(server, "T", "it does not stop")
                connection.request("GET", path + "-frozen")
                time.sleep(frozen_s)  # what is looked for
                os.kill(server, signal.SIGCONT)
                assert connection.getresponse().read() == b"hi"
                assert process.stdout.readline() == b"answered\n"
    (_, _, served), = starts(spans)
    return served


def _wrapped(args, folder, command, **more):
    """What `coldspan run` says of a server behind wrappers that is asked once."""
    server, result = folder / "server.py", folder / "run.json"
    server.write_text(ONCE)
    (folder / "package.json").write_text('{"name": "x", "scripts": {"start": "/usr/bin/python3 server.py"}}')
    words = [word.replace("SERVER", f"/usr/bin/python3 {server}") for word in command]
    with subprocess.Popen([args.build / "agent/coldspan", "run", "--quiet", "--json", result, "--", *words],
                          cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **more) as process:
        try:
            while not (line := process.stdout.readline()).strip().isdigit():
                assert line, "it ended"
            assert ask(int(line), "/") == 200
            assert process.wait(LIMIT_S) == 3, command  # the server's, handed on
        finally:
            watching.kill(process)
    return json.loads(result.read_text())


@case
def a_server_behind_wrappers_is_one_start(args, folder):
    """With the kernel's word on spawns and execs, and where that is refused."""
    wrapped = {("timeout", "60", "/usr/bin/python3", "server.py"): "timeout",
               ("sh", "-c", "SERVER; exit $?"): "sh",
               ("sh", "-c", "echo booting; timeout 60 SERVER; exit $?"): "sh, timeout"}
    if shutil.which("npm"):
        wrapped["npm", "start"] = "npm"
    for refused in (False, True):
        if refused and not seccomp.library():
            continue
        more = {"preexec_fn": seccomp.refusing(["perf_event_open"], errno.EPERM)} if refused else {}
        for command, before in wrapped.items():
            run = _wrapped(args, folder, command, **more)
            start, = run["cold_starts"]
            assert (start["function"], start["protocol"]) == ("server", "http"), (command, start)
            assert start["programs_before"].startswith(before), (command, start)
            phases = {phase["name"]: phase["approximate"] for phase in start["phases"]}
            assert f"ran before: {before}" in phases.pop("spawn"), (command, refused, start)
            assert not any(phases.values()) and list(phases) == traces.PHASES[2:] + ["unattributed"], phases
            assert [one["function"] for one in run["invocations"]] == ["server"], (command, run)


if __name__ == "__main__":
    parsed = cases.parser(__doc__, "build").parse_args()
    cases.main(parsed, parsed, folder=True)
