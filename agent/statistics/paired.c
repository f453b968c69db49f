/* SPDX-License-Identifier: Apache-2.0 */

/* Ratios of measurements in pairs; see paired.h. */
#include "agent/statistics/paired.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "agent/statistics/coins.h"
#include "agent/statistics/quantile.h"
#include "agent/statistics/signed_rank.h"
#include "base/cleanup.h"

/* Means of all pairs of @values, each with itself too, sorted: @ret_count of them. */
static double *walsh_averages(const double *values, uint32_t count, uint32_t *ret_count)
{
	uint32_t used = 0, total = count * (count + 1) / 2;
	double *averages = malloc(total * sizeof(*averages));

	if (!averages)
		return NULL;
	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t j = i; j < count; j++)
			averages[used++] = (values[i] + values[j]) / 2;
	}
	cs_samples_sort(averages, used);
	*ret_count = used;
	return averages;
}

int cs_paired_ratio(const double *first, const double *second, uint32_t count, double alpha,
		    struct cs_paired_ratio *ret)
{
	cs_cleanup(cs_freep) double *logs = NULL, *averages = NULL;
	uint32_t averages_count, few;
	int r;

	if (count > CS_PAIRS_MAX)
		return -E2BIG;
	if (!cs_samples_positive(first, count) || !cs_samples_positive(second, count))
		return -EINVAL;
	logs = malloc(count * sizeof(*logs));
	if (!logs)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		logs[i] = log(second[i] / first[i]);
	averages = walsh_averages(logs, count, &averages_count);
	if (!averages)
		return -ENOMEM;
	r = cs_signed_rank_few(count, alpha, &few);
	if (r == -ENOMEM)
		return r;
	*ret = (struct cs_paired_ratio){
		.estimate = exp(cs_samples_median(averages, averages_count)),
		.lower = r < 0 ? 0 : exp(averages[few]),
		.upper = r < 0 ? (double)INFINITY : exp(averages[averages_count - 1 - few]),
	};
	return 0;
}

/* Halves of a pair change places where a coin says so. */
static void exchange(const double *first, const double *second, uint32_t count, uint64_t *state,
		     double *ret_first, double *ret_second)
{
	uint64_t coins = 0;

	for (uint32_t i = 0; i < count; i++) {
		bool swap;

		if (i % 64 == 0)
			coins = cs_coins_throw(state);
		swap = coins >> i % 64 & 1;
		ret_first[i] = swap ? second[i] : first[i];
		ret_second[i] = swap ? first[i] : second[i];
	}
}

static double tail_ratio(double *first, double *second, uint32_t count, uint32_t rank)
{
	cs_samples_sort(first, count);
	cs_samples_sort(second, count);
	return second[rank - 1] / first[rank - 1];
}

int cs_paired_tail_chance(const double *first, const double *second, uint32_t count, double q,
			  uint32_t swaps, uint64_t seed, double *ret)
{
	cs_cleanup(cs_freep) double *one = malloc(count * sizeof(*one));
	cs_cleanup(cs_freep) double *other = malloc(count * sizeof(*other));
	uint32_t rank = cs_quantile_rank(count, q), as_large = 1;
	uint64_t state = seed;
	double measured;

	if (!one || !other)
		return -ENOMEM;
	if (!cs_samples_positive(first, count) || !cs_samples_positive(second, count))
		return -EINVAL;
	for (uint32_t i = 0; i < count; i++) {
		one[i] = first[i];
		other[i] = second[i];
	}
	measured = tail_ratio(one, other, count, rank);
	for (uint32_t i = 0; i < swaps; i++) {
		exchange(first, second, count, &state, one, other);
		as_large += tail_ratio(one, other, count, rank) >= measured * (1 - 1e-12);
	}
	*ret = as_large / (swaps + 1.0);
	return 0;
}
