/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/assembler/spawning: a child of a parent that could not come back to tell of it. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "tests/support/assembling.h"

static struct cs_assembled *runtime, *function;

static void start(void)
{
	struct cs_header parent = server_of(50, "runtime");

	assembling_start();
	parent.attach_monotonic_ns = MS;
	runtime = cs_assembler_attach(assembler, 1, &parent, 50);
	feed_request(runtime, 50, 5, 20 * MS, "");
}

TestSuite(spawning, .init = start, .fini = assembling_stop);

static void spawn_as(unsigned kind, int32_t child, uint64_t begin_ns)
{
	struct cs_rec_spawn rec = { .child_pid = child,
				    .kind = kind,
				    .end_ns = child ? begin_ns + MS : 0 };

	feed(runtime, 50, CS_RECORD_SPAWN, begin_ns, &rec, sizeof(rec), NULL);
}

static void spawn(int32_t child, uint64_t begin_ns)
{
	spawn_as(CS_SPAWN_POSIX_SPAWN, child, begin_ns);
}

static void child_executes(uint64_t begin_ns, uint64_t time_ns)
{
	struct cs_rec_exec rec = { .spawn_begin_ns = begin_ns, .kind = CS_SPAWN_VFORK };

	feed(runtime, 50, CS_RECORD_EXEC, time_ns, &rec, sizeof(rec), NULL);
}

/* A server, child of process @ppid, serves one request. */
static void function_serves(int32_t ppid)
{
	struct cs_header header = server_of(100, "function");

	header.ppid = ppid;
	function = cs_assembler_attach(assembler, 2, &header, 100);
	feed_request(function, 100, 7, 70 * MS, "");
	feed_end(function, 100, 7, 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
}

Test(spawning, a_child_of_who_sleeps_has_spawn_and_queue)
{
	spawn_as(CS_SPAWN_VFORK, 0, 30 * MS);
	child_executes(30 * MS, 34 * MS);
	child_executes(30 * MS, 35 * MS); /* the next of a PATH */
	function_serves(50);
	cr_assert(eq(u64, phase_of(CS_PHASE_QUEUE)->start_ns, 20 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_SPAWN)->start_ns, 30 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_EXEC)->start_ns, 35 * MS));
	cr_assert(eq(int, seen.cold.init_type, CS_INIT_ON_DEMAND));
}

Test(spawning, where_exec_was_not_told_spawn_reaches_further)
{
	spawn(0, 30 * MS);
	function_serves(50);
	cr_assert(eq(u64, phase_of(CS_PHASE_SPAWN)->start_ns, 30 * MS));
	cr_assert(eq(ptr, (void *)phase_of(CS_PHASE_EXEC), NULL));
}

Test(spawning, a_vfork_whose_child_has_not_executed_is_of_no_program)
{
	spawn_as(CS_SPAWN_VFORK, 0, 30 * MS); /* what runs came from system(3) in another thread */
	function_serves(50);
	cr_assert(eq(ptr, (void *)phase_of(CS_PHASE_SPAWN), NULL));
}

Test(spawning, a_child_that_executed_later_is_another)
{
	spawn_as(CS_SPAWN_VFORK, 0, 30 * MS);
	child_executes(30 * MS, 45 * MS); /* the function attached at 40 */
	function_serves(50);
	cr_assert(eq(ptr, (void *)phase_of(CS_PHASE_SPAWN), NULL));
}

Test(spawning, beside_one_that_cannot_be_it_the_other_is_taken)
{
	spawn_as(CS_SPAWN_VFORK, 0, 30 * MS);
	spawn(0, 31 * MS);
	function_serves(50);
	cr_assert(eq(u64, phase_of(CS_PHASE_SPAWN)->start_ns, 31 * MS));
}

/* The parent, which is over, is told of itself. */
static void parent_told(void)
{
	cs_assembler_flush(assembler);
	seen = (struct seen){ 0 };
}

/* What ended before the function attached was the parent of another, under the same pid. */
static void parent_goes(enum cs_assembler_end end, uint64_t time_ns)
{
	spawn(0, 30 * MS);
	cs_assembler_ended(runtime, 50, end, 0, time_ns);
	parent_told();
	function_serves(50);
}

Test(spawning, a_parent_that_was_killed_spawns_no_more)
{
	parent_goes(CS_ASSEMBLER_STATUS, 35 * MS);
	cr_assert(eq(ptr, (void *)phase_of(CS_PHASE_SPAWN), NULL));
}

Test(spawning, a_parent_that_executed_spawns_no_more)
{
	parent_goes(CS_ASSEMBLER_EXEC, 35 * MS);
	cr_assert(eq(ptr, (void *)phase_of(CS_PHASE_SPAWN), NULL));
}

Test(spawning, a_parent_that_went_later_had_spawned_it)
{
	parent_goes(CS_ASSEMBLER_STATUS, 45 * MS);
	cr_assert(eq(u64, phase_of(CS_PHASE_SPAWN)->start_ns, 30 * MS));
}

Test(spawning, the_end_of_a_fork_child_of_the_parent_is_its_own)
{
	spawn(0, 30 * MS);
	cs_assembler_ended(runtime, 51, CS_ASSEMBLER_STATUS, 0, 35 * MS);
	function_serves(50);
	cr_assert(eq(u64, phase_of(CS_PHASE_SPAWN)->start_ns, 30 * MS));
}

Test(spawning, with_the_segment_go_all)
{
	spawn(0, 30 * MS);
	runtime->heard_ns = 35 * MS;
	cs_assembler_detach(runtime);
	parent_told();
	function_serves(50);
	cr_assert(eq(ptr, (void *)phase_of(CS_PHASE_SPAWN), NULL));
}

Test(spawning, of_two_that_sleep_neither_is_taken)
{
	spawn(0, 30 * MS);
	spawn(0, 31 * MS);
	function_serves(50);
	cr_assert(eq(ptr, (void *)phase_of(CS_PHASE_SPAWN), NULL));
}

Test(spawning, one_that_came_back_is_none)
{
	spawn(0, 29 * MS);
	spawn(0, 30 * MS);
	spawn(99, 29 * MS);
	spawn(-2, 31 * MS); /* another, of which the beginning was lost */
	function_serves(50);
	cr_assert(eq(u64, phase_of(CS_PHASE_SPAWN)->start_ns, 30 * MS));
}

Test(spawning, what_came_back_without_a_child_is_none)
{
	spawn(0, 30 * MS);
	spawn(-2, 30 * MS);
	function_serves(50);
	cr_assert(eq(ptr, (void *)phase_of(CS_PHASE_SPAWN), NULL));
}

Test(spawning, neither_is_one_that_began_later_nor_one_of_another)
{
	spawn(0, 41 * MS); /* the function attached at 40 */
	function_serves(50);
	cr_assert(eq(ptr, (void *)phase_of(CS_PHASE_SPAWN), NULL));
}

Test(spawning, a_child_of_another_process_is_not_joined)
{
	spawn(0, 30 * MS);
	function_serves(51);
	cr_assert(eq(ptr, (void *)phase_of(CS_PHASE_SPAWN), NULL));
}

Test(spawning, where_records_were_lost_nothing_is_joined)
{
	spawn(0, 30 * MS); /* it came back, perhaps */
	cs_assembler_read(runtime, 32 * MS, 1, 32 * MS);
	function_serves(50);
	cr_assert(eq(ptr, (void *)phase_of(CS_PHASE_SPAWN), NULL));
}

Test(spawning, the_word_of_the_parent_comes_late_and_changes_nothing)
{
	spawn(0, 30 * MS);
	function_serves(50);
	spawn(100, 30 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u64, phase_of(CS_PHASE_SPAWN)->start_ns, 30 * MS));
}
