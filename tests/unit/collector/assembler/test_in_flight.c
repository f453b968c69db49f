/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/in_flight: several requests of one connection, lost ends, bounds. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "tests/support/assembling.h"

static struct cs_assembled *server;

static void start(void)
{
	assembling_start();
	server = attach_server();
}

TestSuite(in_flight, .init = start, .fini = assembling_stop);

/* Request @sequence of connection 7. */
static void ask(uint32_t sequence, uint64_t time_ns)
{
	struct cs_rec_request rec = { .connection = 7, .sequence = sequence, .method_len = 3 };

	feed(server, 100, CS_RECORD_REQUEST, time_ns, &rec, sizeof(rec), "GET");
}

static void answer(uint32_t sequence, uint64_t time_ns)
{
	struct cs_rec_response rec = { .connection = 7, .sequence = sequence, .status = 200 };

	feed(server, 100, CS_RECORD_RESPONSE, time_ns, &rec, sizeof(rec), NULL);
}

static void end(uint32_t sequence, uint16_t flags, uint64_t time_ns)
{
	struct cs_rec_response_end rec = { .connection = 7, .sequence = sequence, .flags = flags };

	feed(server, 100, CS_RECORD_RESPONSE_END, time_ns, &rec, sizeof(rec), NULL);
}

static void server_has(unsigned reason, uint64_t answered_ns)
{
	struct cs_header header = server_of(100, "server");

	header.stand_down = 1ull << reason;
	header.marks[CS_MARK_RESPONSE] = answered_ns;
	cs_assembler_look(server, &header);
}

static void server_has_a_ring(uint64_t answered_ns)
{
	server_has(CS_STAND_DOWN_IO_URING, answered_ns);
}

Test(in_flight, who_has_a_ring_may_have_answered_through_it)
{
	server_has_a_ring(0);
	ask(0, 70 * MS);
	end(0, CS_RESPONSE_ABORTED, 75 * MS);
	ask(1, 76 * MS);
	cs_assembler_ended(server, 100, CS_ASSEMBLER_STATUS, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 2));
	for (unsigned i = 0; i < 2; i++) {
		cr_assert(not(seen.invocation[i].aborted));
		cr_assert(eq(int, seen.invocation[i].outcome.cause, CS_CAUSE_NONE));
		cr_assert(eq(str, seen.said[i], (char *)CS_RING_UNSEEN));
	}
}

static void dies_with_a_ring(int status, enum cs_cause cause, int code)
{
	server_has_a_ring(0);
	ask(0, 70 * MS);
	cs_assembler_ended(server, 100, CS_ASSEMBLER_STATUS, status, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(seen.invocation[0].aborted);
	cr_assert(eq(int, seen.invocation[0].outcome.cause, cause));
	cr_assert(eq(int, seen.invocation[0].outcome.code, code));
	cr_assert(eq(int, seen.cold.outcome.cause, cause));
	cr_assert(eq(str, seen.said[0], (char *)CS_RING_UNSEEN));
}

Test(in_flight, who_has_a_ring_and_is_killed_is_told_to_be)
{
	dies_with_a_ring(SIGKILL, CS_CAUSE_SIGNAL, SIGKILL);
}

Test(in_flight, who_has_a_ring_and_fails_is_told_to)
{
	dies_with_a_ring(3 << 8, CS_CAUSE_EXIT, 3);
}

Test(in_flight, liburing_alone_hides_nothing)
{
	server_has(CS_STAND_DOWN_LIBURING, 0);
	ask(0, 70 * MS);
	end(0, CS_RESPONSE_ABORTED, 75 * MS);
	ask(1, 76 * MS);
	cs_assembler_ended(server, 100, CS_ASSEMBLER_STATUS, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 2));
	for (unsigned i = 0; i < 2; i++) {
		cr_assert(seen.invocation[i].aborted);
		cr_assert(eq(str, seen.said[i], (char *)CS_LIBURING_UNSEEN));
	}
	cr_assert(eq(int, seen.invocation[1].outcome.cause, CS_CAUSE_EXIT));
}

Test(in_flight, liburing_alone_leaves_an_unused_start_unused)
{
	server_has(CS_STAND_DOWN_LIBURING, 0);
	cs_assembler_ended(server, 100, CS_ASSEMBLER_STATUS, 0, 90 * MS);
	cs_assembler_detach(server);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(seen.cold.unused);
}

Test(in_flight, who_has_a_ring_and_answers_through_libc_has_it_for_something_else)
{
	server_has_a_ring(65 * MS);
	ask(0, 70 * MS);
	end(0, CS_RESPONSE_ABORTED, 75 * MS);
	cs_assembler_flush(assembler);
	cr_assert(seen.invocation[0].aborted);
}

Test(in_flight, an_answer_that_was_seen_to_begin_was_aborted_ring_or_not)
{
	server_has_a_ring(0);
	ask(0, 70 * MS);
	answer(0, 71 * MS);
	end(0, CS_RESPONSE_ABORTED, 75 * MS);
	cs_assembler_flush(assembler);
	cr_assert(seen.invocation[0].aborted);
}

Test(in_flight, pipelined_requests_are_answered_one_after_the_other)
{
	ask(0, 70 * MS);
	ask(1, 71 * MS);
	answer(0, 72 * MS);
	end(0, 0, 73 * MS);
	answer(1, 74 * MS);
	end(1, 0, 75 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 2));
	for (unsigned i = 0; i < 2; i++) {
		cr_assert(eq(u64, seen.invocation[i].start_ns, (70 + i) * MS));
		cr_assert(eq(u64, seen.invocation[i].first_byte_ns, (72 + 2 * i) * MS));
		cr_assert(eq(u64, seen.invocation[i].end_ns, (73 + 2 * i) * MS));
		cr_assert(not(seen.invocation[i].approximate != NULL));
	}
	cr_assert(eq(u64, stats_now().unmatched, 0));
}

Test(in_flight, a_response_may_be_told_with_its_end)
{
	struct {
		struct cs_rec_response_end end;
		struct cs_rec_response_begin begin;
	} whole = { { .connection = 7, .status = 404 }, { 72 * MS } };

	ask(0, 70 * MS);
	feed(server, 100, CS_RECORD_RESPONSE_END, 73 * MS, &whole, sizeof(whole), NULL);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u64, seen.invocation[0].first_byte_ns, 72 * MS));
	cr_assert(eq(u64, seen.invocation[0].end_ns, 73 * MS));
	cr_assert(eq(u32, seen.invocation[0].status, 404));
}

Test(in_flight, the_next_response_of_a_connection_ends_what_came_before)
{
	ask(0, 70 * MS);
	answer(0, 72 * MS); /* its end was dropped: the ring was full */
	ask(1, 80 * MS);
	answer(1, 82 * MS);
	end(1, 0, 83 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 2));
	cr_assert(eq(u64, seen.invocation[0].start_ns, 70 * MS));
	cr_assert(eq(u64, seen.invocation[0].end_ns, 72 * MS)); /* the last that is known of it */
	cr_assert(seen.invocation[0].approximate != NULL);
	cr_assert(not(seen.invocation[0].aborted));
	cr_assert(not(seen.invocation[1].approximate != NULL));
	cr_assert(eq(u64, seen.invocation[1].end_ns, 83 * MS));
}

Test(in_flight, an_end_ends_what_came_before_as_well)
{
	ask(0, 70 * MS);
	ask(1, 80 * MS);
	end(1, 0, 83 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 2));
	cr_assert(seen.invocation[0].approximate != NULL);
	cr_assert(eq(u64, seen.invocation[0].end_ns, 70 * MS));
}

Test(in_flight, other_connections_and_processes_go_on)
{
	feed_request(server, 100, 8, 69 * MS, "");
	feed_request(server, 101, 7, 69 * MS, "");
	ask(1, 70 * MS);
	answer(1, 72 * MS);
	end(1, 0, 73 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	feed_end(server, 100, 8, 79 * MS);
	feed_end(server, 101, 7, 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 3));
	cr_assert(not(seen.invocation[1].approximate != NULL));
	cr_assert(not(seen.invocation[2].approximate != NULL));
}

Test(in_flight, a_response_that_is_not_followed_to_its_end_says_so)
{
	ask(0, 70 * MS);
	answer(0, 72 * MS);
	end(0, CS_RESPONSE_UNFOLLOWED, 73 * MS);
	cs_assembler_flush(assembler);
	cr_assert(seen.invocation[0].approximate != NULL);
	cr_assert(eq(u64, seen.invocation[0].end_ns, 73 * MS));
}

Test(in_flight, what_executes_another_program_may_be_answered_by_that)
{
	ask(0, 70 * MS);
	cs_assembler_ended(server, 100, CS_ASSEMBLER_EXEC, 0, 80 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(ne(ptr, (void *)seen.invocation[0].approximate, NULL));
	cr_expect(eq(str, (char *)seen.invocation[0].approximate, (char *)CS_END_UNSEEN));
	cr_expect(not(seen.invocation[0].aborted));
	cr_expect(eq(u32, seen.invocation[0].outcome.cause, CS_CAUSE_NONE));
}

Test(in_flight, what_dies_before_its_response_is_aborted)
{
	ask(0, 70 * MS);
	cs_assembler_ended(server, 100, CS_ASSEMBLER_STATUS, 9, 80 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(seen.invocation[0].aborted);
	cr_assert(eq(u32, seen.invocation[0].outcome.cause, CS_CAUSE_SIGNAL));
}

/* Of a request with @headers, answered at once. */
static char *state_of(const char *headers)
{
	struct cs_rec_request rec = { .connection = 7,
				      .method_len = 3,
				      .headers_len = (uint16_t)strlen(headers) };
	char text[512] = "GET";

	strcat(text, headers);
	feed(server, 100, CS_RECORD_REQUEST, 70 * MS, &rec, sizeof(rec), text);
	answer(0, 72 * MS);
	end(0, 0, 73 * MS);
	cs_assembler_flush(assembler);
	return seen.trace_state;
}

#define PARENT "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n"

Test(in_flight, several_tracestates_are_one)
{
	cr_assert(eq(str,
		     state_of("tracestate: a=1\n" PARENT "tracestate: b=2,c=3\n"
			      "x-request-id: r\ntracestate: d=4\n"),
		     (char *)"a=1,b=2,c=3,d=4"));
}

Test(in_flight, one_bad_tracestate_spoils_the_rest)
{
	cr_assert(eq(str, state_of(PARENT "tracestate: a=1\ntracestate: b\n"), (char *)""));
}

Test(in_flight, long_texts_are_bounded_by_their_bytes)
{
	struct cs_rec_request rec = { .method_len = 3, .target_len = 1900 };
	char text[3 + 1900 + 1];
	unsigned kept = 0, fed = 4000;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (unsigned i = 0; i < fed; i++) {
		rec.connection = i;
		feed(server, 100, CS_RECORD_REQUEST, 70 * MS, &rec, sizeof(rec), text);
		cr_assert(le(sz, server->requests_bytes, CS_ASSEMBLER_BYTES_MAX));
	}
	kept = server->requests_count;
	cr_assert(lt(u32, kept, fed));
	cr_assert(kept > CS_ASSEMBLER_BYTES_MAX / 4096);
	cr_assert(eq(u64, stats_now().requests_dropped, fed - kept));
	/* What was told makes room. */
	end_process(server, 100, SIGKILL, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, kept));
	rec.connection = fed;
	feed(server, 101, CS_RECORD_REQUEST, 95 * MS, &rec, sizeof(rec), text);
	cr_assert(eq(u64, stats_now().requests_dropped, fed - kept));
}

Test(in_flight, a_request_that_is_longer_than_its_record_is_dropped_and_counted)
{
	struct cs_rec_request rec = { .connection = 7, .method_len = 3, .target_len = 500 };

	feed(server, 100, CS_RECORD_REQUEST, 70 * MS, &rec, sizeof(rec), "GET");
	cr_assert(eq(u64, stats_now().requests_dropped, 1));
	cr_assert(eq(u32, server->requests_count, 0));
}

Test(in_flight, an_empty_id_is_none)
{
	feed_request(server, 100, 7, 70 * MS, "x-call-id: \nx-request-id: r\n");
	cr_assert(eq(ptr, (void *)LIST_FIRST(&server->requests)->inbound.ids[CS_REQUEST_ID_CALL],
		     NULL));
	cr_assert(eq(str, LIST_FIRST(&server->requests)->inbound.ids[CS_REQUEST_ID_REQUEST],
		     (char *)"r"));
}

Test(in_flight, a_request_whose_context_was_refused_is_counted)
{
	feed_request(server, 100, 7, 70 * MS, "traceparent: x\nb3: x\n");
	feed_request(server, 100, 8, 70 * MS, PARENT);
	cr_assert(eq(u64, stats_now().contexts_refused, 1));
	cr_assert(eq(u32, server->requests_count, 2));
}
