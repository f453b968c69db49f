#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trace contexts that functions without any SDK hand on (COLDSPAN_PROPAGATE=env,outbound).

usage: handing_on.py --build DIR

Functions in Node.js, Python and Java start a program that has OpenTelemetry's SDK, and call a server that
has it: what these make stands below the function's span, or below that of its call.
"""
import contextlib
import functools
import http.client
import json
import pathlib
import threading

from watched import HERE, LANGUAGES, LIMIT_S, Watched, cases, peers, start, wait_for_port, watching

CLIENT = 3  # a span's kind
STATE = "vendor=opaque,other=1"
# How each of them starts a child; ours to tell, or the program's own word.
SPAWNS = {"python": {"": True, "own": True, "fork": True, "posix": True, "set": False},
          "node": {"": True, "own": True}, "java": {"": True}}


def context(n):
    return f"00-{n + 1:032x}-{n + 16:016x}-01"


def ask(port, path, headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
    try:
        connection.request("GET", path, headers=headers)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def caller(language, folder):
    command, env = LANGUAGES[language](folder, "caller")
    if language == "python":
        command.append("one")
    return command, {**env, "CHILD": f"{peers.path('propagators')} {HERE / 'child.py'}"}


def children(language, propagate, named, build, folder):
    """The child's SDK stands below the function's span, in whoever's trace; not without being asked for."""
    command, env = caller(language, folder)
    told = {}
    with Watched(build, folder, command, env, propagate) as watched:
        for n, how in enumerate(SPAWNS[language]):
            headers = {"traceparent": context(n), "tracestate": STATE} if named else {}
            told[str(n)] = how, ask(watched.port, f"/spawn/{how}", {"X-Request-Id": str(n), **headers})
    spans = watched.spans()
    for n, (how, child) in told.items():
        if "env" not in propagate or not SPAWNS[language][how]:
            assert child["parent"] == "", (how, child)
            assert child["variable"] == ("own" if how == "set" else ""), child
            continue
        assert child["trace"] == spans[n]["traceId"], (how, child, spans[n])
        assert child["parent"] == spans[n]["spanId"], (how, child, spans[n])
        assert child["state"] == (STATE if named else ""), child
        assert child["own"] == ("1" if how == "own" else ""), child
        if named:
            assert child["trace"] == f"{int(n) + 1:032x}", child


# Their ways to ask a server.
CALLS = {"python": ["", "urllib"], "node": [""], "java": ["", "client"]}


@contextlib.contextmanager
def callee(language, folder):
    """A server with OpenTelemetry's SDK, which nobody watches. Its port."""
    process = start(*LANGUAGES[language](folder, "server"))
    try:
        yield wait_for_port(process)
    finally:
        watching.kill(process)


def calls(language, propagate, named, build, folder):
    """The SDK of the one that is called stands below the span of the call, which stands below the function's."""
    told = {}
    command, env = caller(language, folder)
    with callee(language, folder) as port, Watched(build, folder, command, env, propagate) as watched:
        for n, how in enumerate(CALLS[language]):
            headers = {"traceparent": context(n), "tracestate": STATE} if named else {}
            told[str(n)] = how, ask(watched.port, f"/call/{port}/{how}", {"X-Request-Id": str(n), **headers})
    spans, made = watched.spans(), {span["spanId"]: span for span in watched.all_spans() if span["kind"] == CLIENT}
    for n, (how, theirs) in told.items():
        if "outbound" not in propagate:
            assert theirs["parent"] == "", (how, theirs)
            continue
        assert theirs["trace"] == spans[n]["traceId"], (how, theirs, spans[n])
        assert theirs["parent"] in made, (how, theirs, made)
        assert made[theirs["parent"]]["parentSpanId"] == spans[n]["spanId"], (how, theirs, spans[n])
        if named:
            assert theirs["trace"] == f"{int(n) + 1:032x}", theirs


def together(server, build, folder):
    """Two invocations at once: with a thread each both are told as their own, without nobody is."""
    command, env = caller("node" if server == "loop" else "python", folder)
    if server != "loop":
        command[-1] = server
    told = {}
    with callee("python", folder) as port, Watched(build, folder, command, env, "outbound") as watched:
        def one(n, what):
            told[n] = ask(watched.port, f"/{what}/{port}", {"traceparent": context(n), "X-Request-Id": str(n)})
        one(0, "call")
        threads = [threading.Thread(target=one, args=(n, "both")) for n in (1, 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    spans, made = watched.spans(), {span["spanId"]: span for span in watched.all_spans() if span["kind"] == CLIENT}
    assert told[0]["trace"] == f"{1:032x}", told
    for n in (1, 2):
        if server == "loop":
            assert told[n]["parent"] == "", told[n]
            continue
        assert told[n]["trace"] == f"{n + 1:032x}", told[n]
        assert made[told[n]["parent"]]["parentSpanId"] == spans[str(n)]["spanId"], told[n]


def register():
    cases.register("together: a thread each", functools.partial(together, "threads"))
    cases.register("together: an event loop", functools.partial(together, "loop"))
    for language in LANGUAGES:
        cases.register(f"children: {language}, the caller's trace",
                       functools.partial(children, language, "env,inbound", True))
        cases.register(f"children: {language}, nobody's trace",
                       functools.partial(children, language, "env", False))
        cases.register(f"calls: {language}, the caller's trace",
                       functools.partial(calls, language, "outbound,inbound", True))
        cases.register(f"calls: {language}, nobody's trace", functools.partial(calls, language, "outbound", False))
    cases.register("calls: not without being asked", functools.partial(calls, "python", "env,inbound", True))
    cases.register("children: not without being asked", functools.partial(children, "python", "inbound", True))


def main():
    parser = cases.parser(__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    args = parser.parse_args()
    register()
    cases.main(args, args.build.resolve(), folder=True)


if __name__ == "__main__":
    main()
