// SPDX-License-Identifier: Apache-2.0
// Which function is worth a look? Everything of one collector or of all, by function.
import { alerts, board, choice, deploys, functions, places } from "../lib/board.mjs";
import { bars, series, stat, table, upTo } from "../lib/panels.mjs";
import { coldInvocations, errorRatio, increase, increaseOf, increaseUpTo, invocations, mean, of, orZero, quantile, rate,
         rateOf, rateUpTo, ratio, waitedFor } from "../lib/promql.mjs";

const F = "faas_name";
const cold = (labels) => rate(of("faas_coldstarts_total"), labels);
const coldRatio = (labels) => ratio(orZero(cold(labels), invocations(labels)), invocations(labels));
const INIT = "faas_init_duration_seconds";
const over = (labels, upTo = rateUpTo, parts = rateOf) =>
    `1 - ${ratio(upTo("${slo}", "${slo}([.]0)?", INIT, labels, waitedFor), parts("count", INIT, labels, waitedFor))}`;
const init = (q, labels) => quantile(q, INIT, of, labels);
const warm = (q, labels) => quantile(q, "faas_invoke_duration_seconds",
    (metric) => of(metric, 'faas_coldstart="false"'), labels);

const NONE = "no starts in range";

const OVERVIEW = [
    stat({ title: "Functions", unit: "short", decimals: 0, line: false, w: 3, none: "none was seen",
           queries: [{ expr: `count(count by (${F})(${of("coldspan_function_info")}))` }],
           description: "That collectors have seen and still keep. Fewer than you run: see Agent health." }),
    stat({ title: "Invocations", unit: "reqps", decimals: 1, queries: [{ expr: invocations() }],
           description: "Invocations a second, whether they succeeded or not." }),
    stat({ title: "Errors", unit: "percentunit", decimals: 2, w: 3, queries: [{ expr: errorRatio() }],
           limits: upTo(0.01, 0.05),
           description: "Share of invocations that did not succeed, time-outs among them. Above 1 %: " +
               "sort the table below by errors and open that function." }),
    stat({ title: "Cold starts", unit: "percentunit", decimals: 2, w: 3, queries: [{ expr: coldRatio() }],
           limits: upTo(0.01, 0.05),
           description: "Starts that somebody waited for, for each invocation. Rises with new versions, and " +
               "where functions are asked less often than they are kept. Starts whose reason nothing tells " +
               "(most pods) are not in it; beside it are their invocations." }),
    stat({ title: "Cold invocations", unit: "percentunit", decimals: 2, queries: [{ expr: coldInvocations() }],
           limits: upTo(0.01, 0.05),
           description: "Share of invocations that were the first of their instance, whatever it was started " +
               "for. Much more than cold starts: instances whose parent nobody watches." }),
    stat({ title: "Start p95", unit: "s", w: 3, queries: [{ expr: init(0.95) }], limits: upTo(0.5, 1), none: NONE,
           description: "From the start of the process until it was ready; 95 % were shorter." }),
    stat({ title: "Over objective", unit: "percentunit", decimals: 1, queries: [{ expr: over() }], none: NONE,
           limits: upTo(0.05, 0.1),
           description: "Share of starts that took longer than the objective chosen above, but for those that were made " +
               "before anybody asked. The alerts burn a budget of 5 %." }),
];

const function_ = (expr, exemplar) => [{ expr, legend: "{{faas_name}}", exemplar }];
const TRENDS = [
    series({ title: "Invocations by function", unit: "reqps", queries: function_(invocations(F)),
             description: "Successes and errors. A gap: no collector was asked, see Agent health." }),
    series({ title: "Start p95 by function", unit: "s", limits: upTo(0.5, 1), none: NONE,
             queries: function_(init(0.95, F), true),
             description: "Each dot is a start whose trace is kept: click it. A step at a deploy line is " +
                 "that version's." }),
    series({ title: "Over objective by function", unit: "percentunit", limits: upTo(0.05, 0.1), none: NONE,
             queries: function_(over(F)),
             description: "Share of starts that took longer than the objective, but for those that were made before anybody " +
                 "asked. On the lower line it uses its budget of 5 % up just as it comes in; at 72 % a page is sent." }),
    series({ title: "Errors by function", unit: "percentunit", queries: function_(errorRatio(F)),
             description: "Share of invocations that did not succeed, time-outs among them." }),
    series({ title: "Cold starts by function", unit: "percentunit", queries: function_(coldRatio(F)),
             description: "Cold starts for each invocation. 100 %: asked less often than kept." }),
    series({ title: "Cold invocations by function", unit: "percentunit",
             queries: function_(coldInvocations(F)),
             description: "Share of invocations that were the first of their instance. 100 %: a process for " +
                 "each event, or asked less often than kept." }),
    bars({ title: "Time that people waited for starts", unit: "s", none: NONE, w: 24, h: 7,
           queries: [{ expr: `topk(10, ${increaseOf("sum", INIT, F, waitedFor)} > 0)`,
                       legend: "{{faas_name}}", instant: true }],
           description: "All starts of the range added up, but for those that were made before anybody asked: the ten " +
               "most expensive functions, what to shorten first. Frequency times duration." }),
];

const open = { title: "Open", url: "/d/coldspan-function?var-faas_name=${__value.raw:percentencode}&${__url_time_range}" +
    "&${job:queryparam}&${instance:queryparam}&${prometheus_datasource:queryparam}" };
const TABLE = [
    table({ title: "Functions, one by one", keys: [[F, "Function", open]],
            description: "One line for each function, over the last interval; – where it did not start. `Budget used` is of the " +
                "whole range: 100 % when 5 % of its starts took longer than the objective. A name opens its board.",
            queries: [
                ["Invocations", "reqps", invocations(F), 2],
                ["Errors", "percentunit", errorRatio(F), 2, upTo(0.01, 0.05)],
                ["Cold starts", "percentunit", coldRatio(F), 2, upTo(0.01, 0.05)],
                ["Cold invoc.", "percentunit", coldInvocations(F), 2, upTo(0.01, 0.05)],
                ["Start p50", "s", init(0.5, F)],
                ["Start p95", "s", init(0.95, F), undefined, upTo(0.5, 1)],
                ["Start p99", "s", init(0.99, F)],
                ["Budget used", "percentunit", `(${over(F, increaseUpTo, increaseOf)}) / 0.05`, 0, upTo(1, 6)],
                ["Warm p95", "s", warm(0.95, F)],
                ["Memory", "bytes", mean("faas_mem_usage_bytes", of, F)],
                ["GB-s", "short", increase(of("coldspan_billed_gb_seconds_total"), F), 2],
            ].map(([name, unit, expr, decimals, limits]) =>
                ({ name, unit, expr, decimals, limits, instant: true, format: "table" })) }),
];

export default () => board({
    uid: "coldspan-fleet", title: "coldspan / Fleet",
    description: "All functions: how often they start cold, how long that takes, and where it hurts most.",
    variables: [...places("coldspan_function_info"), ...functions(),
                choice("slo", "Objective (s)", ["0.5", "0.1", "0.2", "1", "2", "5"])],
    annotations: [deploys(), alerts()],
    rows: [{ title: "Overview", open: true, panels: OVERVIEW },
           { title: "Functions", open: true, panels: TABLE },
           { title: "Trends", open: true, panels: TRENDS }],
});
