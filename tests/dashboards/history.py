# SPDX-License-Identifier: Apache-2.0
"""A deterministic past of three functions, as OpenMetrics: what boards and rules are asked about.

Things happen by a schedule: every STEP seconds, so and so many of each kind, with values that go round a
short list. So the truth of any window is known by counting, and nothing of Prometheus is needed for it.

- hello: asked often, version 1 and from the middle of the past on version 2, whose `code` is longer;
- resize: slower, on Lambda, with time-outs and a limit of memory;
- warm: started before the past began; no cold start in it.
"""
import itertools
import math

STEP = 30
LENGTH = 2 * 3600
END = 1_763_000_000
START = END - LENGTH
STILL = END + STEP  # until: it goes on
PLACE = {"job": "coldspan", "instance": "127.0.0.1:9464"}
PHASES = ("spawn", "exec", "link", "runtime", "code", "unattributed")

DURATION = [digit * 10.0**power for power in range(-4, 3)
            for digit in (1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8)]
BYTES = [digit * 2.0**power for power in range(10, 34) for digit in (1, 1.25, 1.5, 1.75)]
COUNT = [0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10000.0]


class Event:
    """`count` times in each step, a histogram's with the next of `values`."""

    def __init__(self, labels, count, values=(1.0,), since=START, until=STILL):
        self.labels, self.count, self.values = dict(labels), count, tuple(values)
        self.since, self.until = since, until

    def within(self, begin, end):
        """Values of what happened in (begin, end]."""
        found = []
        for number, at in enumerate(range(START, END + 1, STEP)):
            if self.since <= at < self.until and begin < at <= end:
                found += [self.values[(number * self.count + i) % len(self.values)]
                          for i in range(self.count)]
        return found


def spread(median, sigma=0.4, n=40):
    """n values of a lognormal distribution, by its quantiles, in an order that is not theirs."""
    from statistics import NormalDist
    values = [median * math.exp(sigma * NormalDist().inv_cdf((i + 0.5) / n)) for i in range(n)]
    return [values[(i * 17) % n] for i in range(n)]


class Function:
    def __init__(self, name, version, since=START, until=STILL, **facts):
        self.labels = {"faas_name": name, "faas_version": version}
        self.since, self.until = since, until
        self.facts = {"class": "on_demand", **facts}

    def event(self, count, values=(1.0,), **labels):
        return Event({**self.labels, **labels}, count, values, self.since, self.until)


def histograms(function):
    """name: (bounds, events)"""
    f, has = function, function.facts
    cold, warm = has["cold"], has["warm"]
    kind = {"coldspan_init_type": has["class"]}
    http = {"faas_trigger": "http"}
    found = {
        "faas_invoke_duration_seconds": (DURATION, [
            f.event(warm, spread(has["takes"]), faas_coldstart="false", **http),
            f.event(cold, spread(has["takes"] * 3), faas_coldstart="true", **http)]),
        "faas_mem_usage_bytes": (BYTES, [f.event(warm, spread(has["memory"], 0.1), **http)]),
        "faas_cpu_usage_seconds": (DURATION, [f.event(warm, spread(has["takes"] / 2), **http)]),
        "faas_net_io_bytes": (BYTES, [f.event(warm, spread(5000.0), **http)]),
        "coldspan_queue_duration_seconds": (DURATION, [f.event(warm, spread(0.002), **http)]),
        "faas_init_duration_seconds": (DURATION, [f.event(cold, spread(sum(has["phases"])), **kind)]),
        "coldspan_init_phase_duration_seconds": (DURATION, [
            f.event(cold, spread(median), coldspan_phase=phase, **kind)
            for phase, median in zip(PHASES, has["phases"])]),
        "coldspan_init_shared_objects": (COUNT, [f.event(cold, [18.0])]),
        "coldspan_init_files": (COUNT, [f.event(cold, [30.0], coldspan_file_kind="user"),
                                        f.event(cold, [210.0], coldspan_file_kind="runtime")]),
        "coldspan_init_lookups_failed": (COUNT, [f.event(cold, [44.0, 46.0])]),
        "coldspan_init_page_faults": (COUNT, [
            f.event(cold, [1900.0], system_paging_fault_type="minor"),
            f.event(cold, [0.0, 6.0], system_paging_fault_type="major")]),
        "coldspan_init_read_bytes": (BYTES, [f.event(cold, [3e6, 5e6])]),
        "coldspan_init_cpu_time_seconds": (DURATION, [f.event(cold, spread(sum(has["phases"]) * 0.8))]),
        "coldspan_init_connections": (COUNT, [f.event(cold, [0.0, 1.0])]),
        "coldspan_shim_attach_duration_seconds": (DURATION, [f.event(cold, spread(0.00009))]),
        "coldspan_instance_lifetime_seconds": (DURATION, [f.event(cold, spread(300.0, 0.2))]),
    }
    return found


def counters(function):
    """name: [(event, what each adds)]"""
    f, has = function, function.facts
    http = {"faas_trigger": "http"}
    kind = {"coldspan_init_type": has["class"]}
    found = {
        "faas_invocations": [(f.event(has["warm"] + has["cold"], **http), 1)],
        "faas_errors": [(f.event(has["errors"], **http), 1)] if has["errors"] else [],
        "faas_timeouts": [(f.event(has["timeouts"], **http), 1)] if has["timeouts"] else [],
        "coldspan_connections_opened": [(f.event(has["warm"]), 0.5)],
        "coldspan_network_sent_bytes": [(f.event(has["warm"]), 3000)],
        "coldspan_billed_gb_seconds": [
            (f.event(has["warm"], coldspan_billed_component="invoke"), 0.0125),
            (f.event(has["cold"], coldspan_billed_component="init"), 0.15)],
    }
    if has["cold"] and has["class"] == "on_demand":
        found["faas_coldstarts"] = [(f.event(has["cold"], **kind), 1)]
    if has["cold"]:
        found["coldspan_inits"] = [(f.event(has["cold"], coldspan_init_outcome="used", **kind), 1)]
        if has["errors"] > 1:
            found["coldspan_inits"].append((f.event(1, coldspan_init_outcome="failed", **kind), 1))
    if has["timeouts"]:
        found["coldspan_billed_gb_seconds"].append(
            (f.event(1, coldspan_billed_component="provisioned"), 0.5))
    return found


def gauges(function):
    """name: [(labels, value)]"""
    labels, has = function.labels, function.facts
    found = {
        "coldspan_instances": [({**labels, "coldspan_instance_state": "idle"}, 3),
                               ({**labels, "coldspan_instance_state": "busy"}, 1),
                               ({**labels, "coldspan_instance_state": "init"}, 0)],
        "coldspan_function_info": [({**labels, "coldspan_platform": "coldspan-faas"}, 1)],
        "coldspan_function_memory_limit_bytes": [(labels, has["limit"])],
    }
    return found


MIDDLE = END - LENGTH // 2
FAST = {"takes": 0.012, "warm": 60, "cold": 3, "errors": 1, "timeouts": 0, "memory": 60e6,
        "limit": 128 * 2.0**20}
FUNCTIONS = [
    Function("hello", "1", until=MIDDLE, phases=(.002, .001, .004, .03, .08, 0.), **FAST),
    Function("hello", "2", since=MIDDLE, phases=(.002, .001, .004, .03, .16, 0.), **FAST),
    Function("resize", "7", phases=(.003, .002, .02, .25, .4, .001), takes=0.4, warm=12, cold=2,
             errors=2, timeouts=1, memory=300e6, limit=512 * 2.0**20),
    Function("warm", "3", phases=(0.,) * 6, takes=0.003, warm=30, cold=0, errors=0, timeouts=0,
             memory=30e6, limit=128 * 2.0**20),
]
# Its starts are as slow as those of `resize`, and nobody waits for one: no board is drawn with it.
STARTED_AHEAD = Function("ahead", "1", phases=(.003, .002, .02, .25, .4, .001), **{**FAST, "class": "provisioned"})

OWN_COUNTERS = {
    "coldspan_agent_events": [({}, 900)],
    "coldspan_agent_events_dropped": [({"coldspan_reason": "ring_full"}, 0)],
    "coldspan_agent_stand_downs": [({"coldspan_reason": "filtered"}, 1)],
    "coldspan_agent_announces_refused": [({"coldspan_reason": "format"}, 0)],
    "process_cpu_time_seconds": [({"cpu_mode": "user"}, 0.2), ({"cpu_mode": "system"}, 0.1)],
    "otel_sdk_exporter_span_exported": [({"otel_component_name": "otlp/0"}, 700),
                                        ({"otel_component_name": "otlp/0", "error_type": "503"}, 2)],
    "otel_sdk_exporter_log_exported": [({"otel_component_name": "otlp/0"}, 100)],
    "otel_sdk_exporter_metric_data_point_exported": [({"otel_component_name": "otlp/0"}, 240)],
    "coldspan_agent_spans_sampled_out": [({"coldspan_reason": "parent"}, 0), ({"coldspan_reason": "head"}, 0),
                                         ({"coldspan_reason": "tail"}, 40)],
}
OWN_GAUGES = {
    "process_memory_usage_bytes": [({}, 9e6)],
    "coldspan_build_info": [({"service_version": "0.1.0"}, 1)],
    "otel_sdk_exporter_span_inflight": [({"otel_component_name": "otlp/0"}, 12)],
    "coldspan_ring_utilization_ratio": [({}, 0.12)],
    "coldspan_agent_clock_shift_seconds": [({}, -0.004)],
}
OWN_HISTOGRAMS = {
    "otel_sdk_exporter_operation_duration_seconds": (DURATION, [Event({"otel_component_name": "otlp/0"}, 3, spread(0.006))]),
}


# --- as text ----------------------------------------------------------------------------------------

def series(name, labels):
    pairs = ",".join(f'{key}="{value}"' for key, value in sorted({**PLACE, **labels}.items()))
    return f"{name}{{{pairs}}}"


def times(since=START, until=END):
    return range(since, until + 1, STEP)


def bound(value):
    return "+Inf" if math.isinf(value) else repr(float(f"{value:.6g}"))


def histogram_lines(name, bounds, event):
    """Of one series: lines by bucket, each through all times; a series begins with a step of zeros."""
    edges = [*bounds, math.inf]
    at = [START] if event.since == START else [event.since - STEP]
    counts, total, number = [0] * len(edges), 0.0, 0
    rows = [(at[0], list(counts), 0.0)]
    for now in times(event.since + (STEP if event.since == START else 0), END):
        if now < event.until:
            for value in event.within(now - STEP, now):
                total += value
                for i, edge in enumerate(edges):
                    counts[i] += value <= edge
        rows.append((now, list(counts), total))
    for i, edge in enumerate(edges):
        where = series(name + "_bucket", {**event.labels, "le": bound(edge)})
        yield from (f"{where} {row[i]} {now}" for now, row, _ in rows)
    yield from (f"{series(name + '_count', event.labels)} {row[-1]} {now}" for now, row, _ in rows)
    yield from (f"{series(name + '_sum', event.labels)} {total:.9g} {now}" for now, _, total in rows)


def counter_lines(name, labels, steps, amount):
    """steps: how often in each step, from the series' first time on."""
    value = 0.0
    where = series(name + "_total", labels)
    for now, count in steps:
        value += count * amount
        yield f"{where} {value:.9g} {now}"


def gauge_lines(name, labels, value, at):
    where = series(name, labels)
    return (f"{where} {value:.9g} {now}" for now in at)


def counted(event):
    first = START if event.since == START else event.since - STEP
    yield first, 0
    for now in times(first + STEP, END):
        yield now, len(event.within(now - STEP, now)) if now < event.until else 0


def lines(functions=tuple(FUNCTIONS)):
    """All of it, a family after the other."""
    families = {}
    for function in functions:
        for name, (bounds, events) in histograms(function).items():
            for event in events:
                if event.count:
                    families.setdefault((name, "histogram"), []).append(histogram_lines(name, bounds, event))
        for name, events in counters(function).items():
            for event, amount in events:
                families.setdefault((name, "counter"), []).append(
                    counter_lines(name, event.labels, counted(event), amount))
        for name, values in gauges(function).items():
            for labels, value in values:
                first = START if function.since == START else function.since - STEP
                last = min(END, function.until)
                families.setdefault((name, "gauge"), []).append(
                    gauge_lines(name, labels, value, times(first, last)))
    for name, (bounds, events) in OWN_HISTOGRAMS.items():
        families[name, "histogram"] = [histogram_lines(name, bounds, event) for event in events]
    for name, values in OWN_COUNTERS.items():
        for labels, count in values:
            families.setdefault((name, "counter"), []).append(counter_lines(
                name, labels, ((now, 0 if now == START else 1) for now in times()), count))
    for name, values in OWN_GAUGES.items():
        for labels, value in values:
            families.setdefault((name, "gauge"), []).append(gauge_lines(name, labels, value, times()))
    for (name, kind), each in families.items():
        yield f"# TYPE {name} {kind}"
        yield from itertools.chain.from_iterable(each)
    yield "# EOF"


def names():
    """Of all families, as Prometheus has them without suffixes."""
    found = set(OWN_COUNTERS) | set(OWN_GAUGES) | set(OWN_HISTOGRAMS)
    for function in FUNCTIONS:
        found |= set(histograms(function)) | set(counters(function)) | set(gauges(function))
    return found
