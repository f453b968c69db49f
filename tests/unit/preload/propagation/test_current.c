/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/current: whose a thread's work is, and when nobody can say. */
#include "preload/propagation/current.h"

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
static void begin_in(uint32_t pid, uint8_t number, uint64_t thread, unsigned how)
{
	struct cs_current_key key = key_of(number);
	struct cs_context context = { .trace = { .trace_id = { number }, .parent_id = { number } },
				      .state_len = 3,
				      .state = "a=1" };

	cs_current_begin(&current, &key, pid, thread, how, &context);
}

static void begin(uint8_t number, uint64_t thread, unsigned how)
{
	begin_in(PID, number, thread, how);
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
	begin(1, 100, 0);
	cr_expect(eq(int, whose(100), 1));
	cr_expect(eq(int, whose(200), 1), "a thread that reads no requests");
	end(1);
	cr_expect(eq(int, whose(100), 0));
}

Test(current, what_a_reader_of_others_does_is_not_ones)
{
	begin(1, 200, 0);
	end(1);
	begin(2, 100, 0);
	cr_expect(eq(int, whose(100), 2));
	cr_expect(eq(int, whose(200), 0));
}

Test(current, two_in_flight_are_nobodys_for_good)
{
	begin(1, 100, 0);
	begin(2, 100, 0);
	cr_expect(eq(int, whose(100), 0));
	end(2);
	cr_expect(eq(int, whose(100), 0), "what the second left behind may run on");
	end(1);
	begin(3, 100, 0);
	cr_expect(eq(int, whose(100), 3));
}

Test(current, a_thread_that_blocks_has_its_own)
{
	begin(1, 100, CS_CURRENT_BLOCKING);
	answer(1, 100);
	end(1);
	begin(2, 100, CS_CURRENT_BLOCKING);
	begin(3, 200, CS_CURRENT_BLOCKING);
	cr_expect(eq(int, whose(100), 2));
	cr_expect(eq(int, whose(200), 3));
	cr_expect(eq(int, whose(300), 0));
}

Test(current, not_before_any_has_answered_what_it_read)
{
	begin(1, 100, CS_CURRENT_BLOCKING);
	begin(2, 200, CS_CURRENT_BLOCKING);
	cr_expect(eq(int, whose(100), 0));
	answer(1, 100);
	cr_expect(eq(int, whose(100), 1));
	cr_expect(eq(int, whose(200), 2));
}

Test(current, not_where_one_has_answered_what_another_read)
{
	begin(1, 100, CS_CURRENT_BLOCKING);
	answer(1, 100);
	end(1);
	begin(2, 100, CS_CURRENT_BLOCKING);
	begin(3, 200, CS_CURRENT_BLOCKING);
	answer(3, 300);
	cr_expect(eq(int, whose(100), 0));
	cr_expect(eq(int, whose(200), 0));
}

Test(current, a_thread_that_reads_two_has_none)
{
	begin(1, 100, CS_CURRENT_BLOCKING);
	answer(1, 100);
	begin(2, 100, CS_CURRENT_BLOCKING);
	begin(3, 200, CS_CURRENT_BLOCKING);
	cr_expect(eq(int, whose(100), 0));
	cr_expect(eq(int, whose(200), 3));
}

Test(current, a_thread_that_does_not_block_has_none_in_company)
{
	begin(1, 100, 0);
	answer(1, 100);
	begin(2, 200, 0);
	cr_expect(eq(int, whose(100), 0));
}

Test(current, what_is_not_known_counts)
{
	struct cs_current_key unknown = key_of(9);

	begin(5, 300, 0);
	end(5); /* what stood in its place does not count */
	cs_current_begin(&current, &unknown, PID, 100, 0, NULL);
	cr_expect(eq(int, whose(100), 0));
	begin(1, 200, 0);
	cr_expect(eq(int, whose(200), 0));
}

Test(current, nobody_is_alone_beside_what_is_not_told)
{
	struct cs_current_key aside = { 1, 2, CS_CURRENT_ASIDE };

	cs_current_begin(&current, &aside, PID, 0, 0, NULL);
	begin(1, 100, CS_CURRENT_BLOCKING);
	cr_expect(eq(int, whose(100), 0));
	answer(1, 100);
	cr_expect(eq(int, whose(100), 1), "but a thread may still have its own");
	cs_current_end(&current, &aside);
	begin(2, 200, 0);
	end(1);
	end(2);
	begin(3, 200, 0);
	cr_expect(eq(int, whose(200), 3));
}

Test(current, a_fork_child_has_its_parents_for_exec_alone)
{
	struct cs_current_place place = { .pid = CHILD, .thread = 100 };
	struct cs_current_found found;

	begin(1, 100, 0);
	cr_expect(not(cs_current_find(&current, &place, &found)));
	place.of_child = true;
	cr_expect(cs_current_find(&current, &place, &found));
	begin_in(CHILD, 2, 100, 0);
	place.of_child = false;
	cr_assert(cs_current_find(&current, &place, &found), "it is alone in the child");
	cr_expect(eq(int, found.trace.parent_id[0], 2));
}

Test(current, its_state_is_there_while_it_is)
{
	struct cs_current_place place = { .pid = PID, .thread = 100 };
	struct cs_current_found found;
	char state[CS_TRACE_STATE_BYTES + 1] = "";

	begin(1, 100, 0);
	cr_assert(cs_current_find(&current, &place, &found));
	cr_assert(cs_current_state(&found, state));
	cr_expect(eq(str, state, (char *)"a=1"));
	end(1);
	cr_expect(not(cs_current_state(&found, state)));
}

Test(current, more_than_there_is_room_for_leave_nobody_alone)
{
	for (unsigned i = 0; i <= CS_CURRENT_MAX; i++)
		begin((uint8_t)(i + 1), 1000 + i, 0);
	for (unsigned i = 0; i <= CS_CURRENT_MAX; i++)
		end((uint8_t)(i + 1));
	begin(1, 5000, 0);
	cr_expect(eq(int, whose(5000), 0));
}

Test(current, the_end_of_what_is_not_known_is_none)
{
	end(1);
	begin(2, 100, 0);
	cr_expect(eq(int, whose(100), 2));
}

/* An event of an action loop may have the number of a request. */
Test(current, keys_of_other_sources_are_others)
{
	struct cs_current_key other = key_of(1);

	other.source = CS_CURRENT_STDIO;
	begin(1, 100, 0);
	cs_current_end(&current, &other);
	cr_expect(eq(int, whose(100), 1));
}

/* --- of which it is known later whose trace they are --- */

/* The first byte of the trace that @thread hands on; 0: none. */
static int trace_of(uint64_t thread)
{
	struct cs_current_place place = { .pid = PID, .thread = thread };
	struct cs_current_found found;

	return cs_current_find(&current, &place, &found) ? found.trace.trace_id[0] : 0;
}

Test(current, a_deferred_one_is_nobodys_until_it_is_settled)
{
	struct cs_current_key key = key_of(1);

	begin(1, 100, CS_CURRENT_DEFERRED);
	cr_expect(eq(int, whose(100), 0));
	cs_current_settle(&current, &key, NULL);
	cr_expect(eq(int, whose(100), 1));
	cr_expect(eq(int, trace_of(100), 1), "the trace that it began with");
}

Test(current, settling_gives_a_trace_and_leaves_its_span)
{
	struct cs_context named = {
		.trace = { .trace_id = { 77 }, .parent_id = { 88 }, .flags = 1 },
		.state_len = 7,
		.state = "b=2,c=3"
	};
	struct cs_current_place place = { .pid = PID, .thread = 100 };
	struct cs_current_key key = key_of(1), other = key_of(2);
	struct cs_current_found found;
	char state[CS_TRACE_STATE_BYTES];

	begin(1, 100, CS_CURRENT_DEFERRED);
	cs_current_settle(&current, &other, &named); /* is not there */
	cr_expect(eq(int, whose(100), 0));
	cs_current_settle(&current, &key, &named);
	cr_assert(cs_current_find(&current, &place, &found));
	cr_expect(eq(int, found.trace.trace_id[0], 77));
	cr_expect(eq(int, found.trace.parent_id[0], 1));
	cr_expect(eq(int, found.trace.flags, 1));
	cr_assert(eq(sz, found.state_len, 7));
	cr_assert(cs_current_state(&found, state));
	cr_expect(eq(int, memcmp(state, "b=2,c=3", 7), 0));
	cs_current_settle(&current, &key, NULL); /* once is enough */
	cr_expect(eq(int, trace_of(100), 77));
}

Test(current, one_that_is_not_told_of_is_never_settled)
{
	struct cs_current_key key = key_of(1);

	cs_current_begin(&current, &key, PID, 100, CS_CURRENT_DEFERRED, NULL);
	cs_current_settle(&current, &key, NULL);
	cr_expect(eq(int, whose(100), 0));
}

Test(current, who_is_not_sure_is_told_so)
{
	struct cs_current_place place = { .pid = PID, .thread = 100 };
	struct cs_current_found found;

	cr_assert(not(cs_current_find(&current, &place, &found)));
	cr_expect(not(found.unsure), "nothing is in flight");
	begin(1, 100, 0);
	begin(2, 100, 0);
	cr_assert(not(cs_current_find(&current, &place, &found)));
	cr_expect(found.unsure);
	end(1);
	end(2);
	begin(3, 100, 0);
	cr_assert(cs_current_find(&current, &place, &found));
	cr_expect(not(found.unsure));
}
