/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/budget/budget and metric. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "agent/budget/budget.h"
#include "agent/budget/fields.h"
#include "agent/budget/metric.h"
#include "agent/budget/yaml_tree.h"

static struct cs_arena arena;
static struct cs_diag diag;
static char message[CS_DIAG_TEXT_MAX + 64];

static int parse(const char *text, struct cs_budget *ret)
{
	const struct cs_fields fields = { &arena, "c.yaml", &diag };
	const struct cs_yaml_node *root = NULL;

	diag = (struct cs_diag){ 0 };
	cr_assert(zero(int, cs_yaml_load(&arena, "c.yaml", text, strlen(text), &diag, &root)));
	return cs_budget_parse(&fields, root, ret);
}

static struct cs_budget good(const char *text)
{
	struct cs_budget budget;

	cr_assert(zero(int, parse(text, &budget)), "%s: %s", text, diag.text);
	return budget;
}

static void refused(const char *text, const char *wanted)
{
	struct cs_budget budget;

	cr_assert(eq(int, parse(text, &budget), -EINVAL), "%s", text);
	cr_assert(eq(str, cs_diag_format(&diag, message, sizeof(message)), (char *)wanted));
}

Test(budget, a_line)
{
	struct cs_budget budget = good("p95 total <= 300ms");

	cr_assert(eq(u32, budget.metric, CS_METRIC_TOTAL));
	cr_assert(lt(dbl, fabs(budget.quantile - 0.95), 1e-12));
	cr_assert(lt(dbl, fabs(budget.max.value - 300e6), 1));
	cr_assert(eq(str, (char *)budget.id, (char *)"p95-total"));
	cr_assert(eq(str, (char *)budget.text, (char *)"p95 total <= 300 ms"));
	cs_arena_deinit(&arena);
}

Test(budget, a_count_is_of_every_start)
{
	struct cs_budget budget = good("shared_objects <= 45");

	cr_assert(lt(dbl, fabs(budget.quantile - 1), 1e-12));
	cr_assert(eq(str, (char *)budget.id, (char *)"shared_objects"));
	cs_arena_deinit(&arena);
}

Test(budget, what_is_measured_is_a_median_unless_said)
{
	cr_assert(lt(dbl, fabs(good("code <= 120ms").quantile - 0.5), 1e-12));
	cr_assert(lt(dbl, fabs(good("max code <= 120ms").quantile - 1), 1e-12));
	cs_arena_deinit(&arena);
}

Test(budget, against_a_baseline)
{
	struct cs_budget share = good("p50 total <= +5% vs baseline");
	struct cs_budget factor = good("total <= 3x vs reference");
	struct cs_budget more = good("opens.user <= 2 vs baseline");
	struct cs_budget apart = good("p95 total <= 10 ms vs baseline");

	cr_assert(eq(int, (int)share.against, CS_AGAINST_BASELINE));
	cr_assert(eq(int, (int)share.max.kind, CS_QUANTITY_SHARE));
	cr_assert(eq(str, (char *)share.id, (char *)"p50-total-baseline"));
	cr_assert(eq(int, (int)factor.against, CS_AGAINST_REFERENCE));
	cr_assert(eq(int, (int)more.max.kind, CS_QUANTITY_COUNT));
	cr_assert(lt(dbl, fabs(apart.max.value - 10e6), 1));
	cs_arena_deinit(&arena);
}

Test(budget, a_mapping)
{
	struct cs_budget budget =
		good("{metric: total, stat: p95, relative_to: baseline, max: +5%, "
		     "min_effect: 5ms, level: warn, why: pandas, id: tail}");

	cr_assert(lt(dbl, fabs(budget.min_effect - 5e6), 1));
	cr_assert(eq(int, (int)budget.level, CS_LEVEL_WARN));
	cr_assert(eq(str, (char *)budget.why, (char *)"pandas"));
	cr_assert(eq(str, (char *)budget.id, (char *)"tail"));
	cs_arena_deinit(&arena);
}

Test(budget, mistakes_are_told_where_they_stand_and_how_to_mend_them)
{
	refused("p95 total <= 300", "c.yaml:1:14: \"300\" has no unit; write 300ms or 300us");
	refused("p95 totl <= 300ms",
		"c.yaml:1:5: unknown metric \"totl\"; did you mean \"total\"?");
	refused("avg total <= 300ms",
		"c.yaml:1:1: unknown statistic \"avg\"; write p50, p95, median or max");
	refused("p0 total <= 300ms",
		"c.yaml:1:1: unknown statistic \"p0\"; write p50, p95, median or max");
	refused("modules <= 300", "c.yaml:1:1: unknown metric \"modules\"; did you mean "
				  "\"import.modules\"?");
	refused("user_code <= 300ms", "c.yaml:1:1: user_code is not measured: it is called code");
	refused("{metric: total, max: 1s, why: ~}",
		"c.yaml:1:31: ~ is not a text to every reader; quote it");
	refused("total < 300ms",
		"c.yaml:1:1: unknown statistic \"total\"; write p50, p95, median or max");
	refused("\"p95 total <= 3 parsecs\"",
		"c.yaml:1:15: \"3 parsecs\" has an unknown unit; write it as 300ms");
	refused("total", "c.yaml:1:1: \"total\" is no budget; write it as: p95 total <= 300ms");
	refused("total <= 3 ms baseline",
		"c.yaml:1:15: \"baseline\" is not understood; write: vs baseline");
	refused("memory <= 96", "c.yaml:1:11: \"96\" has no unit; write 96MiB or 96KiB");
	refused("memory <= 96ms",
		"c.yaml:1:11: \"96ms\" is of another kind than what it bounds; write it as 96MiB");
	refused("total <= 5% vs bseline",
		"c.yaml:1:16: \"bseline\" is nothing to compare with; write baseline, reference or unwatched");
	refused("{metric: total, mx: 3ms}",
		"c.yaml:1:17: unknown key \"mx\"; did you mean \"max\"?");
	refused("{metric: total}", "c.yaml:1:1: a budget needs the key \"max\"");
	refused("[total, 3ms]", "c.yaml:1:1: a list is no budget; write: p95 total <= 300ms");
	cs_arena_deinit(&arena);
}

Test(metric, every_name_is_found_again_and_stands_once)
{
	for (unsigned i = 0; i < CS_METRIC_COUNT; i++) {
		unsigned found = CS_METRIC_COUNT;

		cr_assert(zero(int, cs_metric_find(cs_metric_about(i).name, &found)));
		cr_assert(eq(u32, found, i), "%s", cs_metric_about(i).name);
	}
}

Test(budget, overhead_is_the_same_start_without_the_shim)
{
	struct cs_budget budget = good("p95 overhead <= 10%");

	cr_assert(eq(u32, budget.metric, CS_METRIC_WALL));
	cr_assert(eq(int, (int)budget.against, CS_AGAINST_UNWATCHED));
	cr_assert(eq(str, (char *)budget.id, (char *)"p95-overhead"));
	cr_assert(eq(str, (char *)budget.text, (char *)"p95 overhead <= +10.0 %"));
	budget = good("wall <= 2ms vs unwatched");
	cr_assert(eq(str, (char *)budget.text, (char *)"p50 wall <= 2.00 ms vs unwatched"));
	refused("cpu <= 2ms vs unwatched",
		"c.yaml:1:15: cpu is seen by the shim alone; of a start without it there are wall, "
		"cpu.user, cpu.sys, io.read_bytes, syscalls and instructions");
	refused("overhead <= 2ms vs unwatched",
		"c.yaml:1:20: overhead is relative by itself, to the start without the shim; leave "
		"that out");
	cs_arena_deinit(&arena);
}

Test(budget, what_is_not_measured_says_why)
{
	refused("rss.peak <= 5MiB", "c.yaml:1:1: rss.peak is not measured: it is called memory");
	refused("mean total <= 5ms",
		"c.yaml:1:1: mean has no bound that holds for every distribution; write median");
	cs_arena_deinit(&arena);
}
