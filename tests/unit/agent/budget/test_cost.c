/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/budget/cost. Billed durations are those that Lambda's REPORT lines show. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>

#include "agent/budget/cost.h"

static const struct cs_prices prices = {
	.date = "2026-11-22",
	.source = "a test",
	.per_request = 0.0000002,
	.per_gb_second = 0.0000166667,
	.step_ns = 1000000,
};

static void expect(double got, double wanted)
{
	cr_assert(lt(dbl, fabs(got - wanted), 1e-6), "%.9g is not %.9g", got, wanted);
}

Test(cost, durations_are_rounded_up)
{
	cr_assert(eq(u64, cs_cost_billed_ns(&prices, 0), 0));
	cr_assert(eq(u64, cs_cost_billed_ns(&prices, 0.1e6), 1000000));
	cr_assert(eq(u64, cs_cost_billed_ns(&prices, 1e6), 1000000));
	cr_assert(eq(u64, cs_cost_billed_ns(&prices, 1.0001e6), 2000000));
}

Test(cost, what_is_short_costs_the_minimum)
{
	struct cs_prices by_100_ms = prices;

	by_100_ms.step_ns = by_100_ms.minimum_ns = 100000000;
	cr_assert(eq(u64, cs_cost_billed_ns(&by_100_ms, 1), 100000000));
	cr_assert(eq(u64, cs_cost_billed_ns(&by_100_ms, 100000001), 200000000));
}

/* 512 MB for 100 ms at 0.0000166667 USD/GB-s and 0.20 USD a million: 0.833335 and 0.2 USD. */
Test(cost, of_a_million_that_are_all_cold)
{
	const struct cs_cost cost = { .memory_bytes = 512 << 20, .cold = 1, .prices = prices };
	struct cs_sample sample;

	cs_sample_clear(&sample);
	cs_cost_fill(&cost, &sample);
	cr_assert(isnan(sample.values[CS_METRIC_COST]));
	sample.values[CS_METRIC_TOTAL] = 99.5e6;
	cs_cost_fill(&cost, &sample);
	expect(sample.values[CS_METRIC_COST], 0.2 + 0.833335);
}

/* Of a hundred, one takes 1 s and the others 10 ms. */
Test(cost, of_a_million_of_which_few_are_cold)
{
	const struct cs_cost cost = { .memory_bytes = 1 << 30, .cold = 0.01, .prices = prices };
	struct cs_sample sample;

	cs_sample_clear(&sample);
	sample.values[CS_METRIC_TOTAL] = 1e9;
	cs_cost_fill(&cost, &sample);
	cr_assert(isnan(sample.values[CS_METRIC_COST]));
	sample.values[CS_METRIC_WARM_P50] = 9.2e6;
	cs_cost_fill(&cost, &sample);
	expect(sample.values[CS_METRIC_COST], 0.2 + 0.01 * 16.6667 + 0.99 * 0.166667);
}
