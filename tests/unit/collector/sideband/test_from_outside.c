/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/from_outside: boundaries told by shims and by the kernel become one start. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "collector/sideband/outside.h"
#include "tests/support/assembling.h"

static struct cs_outside *outside;

static void start(void)
{
	assembling_start();
	outside = cs_outside_new(1);
	cs_assembler_follow(assembler, outside);
}

static void stop(void)
{
	assembling_stop();
	outside = cs_outside_free(outside);
}

TestSuite(from_outside, .init = start, .fini = stop);

static void tell(enum cs_perf_kind kind, int32_t ppid, uint64_t time_ns, const char *name)
{
	struct cs_perf_record record = {
		.kind = kind, .pid = 100, .tid = 100, .ppid = ppid, .time_ns = time_ns
	};

	snprintf(record.name, sizeof(record.name), "%s", name);
	cs_outside_record(outside, &record);
}

static void run_at(uint64_t time_ns, const char *name)
{
	tell(CS_PERF_EXEC, 0, time_ns, name);
	tell(CS_PERF_MAP, 0, time_ns + 1, "/bin/program");
}

/* The process 100 attaches at 40 ms; its event is at 70 ms, and it ends at 90 ms by its wait. */
static void conclude(void)
{
	struct cs_header header = header_of(100, "hello");
	struct cs_assembled *instance;

	header.marks[CS_MARK_STDIN_READ] = 70 * MS;
	instance = cs_assembler_attach(assembler, 1, &header, 100);
	cr_assert(instance != NULL);
	end_process(instance, 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
}

static uint64_t start_of(enum cs_phase phase)
{
	const struct cs_phase_part *part = phase_of(phase);

	return part ? part->start_ns : 0;
}

Test(from_outside, spawn_and_exec_of_a_parent_without_a_shim)
{
	tell(CS_PERF_FORK, 7, 10 * MS, "");
	run_at(20 * MS, "hello");
	conclude();
	cr_assert(eq(u64, seen.cold.start_ns, 10 * MS));
	cr_assert(eq(u64, start_of(CS_PHASE_SPAWN), 10 * MS));
	cr_assert(eq(u64, start_of(CS_PHASE_EXEC), 20 * MS));
	cr_assert(eq(u64, start_of(CS_PHASE_LINK), 40 * MS));
	cr_assert(phase_of(CS_PHASE_SPAWN)->approximate == NULL);
	cr_assert(phase_of(CS_PHASE_EXEC)->approximate == NULL);
}

Test(from_outside, what_the_shim_saw_of_the_same_things_is_earlier_and_stands)
{
	tell(CS_PERF_FORK, 7, 11 * MS, "");
	run_at(21 * MS, "hello");
	cs_assembler_child(assembler, 100, 10 * MS, 20 * MS);
	conclude();
	cr_assert(eq(u64, start_of(CS_PHASE_SPAWN), 10 * MS));
	cr_assert(eq(u64, start_of(CS_PHASE_EXEC), 20 * MS));
}

/* posix_spawn calls exec inside of libc. */
Test(from_outside, an_exec_that_no_shim_saw_parts_spawn_and_exec)
{
	cs_assembler_child(assembler, 100, 10 * MS, 0);
	tell(CS_PERF_FORK, 7, 11 * MS, "");
	run_at(20 * MS, "hello");
	conclude();
	cr_assert(eq(u64, start_of(CS_PHASE_SPAWN), 10 * MS));
	cr_assert(eq(u64, start_of(CS_PHASE_EXEC), 20 * MS));
	cr_assert(phase_of(CS_PHASE_SPAWN)->approximate == NULL);
}

/* A static launcher executes the function: the exec that its parent called was the launcher's. */
Test(from_outside, an_exec_said_of_a_program_before_is_not_that_of_this_one)
{
	cs_assembler_child(assembler, 100, 10 * MS, 12 * MS);
	tell(CS_PERF_FORK, 7, 11 * MS, "");
	run_at(13 * MS, "launcher");
	run_at(30 * MS, "hello");
	run_at(80 * MS, "later"); /* after the attach: nothing to this start */
	conclude();
	cr_assert(eq(u64, start_of(CS_PHASE_EXEC), 30 * MS));
	cr_assert(eq(u32, seen.cold.programs_count, 1));
	cr_assert(eq(str, seen.programs, (char *)"launcher"));
	cr_assert(strstr(phase_of(CS_PHASE_SPAWN)->approximate, "1 program that ran before") !=
		  NULL);
}

/* A search through PATH: the last call is the one that was told. */
Test(from_outside, calls_that_failed_come_before_the_one_that_did_not)
{
	struct cs_header header = server_of(7, "parent");
	struct cs_assembled *parent = cs_assembler_attach(assembler, 9, &header, 7);

	feed_spawn(parent, 100, 10 * MS);
	feed_exec(parent, 100, 18 * MS);
	feed_exec(parent, 100, 19 * MS);
	feed_exec(parent, 100, 20 * MS);
	tell(CS_PERF_FORK, 7, 11 * MS, "");
	run_at(21 * MS, "hello");
	header = header_of(100, "hello");
	header.marks[CS_MARK_LISTEN] = 60 * MS;
	end_process(cs_assembler_attach(assembler, 1, &header, 100), 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u64, start_of(CS_PHASE_SPAWN), 10 * MS));
	cr_assert(eq(u64, start_of(CS_PHASE_EXEC), 20 * MS));
}

Test(from_outside, the_exit_is_when_the_kernel_tells_of_it_not_when_somebody_learns_of_it)
{
	tell(CS_PERF_FORK, 7, 10 * MS, "");
	run_at(20 * MS, "hello");
	tell(CS_PERF_EXIT, 7, 85 * MS, "");
	conclude();
	cr_assert(eq(u64, seen.cold.end_ns, 85 * MS));
	cr_assert(eq(u64, seen.invocation[0].end_ns, 85 * MS));
}

Test(from_outside, where_records_were_lost_shims_are_believed)
{
	cs_assembler_child(assembler, 100, 10 * MS, 12 * MS);
	tell(CS_PERF_FORK, 7, 11 * MS, "");
	run_at(13 * MS, "launcher");
	run_at(30 * MS, "hello");
	tell(CS_PERF_EXIT, 7, 85 * MS, "");
	cs_outside_lost(outside, 4, 15 * MS, 20 * MS);
	conclude();
	cr_assert(eq(u64, start_of(CS_PHASE_EXEC), 12 * MS));
	cr_assert(eq(u64, seen.cold.end_ns, 90 * MS));
	cr_assert(eq(u32, seen.cold.programs_count, 0));
}

Test(from_outside, who_had_the_pid_before_says_nothing_of_this_one)
{
	tell(CS_PERF_FORK, 7, 1 * MS, "");
	run_at(2 * MS, "old");
	tell(CS_PERF_EXIT, 7, 3 * MS, "");
	tell(CS_PERF_FORK, 7, 50 * MS, ""); /* nor who had it after */
	run_at(51 * MS, "new");
	cs_assembler_child(assembler, 100, 10 * MS, 20 * MS);
	conclude();
	cr_assert(eq(u64, start_of(CS_PHASE_SPAWN), 10 * MS));
	cr_assert(eq(u64, start_of(CS_PHASE_EXEC), 20 * MS));
	cr_assert(eq(u64, seen.cold.end_ns, 90 * MS));
}

/* What the kernel tells of the wrapper leaves out what that started: shims know of both. */
Test(from_outside, the_programs_before_a_wrappers_child_are_those_that_shims_told)
{
	struct cs_rec_exec left = { .pid = 101, .flags = CS_EXEC_STDIN | CS_EXEC_STDOUT };
	struct cs_header outer = header_of(100, "wrapper"), inner = later_of(101, "function");
	struct cs_assembled *wrapper, *child;

	tell(CS_PERF_FORK, 7, 10 * MS, "");
	run_at(11 * MS, "one");
	run_at(12 * MS, "two");
	run_at(20 * MS, "wrapper");
	wrapper = cs_assembler_attach(assembler, 1, &outer, 100);
	feed_spawn(wrapper, 101, 60 * MS);
	feed(wrapper, 101, CS_RECORD_EXEC, 70 * MS, &left, sizeof(left), NULL);
	inner.marks[CS_MARK_STDOUT_WRITE] = 175 * MS;
	child = cs_assembler_attach(assembler, 2, &inner, 101);
	end_process(child, 101, 0, 180 * MS);
	end_process(wrapper, 100, 0, 190 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(int, seen.invocation[0].pid, 101));
	cr_assert(eq(str, seen.programs, (char *)"function")); /* the file of either */
	cr_assert(eq(u64, start_of(CS_PHASE_SPAWN), 10 * MS));
	cr_assert(eq(u64, start_of(CS_PHASE_EXEC), 70 * MS));
}
