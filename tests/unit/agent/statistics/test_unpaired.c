/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/statistics/unpaired, against a published example and SciPy's exact tests. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <math.h>

#include "agent/statistics/unpaired.h"
#include "tests/unit/agent/statistics/scipy.h"

#define SHUFFLES 20000u

static void expect(double got, double wanted, double within)
{
	cr_assert(lt(dbl, fabs(got - wanted), within), "%.6g is not %.6g", got, wanted);
}

/*
 * Hollander and Wolfe, examples 4.1 to 4.4: permeability of a membrane in two groups. They give -0.305 as the
 * estimate of the shift.
 */
Test(unpaired, a_published_example)
{
	static const double term[] = { 0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46 };
	static const double early[] = { 1.15, 0.88, 0.90, 0.74, 1.21 };
	double first[10], second[5];
	struct cs_paired_ratio ratio;

	for (int i = 0; i < 10; i++)
		first[i] = exp(term[i]);
	for (int i = 0; i < 5; i++)
		second[i] = exp(early[i]);
	cr_assert(zero(int, cs_unpaired_ratio(first, 10, second, 5, 0.02, &ratio)));
	expect(log(ratio.estimate), -0.305, 1e-9);
	cr_assert(lt(dbl, log(ratio.lower), -0.305));
	cr_assert(lt(dbl, -0.305, log(ratio.upper)));
}

Test(unpaired, shifts_and_their_bounds_are_those_of_scipy)
{
	for (size_t i = 0; i < scipy_shifts_count; i++) {
		struct cs_paired_ratio ratio;

		cr_assert(zero(int,
			       cs_unpaired_ratio(scipy_shifts[i].first, 8, scipy_shifts[i].second,
						 10, scipy_shifts[i].alpha, &ratio)));
		expect(log(ratio.estimate), scipy_shifts[i].estimate, 1e-9);
		expect(log(ratio.lower), scipy_shifts[i].lower, 1e-9);
		expect(log(ratio.upper), scipy_shifts[i].upper, 1e-9);
	}
}

Test(unpaired, too_few_have_no_bounds)
{
	static const double first[] = { 1, 2 }, second[] = { 2, 4 };
	struct cs_paired_ratio ratio;

	cr_assert(zero(int, cs_unpaired_ratio(first, 2, second, 2, 0.05, &ratio)));
	expect(ratio.estimate, 2, 1e-9);
	cr_assert(zero(dbl, ratio.lower));
	cr_assert(isinf(ratio.upper));
}

Test(unpaired, what_took_no_time_is_refused)
{
	static const double good[] = { 1, 2, 3 }, bad[] = { 1, 0 };
	struct cs_paired_ratio ratio;
	double chance;

	cr_assert(eq(int, cs_unpaired_ratio(good, 3, bad, 2, 0.05, &ratio), -EINVAL));
	cr_assert(eq(int, cs_unpaired_ratio(bad, 2, good, 3, 0.05, &ratio), -EINVAL));
	cr_assert(eq(int, cs_unpaired_ratio(good, 4096, good, 4096, 0.05, &ratio), -E2BIG));
	cr_assert(eq(int, cs_unpaired_tail_chance(bad, 2, good, 3, 0.9, 10, 1, &chance), -EINVAL));
}

/* Within four standard errors of what all divisions, enumerated, give. */
Test(unpaired, chances_are_those_of_scipy)
{
	for (size_t i = 0; i < scipy_divisions_count; i++) {
		double chance = 0, wanted = scipy_divisions[i].chance;

		cr_assert(zero(int, cs_unpaired_tail_chance(scipy_divisions[i].first, 6,
							    scipy_divisions[i].second, 7, 0.8,
							    SHUFFLES, 7, &chance)));
		expect(chance, wanted, 4 * sqrt(wanted * (1 - wanted) / SHUFFLES) + 1e-4);
	}
}
