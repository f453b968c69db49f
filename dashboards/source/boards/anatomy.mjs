// SPDX-License-Identifier: Apache-2.0
// Where the time of starts goes, and what they load: by phase, by version, by class.
import { alerts, board, deploys, functions, places } from "../lib/board.mjs";
import { bars, COLOURS, series, stat, table, upTo } from "../lib/panels.mjs";
import { increaseOf, mean, meanOfRange, of, quantile, rate, rateOf, ratio } from "../lib/promql.mjs";

const PHASE = "coldspan_init_phase_duration_seconds", V = "faas_name, faas_version", VERSION = "{{faas_name}} {{faas_version}}";
const INIT = "faas_init_duration_seconds", ATTACH = "coldspan_shim_attach_duration_seconds";
const sum = (labels, selector = "") => rateOf("sum", PHASE, labels, (metric) => of(metric, selector));
const inits = (labels) => rateOf("count", INIT, labels);
const unattributed = ratio(`(${sum("", 'coldspan_phase="unattributed"')} or ${sum()} * 0)`, sum());

const NONE = "no starts in range";
const OVERVIEW = [
    stat({ title: "Starts", unit: "short", decimals: 0, line: false,
           queries: [{ expr: increaseOf("count", INIT), instant: true }],
           description: "In the range that is shown, of every class." }),
    stat({ title: "Start p50", unit: "s", queries: [{ expr: quantile(0.5, INIT, of) }],
           description: "From the start of the process until it was ready: half were shorter." }),
    stat({ title: "Start p95", unit: "s", queries: [{ expr: quantile(0.95, INIT, of) }],
           limits: upTo(0.5, 1), description: "95 % were shorter." }),
    stat({ title: "Start p99", unit: "s", queries: [{ expr: quantile(0.99, INIT, of) }],
           description: "99 % were shorter." }),
    stat({ title: "Not attributed", unit: "percentunit", decimals: 2, limits: upTo(0.05, 0.2),
           queries: [{ expr: unattributed }],
           description: "Share of the time that no phase could be laid to. Above 5 %: `coldspan doctor PID` " +
               "says what the library could not see." }),
    stat({ title: "Library's part", unit: "percentunit", decimals: 3, limits: upTo(0.02, 0.05),
           queries: [{ expr: ratio(rateOf("sum", ATTACH), rateOf("sum", INIT)) }],
           description: "What the preloaded library took of the starts." }),
];

const PHASES = [
    series({ title: "Mean start by phase", unit: "s", stacked: true, w: 16, h: 10,
             colours: COLOURS.phases, none: NONE,
             description: "The height is the mean start; the colours are where it went. `runtime` is the " +
                 "language's, `code` the function's own.",
             queries: [{ expr: `${sum("coldspan_phase")} / on() group_left() (${inits()} > 0)`,
                         legend: "{{coldspan_phase}}" }] }),
    bars({ title: "p95 by phase", unit: "s", w: 8, h: 10, colours: COLOURS.phases, none: NONE,
           description: "Over the range. Quantiles of phases do not add up to that of the start.",
           queries: [{ expr: `sort_desc(${quantile(0.95, PHASE, of, "coldspan_phase", "$__range")})`,
                       legend: "{{coldspan_phase}}", instant: true }] }),
    series({ title: "p95 of the function's own code", unit: "s", none: NONE,
             description: "Phase `code`, by version: imports and initialisation that the function's authors " +
                 "can change.",
             queries: [{ expr: quantile(0.95, PHASE, (m) => of(m, 'coldspan_phase="code"'), V),
                         legend: VERSION, exemplar: true }] }),
    series({ title: "p95 by class", unit: "s", colours: COLOURS.classes, none: NONE,
             description: "Why instances were started: a fork of a pool or a restored snapshot is shorter.",
             queries: [{ expr: quantile(0.95, INIT, of, "coldspan_init_type"),
                         legend: "{{coldspan_init_type}}" }] }),
];

const of1 = (metric, selector) => meanOfRange(metric, V, selector);
const major = (metric) => of(metric, 'system_paging_fault_type="major"');

const LOADS = [
    table({ title: "What a start loads, by version", keys: [["faas_name", "Function"], ["faas_version", "Version"]], h: 7,
            description: "Means over the range. Compare the line of a new version with the one before: what " +
                "grew is what its start pays for.",
            queries: [
                ["Start", "s", of1(INIT)],
                ["CPU", "s", of1("coldspan_init_cpu_time_seconds")],
                ["Shared objects", "short", of1("coldspan_init_shared_objects"), 1],
                ["Files", "short", ratio(increaseOf("sum", "coldspan_init_files", V), increaseOf("count", INIT, V)), 1],
                ["Failed look-ups", "short", of1("coldspan_init_lookups_failed"), 1],
                ["Major faults", "short", of1("coldspan_init_page_faults", major), 1],
                ["Read", "bytes", of1("coldspan_init_read_bytes")],
                ["Connections", "short", of1("coldspan_init_connections"), 1],
            ].map(([name, unit, expr, decimals]) =>
                ({ name, unit, expr, decimals, instant: true, format: "table" })) }),
    series({ title: "Shared objects", unit: "short", axis: "objects", none: NONE, w: 8,
             description: "Mean number that the loader had loaded when main was entered.",
             queries: [{ expr: mean("coldspan_init_shared_objects", of, V), legend: VERSION }] }),
    series({ title: "Files opened", unit: "short", axis: "files", none: NONE, w: 8, stacked: true,
             description: "Mean for each start, by whose they are: the runtime's, dependencies, the function's.",
             queries: [{ expr: mean("coldspan_init_files", of, "coldspan_file_kind"),
                         legend: "{{coldspan_file_kind}}" }] }),
    series({ title: "Looks for files that are not there", unit: "short", axis: "look-ups", none: NONE, w: 8,
             description: "Mean for each start. Long search paths cost a system call for each miss.",
             queries: [{ expr: mean("coldspan_init_lookups_failed", of, V), legend: VERSION }] }),
    series({ title: "Page faults", unit: "short", axis: "faults", none: NONE, w: 8,
             description: "Mean for each start. Major ones waited for a disk: the page cache was cold.",
             queries: [{ expr: mean("coldspan_init_page_faults", of, "system_paging_fault_type"),
                         legend: "{{system_paging_fault_type}}" }] }),
    series({ title: "CPU time of a start", unit: "s", w: 8, none: NONE,
             description: "Mean CPU time until it was ready. Much less than the start: it waited.",
             queries: [{ expr: mean("coldspan_init_cpu_time_seconds", of, V), legend: VERSION }] }),
    series({ title: "Connections of a start", unit: "short", axis: "connections", none: NONE, w: 8,
             description: "Mean number that it opened until it was ready: each is a round trip at least.",
             queries: [{ expr: mean("coldspan_init_connections", of, V), legend: VERSION }] }),
    series({ title: "Bytes read by a start", unit: "bytes", none: NONE,
             description: "Mean for each start, by its system calls; mapped files are in page faults. Of starts that the " +
                 "collector may look at.",
             queries: [{ expr: mean("coldspan_init_read_bytes", of, V), legend: VERSION }] }),
    series({ title: "What became of starts", unit: "cps", none: NONE, stacked: true, colours: COLOURS.fates,
             description: "`used`: asked at least once. `unused`: ended before anybody asked. `failed`: never got ready.",
             queries: [{ expr: rate(of("coldspan_inits_total"), "coldspan_init_outcome"),
                         legend: "{{coldspan_init_outcome}}" }] }),
];

export default () => board({
    uid: "coldspan-anatomy", title: "coldspan / Anatomy of a start",
    description: "Which phase of a cold start takes how long, and what it loads.",
    variables: [...places("coldspan_function_info"), ...functions()],
    annotations: [deploys(), alerts()],
    rows: [{ title: "Overview", open: true, panels: OVERVIEW },
           { title: "Phases", open: true, panels: PHASES },
           { title: "What it loads", panels: LOADS }],
});
