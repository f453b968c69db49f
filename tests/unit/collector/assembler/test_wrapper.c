/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/wrapper: whose event it was that a wrapper left to its children. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "tests/support/assembling.h"

#define BOTH (CS_EXEC_STDIN | CS_EXEC_STDOUT)

TestSuite(wrapper, .init = assembling_start, .fini = assembling_stop);

/* A wrapper that runs from 40 ms on, started at 30. */
static struct cs_header wrapper_of(int32_t pid, const char *exe)
{
	struct cs_header header = { .pid = pid, .attach_monotonic_ns = 40 * MS };
	char text[64];

	snprintf(text, sizeof(text), "exe=/usr/bin/%s", exe);
	put_identity(&header, text);
	header.marks[CS_MARK_ATTACH] = 40 * MS;
	header.marks[CS_MARK_MAIN] = 50 * MS;
	return header;
}

/* What it runs: reads at 170 ms, writes at 175. */
static struct cs_header child_of(int32_t pid, const char *script)
{
	struct cs_header header = { .pid = pid, .attach_monotonic_ns = 140 * MS };
	char text[64];

	snprintf(text, sizeof(text), "script=/app/%s", script);
	put_identity(&header, text);
	header.marks[CS_MARK_ATTACH] = 140 * MS;
	header.marks[CS_MARK_MAIN] = 150 * MS;
	header.marks[CS_MARK_USER_CODE] = 160 * MS;
	header.marks[CS_MARK_STDIN_READ] = 170 * MS;
	header.marks[CS_MARK_STDOUT_WRITE] = 175 * MS;
	return header;
}

/* @parent forks @pid at 60 ms, which executes at 130 with @left. */
static void start(struct cs_assembled *parent, int32_t pid, unsigned left)
{
	struct cs_rec_exec rec = { .pid = pid, .flags = (uint16_t)left };

	feed_spawn(parent, pid, 60 * MS);
	feed(parent, (uint32_t)pid, CS_RECORD_EXEC, 130 * MS, &rec, sizeof(rec), NULL);
}

static struct cs_assembled *attach(uint64_t segment, const struct cs_header *header)
{
	return cs_assembler_attach(assembler, segment, header, header->pid);
}

/* Wrapper 100 with a child 101 to which @left is left; they end at 190 and 180, both well. */
static void run(const struct cs_header *outer, const struct cs_header *inner, unsigned left)
{
	struct cs_assembled *wrapper, *child;

	cs_assembler_child(assembler, 100, 30 * MS, 32 * MS);
	wrapper = attach(1, outer);
	start(wrapper, 101, left);
	child = attach(2, inner);
	end_process(child, 101, 0, 180 * MS);
	end_process(wrapper, 100, 0, 190 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
}

static void check_taken_by(int32_t pid)
{
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(int, seen.invocation[0].pid, pid));
	cr_assert(eq(u64, seen.invocation[0].start_ns, 170 * MS));
	cr_assert(eq(u64, seen.invocation[0].first_byte_ns, 175 * MS));
	cr_assert(eq(u64, seen.invocation[0].end_ns, 190 * MS));
	cr_assert(eq(ptr, (void *)seen.invocation[0].approximate, NULL));
}

static void check_left_to(const char *name)
{
	char said[128];

	snprintf(said, sizeof(said), CS_CHILD_SERVED, name);
	cr_assert(ne(ptr, (void *)phase_of(CS_PHASE_CODE), NULL));
	cr_assert(ne(ptr, (void *)phase_of(CS_PHASE_CODE)->approximate, NULL));
	cr_assert(eq(str, (char *)phase_of(CS_PHASE_CODE)->approximate, said));
	cr_assert(not(seen.cold.ready));
}

Test(wrapper, what_the_child_used_is_what_the_start_used)
{
	const struct cs_usage_so_far of_wrapper = { .cpu_ns = 3, .known = true };
	const struct cs_usage_so_far of_child = { .cpu_ns = 700, .known = true };
	struct cs_header outer = wrapper_of(100, "sh"), inner = child_of(101, "fn.py");
	struct cs_assembled *wrapper, *child;

	wrapper = attach(1, &outer);
	start(wrapper, 101, BOTH);
	child = attach(2, &inner);
	cs_assembler_usage(child, &of_child, true);
	end_process(child, 101, 0, 180 * MS);
	cs_assembler_usage(wrapper, &of_wrapper, true);
	end_process(wrapper, 100, 0, 190 * MS);
	cs_assembler_flush(assembler);
	check_taken_by(101);
	cr_assert(eq(u64, seen.cold.cpu_ns, 700));
}

Test(wrapper, who_read_the_event_and_wrote_first_has_served)
{
	struct cs_header outer = wrapper_of(100, "timeout"), inner = child_of(101, "f.py");

	inner.facts[CS_FACT_OPENS_USER] = 5;
	inner.stand_down = 1ull << CS_STAND_DOWN_FILTERED;
	run(&outer, &inner, BOTH);
	check_taken_by(101);
	cr_assert(seen.cold.ready);
	cr_assert(eq(ptr, (void *)seen.cold.approximate, NULL));
	cr_assert(eq(u64, phase_of(CS_PHASE_SPAWN)->start_ns, 30 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_EXEC)->start_ns, 130 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_LINK)->start_ns, 140 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_RUNTIME)->start_ns, 150 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_CODE)->start_ns, 160 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_HANDLER)->start_ns, 170 * MS));
	cr_assert(eq(str, seen.programs, (char *)"timeout"));
	cr_assert(eq(u64, seen.cold.facts[CS_FACT_OPENS_USER], 5));
	cr_assert(eq(u64, seen.cold.stand_down, 1ull << CS_STAND_DOWN_FILTERED));
}

Test(wrapper, a_wrapper_that_was_given_the_request_is_its_own_no_more)
{
	struct cs_header outer = wrapper_of(100, "timeout"), inner = child_of(101, "f.py");

	put_identity(&outer, "env.Http_Method=POST");
	put_identity(&inner, "env.Http_Method=POST");
	run(&outer, &inner, BOTH);
	check_taken_by(101);
}

Test(wrapper, the_status_is_that_of_the_wrapper)
{
	struct cs_header outer = wrapper_of(100, "timeout"), inner = child_of(101, "f.py");
	struct cs_assembled *wrapper = attach(1, &outer), *child;

	start(wrapper, 101, BOTH);
	child = attach(2, &inner);
	end_process(child, 101, 15, 185 * MS);
	end_process(wrapper, 100, 124 << 8, 190 * MS);
	cs_assembler_flush(assembler);
	check_taken_by(101);
	cr_assert(eq(u32, seen.invocation[0].outcome.cause, CS_CAUSE_EXIT));
	cr_assert(eq(int, seen.invocation[0].outcome.code, 124));
}

Test(wrapper, of_wrappers_in_wrappers_the_innermost_is_told)
{
	struct cs_header outer = wrapper_of(100, "timeout"), between = wrapper_of(101, "sh"),
			 inner = child_of(102, "f.py");
	struct cs_assembled *first, *second, *child;

	cs_assembler_child(assembler, 100, 30 * MS, 32 * MS);
	between.attach_monotonic_ns = 131 * MS;
	between.marks[CS_MARK_ATTACH] = 131 * MS;
	first = attach(1, &outer);
	start(first, 101, BOTH);
	second = attach(2, &between);
	feed_spawn(second, 102, 132 * MS);
	feed(second, 102, CS_RECORD_EXEC, 135 * MS,
	     &(struct cs_rec_exec){ .pid = 102, .flags = BOTH }, sizeof(struct cs_rec_exec), NULL);
	child = attach(3, &inner);
	end_process(child, 102, 0, 180 * MS);
	end_process(second, 101, 0, 185 * MS);
	cs_assembler_tick(assembler, cs_assembler_due(186 * MS));
	end_process(first, 100, 0, 190 * MS);
	cs_assembler_flush(assembler);
	check_taken_by(102);
	cr_assert(eq(str, seen.programs, (char *)"timeout, sh"));
}

Test(wrapper, the_order_in_which_ends_are_learnt_does_not_matter)
{
	struct cs_header outer = wrapper_of(100, "timeout"), inner = child_of(101, "f.py");
	struct cs_assembled *wrapper = attach(1, &outer), *child;

	start(wrapper, 101, BOTH);
	child = attach(2, &inner);
	end_process(wrapper, 100, 0, 190 * MS);
	end_process(child, 101, 0, 195 * MS);
	cs_assembler_tick(assembler, cs_assembler_due(190 * MS) + MS);
	cs_assembler_flush(assembler);
	check_taken_by(101);
}

Test(wrapper, who_did_not_wait_for_its_child_has_an_end_of_its_own)
{
	struct cs_header outer = wrapper_of(100, "setsid"), inner = child_of(101, "f.py");
	struct cs_assembled *wrapper = attach(1, &outer), *child;

	start(wrapper, 101, BOTH);
	child = attach(2, &inner);
	end_process(wrapper, 100, 0, 135 * MS);
	end_process(child, 101, 0, 180 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u32, seen.invocations, 0));
	cr_assert(eq(int, seen.pid, 100));
	cr_assert(eq(u64, seen.cold.end_ns, 135 * MS));
	check_left_to("f.py");
}

Test(wrapper, the_first_who_read_has_the_event)
{
	struct cs_header outer = wrapper_of(100, "sh"), inner = child_of(101, "f.py"),
			 later = child_of(102, "g.py");
	struct cs_assembled *wrapper = attach(1, &outer), *one, *other;

	later.marks[CS_MARK_STDIN_READ] = 180 * MS;
	later.marks[CS_MARK_STDOUT_WRITE] = 182 * MS;
	start(wrapper, 102, BOTH);
	start(wrapper, 101, BOTH);
	other = attach(2, &later);
	one = attach(3, &inner);
	end_process(other, 102, 0, 185 * MS);
	end_process(one, 101, 0, 186 * MS);
	end_process(wrapper, 100, 0, 190 * MS);
	cs_assembler_flush(assembler);
	check_taken_by(101);
}

Test(wrapper, a_child_with_other_output_may_be_a_tool_and_is_named)
{
	struct cs_header outer = wrapper_of(100, "sh"), inner = child_of(101, "f.py");

	run(&outer, &inner, CS_EXEC_STDIN);
	check_left_to("f.py");
}

Test(wrapper, a_child_that_wrote_nothing_is_named)
{
	struct cs_header outer = wrapper_of(100, "timeout"), inner = child_of(101, "f.py");

	inner.marks[CS_MARK_STDOUT_WRITE] = 0;
	run(&outer, &inner, BOTH);
	check_left_to("f.py");
}

Test(wrapper, a_child_of_which_nothing_is_known_is_named)
{
	struct cs_header outer = wrapper_of(100, "sh"), inner = child_of(101, "f.py");
	struct cs_assembled *wrapper = attach(1, &outer), *child;

	feed_spawn(wrapper, 101, 60 * MS);
	child = attach(2, &inner);
	end_process(child, 101, 0, 180 * MS);
	end_process(wrapper, 100, 0, 190 * MS);
	cs_assembler_flush(assembler);
	check_left_to("f.py");
}

Test(wrapper, a_child_between_other_pipes_is_none_of_it)
{
	struct cs_header outer = wrapper_of(100, "sh"), inner = child_of(101, "sed");

	run(&outer, &inner, 0);
	cr_assert(eq(str, (char *)phase_of(CS_PHASE_CODE)->approximate, (char *)CS_EVENT_UNSEEN));
}

Test(wrapper, whoever_read_or_wrote_before_its_child_has_the_event)
{
	struct cs_header outer = wrapper_of(100, "function"), inner = child_of(101, "tool");

	outer.marks[CS_MARK_STDIN_READ] = 165 * MS;
	outer.marks[CS_MARK_STDOUT_WRITE] = 188 * MS;
	run(&outer, &inner, BOTH);
	cr_assert(eq(int, seen.invocation[0].pid, 100));
	cr_assert(eq(u64, seen.invocation[0].start_ns, 165 * MS));
	cr_assert(eq(u64, seen.invocation[0].first_byte_ns, 188 * MS));
}

Test(wrapper, output_before_that_of_the_child_is_its_own)
{
	struct cs_header outer = wrapper_of(100, "function"), inner = child_of(101, "tool");

	outer.marks[CS_MARK_STDOUT_WRITE] = 172 * MS;
	run(&outer, &inner, BOTH);
	cr_assert(eq(int, seen.invocation[0].pid, 100));
	cr_assert(eq(str, (char *)seen.invocation[0].approximate, (char *)CS_READ_UNSEEN));
}

Test(wrapper, what_the_wrapper_does_afterwards_changes_nothing)
{
	struct cs_header outer = wrapper_of(100, "sh"), inner = child_of(101, "f.py");

	outer.marks[CS_MARK_STDIN_READ] = 186 * MS;
	outer.marks[CS_MARK_STDOUT_WRITE] = 187 * MS;
	run(&outer, &inner, BOTH);
	check_taken_by(101);
}

/* sh reads what is left to it, then executes the rest: what that is given is not whole. */
Test(wrapper, what_a_program_between_has_read_is_not_left)
{
	struct cs_header outer = wrapper_of(100, "sh"), inner = child_of(101, "f.py");
	struct cs_rec_exec rec = { .pid = 101, .flags = CS_EXEC_STDOUT };
	struct cs_assembled *wrapper = attach(1, &outer), *child;

	start(wrapper, 101, BOTH);
	feed(wrapper, 101, CS_RECORD_EXEC, 135 * MS, &rec, sizeof(rec), NULL);
	child = attach(2, &inner);
	end_process(child, 101, 0, 180 * MS);
	end_process(wrapper, 100, 0, 190 * MS);
	cs_assembler_flush(assembler);
	check_left_to("f.py");
}
