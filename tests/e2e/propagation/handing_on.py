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


# Headers that name a trace as others than W3C do; and which it is.
CARRIERS = {
    "b3": ({"b3": f"{7:032x}-{8:016x}-1"}, f"{7:032x}", f"{8:016x}"),
    "b3 in several": ({"X-B3-TraceId": f"{9:016x}", "X-B3-SpanId": f"{10:016x}"}, f"{9:032x}", f"{10:016x}"),
    "X-Ray": ({"X-Amzn-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8"},
              "5759e988bd862e3fe1be46a994272793", "53995c3f42cd8ad8"),
    "a load balancer": ({"X-Amzn-Trace-Id": "Root=1-67891233-abcdef012345678912345678"},
                        "67891233abcdef012345678912345678", ""),
    "Cloud Trace": ({"X-Cloud-Trace-Context": "105445aa7843bc8bf206b12000100000/789;o=1"},
                    "105445aa7843bc8bf206b12000100000", f"{789:016x}"),
    "Jaeger": ({"uber-trace-id": "deadbeef:deadbef0:0:1"}, f"{0xdeadbeef:032x}", f"{0xdeadbef0:016x}"),
}


def carriers(build, folder):
    """Who is called, and a child, are told in W3C's words of the trace that another carrier names."""
    command, env = caller("python", folder)
    told = {}
    with callee("python", folder) as port, Watched(build, folder, command, env, "env,outbound") as watched:
        for name, (headers, *_) in CARRIERS.items():
            for what, path in (("call", f"/call/{port}"), ("child", "/spawn/")):
                told[f"{name} {what}"] = ask(watched.port, path, {"X-Request-Id": f"{name} {what}", **headers})
    spans, made = watched.spans(), {span["spanId"]: span for span in watched.all_spans() if span["kind"] == CLIENT}
    for name, (_, trace, parent) in CARRIERS.items():
        call, child = (told[f"{name} {what}"] for what in ("call", "child"))
        ours = [spans[f"{name} {what}"] for what in ("call", "child")]
        assert [span["traceId"] for span in ours] == [call["trace"], child["trace"]] == [trace] * 2, (name, told)
        assert all(span["parentSpanId"] in (parent, *([] if parent else cold_starts(watched))) for span in ours), name
        assert made[call["parent"]]["parentSpanId"] == ours[0]["spanId"], (name, call)
        assert child["parent"] == ours[1]["spanId"], (name, child)


def cold_starts(watched):
    return [span["spanId"] for span in watched.all_spans() if span["name"] == "cold start"]


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
    cases.register("carriers that are not W3C's", carriers)
    cases.register("calls: not without being asked", functools.partial(calls, "python", "env,inbound", True))
    cases.register("children: not without being asked", functools.partial(children, "python", "inbound", True))


def main():
    args = cases.parser(__doc__, "build").parse_args()
    register()
    cases.main(args, args.build, folder=True)


if __name__ == "__main__":
    main()
