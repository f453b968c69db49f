/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/statistics/rank_sum, against SciPy's and published tables. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <stdlib.h>

#include "agent/statistics/rank_sum.h"
#include "tests/unit/agent/statistics/scipy.h"

/* -1: none. */
static int few_of(uint32_t m, uint32_t n, double alpha)
{
	uint64_t few = 0;
	int r = cs_rank_sum_few(m, n, alpha, &few);

	cr_assert(r == 0 || r == -ERANGE);
	return r ? -1 : (int)few;
}

Test(rank_sum, few_are_those_of_scipy)
{
	for (size_t i = 0; i < scipy_sums_count; i++) {
		uint32_t m = scipy_sums[i].m, n = scipy_sums[i].n;

		cr_assert(eq(int, few_of(m, n, scipy_sums[i].alpha), scipy_sums[i].u),
			  "m %u n %u alpha %g", m, n, scipy_sums[i].alpha);
		cr_assert(eq(int, few_of(n, m, scipy_sums[i].alpha), scipy_sums[i].u));
	}
}

/* The table of Mann and Whitney, as it stands in textbooks: one-sided 0.05 and 0.01. */
Test(rank_sum, few_are_those_of_the_published_table)
{
	cr_assert(eq(int, few_of(5, 5, 0.05), 4));
	cr_assert(eq(int, few_of(10, 10, 0.05), 27));
	cr_assert(eq(int, few_of(20, 20, 0.05), 138));
	cr_assert(eq(int, few_of(10, 10, 0.01), 19));
	cr_assert(eq(int, few_of(20, 20, 0.01), 114));
}

Test(rank_sum, beyond_the_exact_ones_it_goes_on_smoothly)
{
	int exact = few_of(60, 60, 0.05), before = few_of(59, 60, 0.05);
	int beyond = few_of(61, 60, 0.05);

	cr_assert(lt(int, abs((beyond - exact) - (exact - before)), 3), "%d %d %d", before, exact,
		  beyond);
}
