# SPDX-License-Identifier: Apache-2.0
"""The functions that are measured, and the ways in which each is started."""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
BARE, OURS, THEIRS, AGAIN = "bare", "coldspan", "opentelemetry", "bare again"
PEERS = ("overhead_node", "overhead_python", "overhead_java")
LIMIT_S, POLL_S = 60, 0.0005
FUNCTIONS_OWN, OTHERS = min(os.sched_getaffinity(0)), max(os.sched_getaffinity(0))  # processors


class Missing(Exception):
    """What has to be there to measure is not; the text says what, in one line."""


def peer(name, make=False):
    command = [HERE.parents[2] / "script/peers", *([] if make else ["--path"]), name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise Missing(f"{name}: {done.stdout.strip()}")
    return pathlib.Path(done.stdout.strip().splitlines()[-1])


def need(name):
    path = shutil.which(name)
    if not path:
        raise Missing(f"{name} is not there (script/setup --all installs it)")
    return path


class Language:
    """How one function is started. @instrumented: what OpenTelemetry puts before it, and its variables. @warm_s: for so
    long it is busy before anything is measured, with a compiler that has to find out what to compile."""

    def __init__(self, name, command, plain, instrumented, warm_s, cold=True):
        self.name, self.command, self.plain, self.instrumented = name, command, plain, instrumented
        self.warm_s, self.cold = warm_s, cold

    def start(self, way, port, more):
        """The process, which will listen on @port; @more: variables of the way."""
        command, env = self.command, {**os.environ, **self.plain, "PORT": str(port)}
        for gone in ("LD_PRELOAD", "COLDSPAN_SOCKET", "NODE_OPTIONS", "JAVA_TOOL_OPTIONS"):
            env.pop(gone, None)
        if way == THEIRS:
            before, variables = self.instrumented
            command, env = [*before, *command], {**env, **variables}
        here = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {FUNCTIONS_OWN})  # it is inherited; to set it behind a fork takes a copy of us
        try:
            return subprocess.Popen([str(word) for word in command], env={**env, **more}, cwd=HERE / "functions",
                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL, start_new_session=True)
        finally:
            os.sched_setaffinity(0, here)


def languages(folder):
    """What is measured; @folder: for what is compiled."""
    node, python, java = (peer(name) for name in PEERS)
    (agent,), (invoker,) = java.glob("opentelemetry-javaagent-*.jar"), java.glob("java-function-invoker-*.jar")
    classes, jvm = folder / "classes", ([], {"JAVA_TOOL_OPTIONS": f"-javaagent:{agent}"})
    subprocess.run([need("javac"), "-cp", invoker, "-d", classes, *(HERE / "functions").glob("*.java")],
                   check=True)
    framework = node / "@google-cloud/functions-framework/build/src/main.js"
    return [
        Language("Node.js", [need("node"), framework, "--target=hello", "--source=" + str(HERE / "functions")],
                 {"NODE_PATH": str(node)},
                 ([], {"NODE_OPTIONS": "--require @opentelemetry/auto-instrumentations-node/register"}), 3.2),
        Language("Python", [python / "functions-framework", "--target=hello", "--source=main.py"],
                 {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"},  # or each process has another order of all
                 ([python / "opentelemetry-instrument"], {}), 2),
        Language("Java", [need("java"), "-jar", invoker, "--classpath", classes, "--target", "HelloFunction"],
                 {}, jvm, 10),
        Language("Java, bare HttpServer",
                 [need("java"), "-Dsun.net.httpserver.nodelay=true", "-cp", classes, "Hello"], {}, jvm, 6,
                 cold=False),
    ]


def free_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


def end(process):
    """All of its session, so that nothing of it is left to be done beside who comes next."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(LIMIT_S)
    limit = time.monotonic() + LIMIT_S
    while session_of(process.pid) and time.monotonic() < limit:
        time.sleep(POLL_S)


def first_answer(process, port):
    """When it came. Waits for it, without asking for more than a connection until there is one."""
    limit = time.monotonic() + LIMIT_S
    name = pathlib.Path(process.args[0]).name
    while True:
        if process.poll() is not None:
            raise Missing(f"{name} ended with status {process.returncode}")
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S)
            break
        except ConnectionRefusedError:
            if time.monotonic() > limit:
                raise Missing(f"{name} does not listen after {LIMIT_S} s") from None
            time.sleep(POLL_S)
    with connection:
        try:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            head = connection.recv(4096)
        except OSError as error:
            raise Missing(f"{name} gives no answer: {error}") from error
        if not head.startswith(b"HTTP/1.1 200"):
            raise Missing(f"{name} answers {head[:80]!r}")
        return time.monotonic()


def session_of(leader):
    """The numbers of all processes of a session that have not ended."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if os.getsid(int(entry.name)) == leader and " Z " not in (entry / "stat").read_text():
                found.append(int(entry.name))
    return found


def pss_kib(pids):
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            total += int(re.search(r"^Pss:\s+(\d+)", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(),
                                   re.M)[1])
    return total


def cpu_ns(pids):
    """Of all their threads: the kernel's encoding of a process's clock is ~pid << 3 | 2."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):  # it has ended
            total += time.clock_gettime_ns(~pid << 3 | 2)
    return total


def faults(pids):
    """Pages that they touched first: proc(5), minflt."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
            total += int(stat.rpartition(")")[2].split()[7])
    return total
