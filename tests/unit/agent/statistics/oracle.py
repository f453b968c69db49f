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
    print("static const struct { double first[8]; double second[8]; double chance; } scipy_chances[] = {")
    for first, second, chance in chances():
        lists = [", ".join(repr(x) for x in values) for values in (first, second)]
        print(f"\t{{ {{ {lists[0]} }},\n\t  {{ {lists[1]} }}, {chance!r} }},")
    print("};")


main()
