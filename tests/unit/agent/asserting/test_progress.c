/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/progress. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <string.h>

#include "agent/asserting/progress.h"

#define COUNT 10u
#define MS    1e6

static struct cs_sample own[COUNT];
static struct cs_budget budgets[] = {
	{ .metric = CS_METRIC_FACTS,
	  .quantile = 1,
	  .max = { CS_QUANTITY_COUNT, 5 },
	  .text = "shared_objects <= 5" },
	{ .metric = CS_METRIC_TOTAL,
	  .quantile = 0.5,
	  .max = { CS_QUANTITY_DURATION, 300 * MS },
	  .text = "p50 total <= 300 ms" },
};
static struct cs_plan_function function = {
	.name = "hello-py", .sampling.alpha = 0.05, .budgets = budgets, .budgets_count = 2
};

static char *line_of(uint32_t count, double total_ms, unsigned columns, bool utf8)
{
	struct cs_asserted asserted = {
		.function = &function, .own = own, .count = count, .looks = 1
	};
	struct cs_buffer out = { 0 };

	for (uint32_t i = 0; i < COUNT; i++) {
		for (unsigned m = 0; m < CS_METRIC_COUNT; m++)
			own[i].values[m] = (double)NAN;
		cs_noise_clear(&own[i].noise);
		own[i].values[CS_METRIC_FACTS] = 2;
		own[i].values[CS_METRIC_TOTAL] = total_ms * MS;
	}
	cs_progress_line(&asserted, 40, 5, columns, utf8, &out);
	return cs_buffer_take(&out);
}

static void expect(char *line, const char *wanted)
{
	cr_assert(eq(str, line, (char *)wanted));
	free(line);
}

Test(progress, how_far_it_is_and_what_it_looks_like)
{
	expect(line_of(10, 281, 120, false),
	       "hello-py  start 10/40  ###.........  p50 total so far 281 ms  likely PASS  eta 15 s");
	expect(line_of(10, 412, 120, false),
	       "hello-py  start 10/40  ###.........  p50 total so far 412 ms  likely FAIL  eta 15 s");
	expect(line_of(0, 1, 120, false), "hello-py  start 0/40  ............");
}

Test(progress, what_does_not_fit_is_left_out)
{
	for (unsigned columns = 24; columns < 120; columns++) {
		char *line = line_of(10, 281, columns, false);

		cr_assert(le(sz, strlen(line), (size_t)columns));
		cr_assert(not(zero(ptr, strstr(line, "10/40"))));
		free(line);
	}
}

Test(progress, a_bar_of_other_characters_is_as_wide)
{
	char *line = line_of(10, 281, 48, true);

	cr_assert(not(zero(ptr, strstr(line, "━"))));
	free(line);
}
