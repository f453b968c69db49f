#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""HTTP/1 as it may come to a real server: probes, requests that do not wait, HTTP/1.0, events in bodies.

usage: connections.py --build DIR --language node|python|java

Keep-alive, chunked bodies, Expect and HEAD are tests/shim/http_servers.py's, other protocols protocols.py's.
"""
import contextlib
import json
import pathlib
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases
from lib.cases import case
from lib.served import Watched, answer, connected, head, tool

SERVERS_AT = pathlib.Path(__file__).resolve().parents[1] / "shim/servers"
SERVERS = {
    "node": (["node"], [SERVERS_AT / "server.js"]),
    "python": (["/usr/bin/python3", "python3"], [SERVERS_AT / "server.py"]),
    "java": (["java"], ["-XX:TieredStopAtLevel=1", SERVERS_AT / "Server.java"]),
}
# As they come: kubelets, Knative's activator, autoscaler, ingress and queue-proxy, load balancers, Route 53.
PROBES = ["User-Agent: kube-probe/1.29", "K-Kubelet-Probe: queue", "K-Network-Probe: queue",
          "User-Agent: Knative-Activator-Probe", "User-Agent: Knative-Autoscaling-Probe",
          "User-Agent: Knative-Ingress-Probe", "User-Agent: Knative-Queue-Proxy-Probe", "User-Agent: GoogleHC/1.0",
          "User-Agent: ELB-HealthChecker/2.0",
          "User-Agent: Amazon-Route53-Health-Check-Service (ref 1)"]
CLOCKS_NS = 5_000_000  # between the wall clock here and a span's, which comes from another clock


@contextlib.contextmanager
def _serving(args, folder):
    """The server of a language, and its port."""
    names, arguments = SERVERS[args.language]
    with Watched(args.build, folder, [tool(*names), *arguments]) as watched:
        yield watched, int(watched.first_line().split()[1])


def paths(spans):
    return [span["attributes"]["url.path"] for span in spans]


@case
def a_probe_is_no_invocation(args, folder):
    with _serving(args, folder) as (watched, port):
        with connected(port) as (sock, stream):
            for probe in PROBES:
                sock.sendall(f"GET /plain/ HTTP/1.1\r\nHost: a\r\n{probe}\r\n\r\n".encode())
                assert answer(stream)[0] == 200
            answered = time.time_ns()
            sock.sendall(b"GET /plain/user HTTP/1.1\r\nHost: a\r\nUser-Agent: kube-prober\r\n\r\n")
            assert answer(stream)[0] == 200
            sock.sendall(b"GET /_/health HTTP/1.1\r\nHost: a\r\n\r\n")
            answer(stream)
            sock.sendall(b"GET /plain/last HTTP/1.1\r\nHost: a\r\n\r\n")
            answer(stream)
        start, phases, invocations = watched.finish(port)
    assert paths(invocations) == ["/plain/user", "/plain/last"], paths(invocations)
    assert [span["attributes"]["faas.coldstart"] for span in invocations] == [True, False]
    assert invocations[0]["start"] > answered - CLOCKS_NS, "a probe has ended the wait"
    assert phases["wait"]["end"] == invocations[0]["start"], phases["wait"]
    assert phases["handler"]["start"] == invocations[0]["start"]
    assert start["attributes"]["coldspan.probes"] >= len(PROBES), start
    assert watched.counters["health_probes"] == len(PROBES) + 2, watched.counters  # and one that asks to end


@case
def a_connection_without_a_request_is_no_invocation(args, folder):
    """Cloud Run's start-up probe, and a kubelet's by TCP."""
    with _serving(args, folder) as (watched, port):
        for how in (socket.SHUT_WR, None):
            with connected(port) as (sock, stream):
                if how is not None:
                    sock.shutdown(how)
                    assert not stream.read(1), "it answered nothing"
        with connected(port) as (sock, stream):
            begun = time.time_ns()
            sock.sendall(b"GET /plain/user HTTP/1.1\r\nHost: a\r\n\r\n")
            assert answer(stream)[0] == 200
        start, phases, (found,) = watched.finish(port)
    assert found["attributes"]["faas.coldstart"] is True and found["start"] > begun - CLOCKS_NS, found
    assert phases["wait"]["end"] == found["start"], phases["wait"]
    assert start["attributes"]["coldspan.connections"] >= 2, start


@case
def who_was_only_probed_has_served_nobody(args, folder):
    with _serving(args, folder) as (watched, port):
        with connected(port) as (sock, stream):
            sock.sendall(f"GET /plain/ HTTP/1.1\r\nHost: a\r\n{PROBES[0]}\r\n\r\n".encode())
            assert answer(stream)[0] == 200
        start, phases, invocations = watched.finish(port)
    assert not invocations, invocations
    assert start["attributes"]["coldspan.probes"] == 2, start
    assert start["attributes"]["coldspan.init.ready"] is True, start
    assert list(phases)[-1] == "wait", list(phases)


@case
def requests_that_do_not_wait_for_answers_are_told_in_their_order(args, folder):
    wanted = [("GET", "/plain/0", 200), ("GET", "/missing/1", 404), ("POST", "/plain/2", 200),
              ("GET", "/empty/3", 204), ("GET", "/chunked/4", 200), ("GET", "/plain/5", 200)]
    sent = b"".join(f"{method} {path} HTTP/1.1\r\nHost: a\r\nX-Request-Id: {n}\r\n{extra}\r\n\r\n{body}".encode()
                    for n, (method, path, _) in enumerate(wanted)
                    for extra, body in [("Content-Length: 3", "abc") if method == "POST" else ("A: b", "")])
    with _serving(args, folder) as (watched, port):
        with connected(port) as (sock, stream):
            sock.sendall(sent)
            for _, path, status in wanted:
                got = head(stream)[0] if status == 204 else answer(stream)[0]
                assert got == status, (path, got)
        _, _, invocations = watched.finish(port)
    told = sorted(invocations, key=lambda span: int(span["attributes"]["http.request.header.x-request-id"][0]))
    assert [(span["attributes"]["http.request.method"], span["attributes"]["url.path"],
             span["attributes"]["http.response.status_code"]) for span in told] == wanted, told
    assert sum(span["attributes"]["coldspan.request.bytes"] for span in told) == len(sent)
    for before, after in zip(told, told[1:]):
        assert before["end"] <= after["end"], "an answer ended before the one it had to wait for"


@case
def http_1_0_ends_with_its_connection_or_keeps_it(args, folder):
    with _serving(args, folder) as (watched, port):
        with connected(port) as (sock, stream):
            sock.sendall(b"GET /plain/closed HTTP/1.0\r\n\r\n")
            status, body = answer(stream)
            assert (status, body) == (200, b"GET plain 0\n") and not stream.read(1), body
        with connected(port) as (sock, stream):
            for n in range(2):
                sock.sendall(b"POST /plain/kept HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nab")
                status, headers = head(stream)
                assert status == 200, status
                stream.read(int(headers["content-length"]))
                if "keep-alive" not in headers.get("connection", "").lower():
                    break  # it does not know how
        _, _, invocations = watched.finish(port)
    assert paths(invocations) == ["/plain/closed", *["/plain/kept"] * (n + 1)], paths(invocations)
    for span in invocations:
        assert span["attributes"]["http.response.status_code"] == 200, span
        assert "coldspan.approximate" not in span["attributes"] and not span["status"], span


# --- events in a body ---

CREATED = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SECRET = "not-to-be-seen"


def cloud_event(number, **more):
    return {"specversion": "1.0", "id": f"e-{number}", "source": "/shop", "type": "order.made",
            "data": {"id": SECRET, "traceparent": SECRET}, **more}


def post_event(sock, stream, path, kind, body, *headers):
    """The body comes in pieces that part names and values."""
    text = json.dumps(body).encode()
    lines = [f"POST /plain/{path} HTTP/1.1", "Host: a", f"Content-Type: {kind}", f"Content-Length: {len(text)}",
             *headers]
    sock.sendall("\r\n".join([*lines, "", ""]).encode())
    for at in range(0, len(text), 7):
        sock.sendall(text[at:at + 7])
    assert answer(stream)[0] == 200


def told(args, folder, *posts):
    """The invocations of the server that was sent these, and all that was written of it."""
    with _serving(args, folder) as (watched, port):
        with connected(port) as (sock, stream):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for post in posts:
                post_event(sock, stream, *post)
        _, _, invocations = watched.finish(port)
    assert SECRET not in watched.traces.read_text(), "more than names was taken of a body"
    return [span["attributes"] | {"links": span["links"]} for span in invocations]


@case
def a_cloud_event_in_a_body_is_as_one_in_headers(args, folder):
    parent = f"00-{CREATED[0]}-{CREATED[1]}-01"
    found = told(args, folder,
                 ("body", "application/cloudevents+json; charset=utf-8", cloud_event(1, traceparent=parent)),
                 ("body", "application/json", {"id": SECRET}, "ce-id: e-1", "ce-source: /shop",
                  "ce-type: order.made", f"ce-traceparent: {parent}", "ce-specversion: 1.0"),
                 ("other", "application/json", cloud_event(2)),
                 ("broken", "APPLICATION/CloudEvents+JSON", [cloud_event(3)]))
    for one in found[:2]:
        assert [one[f"cloudevents.event_{name}"] for name in ("id", "source", "type")] \
            == ["e-1", "/shop", "order.made"], one
        links = [link for link in one["links"] if link["attributes"]["coldspan.link"] == "event"]
        assert [(link["traceId"], link["spanId"]) for link in links] == [CREATED], one
    assert found[1]["coldspan.attempt"] == 2, "the second delivery of an event that came in a body first"
    for one in found[2:]:
        assert "cloudevents.event_id" not in one and not one["links"], one


@case
def a_batch_is_one_invocation_with_a_link_for_each_event(args, folder):
    parent = f"00-{CREATED[0]}-{CREATED[1]}-01"
    events = [cloud_event(n, **({"traceparent": parent} if n == 1 else {})) for n in range(3)]
    (found,) = told(args, folder, ("batch", "application/cloudevents-batch+json", events))
    assert "cloudevents.event_id" not in found, found
    assert found["messaging.batch.message_count"] == 3, found
    assert [link["attributes"]["cloudevents.event_id"] for link in found["links"]] == ["e-0", "e-1", "e-2"], found
    assert (found["links"][1]["traceId"], found["links"][1]["spanId"]) == CREATED, found


@case
def azures_host_says_how_often_it_has_delivered(args, folder):
    body = {"Data": {"item": f'{{"DequeueCount": "{SECRET}"}}'},
            "Metadata": {"DequeueCount": "3", "Id": SECRET, "sys": {"MethodName": "f", "DequeueCount": "9"}}}
    found = told(args, folder,
                 ("queue", "application/json", body, "X-Azure-Functions-InvocationId: 0a4f8c2e"),
                 ("other", "application/json", body))
    assert (found[0]["faas.invocation_id"], found[0]["coldspan.attempt"]) == ("0a4f8c2e", 3), found[0]
    assert "coldspan.attempt" not in found[1], found[1]


def main():
    parser = cases.parser(__doc__, "build")
    parser.add_argument("--language", choices=SERVERS, required=True)
    args = parser.parse_args()
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()
