// SPDX-License-Identifier: Apache-2.0
// Is what the other boards show whole, and what does it cost? The collector and the preloaded library.
import { alerts, board, functions, places } from "../lib/board.mjs";
import { series, stat, table, upTo } from "../lib/panels.mjs";
import { of, own, quantile, rate, ratio } from "../lib/promql.mjs";

const read = rate(own("coldspan_agent_events_total"));
const lost = `(${rate(own("coldspan_agent_events_dropped_total"))} or ${read} * 0)`;
const failed = rate(own("otel_sdk_exporter_span_exported_total", 'error_type!=""'));
const exported = rate(own("otel_sdk_exporter_span_exported_total"));

const OVERVIEW = [
    stat({ title: "Lost", unit: "percentunit", decimals: 3, limits: upTo(0.000001, 0.01),
           queries: [{ expr: `${lost} / (${read} + ${lost} > 0)` }],
           description: "Records that were lost between functions and spans. Anything above none: the panel " +
               "below names the reason." }),
    stat({ title: "Exports failed", none: "nothing was exported", unit: "percentunit", decimals: 2, limits: upTo(0.001, 0.01),
           queries: [{ expr: ratio(`(${failed} or ${exported} * 0)`, exported) }],
           description: "Spans that a destination refused, or that were given up." }),
    stat({ title: "Stood down", unit: "short", decimals: 0, line: false, limits: upTo(1, 10),
           queries: [{ expr: `sum(increase(${own("coldspan_agent_stand_downs_total")}[$__range]))`, instant: true }],
           description: "Instances whose library did less than it could, in the range; see the reasons below." }),
    stat({ title: "Refused", unit: "short", decimals: 0, line: false, limits: upTo(1, 10),
           queries: [{ expr: `sum(increase(${own("coldspan_agent_announces_refused_total")}[$__range]))`,
                       instant: true }],
           description: "Functions that announced themselves and were not taken, in the range." }),
    stat({ title: "Library, p99", unit: "s", limits: upTo(0.0005, 0.002), none: "no starts in range",
           queries: [{ expr: quantile(0.99, "coldspan_shim_attach_duration_seconds", of) }],
           description: "p99 of what the preloaded library takes when a process starts." }),
    stat({ title: "Collectors", unit: "short", line: false,
           queries: [{ expr: `count(${own("coldspan_build_info")})` }],
           description: "That were scraped. Fewer than hosts: one is down, or not scraped." }),
];

const LOSS = [
    series({ title: "Records read", unit: "ops", w: 8,
             queries: [{ expr: rate(own("coldspan_agent_events_total"), "instance"), legend: "{{instance}}" }],
             description: "Out of the rings of functions, by collector." }),
    series({ title: "Lost, by reason", unit: "ops", w: 8,
             queries: [{ expr: rate(own("coldspan_agent_events_dropped_total"), "coldspan_reason"),
                         legend: "{{coldspan_reason}}" }],
             description: "The reasons are those of the collector's counters, docs/metrics.md." }),
    series({ title: "Stood down, by reason", unit: "ops", w: 8,
             queries: [{ expr: rate(own("coldspan_agent_stand_downs_total"), "coldspan_reason"),
                         legend: "{{coldspan_reason}}" }],
             description: "Why the library did less in a process: `coldspan doctor PID` explains one." }),
    series({ title: "Fullest ring", unit: "percentunit", w: 8, limits: upTo(0.7, 0.9),
             queries: [{ expr: `max by (instance)(${own("coldspan_ring_utilization_ratio")})`, legend: "{{instance}}" }],
             description: "How full the fullest ring of an instance was. Above 70 %: the collector gets too little of a " +
                 "processor; what finds a ring full is lost, as `ring_full`." }),
    series({ title: "Spans sampled out", unit: "ops", w: 8,
             queries: [{ expr: rate(own("coldspan_agent_spans_sampled_out_total"), "coldspan_reason"),
                         legend: "{{coldspan_reason}}" }],
             description: "Not lost but left out, by who decided: the caller, the head, the tail. Metrics count them all the " +
                 "same." }),
    series({ title: "Clock set", unit: "s", w: 8,
             queries: [{ expr: `max by (instance)(abs(${own("coldspan_agent_clock_shift_seconds")}))`, legend: "{{instance}}" }],
             description: "How far the wall clock was set since the collector began, either way. A step: spans before and " +
                 "behind it do not fit those of other hosts." }),
];

const EXPORTS = [
    series({ title: "Spans exported", unit: "ops", w: 8, stacked: true, failures: "/ \\S/",
             queries: [{ expr: rate(own("otel_sdk_exporter_span_exported_total"), "otel_component_name, error_type"),
                         legend: "{{otel_component_name}} {{error_type}}" }],
             description: "By destination; with a word behind it: not as they should." }),
    series({ title: "Spans waiting", unit: "short", axis: "spans", w: 8,
             queries: [{ expr: `sum by (otel_component_name)(${own("otel_sdk_exporter_span_inflight")})`,
                         legend: "{{otel_component_name}}" }],
             description: "That a destination has yet to acknowledge. Grows while it is down, up to its bound." }),
    series({ title: "Log records exported", unit: "ops", w: 8, stacked: true, failures: "/ \\S/",
             queries: [{ expr: rate(own("otel_sdk_exporter_log_exported_total"), "otel_component_name, error_type"),
                         legend: "{{otel_component_name}} {{error_type}}" }],
             description: "The same of lines of logs." }),
    series({ title: "Points of metrics exported", unit: "ops", stacked: true, failures: "/ \\S/",
             queries: [{ expr: rate(own("otel_sdk_exporter_metric_data_point_exported_total"), "otel_component_name, error_type"),
                         legend: "{{otel_component_name}} {{error_type}}" }],
             description: "The same of metrics that are pushed; what Prometheus scrapes is not in it." }),
    series({ title: "Time of an export, p95", unit: "s", none: "nothing was exported",
             queries: [{ expr: quantile(0.95, "otel_sdk_exporter_operation_duration_seconds", own, "otel_component_name"),
                         legend: "{{otel_component_name}}" }],
             description: "How long a destination takes for a request or a write, whether it takes it or not." }),
];

const COST = [
    series({ title: "CPU", unit: "percentunit", w: 8,
             queries: [{ expr: rate(own("process_cpu_time_seconds_total"), "instance"), legend: "{{instance}}" }],
             description: "Of the collector itself; 100 % is one processor." }),
    series({ title: "Memory", unit: "bytes", w: 8,
             queries: [{ expr: `sum by (instance)(${own("process_memory_usage_bytes")})`, legend: "{{instance}}" }],
             description: "Resident, of the collector itself." }),
    series({ title: "Library's part of starts", unit: "s", w: 8,
             queries: [{ expr: quantile(0.5, "coldspan_shim_attach_duration_seconds", of), legend: "p50" },
                       { expr: quantile(0.99, "coldspan_shim_attach_duration_seconds", of), legend: "p99" }],
             description: "What the preloaded library takes when a process starts." }),
    table({ title: "Collectors by version", keys: [["instance", "Instance"], ["service_version", "Version"]], h: 6,
            description: "Which version runs where.",
            queries: [{ name: "Running", unit: "short", instant: true, format: "table",
                        expr: `count by (instance, service_version)(${own("coldspan_build_info")})` }] }),
];

export default () => board({
    uid: "coldspan-agent", title: "coldspan / Agent health",
    description: "Whether the other boards show everything, and what watching costs.",
    variables: [...places("coldspan_build_info"), ...functions()],
    annotations: [alerts()],
    rows: [{ title: "Overview", open: true, panels: OVERVIEW },
           { title: "Loss", open: true, panels: LOSS },
           { title: "Exports", open: true, panels: EXPORTS },
           { title: "Cost", open: true, panels: COST }],
});
