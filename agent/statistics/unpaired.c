/* SPDX-License-Identifier: Apache-2.0 */

/* Ratios of measurements that were made apart; see unpaired.h. */
#include "agent/statistics/unpaired.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "agent/statistics/coins.h"
#include "agent/statistics/quantile.h"
#include "agent/statistics/rank_sum.h"
#include "base/cleanup.h"

/* The logarithm of each of the second by each of the first, sorted. */
static double *differences(const double *first, uint32_t first_count, const double *second,
			   uint32_t second_count)
{
	uint32_t used = 0;
	double *all = malloc((size_t)first_count * second_count * sizeof(*all));

	if (!all)
		return NULL;
	for (uint32_t i = 0; i < first_count; i++) {
		for (uint32_t j = 0; j < second_count; j++)
			all[used++] = log(second[j] / first[i]);
	}
	cs_samples_sort(all, used);
	return all;
}

int cs_unpaired_ratio(const double *first, uint32_t first_count, const double *second,
		      uint32_t second_count, double alpha, struct cs_paired_ratio *ret)
{
	cs_cleanup(cs_freep) double *all = NULL;
	uint64_t pairs = (uint64_t)first_count * second_count, few;
	int r;

	if (pairs > CS_UNPAIRED_MAX)
		return -E2BIG;
	if (!cs_samples_positive(first, first_count) || !cs_samples_positive(second, second_count))
		return -EINVAL;
	all = differences(first, first_count, second, second_count);
	if (!all)
		return -ENOMEM;
	r = cs_rank_sum_few(first_count, second_count, alpha, &few);
	if (r == -ENOMEM)
		return r;
	*ret = (struct cs_paired_ratio){
		.estimate = exp(cs_samples_median(all, (uint32_t)pairs)),
		.lower = r < 0 ? 0 : exp(all[few]),
		.upper = r < 0 ? (double)INFINITY : exp(all[pairs - 1 - few]),
	};
	return 0;
}

/* Any order of them is as likely. Fisher and Yates; what the modulus prefers is below 1 in 2^40. */
static void shuffle(double *values, uint32_t count, uint64_t *state)
{
	for (uint32_t i = count; i > 1; i--) {
		uint32_t other = (uint32_t)(cs_coins_throw(state) % i);
		double value = values[i - 1];

		values[i - 1] = values[other];
		values[other] = value;
	}
}

static double tail_ratio(double *values, uint32_t first_count, uint32_t second_count, double q)
{
	cs_samples_sort(values, first_count);
	cs_samples_sort(values + first_count, second_count);
	return values[first_count + cs_quantile_rank(second_count, q) - 1] /
	       values[cs_quantile_rank(first_count, q) - 1];
}

int cs_unpaired_tail_chance(const double *first, uint32_t first_count, const double *second,
			    uint32_t second_count, double q, uint32_t shuffles, uint64_t seed,
			    double *ret)
{
	uint32_t count = first_count + second_count, as_large = 1;
	cs_cleanup(cs_freep) double *values = malloc(count * sizeof(*values));
	uint64_t state = seed;
	double measured;

	if (!values)
		return -ENOMEM;
	if (!cs_samples_positive(first, first_count) || !cs_samples_positive(second, second_count))
		return -EINVAL;
	memcpy(values, first, first_count * sizeof(*values));
	memcpy(values + first_count, second, second_count * sizeof(*values));
	measured = tail_ratio(values, first_count, second_count, q);
	for (uint32_t i = 0; i < shuffles; i++) {
		shuffle(values, count, &state);
		as_large +=
			tail_ratio(values, first_count, second_count, q) >= measured * (1 - 1e-12);
	}
	*ret = as_large / (shuffles + 1.0);
	return 0;
}
