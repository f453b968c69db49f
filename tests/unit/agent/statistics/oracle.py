#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What SciPy says of the distributions and tests that agent/statistics computes, as C tables.

Recorded with SciPy 1.14.1:  python3 tests/unit/agent/statistics/oracle.py > tests/unit/agent/statistics/scipy.inc
(SciPy is needed for that alone: the tests read what was recorded.)
"""
import numpy
import scipy
from scipy import stats

QUANTILES = (0.5, 0.75, 0.9, 0.95, 0.99)
COUNTS = (5, 10, 20, 30, 40, 59, 60, 72, 93, 100, 120, 200, 300, 1000, 100000)
ALPHAS = (0.05, 0.05 / 3, 0.01)


def rows(name, fields, values):
    print(f"static const struct {{ {fields} }} {name}[] = {{")
    for value in values:
        print("\t{ " + ", ".join(repr(x) for x in value) + " },")
    print("};\n")


def samples(name, fields, values):
    print(f"static const struct {{ {fields} }} {name}[] = {{")
    for first, second, *numbers in values:
        lists = [", ".join(repr(x) for x in values) for values in (first, second)]
        print(f"\t{{ {{ {lists[0]} }},\n\t  {{ {lists[1]} }}, {', '.join(repr(x) for x in numbers)} }},")
    print("};\n")


def tails():
    for n in COUNTS:
        for p in (0.5, 0.1, 0.05, 0.01, 0.95):
            mean = n * p
            for k in sorted({0, 1, int(mean), int(mean) + 1, int(mean + 3 * (mean * (1 - p)) ** 0.5) + 1, n}):
                tail = float(stats.binom.sf(k - 1, n, p))
                if tail > 1e-250:
                    yield n, p, k, tail


def enough():
    for n in COUNTS:
        for q in QUANTILES:
            for alpha in ALPHAS:
                k = next(k for k in range(int(n * (1 - q)), n + 2)
                         if k == n + 1 or stats.binom.sf(k - 1, n, 1 - q) <= alpha)
                yield n, 1 - q, alpha, int(k)


def bounds():
    """Ranks: the samples are 1..n, so that a bound is its own rank."""
    for n in COUNTS[:-1]:
        for q in QUANTILES:
            for alpha in ALPHAS:
                samples = numpy.arange(1.0, n + 1)
                level = 1 - alpha
                low = stats.quantile_test(samples, q=0, p=q, alternative="greater").confidence_interval(level).low
                high = stats.quantile_test(samples, q=0, p=q, alternative="less").confidence_interval(level).high
                yield (n, q, alpha, 0 if numpy.isnan(low) or numpy.isinf(low) else int(low),
                       0 if numpy.isnan(high) or numpy.isinf(high) else int(high))


def with_sum(n, w):
    """Differences whose ranks are 1..n and whose positive ranks add up to w."""
    signs = [-1] * n
    for rank in range(n, 0, -1):
        if rank <= w:
            signs[rank - 1], w = 1, w - rank
    return [sign * (i + 1) for i, sign in enumerate(signs)]


def few():
    for n in (1, 2, 4, 5, 6, 8, 10, 20, 30, 40, 50):
        for alpha in ALPHAS:
            w = -1
            while stats.wilcoxon(with_sum(n, w + 1), alternative="less", method="exact").pvalue <= alpha:
                w += 1
            yield n, alpha, w


def with_pairs(m, n, u):
    """m values and n others, of which u pairs have the first above the second."""
    first = []
    for i in range(m):
        below = min(u, n)
        u -= below
        first.append(below + 0.5 + i / (4 * m))
    return first, list(range(1, n + 1))


def sums():
    for m, n in ((1, 1), (1, 20), (3, 4), (5, 5), (8, 12), (20, 20), (30, 40), (60, 60)):
        for alpha in ALPHAS:
            few = [u for u in range(m * n // 2 + 1)
                   if stats.mannwhitneyu(*with_pairs(m, n, u), alternative="less", method="exact").pvalue <= alpha]
            yield m, n, alpha, max(few, default=-1)


def shifts():
    """Bounds by inversion of the test: beyond each its difference would be too large to be chance."""
    random = numpy.random.default_rng(12)
    for case in range(6):
        first = random.lognormal(3, 0.2, 8)
        second = random.lognormal(3 + case / 15, 0.2, 10)
        all_of = numpy.sort(numpy.log(numpy.divide.outer(second, first)).ravel())
        alpha = ALPHAS[case % 3]

        def refused(shift, alternative):
            return stats.mannwhitneyu(numpy.log(second) - shift, numpy.log(first), alternative=alternative,
                                      method="exact").pvalue <= alpha

        lower = max(d for d in all_of if refused(d - 1e-9, "greater"))
        upper = min(d for d in all_of if refused(d + 1e-9, "less"))
        yield (first.tolist(), second.tolist(), alpha, float(numpy.median(all_of)), float(lower), float(upper))


def pairs():
    """The estimate of Hodges and Lehmann, and Wilcoxon's bounds by inversion of the test, as of shifts()."""
    random = numpy.random.default_rng(14)
    for case, count in enumerate((6, 8, 12, 12, 20, 30)):
        first = random.lognormal(3, 0.3, count)
        second = first * random.lognormal(case / 20, 0.1, count)
        logs = numpy.log(second / first)
        means = numpy.sort(numpy.add.outer(logs, logs)[numpy.triu_indices(count)] / 2)
        alpha = ALPHAS[case % 3] if count > 6 else 0.05

        def refused(shift, alternative):
            return stats.wilcoxon(logs - shift, alternative=alternative, method="exact").pvalue <= alpha

        lower = max(mean for mean in means if refused(mean - 1e-9, "greater"))
        upper = min(mean for mean in means if refused(mean + 1e-9, "less"))
        rest = [0.0] * (30 - count)
        yield (first.tolist() + rest, second.tolist() + rest, count, alpha, float(numpy.median(means)), float(lower),
               float(upper))


def divisions():
    """Every division of all values into two, enumerated."""
    random = numpy.random.default_rng(13)
    for case in range(6):
        first = random.lognormal(3, 0.2, 6)
        second = random.lognormal(3 + case / 10, 0.2, 7)

        def ratio(x, y, axis=-1):
            x, y = numpy.sort(x, axis=axis), numpy.sort(y, axis=axis)
            return numpy.log(numpy.take(y, 5, axis=axis) / numpy.take(x, 4, axis=axis))

        done = stats.permutation_test((first, second), ratio, permutation_type="independent", alternative="greater",
                                      n_resamples=numpy.inf, vectorized=True)
        yield first.tolist(), second.tolist(), float(done.pvalue)


def chances():
    """Every exchange, enumerated."""
    random = numpy.random.default_rng(11)
    for case in range(6):
        first = random.lognormal(3, 0.2, 8)
        second = random.lognormal(3 + case / 15, 0.2, 8)

        def ratio(x, y, axis=-1):
            x, y = numpy.sort(x, axis=axis), numpy.sort(y, axis=axis)
            return numpy.log(numpy.take(y, 6, axis=axis) / numpy.take(x, 6, axis=axis))

        done = stats.permutation_test((first, second), ratio, permutation_type="samples", alternative="greater",
                                      n_resamples=numpy.inf, vectorized=True)
        yield first.tolist(), second.tolist(), float(done.pvalue)


def main():
    print("/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by oracle.py beside it with SciPy", scipy.__version__ + "; do not edit. */\n/* clang-format off */\n")
    rows("scipy_tails", "uint32_t n; double p; uint32_t k; double tail;", tails())
    rows("scipy_enough", "uint32_t n; double p; double alpha; uint32_t k;", enough())
    rows("scipy_bounds", "uint32_t n; double q; double alpha; uint32_t lower; uint32_t upper;", bounds())
    rows("scipy_few", "uint32_t n; double alpha; int w;", few())
    samples("scipy_chances", "double first[8]; double second[8]; double chance;", chances())
    rows("scipy_sums", "uint32_t m; uint32_t n; double alpha; int u;", sums())
    samples("scipy_shifts", "double first[8]; double second[10]; double alpha; double estimate; double lower; "
            "double upper;", shifts())
    samples("scipy_pairs", "double first[30]; double second[30]; uint32_t count; double alpha; double estimate; "
            "double lower; double upper;", pairs())
    samples("scipy_divisions", "double first[6]; double second[7]; double chance;", divisions())


main()
