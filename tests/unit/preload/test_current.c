/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/current: whose a thread's work is, and when nobody can say. */
#include "preload/current.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#define PID   7u
#define CHILD 8u

static struct cs_current current;

static struct cs_current_key key_of(uint64_t number)
{
	return (struct cs_current_key){ number << 32 | 9, 3, CS_CURRENT_HTTP };
}

/* Invocation @number, whose head @thread has read; its span's id is the number. */
static void begin_in(uint32_t pid, uint8_t number, uint64_t thread, bool blocking)
{
	struct cs_current_key key = key_of(number);
	struct cs_context context = { .trace = { .trace_id = { number }, .parent_id = { number } },
				      .state_len = 3,
				      .state = "a=1" };

	cs_current_begin(&current, &key, pid, thread, blocking, &context);
}

static void begin(uint8_t number, uint64_t thread, bool blocking)
{
	begin_in(PID, number, thread, blocking);
}

static void end(uint8_t number)
{
	struct cs_current_key key = key_of(number);

	cs_current_end(&current, &key);
}

static void answer(uint8_t number, uint64_t thread)
{
	struct cs_current_key key = key_of(number);

	cs_current_answered(&current, &key, thread);
}

/* The number of whose work @thread does; 0: nobody's. */
static int whose(uint64_t thread)
{
	struct cs_current_place place = { .pid = PID, .thread = thread };
	struct cs_current_found found;

	return cs_current_find(&current, &place, &found) ? found.trace.parent_id[0] : 0;
}

Test(current, one_alone_is_everybodys)
{
	cr_expect(eq(int, whose(100), 0));
	begin(1, 100, false);
	cr_expect(eq(int, whose(100), 1));
	cr_expect(eq(int, whose(200), 1), "a thread that reads no requests");
	end(1);
	cr_expect(eq(int, whose(100), 0));
}

Test(current, what_a_reader_of_others_does_is_not_ones)
{
	begin(1, 200, false);
	end(1);
	begin(2, 100, false);
	cr_expect(eq(int, whose(100), 2));
	cr_expect(eq(int, whose(200), 0));
}

Test(current, two_in_flight_are_nobodys_for_good)
{
	begin(1, 100, false);
	begin(2, 100, false);
	cr_expect(eq(int, whose(100), 0));
	end(2);
	cr_expect(eq(int, whose(100), 0), "what the second left behind may run on");
	end(1);
	begin(3, 100, false);
	cr_expect(eq(int, whose(100), 3));
}

Test(current, a_thread_that_blocks_has_its_own)
{
	begin(1, 100, true);
	answer(1, 100);
	end(1);
	begin(2, 100, true);
	begin(3, 200, true);
	cr_expect(eq(int, whose(100), 2));
	cr_expect(eq(int, whose(200), 3));
	cr_expect(eq(int, whose(300), 0));
}

Test(current, not_before_any_has_answered_what_it_read)
{
	begin(1, 100, true);
	begin(2, 200, true);
	cr_expect(eq(int, whose(100), 0));
	answer(1, 100);
	cr_expect(eq(int, whose(100), 1));
	cr_expect(eq(int, whose(200), 2));
}

Test(current, not_where_one_has_answered_what_another_read)
{
	begin(1, 100, true);
	answer(1, 100);
	end(1);
	begin(2, 100, true);
	begin(3, 200, true);
	answer(3, 300);
	cr_expect(eq(int, whose(100), 0));
	cr_expect(eq(int, whose(200), 0));
}

Test(current, a_thread_that_reads_two_has_none)
{
	begin(1, 100, true);
	answer(1, 100);
	begin(2, 100, true);
	begin(3, 200, true);
	cr_expect(eq(int, whose(100), 0));
	cr_expect(eq(int, whose(200), 3));
}

Test(current, a_thread_that_does_not_block_has_none_in_company)
{
	begin(1, 100, false);
	answer(1, 100);
	begin(2, 200, false);
	cr_expect(eq(int, whose(100), 0));
}

Test(current, what_is_not_known_counts)
{
	struct cs_current_key unknown = key_of(9);

	begin(5, 300, false);
	end(5); /* what stood in its place does not count */
	cs_current_begin(&current, &unknown, PID, 100, false, NULL);
	cr_expect(eq(int, whose(100), 0));
	begin(1, 200, false);
	cr_expect(eq(int, whose(200), 0));
}

Test(current, nobody_is_alone_beside_what_is_not_told)
{
	struct cs_current_key aside = { 1, 2, CS_CURRENT_ASIDE };

	cs_current_begin(&current, &aside, PID, 0, false, NULL);
	begin(1, 100, true);
	cr_expect(eq(int, whose(100), 0));
	answer(1, 100);
	cr_expect(eq(int, whose(100), 1), "but a thread may still have its own");
	cs_current_end(&current, &aside);
	begin(2, 200, false);
	end(1);
	end(2);
	begin(3, 200, false);
	cr_expect(eq(int, whose(200), 3));
}

Test(current, a_fork_child_has_its_parents_for_exec_alone)
{
	struct cs_current_place place = { .pid = CHILD, .thread = 100 };
	struct cs_current_found found;

	begin(1, 100, false);
	cr_expect(not(cs_current_find(&current, &place, &found)));
	place.of_child = true;
	cr_expect(cs_current_find(&current, &place, &found));
	begin_in(CHILD, 2, 100, false);
	place.of_child = false;
	cr_assert(cs_current_find(&current, &place, &found), "it is alone in the child");
	cr_expect(eq(int, found.trace.parent_id[0], 2));
}

Test(current, its_state_is_there_while_it_is)
{
	struct cs_current_place place = { .pid = PID, .thread = 100 };
	struct cs_current_found found;
	char state[CS_TRACE_STATE_BYTES + 1] = "";

	begin(1, 100, false);
	cr_assert(cs_current_find(&current, &place, &found));
	cr_assert(cs_current_state(&found, state));
	cr_expect(eq(str, state, (char *)"a=1"));
	end(1);
	cr_expect(not(cs_current_state(&found, state)));
}

Test(current, more_than_there_is_room_for_leave_nobody_alone)
{
	for (unsigned i = 0; i <= CS_CURRENT_MAX; i++)
		begin((uint8_t)(i + 1), 1000 + i, false);
	for (unsigned i = 0; i <= CS_CURRENT_MAX; i++)
		end((uint8_t)(i + 1));
	begin(1, 5000, false);
	cr_expect(eq(int, whose(5000), 0));
}

Test(current, the_end_of_what_is_not_known_is_none)
{
	end(1);
	begin(2, 100, false);
	cr_expect(eq(int, whose(100), 2));
}

/* An event of an action loop may have the number of a request. */
Test(current, keys_of_other_sources_are_others)
{
	struct cs_current_key other = key_of(1);

	other.source = CS_CURRENT_STDIO;
	begin(1, 100, false);
	cs_current_end(&current, &other);
	cr_expect(eq(int, whose(100), 1));
}
