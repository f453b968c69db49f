// SPDX-License-Identifier: Apache-2.0
// Panels. What draws them is Grafana's (@grafana/ui); the plugins of Grafana's program, which are no package, are
// written anew here as thin as they go. The heatmap and the traces are ours: README.md.
import React from "react";
import { cacheFieldDisplayNames, FieldColorModeId, FieldType, getDisplayValueAlignmentFactors, getFieldDisplayValues, getValueFormat,
         formattedValueToString, PanelPlugin, renderTextPanelMarkdown } from "@grafana/data";
import { BarGauge, BigValue, TimeSeries, useTheme2, VizRepeater } from "@grafana/ui";
import { TableNG } from "@grafana/ui/unstable";
import { sceneGraph } from "@grafana/scenes";

const custom = (properties) => (builder) => {
    for (const [path, defaultValue] of Object.entries(properties))
        builder.addCustomEditor({ id: path, path, name: path, editor: () => null, override: () => null,
                                  process: (value) => value, shouldApply: (field) => path !== "axisLabel" || field.type !== FieldType.time, defaultValue });
};

const empty = (data) => !data.series.some((frame) => frame.length && frame.fields.some((field) =>
    field.type !== FieldType.time && field.values.some((value) => value !== null && value !== undefined)));

/** Says what Grafana says where there is nothing to draw. */
function Nothing({ fieldConfig, width, height }) {
    return <div className="nothing" style={{ width, height, display: "flex", alignItems: "center", justifyContent: "center" }}>
        {fieldConfig.defaults.noValue ?? "No data"}</div>;
}

const orNothing = (Panel) => (props) => (empty(props.data) ? <Nothing {...props} /> : <Panel {...props} />);

// --- time series -----------------------------------------------------------------------------------

const happened = { list: [], plots: new Set() };

export function setAnnotations(list) {
    happened.list = list;
    for (const plot of happened.plots) plot.redraw(false);
}

/** Lines where something happened, as Grafana draws them over its plots. */
function marks(theme) {
    return (builder) => {
        if (builder.marked) return null;
        builder.marked = true;
        builder.addHook("init", (plot) => happened.plots.add(plot));
        builder.addHook("destroy", (plot) => happened.plots.delete(plot));
        builder.addHook("draw", (plot) => {
            for (const { from, color } of happened.list) {
                const x = plot.valToPos(from, "x", true), { top, height, left, width } = plot.bbox;
                if (x < left || x > left + width) continue;
                plot.ctx.save();
                plot.ctx.strokeStyle = plot.ctx.fillStyle = theme.visualization.getColorByName(color);
                plot.ctx.setLineDash([3, 3]);
                plot.ctx.beginPath();
                plot.ctx.moveTo(x, top);
                plot.ctx.lineTo(x, top + height);
                plot.ctx.stroke();
                plot.ctx.beginPath();
                plot.ctx.moveTo(x - 4, top + height + 6);
                plot.ctx.lineTo(x, top + height);
                plot.ctx.lineTo(x + 4, top + height + 6);
                plot.ctx.fill();
                plot.ctx.restore();
            }
        });
        return null;
    };
}

const Lines = orNothing(({ data, timeRange, timeZone, width, height, options }) => {
    const theme = useTheme2();
    return <TimeSeries frames={data.series} structureRev={data.structureRev} timeRange={timeRange} timeZone={timeZone}
                       width={width} height={height} legend={options.legend} options={options}>
        {marks(theme)}</TimeSeries>;
});

const timeseries = new PanelPlugin(Lines).useFieldConfig({
    standardOptions: { color: { defaultValue: { mode: FieldColorModeId.PaletteClassic } } },
    useCustomConfig: custom({
        drawStyle: "line", lineInterpolation: "linear", lineWidth: 1, lineStyle: { fill: "solid" }, fillOpacity: 0, gradientMode: "none",
        spanNulls: false, insertNulls: false, showPoints: "auto", pointSize: 5, stacking: { mode: "none", group: "A" }, barAlignment: 0,
        barWidthFactor: 0.6, axisPlacement: "auto", axisColorMode: "text", axisBorderShow: false, axisLabel: undefined, axisWidth: undefined,
        axisSoftMin: undefined, axisSoftMax: undefined, axisGridShow: undefined, axisCenteredZero: false, scaleDistribution: { type: "linear" },
        hideFrom: { tooltip: false, viz: false, legend: false }, thresholdsStyle: { mode: "off" } }),
});

// --- stat, bar gauge -------------------------------------------------------------------------------

function values({ data, fieldConfig, options, replaceVariables, timeZone }, theme, sparkline) {
    return getFieldDisplayValues({ fieldConfig, theme, replaceVariables, timeZone, data: data.series, sparkline,
        reduceOptions: { calcs: ["lastNotNull"], ...options.reduceOptions } });
}

function Stat(props) {
    const theme = useTheme2(), { options, width, height } = props, all = values(props, theme, options.graphMode !== "none");
    return <VizRepeater getValues={() => all} width={width} height={height} source={props.data} itemSpacing={3} autoGrid
                        renderCounter={props.renderCounter} orientation="auto"
                        getAlignmentFactors={getDisplayValueAlignmentFactors}
                        renderValue={({ value, width, height, alignmentFactors, count }) =>
        <BigValue value={value.display} sparkline={value.sparkline} count={count} alignmentFactors={alignmentFactors} theme={theme}
                  colorMode={options.colorMode} graphMode={options.graphMode} justifyMode={options.justifyMode ?? "auto"}
                  textMode={options.textMode} width={width} height={height} />} />;
}

const stat = new PanelPlugin(Stat).useFieldConfig({ standardOptions: { color: { defaultValue: { mode: FieldColorModeId.Thresholds } } } });

const Bars = orNothing((props) => {
    const theme = useTheme2(), { options, width, height } = props, all = values(props, theme, false);
    return <VizRepeater getValues={() => all} width={width} height={height} source={props.data} itemSpacing={10}
                        orientation={options.orientation} renderCounter={props.renderCounter} minVizWidth={options.minVizWidth ?? 8}
                        minVizHeight={options.minVizHeight ?? 16} maxVizHeight={options.maxVizHeight ?? 300}
                        getAlignmentFactors={getDisplayValueAlignmentFactors}
                        renderValue={({ value, width, height, orientation, alignmentFactors }) =>
        <BarGauge value={value.display} field={value.field} display={value.view?.getFieldDisplayProcessor(value.colIndex ?? 0)}
                  width={width} height={height} orientation={orientation} text={options.text} theme={theme} itemSpacing={10} lcdCellWidth={12}
                  displayMode={options.displayMode} alignmentFactors={alignmentFactors} showUnfilled={options.showUnfilled}
                  valueDisplayMode={options.valueMode} namePlacement={options.namePlacement ?? "auto"} />} />;
});

const bargauge = new PanelPlugin(Bars).useFieldConfig({ standardOptions: { color: { defaultValue: { mode: FieldColorModeId.Thresholds } } } });

// --- table -----------------------------------------------------------------------------------------

const Table = orNothing(({ data, width, height, options, fieldConfig, timeRange }) => {
    cacheFieldDisplayNames(data.series);
    return <TableNG data={data.series[0]} width={width} height={height} structureRev={data.structureRev} fieldConfig={fieldConfig}
             showTypeIcons={false} sortBy={options.sortBy} cellHeight={options.cellHeight ?? "sm"} timeRange={timeRange}
             noHeader={!(options.showHeader ?? true)} enableVirtualization={false} getActions={() => []} />;
});

const table = new PanelPlugin(Table).useFieldConfig({
    standardOptions: { color: { defaultValue: { mode: FieldColorModeId.Thresholds } } },
    useCustomConfig: custom({ align: "auto", cellOptions: { type: "auto" }, minWidth: 50, width: undefined, inspect: false, filterable: false,
                              wrapText: false, wrapHeaderText: false, hideFrom: { viz: false } }),
});

// --- text ------------------------------------------------------------------------------------------

const text = new PanelPlugin(({ options, width, height }) =>
    <div className="markdown-html" style={{ width, height, overflow: "hidden" }}
         dangerouslySetInnerHTML={{ __html: renderTextPanelMarkdown(options.content) }} />);

// --- heatmap: ours ---------------------------------------------------------------------------------

const ORANGES = [[255, 245, 235], [253, 208, 162], [253, 141, 60], [217, 72, 1], [127, 39, 4]];

function mixed(share, dark) {
    const at = (dark ? 1 - share : share) * (ORANGES.length - 1), i = Math.min(Math.floor(at), ORANGES.length - 2);
    return `rgb(${ORANGES[i].map((from, c) => Math.round(from + (ORANGES[i + 1][c] - from) * (at - i)))})`;
}

/** [{le, counts by time}], from cumulative buckets; what no start is in is left out at both ends. */
function bands(series) {
    const upper = series.map((frame) => ({ le: Number(frame.name === "+Inf" ? Infinity : frame.name), frame })).sort((a, b) => a.le - b.le);
    const times = [...new Set(upper.flatMap(({ frame }) => frame.fields[0].values))].sort((a, b) => a - b);
    const cumulative = upper.map(({ frame }) => new Map(frame.fields[0].values.map((at, i) => [at, frame.fields[1].values[i]])));
    const all = upper.map(({ le }, i) => ({ le, counts: times.map((at) => Math.max(0, (cumulative[i].get(at) ?? 0) - (i ? cumulative[i - 1].get(at) ?? 0 : 0))) }));
    const used = all.map(({ counts }) => counts.some((count) => count > 0.01));
    return { times, rows: all.slice(used.indexOf(true), used.lastIndexOf(true) + 1) };
}

const Heatmap = orNothing(({ data, width, height, timeRange, options }) => {
    const theme = useTheme2(), canvas = React.useRef(), { times, rows } = bands(data.series);
    React.useEffect(() => {
        const ctx = canvas.current.getContext("2d"), left = 60, bottom = 20, from = timeRange.from.valueOf(), to = timeRange.to.valueOf();
        const format = getValueFormat(options.yAxis?.unit ?? "short"), largest = Math.max(...rows.flatMap(({ counts }) => counts));
        const x = (at) => left + (width - left) * (at - from) / (to - from), tall = (height - bottom) / rows.length;
        const step = times[1] - times[0] || 60000;
        ctx.clearRect(0, 0, width, height);
        rows.forEach(({ le, counts }, i) => {
            const y = height - bottom - (i + 1) * tall;
            counts.forEach((count, j) => {
                if (count <= 0.01) return;
                ctx.fillStyle = mixed(Math.sqrt(count / largest), theme.isDark);
                ctx.fillRect(x(times[j] - step), y, x(times[j]) - x(times[j] - step) - 1, tall - 1);
            });
            if (i % Math.max(1, Math.ceil(14 / tall)) === 0 && y > 6) {
                Object.assign(ctx, { fillStyle: theme.colors.text.primary, font: `12px ${theme.typography.fontFamily}`, textAlign: "right", textBaseline: "middle" });
                ctx.fillText(formattedValueToString(format(le)), left - 6, y);
            }
        });
        Object.assign(ctx, { fillStyle: theme.colors.text.primary, textAlign: "center", textBaseline: "bottom" });
        const every = [600, 900, 1800, 3600].map((s) => s * 1000).find((ms) => (to - from) / ms < width / 70) ?? 7200000;
        for (let at = Math.ceil(from / every) * every; at < to; at += every)
            if (x(at) < width - 20) ctx.fillText(new Date(at).toISOString().slice(11, 16), x(at), height);
    });
    return <canvas ref={canvas} width={width} height={height} />;
});

const heatmap = new PanelPlugin(Heatmap).useFieldConfig({ useCustomConfig: custom({ hideFrom: { viz: false }, scaleDistribution: { type: "linear" } }) });

// --- traces: ours ----------------------------------------------------------------------------------

const Traces = orNothing(({ data, width, height }) => {
    const theme = useTheme2(), frame = data.series[0], get = (name) => frame.fields.find((field) => field.name === name).values;
    const starts = get("startTime"), durations = get("duration"), names = get("operationName"), parents = get("parentSpanID"), ids = get("spanID");
    const begin = Math.min(...starts), whole = Math.max(...starts.map((at, i) => at + durations[i])) - begin, format = getValueFormat("ms");
    const depth = (i) => (parents[i] ? 1 + depth(ids.indexOf(parents[i])) : 0), label = 260;
    return <div style={{ width, height, overflowY: "auto", fontSize: 12 }}>
        {names.map((name, i) => <div key={i} style={{ display: "flex", alignItems: "center", height: 24 }}>
            <div style={{ width: label, paddingLeft: 12 * depth(i), flex: "none" }}>{name}</div>
            <div style={{ position: "relative", flex: 1, height: 24, display: "flex", alignItems: "center" }}>
                <div style={{ position: "absolute", left: `${(starts[i] - begin) / whole * 85}%`, width: `max(2px, ${durations[i] / whole * 85}%)`, height: 10,
                              background: theme.visualization.palette[depth(i) + 1] && theme.visualization.getColorByName("blue") }} />
                <div style={{ position: "absolute", left: `calc(${(starts[i] - begin + durations[i]) / whole * 85}% + 6px)` }}>{formattedValueToString(format(durations[i]))}</div>
            </div></div>)}</div>;
});

const traces = new PanelPlugin(Traces).useFieldConfig();

export const plugins = { timeseries, stat, bargauge, table, text, heatmap, traces };
for (const [id, plugin] of Object.entries(plugins))
    plugin.meta = { id, name: id, type: "panel", module: "", baseUrl: "", info: { version: "1", logos: { small: "", large: "" } } };
