/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/statistics/signed_rank, against SciPy's and published tables. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <stdlib.h>

#include "agent/statistics/signed_rank.h"
#include "tests/unit/agent/statistics/scipy.h"

/* -1: none. */
static int few_of(uint32_t n, double alpha)
{
	uint32_t few = 0;
	int r = cs_signed_rank_few(n, alpha, &few);

	cr_assert(r == 0 || r == -ERANGE);
	return r ? -1 : (int)few;
}

Test(signed_rank, few_are_those_of_scipy)
{
	for (size_t i = 0; i < scipy_few_count; i++)
		cr_assert(eq(int, few_of(scipy_few[i].n, scipy_few[i].alpha), scipy_few[i].w),
			  "n %u alpha %g", scipy_few[i].n, scipy_few[i].alpha);
}

/* Wilcoxon's table, as in Conover, table A12: one-sided 0.05 and 0.01. */
Test(signed_rank, few_are_those_of_the_published_table)
{
	cr_assert(eq(int, few_of(10, 0.05), 10));
	cr_assert(eq(int, few_of(15, 0.05), 30));
	cr_assert(eq(int, few_of(25, 0.05), 100));
	cr_assert(eq(int, few_of(30, 0.05), 151));
	cr_assert(eq(int, few_of(10, 0.01), 5));
	cr_assert(eq(int, few_of(30, 0.01), 120));
}

Test(signed_rank, beyond_the_exact_ones_it_goes_on_smoothly)
{
	int exact = few_of(CS_SIGNED_RANK_EXACT, 0.05);
	int step = exact - few_of(CS_SIGNED_RANK_EXACT - 1, 0.05);
	int beyond = few_of(CS_SIGNED_RANK_EXACT + 1, 0.05) - exact;

	cr_assert(lt(int, abs(beyond - step), 3));
}
