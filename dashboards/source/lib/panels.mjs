// SPDX-License-Identifier: Apache-2.0
// Panels with the manners that all boards share: zero at the bottom, a unit, a legend with last and
// largest, a text for "nothing", one data source by variable. A panel here is {build, w, h}.
import { createRequire } from "node:module";

const require = createRequire(process.env.COLDSPAN_BOARDS_SDK + "/");
export const sdk = (name) => require(`@grafana/grafana-foundation-sdk/${name}`);

const dashboard = sdk("dashboard"), common = sdk("common"), prometheus = sdk("prometheus");
const kinds = { stat: sdk("stat"), timeseries: sdk("timeseries"), bargauge: sdk("bargauge"),
                table: sdk("table"), heatmap: sdk("heatmap"), text: sdk("text") };

export const PROMETHEUS = { type: "prometheus", uid: "$prometheus_datasource" };
export const TEMPO = { type: "tempo", uid: "$tempo_datasource" };

const NO_VALUE = "none in range", NO_CELL = "–";
// docs/metrics.md, "Where they go".
const EXACT = " Exact to 2 % from native histograms (2.2 % where the largest value is more than 31 times the smallest, " +
    "4.4 % from 1,000 times on), to 10 % from explicit buckets with more than a few values in each. Of collectors that are " +
    "scraped for the one and others for the other alone, the larger of both.";

/** steps: [[from, colour], …]; the first from is null. */
export const thresholds = (...steps) =>
    new dashboard.ThresholdsConfigBuilder().mode("absolute")
        .steps(steps.map(([value, color]) => ({ value, color })));

export const PLAIN = thresholds([null, "text"]);

/**
 * What is well has no colour; what is not stands on one that its text can be read on, in the light theme and in
 * the dark one: no orange or green of Grafana's can be read on white.
 */
export const upTo = (orange, red) =>
    ({ grounds: thresholds([null, "transparent"], [orange, "super-light-orange"], [red, "dark-red"]),
       lines: thresholds([null, "transparent"], [orange, "orange"], [red, "red"]) });

/** The same colour for the same thing on all boards. */
export const COLOURS = {
    phases: { queue: "light-purple", spawn: "semi-dark-blue", exec: "light-blue", link: "yellow", runtime: "purple",
              fetch: "super-light-purple", code: "orange", restore: "green", unattributed: "red" },
    outcomes: { succeeded: "green", "failed otherwise": "red", "timed out": "orange" },
    fates: { used: "green", unused: "orange", failed: "red" },
    states: { init: "orange", busy: "blue", idle: "green" },
    billed: { init: "orange", invoke: "blue", provisioned: "purple" },
    invocations: { cold: "blue", warm: "orange" },
};
COLOURS.classes = { on_demand: "orange", restore: "green", reinit: "red", proactive: "blue", provisioned: "purple",
                    fork_pool: "light-blue", per_request: "yellow", unknown: "semi-dark-yellow" };

// --- Prometheus ------------------------------------------------------------------------------------

/** queries: [{expr, legend, instant, format, exemplar}] */
function targets(queries) {
    return queries.map((query, i) => {
        const target = new prometheus.DataqueryBuilder()
            .refId(String.fromCharCode(65 + i)).expr(query.expr).datasource(PROMETHEUS)
            .legendFormat(query.legend ?? "__auto").editorMode("code");
        if (query.format) target.format(query.format);
        if (query.exemplar) target.exemplar(true);
        return query.instant ? target.instant() : target.range();
    });
}

const traceql = (query) => ({ build: () => ({
    refId: "A", datasource: TEMPO, queryType: "traceql", query, limit: 20, tableType: "traces",
    metricsQueryType: "range" }) });

/** Of Prometheus by `queries`, or of Tempo by one `query` in TraceQL. */
function begin(kind, { title, description, unit, queries, query, decimals, none }, limits) {
    if (!title || !description) throw new Error(`a panel without title or description: ${title}`);
    const exact = queries?.some(({ expr }) => expr.includes("histogram_quantile"));
    const panel = new kinds[kind].PanelBuilder()
        .title(title).description(description + (exact ? EXACT : "")).datasource(query ? TEMPO : PROMETHEUS)
        .noValue(none ?? NO_VALUE).targets(query ? [traceql(query)] : targets(queries)).thresholds(limits ?? PLAIN);
    if (unit) panel.unit(unit);
    if (decimals !== undefined) panel.decimals(decimals);
    return panel;
}

const sized = (panel, w, h) => ({ panel, w, h });
const last = () => new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]);
const fixed = (fixedColor) => ({ mode: "fixed", fixedColor });

function coloured(panel, colours = {}) {
    for (const [name, color] of Object.entries(colours))
        panel.overrideByName(name, [{ id: "color", value: fixed(color) }]);
}

/** Beside the plot where it is wide, below it elsewhere; what is largest now first. */
const legend = (wide) => new common.VizLegendOptionsBuilder().showLegend(true)
    .displayMode("table").placement(wide ? "right" : "bottom").calcs(["lastNotNull", "max"])
    .sortBy("Last *").sortDesc(true);
const tooltip = () => new common.VizTooltipOptionsBuilder().mode("multi").sort("desc");

/** With limits it is coloured by them, and without them it has a line of how it went. */
export function stat(options) {
    const panel = begin("stat", options, options.limits?.grounds)
        .colorMode(options.limits ? "background_solid" : "none")
        .graphMode(options.limits || options.line === false ? "none" : "area")
        .textMode(options.names ? "value_and_name" : "auto").reduceOptions(last());
    return sized(panel, options.w ?? 4, options.h ?? 4);
}

/** `axis`: what is counted, where the unit does not tell. `failures`: a regular expression of their names. */
export function series(options) {
    const w = options.w ?? 12, panel = begin("timeseries", options, options.limits?.lines)
        .legend(legend(w >= 12)).tooltip(tooltip())
        .lineWidth(1).fillOpacity(options.stacked ? 40 : 8).showPoints("auto").spanNulls(false)
        .axisSoftMin(0).min(0);
    if (options.axis) panel.axisLabel(options.axis);
    if (options.stacked)
        panel.stacking(new common.StackingConfigBuilder().mode("normal"));
    if (options.limits)
        panel.thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode("dashed"));
    panel.colorScheme(new dashboard.FieldColorBuilder().mode("palette-classic"));
    coloured(panel, options.colours);
    if (options.failures)
        panel.overrideByRegexp(options.failures, [{ id: "color", value: fixed("red") }]);
    return sized(panel, w, options.h ?? 9);
}

export function bars(options) {
    const panel = begin("bargauge", options).orientation("horizontal").displayMode("basic").min(0)
        .showUnfilled(true).valueMode("text").namePlacement("left").minVizHeight(18).maxVizHeight(30)
        .text(new common.VizTextDisplayOptionsBuilder().valueSize(14))
        .reduceOptions(last()).colorScheme(new dashboard.FieldColorBuilder().mode("fixed").fixedColor("blue"));
    coloured(panel, options.colours);
    return sized(panel, options.w ?? 12, options.h ?? 9);
}

export function heatmap(options) {
    const panel = begin("heatmap", options).calculate(false).maxDataPoints(80)
        .yAxis(new kinds.heatmap.YAxisConfigBuilder().unit(options.unit).axisPlacement("left"))
        .color(new kinds.heatmap.HeatmapColorOptionsBuilder().mode("scheme").scheme("Oranges").steps(64));
    return sized(panel, options.w ?? 12, options.h ?? 9);
}

/**
 * One line for each value of `key`, a column for each query.
 * columns: {refId: {name, unit, decimals, limits}}, in the order of queries; hidden: fields left out.
 */
export function table(options) {
    const panel = begin("table", { none: NO_CELL, ...options }).withTransformation({ id: "merge", options: {} });
    const renamed = {}, order = {};
    options.keys.forEach(([field, name], i) => { renamed[field] = name; order[field] = i; });
    options.queries.forEach((query, i) => {
        const field = `Value #${String.fromCharCode(65 + i)}`;
        renamed[field] = query.name;
        order[field] = options.keys.length + i;
    });
    panel.withTransformation({ id: "organize",
        options: { excludeByName: { Time: true }, indexByName: order, renameByName: renamed } });
    for (const query of options.queries) {
        const properties = [{ id: "unit", value: query.unit }];
        if (query.decimals !== undefined) properties.push({ id: "decimals", value: query.decimals });
        if (query.limits)
            properties.push({ id: "thresholds", value: query.limits.grounds.build() },
                            { id: "custom.cellOptions", value: { type: "color-background", mode: "basic" } });
        panel.overrideByName(query.name, properties);
    }
    for (const [, name, link] of options.keys)
        if (link) panel.overrideByName(name, [{ id: "links", value: [link] }]);
    return sized(panel, options.w ?? 24, options.h ?? 9);
}

/** What a search found, slowest first; `link`: of each trace's id. */
export function traceTable(options) {
    const wide = (value) => ({ id: "custom.width", value });
    const panel = begin("table", options) // an id is 32 digits
        .overrideByName("Trace ID", [{ id: "links", value: [options.link] }, wide(320)])
        .overrideByName("Start time", [wide(190)]).overrideByName("Duration", [{ id: "unit", value: "ms" }, wide(120)])
        .sortBy([new common.TableSortByFieldStateBuilder().displayName("Duration").desc(true)]);
    return sized(panel, options.w ?? 24, options.h ?? 9);
}

/** One trace. The SDK has no builder of this kind. */
export function traceView(options) {
    const panel = begin("text", options), build = panel.build.bind(panel);
    panel.build = () => ({ ...build(), type: "traces", options: {} });
    return sized(panel, options.w, options.h);
}

export function text(options) {
    const panel = new kinds.text.PanelBuilder().title(options.title).description(options.description)
        .mode("markdown").content(options.content);
    return sized(panel, options.w ?? 24, options.h ?? 3);
}
