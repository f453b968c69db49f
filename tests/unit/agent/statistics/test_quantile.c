/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/statistics/quantile; ranks against SciPy's quantile_test. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "agent/statistics/quantile.h"
#include "tests/unit/agent/statistics/scipy.h"

#define COUNT 60u

static double samples[COUNT];

/* 1 to COUNT, the largest @over of them above 1000. */
static void samples_with(uint32_t over)
{
	for (uint32_t i = 0; i < COUNT; i++)
		samples[i] = i + 1 + (i >= COUNT - over ? 1000 : 0);
}

static enum cs_quantile_finding judge(double q, uint32_t over, struct cs_quantile_evidence *ret)
{
	samples_with(over);
	return cs_quantile_judge(samples, COUNT, q, 1000, 0.05, ret);
}

Test(quantile, bounds_stand_where_scipy_has_them)
{
	for (size_t i = 0; i < scipy_bounds_count; i++) {
		struct cs_quantile_ranks ranks = cs_quantile_ranks(
			scipy_bounds[i].n, scipy_bounds[i].q, scipy_bounds[i].alpha);

		cr_assert(eq(u32, ranks.lower, scipy_bounds[i].lower), "lower: n %u q %g alpha %g",
			  scipy_bounds[i].n, scipy_bounds[i].q, scipy_bounds[i].alpha);
		cr_assert(eq(u32, ranks.upper, scipy_bounds[i].upper), "upper: n %u q %g alpha %g",
			  scipy_bounds[i].n, scipy_bounds[i].q, scipy_bounds[i].alpha);
	}
}

Test(quantile, the_point_is_the_nearest_rank)
{
	cr_assert(eq(u32, cs_quantile_ranks(20, 0.95, 0.05).point, 19));
	cr_assert(eq(u32, cs_quantile_ranks(20, 0.5, 0.05).point, 10));
	cr_assert(eq(u32, cs_quantile_ranks(21, 0.5, 0.05).point, 11));
	cr_assert(eq(u32, cs_quantile_ranks(1, 0.01, 0.05).point, 1));
}

Test(quantile, what_it_takes_to_prove_that_a_bound_is_kept)
{
	cr_assert(eq(u32, cs_quantile_provable_count(0.5, 0.05), 5));
	cr_assert(eq(u32, cs_quantile_provable_count(0.9, 0.05), 29));
	cr_assert(eq(u32, cs_quantile_provable_count(0.95, 0.05), 59));
	cr_assert(eq(u32, cs_quantile_provable_count(0.99, 0.05), 299));
}

Test(quantile, none_over_is_proved_where_there_are_enough)
{
	struct cs_quantile_evidence evidence;

	cr_assert(eq(int, (int)judge(0.95, 0, &evidence), CS_QUANTILE_PROVED));
	cr_assert(eq(int, (int)judge(0.99, 0, &evidence), CS_QUANTILE_KEPT));
}

Test(quantile, from_kept_to_exceeded_by_how_many_are_over)
{
	struct cs_quantile_evidence evidence;

	cr_assert(eq(int, (int)judge(0.95, 3, &evidence), CS_QUANTILE_KEPT));
	cr_assert(eq(int, (int)judge(0.95, 4, &evidence), CS_QUANTILE_NOT_PROVABLE));
	cr_assert(eq(int, (int)judge(0.95, 6, &evidence), CS_QUANTILE_NOT_PROVABLE));
	cr_assert(eq(int, (int)judge(0.95, 7, &evidence), CS_QUANTILE_EXCEEDED));
	cr_assert(eq(u32, evidence.over, 7));
	cr_assert(eq(u32, evidence.too_many, 7));
	cr_assert(eq(u32, evidence.count, COUNT));
}

Test(quantile, a_sample_at_the_bound_is_not_over_it)
{
	double same[] = { 7, 7, 7, 7, 7 };
	struct cs_quantile_evidence evidence;

	cr_assert(eq(int, (int)cs_quantile_judge(same, 5, 0.5, 7, 0.05, &evidence),
		     CS_QUANTILE_PROVED));
	cr_assert(eq(u32, evidence.over, 0));
}

Test(quantile, the_median_of_an_even_count_is_between_two)
{
	double odd[] = { 3, 1, 2 }, even[] = { 4, 1, 3, 2 };

	cs_samples_sort(odd, 3);
	cs_samples_sort(even, 4);
	cr_assert(ieee_ulp_eq(dbl, cs_samples_median(odd, 3), 2, 1));
	cr_assert(ieee_ulp_eq(dbl, cs_samples_median(even, 4), 2.5, 1));
}
