/* SPDX-License-Identifier: Apache-2.0 */

/* Quantiles and what samples prove of them; see quantile.h. */
#include "agent/statistics/quantile.h"

#include <math.h>
#include <stdlib.h>

#include "agent/statistics/binomial.h"

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void cs_samples_sort(double *samples, uint32_t count)
{
	qsort(samples, count, sizeof(*samples), compare);
}

bool cs_samples_positive(const double *samples, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!(samples[i] > 0) || isinf(samples[i]))
			return false;
	}
	return true;
}

double cs_samples_median(const double *sorted, uint32_t count)
{
	uint32_t half = count / 2;

	return count % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

uint32_t cs_quantile_rank(uint32_t count, double q)
{
	/* 0.95 * 20 is a little more than 19 in binary. */
	double rank = ceil(q * count - 1e-9);

	return rank < 1 ? 1 : (uint32_t)rank;
}

struct cs_quantile_ranks cs_quantile_ranks(uint32_t count, double q, double alpha)
{
	struct cs_quantile_ranks ranks = { .point = cs_quantile_rank(count, q) };
	/* Samples above the quantile are at most binomial(count, 1 - q): so many would be too many. */
	uint32_t too_many = cs_binomial_enough(count, 1 - q, alpha);
	/* Those at or below it are at least binomial(count, q). */
	uint32_t upper = cs_binomial_enough(count, q, alpha);

	ranks.lower = too_many <= count ? count - too_many + 1 : 0;
	ranks.upper = upper <= count ? upper : 0;
	return ranks;
}

uint32_t cs_quantile_provable_count(double q, double alpha)
{
	return (uint32_t)ceil(log(alpha) / log(q) - 1e-9);
}

enum cs_quantile_finding cs_quantile_judge(const double *sorted, uint32_t count, double q,
					   double max, double alpha,
					   struct cs_quantile_evidence *ret)
{
	struct cs_quantile_evidence evidence = {
		.count = count,
		.ranks = cs_quantile_ranks(count, q, alpha),
	};

	/* That many reach down to the lower bound. Without one not even all are too many. */
	evidence.too_many = count + 1 - evidence.ranks.lower;
	while (evidence.over < count && sorted[count - 1 - evidence.over] > max)
		evidence.over++;
	*ret = evidence;
	if (evidence.over >= evidence.too_many)
		return CS_QUANTILE_EXCEEDED;
	if (evidence.ranks.upper && sorted[evidence.ranks.upper - 1] <= max)
		return CS_QUANTILE_PROVED;
	return sorted[evidence.ranks.point - 1] <= max ? CS_QUANTILE_KEPT
						       : CS_QUANTILE_NOT_PROVABLE;
}
