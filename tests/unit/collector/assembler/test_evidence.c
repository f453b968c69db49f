/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/evidence: what is said of pids, of whose processes, in which order. */
#include "collector/assembler/evidence.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static struct cs_evidence_table table; /* zeroed: each test is a process of its own */

static void exec_at(uint32_t uid, int32_t pid, uint64_t time_ns)
{
	struct cs_rec_exec rec = { .pid = pid };

	cs_evidence_exec(&table, uid, &rec, time_ns);
}

static void wait_at(uint32_t uid, int32_t pid, int status, uint64_t time_ns)
{
	struct cs_rec_wait rec = { .pid = pid, .status = status, .cpu_ns = 5 };

	cs_evidence_waited(&table, uid, &rec, time_ns);
}

Test(evidence, nothing_is_known_of_a_pid_nobody_spoke_of)
{
	cr_assert(eq(ptr, cs_evidence_find(&table, 100), NULL));
	cr_assert(eq(ptr, cs_evidence_find(&table, 0), NULL));
	cr_assert(eq(ptr, cs_evidence_find(&table, -5), NULL));
}

Test(evidence, what_parent_and_child_say_of_one_spawn_is_one)
{
	struct cs_evidence *e;

	exec_at(7, 100, 20);
	cs_evidence_spawned(&table, 7, 100, 10, 3);
	e = cs_evidence_spawned(&table, 7, 100, 10, 3);
	cr_assert(eq(u64, e->spawn_begin_ns, 10));
	cr_assert(eq(u64, e->parent_segment, 3));
	cr_assert(eq(u64, cs_evidence_exec_before(e, 99), 20));
}

Test(evidence, the_last_exec_before_a_moment_is_found_among_many)
{
	struct cs_evidence *e;

	for (uint64_t i = 1; i <= 3 * CS_EVIDENCE_EXECS; i++)
		exec_at(7, 100, 10 * i);
	e = cs_evidence_find(&table, 100);
	cr_assert(eq(u64, cs_evidence_exec_before(e, 205), 200));
	cr_assert(eq(u64, cs_evidence_exec_before(e, 10), 0)); /* older ones were put out */
}

Test(evidence, a_later_spawn_forgets_whose_pid_it_was)
{
	struct cs_evidence *e;

	cs_evidence_spawned(&table, 7, 100, 10, 3)->hinted = true;
	exec_at(7, 100, 20);
	wait_at(7, 100, 9, 30);
	e = cs_evidence_spawned(&table, 7, 100, 40, 4);
	cr_assert(eq(u64, e->spawn_begin_ns, 40));
	cr_assert(eq(u64, e->parent_segment, 4));
	cr_assert(eq(u64, cs_evidence_exec_before(e, 99), 0));
	cr_assert(not(e->ended));
	cr_assert(not(e->hinted));
}

Test(evidence, a_spawn_forgets_an_earlier_process_whose_own_spawn_nobody_saw)
{
	struct cs_evidence *e;

	exec_at(7, 100, 20);
	wait_at(7, 100, 9, 30);
	e = cs_evidence_spawned(&table, 7, 100, 40, 4);
	cr_assert(eq(u64, cs_evidence_exec_before(e, 99), 0));
	cr_assert(not(e->ended));
}

Test(evidence, an_exec_after_the_end_is_of_the_next_process)
{
	struct cs_evidence *e;

	cs_evidence_spawned(&table, 7, 100, 10, 3);
	exec_at(7, 100, 20);
	cs_evidence_gone(cs_evidence_find(&table, 100), 30);
	exec_at(7, 100, 40);
	e = cs_evidence_find(&table, 100);
	cr_assert(eq(u64, cs_evidence_exec_before(e, 39), 0));
	cr_assert(eq(u64, cs_evidence_exec_before(e, 99), 40));
	cr_assert(eq(u64, e->spawn_begin_ns, 0));
	cr_assert(eq(u64, e->parent_segment, 0));
	cr_assert(eq(u64, e->gone_ns, 0));
}

Test(evidence, what_was_read_early_of_a_process_survives_its_spawn)
{
	struct cs_evidence *e;

	exec_at(7, 100, 20);
	wait_at(7, 100, 9, 30);
	e = cs_evidence_spawned(&table, 7, 100, 10, 4);
	cr_assert(eq(u64, cs_evidence_exec_before(e, 99), 20));
	cr_assert(e->ended);
	cr_assert(eq(int, e->wait_status, 9));
}

Test(evidence, a_spawn_that_is_older_than_what_is_known_is_refused)
{
	cs_evidence_spawned(&table, 7, 100, 40, 4);
	cr_assert(eq(ptr, cs_evidence_spawned(&table, 7, 100, 10, 3), NULL));
	cr_assert(eq(u64, cs_evidence_find(&table, 100)->parent_segment, 4));
}

Test(evidence, another_users_word_is_not_mixed_with_ours_and_roots_is)
{
	struct cs_evidence *e;

	exec_at(7, 100, 20);
	wait_at(0, 100, 9, 30);
	e = cs_evidence_find(&table, 100);
	cr_assert(eq(u64, cs_evidence_exec_before(e, 99), 20));
	cr_assert(e->ended);
	wait_at(8, 100, 3, 31);
	e = cs_evidence_find(&table, 100);
	cr_assert(eq(u32, e->uid, 8));
	cr_assert(eq(u64, cs_evidence_exec_before(e, 99), 0));
}

Test(evidence, only_the_first_event_of_a_process_counts)
{
	struct cs_event_image first = { .event_ns = 20 }, second = { .event_ns = 30 };

	cs_evidence_event(&table, 7, 100, &first);
	cs_evidence_event(&table, 7, 100, &second);
	cs_evidence_event(&table, 7, 0, &first);
	cr_assert(eq(u64, cs_evidence_find(&table, 100)->event.event_ns, 20));
	cs_evidence_gone(cs_evidence_find(&table, 100), 25);
	cs_evidence_event(&table, 7, 100, &second);
	cr_assert(eq(u64, cs_evidence_find(&table, 100)->event.event_ns, 30));
}

Test(evidence, a_pid_in_the_place_of_a_living_one_is_counted)
{
	exec_at(7, 100, 20);
	exec_at(7, 100 + CS_EVIDENCE_SLOTS, 30);
	cr_assert(eq(u64, table.evicted, 1));
	cr_assert(eq(ptr, cs_evidence_find(&table, 100), NULL));
	wait_at(7, 100 + CS_EVIDENCE_SLOTS, 0, 40);
	exec_at(7, 100, 50);
	cr_assert(eq(u64, table.evicted, 1));
}
