/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/call_children: what helpers call is of who started them. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "tests/support/assembling.h"

#define HELPER     200
#define CONNECTION 0x100000005ull

static unsigned told_count;
static struct cs_call told; /* the last one, without its texts */

static void on_call(void *context, const struct cs_call *call)
{
	told = *call;
	told_count++;
}

static void start(void)
{
	assembling_start();
	assembler->sink.call = on_call;
	told_count = 0;
}

TestSuite(call_children, .init = start, .fini = assembling_stop);

/* A program that began at 72 ms, asked at 75 ms, and was answered 5 ms later. */
static struct cs_assembled *helper_that_asks(int32_t pid)
{
	const struct cs_rec_call rec = { .connection = CONNECTION,
					 .protocol = CS_CALL_HTTP,
					 .method_len = 3,
					 .target_len = 2,
					 .headers_len = 11 };
	const struct cs_rec_call_end end = { .connection = CONNECTION,
					     .status = 200,
					     .first_ns = 79 * MS,
					     .bytes_out = 5,
					     .bytes_in = 7 };
	struct cs_header header = header_of(pid, "helper");
	struct cs_assembled *helper;

	header.attach_monotonic_ns = 72 * MS;
	header.marks[CS_MARK_ATTACH] = 72 * MS;
	header.marks[CS_MARK_MAIN] = 73 * MS;
	helper = cs_assembler_attach(assembler, (uint64_t)pid, &header, pid);
	feed(helper, (uint32_t)pid, CS_RECORD_CALL, 75 * MS, &rec, sizeof(rec),
	     "GET/ahost: b:80\n");
	feed(helper, (uint32_t)pid, CS_RECORD_CALL_END, 80 * MS, &end, sizeof(end), NULL);
	return helper;
}

static bool is_child_of(const struct cs_invocation *invocation)
{
	return !memcmp(told.context.parent_span_id.bytes, invocation->context.span_id.bytes,
		       sizeof(told.context.parent_span_id.bytes));
}

Test(call_children, of_a_process_that_is_its_event_they_are_part_of_that)
{
	struct cs_header header = header_of(100, "script");
	struct cs_assembled *script, *helper;

	header.marks[CS_MARK_STDIN_READ] = 60 * MS;
	script = cs_assembler_attach(assembler, 1, &header, 100);
	feed_spawn(script, HELPER, 71 * MS);
	helper = helper_that_asks(HELPER);
	end_process(helper, HELPER, 0, 82 * MS);
	end_process(script, 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u32, told_count, 1));
	cr_assert(is_child_of(&seen.invocation[0]));
	cr_assert(eq(i32, told.pid, HELPER));
	cr_assert(eq(u32, seen.invocation[0].network.connections_opened, 1));
	cr_assert(eq(u64, seen.invocation[0].network.sent_bytes, 5));
	cr_assert(eq(u64, stats_now().calls_unowned, 0));
}

Test(call_children, of_a_server_they_are_part_of_what_it_had_in_flight_alone)
{
	struct cs_assembled *server = attach_server(), *helper;

	feed_request(server, 100, 1, 70 * MS, "");
	feed_spawn(server, HELPER, 71 * MS);
	helper = helper_that_asks(HELPER);
	end_process(helper, HELPER, 0, 82 * MS);
	feed_request(server, 100, 2, 83 * MS,
		     ""); /* beside it, and later than the start of the helper */
	feed_end(server, 100, 1, 85 * MS);
	feed_end(server, 100, 2, 86 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 2));
	cr_assert(eq(u32, told_count, 1));
	cr_assert(is_child_of(&seen.invocation[0]));
}

Test(call_children, who_started_it_may_be_told_later)
{
	struct cs_assembled *server = attach_server(), *helper = helper_that_asks(HELPER);

	end_process(helper, HELPER, 0, 82 * MS);
	cs_assembler_tick(assembler, 83 * MS);
	feed_request(server, 100, 1, 70 * MS, "");
	feed_spawn(server, HELPER, 71 * MS);
	feed_end(server, 100, 1, 85 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, told_count, 1));
	cr_assert(is_child_of(&seen.invocation[0]));
}

Test(call_children, with_two_in_flight_they_are_nobodys)
{
	struct cs_assembled *server = attach_server(), *helper;

	feed_request(server, 100, 1, 69 * MS, "");
	feed_request(server, 100, 2, 70 * MS, "");
	feed_spawn(server, HELPER, 71 * MS);
	helper = helper_that_asks(HELPER);
	end_process(helper, HELPER, 0, 82 * MS);
	feed_end(server, 100, 1, 85 * MS);
	feed_end(server, 100, 2, 86 * MS);
	cs_assembler_flush(assembler);
	cs_assembler_tick(assembler, UINT64_MAX - 1);
	cr_assert(eq(u32, told_count, 0));
	cr_assert(eq(u64, stats_now().calls_unowned, 1));
}

Test(call_children, what_begins_after_the_answer_is_nobodys)
{
	struct cs_assembled *server = attach_server(), *helper;

	feed_request(server, 100, 1, 70 * MS, "");
	feed_spawn(server, HELPER, 71 * MS);
	feed_end(server, 100, 1, 74 * MS);
	helper = helper_that_asks(HELPER);
	end_process(helper, HELPER, 0, 82 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, told_count, 0));
	cr_assert(eq(u64, stats_now().calls_unowned, 1));
}

Test(call_children, a_shell_between_hands_them_on)
{
	struct cs_assembled *server = attach_server(), *shell, *helper;
	struct cs_header header = header_of(150, "sh");

	feed_request(server, 100, 1, 65 * MS, "");
	feed_spawn(server, 150, 66 * MS);
	header.attach_monotonic_ns = 67 * MS;
	header.marks[CS_MARK_ATTACH] = 67 * MS;
	header.marks[CS_MARK_MAIN] = 68 * MS;
	shell = cs_assembler_attach(assembler, 150, &header, 150);
	feed_spawn(shell, HELPER, 71 * MS);
	helper = helper_that_asks(HELPER);
	end_process(helper, HELPER, 0, 82 * MS);
	end_process(shell, 150, 0, 83 * MS);
	feed_end(server, 100, 1, 85 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, told_count, 1));
	cr_assert(is_child_of(&seen.invocation[0]));
	cr_assert(eq(i32, told.pid, HELPER));
}

Test(call_children, who_was_started_by_nobody_that_is_watched_calls_for_itself)
{
	struct cs_assembled *alone = helper_that_asks(HELPER);

	end_process(alone, HELPER, 0, 82 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u32, told_count, 1));
	cr_assert(eq(u64, stats_now().calls_unowned, 0));
}
