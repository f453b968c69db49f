# SPDX-License-Identifier: Apache-2.0
"""A runtime's three lives: without us, watched, and watched and killed; and what was seen of them."""
import dataclasses
import os
import shutil
import signal
import subprocess

from lib import otlp_json, traces, watching
from server import Context, Server
from table import FUNCTIONS

SERVER = 2  # a span's kind
FILES = ("user", "dependency", "native")


@dataclasses.dataclass
class Run:
    """One start: what was sent, what came back."""
    contexts: list
    answers: list
    status: int = 0
    words: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Seen:
    """What came of a runtime without us, with us, and killed, and all spans of the latter two."""
    runtime: object
    bare: Run
    watched: Run
    killed: Run
    spans: list

    def one(self, context, service):
        """The one invocation of a service in the trace that a caller sent."""
        found = [span for span in self.spans if span["kind"] == SERVER
                 and span["traceId"] == context.trace_id and span["resource"]["service.name"] == service]
        assert len(found) == 1, f"{len(found)} invocations of {service} with the trace id that was sent"
        return found[0]

    def served(self, context):
        """The invocation of the function; below the server's, where that is a process of its own."""
        runtime, above = self.runtime, context.span_id
        if runtime.function:
            front = self.one(context, runtime.name)
            assert front["parentSpanId"] == above, "the server's span is not the caller's child"
            above = above if runtime.beside else front["spanId"]
        found = self.one(context, runtime.service)
        assert found["parentSpanId"] == above, "its parent is not who called it"
        return found

    def start(self):
        """The cold start of the process that served first, its phases, the first invocation."""
        first = self.served(self.watched.contexts[0])
        instance = first["resource"]["process.pid"]
        mine = [span for span in self.spans if span["resource"]["process.pid"] == instance]
        return *traces.cold_start(mine), first

    def facts(self):
        """What was seen, without what differs from one run to the next."""
        start, phases, first = self.start()
        facts = start["attributes"]
        return {
            "title": self.runtime.title,
            "protocol": facts["coldspan.protocol"],
            "init": facts["coldspan.init.type"],
            "phases": {traces.phase_of(phase): phase["attributes"].get("coldspan.phase.approximate", "")
                       for phase in phases},
            "worker": "coldspan.worker.pid" in first["attributes"],
            "files": [kind for kind in FILES if facts[f"coldspan.opens.{kind}"]],
            "notes": self.runtime.notes,
        }


def asked(runtime, folder, env, times):
    """A runtime that has answered so many times."""
    server = Server(runtime, folder, env)
    run = Run([Context() for _ in range(times)], [])
    try:
        run.answers = [server.ask(context) for context in run.contexts]
    except BaseException:
        server.end()
        raise
    return server, run


def whole_life(runtime, folder, env):
    # An answer is here before its server has noted that it was sent: a third request lets it.
    server, run = asked(runtime, folder, env, 3)
    run.status, run.words = server.stop(), server.words()
    return run


def killed_life(runtime, folder, env):
    server, run = asked(runtime, folder, env, 2)
    try:
        run.contexts.append(Context())
        server.kill_in_invocation(run.contexts[-1])
    finally:
        server.end()
    return run


def observe(args, runtime, folder):
    for name in ("bare", "watched", "killed"):
        shutil.copytree(FUNCTIONS, folder / name)
    bare = whole_life(runtime, folder / "bare", os.environ)
    written, announce = folder / "traces.jsonl", folder / "announce.sock"
    env = {**os.environ, "LD_PRELOAD": str(args.build / "preload/libcoldspan.so"),
           "COLDSPAN_SOCKET": str(announce)}
    collector = watching.start([args.build / "collector/coldspan-collector", "--file", written],
                               announce, stderr=subprocess.DEVNULL)
    try:
        watched = whole_life(runtime, folder / "watched", env)
        killed = killed_life(runtime, folder / "killed", env)
        watching.finish(collector)
    finally:
        watching.kill(collector)
    return Seen(runtime, bare, watched, killed, otlp_json.of_file(written))
