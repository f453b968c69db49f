#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an operator does to the destinations of a running collector.

    destinations.py COLLECTOR SHIM
"""
import os
import resource
import signal

from harness import LIMIT_S, Collector, cold_starts, main, watched
from lib import otlp_json
from lib.cases import case


def _run_some(collector, shim, count):
    """Runs @count programs and waits until their spans are with the destinations."""
    before = collector.counters()["spans"]
    for process in [watched(collector, shim, ["/bin/true"]) for _ in range(count)]:
        assert process.wait(LIMIT_S) == 0
    collector.until("the spans are out", lambda c: c["spans"] >= before + count
                    and not c["instances_now"])


def _opened(text):
    return text.endswith("opened anew")


@case
def a_file_that_was_renamed_is_opened_anew_at_sighup(binary, shim):
    with Collector(binary) as collector:
        old = collector.file.with_suffix(".1")
        _run_some(collector, shim, 2)
        os.rename(collector.file, old)
        _run_some(collector, shim, 2)
        collector.process.send_signal(signal.SIGHUP)
        collector.line(_opened)
        _run_some(collector, shim, 3)
        counts = collector.accounting()
        assert len(cold_starts(old)) == 4, old.read_text()
        assert len(cold_starts(collector.file)) == 3, collector.file.read_text()
        assert counts["sent"] == counts["accepted"] == \
            len(otlp_json.of_file(old)) + len(otlp_json.of_file(collector.file)), counts


@case
def at_sighup_the_old_file_goes_on_if_there_can_be_no_new_one(binary, shim):
    with Collector(binary) as collector:
        old = collector.file.with_suffix(".1")
        os.rename(collector.file, old)
        collector.file.mkdir()
        collector.process.send_signal(signal.SIGHUP)
        collector.line(lambda text: "error: cannot open" in text and "the old file" in text)
        _run_some(collector, shim, 2)
        counts = collector.accounting()
        assert counts["sent"] == counts["accepted"], counts
        assert len(cold_starts(old)) == 2


@case
def what_a_full_disk_does_not_take_waits_until_there_is_room(binary, shim):
    with Collector(binary) as collector:
        _run_some(collector, shim, 1)
        size = collector.file.stat().st_size
        pid, none = collector.process.pid, (resource.RLIM_INFINITY,) * 2
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size + 100, resource.RLIM_INFINITY))
        _run_some(collector, shim, 5)
        _run_some(collector, shim, 5)
        assert collector.file.stat().st_size in range(size, size + 101)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, none)
        collector.line(lambda text: text.endswith("works again"))
        counts = collector.accounting()
        assert counts["sent"] == counts["accepted"], counts
        assert len(cold_starts(collector.file)) == 11
        assert sum("warn" in line for line in collector.said) == 1, collector.said


@case
def variables_that_cannot_be_followed_are_said_once(binary, _shim):
    asked = {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
             "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "abc", "OTEL_EXPORTER_OTLP_CERTIFICATE": "/x",
             "OTEL_SDK_DISABLED": "true"}
    with Collector(binary, "--otlp", "http://127.0.0.1:9", "--otlp", "http://127.0.0.1:10",
                   env=asked) as collector:
        said, code = collector.stop()
        assert code == 0
        for name, value in asked.items():
            lines = [line for line in said
                     if line.startswith(f"coldspan-collector: warn: {name}={value}: ")]
            assert len(lines) == 1, (name, said)


@case
def sighup_concerns_files_alone(binary, shim):
    with Collector(binary, "--file", "-", "--otlp", "http://127.0.0.1:9") as collector:
        collector.process.send_signal(signal.SIGHUP)
        collector.line(_opened)
        collector.counters()
        said, code = collector.stop()
        assert code == 0
        assert [line for line in said if _opened(line)] == [
            f"coldspan-collector: info: file {collector.file}: opened anew"], said


if __name__ == "__main__":
    main(__doc__, "collector", "shim")
