#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From unmodified programs under the shim to spans in a file, by way of the daemon.

    spans.py COLLECTOR SHIM
"""
import signal
import subprocess
import sys
import time
import urllib.request

from harness import LIMIT_S, Collector, cold_starts, main, watched
from lib import listening, otlp_json, watching
from lib.cases import case


@case
def every_one_of_200_short_processes_has_its_cold_start(binary, shim):
    with Collector(binary) as collector:
        pids = set()
        for _ in range(20):
            batch = [watched(collector, shim, ["/bin/true"]) for _ in range(10)]
            pids |= {p.pid for p in batch}
            assert all(p.wait(LIMIT_S) == 0 for p in batch)
        collector.until("all were assembled", lambda c: c["cold_starts"] >= 200)
        counts = collector.accounting()
        found = cold_starts(collector.file)
        assert {start["process.pid"] for start in found} == pids
        assert len(found) == 200, len(found)
        assert all(start["process.exit.code"] == 0 for start in found)
        assert counts["sent"] == counts["accepted"] == len(otlp_json.of_file(collector.file)), counts


@case
def one_that_was_gone_before_it_was_met_did_not_end_when_it_was(binary, shim):
    with Collector(binary) as collector:
        collector.process.send_signal(signal.SIGSTOP)  # as slow as a collector can be
        try:
            assert watched(collector, shim, ["/bin/true"]).wait(LIMIT_S) == 0
            gone = time.time_ns()
            time.sleep(0.05)  # both clocks are read at other moments
        finally:
            collector.process.send_signal(signal.SIGCONT)
        collector.until("it was assembled", lambda c: c["cold_starts"] == 1)
        collector.accounting()
        start, = (span for span in otlp_json.of_file(collector.file) if span["name"] == "cold start")
        assert start["end"] < gone + 20_000_000, (start, gone)


@case
def how_a_process_ended_is_known(binary, shim):
    with Collector(binary) as collector:
        assert watched(collector, shim, ["sh", "-c", "exit 7"]).wait(LIMIT_S) == 7
        assert watched(collector, shim, ["sh", "-c", "kill -9 $$"]).wait(LIMIT_S) == -9
        collector.until("both were assembled", lambda c: c["cold_starts"] == 2)
        collector.accounting()
        by_end = {start.get("process.exit.code", "signal"): start
                  for start in cold_starts(collector.file)}
        assert set(by_end) == {7, "signal"}, by_end
        assert by_end[7]["status"] == 2
        assert "signal 9" in by_end["signal"]["message"]


@case
def how_a_process_ended_is_known_before_anybody_has_waited_for_it(binary, shim):
    with Collector(binary) as collector:
        left = [watched(collector, shim, ["sh", "-c", "exit 7"]),
                watched(collector, shim, ["true"]),
                watched(collector, shim, ["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)]
        left[2].stdin.write(b"x")
        left[2].stdin.flush()
        assert left[2].stdout.read(1) == b"x"
        left[2].send_signal(signal.SIGKILL)
        collector.until("all were assembled", lambda c: c["cold_starts"] == 3)
        collector.accounting()
        by_pid = {span["resource"]["process.pid"]: span
                  for span in otlp_json.of_file(collector.file) if span["name"] == "cold start"}
        assert by_pid[left[0].pid]["attributes"]["process.exit.code"] == 7, by_pid
        assert by_pid[left[1].pid]["attributes"]["process.exit.code"] == 0, by_pid
        # Killed over its event: both spans say so.
        ends = {span["name"]: span["message"] for span in otlp_json.of_file(collector.file)
                if span["status"] == 2 and "signal 9" in span["message"]}
        assert len(ends) == 2 and "cold start" in ends, ends
        for process in left:
            process.wait(LIMIT_S)
        left[2].stdin.close()
        left[2].stdout.close()


@case
def stop_hands_over_what_is_still_held(binary, shim):
    with Collector(binary) as collector:
        with watched(collector, shim, ["cat"], stdin=subprocess.PIPE,
                     stdout=subprocess.PIPE) as process:
            process.stdin.write(b"x\n")
            process.stdin.flush()
            assert process.stdout.readline() == b"x\n"
            collector.accounting()
        assert [start["process.pid"] for start in cold_starts(collector.file)] == [process.pid]


@case
def a_second_collector_takes_over_where_the_first_has_left(binary, shim):
    with Collector(binary) as first:
        first.accounting()
        second = watching.start([binary, "--file", first.file], first.socket, stderr=subprocess.PIPE)
        try:
            assert watched(first, shim, ["/bin/true"]).wait(LIMIT_S) == 0
        finally:
            second.terminate()
            said = second.communicate(timeout=LIMIT_S)[1].decode()
        assert len(cold_starts(first.file)) == 1, said


# Goes into the background as daemons do: who was started ends, a child of it listens and answers once.
DAEMON = """
import os, socket, sys
ready, listening = os.pipe()
if os.fork():
    os.close(listening)
    os._exit(0 if os.read(ready, 1) else 1)
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
os.write(listening, b"x")
os.close(listening)
c, _ = s.accept()
c.recv(4096)
c.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
c.close()
"""


@case
def the_start_of_a_daemon_ends_with_its_first_response(binary, shim):
    with Collector(binary) as collector:
        port = listening.free_port()
        daemon = watched(collector, shim, [sys.executable, "-c", DAEMON, str(port)])
        assert daemon.wait(LIMIT_S) == 0
        collector.until("its first process has ended", lambda c: c["ends_known"] + c["ends_unknown"] >= 1)
        # Whatever would be told of that end is told before this one's.
        assert watched(collector, shim, ["/bin/true"]).wait(LIMIT_S) == 0
        collector.until("a later end was told", lambda c: c["cold_starts"] >= 1)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=LIMIT_S) as answer:
            assert answer.read() == b"ok"
        collector.until("the request was told", lambda c: c["invocations"] == 1)
        collector.accounting()
        found = [start for start in cold_starts(collector.file)
                 if start["process.pid"] == daemon.pid]
        assert len(found) == 1, found
        assert found[0]["coldspan.protocol"] == "http", found
        assert found[0]["coldspan.init.ready"] is True, found


@case
def a_backend_that_is_not_there_delays_nobody_and_is_accounted_for(binary, shim):
    with Collector(binary, "--otlp", f"http://127.0.0.1:{listening.closed_port()}") as collector:
        assert watched(collector, shim, ["/bin/true"]).wait(LIMIT_S) == 0
        collector.until("assembled", lambda c: c["batches"] == 1)
        collector.until("it was tried", lambda _: any("warn: otlp" in t for t in collector.said))
        spans = len(otlp_json.of_file(collector.file))
        assert spans > 0
        said, code = collector.stop()
        assert code == 0
        found = watching.accounts(said)
        assert found["file"]["sent"] == found["otlp"]["accepted"] == spans, found
        assert found["otlp"]["dropped"] == spans, found
        assert any("gave up" in text for text in said), said


@case
def a_second_signal_ends_it_at_once(binary, shim):
    for _ in range(5):  # between the two it may be late enough to end by itself
        with Collector(binary, "--otlp", f"http://127.0.0.1:{listening.closed_port()}") as collector:
            assert watched(collector, shim, ["/bin/true"]).wait(LIMIT_S) == 0
            collector.until("assembled", lambda c: c["batches"] == 1)
            collector.process.send_signal(signal.SIGTERM)
            collector.until("it has stopped reading", lambda c: c["instances_now"] == 0)
            said, code = collector.stop(signal.SIGINT)
        assert code == 0
        assert watching.accounts(said)["otlp"]["dropped"] > 0, said
        if not any("gave up" in text for text in said):
            return
    raise AssertionError(said)


if __name__ == "__main__":
    main(__doc__, "collector", "shim")
