// SPDX-License-Identifier: Apache-2.0
// One function: how it answers warm and cold, its instances, and what they use.
import { alerts, board, deploys, functions, places } from "../lib/board.mjs";
import { heatmap, series, stat, upTo } from "../lib/panels.mjs";
import { errorRatio, invocations, mean, of, quantile, rate, ratio } from "../lib/promql.mjs";

const F = "faas_name", V = "faas_version", VERSION = "{{faas_version}}";
const QUANTILES = [[0.5, "p50"], [0.95, "p95"], [0.99, "p99"]];
const invoke = (coldstart) => (metric) => of(metric, `faas_coldstart="${coldstart}"`);
const durations = (metric, selector, legend = "") => QUANTILES.map(([q, name]) =>
    ({ expr: quantile(q, metric, selector, V), legend: `${name} ${legend}${VERSION}`, exemplar: true }));

const ANSWERS = [
    series({ title: "Warm invocations", unit: "s", description: "How long the function's logic took in " +
                 "instances that had served before. Never mixed with cold ones.",
             queries: durations("faas_invoke_duration_seconds", invoke("false")) }),
    series({ title: "Cold invocations", unit: "s", description: "The same of each instance's first one: " +
                 "just-in-time compilers and empty caches make it longer than warm ones. The start itself " +
                 "is not in it.",
             queries: durations("faas_invoke_duration_seconds", invoke("true")) }),
    series({ title: "Starts", unit: "s", description: "From the start of the process until it was ready, " +
                 "starts of every class. Each dot is a trace.",
             queries: durations("faas_init_duration_seconds", of) }),
    heatmap({ title: "Invocations by duration", unit: "s",
              description: "How many took how long; two bands are two kinds of answers. Of explicit buckets.",
              queries: [{ expr: `sum by (le)(increase(${of("faas_invoke_duration_seconds_bucket")}` +
                              "[$__rate_interval]))", legend: "{{le}}", format: "heatmap" }] }),
];

const TRAFFIC = [
    series({ title: "Invocations by outcome", unit: "reqps", stacked: true, w: 8,
             description: "By what became of them. Time-outs are errors, too, and drawn again.",
             queries: [{ expr: rate(of("faas_invocations_total")), legend: "succeeded" },
                       { expr: rate(of("faas_errors_total")), legend: "failed" },
                       { expr: rate(of("faas_timeouts_total")), legend: "timed out" }] }),
    series({ title: "Versions", unit: "percentunit", stacked: true, w: 8,
             description: "Which version answers.",
             queries: [{ expr: `${invocations(V)} / ignoring(faas_version) group_left() ` +
                             `(${invocations()} > 0)`, legend: VERSION }] }),
    series({ title: "Starts by class", unit: "ops", stacked: true, bars: true, w: 8,
             description: "Why instances were started. Only on_demand and restore are cold starts: nobody " +
                 "waits for the others; per_request is a process for each event.",
             queries: [{ expr: rate(of("coldspan_inits_total"), "coldspan_init_type"),
                         legend: "{{coldspan_init_type}}" }] }),
];

const INSTANCES = [
    series({ title: "Instances", unit: "short", stacked: true, w: 8,
             description: "What they do: init, busy, idle. Many idle ones are paid for by somebody.",
             queries: [{ expr: `sum by (coldspan_instance_state)(${of("coldspan_instances")})`,
                         legend: "{{coldspan_instance_state}}" }] }),
    series({ title: "Lifetime of instances", unit: "s", w: 8,
             description: "From their start to their end, of those that ended.",
             queries: [{ expr: quantile(0.5, "coldspan_instance_lifetime_seconds", of), legend: "p50" },
                       { expr: quantile(0.95, "coldspan_instance_lifetime_seconds", of), legend: "p95" }] }),
    series({ title: "Invocations for each cold start", unit: "short", w: 8,
             description: "How often an instance is used again. 1: every invocation starts cold.",
             queries: [{ expr: ratio(invocations(), rate(of("faas_coldstarts_total"))),
                         legend: "invocations" }] }),
];

const RESOURCES = [
    series({ title: "Memory", unit: "bytes", w: 8,
             description: "Largest resident memory after an invocation, and the limit where one is known. " +
                 "At the limit the kernel kills.",
             queries: [{ expr: quantile(0.99, "faas_mem_usage_bytes", of), legend: "p99" },
                       { expr: quantile(0.5, "faas_mem_usage_bytes", of), legend: "p50" },
                       { expr: `max(${of("coldspan_function_memory_limit_bytes")})`, legend: "limit" }] }),
    series({ title: "Processor time of an invocation", unit: "s", w: 8,
             description: "Mean CPU time for each invocation, over all of its threads.",
             queries: [{ expr: mean("faas_cpu_usage_seconds", of, V), legend: VERSION }] }),
    series({ title: "Waiting before it began", unit: "s", w: 8,
             description: "From when a gateway had accepted an event until the function began with it. " +
                 "Only gateways that say so are counted.",
             queries: [{ expr: quantile(0.95, "coldspan_queue_duration_seconds", of), legend: "p95" }] }),
    series({ title: "Network of an invocation", unit: "bytes", w: 8,
             description: "Mean bytes over all connections, both ways.",
             queries: [{ expr: mean("faas_net_io_bytes", of, V), legend: VERSION }] }),
    series({ title: "Connections opened", unit: "ops", w: 8,
             description: "By invocations. One that opens a connection each time pays for it each time.",
             queries: [{ expr: rate(of("coldspan_connections_opened_total"), V), legend: VERSION }] }),
    series({ title: "Sent out", unit: "Bps", w: 8,
             description: "Bytes that invocations sent over connections.",
             queries: [{ expr: rate(of("coldspan_network_sent_bytes_total"), V), legend: VERSION }] }),
];

const OVERVIEW = [
    stat({ title: "Invocations", unit: "reqps", decimals: 1, queries: [{ expr: invocations() }],
           description: "Invocations a second, whether they succeeded or not." }),
    stat({ title: "Errors", unit: "percentunit", decimals: 2, limits: upTo(0.01, 0.05),
           queries: [{ expr: errorRatio() }], description: "Share of invocations that did not succeed." }),
    stat({ title: "Warm p95", unit: "s", description: "Of instances that had served before.",
           queries: [{ expr: quantile(0.95, "faas_invoke_duration_seconds", invoke("false")) }] }),
    stat({ title: "Cold start p95", unit: "s", limits: upTo(0.5, 1),
           description: "From the start of the process until it was ready.",
           queries: [{ expr: quantile(0.95, "faas_init_duration_seconds", of) }] }),
    stat({ title: "Cold starts", unit: "short", decimals: 0, line: false,
           description: "In the range that is shown.",
           queries: [{ expr: `sum(increase(${of("faas_coldstarts_total")}[$__range]))`, instant: true }] }),
    stat({ title: "Memory of limit", unit: "percentunit", decimals: 1, limits: upTo(0.8, 0.95),
           description: "p99 of resident memory for each byte of the limit, where one is known; the worst function.",
           queries: [{ expr: `max((${quantile(0.99, "faas_mem_usage_bytes", of, F)}) / ` +
                           `max by (${F})(${of("coldspan_function_memory_limit_bytes")}))` }] }),
];

export default () => board({
    uid: "coldspan-function", title: "coldspan / Function",
    description: "One function: warm and cold apart, its instances, versions and resources.",
    variables: [...places("coldspan_function_info"), ...functions()],
    annotations: [deploys(), alerts()],
    rows: [{ title: "Overview", open: true, panels: OVERVIEW },
           { title: "Duration", open: true, panels: ANSWERS },
           { title: "Traffic", open: true, panels: TRAFFIC },
           { title: "Instances", panels: INSTANCES },
           { title: "Resources", panels: RESOURCES }],
});
