/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/coldstart: phases from boundaries. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "collector/coldstart.h"

/* What holds whatever the boundaries are. */
static void check_invariants(const struct cs_cold_start *cold, uint64_t end_ns)
{
	uint64_t sum_ns = 0, at_ns = cold->start_ns;

	for (unsigned i = 0; i < cold->phases_count; i++) {
		const struct cs_phase_part *part = &cold->phases[i];

		cr_assert(eq(u64, part->start_ns, at_ns));
		cr_assert(part->end_ns >= part->start_ns);
		if (i)
			cr_assert(lt(u32, cold->phases[i - 1].phase, part->phase));
		sum_ns += part->end_ns - part->start_ns;
		at_ns = part->end_ns;
	}
	cr_assert(eq(u64, cold->end_ns, end_ns));
	cr_assert(eq(u64, sum_ns, cold->end_ns - cold->start_ns));
}

Test(coldstart, boundaries_that_are_all_there_give_all_phases)
{
	struct cs_bounds bounds = { .at_ns = { 10, 20, 30, 40, 50, 60, 70, 80, 90, 100 } };
	struct cs_cold_start cold = { 0 };

	cs_bounds_phases(&bounds, &cold);
	check_invariants(&cold, 100);
	cr_assert(eq(u32, cold.phases_count, CS_PHASE_COUNT));
	for (unsigned i = 0; i < cold.phases_count; i++)
		cr_assert(eq(ptr, (void *)cold.phases[i].approximate, NULL));
}

Test(coldstart, a_boundary_that_was_not_seen_merges_and_says_so)
{
	struct cs_bounds bounds = { .at_ns = { 0, 20, 0, 40, 50, 60, 70, 80, 90, 100 } };
	struct cs_cold_start cold = { 0 };

	cs_bounds_phases(&bounds, &cold);
	check_invariants(&cold, 100);
	cr_assert(eq(u32, cold.phases[0].phase, CS_PHASE_SPAWN));
	cr_assert(eq(u64, cold.phases[0].end_ns, 40));
	cr_assert(eq(str, (char *)cold.phases[0].approximate, (char *)"exec was not seen"));
	cr_assert(eq(u32, cold.phases[1].phase, CS_PHASE_LINK));
}

Test(coldstart, a_program_that_is_the_users_own_runs_user_code_from_main_on)
{
	struct cs_bounds bounds = { .at_ns = { 0, 20, 30, 40, 50, 0, 70, 70, 90, 100 },
				    .native = true };
	struct cs_cold_start cold = { 0 };

	cs_bounds_phases(&bounds, &cold);
	check_invariants(&cold, 100);
	cr_assert(eq(u32, cold.phases[3].phase, CS_PHASE_RUNTIME));
	cr_assert(eq(u64, cold.phases[3].end_ns, 50));
	cr_assert(eq(u32, cold.phases[4].phase, CS_PHASE_CODE));
	cr_assert(eq(ptr, (void *)cold.phases[4].approximate, NULL));
}

Test(coldstart, without_a_watched_parent_the_first_phase_says_that_more_came_before)
{
	struct cs_bounds bounds = { .at_ns = { 0, 0, 0, 40, 50, 60, 70, 80, 90, 100 } };
	struct cs_cold_start cold = { 0 };

	cs_bounds_phases(&bounds, &cold);
	check_invariants(&cold, 100);
	cr_assert(eq(u64, cold.start_ns, 40));
	cr_assert(ne(ptr, (void *)cold.phases[0].approximate, NULL));
}

Test(coldstart, a_boundary_behind_a_later_one_counts_as_not_seen)
{
	/* User code was opened after the instance was ready: a lazy import. */
	struct cs_bounds bounds = { .at_ns = { 0, 20, 30, 40, 50, 95, 70, 80, 90, 100 } };
	struct cs_cold_start cold = { 0 };

	cs_bounds_phases(&bounds, &cold);
	check_invariants(&cold, 100);
	cr_assert(eq(u32, cold.phases[3].phase, CS_PHASE_RUNTIME));
	cr_assert(eq(u64, cold.phases[3].end_ns, 70));
	cr_assert(ne(ptr, (void *)cold.phases[3].approximate, NULL));
}

Test(coldstart, phases_always_sum_to_the_whole_whatever_was_seen)
{
	unsigned seed = 4711;

	for (int round = 0; round < 20000; round++) {
		struct cs_bounds bounds = { .native = round & 1 };
		struct cs_cold_start cold = { 0 };

		for (unsigned i = 0; i < CS_BOUND_COUNT; i++)
			bounds.at_ns[i] = rand_r(&seed) % 3 ? (uint64_t)rand_r(&seed) % 1000 : 0;
		bounds.at_ns[CS_BOUND_END] |= 1;
		cs_bounds_phases(&bounds, &cold);
		check_invariants(&cold, bounds.at_ns[CS_BOUND_END]);
	}
}
