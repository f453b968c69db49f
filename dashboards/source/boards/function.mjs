// SPDX-License-Identifier: Apache-2.0
// One function: how it answers warm and cold, its instances, and what they use.
import { alerts, board, deploys, functions, places } from "../lib/board.mjs";
import { COLOURS, heatmap, series, stat, upTo } from "../lib/panels.mjs";
import { coldInvocations, errorRatio, invocations, mean, of, orZero, quantile, rate, rateOf, ratio } from "../lib/promql.mjs";

const F = "faas_name", V = "faas_version", VERSION = "version {{faas_version}}";
const QUANTILES = [[0.5, "p50"], [0.95, "p95"], [0.99, "p99"]];
const invoke = (coldstart) => (metric) => of(metric, `faas_coldstart="${coldstart}"`);
const durations = (metric, selector) => QUANTILES.map(([q, name]) =>
    ({ expr: quantile(q, metric, selector, V), legend: `${name} ${VERSION}`, exemplar: true }));

const ANSWERS = [
    series({ title: "Duration, warm", unit: "s", description: "How long the function's logic took in " +
                 "instances that had served before. Never mixed with cold ones.",
             queries: durations("faas_invoke_duration_seconds", invoke("false")) }),
    series({ title: "Duration, cold", unit: "s", description: "The same of each instance's first one: " +
                 "just-in-time compilers and empty caches make it longer than warm ones. The start itself " +
                 "is not in it.",
             none: "no cold invocations in range",
             queries: durations("faas_invoke_duration_seconds", invoke("true")) }),
    series({ title: "Duration of starts", unit: "s", none: "no starts in range", description: "From the start of the process until it was ready, " +
                 "starts of every class. Each dot is a trace.",
             queries: durations("faas_init_duration_seconds", of) }),
    heatmap({ title: "Invocations by duration", unit: "s",
              description: "How many took how long; two bands are two kinds of answers. Of explicit buckets.",
              queries: [{ expr: `sum by (le)(increase(${of("faas_invoke_duration_seconds_bucket")}` +
                              "[$__rate_interval]))", legend: "{{le}}", format: "heatmap" }] }),
];

const errors = rate(of("faas_errors_total")), timeouts = rate(of("faas_timeouts_total"));
const TRAFFIC = [
    series({ title: "Invocations by outcome", unit: "reqps", stacked: true, w: 8,
             description: "By what became of them.", colours: COLOURS.outcomes,
             queries: [{ expr: rate(of("faas_invocations_total")), legend: "succeeded" },
                       { expr: `${errors} - ${orZero(timeouts, errors)}`, legend: "failed otherwise" },
                       { expr: timeouts, legend: "timed out" }] }),
    series({ title: "Versions", unit: "percentunit", stacked: true, w: 8,
             description: "Which version answers.",
             queries: [{ expr: `${invocations(V)} / ignoring(faas_version) group_left() ` +
                             `(${invocations()} > 0)`, legend: VERSION }] }),
    series({ title: "Starts by class", unit: "cps", stacked: true, w: 8, colours: COLOURS.classes,
             none: "no starts in range",
             description: "Why instances were started. Cold starts are on_demand, restore and reinit; " +
                 "nobody waits for the others; per_request is a process for each event, and of unknown nothing " +
                 "tells the reason (most pods).",
             queries: [{ expr: rate(of("coldspan_inits_total"), "coldspan_init_type"),
                         legend: "{{coldspan_init_type}}" }] }),
];

const INSTANCES = [
    series({ title: "Instances", unit: "short", axis: "instances", stacked: true, w: 8, colours: COLOURS.states,
             description: "What they do: init, busy, idle. Many idle ones are paid for by somebody.",
             queries: [{ expr: `sum by (coldspan_instance_state)(${of("coldspan_instances")})`,
                         legend: "{{coldspan_instance_state}}" }] }),
    series({ title: "Lifetime of instances", unit: "dthms", axis: "h:m:s", w: 8, none: "no instance ended in range",
             description: "From their start to their end, of those that ended.",
             queries: [{ expr: quantile(0.5, "coldspan_instance_lifetime_seconds", of), legend: "p50" },
                       { expr: quantile(0.95, "coldspan_instance_lifetime_seconds", of), legend: "p95" }] }),
    series({ title: "Invocations for each start", unit: "short", axis: "invocations", w: 8, none: "no starts in range",
             description: "How often an instance is used again. 1: every invocation starts cold.",
             queries: [{ expr: ratio(invocations(), rateOf("count", "faas_init_duration_seconds")),
                         legend: "for each start" },
                       { expr: ratio(invocations(), rate(of("faas_coldstarts_total"))),
                         legend: "for each cold start" }] }),
];

const RESOURCES = [
    series({ title: "Memory", unit: "bytes", w: 8,
             description: "Largest resident memory after an invocation, and the limit where one is known. " +
                 "At the limit the kernel kills.",
             queries: [{ expr: quantile(0.99, "faas_mem_usage_bytes", of), legend: "p99" },
                       { expr: quantile(0.5, "faas_mem_usage_bytes", of), legend: "p50" },
                       { expr: `max(${of("coldspan_function_memory_limit_bytes")})`, legend: "limit" }] }),
    series({ title: "CPU time of an invocation", unit: "s", w: 8, none: "not known where invocations share a process",
             description: "Mean CPU time for each invocation, over all of its threads.",
             queries: [{ expr: mean("faas_cpu_usage_seconds", of, V), legend: VERSION }] }),
    series({ title: "Waiting before it began", unit: "s", w: 8, none: "no gateway says when it accepted an event",
             description: "From when a gateway had accepted an event until the function began with it. " +
                 "Only gateways that say so are counted.",
             queries: [{ expr: quantile(0.95, "coldspan_queue_duration_seconds", of), legend: "p95" }] }),
    series({ title: "Network of an invocation", unit: "bytes", w: 8,
             description: "Mean bytes over all connections, both ways.",
             queries: [{ expr: mean("faas_net_io_bytes", of, V), legend: VERSION }] }),
    series({ title: "Connections opened", unit: "cps", w: 8,
             description: "By invocations. One that opens a connection each time pays for it each time.",
             queries: [{ expr: rate(of("coldspan_connections_opened_total"), V), legend: VERSION }] }),
    series({ title: "Sent out", unit: "Bps", w: 8,
             description: "Bytes that invocations sent over connections.",
             queries: [{ expr: rate(of("coldspan_network_sent_bytes_total"), V), legend: VERSION }] }),
];

const OVERVIEW = [
    stat({ title: "Invocations", w: 4, unit: "reqps", decimals: 1, queries: [{ expr: invocations() }],
           description: "Invocations a second, whether they succeeded or not." }),
    stat({ title: "Errors", w: 3, unit: "percentunit", decimals: 2, limits: upTo(0.01, 0.05),
           queries: [{ expr: errorRatio() }], description: "Share of invocations that did not succeed." }),
    stat({ title: "Warm p95", w: 3, unit: "s", description: "Of instances that had served before.",
           queries: [{ expr: quantile(0.95, "faas_invoke_duration_seconds", invoke("false")) }] }),
    stat({ title: "Start p95", w: 3, unit: "s", limits: upTo(0.5, 1), none: "no starts in range",
           description: "From the start of the process until it was ready, starts of every class.",
           queries: [{ expr: quantile(0.95, "faas_init_duration_seconds", of) }] }),
    stat({ title: "Cold starts", unit: "short", decimals: 0, line: false, w: 3,
           description: "That somebody waited for, in the range that is shown.",
           queries: [{ expr: `sum(increase(${of("faas_coldstarts_total")}[$__range]))`, instant: true }] }),
    stat({ title: "Cold invocations", unit: "percentunit", decimals: 2, limits: upTo(0.01, 0.05), w: 4,
           queries: [{ expr: coldInvocations() }],
           description: "Share of invocations that were the first of their instance, whatever it was started " +
               "for. Also those of starts whose reason nothing tells, which are no cold starts." }),
    stat({ title: "Memory of limit", w: 4, none: "no limit known", unit: "percentunit", decimals: 1, limits: upTo(0.8, 0.95),
           description: "p99 of resident memory for each byte of the limit, where one is known; the worst function.",
           queries: [{ expr: `max((${quantile(0.99, "faas_mem_usage_bytes", of, F)}) / ` +
                           `max by (${F})(${of("coldspan_function_memory_limit_bytes")}))` }] }),
];

export default () => board({
    uid: "coldspan-function", title: "coldspan / Function",
    description: "One function: warm and cold apart, its instances, versions and resources.",
    variables: [...places("coldspan_function_info"), ...functions(true)],
    annotations: [deploys(), alerts()],
    rows: [{ title: "Overview", open: true, panels: OVERVIEW },
           { title: "Duration", open: true, panels: ANSWERS },
           { title: "Traffic", open: true, panels: TRAFFIC },
           { title: "Instances", panels: INSTANCES },
           { title: "Resources", panels: RESOURCES }],
});
