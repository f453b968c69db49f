/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of the assembler: records late, twice, in the wrong order, with impossible times; bounds. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <string.h>

#include "collector/assembler/evidence.h"
#include "tests/support/assembling.h"

TestSuite(disorder, .init = assembling_start, .fini = assembling_stop);

static void feed_response(struct cs_assembled *instance, uint64_t time_ns)
{
	struct cs_rec_response first = { .connection = 7, .status = 200 };

	feed(instance, 100, CS_RECORD_RESPONSE, time_ns, &first, sizeof(first), NULL);
}

static void feed_response_end(struct cs_assembled *instance, uint64_t time_ns)
{
	struct cs_rec_response_end end = { .connection = 7, .status = 200 };

	feed(instance, 100, CS_RECORD_RESPONSE_END, time_ns, &end, sizeof(end), NULL);
}

/* --- times that lie --- */

Test(disorder, a_first_byte_before_the_request_is_taken_to_its_start)
{
	struct cs_assembled *server = attach_server();

	feed_request(server, 100, 7, 70 * MS, "");
	feed_response(server, 1 * MS);
	feed_response_end(server, 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u64, seen.invocation[0].first_byte_ns, 70 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_RESPOND)->start_ns, 70 * MS));
}

Test(disorder, a_first_byte_after_the_end_is_taken_to_the_end)
{
	struct cs_assembled *server = attach_server();

	feed_request(server, 100, 7, 70 * MS, "");
	feed_response(server, UINT64_MAX);
	feed_response_end(server, 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u64, seen.invocation[0].first_byte_ns, 79 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_RESPOND)->start_ns, 79 * MS));
}

Test(disorder, an_end_before_the_request_is_taken_to_its_start)
{
	struct cs_assembled *server = attach_server();

	feed_request(server, 100, 7, 70 * MS, "");
	feed_response_end(server, 3 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u64, seen.invocation[0].end_ns, 70 * MS));
	cr_assert(eq(u64, seen.invocation[0].first_byte_ns, 0));
}

Test(disorder, output_that_claims_to_come_after_the_exit_comes_at_the_exit)
{
	struct cs_header header = header_of(100, "function");

	header.marks[CS_MARK_STDIN_READ] = 70 * MS;
	header.marks[CS_MARK_STDOUT_WRITE] = UINT64_MAX;
	end_process(cs_assembler_attach(assembler, 1, &header, 100), 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u64, seen.invocation[0].first_byte_ns, 90 * MS));
	cr_assert(eq(u64, seen.cold.end_ns, 90 * MS));
}

Test(disorder, an_event_that_claims_to_come_after_the_exit_comes_at_the_exit)
{
	struct cs_header header = header_of(100, "function");

	header.marks[CS_MARK_STDIN_READ] = UINT64_MAX - 1;
	end_process(cs_assembler_attach(assembler, 1, &header, 100), 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u64, seen.invocation[0].start_ns, 90 * MS));
	cr_assert(eq(u64, seen.invocation[0].end_ns, 90 * MS));
}

Test(disorder, a_request_at_the_beginning_of_time_still_bounds_its_cold_start)
{
	struct cs_assembled *server = attach_server();

	feed_request(server, 100, 7, 0, "");
	feed_response(server, 75 * MS);
	feed_response_end(server, 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(le(u64, seen.cold.start_ns, seen.invocation[0].start_ns));
	cr_assert(eq(u64, seen.cold.end_ns, 79 * MS));
}

/* --- order --- */

Test(disorder, a_response_before_its_request_is_counted_and_not_taken_for_it)
{
	struct cs_assembled *server = attach_server();

	feed_response(server, 60 * MS);
	feed_request(server, 100, 7, 70 * MS, "");
	feed_response_end(server, 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u64, stats_now().unmatched, 1));
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u64, seen.invocation[0].first_byte_ns, 0));
}

Test(disorder, an_end_that_comes_twice_ends_once)
{
	struct cs_assembled *server = attach_server();

	feed_request(server, 100, 7, 70 * MS, "");
	feed_response_end(server, 79 * MS);
	feed_response_end(server, 99 * MS);
	feed_response(server, 99 * MS);
	cs_assembler_flush(assembler);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u64, seen.invocation[0].end_ns, 79 * MS));
	cr_assert(eq(u64, stats_now().unmatched, 2));
}

Test(disorder, a_request_that_comes_twice_is_one)
{
	struct cs_assembled *server = attach_server();

	feed_request(server, 100, 7, 70 * MS, "");
	feed_request(server, 100, 7, 70 * MS, "");
	feed_end(server, 100, 7, 79 * MS);
	end_process(server, 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u64, seen.invocation[0].end_ns, 79 * MS));
	cr_assert(not(seen.invocation[0].aborted));
	cr_assert(eq(u64, stats_now().unmatched, 1));
	cr_assert(eq(u32, seen.cold_starts, 1));
}

Test(disorder, what_is_read_after_the_end_of_its_process_ends_with_the_instance)
{
	struct cs_assembled *server = attach_server();

	cs_assembler_ended(server, 100, CS_ASSEMBLER_STATUS, SIGKILL, 75 * MS);
	feed_request(server, 100, 7, 70 * MS, "");
	cs_assembler_detach(server);
	cs_assembler_tick(assembler, 75 * MS + CS_ASSEMBLER_HOLD_NS);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u64, seen.invocation[0].end_ns, 75 * MS));
	cr_assert(seen.invocation[0].aborted);
	/* and nothing is kept of it once all is told */
	cs_assembler_tick(assembler, UINT64_MAX);
	cr_assert(eq(u64, cs_assembler_tick(assembler, UINT64_MAX), 0));
}

Test(disorder, an_end_that_is_told_twice_counts_once)
{
	struct cs_header header = header_of(100, "function");
	struct cs_assembled *instance;

	header.marks[CS_MARK_STDIN_READ] = 70 * MS;
	instance = cs_assembler_attach(assembler, 1, &header, 100);
	cs_assembler_ended(instance, 100, CS_ASSEMBLER_STATUS, 0, 90 * MS);
	cs_assembler_ended(instance, 100, CS_ASSEMBLER_STATUS, SIGKILL, 95 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u64, seen.cold.end_ns, 90 * MS));
	cr_assert(eq(u32, seen.cold.outcome.cause, CS_CAUSE_EXIT));
}

static int is_below(unsigned child, unsigned parent)
{
	return memcmp(&seen.invocation[child].context.parent_span_id,
		      &seen.invocation[parent].context.span_id, sizeof(struct cs_span_id)) == 0;
}

Test(disorder, requests_that_claim_to_cause_each_other_have_a_trace_all_the_same)
{
	struct cs_header a = server_of(100, "a"), b = server_of(200, "b");
	struct cs_assembled *first, *second;
	const struct cs_trace_id none = { { 0 } };

	first = cs_assembler_attach(assembler, 1, &a, 100);
	second = cs_assembler_attach(assembler, 2, &b, 200);
	feed_spawn(first, 200, 30 * MS);
	feed_spawn(second, 100, 30 * MS);
	feed_request(first, 100, 7, 70 * MS, "x-call-id: c\n");
	feed_request(second, 200, 7, 70 * MS, "x-call-id: c\n");
	feed_end(first, 100, 7, 79 * MS);
	feed_end(second, 200, 7, 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 2));
	for (unsigned i = 0; i < 2; i++)
		cr_assert(ne(int, memcmp(&seen.invocation[i].context.trace_id, &none, 16), 0));
	/* and stand below each other one way alone */
	cr_assert(ne(int, is_below(0, 1), is_below(1, 0)));
}

Test(disorder, a_chain_of_causes_without_end_is_cut)
{
	enum {
		LINKS = 2000
	};
	struct cs_assembled *links[LINKS + 1];

	for (unsigned i = 1; i <= LINKS; i++) {
		struct cs_header header = server_of((int32_t)i, "link");

		links[i] = cs_assembler_attach(assembler, i, &header, (int32_t)i);
		feed_request(links[i], i, 7, 70 * MS, "x-call-id: c\n");
		feed_spawn(links[i], (int32_t)i + 1, 30 * MS);
	}
	feed_end(links[LINKS], LINKS, 7, 79 * MS);
	feed_end(links[LINKS - 1], LINKS - 1, 7, 79 * MS);
	feed_end(links[1], 1, 7, 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 3));
	cr_assert(is_below(0, 1));
	cr_assert(ne(int,
		     memcmp(&seen.invocation[0].context.trace_id,
			    &seen.invocation[2].context.trace_id, sizeof(struct cs_trace_id)),
		     0));
}

Test(disorder, what_came_with_a_cause_outlives_it)
{
	struct cs_header headers[] = { server_of(1, "outer"), server_of(2, "inner"),
				       server_of(3, "function") };
	struct cs_assembled *all[3];

	for (unsigned i = 0; i < 3; i++)
		all[i] = cs_assembler_attach(assembler, i + 1, &headers[i], (int32_t)i + 1);
	feed_spawn(all[0], 2, 30 * MS);
	feed_spawn(all[1], 3, 30 * MS);
	feed_request(all[0], 1, 7, 70 * MS,
		     "traceparent: " TRACEPARENT "\ntracestate: a=b\nx-call-id: c\n");
	feed_request(all[1], 2, 7, 71 * MS, "x-call-id: c\n");
	feed_request(all[2], 3, 7, 72 * MS, "x-call-id: c\n");
	feed_end(all[2], 3, 7, 79 * MS);
	feed_end(all[0], 1, 7, 80 * MS); /* the outer one gives up, the inner one goes on */
	cs_assembler_tick(assembler, 500 * MS);
	cs_assembler_tick(assembler, 5000 * MS);
	cr_assert(eq(u32, seen.invocations, 2));
	feed_end(all[1], 2, 7, 5010 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 3));
	cr_assert(eq(str, seen.trace_state, (char *)"a=b"));
	cr_assert(is_below(0, 2));
	cr_assert(is_below(2, 1));
}

/* --- bounds --- */

Test(disorder, more_requests_in_flight_than_are_kept_are_counted_one_by_one)
{
	struct cs_assembled *server = attach_server();

	for (unsigned i = 0; i < CS_ASSEMBLER_REQUESTS_MAX + 5; i++)
		feed_request(server, 100, 7 + i, 70 * MS + i, "");
	cr_assert(eq(u64, stats_now().requests_dropped, 5));
	end_process(server, 100, SIGKILL, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, CS_ASSEMBLER_REQUESTS_MAX));
	cr_assert(eq(u64, stats_now().invocations, CS_ASSEMBLER_REQUESTS_MAX));
	cr_assert(eq(u32, seen.cold_starts, 1));
}

Test(disorder, what_was_said_of_a_living_process_is_counted_when_it_makes_room)
{
	cs_assembler_child(assembler, 100, 10 * MS, 12 * MS);
	cs_assembler_child(assembler, 100 + CS_EVIDENCE_SLOTS, 10 * MS, 12 * MS);
	cr_assert(eq(u64, stats_now().evidence_lost, 1));
	/* of one that was waited for nothing is missing */
	cs_assembler_child_ended(assembler, 100 + CS_EVIDENCE_SLOTS, 0, 20 * MS, NULL);
	cs_assembler_child(assembler, 100, 30 * MS, 32 * MS);
	cr_assert(eq(u64, stats_now().evidence_lost, 1));
}
