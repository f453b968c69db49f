/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/hurry: who makes room, and who has to wait all the same. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "tests/support/assembling.h"

#define CROWD (CS_ASSEMBLER_REQUESTS_MAX + 2000u)
#define LOOK  500u /* of them in one look */

static struct cs_assembled *server;
static unsigned lines_with_ids;

static void on_log(void *context, const struct cs_log_entry *entry)
{
	lines_with_ids += entry->context != NULL;
}

/* One whose start was told. */
static struct cs_assembled *settled(uint64_t segment, int32_t pid)
{
	struct cs_header header = server_of(pid, "server");
	struct cs_assembled *instance = cs_assembler_attach(assembler, segment, &header, pid);

	feed_request(instance, (uint32_t)pid, 1, 70 * MS, "");
	feed_end(instance, (uint32_t)pid, 1, 90 * MS);
	cs_assembler_flush(assembler);
	return instance;
}

static void start(void)
{
	assembling_start();
	assembler->sink.log = on_log;
	server = settled(1, 100);
}

TestSuite(hurry, .init = start, .fini = assembling_stop);

static uint64_t time_of(unsigned i)
{
	return 100 * MS + i * 10000u;
}

static void serve(unsigned i)
{
	feed_request(server, 100, i, time_of(i), "");
	feed_end(server, 100, i, time_of(i) + 5000);
}

/* All at once for whoever gives the clock: nothing of it is due. */
static void crowd(unsigned from, unsigned to, struct cs_assembled *read)
{
	for (unsigned i = from; i < to; i++) {
		serve(i);
		if (read && i % LOOK == LOOK - 1)
			cs_assembler_read(read, time_of(i) + 9000, 0, time_of(i) + 9000);
	}
}

Test(hurry, what_is_over_makes_room)
{
	crowd(2, CROWD, server);
	cr_assert(eq(u64, stats_now().requests_dropped, 0));
	cr_assert(not(lt(u64, stats_now().hurried, CROWD - CS_ASSEMBLER_REQUESTS_MAX - 2)));
	cs_assembler_flush(assembler);
	cr_assert(eq(u64, stats_now().invocations, CROWD - 1));
	cr_assert(eq(u64, stats_now().unmatched, 0));
}

Test(hurry, what_may_not_all_be_read_waits)
{
	crowd(2, CROWD, NULL);
	cr_assert(eq(u64, stats_now().hurried, 0));
	cr_assert(ne(u64, stats_now().requests_dropped, 0));
}

Test(hurry, who_started_it_may_know_more)
{
	struct cs_header header = server_of(50, "runtime");
	struct cs_assembled *runtime;

	runtime = cs_assembler_attach(assembler, 2, &header, 50);
	feed_spawn(runtime, 100, 39 * MS);
	crowd(2, CROWD, server);
	cr_assert(eq(u64, stats_now().hurried, 0));
	cs_assembler_read(runtime, time_of(CROWD), 0, time_of(CROWD));
	crowd(CROWD, CROWD + 1, NULL);
	cr_assert(eq(u64, stats_now().hurried, 1));
}

Test(hurry, a_call_that_goes_on_is_waited_for)
{
	struct cs_rec_call call = { .connection = 7, .protocol = CS_CALL_HTTP, .method_len = 3 };
	struct cs_rec_call_end end = { .connection = 7, .status = 200 };
	struct cs_request *waits;

	feed_request(server, 100, 2, time_of(2), "");
	waits = LIST_FIRST(&server->requests);
	feed(server, 100, CS_RECORD_CALL, time_of(2) + 1000, &call, sizeof(call), "GET");
	feed_end(server, 100, 2, time_of(2) + 8000);
	crowd(300, 300 + CROWD, server);
	cr_assert(ne(u64, stats_now().hurried, 0));
	cr_assert(not(waits->handed_over));
	feed(server, 100, CS_RECORD_CALL_END, time_of(300 + CROWD), &end, sizeof(end), NULL);
	cs_assembler_read(server, time_of(301 + CROWD), 0, time_of(301 + CROWD));
	cr_assert(cs_assembled_hurry(server));
	cr_assert(waits->handed_over);
	cr_assert(eq(u64, stats_now().calls, 1));
}

Test(hurry, what_died_is_waited_for)
{
	feed_request(server, 101, 2, time_of(2), "");
	cs_assembler_ended(server, 101, CS_ASSEMBLER_STATUS, 9, time_of(3));
	cs_assembler_read(server, time_of(4), 0, time_of(4));
	cr_assert(not(cs_assembled_hurry(server)));
}

Test(hurry, calls_make_room_for_calls)
{
	const unsigned count = 2 * CS_CALLS_OF_INSTANCE_MAX;

	for (unsigned i = 2; i < 2 + count; i++) {
		struct cs_rec_call call = { .connection = i,
					    .protocol = CS_CALL_HTTP,
					    .method_len = 3 };
		struct cs_rec_call_end end = { .connection = i, .status = 200 };

		feed_request(server, 100, i, time_of(i), "");
		feed(server, 100, CS_RECORD_CALL, time_of(i) + 1000, &call, sizeof(call), "GET");
		feed(server, 100, CS_RECORD_CALL_END, time_of(i) + 2000, &end, sizeof(end), NULL);
		feed_end(server, 100, i, time_of(i) + 8000);
		if (i % LOOK == 0)
			cs_assembler_read(server, time_of(i) + 9000, 0, time_of(i) + 9000);
	}
	cs_assembler_flush(assembler);
	cr_assert(eq(u64, stats_now().calls_dropped, 0));
}

/* Nothing of it can be told ahead of its time: it was 1,024 calls once, for 4,096 requests. */
Test(hurry, a_start_that_is_not_concluded_has_room_for_a_call_of_each_request)
{
	const unsigned count = CS_ASSEMBLER_REQUESTS_MAX - 96;
	struct cs_header header = server_of(300, "other");
	struct cs_assembled *fresh = cs_assembler_attach(assembler, 3, &header, 50);

	for (unsigned i = 2; i < 2 + count; i++) {
		struct cs_rec_call call = { .connection = i,
					    .protocol = CS_CALL_HTTP,
					    .method_len = 3 };
		struct cs_rec_call_end end = { .connection = i, .status = 200 };

		feed_request(fresh, 300, i, 100 * MS + i * 10000, "");
		feed(fresh, 300, CS_RECORD_CALL, 100 * MS + i * 10000 + 1000, &call, sizeof(call),
		     "GET");
		feed(fresh, 300, CS_RECORD_CALL_END, 100 * MS + i * 10000 + 2000, &end, sizeof(end),
		     NULL);
		feed_end(fresh, 300, i, 100 * MS + i * 10000 + 8000);
	}
	cs_assembler_flush(assembler);
	cr_assert(eq(u64, stats_now().calls_dropped, 0));
	cr_assert(eq(u64, stats_now().calls, count));
}

Test(hurry, lines_make_room_for_lines)
{
	const unsigned count = 2 * (CS_LOGS_BYTES_MAX / 1000);
	char line[1001];

	memset(line, 'x', sizeof(line));
	line[999] = '\n';
	line[1000] = '\0';
	for (unsigned i = 2; i < 2 + count; i++) {
		feed_request(server, 100, i, time_of(i), "");
		feed_log(server, 100, CS_LOG_STDERR, time_of(i) + 1000, line);
		feed_end(server, 100, i, time_of(i) + 8000);
		if (i % LOOK == 0)
			cs_assembler_read(server, time_of(i) + 9000, 0, time_of(i) + 9000);
	}
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, lines_with_ids, count));
	cr_assert(eq(u64, stats_now().log_lines_alone, 0));
}
