# SPDX-License-Identifier: Apache-2.0
"""What each panel has to show of history.py's past: by board and title, one result for each query.

Quantiles are compared within what explicit buckets promise, all else within 1 %.
"""
from truth import happened, minus, minus_from_one, per, plus, scaled

F, V = "faas_name", "faas_version"
INIT, INVOKE = "faas_init_duration_seconds", "faas_invoke_duration_seconds"
PHASE, ATTACH = "coldspan_init_phase_duration_seconds", "coldspan_shim_attach_duration_seconds"
SPANS, LOGS = "otel_sdk_exporter_span_exported_total", "otel_sdk_exporter_log_exported_total"
LIMIT = "coldspan_function_memory_limit_bytes"
QUANTILES = (0.5, 0.95, 0.99)


def tolerance(expr):
    """Ten buckets a decade promise 10 %; the last of a hundred values may lie anywhere in its bucket."""
    if "histogram_quantile(0.99" in expr:
        return 0.25
    return 0.10 if "histogram_quantile" in expr else 0.01


def three(t, name, **only):
    return tuple(t.quantile(q, name, V, **only) for q in QUANTILES)


FLEET = {
    "Functions": lambda t: [{(): len(t.gauge("coldspan_function_info", F))}],
    "Invocations": lambda t: [t.invocations()],
    "Errors": lambda t: [t.errors()],
    "Cold starts": lambda t: [t.cold()],
    "Cold invocations": lambda t: [t.cold_invocations()],
    "Start p95": lambda t: [t.quantile(0.95, INIT)],
    "Over objective": lambda t: [t.above(0.5, INIT)],
    "Functions, one by one": lambda t: [
        t.invocations(F), t.errors(F), t.cold(F), t.cold_invocations(F), *tuple(t.quantile(q, INIT, F) for q in QUANTILES),
        scaled(t.above(0.5, INIT, F, over="range"), 20), t.quantile(0.95, INVOKE, F, faas_coldstart="false"),
        t.mean("faas_mem_usage_bytes", F), t.billed(F)],
    "Invocations by function": lambda t: [t.invocations(F)],
    "Start p95 by function": lambda t: [t.quantile(0.95, INIT, F)],
    "Over objective by function": lambda t: [t.above(0.5, INIT, F)],
    "Cold starts by function": lambda t: [t.cold(F)],
    "Cold invocations by function": lambda t: [t.cold_invocations(F)],
    "Errors by function": lambda t: [t.errors(F)],
    "Time that people waited for starts": lambda t: [t.increase(INIT, F)],
}

FUNCTION = {
    "Invocations": lambda t: [t.invocations()],
    "Errors": lambda t: [t.errors()],
    "Warm p95": lambda t: [t.quantile(0.95, INVOKE, faas_coldstart="false")],
    "Start p95": lambda t: [t.quantile(0.95, INIT)],
    "Cold starts": lambda t: [t.increase("faas_coldstarts_total")],
    "Cold invocations": lambda t: [t.cold_invocations()],
    "Memory of limit": lambda t: [{(): max(per(t.quantile(0.99, "faas_mem_usage_bytes", F),
                                               t.gauge(LIMIT, F, fold=max)).values())}],
    "Duration, warm": lambda t: three(t, INVOKE, faas_coldstart="false"),
    "Duration, cold": lambda t: three(t, INVOKE, faas_coldstart="true"),
    "Duration of starts": lambda t: three(t, INIT),
    "Invocations by outcome": lambda t: [t.rate("faas_invocations_total"),
                                          minus(t.rate("faas_errors_total"), t.rate("faas_timeouts_total")),
                                          t.rate("faas_timeouts_total")],
    "Versions": lambda t: [scaled(t.invocations(V), 1 / t.invocations()[()])],
    "Starts by class": lambda t: [t.rate("coldspan_inits_total", "coldspan_init_type")],
    "Instances": lambda t: [t.gauge("coldspan_instances", "coldspan_instance_state")],
    "Lifetime of instances": lambda t: tuple(t.quantile(q, "coldspan_instance_lifetime_seconds")
                                             for q in (0.5, 0.95)),
    "Invocations for each start": lambda t: [per(t.invocations(), t.count_rate(INIT)), per(t.invocations(), t.rate("faas_coldstarts_total"))],
    "Memory": lambda t: [t.quantile(0.99, "faas_mem_usage_bytes"), t.quantile(0.5, "faas_mem_usage_bytes"),
                               t.gauge(LIMIT, fold=max)],
    "CPU time of an invocation": lambda t: [t.mean("faas_cpu_usage_seconds", V)],
    "Waiting before it began": lambda t: [t.quantile(0.95, "coldspan_queue_duration_seconds")],
    "Network of an invocation": lambda t: [t.mean("faas_net_io_bytes", V)],
    "Connections opened": lambda t: [t.rate("coldspan_connections_opened_total", V)],
    "Sent out": lambda t: [t.rate("coldspan_network_sent_bytes_total", V)],
}

ANATOMY = {
    "Starts": lambda t: [t.count(INIT, over="range")],
    "Start p50": lambda t: [t.quantile(0.5, INIT)],
    "Start p95": lambda t: [t.quantile(0.95, INIT)],
    "Start p99": lambda t: [t.quantile(0.99, INIT)],
    "Not attributed": lambda t: [per(t.rate(PHASE, coldspan_phase="unattributed"), t.rate(PHASE))],
    "Library's part": lambda t: [per(t.rate(ATTACH), t.rate(INIT))],
    "Mean start by phase": lambda t: [scaled(t.rate(PHASE, "coldspan_phase"), 1 / t.count_rate(INIT)[()])],
    "p95 by phase": lambda t: [t.quantile(0.95, PHASE, "coldspan_phase", over="range")],
    "p95 of the function's own code": lambda t: [t.quantile(0.95, PHASE, F, V, coldspan_phase="code")],
    "p95 by class": lambda t: [t.quantile(0.95, INIT, "coldspan_init_type")],
    "What a start loads, by version": lambda t: [
        t.mean(INIT, F, V, over="range"), t.mean("coldspan_init_cpu_time_seconds", F, V, over="range"),
        t.mean("coldspan_init_shared_objects", F, V, over="range"),
        per(t.increase("coldspan_init_files", F, V), t.count(INIT, F, V, over="range")),
        t.mean("coldspan_init_lookups_failed", F, V, over="range"),
        t.mean("coldspan_init_page_faults", F, V, over="range", system_paging_fault_type="major"),
        t.mean("coldspan_init_read_bytes", F, V, over="range"), t.mean("coldspan_init_connections", F, V, over="range")],
    "Shared objects": lambda t: [t.mean("coldspan_init_shared_objects", F, V)],
    "Files opened": lambda t: [t.mean("coldspan_init_files", "coldspan_file_kind")],
    "Looks for files that are not there": lambda t: [t.mean("coldspan_init_lookups_failed", F, V)],
    "Page faults": lambda t: [t.mean("coldspan_init_page_faults", "system_paging_fault_type")],
    "CPU time of a start": lambda t: [t.mean("coldspan_init_cpu_time_seconds", F, V)],
    "Connections of a start": lambda t: [t.mean("coldspan_init_connections", F, V)],
    "Bytes read by a start": lambda t: [t.mean("coldspan_init_read_bytes", F, V)],
    "What became of starts": lambda t: [t.rate("coldspan_inits_total", "coldspan_init_outcome")],
}

GBS, KEPT, HOUR = 0.0000166667, 0.0000041667, 0.0247


def million(t, *by):
    return scaled(per(t.dollars(*by), scaled(t.invocations(*by, over="range"), t.spans["range"])), 1e6)


def memory_limits(t):
    return t.gauge(LIMIT, F, fold=max)


def asked(t, *by):
    return t.invocations(*by, over="range")


def kept_ready(t):
    return {key: count * memory_limits(t)[key] / 2**30 * t.spans["range"] * KEPT
            for key, count in t.gauge_of_minutes("coldspan_instances", F).items()}


def carried(t, share):
    return {key: 2 * 0.5 * share / seconds for key, seconds in t.mean("faas_cpu_usage_seconds", F, over="range").items()}


COST = {
    "Cost": lambda t: [t.dollars()],
    "Of that, starts": lambda t: [scaled(t.billed(coldspan_billed_component="init"), GBS)],
    "Of that, kept ready": lambda t: [scaled(t.billed(coldspan_billed_component="provisioned"), KEPT)],
    "For a million invocations": lambda t: [million(t)],
    "Cost by function": lambda t: [t.dollars(F)],
    "Cost of starts by function": lambda t: [scaled(t.billed(F, coldspan_billed_component="init"), GBS)],
    "Billed GB-seconds": lambda t: [t.rate("coldspan_billed_gb_seconds_total", "coldspan_billed_component")],
    "Functions": lambda t: [
        t.dollars(F), million(t, F), t.billed(F),
        per(t.billed(F, coldspan_billed_component="init"), t.billed(F)),
        t.mean("faas_mem_usage_bytes", F, over="range"), memory_limits(t),
        minus_from_one(per(t.mean("faas_mem_usage_bytes", F, over="range"), memory_limits(t)))],
    "What else it could be": lambda t: [
        scaled(plus(scaled(t.billed(F), 0), t.billed(F, coldspan_billed_component="init")), GBS), kept_ready(t), asked(t, F),
        {key: 2 * HOUR / 3600 * 1e6 / dollars for key, dollars in million(t, F).items()}, carried(t, 0.3), carried(t, 0.8)],
}

AGENT = {
    "Lost": lambda t: [{(): 0.0}],
    "Exports failed": lambda t: [per(t.rate(SPANS, error_type="503"), t.rate(SPANS))],
    "Stood down": lambda t: [t.increase("coldspan_agent_stand_downs_total")],
    "Refused": lambda t: [t.increase("coldspan_agent_announces_refused_total")],
    "Library, p99": lambda t: [t.quantile(0.99, ATTACH)],
    "Collectors": lambda t: [{(): 1}],
    "Records read": lambda t: [t.rate("coldspan_agent_events_total", "instance")],
    "Lost, by reason": lambda t: [t.rate("coldspan_agent_events_dropped_total", "coldspan_reason")],
    "Stood down, by reason": lambda t: [t.rate("coldspan_agent_stand_downs_total", "coldspan_reason")],
    "Fullest ring": lambda t: [t.gauge("coldspan_ring_utilization_ratio", "instance")],
    "Spans sampled out": lambda t: [t.rate("coldspan_agent_spans_sampled_out_total", "coldspan_reason")],
    "Clock set": lambda t: [scaled(t.gauge("coldspan_agent_clock_shift_seconds", "instance"), -1)],
    "Spans exported": lambda t: [t.rate(SPANS, "otel_component_name", "error_type")],
    "Spans waiting": lambda t: [t.gauge("otel_sdk_exporter_span_inflight", "otel_component_name")],
    "Log records exported": lambda t: [t.rate(LOGS, "otel_component_name", "error_type")],
    "Points of metrics exported": lambda t: [
        t.rate("otel_sdk_exporter_metric_data_point_exported_total", "otel_component_name", "error_type")],
    "Time of an export, p95": lambda t: [
        t.quantile(0.95, "otel_sdk_exporter_operation_duration_seconds", "otel_component_name")],
    "CPU": lambda t: [t.rate("process_cpu_time_seconds_total", "instance")],
    "Memory": lambda t: [t.gauge("process_memory_usage_bytes", "instance")],
    "Library's part of starts": lambda t: tuple(t.quantile(q, ATTACH) for q in (0.5, 0.99)),
    "Collectors by version": lambda t: [t.gauge("coldspan_build_info", "instance", "service_version")],
}

EXPECTED = {"coldspan-fleet": FLEET, "coldspan-function": FUNCTION, "coldspan-anatomy": ANATOMY,
            "coldspan-cost": COST, "coldspan-agent": AGENT}
# Bands of a heatmap are buckets: past.py looks at their sum alone.
BANDS = {("coldspan-function", "Invocations by duration")}
