# SPDX-License-Identifier: Apache-2.0
"""What a trace of ours has to look like, in spans as otlp_json gives them."""

PHASES = ["queue", "spawn", "exec", "link", "runtime", "code", "wait", "handler", "respond"]
# With what only a start has that is brought its code over HTTP, and one from a snapshot.
ORDER = [*PHASES[:5], "fetch", "code", "restore", *PHASES[6:]]


def phase_of(span):
    """The name of the phase that a span stands for; None for any other span."""
    return span["attributes"].get("coldspan.phase")


def cold_start(spans):
    """The one cold start among @spans, and its phases: they fill it in their order and without a gap."""
    found = [span for span in spans if span["name"] == "cold start"]
    assert len(found) == 1, f"{len(found)} cold starts among {[span['name'] for span in spans]}"
    cold = found[0]
    phases = sorted((span for span in spans if span["parentSpanId"] == cold["spanId"] and phase_of(span)),
                    key=lambda span: ORDER.index(phase_of(span)))
    assert phases, "a cold start without phases"
    assert phases[0]["start"] == cold["start"], (cold, phases[0])
    assert phases[-1]["end"] == cold["end"], (cold, phases[-1])
    for before, after in zip(phases, phases[1:]):
        assert before["end"] == after["start"], f"a gap or an overlap: {before}, {after}"
    return cold, phases
