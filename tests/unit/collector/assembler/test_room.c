/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/room: many instances at once, none of which has reached a bound of its own. */
#include "collector/assembler/room.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "collector/assembler/assembled.h"
#include "tests/support/assembling.h"

#define INSTANCES  100u
#define REQUESTS   100u /* of each */
#define ROOM_BYTES ((size_t)2 << 20)

static struct cs_assembled *servers[INSTANCES];
static unsigned lines_alone, lines_with_ids;

static void on_log(void *context, const struct cs_log_entry *entry)
{
	lines_with_ids += entry->context != NULL;
	lines_alone += !entry->context;
}

static void start(void)
{
	assembling_start();
	assembler->sink.log = on_log;
	for (unsigned i = 0; i < INSTANCES; i++) {
		struct cs_header header = server_of((int32_t)(100 + i), "server");

		servers[i] = cs_assembler_attach(assembler, 1 + i, &header, (int32_t)(100 + i));
	}
}

TestSuite(room, .init = start, .fini = assembling_stop);

static uint64_t time_of(unsigned request)
{
	return 100 * MS + request * 2 * MS;
}

/* Each of them gets one; @ends: and answers it. */
static void round_of(unsigned request, bool ends)
{
	for (unsigned i = 0; i < INSTANCES; i++) {
		feed_request(servers[i], 100 + i, 1 + request, time_of(request), "");
		if (ends)
			feed_end(servers[i], 100 + i, 1 + request, time_of(request) + MS);
		cr_assert(le(sz, assembler->room.bytes, assembler->room.max_bytes));
	}
}

static void check_ledger(void)
{
	struct cs_ledger_line line;

	for (unsigned i = 0; i < INSTANCES; i++)
		end_process(servers[i], (int32_t)(100 + i), 0, 900 * MS);
	cs_assembler_flush(assembler);
	cs_assembler_close(assembler);
	for (unsigned kind = 0; kind <= CS_LEDGER_LINE; kind++) {
		line = stats_now().ledger.of[kind];
		cr_assert(eq(u64, line.read, line.told + line.aside + line.dropped), "%s",
			  cs_ledger_name(kind));
	}
}

Test(room, what_is_in_flight_everywhere_is_bounded_and_counted)
{
	struct cs_assembler_stats stats;

	assembler->room.max_bytes = ROOM_BYTES;
	for (unsigned request = 0; request < REQUESTS; request++)
		round_of(request, false);
	stats = stats_now();
	cr_assert(ne(u64, stats.room.crowded[CS_ROOM_REQUEST], 0));
	cr_assert(eq(u64, stats.requests_dropped, stats.room.crowded[CS_ROOM_REQUEST]));
	cr_assert(lt(u64, stats.requests_dropped, INSTANCES * REQUESTS));
	check_ledger();
	stats = stats_now();
	cr_assert(eq(u64, stats.ledger.of[CS_LEDGER_INVOCATION].read, INSTANCES * REQUESTS));
	cr_assert(eq(u64, stats.invocations + stats.requests_dropped, INSTANCES * REQUESTS));
}

Test(room, who_is_only_remembered_makes_room)
{
	assembler->room.max_bytes = ROOM_BYTES;
	for (unsigned request = 0; request < REQUESTS; request++) {
		round_of(request, true);
		cs_assembler_tick(assembler, time_of(request) + 2 * CS_ASSEMBLER_HOLD_NS);
	}
	cr_assert(eq(u64, stats_now().requests_dropped, 0));
	cr_assert(ne(u64, stats_now().room.causes_forgotten, 0));
	check_ledger();
	cr_assert(eq(u64, stats_now().invocations, INSTANCES * REQUESTS));
}

Test(room, a_line_without_room_is_told_at_once_and_without_ids)
{
	round_of(0, false);
	feed_log(servers[0], 100, CS_LOG_STDOUT, time_of(0) + 1, "there is room\n");
	cr_assert(eq(uint, lines_alone + lines_with_ids, 0));
	assembler->room.max_bytes = assembler->room.bytes;
	feed_log(servers[1], 101, CS_LOG_STDOUT, time_of(0) + 1, "there is none\n");
	cr_assert(eq(uint, lines_alone, 1));
	cr_assert(eq(u64, stats_now().room.crowded[CS_ROOM_LINE], 1));
	cr_assert(eq(u64, stats_now().log_lines_alone, 1));
	check_ledger();
}

Test(room, an_ordinary_host_never_comes_near_it)
{
	for (unsigned request = 0; request < REQUESTS; request++)
		round_of(request, false);
	cr_assert(eq(u64, stats_now().requests_dropped, 0));
	cr_assert(lt(sz, assembler->room.bytes, CS_ROOM_BYTES_MAX / 4));
}
