/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/coldstart: phases from boundaries. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>

#include "collector/assembler/coldstart.h"

static struct cs_arena arena;

static void set_up(void)
{
	cs_arena_init(&arena, 0);
}

static void tear_down(void)
{
	cs_arena_deinit(&arena);
}

TestSuite(coldstart, .init = set_up, .fini = tear_down);

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
	struct cs_bounds bounds = { .at_ns = { 10, 20, 30, 40, 50, 55, 60, 65, 70, 80, 90, 100 } };
	struct cs_cold_start cold = { 0 };

	cs_bounds_phases(&bounds, &arena, &cold);
	check_invariants(&cold, 100);
	cr_assert(eq(u32, cold.phases_count, CS_PHASE_COUNT));
	for (unsigned i = 0; i < cold.phases_count; i++)
		cr_assert(eq(ptr, (void *)cold.phases[i].approximate, NULL));
}

Test(coldstart, most_starts_have_no_fetch_nor_restore_and_say_nothing_of_it)
{
	struct cs_bounds bounds = { .at_ns = { 10, 20, 30, 40, 50, 0, 60, 0, 70, 80, 90, 100 } };
	struct cs_cold_start cold = { 0 };

	cs_bounds_phases(&bounds, &arena, &cold);
	check_invariants(&cold, 100);
	cr_assert(eq(u32, cold.phases_count, CS_PHASE_COUNT - 2));
	for (unsigned i = 0; i < cold.phases_count; i++)
		cr_assert(eq(ptr, (void *)cold.phases[i].approximate, NULL));
}

Test(coldstart, a_restore_that_is_no_part_hides_nothing_behind_it)
{
	struct cs_bounds bounds = { .at_ns = { 10, 20, 30, 40, 50, 0, 60, 0, 0, 80, 90, 100 } };
	struct cs_cold_start cold = { 0 };

	cs_bounds_phases(&bounds, &arena, &cold);
	check_invariants(&cold, 100);
	cr_assert(eq(u32, cold.phases[5].phase, CS_PHASE_CODE));
	cr_assert(eq(str, (char *)cold.phases[5].approximate, (char *)"readiness was not seen"));
}

Test(coldstart, a_boundary_that_was_not_seen_merges_and_says_so)
{
	struct cs_bounds bounds = { .at_ns = { 0, 20, 0, 40, 50, 0, 60, 0, 70, 80, 90, 100 } };
	struct cs_cold_start cold = { 0 };

	cs_bounds_phases(&bounds, &arena, &cold);
	check_invariants(&cold, 100);
	cr_assert(eq(u32, cold.phases[0].phase, CS_PHASE_SPAWN));
	cr_assert(eq(u64, cold.phases[0].end_ns, 40));
	cr_assert(eq(str, (char *)cold.phases[0].approximate, (char *)"exec was not seen"));
	cr_assert(eq(u32, cold.phases[1].phase, CS_PHASE_LINK));
}

Test(coldstart, a_program_that_is_the_users_own_runs_user_code_from_main_on)
{
	struct cs_bounds bounds = { .at_ns = { 0, 20, 30, 40, 50, 0, 0, 0, 70, 70, 90, 100 },
				    .native = true };
	struct cs_cold_start cold = { 0 };

	cs_bounds_phases(&bounds, &arena, &cold);
	check_invariants(&cold, 100);
	cr_assert(eq(u32, cold.phases[3].phase, CS_PHASE_RUNTIME));
	cr_assert(eq(u64, cold.phases[3].end_ns, 50));
	cr_assert(eq(u32, cold.phases[4].phase, CS_PHASE_CODE));
	cr_assert(eq(ptr, (void *)cold.phases[4].approximate, NULL));
}

Test(coldstart, without_a_watched_parent_the_first_phase_says_that_more_came_before)
{
	struct cs_bounds bounds = { .at_ns = { 0, 0, 0, 40, 50, 0, 60, 0, 70, 80, 90, 100 } };
	struct cs_cold_start cold = { 0 };

	cs_bounds_phases(&bounds, &arena, &cold);
	check_invariants(&cold, 100);
	cr_assert(eq(u64, cold.start_ns, 40));
	cr_assert(ne(ptr, (void *)cold.phases[0].approximate, NULL));
}

Test(coldstart, a_boundary_behind_a_later_one_counts_as_not_seen)
{
	/* User code was opened after the instance was ready: a lazy import. */
	struct cs_bounds bounds = { .at_ns = { 0, 20, 30, 40, 50, 0, 95, 0, 70, 80, 90, 100 } };
	struct cs_cold_start cold = { 0 };

	cs_bounds_phases(&bounds, &arena, &cold);
	check_invariants(&cold, 100);
	cr_assert(eq(u32, cold.phases[3].phase, CS_PHASE_RUNTIME));
	cr_assert(eq(u64, cold.phases[3].end_ns, 70));
	cr_assert(eq(str, (char *)cold.phases[3].approximate,
		     (char *)"user code was first opened after it was ready"));
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
		cs_bounds_phases(&bounds, &arena, &cold);
		check_invariants(&cold, bounds.at_ns[CS_BOUND_END]);
		cs_arena_reset(&arena);
	}
}

struct told {
	bool event_unseen;
	bool end_unseen;
	char said[256]; /* of the last phase */
};

/* An interpreter whose code was never seen, and that ended like this before it was ready. */
ParameterizedTestParameters(coldstart, the_last_phase_says_all_that_is_not_exact)
{
	static const struct told rows[] = {
		{ false, false, "no open of user code was seen; the process ended in it" },
		{ true, false, "no open of user code was seen; " CS_CHILD_SERVED },
		{ false, true, "no open of user code was seen; " CS_STILL_RUNNING },
		{ true, true,
		  "no open of user code was seen; " CS_CHILD_SERVED "; " CS_STILL_RUNNING },
	};

	return cr_make_param_array(const struct told, (void *)(uintptr_t)rows,
				   sizeof(rows) / sizeof(rows[0]), NULL);
}

ParameterizedTest(const struct told *row, coldstart, the_last_phase_says_all_that_is_not_exact)
{
	struct cs_bounds bounds = { .at_ns = { 0, 20, 30, 40, 50, 0, 0, 0, 0, 0, 0, 100 },
				    .cut = true,
				    .event_unseen = row->event_unseen ? CS_CHILD_SERVED : NULL,
				    .end_unseen = row->end_unseen ? CS_STILL_RUNNING : NULL };
	struct cs_cold_start cold = { 0 };

	cs_bounds_phases(&bounds, &arena, &cold);
	check_invariants(&cold, 100);
	cr_assert(eq(u32, cold.phases_count, 4));
	cr_assert(ne(ptr, (void *)cold.phases[3].approximate, NULL));
	cr_assert(eq(str, (char *)cold.phases[3].approximate, (char *)row->said));
}

Test(coldstart, an_event_that_was_not_read_does_not_hide_that_no_user_code_was_seen)
{
	struct cs_bounds bounds = { .at_ns = { 0, 20, 30, 40, 50, 0, 0, 0, 70, 70, 70, 100 },
				    .event_unseen = CS_READ_UNSEEN };
	struct cs_cold_start cold = { 0 };

	cs_bounds_phases(&bounds, &arena, &cold);
	cr_assert(eq(u32, cold.phases[3].phase, CS_PHASE_RUNTIME));
	cr_assert(ne(ptr, (void *)cold.phases[3].approximate, NULL));
	cr_assert(eq(str, (char *)cold.phases[3].approximate,
		     (char *)"no open of user code was seen; " CS_READ_UNSEEN));
}

Test(coldstart, without_memory_for_both_the_first_reason_stands)
{
	struct cs_phase_part part = { .approximate = "first" };

	cs_arena_deinit(&arena);
	cs_arena_init(&arena, 1);
	cs_phase_part_say(&part, "second", &arena);
	cr_assert(eq(str, (char *)part.approximate, (char *)"first"));
}
