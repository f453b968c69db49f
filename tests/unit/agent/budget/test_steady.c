/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/budget/steady: what is done about a slow processor depends on probes alone. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>

#include "agent/budget/steady.h"

#define UNKNOWN ((double)NAN)
#define MS      1e6

/* With something left to spend. */
static struct cs_steady steady_of_pairs(unsigned pairs)
{
	struct cs_steady steady = { 0 };

	for (unsigned i = 0; i < pairs; i++)
		cs_steady_next_pair(&steady);
	return steady;
}

static struct cs_noise slowed(double before, double after)
{
	struct cs_noise noise;

	cs_noise_clear(&noise);
	noise.values[CS_NOISE_SLOWED_BEFORE] = before;
	noise.values[CS_NOISE_SLOWED_AFTER] = after;
	return noise;
}

static bool is_made_again(double before, double after, unsigned made)
{
	const struct cs_steady steady = steady_of_pairs(1);
	const struct cs_noise noise = slowed(before, after);

	return cs_steady_again(&steady, &noise, made);
}

Test(steady, the_least_probe_so_far_is_what_others_are_measured_by)
{
	struct cs_steady steady = { 0 };

	cr_assert(epsilon_eq(dbl, cs_steady_see(&steady, 0, 3 * MS), 1, 1e-9));
	cr_assert(epsilon_eq(dbl, cs_steady_see(&steady, 1, 2 * MS), 1, 1e-9));
	cr_assert(epsilon_eq(dbl, cs_steady_see(&steady, 0, 3 * MS), 1.5, 1e-9));
}

/* Turn by turn: the first takes @first_ms, the second @second_ms. Return: how slow the second is at the end. */
static double second_of(struct cs_steady *steady, unsigned turns, double first_ms, double second_ms)
{
	double slowed = 0;

	for (unsigned i = 0; i < turns; i++) {
		cs_steady_see(steady, 0, first_ms * MS);
		slowed = cs_steady_see(steady, 1, second_ms * MS);
	}
	return slowed;
}

Test(steady, a_small_core_beside_a_large_one_is_measured_by_its_own_best)
{
	struct cs_steady steady = { 0 };

	cr_assert(epsilon_eq(dbl, second_of(&steady, CS_STEADY_OF_ITS_KIND - 1, 2, 3), 1.5, 1e-9));
	cr_assert(epsilon_eq(dbl, second_of(&steady, 1, 2, 3), 1, 1e-9));
	cr_assert(epsilon_eq(dbl, second_of(&steady, 1, 2, 4.5), 1.5, 1e-9));
	cr_assert(epsilon_eq(dbl, cs_steady_see(&steady, 0, 3 * MS), 1.5, 1e-9),
		  "the large one is not");
}

Test(steady, one_whose_neighbour_was_there_from_the_first_look_on_is_equal_once_that_goes)
{
	struct cs_steady steady = { 0 };

	second_of(&steady, 2 * CS_STEADY_OF_ITS_KIND, 2, 3);
	cr_assert(epsilon_eq(dbl, second_of(&steady, 1, 2, 2), 1, 1e-9));
	cr_assert(epsilon_eq(dbl, second_of(&steady, 1, 2, 3), 1.5, 1e-9));
}

Test(steady, equal_cores_are_measured_by_the_best_of_all)
{
	struct cs_steady steady = { 0 };

	second_of(&steady, CS_STEADY_OF_ITS_KIND, 2, 2.1);
	cr_assert(epsilon_eq(dbl, second_of(&steady, 1, 2, 3), 1.5, 1e-9));
}

Test(steady, a_start_is_put_off_while_a_processor_is_slow_but_not_for_long)
{
	const struct cs_steady steady = steady_of_pairs(1);

	cr_assert(cs_steady_waits(&steady, 1.6, 0));
	cr_assert(cs_steady_waits(&steady, 1.6, CS_STEADY_WAIT_NS - 1));
	cr_assert(not(cs_steady_waits(&steady, 1.6, CS_STEADY_WAIT_NS)));
	cr_assert(not(cs_steady_waits(&steady, 1.1, 0)));
	cr_assert(not(cs_steady_waits(&steady, UNKNOWN, 0)));
}

Test(steady, a_start_is_made_again_that_a_processor_was_slow_before_or_after)
{
	cr_assert(not(is_made_again(1.0, 1.1, 1)));
	cr_assert(is_made_again(1.6, 1.0, 1));
	cr_assert(is_made_again(1.0, 1.6, 1));
	cr_assert(is_made_again(UNKNOWN, 1.6, 1));
	cr_assert(not(is_made_again(UNKNOWN, UNKNOWN, 1)));
	cr_assert(is_made_again(1.6, 1.6, CS_STEADY_AGAIN));
	cr_assert(not(is_made_again(1.6, 1.6, CS_STEADY_AGAIN + 1)));
}

Test(steady, neither_is_done_beyond_what_the_pairs_so_far_allow)
{
	struct cs_steady steady = steady_of_pairs(2);
	const struct cs_noise noise = slowed(1.6, 1.6);

	steady.waited_ns = 2 * CS_STEADY_PAIR_WAIT_NS - 1;
	steady.again = 2 * CS_STEADY_PAIR_AGAIN - 1;
	cr_assert(cs_steady_waits(&steady, 1.6, 0));
	cr_assert(cs_steady_again(&steady, &noise, 1));
	steady.waited_ns = 2 * CS_STEADY_PAIR_WAIT_NS;
	cr_assert(not(cs_steady_waits(&steady, 1.6, 0)));
	cr_assert(cs_steady_again(&steady, &noise, 1), "waiting costs no start");
	steady.again = 2 * CS_STEADY_PAIR_AGAIN;
	cr_assert(not(cs_steady_again(&steady, &noise, 1)));
	cs_steady_next_pair(&steady);
	cr_assert(cs_steady_waits(&steady, 1.6, 0));
	cr_assert(cs_steady_again(&steady, &noise, 1));
}

Test(steady, the_start_on_the_fastest_is_taken_however_long_it_took)
{
	struct cs_noise fast = slowed(1.0, 1.2), slow = slowed(1.3, 1.0);

	fast.values[CS_NOISE_WINDOW] = 900 * MS;
	slow.values[CS_NOISE_WINDOW] = 1 * MS;
	cr_assert(cs_steady_prefers(&fast, &slow));
	cr_assert(not(cs_steady_prefers(&slow, &fast)));
	cr_assert(not(cs_steady_prefers(&slow, &slow)));
}
