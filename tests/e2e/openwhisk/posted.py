#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runtimes that OpenWhisk asks over HTTP: POST /init is the last part of the start, POST /run an invocation.

usage: posted.py --build DIR

The runtimes are stand-ins of our own (posted/runtime.js, posted/runtime.py): those of OpenWhisk are published as
images and as source. The requests are what its invoker sends.
"""
import json
import pathlib
import shutil
import sys
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
import proxy
from lib import cases, otlp_json, served, traces, watching
from lib.cases import case
from lib.served import LIMIT_S, SERVER, tool

HERE = pathlib.Path(__file__).resolve().parent
TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SECRET = "do-not-tell"
PHASES = ["link", "runtime", "fetch", "code", "wait", "handler", "respond"]
LANGUAGES = ("node", "python")
CODE = {
    "node": f"""// {SECRET}
console.log('loading');
exports.main = (args) => {{
    console.log('running ' + args.name);
    if (args.name === 'killed') process.kill(process.pid, 'SIGKILL');
    if (args.name === 'wrong') throw new Error('wrong');
    return {{ greeting: 'Hello, ' + args.name }};
}};
""",
    "python": f"""# {SECRET}
import os
os.write(1, b"loading\\n")
def main(args):
    os.write(1, b"running " + args["name"].encode() + b"\\n")
    if args["name"] == "killed": os.kill(os.getpid(), 9)
    if args["name"] == "wrong": raise ValueError("wrong")
    return {{"greeting": "Hello, " + args["name"]}}
""",
}
BROKEN = {"node": "throw new Error('broken');", "python": "raise ValueError('broken')"}


def command(language, folder):
    """The action's file comes to lie beside the runtime's, as it does in an image."""
    program, file = {"node": (tool("node"), "runtime.js"), "python": ("/usr/bin/python3", "runtime.py")}[language]
    return [program, shutil.copy(HERE / "posted" / file, folder)]


def post(port, path, body):
    """Status and answer; None where it hung up."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=LIMIT_S) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
    except OSError:
        return None


class Watched(served.Watched):
    def __init__(self, args, folder, language, **variables):
        folder.mkdir(exist_ok=True)
        self.language = language
        super().__init__(args.build, folder, command(language, folder),
                         **(variables or {"__OW_API_HOST": "https://127.0.0.1", "__OW_ALLOW_CONCURRENT": "false"}))
        self.port = int(self.first_line())

    def init(self, code=None):
        return post(self.port, "/init", {"value": {"name": "hello", "main": "main", "binary": False,
                                                   "code": code or CODE[self.language], "env": {}}})

    def run(self, one):
        return post(self.port, "/run", one)

    def probe(self):
        """Answered: what was done before is over in the process, too, and it has waited for this."""
        with served.connected(self.port) as (sock, stream):
            sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: kube-probe/1\r\nConnection: close\r\n\r\n")
            assert served.answer(stream)[0] == 200

    def told(self):
        """Start, phases by name, invocations, and lines of log."""
        start, phases, invocations = self.finish(0)
        self.text = self.traces.read_text()
        return start, phases, invocations, otlp_json.of_file(self.traces, otlp_json.logs)


def ids(invocations):
    return [span["attributes"].get("faas.invocation_id") for span in invocations]


def _each(args, folder):
    for language in LANGUAGES:
        inner = folder / language
        inner.mkdir()
        yield language, inner


def no_failure(start):
    assert start["status"] == 0 and "coldspan.init.error_type" not in start["attributes"], start


@case
def code_is_the_last_part_of_the_start_and_events_are_invocations(args, folder):
    events = [proxy.event("act-1", {"name": "one", "password": SECRET}), proxy.event("act-2", {"name": "two"})]
    for language, inner in _each(args, folder):
        with Watched(args, inner, language) as watched:
            assert watched.init() == (200, {"ok": True})
            for one in events:
                assert watched.run(one) == (200, {"greeting": f"Hello, {one['value']['name']}"})
            start, phases, invocations, lines = watched.told()
        assert list(phases) == PHASES, (language, list(phases))
        assert not any("coldspan.phase.approximate" in phase["attributes"]
                       for name, phase in phases.items() if name != "link"), phases
        no_failure(start)
        assert start["attributes"]["coldspan.protocol"] == "http" and start["attributes"]["coldspan.init.ready"], start
        assert start["attributes"]["coldspan.opens.user"] >= 2, start  # the runtime's own, and the action's
        assert ids(invocations) == ["act-1", "act-2"], (language, invocations)
        assert [span["attributes"]["faas.coldstart"] for span in invocations] == [True, False]
        for span, one in zip(invocations, events):
            attributes, resource = span["attributes"], span["resource"]
            assert span["status"] == 0 and attributes["url.path"] == "/run", span
            assert attributes["coldspan.openwhisk.deadline_unix_ms"] == int(one["deadline"]), span
            assert attributes["coldspan.openwhisk.transaction_id"] == one["transaction_id"], span
            assert resource["faas.name"] == resource["service.name"] == one["action_name"], resource
            assert resource["coldspan.platform"] == "openwhisk" and resource["faas.version"] == "0.0.1", resource
        assert SECRET not in watched.text and proxy.KEY not in watched.text
        by_text = {line["body"]: line for line in lines}
        assert by_text["loading"]["spanId"] in (start["spanId"], ""), by_text
        assert phases["code"]["start"] <= by_text["loading"]["time"] <= phases["code"]["end"], (phases, by_text)
        assert [by_text[f"running {name}"]["spanId"] for name in ("one", "two")] == \
            [span["spanId"] for span in invocations], by_text
        assert watched.counters["unmatched"] == 0, watched.counters


@case
def code_that_does_not_load_fails_the_start(args, folder):
    for language, inner in _each(args, folder):
        with Watched(args, inner, language) as watched:
            assert watched.init(BROKEN[language])[0] == 502
            watched.probe()
            watching.kill(watched.server)
            start, phases, invocations, _ = watched.told()
        assert not invocations, invocations
        assert start["status"] == 2 and start["message"] == "the init failed", start
        assert start["attributes"]["coldspan.init.error_type"] == "502", start
        assert not start["attributes"]["coldspan.init.ready"], start
        assert list(phases) == ["link", "runtime", "fetch", "code"], list(phases)
        assert "coldspan.init.unused" not in start["attributes"], start


@case
def what_loads_after_a_failure_is_a_start_that_did_well(args, folder):
    for language, inner in _each(args, folder):
        with Watched(args, inner, language) as watched:
            assert watched.init(BROKEN[language])[0] == 502
            assert watched.init()[0] == 200
            assert watched.run(proxy.event("act-1", {"name": "one"}))[0] == 200
            start, phases, invocations, _ = watched.told()
        no_failure(start)
        assert list(phases) == PHASES and ids(invocations) == ["act-1"], (phases, invocations)


@case
def code_that_comes_again_is_refused_and_nothing_has_failed(args, folder):
    for language, inner in _each(args, folder):
        with Watched(args, inner, language) as watched:
            assert watched.init()[0] == 200 and watched.init()[0] == 403
            assert watched.run(proxy.event("act-1", {"name": "one"}))[0] == 200
            assert watched.init()[0] == 403
            start, phases, invocations, _ = watched.told()
        no_failure(start)
        assert list(phases) == PHASES and ids(invocations) == ["act-1"], (phases, invocations)


@case
def an_event_that_fails_and_one_that_kills(args, folder):
    for language, inner in _each(args, folder):
        with Watched(args, inner, language) as watched:
            watched.init()
            assert watched.run(proxy.event("act-1", {"name": "wrong"}))[0] == 502
            assert watched.run(proxy.event("act-2", {"name": "killed"})) is None
            _, _, invocations, _ = watched.told()
        assert ids(invocations) == ["act-1", "act-2"], invocations
        assert [span["status"] for span in invocations] == [2, 2], invocations
        assert invocations[0]["attributes"]["http.response.status_code"] == 502, invocations


@case
def who_called_a_web_action_stands_in_its_event(args, folder):
    value = {"name": "one", "__ow_headers": {"traceparent": f"00-{TRACE}-{CALLER}-01", "authorization": SECRET}}
    for language, inner in _each(args, folder):
        with Watched(args, inner, language) as watched:
            watched.init()
            watched.run(proxy.event("act-1", value))
            start, _, (invocation,), _ = watched.told()
        assert (invocation["traceId"], invocation["parentSpanId"]) == (TRACE, CALLER), invocation
        assert start["traceId"] == TRACE and SECRET not in watched.text


@case
def of_a_large_event_the_beginning_is_looked_at(args, folder):
    one = {"activation_id": "act-1", "value": {"name": "one", "data": "x" * 300000}, "transaction_id": "behind"}
    for language, inner in _each(args, folder):
        with Watched(args, inner, language) as watched:
            watched.init()
            watched.run(one)
            _, _, (invocation,), _ = watched.told()
        assert invocation["attributes"]["coldspan.request.cut"] == ["headers"], invocation
        assert ids([invocation]) == ["act-1"] and "coldspan.openwhisk.transaction_id" not in invocation["attributes"]


@case
def one_that_is_loaded_and_never_asked_was_unused(args, folder):
    for language, inner in _each(args, folder):
        with Watched(args, inner, language) as watched:
            watched.init()
            watched.probe()
            start, phases, invocations, _ = watched.told()
        assert not invocations and list(phases) == PHASES[:5], (phases, invocations)
        assert start["attributes"]["coldspan.init.unused"], start


@case
def one_that_is_brought_no_code_was_unused(args, folder):
    for language, inner in _each(args, folder):
        with Watched(args, inner, language) as watched:
            watched.probe()
            start, phases, invocations, _ = watched.told()
        assert not invocations and "fetch" not in phases, (phases, invocations)
        assert start["attributes"]["coldspan.init.unused"], start


@case
def elsewhere_these_are_paths_like_others(args, folder):
    for language, inner in _each(args, folder):
        with Watched(args, inner, language, NOT_OPENWHISK="1") as watched:
            watched.init()
            watched.run(proxy.event("act-1", {"name": "one"}))
            _, phases, invocations, _ = watched.told()
        assert [span["attributes"]["url.path"] for span in invocations] == ["/init", "/run"], invocations
        assert ids(invocations) == [None, None] and "fetch" not in phases, (phases, invocations)


if __name__ == "__main__":
    arguments = cases.parser(__doc__, "build").parse_args()
    cases.main(arguments, arguments, folder=True)
