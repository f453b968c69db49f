// SPDX-License-Identifier: Apache-2.0
// What functions cost. Metrics hold facts alone (invocations, GB-seconds as billed); prices are variables.
import { board, deploys, functions, number, places } from "../lib/board.mjs";
import { bars, COLOURS, series, stat, table, text } from "../lib/panels.mjs";
import { increase, invocations, meanOfRange, of, ratio } from "../lib/promql.mjs";

const F = "faas_name";
const billed = (labels, component = "") =>
    increase(of("coldspan_billed_gb_seconds_total", component && `coldspan_billed_component${component}`), labels);
const some = (labels, component) => `(${billed(labels, component)} or ${billed(labels)} * 0)`;
const INIT = '="init"', RAN = '!="provisioned"', KEPT = '="provisioned"';
const dollars = (labels) =>
    `${some(labels, RAN)} * $price_gbs + ${some(labels, KEPT)} * $price_kept + ` +
    `${invocations(labels, increase)} * $price_req / 1e6`;
const used = (labels) => meanOfRange("faas_mem_usage_bytes", labels);
const limit = (labels) => `max by (${labels})(${of("coldspan_function_memory_limit_bytes")})`;

// Instances as they are, for the whole range.
const instances = (labels) => `avg_over_time(sum by (${labels})(${of("coldspan_instances")})[$__range:1m])`;
const keptReady = (labels) => `${instances(labels)} * ${limit(labels)} / 1073741824 * $__range_s * $price_kept`;
const each = (labels) => ratio(`(${dollars(labels)})`, invocations(labels, increase));
const CONTAINERS = 2; // one that fails is not all
const crossover = (labels) => `${CONTAINERS} * $price_hour / 3600 / (${each(labels)})`;
const carried = (labels, share) =>
    `${CONTAINERS} * $processors * ${share} / (${meanOfRange("faas_cpu_usage_seconds", labels)} > 0)`;

const OVERVIEW = [
    stat({ title: "Cost", unit: "currencyUSD", decimals: 4, line: false, w: 6,
           queries: [{ expr: dollars(), instant: true }],
           description: "Of the range, by the prices above. Without free tiers and discounts." }),
    stat({ title: "Of that, starts", unit: "currencyUSD", decimals: 4, line: false, w: 6,
           queries: [{ expr: `${some("", INIT)} * $price_gbs`, instant: true }],
           description: "What platforms bill for the time of inits." }),
    stat({ title: "Of that, kept ready", unit: "currencyUSD", decimals: 4, line: false, w: 6,
           queries: [{ expr: `${some("", KEPT)} * $price_kept`, instant: true }],
           description: "Instances of provisioned concurrency, from their start to their end; counted when they end." }),
    stat({ title: "For a million invocations", unit: "currencyUSD", decimals: 2, line: false, w: 6,
           queries: [{ expr: `1e6 * (${dollars()}) / (${invocations("", increase)} > 0)`, instant: true }],
           description: "Of all functions that are chosen." }),
];

const WHERE = [
    bars({ title: "Cost by function", unit: "currencyUSD",
           queries: [{ expr: `topk(10, ${dollars(F)})`, legend: "{{faas_name}}", instant: true }],
           description: "The ten most expensive ones of the range." }),
    bars({ title: "Cost of starts by function", unit: "currencyUSD",
           queries: [{ expr: `topk(10, ${billed(F, INIT)} * $price_gbs > 0)`, legend: "{{faas_name}}", instant: true }],
           description: "What is billed for their inits." }),
    series({ title: "Billed GB-seconds", unit: "short", axis: "GB-s a second", stacked: true, w: 24,
             colours: COLOURS.billed, description: "For each second, by component: invoke, init, provisioned.",
             queries: [{ expr: `sum by (coldspan_billed_component)(rate(${of("coldspan_billed_gb_seconds_total")}` +
                             "[$__rate_interval]))", legend: "{{coldspan_billed_component}}" }] }),
    table({ title: "Functions", keys: [[F, "Function"]],
            description: "Over the range. Memory that is paid for and not used is the first thing to lower.",
            queries: [
                ["Cost", "currencyUSD", dollars(F), 4],
                ["A million", "currencyUSD", `1e6 * (${dollars(F)}) / (${invocations(F, increase)} > 0)`, 2],
                ["GB-s", "short", billed(F), 2],
                ["Starts' share", "percentunit", ratio(billed(F, INIT), billed(F)), 2],
                ["Memory, mean", "bytes", used(F)],
                ["Memory limit", "bytes", limit(F)],
                ["Not used", "percentunit", `1 - ${used(F)} / ${limit(F)}`, 1],
            ].map(([name, unit, expr, decimals]) =>
                ({ name, unit, expr, decimals, instant: true, format: "table" })) }),
    table({ title: "What else it could be", keys: [[F, "Function"]],
            description: "Kept ready: what it would cost to keep as many instances as lived on average, for the whole range, beside " +
                "what their starts cost. Two containers of the price above are cheaper from so many invocations a second on, if " +
                "they carry as many: by the CPU time of an invocation, used up to 30 and to 80 %. Where the first is above " +
                "what they carry, they are not cheaper at all.",
            queries: [
                ["Starts", "currencyUSD", `${some(F, INIT)} * $price_gbs`, 4],
                ["Kept ready", "currencyUSD", keptReady(F), 4],
                ["Invocations", "reqps", `${invocations(F, increase)} / $__range_s`, 2],
                ["Containers from", "reqps", crossover(F), 1],
                ["They carry at 30 %", "reqps", carried(F, 0.3), 1],
                ["At 80 %", "reqps", carried(F, 0.8), 1],
            ].map(([name, unit, expr, decimals]) =>
                ({ name, unit, expr, decimals, instant: true, format: "table" })) }),
    text({ title: "Prices", description: "What the variables hold.", h: 3,
           content: "The prices above are those of AWS Lambda, us-east-1, x86, as of 2026-11: GB-seconds of what ran, " +
               "requests by the million, GB-seconds of what was kept ready by provisioned concurrency (what ran in that " +
               "costs less than the first: 0.0000097222). The container is half a processor and 1 GB of AWS Fargate. Put in yours: nothing of this board is in a metric." }),
];

export default () => board({
    uid: "coldspan-cost", title: "coldspan / Cost",
    description: "What functions and their starts cost, by prices that you name.",
    variables: [...places("coldspan_function_info"), ...functions(),
                number("price_gbs", "$ for a GB-s", "0.0000166667"),
                number("price_req", "$ for a million", "0.20"),
                number("price_kept", "$ for a GB-s kept ready", "0.0000041667"),
                number("price_hour", "$ for a container hour", "0.0247"),
                number("processors", "Processors of it", "0.5")],
    annotations: [deploys()],
    rows: [{ title: "Overview", open: true, panels: OVERVIEW },
           { title: "Where it goes", open: true, panels: WHERE }],
});
