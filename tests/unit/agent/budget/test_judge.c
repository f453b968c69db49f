/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/budget/judge. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>

#include "agent/budget/judge.h"
#include "agent/statistics/paired.h"

#define COUNT 60u
#define MS    1e6

static struct cs_sample own[COUNT], others[COUNT];
static struct cs_samples samples = { own, NULL, COUNT };

/* Starts of 100 ms and some, whose spread is that of a runner, not the same in both. */
static void fill(double factor)
{
	for (uint32_t i = 0; i < COUNT; i++) {
		cs_noise_clear(&own[i].noise);
		cs_noise_clear(&others[i].noise);
		for (unsigned m = 0; m < CS_METRIC_COUNT; m++)
			own[i].values[m] = others[i].values[m] = (double)NAN;
		others[i].values[CS_METRIC_TOTAL] = (100 + (i * 7) % 13) * MS;
		own[i].values[CS_METRIC_TOTAL] = factor * (100 + (i * 5) % 13) * MS;
		own[i].values[CS_METRIC_FACTS] = 41;
		others[i].values[CS_METRIC_FACTS] = 41;
	}
	samples = (struct cs_samples){ own, others, COUNT };
}

static struct cs_budget total(double quantile, double max_ms)
{
	return (struct cs_budget){ .metric = CS_METRIC_TOTAL,
				   .quantile = quantile,
				   .max = { CS_QUANTITY_DURATION, max_ms * MS } };
}

static struct cs_budget growth(unsigned metric, double quantile, enum cs_quantity_kind kind,
			       double max)
{
	return (struct cs_budget){ .metric = metric,
				   .quantile = quantile,
				   .max = { kind, max },
				   .against = CS_AGAINST_BASELINE };
}

static struct cs_judgement judge(struct cs_budget budget, bool strict)
{
	struct cs_judgement judgement;

	cr_assert(zero(int, cs_judge(&budget, &samples, 0.05, strict, 1, &judgement)));
	return judgement;
}

static void expect(struct cs_budget budget, bool strict, enum cs_verdict verdict)
{
	cr_assert(eq(int, (int)judge(budget, strict).verdict, (int)verdict));
}

Test(judge, an_amount_kept_exceeded_and_in_doubt)
{
	fill(1);
	expect(total(0.95, 120), false, CS_VERDICT_PASS);
	expect(total(0.95, 90), false, CS_VERDICT_FAIL);
	expect(total(0.95, 111.5), false, CS_VERDICT_INCONCLUSIVE);
}

Test(judge, strictly_only_what_is_proved_passes)
{
	fill(1);
	expect(total(0.95, 112), false, CS_VERDICT_PASS);
	expect(total(0.95, 112), true, CS_VERDICT_PASS);
	own[0].values[CS_METRIC_TOTAL] = 113 * MS;
	expect(total(0.95, 112), false, CS_VERDICT_PASS);
	expect(total(0.95, 112), true, CS_VERDICT_INCONCLUSIVE);
}

Test(judge, too_few_starts_prove_no_quantile)
{
	fill(1);
	samples.count = 58;
	expect(total(0.95, 120), false, CS_VERDICT_INCONCLUSIVE);
	cr_assert(eq(u32, judge(total(0.95, 120), false).needed, 59));
	samples.count = 59;
	expect(total(0.95, 120), false, CS_VERDICT_PASS);
	expect(total(0.99, 120), false, CS_VERDICT_INCONCLUSIVE);
	cr_assert(eq(u32, judge(total(0.99, 120), false).needed, 299));
	expect(total(0.99, 90), false, CS_VERDICT_FAIL);
	samples.count = 1;
	expect(total(0.5, 120), false, CS_VERDICT_PASS);
}

static uint32_t needed(struct cs_budget budget, double alpha, bool strict)
{
	return cs_judge_needed(&budget, alpha, strict);
}

Test(judge, how_many_starts_or_pairs_it_takes)
{
	struct cs_budget median = growth(CS_METRIC_TOTAL, 0.5, CS_QUANTITY_SHARE, 0.03);
	struct cs_budget tail = growth(CS_METRIC_TOTAL, 0.95, CS_QUANTITY_SHARE, 0.03);

	cr_assert(eq(u32, needed(total(0.99, 1), 0.05, false), 299));
	cr_assert(eq(u32, needed(total(0.99, 1), 0.05 / 3, false), 299));
	cr_assert(eq(u32, needed(total(0.99, 1), 0.05 / 3, true), 408));
	cr_assert(eq(u32, needed(total(0.5, 1), 0.05, false), 0));
	cr_assert(eq(u32, needed(total(0.5, 1), 0.05, true), 5));
	cr_assert(eq(u32, needed(total(1, 1), 0.05, true), 0));
	cr_assert(eq(u32, needed(median, 0.05, false), 5));
	cr_assert(eq(u32, needed(median, 0.05 / 3, false), 6));
	cr_assert(eq(u32, needed(tail, 0.05, true), 59));
	median.metric = CS_METRIC_MODULES;
	cr_assert(eq(u32, needed(median, 0.05, true), 0));
}

/* As many as that are told to be needed can do it, and one fewer cannot. */
Test(judge, strictly_so_many_starts_and_no_fewer_pass)
{
	fill(1);
	samples.count = 5;
	expect(total(0.5, 200), true, CS_VERDICT_PASS);
	samples.count = 4;
	expect(total(0.5, 200), true, CS_VERDICT_INCONCLUSIVE);
	cr_assert(eq(u32, judge(total(0.5, 200), true).needed, 5));
}

/* Four that all exceed a median may be chance. */
Test(judge, so_few_starts_that_they_can_never_fail_are_told)
{
	fill(1);
	samples.count = 4;
	expect(total(0.5, 90), false, CS_VERDICT_INCONCLUSIVE);
	cr_assert(eq(u32, judge(total(0.5, 90), false).needed, 5));
	samples.count = 5;
	expect(total(0.5, 90), false, CS_VERDICT_FAIL);
}

Test(judge, too_few_pairs_prove_no_growth)
{
	struct cs_budget budget = growth(CS_METRIC_TOTAL, 0.5, CS_QUANTITY_SHARE, 0.03);

	fill(1);
	samples.count = 4;
	expect(budget, false, CS_VERDICT_INCONCLUSIVE);
	cr_assert(eq(u32, judge(budget, false).needed, 5));
	fill(2);
	samples.count = 4;
	expect(budget, false, CS_VERDICT_INCONCLUSIVE);
	samples.count = 5;
	expect(budget, false, CS_VERDICT_FAIL);
}

/* The host took the CPU in @count starts, which took twice as long. */
static void disturb(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		own[i].noise.values[CS_NOISE_WINDOW] = 200 * MS;
		own[i].noise.values[CS_NOISE_STEAL] = 100 * MS;
		own[i].values[CS_METRIC_TOTAL] = 230 * MS;
	}
}

Test(judge, what_only_disturbed_starts_exceed_is_unstable)
{
	struct cs_judgement judgement;

	fill(1);
	disturb(10);
	judgement = judge(total(0.95, 120), false);
	cr_assert(eq(int, (int)judgement.verdict, (int)CS_VERDICT_UNSTABLE));
	cr_assert(eq(u32, judgement.disturbed, 10));
	expect(total(1, 120), false, CS_VERDICT_UNSTABLE);
	expect(total(0.95, 90), false, CS_VERDICT_FAIL);
	fill(1);
	samples.count = 5; /* too few without any of them: that alone changes nothing */
	disturb(1);
	expect(total(0.5, 90), false, CS_VERDICT_FAIL);
	samples.count = COUNT;
	disturb(COUNT);
	expect(total(0.95, 90), false, CS_VERDICT_UNSTABLE);
	expect(total(0.95, 250), false, CS_VERDICT_PASS);
}

Test(judge, without_data_nothing_passes)
{
	fill(1);
	samples.count = 0;
	expect(total(0.95, 120), false, CS_VERDICT_NO_DATA);
	samples.count = COUNT;
	own[17].values[CS_METRIC_TOTAL] = (double)NAN;
	expect(total(0.95, 120), false, CS_VERDICT_NO_DATA);
	cr_assert(eq(u32, judge(total(0.95, 120), false).missing, 1));
	expect(total(0.95, 90), false, CS_VERDICT_FAIL);
	samples.others = NULL;
	expect(growth(CS_METRIC_TOTAL, 0.5, CS_QUANTITY_SHARE, 1), false, CS_VERDICT_NO_DATA);
}

Test(judge, one_start_above_a_count_is_proof)
{
	struct cs_budget budget = { .metric = CS_METRIC_FACTS,
				    .quantile = 1,
				    .max = { CS_QUANTITY_COUNT, 41 } };

	fill(1);
	expect(budget, false, CS_VERDICT_PASS);
	own[3].values[CS_METRIC_FACTS] = 42;
	expect(budget, false, CS_VERDICT_FAIL);
	cr_assert(lt(dbl, fabs(judge(budget, false).smallest - 41), 1e-9));
}

Test(judge, counts_against_a_baseline)
{
	fill(1);
	for (uint32_t i = 0; i < COUNT; i++)
		own[i].values[CS_METRIC_FACTS] = 42;
	expect(growth(CS_METRIC_FACTS, 1, CS_QUANTITY_COUNT, 0), false, CS_VERDICT_FAIL);
	expect(growth(CS_METRIC_FACTS, 1, CS_QUANTITY_COUNT, 1), false, CS_VERDICT_PASS);
	expect(growth(CS_METRIC_FACTS, 1, CS_QUANTITY_SHARE, 0.02), false, CS_VERDICT_FAIL);
	expect(growth(CS_METRIC_FACTS, 1, CS_QUANTITY_SHARE, 0.03), false, CS_VERDICT_PASS);
}

Test(judge, medians_against_a_baseline)
{
	struct cs_budget budget = growth(CS_METRIC_TOTAL, 0.5, CS_QUANTITY_SHARE, 0.03);

	fill(1);
	expect(budget, false, CS_VERDICT_PASS);
	fill(1.1);
	expect(budget, false, CS_VERDICT_FAIL);
	cr_assert(lt(dbl, fabs(judge(budget, false).point - 1.1), 0.01));
	budget.min_effect = 50 * MS;
	expect(budget, false, CS_VERDICT_PASS);
	fill(1.034);
	budget.min_effect = 0;
	expect(budget, false, CS_VERDICT_INCONCLUSIVE);
}

Test(judge, a_machine_that_scatters_wider_than_a_budget_asks_is_unstable)
{
	struct cs_budget budget = growth(CS_METRIC_TOTAL, 0.5, CS_QUANTITY_SHARE, 0.03);
	double before;

	fill(1);
	before = judge(budget, false).resolution;
	cr_assert(lt(dbl, before, 0.05));
	for (uint32_t i = 0; i < COUNT; i++)
		own[i].values[CS_METRIC_TOTAL] *= 0.5 + (i * 11) % COUNT / (double)COUNT;
	cr_assert(lt(dbl, before, judge(budget, false).resolution));
	expect(budget, false, CS_VERDICT_UNSTABLE);
	budget.max.value = 1;
	expect(budget, false, CS_VERDICT_PASS);
	budget.max.value = 0.03;
	budget.min_effect = 100 * MS; /* nobody asks for less */
	expect(budget, false, CS_VERDICT_PASS);
}

Test(judge, tails_against_a_baseline)
{
	struct cs_budget budget = growth(CS_METRIC_TOTAL, 0.95, CS_QUANTITY_SHARE, 0.05);

	fill(1);
	expect(budget, false, CS_VERDICT_PASS);
	fill(1.2);
	expect(budget, false, CS_VERDICT_FAIL);
}

Test(judge, what_took_no_time_has_no_ratio)
{
	fill(1);
	others[0].values[CS_METRIC_TOTAL] = 0;
	expect(growth(CS_METRIC_TOTAL, 0.5, CS_QUANTITY_SHARE, 0.05), false, CS_VERDICT_NO_DATA);
}

/* The same numbers as pairs and apart: what slows both halves of a pair is in no bound of the latter. */
Test(judge, samples_of_another_time_are_weaker)
{
	struct cs_budget budget = growth(CS_METRIC_TOTAL, 0.5, CS_QUANTITY_SHARE, 0.01);

	fill(1.03);
	for (uint32_t i = 0; i < COUNT; i++)
		own[i].values[CS_METRIC_TOTAL] = 1.03 * others[i].values[CS_METRIC_TOTAL];
	expect(budget, false, CS_VERDICT_FAIL);
	samples.apart = COUNT;
	cr_assert(ne(int, (int)judge(budget, false).verdict, CS_VERDICT_FAIL));
	fill(1.3);
	samples.apart = COUNT;
	expect(budget, false, CS_VERDICT_FAIL);
	fill(1);
	samples.apart = COUNT;
	cr_assert(ne(int, (int)judge(budget, false).verdict, CS_VERDICT_FAIL));
}

/* Below a twentieth nothing is proved, whatever the scatter. */
Test(judge, what_a_day_may_change_is_no_proof)
{
	struct cs_budget budget = growth(CS_METRIC_TOTAL, 0.5, CS_QUANTITY_SHARE, 0.01);

	fill(1);
	for (uint32_t i = 0; i < COUNT; i++) {
		others[i].values[CS_METRIC_TOTAL] = (100 + i * 0.001) * MS;
		own[i].values[CS_METRIC_TOTAL] = (104 + i * 0.001) * MS;
	}
	expect(budget, false, CS_VERDICT_FAIL);
	samples.apart = COUNT;
	expect(budget, false, CS_VERDICT_INCONCLUSIVE);
	for (uint32_t i = 0; i < COUNT; i++)
		own[i].values[CS_METRIC_TOTAL] = (106 + i * 0.001) * MS;
	expect(budget, false, CS_VERDICT_FAIL);
}

Test(judge, samples_of_another_time_may_be_of_another_number)
{
	struct cs_budget tail = growth(CS_METRIC_TOTAL, 0.9, CS_QUANTITY_SHARE, 0.05);
	struct cs_budget count = growth(CS_METRIC_FACTS, 1, CS_QUANTITY_COUNT, 0);

	fill(1.5);
	samples.apart = 40;
	expect(tail, false, CS_VERDICT_FAIL);
	expect(count, false, CS_VERDICT_PASS);
	own[3].values[CS_METRIC_FACTS] = 42;
	expect(count, false, CS_VERDICT_FAIL);
	fill(1);
	samples.apart = 20;
	expect(tail, false, CS_VERDICT_INCONCLUSIVE);
	cr_assert(eq(u32, judge(tail, false).needed, 29));
	samples.count = samples.apart = 2;
	expect(growth(CS_METRIC_TOTAL, 0.5, CS_QUANTITY_SHARE, 0.05), false,
	       CS_VERDICT_INCONCLUSIVE);
}

/* One in ten may be without it, and is told; of more is not known what the others would say. */
Test(judge, saved_starts_without_the_metric_are_told_and_not_too_many)
{
	struct cs_budget budgets[] = { growth(CS_METRIC_TOTAL, 0.5, CS_QUANTITY_SHARE, 0.5),
				       growth(CS_METRIC_TOTAL, 0.9, CS_QUANTITY_SHARE, 0.5),
				       growth(CS_METRIC_FACTS, 1, CS_QUANTITY_COUNT, 0) };

	fill(1);
	samples.apart = COUNT;
	for (uint32_t i = 0; i < COUNT / 10; i++)
		others[i].values[CS_METRIC_TOTAL] = others[i].values[CS_METRIC_FACTS] = (double)NAN;
	for (unsigned i = 0; i < 3; i++) {
		struct cs_judgement judgement = judge(budgets[i], false);

		cr_assert(eq(int, (int)judgement.verdict, (int)CS_VERDICT_PASS));
		cr_assert(eq(u32, judgement.others_missing, COUNT / 10));
		cr_assert(eq(u32, judgement.others_count, COUNT - COUNT / 10));
	}
	others[COUNT / 10] = others[0];
	for (unsigned i = 0; i < 3; i++) {
		struct cs_judgement judgement = judge(budgets[i], false);

		cr_assert(eq(int, (int)judgement.verdict, (int)CS_VERDICT_NO_DATA));
		cr_assert(judgement.scant);
		budgets[i].max = (struct cs_quantity){ CS_QUANTITY_FACTOR, 0.001 };
		expect(budgets[i], false, CS_VERDICT_NO_DATA);
	}
}

Test(judge, strictly_a_tail_passes_if_it_is_proved_to_be_kept)
{
	struct cs_budget budget = growth(CS_METRIC_TOTAL, 0.9, CS_QUANTITY_SHARE, 0);

	for (unsigned apart = 0; apart < 2; apart++) {
		fill(1);
		samples.apart = apart * COUNT;
		expect(budget, false, CS_VERDICT_PASS);
		expect(budget, true, CS_VERDICT_INCONCLUSIVE);
		fill(0.8);
		samples.apart = apart * COUNT;
		expect(budget, true, CS_VERDICT_PASS);
	}
	fill(1);
	budget.min_effect = 50 * MS;
	expect(budget, true, CS_VERDICT_PASS);
}

/* What could be told does not depend on what was found; of another time it is at least what a day may change. */
Test(judge, resolution_is_what_was_resolvable)
{
	double same, slower, apart;

	fill(1);
	cr_assert(zero(int, cs_judge_resolution(&samples, CS_METRIC_TOTAL, 0.05, &same)));
	fill(3);
	cr_assert(zero(int, cs_judge_resolution(&samples, CS_METRIC_TOTAL, 0.05, &slower)));
	cr_assert(epsilon_eq(dbl, same, slower, 1e-9));
	for (uint32_t i = 0; i < COUNT; i++) {
		others[i].values[CS_METRIC_TOTAL] = (100 + i * 0.001) * MS;
		own[i].values[CS_METRIC_TOTAL] = (104 + i * 0.001) * MS;
	}
	cr_assert(zero(int, cs_judge_resolution(&samples, CS_METRIC_TOTAL, 0.05, &same)));
	cr_assert(lt(dbl, same, 0.001));
	samples.apart = COUNT;
	cr_assert(zero(int, cs_judge_resolution(&samples, CS_METRIC_TOTAL, 0.05, &apart)));
	cr_assert(ge(dbl, apart, CS_JUDGE_APART));
}

Test(judge, more_than_can_be_compared_is_told_as_that)
{
	static struct cs_sample many[CS_PAIRS_MAX + 1];
	struct cs_judgement judgement;

	fill(1);
	for (uint32_t i = 0; i <= CS_PAIRS_MAX; i++)
		many[i] = own[i % COUNT];
	samples = (struct cs_samples){ many, many, CS_PAIRS_MAX + 1 };
	judgement = judge(growth(CS_METRIC_TOTAL, 0.5, CS_QUANTITY_SHARE, 0.05), false);
	cr_assert(eq(int, (int)judgement.verdict, (int)CS_VERDICT_NO_DATA));
	cr_assert(judgement.oversize);
	samples.apart = CS_PAIRS_MAX + 1;
	cr_assert(judge(growth(CS_METRIC_TOTAL, 0.5, CS_QUANTITY_SHARE, 0.05), false).oversize);
	fill(1);
	cr_assert(
		not(judge(growth(CS_METRIC_TOTAL, 0.5, CS_QUANTITY_SHARE, 0.05), false).oversize));
}

/* A size may grow by an amount, from nothing, too. */
Test(judge, sizes_grow_by_amounts)
{
	struct cs_budget budget = growth(CS_METRIC_PACKAGE, 1, CS_QUANTITY_SIZE, 1000);

	fill(1);
	for (uint32_t i = 0; i < COUNT; i++) {
		others[i].values[CS_METRIC_PACKAGE] = 0;
		own[i].values[CS_METRIC_PACKAGE] = 1000;
	}
	expect(budget, false, CS_VERDICT_PASS);
	own[3].values[CS_METRIC_PACKAGE] = 1001;
	expect(budget, false, CS_VERDICT_FAIL);
}

Test(judge, nothing_beside_is_no_data)
{
	fill(1);
	samples.others = NULL;
	expect(growth(CS_METRIC_TOTAL, 0.5, CS_QUANTITY_SHARE, 0.05), false, CS_VERDICT_NO_DATA);
	cr_assert(judge(growth(CS_METRIC_FACTS, 1, CS_QUANTITY_COUNT, 0), false).alone);
	fill(1);
	for (uint32_t i = 0; i < COUNT; i++)
		others[i].values[CS_METRIC_TOTAL] = (double)NAN;
	samples.apart = COUNT;
	expect(growth(CS_METRIC_TOTAL, 0.5, CS_QUANTITY_SHARE, 0.05), false, CS_VERDICT_NO_DATA);
}
