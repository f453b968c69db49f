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

const NO_VALUE = "none in range";

/** steps: [[from, colour], …]; the first from is null. */
export const thresholds = (...steps) =>
    new dashboard.ThresholdsConfigBuilder().mode("absolute")
        .steps(steps.map(([value, color]) => ({ value, color })));

export const PLAIN = thresholds([null, "text"]);
export const upTo = (orange, red) => thresholds([null, "green"], [orange, "orange"], [red, "red"]);

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

function begin(kind, { title, description, unit, queries, decimals, limits }) {
    if (!title || !description) throw new Error(`a panel without title or description: ${title}`);
    const panel = new kinds[kind].PanelBuilder()
        .title(title).description(description).datasource(PROMETHEUS).noValue(NO_VALUE)
        .targets(targets(queries)).thresholds(limits ?? PLAIN);
    if (unit) panel.unit(unit);
    if (decimals !== undefined) panel.decimals(decimals);
    return panel;
}

const sized = (panel, w, h) => ({ panel, w, h });

const legend = () => new common.VizLegendOptionsBuilder().showLegend(true)
    .displayMode("table").placement("bottom").calcs(["lastNotNull", "max"]);
const tooltip = () => new common.VizTooltipOptionsBuilder().mode("multi").sort("desc");

export function stat(options) {
    const panel = begin("stat", options).colorMode(options.limits ? "value" : "none")
        .graphMode(options.line === false ? "none" : "area")
        .textMode(options.names ? "value_and_name" : "auto")
        .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]));
    return sized(panel, options.w ?? 4, options.h ?? 4);
}

export function series(options) {
    const panel = begin("timeseries", options).legend(legend()).tooltip(tooltip())
        .lineWidth(1).fillOpacity(options.stacked ? 40 : 8).showPoints("auto").spanNulls(false)
        .axisSoftMin(0).min(0);
    if (options.stacked)
        panel.stacking(new common.StackingConfigBuilder().mode("normal"));
    if (options.bars) panel.drawStyle("bars").fillOpacity(70);
    if (options.limits)
        panel.thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode("dashed"));
    panel.colorScheme(new dashboard.FieldColorBuilder().mode("palette-classic"));
    return sized(panel, options.w ?? 12, options.h ?? 8);
}

export function bars(options) {
    const panel = begin("bargauge", options).orientation("horizontal").displayMode("basic").min(0)
        .showUnfilled(true).valueMode("text")
        .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]));
    return sized(panel, options.w ?? 12, options.h ?? 8);
}

export function heatmap(options) {
    const panel = begin("heatmap", options).calculate(false)
        .yAxis(new kinds.heatmap.YAxisConfigBuilder().unit(options.unit).axisPlacement("left"))
        .color(new kinds.heatmap.HeatmapColorOptionsBuilder().mode("scheme").scheme("Oranges").steps(64));
    return sized(panel, options.w ?? 12, options.h ?? 8);
}

/**
 * One line for each value of `key`, a column for each query.
 * columns: {refId: {name, unit, decimals, limits}}, in the order of queries; hidden: fields left out.
 */
export function table(options) {
    const panel = begin("table", options).withTransformation({ id: "merge", options: {} });
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
            properties.push({ id: "thresholds", value: query.limits.build() },
                            { id: "custom.cellOptions", value: { type: "color-text" } });
        panel.overrideByName(query.name, properties);
    }
    for (const [, name, link] of options.keys)
        if (link) panel.overrideByName(name, [{ id: "links", value: [link] }]);
    return sized(panel, options.w ?? 24, options.h ?? 9);
}

export function text(options) {
    const panel = new kinds.text.PanelBuilder().title(options.title).description(options.description)
        .mode("markdown").content(options.content);
    return sized(panel, options.w ?? 24, options.h ?? 3);
}
