/* SPDX-License-Identifier: Apache-2.0 */

/* Tails of the binomial distribution; see binomial.h. */
#include "agent/statistics/binomial.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>

static double log_factorial(uint32_t n)
{
	int sign;

	return lgamma_r((double)n + 1, &sign);
}

static double probability(uint32_t n, double p, uint32_t k)
{
	return exp(log_factorial(n) - log_factorial(k) - log_factorial(n - k) + k * log(p) +
		   (n - k) * log1p(-p));
}

/*
 * The sum from @k on, away from the mode, in ratios of neighbours: terms fall, so it may end when they
 * add nothing any more.
 */
static double sum_from(uint32_t n, double p, uint32_t k, bool upwards)
{
	double odds = p / (1 - p), term = probability(n, p, k), sum = 0;

	for (;;) {
		sum += term;
		if (k == (upwards ? n : 0) || term < sum * 1e-17)
			return sum;
		if (upwards) {
			term *= odds * (n - k) / (k + 1.0);
			k++;
		} else {
			term *= k / (odds * (n - k + 1.0));
			k--;
		}
	}
}

double cs_binomial_tail(uint32_t n, double p, uint32_t k)
{
	if (!k)
		return 1;
	if (k > n)
		return 0;
	if (k > (n + 1.0) * p)
		return sum_from(n, p, k, true);
	return 1 - sum_from(n, p, k - 1, false);
}

uint32_t cs_binomial_enough(uint32_t n, double p, double alpha)
{
	uint32_t low = 0, high = n + 1;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (cs_binomial_tail(n, p, middle) <= alpha)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

int cs_binomial_few(uint32_t n, double p, double alpha, uint32_t *ret)
{
	/* P(X <= m) of p is P(X >= n - m) of 1 - p. */
	uint32_t enough = cs_binomial_enough(n, 1 - p, alpha);

	if (enough > n)
		return -ERANGE;
	*ret = n - enough;
	return 0;
}
