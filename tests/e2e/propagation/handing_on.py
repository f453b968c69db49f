#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trace contexts that functions without any SDK hand on (COLDSPAN_PROPAGATE=env,outbound).

usage: handing_on.py --build DIR

Functions in Node.js, Python and Java start a program that has OpenTelemetry's SDK, and call a server that
has it: what these make stands below the function's span, or below that of its call.
"""
import functools
import http.client
import json
import pathlib

from watched import HERE, LANGUAGES, LIMIT_S, Watched, cases, peers

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


def register():
    for language in LANGUAGES:
        cases.register(f"children: {language}, the caller's trace",
                       functools.partial(children, language, "env,inbound", True))
        cases.register(f"children: {language}, nobody's trace",
                       functools.partial(children, language, "env", False))
    cases.register("children: not without being asked", functools.partial(children, "python", "inbound", True))


def main():
    parser = cases.parser(__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    args = parser.parse_args()
    register()
    cases.main(args, args.build.resolve(), folder=True)


if __name__ == "__main__":
    main()
