// SPDX-License-Identifier: Apache-2.0
// The page that a browser is given: window.coldspan draws a board, says when it is drawn, and what is to be seen of it.
import "@fontsource/inter/latin-400.css";
import "@fontsource/inter/latin-500.css";
import React from "react";
import { createRoot } from "react-dom/client";
import { MemoryRouter } from "react-router-dom";
import { getFieldDisplayName, ThemeContext } from "@grafana/data";
import { GlobalStyles, PortalContainer } from "@grafana/ui";
import { SceneGridRow, sceneGraph, VizPanel } from "@grafana/scenes";
import { sceneOf } from "./board.js";
import { chooseTheme, setUp } from "./grafana.js";
import { measure, watchCanvases } from "./measure.js";
import { plugins, setAnnotations } from "./plugins.jsx";
import { Prometheus, Tempo } from "./sources.js";

const LIMIT_MS = 120000;
const tempo = new Tempo();
let root, scene, prometheus;

watchCanvases();

/** Once: where Prometheus is and how often it scrapes, and what Tempo is to know. */
async function begin(address, scrapeS, traces) {
    prometheus = new Prometheus(address, scrapeS);
    tempo.known = traces;
    await setUp([prometheus, tempo], plugins);
}

const closed = (panel) => panel.parent.parent instanceof SceneGridRow && panel.parent.parent.state.isCollapsed;
const panels = () => sceneGraph.findAllObjects(scene, (object) => object instanceof VizPanel && !closed(object));
const stateOf = (panel) => panel.state.$data?.state.data?.state ?? (panel.state.$data ? "NotStarted" : "Done");
const settled = () => panels().every((panel) => ["Done", "Error"].includes(stateOf(panel)) && panel.getPlugin());
const unsettled = () => panels().map((panel) => [panel.state.title, stateOf(panel), Boolean(panel.getPlugin())]);
const frame = () => new Promise((done) => requestAnimationFrame(done));

/** When all data are there and a number of frames went by in which nothing changed. */
async function drawn() {
    let changes = 0, still = 0, seen = -1;
    const until = Date.now() + LIMIT_MS;
    const observer = new MutationObserver((list) => { changes += list.length; });
    observer.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    while (!settled() || still < 12) {
        await frame();
        await new Promise((done) => setTimeout(done, 10));
        still = settled() && changes === seen ? still + 1 : 0;
        seen = changes;
        if (Date.now() > until) throw new Error(`not drawn after ${LIMIT_MS} ms: ${JSON.stringify(unsettled())}`);
    }
    observer.disconnect();
    await document.fonts.ready;
}

/** settings: {theme, from, to, open, values} */
async function draw(board, settings) {
    root?.unmount();
    const theme = chooseTheme(settings.theme);
    scene = sceneOf(board, settings);
    const range = sceneGraph.getTimeRange(scene).state.value;
    setAnnotations([]);
    root = createRoot(document.getElementById("root"));
    root.render(<ThemeContext.Provider value={theme}><MemoryRouter>
        <GlobalStyles /><PortalContainer />
        <div style={{ minHeight: "100vh", background: theme.colors.background.canvas, color: theme.colors.text.primary, padding: 8 }}>
            <scene.Component model={scene} /></div></MemoryRouter></ThemeContext.Provider>);
    await drawn();
    await annotate(board, range);
}

async function annotate(board, range) {
    const asked = board.annotations.list.filter((one) => one.expr).map(async (one) =>
        (await prometheus.annotations(one, scene, range)).map((found) => ({ ...found, color: one.iconColor })));
    setAnnotations((await Promise.all(asked)).flat());
    await drawn();
}

/** The last number of each series that a panel shows, by its name there. */
const numbers = (series = []) => Object.fromEntries(series.flatMap((frame) => frame.fields
    .filter(({ type }) => type === "number")
    .map((field) => [getFieldDisplayName(field, frame, series), field.values.findLast((value) => value !== null)])));

/** What each panel got: {title, type, state, error, frames, numbers}; and what the whole is like. */
function said() {
    return panels().map((panel) => {
        const data = panel.state.$data?.state.data;
        return { key: panel.state.key, title: panel.state.title, type: panel.state.pluginId, state: stateOf(panel),
                 error: data?.errors?.[0]?.message ?? panel.state._pluginLoadError, frames: data?.series?.length ?? 0,
                 numbers: numbers(data?.series) };
    });
}

window.coldspan = { begin, draw, drawn, said, measure: () => measure(said()) };
