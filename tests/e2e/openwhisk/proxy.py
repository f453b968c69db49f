# SPDX-License-Identifier: Apache-2.0
"""The parent of an OpenWhisk action loop: what openwhisk-runtime-go's action proxy does to the process that
runs an action, and nothing else (its module cannot be had from the Go module proxy).

    with proxy.Loop(command, env) as loop:       # the environment holds what /init gives, and no more
        loop.ack()                               # waits for {"ok": true} on descriptor 3
        answer = loop.run(proxy.event("id-1", {"name": "x"}))

It is as strict as that one: one line of JSON an event, the next event after the answer to the last, an answer
that is an object or an array, and the sentinel on both logs behind each.
"""
import json
import os
import select
import signal
import subprocess
import time

WAIT_S = 60
END = b"XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX\n"
KEY = "789c46b1-71f6-4ed5-8c54-816aa4f8c502:abczO3xZCLrMN6v2BKK1dXYFpXlPkcc"
ANSWERS = 3


class Broken(AssertionError):
    """The loop did what the real proxy answers with an error."""


def event(activation, value, action="/guest/hello", seconds=60, **more):
    """What an invoker sends; @value: the parameters."""
    return {"activation_id": activation, "transaction_id": f"tx-{activation}", "action_name": action,
            "action_version": "0.0.1", "namespace": "guest", "api_host": "https://127.0.0.1", "api_key": KEY,
            "deadline": str(int(time.time() * 1000) + seconds * 1000), "value": value, **more}


def line(one):
    return json.dumps(one).encode() + b"\n"


class Loop:
    """@env: all of it. @logs: open files for its standard output and error."""

    def __init__(self, command, env, logs, **options):
        self.logs = logs
        answers, theirs = os.pipe()
        # As a Go parent leaves it: the pipe is descriptor 3, and there is nothing above.
        def install():
            os.dup2(theirs, ANSWERS)
        # pylint: disable=subprocess-popen-preexec-fn
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=logs[0], stderr=logs[1],
                                        preexec_fn=install, pass_fds=[ANSWERS], bufsize=0, **options)
        os.close(theirs)
        self.pipe = os.fdopen(answers, "rb", buffering=0)
        self.left = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if not self.process.stdin.closed:
            self.process.stdin.close()
        self.pipe.close()

    def read_line(self):
        """One line of descriptor 3; b"" where the loop has ended."""
        end = time.monotonic() + WAIT_S
        while b"\n" not in self.left:
            if not select.select([self.pipe], [], [], max(0, end - time.monotonic()))[0]:
                raise Broken("no answer in time")
            read = self.pipe.read(65536)
            if not read:
                return b""
            self.left += read
        found, self.left = self.left.split(b"\n", 1)
        return found + b"\n"

    def ack(self):
        said = self.read_line()
        if not said or json.loads(said).get("ok") is not True:
            raise Broken(f"no acknowledgement: {said!r}")

    def send(self, data):
        os.set_blocking(self.process.stdin.fileno(), True)
        self.process.stdin.write(data)

    def answer(self):
        """The next answer as it was written, with the sentinels behind it; b"": it ended instead."""
        said = self.read_line()
        for log in self.logs:
            os.write(log.fileno(), END)
        if said and not isinstance(json.loads(said), (dict, list)):
            raise Broken(f"neither an object nor an array: {said!r}")
        return said

    def run(self, one):
        self.send(line(one))
        return self.answer()

    def close(self):
        """No more events. Return: the exit status."""
        self.process.stdin.close()
        return self.process.wait(WAIT_S)

    def kill(self):
        """As a container that ran into its deadline."""
        self.process.send_signal(signal.SIGKILL)
        return self.process.wait(WAIT_S)
