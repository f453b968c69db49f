/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/statistics/binomial, against SciPy's. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <math.h>

#include "agent/statistics/binomial.h"
#include "tests/unit/agent/statistics/scipy.h"

static const double alpha = 0.05;

Test(binomial, tails_are_those_of_scipy)
{
	for (size_t i = 0; i < scipy_tails_count; i++) {
		double ours =
			cs_binomial_tail(scipy_tails[i].n, scipy_tails[i].p, scipy_tails[i].k);

		cr_assert(lt(dbl, fabs(ours / scipy_tails[i].tail - 1), 1e-9),
			  "n %u p %g k %u: %.17g is not %.17g", scipy_tails[i].n, scipy_tails[i].p,
			  scipy_tails[i].k, ours, scipy_tails[i].tail);
	}
}

Test(binomial, that_many_are_too_many_where_scipy_says_so)
{
	for (size_t i = 0; i < scipy_enough_count; i++) {
		cr_assert(eq(u32,
			     cs_binomial_enough(scipy_enough[i].n, scipy_enough[i].p,
						scipy_enough[i].alpha),
			     scipy_enough[i].k),
			  "n %u p %g alpha %g", scipy_enough[i].n, scipy_enough[i].p,
			  scipy_enough[i].alpha);
	}
}

Test(binomial, with_too_few_trials_not_even_all_are_enough)
{
	cr_assert(eq(u32, cs_binomial_enough(1, 0.1, 0.05), 2));
	cr_assert(eq(u32, cs_binomial_enough(4, 0.5, 0.05), 5));
}

Test(binomial, few_are_the_mirror_of_many)
{
	uint32_t few = 0;

	cr_assert(eq(int, cs_binomial_few(58, 0.05, alpha, &few), -ERANGE));
	cr_assert(zero(int, cs_binomial_few(59, 0.05, alpha, &few)));
	cr_assert(eq(u32, few, 0));
	cr_assert(zero(int, cs_binomial_few(93, 0.05, alpha, &few)));
	cr_assert(eq(u32, few, 1));
}
