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

/** Series of starts, but for those that were made before anybody asked: nobody waits for these. */
export const waitedFor = (metric, labels = "") =>
    of(metric, (labels && labels + ",") + 'coldspan_init_type!~"proactive|provisioned|fork_pool"');

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
 * A histogram's "count" or "sum", over the interval (rate) or the range (increase), of each series by its explicit
 * buckets or, where it has none beside them, of native ones: so that all collectors count, however each is scraped.
 */
const parts = (how, window) => (what, metric, labels, selector = of) =>
    `sum${by(labels)}(${how}(${selector(`${metric}_${what}`)}[${window}]) ` +
    `or histogram_${what}(${how}(${selector(metric)}[${window}])))`;
export const rateOf = parts("rate", "$__rate_interval");
export const increaseOf = parts("increase", "$__range");

/** How often it was no more than `bound`, which is one of its explicit ones. `bounds`: the regular expression of its `le`. */
const upTo = (how, window) => (bound, bounds, metric, labels, selector = of) => {
    const over = (series) => `${how}(${series}[${window}])`, native = over(selector(metric));
    return `sum${by(labels)}(${over(selector(metric + "_bucket", `le=~"${bounds}"`))} or ignoring (le) ` +
        `histogram_count(${native}) * (histogram_fraction(-Inf, ${bound}, ${native}) >= 0))`;
};
export const rateUpTo = upTo("rate", "$__rate_interval");
export const increaseUpTo = upTo("increase", "$__range");

/**
 * A quantile of all collectors, however each is scraped; `labels`: of the result. Where all have native histograms,
 * of these. Where one has explicit buckets alone, of the buckets of all; and of those that have none, native ones
 * alone: the two cannot be added, and the larger quantile is shown, which that of all together does not exceed.
 */
export function quantile(q, metric, selector, labels, over = "$__rate_interval") {
    const each = (suffix) => `rate(${selector(metric + suffix)}[${over}])`;
    const alone = `on (${labels ?? ""}) (${each("_count")} unless ${each("")})`;
    const native = `sum${by(labels)}(${each("")} unless (${each("_count")} and ${alone}))`;
    const classic = `sum by (${labels ? `${labels}, le` : "le"})(${each("_bucket")} and ${alone})`;
    // Where nothing happened it is no number.
    return `max${by(labels)}(histogram_quantile(${q}, ${native}) or ` +
        `label_replace(histogram_quantile(${q}, ${classic}), "of", "buckets", "", "")) >= 0`;
}

/** Share of invocations that did not succeed. */
export const errorRatio = (labels) =>
    ratio(orZero(rate(of("faas_errors_total"), labels), invocations(labels)), invocations(labels));

/** Mean of a histogram over the whole range, by labels. */
export const meanOfRange = (metric, labels, selector = of) =>
    ratio(increaseOf("sum", metric, labels, selector), increaseOf("count", metric, labels, selector));

/** Mean of a histogram. */
export const mean = (metric, selector, labels) =>
    ratio(rateOf("sum", metric, labels, selector), rateOf("count", metric, labels, selector));

/** Share of invocations that were the first of their instance, whatever it was started for. */
export function coldInvocations(labels) {
    const count = (only) => rateOf("count", "faas_invoke_duration_seconds", labels, (metric) => of(metric, only));
    return ratio(orZero(count('faas_coldstart="true"'), count()), count());
}
