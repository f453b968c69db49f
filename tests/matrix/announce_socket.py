# SPDX-License-Identifier: Apache-2.0
"""What may stand at the announce socket when a guest starts.

Absent leaves no socket. Counting takes announces as a collector does and counts them; Dying does so
once and is gone. Full never takes anything, and no more fits into its queue. Real is
coldspan-collector itself, alive, stopped, or killed.
"""
import array
import contextlib
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import watching

WAIT_S = 60
HELLO_BYTES = 64


def listener(path, backlog):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.bind(path)
    os.chmod(path, 0o666)
    sock.listen(backlog)
    return sock


def take(peer):
    """Is what a peer sends an announce: a hello with one descriptor?"""
    peer.settimeout(WAIT_S)
    fds = array.array("i")
    room = socket.CMSG_SPACE(4 * fds.itemsize)
    data, control, _, _ = peer.recvmsg(HELLO_BYTES + 1, room)
    for level, kind, content in control:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(content[:len(content) - len(content) % fds.itemsize])
    for fd in fds:
        os.close(fd)
    return len(data) == HELLO_BYTES and len(fds) == 1


class Absent:
    announces = 0

    def __init__(self, path):
        pass

    def close(self):
        """Nothing is there; idem in what follows: may be called twice."""


class Counting(Absent):
    limit = None

    def __init__(self, path):
        self.path = path
        self.announces = 0
        self.sock = listener(path, 4096)
        self.sock.setblocking(False)
        self.stop, self.stopped = os.pipe()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def accept_all(self):
        while self.announces != self.limit:
            try:
                peer, _ = self.sock.accept()
            except BlockingIOError:
                return
            with peer:
                self.announces += take(peer)
        self.sock.close()

    def serve(self):
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        poll.register(self.stop, select.POLLIN)
        while self.announces != self.limit:
            ready = [fd for fd, _ in poll.poll()]
            # Also when told to stop: what a guest sent before its end is in the queue.
            self.accept_all()
            if self.stop in ready:
                return

    def close(self):
        if self.stopped is None:
            return
        os.write(self.stopped, b"x")
        self.thread.join()
        self.sock.close()
        os.close(self.stop)
        os.close(self.stopped)
        self.stopped = None
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)


class Dying(Counting):
    limit = 1


class Full(Absent):
    def __init__(self, path):
        self.sock = listener(path, 1)
        self.queue = []
        while len(self.queue) < 100:
            self.queue.append(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
            self.queue[-1].setblocking(False)
            try:
                self.queue[-1].connect(path)
            except BlockingIOError:
                return
        raise AssertionError("the queue takes everything")

    def close(self):
        for sock in [self.sock, *self.queue]:
            sock.close()


class Real(Absent):
    """Alive, or after a signal @sent; what it made of the guest tells whether there was one."""

    def __init__(self, path, program, sent=None):
        self.traces = pathlib.Path(path + ".jsonl")
        self.process = watching.start([program, "--file", self.traces, "--log-level", "error"], path,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
        if sent:
            self.process.send_signal(sent)
            options = os.WEXITED | os.WSTOPPED | os.WNOWAIT
            os.waitid(os.P_PID, self.process.pid, options)

    def close(self):
        self.process.send_signal(signal.SIGCONT)
        watching.stop(self.process)
        if self.traces.exists():
            self.announces = len(self.traces.read_text().splitlines())


def put(state, path, program):
    """What @state names, at @path."""
    return {
        "absent": lambda: Absent(path),
        "counting": lambda: Counting(path),
        "dying": lambda: Dying(path),
        "full": lambda: Full(path),
        "alive": lambda: Real(path, program),
        "stopped": lambda: Real(path, program, signal.SIGSTOP),
        "killed": lambda: Real(path, program, signal.SIGKILL),
    }[state]()
