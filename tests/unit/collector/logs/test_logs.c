/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/logs: lines, whose they are, and when they are told. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "tests/support/assembling.h"

#define S (1000 * MS)

static struct cs_assembled *server;

static void start(void)
{
	assembling_start();
	server = attach_server();
}

TestSuite(logs, .init = start, .fini = assembling_stop);

static void say(uint64_t time_ns, const char *text)
{
	feed_log(server, 100, CS_LOG_STDERR, time_ns, text);
}

static bool is_of(unsigned line, const struct cs_span_context *context)
{
	const struct cs_span_context *own = &seen.log_context[line];

	return !memcmp(&own->span_id, &context->span_id, sizeof(own->span_id)) &&
	       !memcmp(&own->trace_id, &context->trace_id, sizeof(own->trace_id));
}

static bool is_alone(unsigned line)
{
	return is_of(line, &(struct cs_span_context){ .trace_flags = 0 });
}

Test(logs, a_line_is_told_with_its_invocation)
{
	feed_request(server, 100, 5, 100 * MS, "traceparent: " TRACEPARENT "\n");
	say(110 * MS, "in it\n");
	feed_end(server, 100, 5, 120 * MS);
	cs_assembler_tick(assembler, 130 * MS);
	cr_assert(eq(u32, seen.logs, 0));
	cs_assembler_tick(assembler, S);
	cr_assert(eq(u32, seen.logs, 1));
	cr_assert(eq(str, seen.line[0], (char *)"in it"));
	cr_assert(eq(u32, seen.log[0].stream, CS_LOG_STDERR));
	cr_assert(eq(u64, seen.log[0].time_ns, 110 * MS));
	cr_assert(is_of(0, &seen.invocation[0].context));
	cr_assert(eq(int, seen.log_context[0].trace_id.bytes[0], 0x0a));
}

Test(logs, what_comes_before_it_is_ready_is_the_starts)
{
	say(55 * MS, "loading\n");
	say(70 * MS, "idle\n");
	feed_request(server, 100, 5, 100 * MS, "");
	feed_end(server, 100, 5, 120 * MS);
	cs_assembler_tick(assembler, S);
	cr_assert(eq(u32, seen.logs, 2));
	cr_assert(is_of(0, &seen.cold.context));
	cr_assert(is_alone(1), "ready, and nothing in flight");
}

Test(logs, between_invocations_a_line_is_nobodys)
{
	feed_request(server, 100, 5, 100 * MS, "");
	feed_end(server, 100, 5, 120 * MS);
	cs_assembler_tick(assembler, S);
	say(2 * S, "later\n");
	cr_assert(eq(u32, seen.logs, 1));
	cr_assert(is_alone(0));
	cr_assert(eq(u64, stats_now().log_lines_alone, 1));
}

Test(logs, of_two_at_once_a_line_is_nobodys)
{
	feed_request(server, 100, 5, 100 * MS, "");
	say(105 * MS, "alone\n");
	feed_request(server, 100, 6, 110 * MS, "");
	say(115 * MS, "whose\n");
	feed_end(server, 100, 5, 120 * MS);
	feed_end(server, 100, 6, 130 * MS);
	cs_assembler_tick(assembler, S);
	cr_assert(eq(u32, seen.logs, 2));
	cr_assert(eq(str, seen.line[0], (char *)"whose"));
	cr_assert(is_alone(0));
	cr_assert(is_of(1, &seen.invocation[0].context));
}

Test(logs, a_request_that_was_read_later_takes_a_line_back)
{
	feed_request(server, 100, 5, 100 * MS, "");
	say(110 * MS, "whose\n");
	feed_request(server, 100, 6, 105 * MS, "");
	feed_end(server, 100, 5, 120 * MS);
	feed_end(server, 100, 6, 130 * MS);
	cs_assembler_tick(assembler, S);
	cr_assert(eq(u32, seen.logs, 1));
	cr_assert(is_alone(0));
}

Test(logs, an_invocation_that_lasts_is_told_of_by_its_lines)
{
	feed_request(server, 100, 5, 100 * MS, "");
	feed_end(server, 100, 5, 120 * MS);
	cs_assembler_tick(assembler, S);
	feed_request(server, 100, 6, 2 * S, "");
	say(2 * S + MS, "on its way\n");
	cs_assembler_tick(assembler, 2 * S + 100 * MS);
	cr_assert(eq(u32, seen.logs, 0), "a record that is read later may change it");
	cs_assembler_tick(assembler, 2 * S + 400 * MS);
	cr_assert(eq(u32, seen.logs, 1));
	feed_end(server, 100, 6, 60 * S);
	cs_assembler_tick(assembler, 61 * S);
	cr_assert(is_of(0, &seen.invocation[1].context), "its ids are those it is told with");
}

Test(logs, the_last_line_of_the_killed_is_told)
{
	feed_request(server, 100, 5, 100 * MS, "");
	say(110 * MS, "and then it");
	end_process(server, 100, 9, 120 * MS);
	cs_assembler_tick(assembler, 5 * S);
	cr_assert(eq(u32, seen.logs, 1));
	cr_assert(eq(str, seen.line[0], (char *)"and then it"));
	cr_assert(is_of(0, &seen.invocation[0].context));
	cr_assert(eq(int, (int)seen.invocation[0].outcome.cause, (int)CS_CAUSE_SIGNAL));
}

Test(logs, a_line_that_stands_still_is_told_as_it_is)
{
	feed_request(server, 100, 5, 100 * MS, "");
	feed_end(server, 100, 5, 120 * MS);
	cs_assembler_tick(assembler, S);
	say(2 * S, "continue? ");
	cr_assert(ne(u64, cs_assembler_tick(assembler, 3 * S), 0));
	cr_assert(eq(u32, seen.logs, 0));
	cs_assembler_tick(assembler, 5 * S);
	cr_assert(eq(u32, seen.logs, 1));
	cr_assert(eq(u64, cs_assembler_tick(assembler, 6 * S), 0), "nothing waits any more");
}

Test(logs, threads_do_not_tear_each_others_lines)
{
	feeding_thread = 1;
	say(70 * MS, "one ");
	feeding_thread = 2;
	say(71 * MS, "two ");
	feeding_thread = 1;
	say(72 * MS, "thread\n");
	feeding_thread = 2;
	say(73 * MS, "threads\n");
	cs_assembler_flush(assembler);
	cr_assert(eq(str, seen.line[0], (char *)"one thread"));
	cr_assert(eq(str, seen.line[1], (char *)"two threads"));
}

Test(logs, a_buffer_of_lines_may_be_of_anybody)
{
	feed_log(server, 100, CS_LOG_STDOUT, 55 * MS, "loading\nloaded\n");
	feed_request(server, 100, 5, 100 * MS, "");
	feed_log(server, 100, CS_LOG_STDOUT, 105 * MS, "of this\nor an earlier one\n");
	feed_log(server, 100, CS_LOG_STDOUT, 106 * MS, "of this one\n");
	feed_log(server, 100, CS_LOG_STDERR, 107 * MS, "of this\none, too\n");
	feed_end(server, 100, 5, 120 * MS);
	cs_assembler_tick(assembler, S);
	cr_assert(eq(u32, seen.logs, 7));
	for (unsigned i = 0; i < 7; i++) {
		bool start = !strncmp(seen.line[i], "load", 4);
		bool of_it = seen.log[i].time_ns >= 106 * MS;

		cr_assert(start   ? is_of(i, &seen.cold.context)
			  : of_it ? is_of(i, &seen.invocation[0].context)
				  : is_alone(i),
			  "%s", seen.line[i]);
	}
}

Test(logs, a_process_per_event_has_the_lines_of_its_event)
{
	struct cs_header header = later_of(200, "exec");
	struct cs_assembled *exec = cs_assembler_attach(assembler, 2, &header, 200);

	feed_log(exec, 200, CS_LOG_STDERR, 155 * MS, "importing\n");
	feed_log(exec, 200, CS_LOG_STDERR, 175 * MS, "working\n");
	end_process(exec, 200, 0, 180 * MS);
	cs_assembler_tick(assembler, 5 * S);
	cr_assert(eq(u32, seen.logs, 2));
	cr_assert(eq(str, seen.line[0], (char *)"importing"));
	cr_assert(is_of(0, &seen.cold.context));
	cr_assert(eq(str, seen.line[1], (char *)"working"));
	cr_assert(is_of(1, &seen.invocation[0].context));
}

Test(logs, a_start_is_not_waited_for_for_ever)
{
	say(55 * MS, "loading\n");
	cr_assert(ne(u64, cs_assembler_tick(assembler, 30 * S), 0));
	cr_assert(eq(u32, seen.logs, 0));
	cs_assembler_tick(assembler, 62 * S);
	cr_assert(eq(u32, seen.logs, 1));
	cr_assert(is_alone(0));
}

Test(logs, what_is_no_line_is_not_told)
{
	say(70 * MS, "\n\r\n");
	say(71 * MS, "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX\n");
	say(72 * MS, "colour \x1b[31mred\x1b[0m\ttab \xff\x01\r\n");
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.logs, 1));
	cr_assert(eq(str, seen.line[0], (char *)"colour  [31mred [0m\ttab \xef\xbf\xbd "));
}

/* A record of Lambda's log pipe, as @pid wrote it. */
static void say_framed(uint32_t pid, uint64_t time_ns, const char *bytes, size_t len)
{
	const struct cs_rec_log rec = { .stream = CS_LOG_FRAMED, .text_len = (uint16_t)len };
	char payload[64];

	memcpy(payload, &rec, sizeof(rec));
	memcpy(payload + sizeof(rec), bytes, len);
	feed(server, pid, CS_RECORD_LOG, time_ns, payload, sizeof(rec) + len, NULL);
}

Test(logs, frames_say_when_and_how_severe)
{
	say_framed(100, 71 * MS, "\xa5\x5a\0\x0f\0\0\0\x0a\0\0\0\0\0\0\0\x09two\rlines.", 26);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.logs, 1));
	cr_assert(eq(str, seen.line[0], (char *)"two\nlines."));
	cr_assert(eq(int, (int)seen.log[0].severity, 9));
	cr_assert(eq(u64, seen.log[0].unix_ns, 9000));
}

/* Fork children have the descriptor, too: what one began no other goes on with. */
Test(logs, a_frame_is_of_one_process)
{
	say_framed(100, 71 * MS, "\xa5\x5a\0\x0f\0\0\0\x06\0\0\0\0\0\0\0\x09one", 19);
	say_framed(101, 72 * MS, "\xa5\x5a\0\x0f\0\0\0\x03\0\0\0\0\0\0\0\x09two", 19);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.logs, 2));
	cr_assert(eq(str, seen.line[0], (char *)"one"));
	cr_assert(eq(str, seen.line[1], (char *)"two"));
}

Test(logs, more_than_an_instance_may_have_is_counted)
{
	for (unsigned i = 0; i < 30000; i++)
		say(70 * MS, "line\n");
	cr_assert(eq(u64, stats_now().log_lines_limited, 30000 - 20001));
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.logs, 20001));
	cr_assert(eq(u64, stats_now().log_lines, 20001));
}

Test(logs, lines_that_wait_are_bounded_in_bytes)
{
	char line[4002];
	unsigned before;

	memset(line, 'x', 4000);
	strcpy(line + 4000, "\n");
	for (unsigned i = 0; i < 400; i++)
		say(55 * MS, line);
	before = seen.logs;
	cr_assert(before > 100 && before < 200, "%u told before their time", before);
	cr_assert(eq(u64, stats_now().log_lines_alone, before));
	feed_request(server, 100, 5, 100 * MS, "");
	feed_end(server, 100, 5, 120 * MS);
	cs_assembler_tick(assembler, S);
	cr_assert(eq(u32, seen.logs, 400));
	cr_assert(is_of(399 % SEEN_MAX, &seen.cold.context));
}
