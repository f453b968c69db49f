// SPDX-License-Identifier: Apache-2.0
// A board's JSON as a scene, which Grafana's own program makes of it in the same way.
import { CustomVariable, DataSourceVariable, EmbeddedScene, QueryVariable, SceneDataTransformer, SceneGridItem, SceneGridLayout,
         SceneGridRow, SceneQueryRunner, SceneTimePicker, SceneTimeRange, SceneVariableSet, SceneControlsSpacer, TextBoxVariable,
         VariableValueSelectors, VizPanel } from "@grafana/scenes";

function variable(one, values) {
    const common = { name: one.name, label: one.label, hide: one.hide ?? 0 };
    const given = values[one.name];
    switch (one.type) {
    case "datasource":
        return new DataSourceVariable({ ...common, pluginId: one.query, value: one.query });
    case "query":
        return new QueryVariable({ ...common, datasource: one.datasource, query: one.query, sort: one.sort, refresh: one.refresh,
                                   isMulti: one.multi, includeAll: one.includeAll, allValue: one.allValue,
                                   value: given ?? one.current?.value, text: given ?? one.current?.text });
    case "custom":
        return new CustomVariable({ ...common, query: one.query, value: given ?? one.current?.value, text: given ?? one.current?.text });
    case "textbox":
        return new TextBoxVariable({ ...common, value: given ?? one.current?.value ?? one.query ?? "" });
    default:
        throw new Error(`a variable of a type that is not drawn: ${one.type}`);
    }
}

function vizPanel(panel) {
    const queries = panel.targets && new SceneQueryRunner({ datasource: panel.datasource, queries: panel.targets,
                                                            maxDataPoints: panel.maxDataPoints });
    const $data = panel.transformations ? new SceneDataTransformer({ $data: queries, transformations: panel.transformations }) : queries;
    return new VizPanel({ key: `panel-${panel.id}`, pluginId: panel.type, title: panel.title, description: panel.description,
                          options: panel.options ?? {}, fieldConfig: panel.fieldConfig ?? { defaults: {}, overrides: [] }, $data });
}

const placed = (panel, y = 0) => new SceneGridItem({
    x: panel.gridPos.x, y: panel.gridPos.y + y, width: panel.gridPos.w, height: panel.gridPos.h, body: vizPanel(panel) });

const bottom = (panels) => Math.max(...panels.map(({ gridPos: { y, h } }) => y + h));

/** Rows with the panels that are theirs; closed ones are opened, where @open says so. */
function grid(board, open) {
    const children = [];
    let row, shift = 0;
    for (const panel of board.panels) {
        if (panel.type !== "row") {
            (row ? row.state.children : children).push(placed(panel, shift));
            continue;
        }
        const y = panel.gridPos.y + shift, inside = panel.panels ?? [];
        row = new SceneGridRow({ key: `row-${panel.id}`, title: panel.title, isCollapsible: true, isCollapsed: panel.collapsed && !open,
                                 x: 0, y, children: [] });
        if (inside.length) {
            const from = Math.min(...inside.map(({ gridPos }) => gridPos.y)), down = y + 1 - from;
            row.state.children.push(...inside.map((one) => placed(one, down)));
            if (open) shift += bottom(inside) - from;
        }
        children.push(row);
    }
    return children;
}

/** settings: {from, to, open, values by variable} */
export function sceneOf(board, { from, to, open, values = {} }) {
    return new EmbeddedScene({
        $timeRange: new SceneTimeRange({ from, to, timeZone: "utc" }),
        $variables: new SceneVariableSet({ variables: board.templating.list.map((one) => variable(one, values)) }),
        controls: [new VariableValueSelectors({}), new SceneControlsSpacer(), new SceneTimePicker({})],
        body: new SceneGridLayout({ isDraggable: false, isResizable: false, children: grid(board, open) }),
    });
}
