# SPDX-License-Identifier: Apache-2.0
"""A runtime that runs as itself: started as by a platform, asked over HTTP, told to stop, or killed.

The platform is a parent that the collector sees, too.
"""
import contextlib
import http.client
import os
import pathlib
import re
import secrets
import signal
import socket
import subprocess
import time

from lib import listening, threads

LIMIT_S, START_S, REST_S = 60, 180, 5
POLL_S = 0.005
PLATFORM = ["/usr/bin/python3", pathlib.Path(__file__).resolve().parents[2] / "lib/platform_like.py"]
NOTHING = {"LD_PRELOAD": "", "COLDSPAN_SOCKET": ""}
EVENTS = (b"hello.cgi", b"event.py")  # in the command of a process per event
ACCEPTS = "00010000"  # a flag of a Unix socket that listens
# What no two answers, and no two lines that are written, have in common.
VOLATILE = ("date",)
DIFFERS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\[[^]]*\]|\d[\d.:]*(?: ?[mµ]?s\b)?")


class Context:
    """What a caller sends: a trace context of its own."""

    def __init__(self):
        self.trace_id, self.span_id = secrets.token_hex(16), secrets.token_hex(8)

    def headers(self):
        return {"traceparent": f"00-{self.trace_id}-{self.span_id}-01"}


def until(what, condition, limit_s=LIMIT_S):
    """The first result of @condition that is true."""
    end = time.monotonic() + limit_s
    while not (result := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {limit_s} s in vain: {what}")
        time.sleep(POLL_S)
    return result


def is_events(pid):
    """Is it a process per event, or what is left of one that nobody has waited for?"""
    try:
        command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return not command or any(name in command for name in EVENTS)


def reading(function, pid):
    """What @function finds of a process, or nothing: it may have ended meanwhile."""
    try:
        return function(pid)
    except OSError:
        return []


def states_of(pid):
    return [thread.state for thread in threads.of(pid).values()]


class Server:
    """A runtime from its start to its end."""

    def __init__(self, runtime, folder, env):
        self.runtime, self.folder = runtime, folder
        self.said = folder / "said"
        env = {**(NOTHING if runtime.handed else {}), **env, "HOME": str(folder), **runtime.env}
        with open(self.said, "ab") as said:
            self.platform = subprocess.Popen(
                [*PLATFORM, runtime.name, *runtime.command(folder)],
                env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                start_new_session=True)
        try:
            self.pid = until(f"{runtime.name} starts", lambda: self.alive() and threads.children_of(self.platform.pid))[0]
            self.address = until(f"{runtime.name} listens", self.listening, START_S)
        except BaseException:
            self.end()
            raise

    def alive(self):
        if self.platform.poll() is None:
            return True
        raise AssertionError(f"{self.runtime.name} ended with {self.platform.returncode}:\n"
                             f"{self.said.read_text(errors='replace')}")

    def listening(self):
        """Where it can be asked: the path of a socket, or the port."""
        self.alive()
        if self.runtime.says:
            found = re.search(self.runtime.says, self.said.read_text(errors="replace"))
            return found and int(found.group(1))
        if self.runtime.socket:
            path = str(self.folder / self.runtime.socket)
            lines = [line.split() for line in pathlib.Path("/proc/net/unix").read_text().splitlines()]
            return [ACCEPTS, path] in [[line[3], line[-1]] for line in lines] and path
        ports = {port for pid in threads.tree_of(self.pid) for port in reading(listening.ports_of, pid)}
        return len(ports) == 1 and ports.pop()

    def connect(self):
        if isinstance(self.address, int):
            return socket.create_connection(("127.0.0.1", self.address), LIMIT_S)
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(LIMIT_S)
        made.connect(self.address)
        return made

    def ask(self, context):
        """One request. Returns what is answered to anybody who asks the same."""
        connection = http.client.HTTPConnection("127.0.0.1", timeout=LIMIT_S)
        connection.sock = self.connect()
        with contextlib.closing(connection):
            connection.request(self.runtime.method, "/hello", self.runtime.body or None,
                               {"Content-Type": "text/plain", **self.runtime.sends(), **context.headers()})
            answer = connection.getresponse()
            body = answer.read()
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in VOLATILE]
        return answer.status, headers, body

    def kill_in_invocation(self, context):
        """A request whose function asks a peer that never answers, and is killed while it waits."""
        body = self.runtime.body
        with socket.create_server(("127.0.0.1", 0)) as peer, self.connect() as client:
            peer.settimeout(LIMIT_S)
            lines = [f"{self.runtime.method} /hang/{peer.getsockname()[1]} HTTP/1.1", "Host: 127.0.0.1",
                     f"Content-Length: {len(body)}"]
            lines += [f"{k}: {v}" for k, v in (self.runtime.sends() | context.headers()).items()]
            client.sendall("\r\n".join([*lines, "", ""]).encode() + body)
            waiting, (_, port) = peer.accept()
            with waiting:
                victim = self.owner_of(port)
                os.kill(victim, signal.SIGKILL)
                until(f"{victim} is gone", lambda: not pathlib.Path(f"/proc/{victim}").exists())
        if victim != self.pid:
            self.stop(may_have_ended=True)  # a parent may end when its last worker has
        elif (status := self.platform.wait(LIMIT_S)) != 128 + signal.SIGKILL:
            raise AssertionError(f"the platform says {status} of a process that was killed")

    def owner_of(self, port):
        """The process below us that has the TCP connection from @port."""
        end = f":{port:04X}"
        inodes = [fields[9] for table in ("tcp", "tcp6")
                  for line in pathlib.Path(f"/proc/net/{table}").read_text().splitlines()[1:]
                  if (fields := line.split())[1].endswith(end)]
        owners = [pid for pid in threads.tree_of(self.pid)
                  if set(inodes) & set(reading(listening.inodes_of, pid))]
        assert owners, f"nobody below {self.pid} has port {port}"
        return owners[-1]

    def rests(self):
        """Has whatever answered come back from that? Who has the answer may be faster than who gave it."""
        return not any(state in "RD" for pid in threads.tree_of(self.pid) for state in reading(states_of, pid))

    def stop(self, may_have_ended=False):
        """Asks it to end. Returns its exit status as the platform says it."""
        try:
            with contextlib.suppress(AssertionError):  # some never do
                until("it rests", self.rests, REST_S)
            if self.runtime.is_cold_each_time:  # or how the last of them ended is what nobody waits for
                until("all events' processes have ended",
                      lambda: not any(map(is_events, threads.tree_of(self.pid)[1:])))
            with contextlib.suppress(*[ProcessLookupError] if may_have_ended else []):
                os.kill(self.pid, self.runtime.stop)
            return self.platform.wait(LIMIT_S)
        finally:
            self.end()

    def end(self):
        """Whatever is left of it is killed: its session is all its own."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.platform.pid, signal.SIGKILL)
        self.platform.wait()

    def words(self):
        """What it wrote, without what differs from one start to the next."""
        text = self.said.read_text(errors="replace").replace(str(self.folder), "FOLDER")
        return sorted(re.sub(DIFFERS, "#", line) for line in text.splitlines())
