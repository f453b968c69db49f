/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/call: what becomes of connections, calls and names, and whose they are. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "tests/support/assembling.h"

#define CONNECTION 0x100000005ull
#define TOLD_MAX   8u

/* What was handed over, without its texts. */
static struct told {
	struct cs_call call;
	char operation[32];
	char host[64];
	char name[64];
	char path[64];
	char database[80];
} told[TOLD_MAX];

static unsigned told_count;
static struct cs_assembled *server;

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

static void on_call(void *context, const struct cs_call *call)
{
	struct told *one = &told[told_count++ % TOLD_MAX];

	one->call = *call;
	copy(one->operation, sizeof(one->operation), call->operation);
	copy(one->host, sizeof(one->host), call->host);
	copy(one->name, sizeof(one->name), call->name);
	copy(one->path, sizeof(one->path), call->path);
	copy(one->database, sizeof(one->database), call->database);
}

static void start(void)
{
	assembling_start();
	assembler->sink.call = on_call;
	told_count = 0;
	server = attach_server();
}

TestSuite(call, .init = start, .fini = assembling_stop);

static void stage(uint16_t which, uint64_t begin_ns, uint64_t time_ns, int error)
{
	struct cs_rec_connect rec = { .connection = CONNECTION,
				      .stage = which,
				      .begin_ns = begin_ns,
				      .error = error,
				      .family = begin_ns ? AF_INET : 0,
				      .port = 8080,
				      .address = { [10] = 0xff, 0xff, 10, 0, 0, 7 } };

	feed(server, 100, CS_RECORD_CONNECT, time_ns, &rec, sizeof(rec), NULL);
}

static void ask(uint32_t sequence, uint64_t time_ns)
{
	struct cs_rec_call rec = { .connection = CONNECTION,
				   .sequence = sequence,
				   .protocol = CS_CALL_HTTP,
				   .method_len = 3,
				   .target_len = 2,
				   .headers_len = 11 };

	feed(server, 100, CS_RECORD_CALL, time_ns, &rec, sizeof(rec), "GET/ahost: b:80\n");
}

static void answer(uint32_t sequence, uint16_t flags, uint64_t time_ns)
{
	struct cs_rec_call_end rec = { .connection = CONNECTION,
				       .sequence = sequence,
				       .status = 200,
				       .flags = flags,
				       .first_ns = time_ns - MS,
				       .bytes_in = 7 };

	feed(server, 100, CS_RECORD_CALL_END, time_ns, &rec, sizeof(rec), NULL);
}

static void look_up(uint16_t done, int error, uint64_t begin_ns, uint64_t time_ns)
{
	static const char text[] = "backend\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\7";
	struct {
		struct cs_rec_lookup rec;
		char text[23];
	} __attribute__((packed)) lookup = { .rec = { .begin_ns = begin_ns,
						      .error = error,
						      .done = done,
						      .name_len = 7,
						      .addresses_count = done && !error } };

	memcpy(lookup.text, text, sizeof(lookup.text));
	feed(server, 100, CS_RECORD_LOOKUP, time_ns, &lookup, sizeof(lookup), NULL);
}

static void answer_of_database(uint32_t sequence, uint16_t flags, uint32_t queries,
			       const char *code, uint64_t time_ns)
{
	struct {
		struct cs_rec_call_end end;
		struct cs_rec_call_db db;
	} rec = { .end = { .connection = CONNECTION,
			   .sequence = sequence,
			   .flags = flags,
			   .bytes_out = 100,
			   .bytes_in = 1000 },
		  .db = { .queries = queries } };

	memcpy(rec.db.code, code, strnlen(code, sizeof(rec.db.code)));
	feed(server, 100, CS_RECORD_CALL_END, time_ns, &rec, sizeof(rec), NULL);
}

static void finish(void)
{
	feed_end(server, 100, 1, 200 * MS);
	cs_assembler_flush(assembler);
}

static bool is_child_of(const struct cs_call *call, struct cs_span_id id)
{
	return !memcmp(call->context.parent_span_id.bytes, id.bytes, sizeof(id.bytes));
}

Test(call, a_call_is_a_child_of_the_invocation_that_made_it)
{
	feed_request(server, 100, 1, 70 * MS, "");
	look_up(0, 0, 71 * MS, 71 * MS);
	look_up(1, 0, 71 * MS, 73 * MS);
	stage(CS_CONNECT_BEGUN, 74 * MS, 74 * MS, 0);
	stage(CS_CONNECT_DONE, 0, 77 * MS, 0);
	ask(0, 80 * MS);
	answer(0, 0, 90 * MS);
	ask(1, 100 * MS);
	answer(1, 0, 110 * MS);
	finish();
	cr_assert(eq(u32, told_count, 2));
	for (unsigned i = 0; i < 2; i++) {
		cr_assert(is_child_of(&told[i].call, seen.invocation[0].context.span_id));
		cr_assert(eq(str, told[i].operation, (char *)"GET"));
		cr_assert(eq(str, told[i].host, (char *)"b:80"));
		cr_assert(eq(str, told[i].name, (char *)"backend"));
		cr_assert(eq(u16, told[i].call.port, 8080));
		cr_assert(not(told[i].call.approximate != NULL));
	}
	/* The newest first; the older one begins with what was done for it. */
	cr_assert(told[0].call.reused && !told[1].call.reused);
	cr_assert(eq(u64, told[0].call.start_ns, 100 * MS));
	cr_assert(eq(u64, told[1].call.start_ns, 71 * MS));
	cr_assert(eq(u64, told[1].call.end_ns, 90 * MS));
	cr_assert(eq(u64, told[1].call.lookup_ns, 2 * MS));
	cr_assert(eq(u64, told[1].call.connect_ns, 3 * MS));
	cr_assert(eq(u64, told[0].call.connect_ns, 0));
	cr_assert(eq(u64, stats_now().calls, 2));
}

Test(call, a_connection_of_an_earlier_invocation_takes_no_time_of_a_later_one)
{
	feed_request(server, 100, 1, 70 * MS, "");
	stage(CS_CONNECT_DONE, 74 * MS, 77 * MS, 0);
	feed_end(server, 100, 1, 90 * MS);
	feed_request(server, 100, 2, 100 * MS, "");
	ask(0, 110 * MS);
	answer(0, 0, 120 * MS);
	feed_end(server, 100, 2, 200 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, told_count, 1));
	cr_assert(eq(u64, told[0].call.start_ns, 110 * MS));
}

Test(call, what_outlives_its_invocation_ends_with_it)
{
	feed_request(server, 100, 1, 70 * MS, "");
	ask(0, 80 * MS);
	finish();
	cr_assert(eq(u32, told_count, 1));
	cr_assert(eq(u64, told[0].call.end_ns, 200 * MS));
	cr_assert(told[0].call.unfinished && told[0].call.approximate != NULL);
}

Test(call, what_came_so_far_is_its_end_if_no_more_is_told)
{
	feed_request(server, 100, 1, 70 * MS, "");
	ask(0, 80 * MS);
	answer(0, CS_CALL_END_MORE, 90 * MS);
	answer(0, CS_CALL_END_MORE, 95 * MS);
	finish();
	cr_assert(eq(u32, told_count, 1));
	cr_assert(eq(u64, told[0].call.end_ns, 95 * MS));
	cr_assert(not(told[0].call.unfinished));
}

Test(call, one_under_way_when_its_process_is_killed_says_so)
{
	feed_request(server, 100, 1, 70 * MS, "");
	ask(0, 80 * MS);
	end_process(server, 100, 9, 150 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, told_count, 1));
	cr_assert(eq(u64, told[0].call.end_ns, 150 * MS));
	cr_assert(eq(int, (int)told[0].call.outcome.cause, (int)CS_CAUSE_SIGNAL));
}

Test(call, a_connection_that_fails_is_all_of_a_call)
{
	feed_request(server, 100, 1, 70 * MS, "");
	stage(CS_CONNECT_BEGUN, 74 * MS, 74 * MS, 0);
	stage(CS_CONNECT_DONE, 0, 77 * MS, ECONNREFUSED);
	look_up(0, 0, 80 * MS, 80 * MS);
	look_up(1, -2, 80 * MS, 85 * MS);
	finish();
	cr_assert(eq(u32, told_count, 2));
	cr_assert(eq(int, (int)told[0].call.kind, (int)CS_CALL_LOOKUP));
	cr_assert(eq(int, told[0].call.error, -2));
	cr_assert(eq(str, told[0].name, (char *)"backend"));
	cr_assert(eq(int, (int)told[1].call.kind, (int)CS_CALL_CONNECT));
	cr_assert(eq(int, told[1].call.error, ECONNREFUSED));
	cr_assert(eq(u64, told[1].call.start_ns, 74 * MS));
	cr_assert(eq(u64, told[1].call.end_ns, 77 * MS));
}

Test(call, what_is_called_during_the_start_is_below_its_phase)
{
	ask(0, 55 * MS);
	answer(0, 0, 57 * MS);
	feed_request(server, 100, 1, 70 * MS, "");
	finish();
	cr_assert(eq(u32, told_count, 1));
	for (unsigned i = 0; i < seen.cold.phases_count; i++) {
		const struct cs_phase_part *part = &seen.cold.phases[i];

		if (part->start_ns <= 55 * MS && 55 * MS < part->end_ns)
			cr_assert(is_child_of(
				&told[0].call,
				cs_phase_span_id(seen.cold.context.span_id, part->phase)));
	}
	cr_assert(not(is_child_of(&told[0].call, seen.invocation[0].context.span_id)));
	cr_assert(eq(u64, told[0].call.end_ns, 57 * MS));
}

/* Ready at 61 ms, by the marks of a server. */
Test(call, what_began_in_one_phase_and_was_asked_in_the_next_is_below_the_first)
{
	stage(CS_CONNECT_DONE, 55 * MS, 58 * MS, 0);
	ask(0, 62 * MS);
	answer(0, 0, 64 * MS);
	feed_request(server, 100, 1, 70 * MS, "");
	finish();
	cr_assert(eq(u32, told_count, 1));
	cr_assert(eq(u64, told[0].call.start_ns, 55 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_WAIT)->start_ns, 61 * MS));
	cr_assert(is_child_of(&told[0].call,
			      cs_phase_span_id(seen.cold.context.span_id, CS_PHASE_CODE)));
}

Test(call, what_may_be_of_two_is_of_none)
{
	feed_request(server, 100, 1, 70 * MS, "");
	feed_request(server, 100, 2, 71 * MS, "");
	ask(0, 80 * MS);
	answer(0, 0, 90 * MS);
	feed_end(server, 100, 2, 190 * MS);
	finish();
	cr_assert(eq(u32, told_count, 0));
	cr_assert(eq(u64, stats_now().unattributed, 1));
}

Test(call, what_is_called_between_invocations_is_counted)
{
	feed_request(server, 100, 1, 70 * MS, "");
	feed_end(server, 100, 1, 90 * MS);
	ask(0, 100 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, told_count, 0));
	cr_assert(eq(u64, stats_now().calls_unowned, 1));
}

Test(call, more_than_are_kept_are_counted)
{
	feed_request(server, 100, 1, 70 * MS, "");
	for (uint32_t i = 0; i < CS_CALLS_OF_ONE_MAX + 3; i++) {
		ask(i, 80 * MS + i);
		answer(i, 0, 81 * MS + i);
	}
	finish();
	cr_assert(eq(u32, told_count, CS_CALLS_OF_ONE_MAX));
	cr_assert(eq(u64, stats_now().calls_dropped, 3));
}

Test(call, the_event_of_a_process_has_what_it_calls_after_it)
{
	struct cs_header header = later_of(300, "job");
	struct cs_rec_call rec = { .connection = CONNECTION, .protocol = CS_CALL_TLS };

	server = cs_assembler_attach(assembler, 2, &header, 300);
	feed(server, 300, CS_RECORD_CALL, 160 * MS, &rec, sizeof(rec), NULL);
	rec.sequence = 1;
	feed(server, 300, CS_RECORD_CALL, 175 * MS, &rec, sizeof(rec), NULL);
	end_process(server, 300, 0, 190 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, told_count, 2));
	cr_assert(not(is_child_of(&told[0].call, seen.invocation[0].context.span_id)));
	cr_assert(is_child_of(&told[1].call, seen.invocation[0].context.span_id));
	cr_assert(eq(u64, told[1].call.start_ns, 175 * MS));
}

Test(call, texts_longer_than_their_record_are_not_read)
{
	struct cs_rec_call call = { .connection = CONNECTION, .method_len = 9 };
	struct cs_rec_connect connect = {
		.connection = CONNECTION, .family = AF_UNIX, .stage = CS_CONNECT_DONE, .text_len = 9
	};
	struct cs_rec_lookup lookup = { .done = 1, .addresses_count = 9 };

	feed_request(server, 100, 1, 70 * MS, "");
	feed(server, 100, CS_RECORD_CALL, 80 * MS, &call, sizeof(call), "12345678");
	feed(server, 100, CS_RECORD_CONNECT, 80 * MS, &connect, sizeof(connect), "12345678");
	feed(server, 100, CS_RECORD_LOOKUP, 80 * MS, &lookup, sizeof(lookup), NULL);
	finish();
	cr_assert(eq(u32, told_count, 0));
	cr_assert(eq(u64, stats_now().unknown_records, 3));
}

Test(call, a_database_s_error_is_told_once_and_stays)
{
	feed_request(server, 100, 1, 70 * MS, "");
	stage(CS_CONNECT_DONE, 74 * MS, 77 * MS, 0);
	ask(0, 80 * MS);
	answer_of_database(0, CS_CALL_END_MORE | CS_CALL_END_FAILED, 1, "42P01", 81 * MS);
	answer_of_database(0, CS_CALL_END_MIXED, 3, "", 82 * MS);
	ask(1, 90 * MS);
	answer_of_database(1, CS_CALL_END_FAILED, 1, "no code", 91 * MS);
	finish();
	cr_assert(eq(u32, told_count, 2));
	cr_assert(told[1].call.failed && told[1].call.mixed);
	cr_assert(eq(u32, told[1].call.queries, 3));
	cr_assert(eq(str, told[1].call.code, (char *)"42P01"));
	cr_assert(told[0].call.failed);
	cr_assert(eq(str, told[0].call.code, (char *)""));
}

static void names_database(const char *name, uint64_t time_ns)
{
	struct cs_rec_connect rec = { .connection = CONNECTION,
				      .stage = CS_CONNECT_DATABASE,
				      .text_len = (uint16_t)strlen(name) };

	feed(server, 100, CS_RECORD_CONNECT, time_ns, &rec, sizeof(rec), name);
}

static void query(uint32_t sequence, uint16_t protocol, uint16_t flags, uint64_t time_ns)
{
	struct cs_rec_call rec = { .connection = CONNECTION,
				   .sequence = sequence,
				   .protocol = protocol };

	feed(server, 100, CS_RECORD_CALL, time_ns, &rec, sizeof(rec), NULL);
	if (flags & CS_CALL_END_MIXED)
		names_database("another", time_ns + MS / 4);
	answer_of_database(sequence, flags & CS_CALL_END_FAILED, 1, "", time_ns + MS / 2);
}

/* What is asked for holds from the next call on, if nothing has failed until then. */
Test(call, a_call_is_of_the_database_that_was_named_before_it)
{
	const uint16_t changes = CS_CALL_END_MIXED;
	static const char *const wanted[] = { "", "shop", "shop", "another", "another", "", "" };

	feed_request(server, 100, 1, 100 * MS, "");
	stage(CS_CONNECT_DONE, 101 * MS, 102 * MS, 0);
	query(0, CS_CALL_POSTGRESQL, 0, 103 * MS);
	names_database("shop", 104 * MS);
	query(1, CS_CALL_POSTGRESQL, CS_CALL_END_FAILED, 105 * MS);
	query(2, CS_CALL_POSTGRESQL, changes, 106 * MS);
	query(3, CS_CALL_POSTGRESQL, 0, 107 * MS);
	query(4, CS_CALL_POSTGRESQL, changes | CS_CALL_END_FAILED, 108 * MS);
	query(5, CS_CALL_POSTGRESQL, 0, 109 * MS);
	query(6, CS_CALL_REDIS, 0, 110 * MS);
	finish();
	cr_assert(eq(u32, told_count, 7));
	for (unsigned i = 0; i < 7; i++)
		cr_expect(eq(str, told[6 - i].database, (char *)wanted[i]));
}

Test(call, who_says_nothing_is_at_number_0_of_redis)
{
	feed_request(server, 100, 1, 100 * MS, "");
	stage(CS_CONNECT_DONE, 101 * MS, 102 * MS, 0);
	query(0, CS_CALL_REDIS, 0, 103 * MS);
	names_database("", 104 * MS);
	query(1, CS_CALL_REDIS, 0, 105 * MS);
	finish();
	cr_assert(eq(u32, told_count, 2));
	cr_expect(eq(str, told[1].database, (char *)"0"));
	cr_expect(eq(str, told[0].database, (char *)""));
}

Test(call, a_database_s_name_that_is_too_long_is_not_told)
{
	char name[CS_DATABASE_MAX + 2];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	feed_request(server, 100, 1, 100 * MS, "");
	stage(CS_CONNECT_DONE, 101 * MS, 102 * MS, 0);
	names_database(name, 102 * MS);
	query(0, CS_CALL_POSTGRESQL, 0, 103 * MS);
	names_database(name + 1, 104 * MS);
	query(1, CS_CALL_POSTGRESQL, 0, 105 * MS);
	finish();
	cr_expect(eq(str, told[1].database, (char *)""));
	cr_expect(eq(str, told[0].database, name + 1));
}

Test(call, an_invocation_has_the_bytes_and_connections_of_its_calls)
{
	feed_request(server, 100, 1, 70 * MS, "");
	stage(CS_CONNECT_DONE, 74 * MS, 77 * MS, 0);
	ask(0, 80 * MS);
	answer_of_database(0, 0, 1, "", 81 * MS);
	ask(1, 90 * MS);
	answer_of_database(1, 0, 1, "", 91 * MS);
	finish();
	cr_assert(eq(u32, seen.invocation[0].network.connections_opened, 1));
	cr_assert(eq(u64, seen.invocation[0].network.sent_bytes,
		     seen.invocation[0].response_bytes + 200));
	cr_assert(eq(u64, seen.invocation[0].network.received_bytes,
		     seen.invocation[0].request_bytes + 2000));
}

Test(call, a_connection_that_came_to_nothing_or_was_there_before_is_none_of_an_invocation)
{
	stage(CS_CONNECT_DONE, 40 * MS, 41 * MS, 0);
	feed_request(server, 100, 1, 70 * MS, "");
	ask(0, 80 * MS);
	answer_of_database(0, 0, 1, "", 81 * MS);
	finish();
	cr_assert(eq(u32, seen.invocation[0].network.connections_opened, 0));
	cr_assert(eq(u32, seen.cold.connections_opened, 1));
}

Test(call, a_connection_that_failed_is_not_opened)
{
	feed_request(server, 100, 1, 70 * MS, "");
	stage(CS_CONNECT_DONE, 74 * MS, 77 * MS, ECONNREFUSED);
	finish();
	cr_assert(eq(u32, seen.invocation[0].network.connections_opened, 0));
}

/* Connection @number, made at @time_ns; none is used again. */
static void connect_nth(unsigned number, uint64_t time_ns)
{
	struct cs_rec_connect rec = { .connection = (uint64_t)number << 32 | 9,
				      .stage = CS_CONNECT_DONE,
				      .begin_ns = time_ns,
				      .family = AF_INET,
				      .port = 8080 };

	feed(server, 100, CS_RECORD_CONNECT, time_ns, &rec, sizeof(rec), NULL);
}

Test(call, connections_that_are_forgotten_count_for_who_opened_them)
{
	const unsigned more = CS_CALL_PEERS_MAX + 44;

	for (unsigned i = 1; i <= 2; i++)
		connect_nth(i, 60 * MS + i);
	feed_request(server, 100, 1, 70 * MS, "");
	for (unsigned i = 0; i < more; i++)
		connect_nth(10 + i, 71 * MS + i);
	feed_end(server, 100, 1, 80 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocation[0].network.connections_opened, more));
	cr_assert(eq(u32, seen.cold.connections_opened, 2));
	cr_assert(eq(u64, stats_now().connections_forgotten, 46));
}

Test(call, of_whom_a_forgotten_connection_was_may_come_to_be_unsure)
{
	feed_request(server, 100, 1, 70 * MS, "");
	for (unsigned i = 0; i < CS_CALL_PEERS_MAX + 1; i++)
		connect_nth(10 + i, 72 * MS + i);
	feed_request(server, 100, 2, 71 * MS, ""); /* it was beside it */
	feed_end(server, 100, 2, 79 * MS);
	feed_end(server, 100, 1, 80 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 2));
	cr_assert(eq(u32, seen.invocation[0].network.connections_opened, 0));
	cr_assert(eq(u32, seen.invocation[1].network.connections_opened, 0));
}
