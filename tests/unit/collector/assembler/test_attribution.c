/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/attribution: whose something is, and whose it must not be. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "tests/support/assembling.h"

enum {
	READER = 0x7f0000001000,
	OTHER = 0x7f0000002000,
	THIRD = 0x7f0000003000,
	HELPER = 0x7f0000004000,
};

static struct cs_assembled *server;

static void start(void)
{
	assembling_start();
	server = attach_server();
}

TestSuite(attribution, .init = start, .fini = assembling_stop);

static void read_by(uint64_t thread, uint32_t pid, uint64_t connection, uint64_t time_ns,
		    uint32_t flags)
{
	struct cs_rec_request rec = { .connection = connection, .flags = flags, .method_len = 3 };

	feeding_thread = thread;
	feed(server, pid, CS_RECORD_REQUEST, time_ns, &rec, sizeof(rec), "GET");
}

/* Request @connection, whose head @thread waited for, or was told of by an event loop. */
static void waited(uint64_t thread, uint64_t connection, uint64_t time_ns)
{
	read_by(thread, 100, connection, time_ns, CS_REQUEST_BLOCKING);
}

static void came(uint64_t thread, uint64_t connection, uint64_t time_ns)
{
	read_by(thread, 100, connection, time_ns, 0);
}

static void answered(uint64_t thread, uint64_t connection, uint64_t time_ns)
{
	feeding_thread = thread;
	feed_end(server, 100, connection, time_ns);
}

/* What it is, as a connection's number; 0: none's. */
static uint64_t whose_at(const struct cs_attribution_place *place, enum cs_attribution expected)
{
	enum cs_attribution how;
	struct cs_request *request = cs_attribution_find(server, place, &how);

	cr_assert(eq(int, (int)how, (int)expected));
	return request ? request->connection : 0;
}

static uint64_t whose(uint64_t thread, uint64_t time_ns, enum cs_attribution expected)
{
	struct cs_attribution_place place = { .tag = 100, .thread = thread, .time_ns = time_ns };

	return whose_at(&place, expected);
}

static bool holds(uint64_t connection, enum cs_attribution how, uint64_t time_ns)
{
	struct cs_request *request;

	LIST_FOREACH(request, &server->requests, of_instance)
	{
		if (request->connection == connection)
			return cs_attribution_holds(request, how, time_ns);
	}
	cr_fatal("there is no such request");
	return false;
}

Test(attribution, nothing_in_flight_is_none)
{
	cr_assert(eq(u64, whose(READER, 70 * MS, CS_ATTRIBUTION_NONE), 0));
	came(READER, 1, 80 * MS);
	cr_assert(eq(u64, whose(READER, 79 * MS, CS_ATTRIBUTION_NONE), 0));
	answered(READER, 1, 90 * MS);
	cr_assert(eq(u64, whose(READER, 91 * MS, CS_ATTRIBUTION_NONE), 0));
	cr_assert(eq(u64, stats_now().unattributed, 0));
}

Test(attribution, the_only_one_in_flight_has_it)
{
	came(READER, 1, 70 * MS);
	cr_assert(eq(u64, whose(READER, 71 * MS, CS_ATTRIBUTION_ALONE), 1));
	cr_assert(eq(u64, whose(HELPER, 72 * MS, CS_ATTRIBUTION_ALONE), 1));
	cr_assert(eq(u64, whose(0, 72 * MS, CS_ATTRIBUTION_ALONE), 1));
	cr_assert(holds(1, CS_ATTRIBUTION_ALONE, 72 * MS));
}

Test(attribution, one_that_has_ended_has_what_was_before_its_end)
{
	came(READER, 1, 70 * MS);
	answered(READER, 1, 80 * MS);
	cr_assert(eq(u64, whose(READER, 75 * MS, CS_ATTRIBUTION_ALONE), 1));
	cr_assert(eq(u64, whose(READER, 81 * MS, CS_ATTRIBUTION_NONE), 0));
}

Test(attribution, one_that_was_over_before_does_not_matter)
{
	came(READER, 1, 70 * MS);
	answered(READER, 1, 80 * MS);
	came(READER, 2, 85 * MS);
	answered(READER, 2, 95 * MS);
	cr_assert(eq(u64, whose(READER, 90 * MS, CS_ATTRIBUTION_ALONE), 2));
}

Test(attribution, two_in_an_event_loop_are_none)
{
	came(READER, 1, 70 * MS);
	came(READER, 2, 75 * MS);
	cr_assert(eq(u64, whose(READER, 76 * MS, CS_ATTRIBUTION_UNCLEAR), 0));
	came(READER, 3, 77 * MS);
	cr_assert(eq(u64, whose(READER, 78 * MS, CS_ATTRIBUTION_UNCLEAR), 0));
	cr_assert(eq(u64, stats_now().unattributed, 2));
}

Test(attribution, before_the_second_came_it_was_the_firsts)
{
	came(READER, 1, 70 * MS);
	came(READER, 2, 75 * MS);
	/* Only the first was in flight then, and alone. */
	cr_assert(eq(u64, whose(HELPER, 74 * MS, CS_ATTRIBUTION_ALONE), 1));
}

Test(attribution, who_is_left_over_of_two_does_not_inherit)
{
	came(READER, 1, 70 * MS);
	came(READER, 2, 75 * MS);
	answered(READER, 1, 80 * MS);
	/* It may be what the first does after its answer. */
	cr_assert(eq(u64, whose(READER, 81 * MS, CS_ATTRIBUTION_UNCLEAR), 0));
}

Test(attribution, one_that_is_read_late_takes_it_back)
{
	came(READER, 1, 70 * MS);
	cr_assert(eq(u64, whose(HELPER, 76 * MS, CS_ATTRIBUTION_ALONE), 1));
	came(READER, 2, 75 * MS);
	cr_assert(not(holds(1, CS_ATTRIBUTION_ALONE, 76 * MS)));
	cr_assert(holds(1, CS_ATTRIBUTION_ALONE, 74 * MS));
	cr_assert(eq(u64, stats_now().unattributed, 1));
}

Test(attribution, a_head_that_began_beside_another_is_not_alone)
{
	came(READER, 1, 70 * MS);
	answered(READER, 1, 80 * MS);
	came(OTHER, 2, 79 * MS); /* complete only after the first was over */
	cr_assert(eq(u64, whose(HELPER, 85 * MS, CS_ATTRIBUTION_UNCLEAR), 0));
}

Test(attribution, threads_that_wait_have_their_own)
{
	waited(READER, 1, 70 * MS);
	waited(OTHER, 2, 71 * MS);
	cr_assert(eq(u64, whose(READER, 75 * MS, CS_ATTRIBUTION_THREAD), 1));
	cr_assert(eq(u64, whose(OTHER, 75 * MS, CS_ATTRIBUTION_THREAD), 2));
	cr_assert(eq(u64, whose(HELPER, 75 * MS, CS_ATTRIBUTION_UNCLEAR), 0));
	answered(READER, 1, 80 * MS);
	answered(OTHER, 2, 81 * MS);
	cr_assert(holds(1, CS_ATTRIBUTION_THREAD, 75 * MS));
	cr_assert(holds(2, CS_ATTRIBUTION_THREAD, 75 * MS));
}

Test(attribution, threads_that_run_event_loops_have_none_of_several)
{
	came(READER, 1, 70 * MS);
	came(OTHER, 2, 71 * MS);
	cr_assert(eq(u64, whose(READER, 75 * MS, CS_ATTRIBUTION_UNCLEAR), 0));
	cr_assert(eq(u64, whose(OTHER, 75 * MS, CS_ATTRIBUTION_UNCLEAR), 0));
}

Test(attribution, a_thread_that_reads_another_beside_it_is_bound_to_neither)
{
	waited(READER, 1, 70 * MS);
	waited(OTHER, 2, 71 * MS);
	waited(READER, 3, 75 * MS);
	cr_assert(eq(u64, whose(READER, 76 * MS, CS_ATTRIBUTION_UNCLEAR), 0));
	answered(READER, 3, 80 * MS);
	cr_assert(eq(u64, whose(READER, 81 * MS, CS_ATTRIBUTION_UNCLEAR), 0));
	cr_assert(holds(1, CS_ATTRIBUTION_THREAD, 74 * MS));
	cr_assert(not(holds(1, CS_ATTRIBUTION_THREAD, 75 * MS)));
}

Test(attribution, who_hands_it_to_a_thread_that_answers_had_nothing)
{
	waited(READER, 1, 70 * MS);
	waited(OTHER, 2, 71 * MS);
	cr_assert(eq(u64, whose(READER, 72 * MS, CS_ATTRIBUTION_THREAD), 1));
	answered(HELPER, 1, 80 * MS);
	cr_assert(not(holds(1, CS_ATTRIBUTION_THREAD, 72 * MS)));
	cr_assert(eq(u64, whose(READER, 72 * MS, CS_ATTRIBUTION_UNCLEAR), 0));
}

/* As Puma's threads do with a request whose body has not come yet. */
Test(attribution, who_answers_what_another_read_had_handed_its_own_on)
{
	waited(READER, 1, 70 * MS);
	came(OTHER, 2, 71 * MS);
	cr_assert(eq(u64, whose(READER, 75 * MS, CS_ATTRIBUTION_THREAD), 1));
	answered(READER, 2, 76 * MS);
	cr_assert(eq(u64, whose(READER, 75 * MS, CS_ATTRIBUTION_UNCLEAR), 0));
	answered(READER, 1, 80 * MS);
	cr_assert(not(holds(1, CS_ATTRIBUTION_THREAD, 75 * MS)));
}

Test(attribution, an_answer_that_is_read_late_still_tells_who_was_handed_on)
{
	waited(READER, 1, 70 * MS);
	came(OTHER, 2, 71 * MS);
	answered(READER, 1, 80 * MS);
	cr_assert(holds(1, CS_ATTRIBUTION_THREAD, 75 * MS));
	answered(READER, 2, 76 * MS);
	cr_assert(not(holds(1, CS_ATTRIBUTION_THREAD, 75 * MS)));
}

Test(attribution, who_answers_others_before_or_after_its_own_keeps_that)
{
	came(OTHER, 1, 60 * MS);
	came(OTHER, 2, 61 * MS);
	answered(READER, 1, 69 * MS);
	waited(READER, 3, 70 * MS);
	answered(READER, 3, 80 * MS);
	answered(READER, 2, 85 * MS);
	cr_assert(holds(3, CS_ATTRIBUTION_THREAD, 75 * MS));
}

/* The answers of others, and those to what it read itself, do not matter. */
Test(attribution, who_answers_its_own_is_bound_to_it)
{
	waited(READER, 1, 70 * MS);
	waited(OTHER, 2, 71 * MS);
	waited(HELPER, 3, 72 * MS);
	answered(OTHER, 2, 74 * MS);
	answered(HELPER, 3, 75 * MS);
	answered(READER, 1, 80 * MS);
	cr_assert(holds(1, CS_ATTRIBUTION_THREAD, 73 * MS));
	cr_assert(holds(2, CS_ATTRIBUTION_THREAD, 73 * MS));
	cr_assert(holds(3, CS_ATTRIBUTION_THREAD, 73 * MS));
}

Test(attribution, what_a_thread_does_after_its_answer_is_nobody_elses)
{
	waited(OTHER, 1, 70 * MS);
	answered(OTHER, 1, 75 * MS);
	waited(READER, 2, 80 * MS);
	/* An access log, mostly. */
	cr_assert(eq(u64, whose(OTHER, 81 * MS, CS_ATTRIBUTION_UNCLEAR), 0));
	cr_assert(eq(u64, whose(HELPER, 81 * MS, CS_ATTRIBUTION_ALONE), 2));
	cr_assert(eq(u64, whose(READER, 81 * MS, CS_ATTRIBUTION_ALONE), 2));
}

Test(attribution, a_connection_has_its_own)
{
	struct cs_attribution_place place = { .tag = 100, .connection = 2, .time_ns = 75 * MS };

	came(READER, 1, 70 * MS);
	came(READER, 2, 71 * MS);
	cr_assert(eq(u64, whose_at(&place, CS_ATTRIBUTION_CONNECTION), 2));
	place.connection = 9; /* of none that is in flight: of none at all */
	cr_assert(eq(u64, whose_at(&place, CS_ATTRIBUTION_UNCLEAR), 0));
	cr_assert(holds(2, CS_ATTRIBUTION_CONNECTION, 75 * MS));
}

Test(attribution, workers_have_their_own)
{
	struct cs_attribution_place place = { .tag = 201, .thread = READER, .time_ns = 75 * MS };

	/* Forked children: the same thread pointers. */
	read_by(READER, 201, 1, 70 * MS, CS_REQUEST_BLOCKING);
	read_by(READER, 202, 2, 71 * MS, CS_REQUEST_BLOCKING);
	cr_assert(eq(u64, whose_at(&place, CS_ATTRIBUTION_ALONE), 1));
	place.tag = 202;
	cr_assert(eq(u64, whose_at(&place, CS_ATTRIBUTION_ALONE), 2));
	place.tag = 203;
	cr_assert(eq(u64, whose_at(&place, CS_ATTRIBUTION_NONE), 0));
	place.tag = 100;
	cr_assert(eq(u64, whose_at(&place, CS_ATTRIBUTION_NONE), 0));
}

static void receive(uint64_t thread, const char *id, uint64_t time_ns)
{
	struct cs_rec_invocation rec = { .source = CS_INVOCATION_LAMBDA };
	char text[128];

	rec.text_len =
		(uint16_t)snprintf(text, sizeof(text), "lambda-runtime-aws-request-id: %s\n", id);
	rec.id_offset = sizeof("lambda-runtime-aws-request-id: ") - 1;
	rec.id_len = (uint16_t)strlen(id);
	feeding_thread = thread;
	feed(server, 100, CS_RECORD_INVOCATION, time_ns, &rec, sizeof(rec), text);
}

static void respond(uint64_t thread, const char *id, uint64_t time_ns)
{
	struct cs_rec_invocation_end rec = { .source = CS_INVOCATION_LAMBDA,
					     .outcome = CS_INVOCATION_RESPONSE,
					     .first_ns = time_ns - MS,
					     .text_len = (uint16_t)strlen(id),
					     .id_len = (uint16_t)strlen(id),
					     .headers_offset = (uint16_t)strlen(id) };

	feeding_thread = thread;
	feed(server, 100, CS_RECORD_INVOCATION_END, time_ns, &rec, sizeof(rec), id);
}

static char *event_of(uint64_t thread, uint64_t time_ns, enum cs_attribution expected)
{
	struct cs_attribution_place place = { .tag = 100, .thread = thread, .time_ns = time_ns };
	enum cs_attribution how;
	struct cs_request *request = cs_attribution_find(server, &place, &how);

	cr_assert(eq(int, (int)how, (int)expected));
	return request ? request->lambda->id : (char *)"none";
}

Test(attribution, the_only_event_has_what_any_thread_does)
{
	receive(READER, "e-1", 70 * MS);
	cr_assert(eq(str, event_of(OTHER, 71 * MS, CS_ATTRIBUTION_ALONE), (char *)"e-1"));
	came(THIRD, 5, 76 * MS); /* it also serves: a probe */
	answered(THIRD, 5, 78 * MS);
	respond(OTHER, "e-1", 79 * MS);
	receive(OTHER, "e-2", 80 * MS);
	cr_assert(eq(str, event_of(READER, 81 * MS, CS_ATTRIBUTION_ALONE), (char *)"e-2"));
	cr_assert(eq(str, event_of(THIRD, 81 * MS, CS_ATTRIBUTION_ALONE), (char *)"e-2"));
}

Test(attribution, of_several_events_a_thread_has_the_one_it_received)
{
	receive(READER, "e-1", 70 * MS);
	receive(OTHER, "e-2", 71 * MS);
	cr_assert(eq(str, event_of(READER, 75 * MS, CS_ATTRIBUTION_THREAD), (char *)"e-1"));
	cr_assert(eq(str, event_of(OTHER, 75 * MS, CS_ATTRIBUTION_THREAD), (char *)"e-2"));
	cr_assert(eq(str, event_of(THIRD, 75 * MS, CS_ATTRIBUTION_UNCLEAR), (char *)"none"));
	receive(READER, "e-3", 76 * MS); /* it has asked for another */
	cr_assert(eq(str, event_of(READER, 77 * MS, CS_ATTRIBUTION_UNCLEAR), (char *)"none"));
	cr_assert(eq(str, event_of(OTHER, 77 * MS, CS_ATTRIBUTION_THREAD), (char *)"e-2"));
}

Test(attribution, the_event_of_a_process_has_all_since_it_was_read)
{
	struct cs_header header = later_of(300, "job");
	struct cs_assembled *job;
	struct cs_attribution_place place = { .tag = 300, .thread = READER, .time_ns = 171 * MS };
	enum cs_attribution how;

	job = cs_assembler_attach(assembler, 2, &header, 300);
	cs_assembler_ended(job, 300, CS_ASSEMBLER_STATUS, 0, 190 * MS);
	cr_assert(cs_attribution_find(job, &place, &how) != NULL);
	cr_assert(eq(int, (int)how, CS_ATTRIBUTION_ALONE));
	place.time_ns = 160 * MS; /* still its init */
	cr_assert(not(cs_attribution_find(job, &place, &how) != NULL));
	cr_assert(eq(int, (int)how, CS_ATTRIBUTION_NONE));
}

/* A record of the next request of its thread may be among them, and that of its own end. */
Test(attribution, what_is_found_by_its_thread_ends_where_records_are_lost)
{
	waited(READER, 1, 70 * MS);
	waited(OTHER, 2, 71 * MS);
	cr_assert(eq(u64, whose(READER, 72 * MS, CS_ATTRIBUTION_THREAD), 1));
	cs_assembler_read(server, 73 * MS, 0, 73 * MS);
	cr_assert(eq(u64, whose(READER, 73 * MS, CS_ATTRIBUTION_THREAD), 1));
	cs_assembler_read(server, 79 * MS, 3, 79 * MS);
	cr_assert(eq(u64, whose(READER, 74 * MS, CS_ATTRIBUTION_UNCLEAR), 0));
	cr_assert(not(holds(1, CS_ATTRIBUTION_THREAD, 72 * MS)));

	/* Written before the gap, or after it: that it was read later says nothing. */
	waited(HELPER, 4, 78 * MS);
	cr_assert(eq(u64, whose(HELPER, 79 * MS, CS_ATTRIBUTION_UNCLEAR), 0));

	waited(THIRD, 3, 80 * MS);
	cs_assembler_read(server, 90 * MS, 3, 90 * MS);
	cr_assert(eq(u64, whose(THIRD, 81 * MS, CS_ATTRIBUTION_THREAD), 3));
}

/* The look that reads what ended in the gap learns of the gap at its own end. */
Test(attribution, what_ended_where_records_are_lost_is_not_trusted)
{
	came(READER, 1, 70 * MS);
	answered(READER, 1, 72 * MS);
	cs_assembler_read(server, 75 * MS, 0, 75 * MS);
	came(READER, 2, 76 * MS);
	cr_assert(eq(u64, whose(READER, 77 * MS, CS_ATTRIBUTION_ALONE), 2));
	answered(READER, 2, 80 * MS);
	cs_assembler_read(server, 85 * MS, 1, 85 * MS);
	cr_assert(not(holds(2, CS_ATTRIBUTION_ALONE, 77 * MS)));
	cr_assert(holds(1, CS_ATTRIBUTION_ALONE, 71 * MS)); /* over before */
}

Test(attribution, who_knows_who_is_alone_where_records_are_lost)
{
	cs_assembler_read(server, 60 * MS, 1, 60 * MS);
	came(READER, 1, 70 * MS);
	cr_assert(eq(u64, whose(HELPER, 71 * MS, CS_ATTRIBUTION_UNCLEAR), 0));
}

static void aside(uint32_t pid, uint64_t connection, uint32_t sequence, uint16_t flags,
		  uint64_t time_ns)
{
	struct cs_rec_aside rec = { .connection = connection,
				    .sequence = sequence,
				    .flags = flags };

	feed(server, pid, CS_RECORD_ASIDE, time_ns, &rec, sizeof(rec), NULL);
}

Test(attribution, beside_what_is_not_told_of_nobody_is_alone)
{
	came(READER, 1, 70 * MS);
	aside(100, 9, CS_ASIDE_CONNECTION, 0, 75 * MS);
	cr_assert(eq(u64, whose(HELPER, 74 * MS, CS_ATTRIBUTION_ALONE), 1));
	cr_assert(eq(u64, whose(HELPER, 76 * MS, CS_ATTRIBUTION_UNCLEAR), 0));
	answered(READER, 1, 80 * MS);
	came(READER, 2, 82 * MS);
	cr_assert(eq(u64, whose(HELPER, 83 * MS, CS_ATTRIBUTION_UNCLEAR), 0));
	answered(READER, 2, 84 * MS);
	aside(100, 9, CS_ASIDE_CONNECTION, CS_ASIDE_OVER, 85 * MS);
	came(READER, 3, 84 * MS); /* its head began before */
	cr_assert(eq(u64, whose(HELPER, 87 * MS, CS_ATTRIBUTION_UNCLEAR), 0));
	answered(READER, 3, 88 * MS);
	came(READER, 4, 90 * MS);
	cr_assert(eq(u64, whose(HELPER, 91 * MS, CS_ATTRIBUTION_ALONE), 4));
}

Test(attribution, threads_that_wait_have_their_own_beside_it)
{
	aside(100, 9, 0, 0, 65 * MS);
	waited(READER, 1, 70 * MS);
	cr_assert(eq(u64, whose(READER, 75 * MS, CS_ATTRIBUTION_THREAD), 1));
	cr_assert(eq(u64, whose(HELPER, 75 * MS, CS_ATTRIBUTION_UNCLEAR), 0));
}

Test(attribution, what_another_process_serves_beside_does_not_matter)
{
	aside(201, 9, CS_ASIDE_CONNECTION, 0, 65 * MS);
	came(READER, 1, 70 * MS);
	aside(202, 9, CS_ASIDE_CONNECTION, 0, 71 * MS);
	aside(100, 9, CS_ASIDE_CONNECTION, CS_ASIDE_OVER, 72 * MS); /* nor a copy that is closed */
	cr_assert(eq(u64, whose(HELPER, 75 * MS, CS_ATTRIBUTION_ALONE), 1));
}

Test(attribution, of_too_many_beside_it_nobody_is_alone_any_more)
{
	for (uint32_t i = 0; i < CS_ASIDES_MAX + 1; i++) {
		aside(100, i, CS_ASIDE_CONNECTION, 0, 65 * MS);
		aside(100, i, CS_ASIDE_CONNECTION, 0, 65 * MS); /* twice is once */
	}
	for (uint32_t i = 0; i < CS_ASIDES_MAX + 1; i++)
		aside(100, i, CS_ASIDE_CONNECTION, CS_ASIDE_OVER, 66 * MS);
	came(READER, 1, 70 * MS);
	cr_assert(eq(u64, whose(HELPER, 75 * MS, CS_ATTRIBUTION_UNCLEAR), 0));
}

Test(attribution, as_many_as_are_kept_come_and_go)
{
	for (uint32_t i = 0; i < 3 * CS_ASIDES_MAX; i++) {
		aside(100, i, CS_ASIDE_CONNECTION, 0, 65 * MS);
		aside(100, i, CS_ASIDE_CONNECTION, CS_ASIDE_OVER, 66 * MS);
	}
	came(READER, 1, 70 * MS);
	cr_assert(eq(u64, whose(HELPER, 75 * MS, CS_ATTRIBUTION_ALONE), 1));
}
