// SPDX-License-Identifier: Apache-2.0
// Queries: selectors, rates and quantiles, in the one form that all boards use. What they may name stands
// in collector/metrics/instruments.h; how Prometheus calls it: docs/metrics.md.

/** Of which collectors: in every selector. */
export const collector = 'job=~"$job",instance=~"$instance"';

/** Of which functions. Grafana escapes for regular expressions by itself only what may be several. */
export const named = 'faas_name=~"${faas_name:regex}"';

/** Series of functions. */
export const of = (metric, labels = "") =>
    `${metric}{${collector},${named},faas_version=~"$faas_version"${labels && "," + labels}}`;

/** Series of the collector itself. */
export const own = (metric, labels = "") => `${metric}{${collector}${labels && "," + labels}}`;

export const by = (labels) => (labels ? ` by (${labels})` : "");

export const rate = (series, labels) => `sum${by(labels)}(rate(${series}[$__rate_interval]))`;
export const increase = (series, labels) => `sum${by(labels)}(increase(${series}[$__range]))`;

/** A sum that is 0 where there was none of it, but something of `beside`. */
export const orZero = (sum, beside) => `(${sum} or ${beside} * 0)`;

/** Successes and errors: semantic conventions count an invocation in one of them alone. */
export function invocations(labels, over = rate) {
    const good = over(of("faas_invocations_total"), labels), bad = over(of("faas_errors_total"), labels);
    return `(${orZero(good, bad)} + ${orZero(bad, good)})`;
}

export const ratio = (part, whole) => `${part} / (${whole} > 0)`;

/**
 * A quantile: out of native histograms, and where Prometheus has none, out of explicit buckets.
 * `labels`: of the result.
 */
export function quantile(q, metric, selector, labels, over = "$__rate_interval") {
    const native = `histogram_quantile(${q}, sum${by(labels)}(rate(${selector(metric)}[${over}])))`;
    const le = labels ? `${labels}, le` : "le";
    const classic =
        `histogram_quantile(${q}, sum by (${le})(rate(${selector(metric + "_bucket")}[${over}])))`;
    return `(${native} or ${classic}) >= 0`; // where nothing happened it is no number
}

/** Share of invocations that did not succeed. */
export const errorRatio = (labels) =>
    ratio(orZero(rate(of("faas_errors_total"), labels), invocations(labels)), invocations(labels));

/** Mean of a histogram over the whole range, by labels. */
export const meanOfRange = (metric, labels, selector = of) =>
    ratio(increase(selector(metric + "_sum"), labels), increase(selector(metric + "_count"), labels));

/** Mean of a histogram. */
export function mean(metric, selector, labels) {
    const part = (suffix) => rate(selector(metric + suffix), labels);
    return ratio(part("_sum"), part("_count"));
}

/** Share of invocations that were the first of their instance, whatever it was started for. */
export function coldInvocations(labels) {
    const count = (only) => rate(of("faas_invoke_duration_seconds_count", only), labels);
    return ratio(orZero(count('faas_coldstart="true"'), count()), count());
}
