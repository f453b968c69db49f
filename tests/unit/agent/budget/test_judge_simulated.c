/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How often agent/budget/judge is wrong, over simulated runs of 30 pairs on a machine whose starts scatter
 * log-normally, and that a neighbour slows by 1.6 for some 20 starts at a time. The numbers are the same in
 * every run of this test. docs/budgets.md has them as a table.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>

#include "agent/budget/judge.h"

#define PAIRS 30u
#define RUNS  200u
#define MS    1e6

struct machine {
	double scatter; /* of the logarithm */
	double slow;    /* while its neighbour is busy */
};

static const struct machine quiet = { 0.04, 1 }, neighbour = { 0.04, 1.6 }, noisy = { 0.5, 1.6 };

static struct cs_sample own[PAIRS], others[PAIRS];
static uint64_t state;

/* splitmix64, 0 < u < 1 */
static double random_share(void)
{
	uint64_t z = (state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return ((double)((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

/* Box and Muller */
static double random_normal(void)
{
	return sqrt(-2 * log(random_share())) * cos(2 * M_PI * random_share());
}

static double start_of(const struct machine *machine, bool *busy)
{
	if (random_share() < 0.05)
		*busy = random_share() < 0.3;
	return 100 * MS * exp(machine->scatter * random_normal()) * (*busy ? machine->slow : 1);
}

static void make_run(const struct machine *machine, double growth)
{
	bool busy = random_share() < 0.3;

	for (uint32_t i = 0; i < PAIRS; i++) {
		double first = start_of(machine, &busy), second = start_of(machine, &busy);

		for (unsigned m = 0; m < CS_METRIC_COUNT; m++)
			own[i].values[m] = others[i].values[m] = (double)NAN;
		cs_noise_clear(&own[i].noise);
		cs_noise_clear(&others[i].noise);
		own[i].values[CS_METRIC_TOTAL] = growth * (i % 2 ? first : second);
		others[i].values[CS_METRIC_TOTAL] = i % 2 ? second : first;
	}
}

/* How many of RUNS runs come out as @verdict. */
static unsigned count(const struct machine *machine, double growth, enum cs_verdict verdict)
{
	const struct cs_samples samples = { own, others, PAIRS };
	const struct cs_budget budget = { .metric = CS_METRIC_TOTAL,
					  .quantile = 0.5,
					  .max = { CS_QUANTITY_SHARE, 0.03 },
					  .against = CS_AGAINST_BASELINE };
	unsigned found = 0;

	state = 7;
	for (unsigned i = 0; i < RUNS; i++) {
		struct cs_judgement judgement;

		make_run(machine, growth);
		cr_assert(zero(int, cs_judge(&budget, &samples, 0.05, false, 1, &judgement)));
		found += judgement.verdict == verdict;
	}
	cr_log_info("scatter %.2f, neighbour %.1f, growth %.2f: %u of %u", machine->scatter,
		    machine->slow, growth, found, RUNS);
	return found;
}

Test(judge_simulated, the_same_code_does_not_fail)
{
	cr_assert(le(uint, count(&quiet, 1, CS_VERDICT_FAIL), RUNS / 50));
	cr_assert(le(uint, count(&neighbour, 1, CS_VERDICT_FAIL), RUNS / 50));
	cr_assert(le(uint, count(&noisy, 1, CS_VERDICT_FAIL), RUNS / 20));
}

Test(judge_simulated, a_tenth_more_is_found)
{
	cr_assert(lt(uint, RUNS * 9 / 10, count(&quiet, 1.1, CS_VERDICT_FAIL)));
	cr_assert(lt(uint, RUNS * 9 / 10, count(&neighbour, 1.1, CS_VERDICT_FAIL)));
}

Test(judge_simulated, a_machine_that_can_tell_is_not_called_unstable)
{
	cr_assert(zero(uint, count(&quiet, 1, CS_VERDICT_UNSTABLE)));
	cr_assert(le(uint, count(&neighbour, 1, CS_VERDICT_UNSTABLE), RUNS / 10));
}

Test(judge_simulated, one_that_cannot_tell_is_green_of_proof_alone)
{
	cr_assert(le(uint, count(&noisy, 1, CS_VERDICT_PASS), RUNS / 20));
	cr_assert(zero(uint, count(&noisy, 1, CS_VERDICT_INCONCLUSIVE)));
	cr_assert(le(uint, count(&noisy, 1.1, CS_VERDICT_PASS), RUNS / 50));
	cr_assert(zero(uint, count(&noisy, 1.1, CS_VERDICT_INCONCLUSIVE)));
}
