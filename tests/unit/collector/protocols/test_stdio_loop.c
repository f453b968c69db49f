/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of the assembler: events of OpenWhisk's action loop. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "tests/support/assembling.h"

#define WALL_MS 1700000000000ull /* the wall clock when ours is 0 */

/* Of the invocation that was told last: texts are gone by the end of the call. */
static struct cs_whisk_event told;
static char told_name[CS_FUNCTION_NAME_MAX], told_id[64], told_function[64];

static void keep(void *context, const struct cs_invocation *invocation)
{
	const char *id = cs_invocation_id(invocation);
	const char *function = invocation->identity->platform->function;

	told = *invocation->whisk;
	seen.invocation[0] = *invocation;
	snprintf(told_name, sizeof(told_name), "%s", invocation->identity->name);
	snprintf(told_function, sizeof(told_function), "%s", function ? function : "(none)");
	snprintf(told_id, sizeof(told_id), "%s", id ? id : "(none)");
}

static void nothing(void *context, const struct cs_cold_start *cold)
{
}

/* In place of the suite's. */
static void listen_to_events(void)
{
	const struct cs_assembler_sink sink = { NULL, nothing, keep };
	const struct cs_id_key key = { { 7 } };

	cs_assembler_free(assembler);
	assembler = cs_assembler_new(&key, &sink);
}

TestSuite(stdio_loop, .init = assembling_start, .fini = assembling_stop);

static struct cs_header loop_of(int32_t pid)
{
	struct cs_header header = { .pid = pid, .attach_monotonic_ns = 40 * MS };

	put_identity(&header, "exe=/usr/bin/python3");
	put_identity(&header, "env.__OW_EXECUTION_ENV=x");
	header.flags = CS_HEADER_LOOP;
	header.marks[CS_MARK_ATTACH] = 40 * MS;
	header.marks[CS_MARK_MAIN] = 50 * MS;
	header.marks[CS_MARK_STDIN_READ] = 60 * MS;
	header.attach_realtime_ns = WALL_MS * MS + header.attach_monotonic_ns;
	return header;
}

static struct cs_assembled *attach_loop(void)
{
	struct cs_header header = loop_of(100);

	return cs_assembler_attach(assembler, 1, &header, 100);
}

/* Event @sequence, from the first byte of its line on. */
static void feed_line(struct cs_assembled *instance, uint32_t pid, uint32_t sequence,
		      uint64_t time_ns, const char *lines)
{
	struct {
		struct cs_rec_invocation rec;
		char text[256];
	} record = { .rec = { .source = CS_INVOCATION_STDIO, .id_len = sizeof(sequence) } };
	size_t len = strlen(lines);

	record.rec.text_len = (uint16_t)(sizeof(sequence) + len);
	memcpy(record.text, &sequence, sizeof(sequence));
	memcpy(record.text + sizeof(sequence), lines, len);
	feed(instance, pid, CS_RECORD_INVOCATION, time_ns, &record,
	     sizeof(record.rec) + record.rec.text_len, NULL);
}

/* Its answer, from 1 ms before @time_ns to there. */
static void feed_answer(struct cs_assembled *instance, uint32_t pid, uint32_t sequence,
			uint64_t time_ns, unsigned outcome, unsigned flags)
{
	struct {
		struct cs_rec_invocation_end rec;
		uint32_t sequence;
	} record = { .rec = { .first_ns = flags & CS_INVOCATION_UNSEEN ? 0 : time_ns - MS,
			      .source = CS_INVOCATION_STDIO,
			      .outcome = (uint16_t)outcome,
			      .flags = (uint16_t)flags,
			      .text_len = sizeof(sequence),
			      .id_len = sizeof(sequence),
			      .headers_offset = sizeof(sequence) },
		     .sequence = sequence };

	feed(instance, pid, CS_RECORD_INVOCATION_END, time_ns, &record,
	     sizeof(record.rec) + sizeof(sequence), NULL);
}

static void feed_good(struct cs_assembled *instance, uint32_t sequence, uint64_t time_ns)
{
	feed_answer(instance, 100, sequence, time_ns, CS_INVOCATION_RESPONSE, 0);
}

Test(stdio_loop, the_first_event_is_the_cold_one_and_ends_the_start)
{
	struct cs_assembled *loop = attach_loop();

	feed_line(loop, 100, 0, 70 * MS, "activation_id: a0\n");
	feed_good(loop, 0, 80 * MS);
	feed_line(loop, 100, 1, 90 * MS, "activation_id: a1\n");
	feed_good(loop, 1, 95 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u32, seen.cold.protocol, CS_PROTOCOL_STDIO));
	cr_assert(seen.cold.ready);
	cr_assert(eq(u64, phase_of(CS_PHASE_WAIT)->start_ns, 60 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_HANDLER)->start_ns, 70 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_RESPOND)->start_ns, 79 * MS));
	cr_assert(eq(u64, seen.cold.end_ns, 80 * MS));
	cr_assert(eq(u32, seen.invocations, 2));
	cr_assert(eq(u32, seen.invocation[0].protocol, CS_PROTOCOL_STDIO));
	cr_assert(seen.invocation[0].cold && !seen.invocation[1].cold);
	cr_assert(eq(u64, seen.invocation[1].start_ns, 90 * MS));
	cr_assert(eq(u64, seen.invocation[1].first_byte_ns, 94 * MS));
	cr_assert(eq(u64, seen.invocation[1].end_ns, 95 * MS));
	cr_assert(eq(u64, stats_now().unmatched, 0));
}

Test(stdio_loop, a_ring_answers_no_line)
{
	struct cs_header header = loop_of(100);
	struct cs_assembled *loop;

	header.stand_down = 1ull << CS_STAND_DOWN_IO_URING;
	loop = cs_assembler_attach(assembler, 1, &header, 100);
	feed_line(loop, 100, 0, 70 * MS, "activation_id: a0\n");
	cs_assembler_ended(loop, 100, CS_ASSEMBLER_STATUS, 0, 80 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(seen.invocation[0].aborted);
	cr_assert(eq(int, seen.invocation[0].outcome.cause, CS_CAUSE_EXIT));
	cr_assert(eq(str, seen.said[0], (char *)""));
}

Test(stdio_loop, an_acknowledgement_is_readiness_and_no_invocation)
{
	struct cs_assembled *loop = attach_loop();

	feed_answer(loop, 100, 0, 58 * MS, CS_INVOCATION_ACK, 0);
	feed_answer(loop, 100, 0, 59 * MS, CS_INVOCATION_ACK, 0); /* the first counts */
	feed_line(loop, 100, 0, 70 * MS, "activation_id: a0\n");
	feed_good(loop, 0, 80 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u64, phase_of(CS_PHASE_WAIT)->start_ns, 58 * MS));
}

Test(stdio_loop, what_it_is_called_its_events_say)
{
	struct cs_assembled *loop;

	listen_to_events();
	loop = attach_loop();
	feed_line(
		loop, 100, 0, 70 * MS,
		"activation_id: a0\naction_name: /g/hello\naction_version: 0.0.2\nnamespace: g\n");
	feed_answer(loop, 100, 0, 80 * MS, CS_INVOCATION_ERROR, 0);
	cs_assembler_flush(assembler);
	cr_assert(eq(str, told_name, (char *)"/g/hello"));
	cr_assert(eq(str, told_id, (char *)"a0"));
	cr_assert(told.failed);
}

Test(stdio_loop, a_name_that_its_operator_gave_it_stays)
{
	struct cs_header header = loop_of(100);
	struct cs_assembled *loop;

	listen_to_events();
	put_identity(&header, "env.OTEL_SERVICE_NAME=mine");
	loop = cs_assembler_attach(assembler, 1, &header, 100);
	feed_line(loop, 100, 0, 70 * MS, "action_name: /g/hello\n");
	feed_good(loop, 0, 80 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(str, told_name, (char *)"mine"));
}

Test(stdio_loop, a_name_that_its_platform_gave_it_stays)
{
	struct cs_header header = loop_of(100);
	struct cs_assembled *loop;

	listen_to_events();
	put_identity(&header, "env.__OW_ACTION_NAME=/g/a");
	loop = cs_assembler_attach(assembler, 1, &header, 100);
	feed_line(loop, 100, 0, 70 * MS, "action_name: /g/b\n");
	feed_good(loop, 0, 80 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(str, told_name, (char *)"/g/a"));
	cr_assert(eq(str, told_function, (char *)"/g/a"));
}

Test(stdio_loop, an_answer_that_was_not_seen_ends_it_where_it_asks_again)
{
	struct cs_assembled *loop = attach_loop();

	feed_line(loop, 100, 0, 70 * MS, "activation_id: a0\n");
	feed_answer(loop, 100, 0, 80 * MS, CS_INVOCATION_RESPONSE, CS_INVOCATION_UNSEEN);
	end_process(loop, 100, 9, 500 * MS); /* idle: it is nobody's failure */
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u64, seen.invocation[0].end_ns, 80 * MS));
	cr_assert(eq(u64, seen.invocation[0].first_byte_ns, 0));
	cr_assert(eq(u32, seen.invocation[0].outcome.cause, CS_CAUSE_NONE));
	cr_assert(eq(str, seen.said[0], (char *)CS_ANSWER_UNSEEN));
}

Test(stdio_loop, an_answer_that_is_seen_after_all_counts)
{
	struct cs_assembled *loop = attach_loop();

	feed_line(loop, 100, 0, 70 * MS, "activation_id: a0\n");
	feed_answer(loop, 100, 0, 71 * MS, CS_INVOCATION_RESPONSE, CS_INVOCATION_UNSEEN);
	feed_good(loop, 0, 80 * MS);
	feed_good(loop, 0, 85 * MS); /* there is but one */
	feed_answer(loop, 100, 0, 90 * MS, CS_INVOCATION_RESPONSE, CS_INVOCATION_UNSEEN);
	cs_assembler_flush(assembler);
	cr_assert(eq(u64, seen.invocation[0].end_ns, 80 * MS));
	cr_assert(eq(u64, seen.invocation[0].first_byte_ns, 79 * MS));
	cr_assert(eq(ptr, (void *)seen.invocation[0].approximate, NULL));
	cr_assert(eq(u64, stats_now().unmatched, 0));
}

/* Who wrote the record may have written anything. */
Test(stdio_loop, an_answer_from_before_the_event_moves_no_end)
{
	struct cs_assembled *loop = attach_loop();

	feed_line(loop, 100, 0, 70 * MS, "activation_id: a0\n");
	feed_answer(loop, 100, 0, 71 * MS, CS_INVOCATION_RESPONSE, CS_INVOCATION_UNSEEN);
	feed_good(loop, 0, 69 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u64, seen.invocation[0].end_ns, 71 * MS));
}

Test(stdio_loop, a_fork_child_may_answer)
{
	struct cs_assembled *loop = attach_loop();

	feed_line(loop, 100, 0, 70 * MS, "activation_id: a0\n");
	feed_answer(loop, 101, 0, 80 * MS, CS_INVOCATION_RESPONSE, 0);
	cs_assembler_flush(assembler);
	cr_assert(eq(u64, seen.invocation[0].end_ns, 80 * MS));
	cr_assert(eq(u64, stats_now().unmatched, 0));
}

Test(stdio_loop, answers_to_no_event_and_what_is_malformed_are_counted)
{
	struct cs_assembled *loop = attach_loop();
	struct cs_rec_invocation begin = { .source = CS_INVOCATION_STDIO };

	feed_good(loop, 3, 80 * MS);
	cr_assert(eq(u64, stats_now().unmatched, 1));
	/* That nothing was seen of one that is gone is no news. */
	feed_answer(loop, 100, 3, 81 * MS, CS_INVOCATION_RESPONSE, CS_INVOCATION_UNSEEN);
	cr_assert(eq(u64, stats_now().unmatched, 1));
	feed(loop, 100, CS_RECORD_INVOCATION, 81 * MS, &begin, sizeof(begin), NULL);
	begin.id_len = begin.text_len = 4; /* which are not there */
	feed(loop, 100, CS_RECORD_INVOCATION, 81 * MS, &begin, sizeof(begin), NULL);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 0));
	cr_assert(eq(u64, stats_now().requests_dropped, 2));
}

Test(stdio_loop, one_that_is_killed_before_it_answers_says_so)
{
	struct cs_assembled *loop = attach_loop();

	feed_line(loop, 100, 0, 70 * MS, "activation_id: a0\n");
	end_process(loop, 100, SIGSEGV, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u64, seen.invocation[0].end_ns, 90 * MS));
	cr_assert(eq(u32, seen.invocation[0].outcome.cause, CS_CAUSE_SIGNAL));
	cr_assert(eq(int, seen.invocation[0].outcome.code, SIGSEGV));
}

Test(stdio_loop, killed_at_its_deadline_it_timed_out)
{
	struct cs_assembled *loop;

	listen_to_events();
	loop = attach_loop();
	feed_line(loop, 100, 0, 70 * MS, "deadline: 1700000000090\n");
	end_process(loop, 100, SIGKILL, 91 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocation[0].outcome.cause, CS_CAUSE_TIMEOUT));
	cr_assert(told.deadline_passed);
}

Test(stdio_loop, one_that_had_no_event_was_unused)
{
	struct cs_assembled *loop = attach_loop();

	feed_answer(loop, 100, 0, 58 * MS, CS_INVOCATION_ACK, 0);
	end_process(loop, 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 0));
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(seen.cold.ready && seen.cold.unused);
	cr_assert(eq(u32, seen.cold.protocol, CS_PROTOCOL_STDIO));
}

/* It inherits variables and descriptors, and is given the event by a pipe. */
Test(stdio_loop, a_command_of_a_loop_is_none)
{
	struct cs_assembled *loop = attach_loop(), *command;
	struct cs_header header = loop_of(200);

	header.ppid = 100;
	header.attach_monotonic_ns = 75 * MS;
	feed_line(loop, 100, 0, 70 * MS, "activation_id: a0\n");
	feed_spawn(loop, 200, 72 * MS);
	command = cs_assembler_attach(assembler, 2, &header, 200);
	feed_line(command, 200, 0, 76 * MS, "activation_id: a0\n");
	end_process(command, 200, 0, 78 * MS);
	feed_good(loop, 0, 80 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(int, seen.invocation[0].pid, 100));
	cr_assert(eq(u64, stats_now().helpers, 1));
}

/* A shell that only starts it has the same variables and descriptors. */
Test(stdio_loop, what_a_wrapper_starts_is_one)
{
	struct cs_header header = loop_of(100);
	struct cs_assembled *wrapper, *loop;

	header.marks[CS_MARK_STDIN_READ] = 0;
	wrapper = cs_assembler_attach(assembler, 1, &header, 100);
	feed_spawn(wrapper, 200, 52 * MS);
	header = loop_of(200);
	header.ppid = 100;
	loop = cs_assembler_attach(assembler, 2, &header, 200);
	feed_line(loop, 200, 0, 70 * MS, "activation_id: a0\n");
	feed_answer(loop, 200, 0, 80 * MS, CS_INVOCATION_RESPONSE, 0);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(int, seen.invocation[0].pid, 200));
}

Test(stdio_loop, one_that_waits_when_the_collector_stops_is_told)
{
	struct cs_assembled *loop = attach_loop();

	cs_assembler_ended(loop, 100, CS_ASSEMBLER_SHUTDOWN, 0, 90 * MS);
	cs_assembler_detach(loop);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(seen.cold.ready && !seen.cold.unused);
}
