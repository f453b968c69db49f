/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/statistics/paired, against a published example and SciPy's exact permutations. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <math.h>

#include "agent/statistics/paired.h"
#include "tests/unit/agent/statistics/scipy.h"

#define SWAPS 20000u

static void expect(double got, double wanted, double within)
{
	cr_assert(lt(dbl, fabs(got - wanted), within), "%.6g is not %.6g", got, wanted);
}

/*
 * Hollander and Wolfe, example 3.1: depression scale factors of nine patients before and after. They give
 * -0.46 as the estimate, and for confidence 96 % the bounds -0.786 and -0.010.
 */
Test(paired, a_published_example)
{
	static const double before[] = { 1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30 };
	static const double after[] = { 0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29 };
	double first[9], second[9];
	struct cs_paired_ratio ratio;

	for (int i = 0; i < 9; i++) {
		first[i] = exp(before[i]);
		second[i] = exp(after[i]);
	}
	cr_assert(zero(int, cs_paired_ratio(first, second, 9, 0.02, &ratio)));
	expect(log(ratio.estimate), -0.46, 1e-9);
	expect(log(ratio.lower), -0.786, 1e-9);
	expect(log(ratio.upper), -0.010, 1e-9);
}

Test(paired, what_slows_both_halves_of_a_pair_cancels_out)
{
	double first[30], second[30];
	struct cs_paired_ratio ratio;

	for (int i = 0; i < 30; i++) {
		double neighbour = i % 7 == 3 ? 5 : 1;

		first[i] = 100 * neighbour;
		second[i] = 110 * neighbour;
	}
	cr_assert(zero(int, cs_paired_ratio(first, second, 30, 0.05, &ratio)));
	expect(ratio.estimate, 1.1, 1e-9);
	expect(ratio.lower, 1.1, 1e-9);
	expect(ratio.upper, 1.1, 1e-9);
}

Test(paired, too_few_pairs_have_no_bounds)
{
	static const double first[] = { 1, 2, 3, 4 }, second[] = { 2, 4, 6, 8 };
	struct cs_paired_ratio ratio;

	cr_assert(zero(int, cs_paired_ratio(first, second, 4, 0.05, &ratio)));
	expect(ratio.estimate, 2, 1e-9);
	cr_assert(zero(dbl, ratio.lower));
	cr_assert(isinf(ratio.upper));
}

Test(paired, what_took_no_time_is_refused)
{
	static const double good[] = { 1, 2, 3 }, bad[] = { 1, 0, 3 },
			    worse[] = { 1, (double)NAN, 3 };
	struct cs_paired_ratio ratio;
	double chance;

	cr_assert(eq(int, cs_paired_ratio(good, bad, 3, 0.05, &ratio), -EINVAL));
	cr_assert(eq(int, cs_paired_ratio(worse, good, 3, 0.05, &ratio), -EINVAL));
	cr_assert(eq(int, cs_paired_tail_chance(bad, good, 3, 0.9, 10, 1, &chance), -EINVAL));
	cr_assert(eq(int, cs_paired_ratio(good, good, CS_PAIRS_MAX + 1, 0.05, &ratio), -E2BIG));
}

/* Estimates and bounds of differences of logarithms. */
Test(paired, estimates_and_bounds_are_those_of_scipy)
{
	for (size_t i = 0; i < scipy_pairs_count; i++) {
		struct cs_paired_ratio ratio;

		cr_assert(zero(int, cs_paired_ratio(scipy_pairs[i].first, scipy_pairs[i].second,
						    scipy_pairs[i].count, scipy_pairs[i].alpha,
						    &ratio)));
		expect(log(ratio.estimate), scipy_pairs[i].estimate, 1e-12);
		expect(log(ratio.lower), scipy_pairs[i].lower, 1e-12);
		expect(log(ratio.upper), scipy_pairs[i].upper, 1e-12);
	}
}

/* Within four standard errors of what all exchanges, enumerated, give. */
Test(paired, chances_are_those_of_scipy)
{
	for (size_t i = 0; i < scipy_chances_count; i++) {
		double chance = 0, wanted = scipy_chances[i].chance;

		cr_assert(zero(int, cs_paired_tail_chance(scipy_chances[i].first,
							  scipy_chances[i].second, 8, 0.8, SWAPS, 7,
							  &chance)));
		expect(chance, wanted, 4 * sqrt(wanted * (1 - wanted) / SWAPS) + 1e-4);
	}
}

Test(paired, the_same_seed_gives_the_same_answer)
{
	double one = 0, other = 0;

	cr_assert(zero(int, cs_paired_tail_chance(scipy_chances[1].first, scipy_chances[1].second,
						  8, 0.8, 500, 42, &one)));
	cr_assert(zero(int, cs_paired_tail_chance(scipy_chances[1].first, scipy_chances[1].second,
						  8, 0.8, 500, 42, &other)));
	cr_assert(zero(dbl, one - other));
}
