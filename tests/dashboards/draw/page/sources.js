// SPDX-License-Identifier: Apache-2.0
// Data sources: a Prometheus that is asked over HTTP, as Grafana's own asks it.
import { DataSourceApi, FieldType, rangeUtil, toDataFrame } from "@grafana/data";
import { sceneGraph } from "@grafana/scenes";

function settings(uid, type, name) {
    return { uid, type, name, id: 1, isDefault: true, jsonData: {}, readOnly: false, access: "proxy",
             meta: { id: type, name, metrics: true, tracing: type === "tempo", info: { logos: { small: "", large: "" } } } };
}

/** Values of variables, written into a query as Grafana's Prometheus writes them. */
export function filledIn(expr, scopedVars) {
    const scene = scopedVars?.__sceneObject?.value?.valueOf?.();
    const regex = (value) => Array.isArray(value) ? (value.length === 1 ? value[0] : `(${value.join("|")})`) : value;
    return scene ? sceneGraph.interpolate(scene, expr, scopedVars, regex) : expr;
}

const named = (format, labels) => format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name) => labels[name] ?? "");
const allLabels = (labels) => "{" + Object.entries(labels).map(([k, v]) => `${k}="${v}"`).join(", ") + "}";

function nameOf(target, labels) {
    if (target.legendFormat && target.legendFormat !== "__auto") return named(target.legendFormat, labels);
    return Object.keys(labels).length ? allLabels(labels) : target.refId;
}

/** What is no number, Grafana draws as nothing. */
const number = (text) => (Number.isFinite(+text) ? +text : null);

function lines(target, answer) {
    return answer.result.map(({ metric, values, value }) => {
        const points = values ?? [value], name = nameOf(target, metric);
        return toDataFrame({ refId: target.refId, name, fields: [
            { name: "Time", type: FieldType.time, values: points.map(([at]) => at * 1000) },
            { name: "Value", type: FieldType.number, labels: metric, config: { displayNameFromDS: name },
              values: points.map(([, text]) => number(text)) }] });
    });
}

function asTable(target, answer) {
    const labels = [...new Set(answer.result.flatMap(({ metric }) => Object.keys(metric)))].sort();
    return [toDataFrame({ refId: target.refId, fields: [
        { name: "Time", type: FieldType.time, values: answer.result.map(({ value }) => value[0] * 1000) },
        ...labels.map((label) => ({ name: label, type: FieldType.string, values: answer.result.map(({ metric }) => metric[label] ?? "") })),
        { name: `Value #${target.refId}`, type: FieldType.number, values: answer.result.map(({ value }) => number(value[1])) }] })];
}

export class Prometheus extends DataSourceApi {
    constructor(address, scrapeS) {
        const own = settings("prometheus", "prometheus", "Prometheus");
        super(own);
        Object.assign(this, { address, scrapeS, settings: own, asked: 0 });
    }

    async ask(what, params) {
        this.asked++;
        const answer = await fetch(`${this.address}/api/v1/${what}?${new URLSearchParams(params)}`);
        const said = await answer.json();
        if (said.status !== "success") throw new Error(`${said.error}: ${params.query}`);
        return said.data;
    }

    async query(request) {
        const start = request.range.from.unix(), end = request.range.to.unix();
        const step = Math.max(this.scrapeS, rangeUtil.roundInterval((end - start) * 1000 / (request.maxDataPoints || 1000)) / 1000);
        const found = await Promise.all(request.targets.filter((target) => !target.hide).map(async (target) => {
            const expr = filledIn(target.expr
                .replaceAll("$__rate_interval", `${Math.max(step + this.scrapeS, 4 * this.scrapeS)}s`)
                .replaceAll("$__range_s", `${end - start}`).replaceAll("$__range", `${end - start}s`).replaceAll("$__interval", `${step}s`), request.scopedVars);
            const answer = target.instant ? await this.ask("query", { query: expr, time: end })
                : await this.ask("query_range", { query: expr, start: Math.ceil(start / step) * step, end, step });
            return target.format === "table" ? asTable(target, answer) : lines(target, answer);
        }));
        return { data: found.flat() };
    }

    /** Of variables: label_values(selector, label). */
    async metricFindQuery(query, options) {
        const [, selector, label] = /^label_values\((.*), *(\w+)\)$/.exec(filledIn(query.query ?? query, options.scopedVars));
        const { from, to } = options.range;
        const values = await this.ask(`label/${label}/values`, { "match[]": selector, start: from.unix(), end: to.unix() });
        return values.map((text) => ({ text }));
    }

    /** Of annotations: [{text, from, to}] in milliseconds; what follows at once is one. */
    async annotations({ expr, titleFormat }, scene, { from, to }) {
        const step = 60, range = { start: from.unix(), end: to.unix(), step };
        const { result } = await this.ask("query_range", { query: filledIn(expr, { __sceneObject: { value: { valueOf: () => scene } } }), ...range });
        return result.flatMap(({ metric, values }) => {
            const text = named(titleFormat, metric), times = values.map(([at]) => at * 1000);
            const begins = times.filter((at, i) => !i || at - times[i - 1] > step * 1000);
            return begins.map((at) => ({ text, from: at }));
        });
    }

    async testDatasource() { return {}; }
}

/** A Tempo that knows what it was given: {frames by refId}. Nothing of TraceQL is understood here. */
export class Tempo extends DataSourceApi {
    constructor() {
        const own = settings("tempo", "tempo", "Tempo");
        super(own);
        Object.assign(this, { settings: own, known: {} });
    }

    async query(request) {
        const targets = request.targets.filter((target) => !target.hide);
        return { data: targets.flatMap((target) => this.known[filledIn(target.query, request.scopedVars)] ?? []).map(toDataFrame) };
    }

    async testDatasource() { return {}; }
}
