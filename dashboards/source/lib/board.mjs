// SPDX-License-Identifier: Apache-2.0
// A board: variables, links to the others, annotations, and rows of panels laid out from left to right.
import { PROMETHEUS, sdk } from "./panels.mjs";
import { collector, named } from "./promql.mjs";

const dashboard = sdk("dashboard");
const WIDTH = 24, TAG = "coldspan";

// --- variables -------------------------------------------------------------------------------------

export const dataSource = (name, type, label) =>
    new dashboard.DatasourceVariableBuilder(name).type(type).label(label);

// "All" is any value; of a label that series may lack, also none.
const labelValues = (name, label, query, all = ".+") =>
    new dashboard.QueryVariableBuilder(name).label(label).datasource(PROMETHEUS).query(query)
        .refresh(2).sort(1).multi(true).includeAll(true).allValue(all)
        .current({ selected: true, text: ["All"], value: ["$__all"] });

// One of them, the first where none was chosen.
const choiceOf = (name, label, query) =>
    new dashboard.QueryVariableBuilder(name).label(label).datasource(PROMETHEUS).query(query).refresh(2).sort(1);

/** Of whom: where the collector runs. */
export const places = (metric) => [
    dataSource("prometheus_datasource", "prometheus", "Prometheus data source"),
    labelValues("job", "Job", `label_values(${metric}, job)`),
    labelValues("instance", "Instance", `label_values(${metric}{job=~"$job"}, instance)`),
];

/** Of which functions; with @one only one at a time. */
export const functions = (one) => [
    (one ? choiceOf : labelValues)("faas_name", "Function",
                                   `label_values(coldspan_function_info{${collector}}, faas_name)`),
    labelValues("faas_version", "Version",
                `label_values(coldspan_function_info{${collector},${named}}, faas_version)`, ".*"),
];

/** A number that people may change. */
export const number = (name, label, value) =>
    new dashboard.TextBoxVariableBuilder(name).label(label).defaultValue(value)
        .current({ selected: true, text: value, value });

/** One of a few. */
export const choice = (name, label, values) =>
    new dashboard.CustomVariableBuilder(name).label(label).values(values.join(","))
        .current({ selected: true, text: values[0], value: values[0] })
        .options(values.map((value, i) => ({ selected: i === 0, text: value, value })));

// --- annotations -----------------------------------------------------------------------------------

const annotation = (name, color, expr, titleFormat) =>
    new dashboard.AnnotationQueryBuilder().name(name).datasource(PROMETHEUS).enable(true).iconColor(color)
        .expr(expr).titleFormat(titleFormat);

const VERSIONS = "count by (faas_name, faas_version)";
const INFO = `coldspan_function_info{${collector}`;

/** New versions, out of the data: nobody needs to tell Grafana. */
export const deploys = () => annotation("Deploys", "blue",
    `${VERSIONS}(${INFO},${named}}) unless on (faas_name, faas_version) ` +
    `${VERSIONS}(${INFO},${named}} offset 5m)`,
    "{{faas_name}} {{faas_version}}");
export const alerts = () => annotation("Alerts", "red",
    'ALERTS{alertname=~"Coldspan.*",alertstate="firing"}', "{{alertname}}");

// --- layout ----------------------------------------------------------------------------------------

/** Places panels in lines of 24; returns the y below them. */
function place(panels, y, give) {
    let x = 0, height = 0;
    for (const { panel, w, h } of panels) {
        if (x + w > WIDTH) { x = 0; y += height; height = 0; }
        panel.gridPos({ x, y, w, h });
        give(panel);
        x += w;
        height = Math.max(height, h);
    }
    return y + height;
}

/** rows: [{title, open, panels}]; ids are given in the order of the rows. */
export function board({ uid, title, description, variables, annotations, rows }) {
    const builder = new dashboard.DashboardBuilder(title)
        .uid(uid).description(description).tags([TAG]).readonly().tooltip(1).refresh("1m")
        .time({ from: "now-6h", to: "now" }).timezone("browser").variables(variables)
        .annotations(annotations)
        .links([new dashboard.DashboardLinkBuilder("coldspan").type("dashboards").tags([TAG])
                    .asDropdown(true).includeVars(true).keepTime(true)]);
    let y = 0, id = 1;
    for (const row of rows) {
        const line = new dashboard.RowBuilder(row.title).id(id++)
            .gridPos({ x: 0, y: y++, w: WIDTH, h: 1 });
        if (row.open) {
            builder.withRow(line);
            y = place(row.panels, y, (panel) => builder.withPanel(panel.id(id++)));
        } else {
            line.collapsed(true);
            place(row.panels, y, (panel) => line.withPanel(panel.id(id++)));
            builder.withRow(line);
        }
    }
    return builder.build();
}
