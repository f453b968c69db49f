/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/queue: how long an event waited by a gateway's word, and what its start makes of it. */
#include "collector/assembler/queue.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/assembling.h"

#define WALL_NS    1790000000000000000ull /* of the moment that is 0 to the instances */
#define GATEWAY_MS 5                      /* when the gateway had it */
#define GATEWAY_NS (GATEWAY_MS * MS)
#define GATEWAY    "1790000000005000000"
#define ACCEPTED   "x-start-time: " GATEWAY "\n"
#define HOUR_NS    (3600ull * 1000 * MS)

TestSuite(queue, .init = assembling_start, .fini = assembling_stop);

struct accepted_case {
	uint64_t unix_ns;
	uint64_t until_ns;
	uint64_t want_ns;
};

ParameterizedTestParameters(queue, only_what_can_be_is_believed)
{
	static struct accepted_case cases[] = {
		{ WALL_NS + 5, 30 * HOUR_NS, 0 },
		{ WALL_NS + 25 * HOUR_NS, 30 * HOUR_NS, 25 * HOUR_NS },
		{ WALL_NS + 30 * HOUR_NS, 30 * HOUR_NS, 30 * HOUR_NS },
		/* After the start: it waited for nothing. */
		{ WALL_NS + 30 * HOUR_NS + 1, 30 * HOUR_NS, 0 },
		/* More than a day, by one nanosecond and by none */
		{ WALL_NS + 6 * HOUR_NS - 1, 30 * HOUR_NS, 0 },
		{ WALL_NS + 6 * HOUR_NS, 30 * HOUR_NS, 6 * HOUR_NS },
		/* Before the clock began, which our stamps cannot say */
		{ WALL_NS - 1, 1000, 0 },
		{ WALL_NS, 1000, 0 },
		{ WALL_NS + 1, 1000, 1 },
		{ 0, 1000, 0 },
		{ UINT64_MAX, 1000, 0 },
		{ WALL_NS + 5, 0, 0 },
	};

	return cr_make_param_array(struct accepted_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct accepted_case *c, queue, only_what_can_be_is_believed)
{
	struct cs_identity identity = { .anchor_monotonic_ns = 40 * MS,
					.anchor_realtime_ns = WALL_NS + 40 * MS };

	cr_assert(eq(u64, cs_queue_accepted(&identity, c->unix_ns, c->until_ns), c->want_ns));
}

static struct cs_assembled *attach(uint64_t segment, struct cs_header header)
{
	header.attach_realtime_ns = WALL_NS + header.attach_monotonic_ns;
	return cs_assembler_attach(assembler, segment, &header, header.pid);
}

static struct cs_assembled *attach_runtime(void)
{
	struct cs_header header = server_of(50, "runtime");

	header.attach_monotonic_ns = MS;
	return attach(1, header);
}

static void serve(struct cs_assembled *function, const char *headers)
{
	feed_request(function, 100, 7, 70 * MS, headers);
	feed_end(function, 100, 7, 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
}

static bool says_told(const struct cs_phase_part *part)
{
	return part->approximate && strstr(part->approximate, CS_QUEUE_TOLD);
}

static bool starts_in_trace_of_its_request(void)
{
	return memcmp(&seen.cold.context.trace_id, &seen.invocation[0].context.trace_id,
		      sizeof(struct cs_trace_id)) == 0;
}

Test(queue, a_process_per_event_waited_since_the_gateway_had_it)
{
	struct cs_header header = header_of(100, "function");
	struct cs_assembled *instance;

	put_identity(&header, "env.Http_Method=POST");
	put_identity(&header, "env.Http_X_Start_Time=" GATEWAY);
	header.marks[CS_MARK_STDIN_READ] = 60 * MS;
	instance = attach(1, header);
	end_process(instance, 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(uint, seen.cold_starts, 1));
	cr_assert(eq(int, seen.cold.init_type, CS_INIT_PER_REQUEST));
	cr_assert(eq(u64, seen.cold.start_ns, GATEWAY_NS));
	cr_assert(eq(u64, phase_of(CS_PHASE_QUEUE)->end_ns, 40 * MS));
	cr_assert(says_told(phase_of(CS_PHASE_QUEUE)));
	cr_assert(phase_of(CS_PHASE_QUEUE)->approximate && /* its parent is not watched */
		  strstr(phase_of(CS_PHASE_QUEUE)->approximate, "spawn was not seen"));
}

Test(queue, a_server_that_a_request_waited_for_was_started_on_demand)
{
	struct cs_assembled *function = attach(2, server_of(100, "function"));

	serve(function, ACCEPTED);
	cr_assert(eq(int, seen.cold.init_type, CS_INIT_ON_DEMAND));
	cr_assert(eq(u64, phase_of(CS_PHASE_QUEUE)->start_ns, GATEWAY_NS));
	cr_assert(eq(u64, phase_of(CS_PHASE_QUEUE)->end_ns, 40 * MS));
	cr_assert(says_told(phase_of(CS_PHASE_QUEUE)));
	cr_assert(starts_in_trace_of_its_request());
}

Test(queue, ends_where_the_spawn_begins_if_that_was_seen)
{
	struct cs_assembled *runtime = attach_runtime();

	feed_request(runtime, 50, 5, 20 * MS, "");
	feed_spawn(runtime, 100, 30 * MS);
	serve(attach(2, server_of(100, "function")), ACCEPTED);
	cr_assert(eq(int, seen.cold.init_type, CS_INIT_ON_DEMAND));
	cr_assert(eq(u64, phase_of(CS_PHASE_QUEUE)->start_ns, GATEWAY_NS));
	cr_assert(eq(u64, phase_of(CS_PHASE_QUEUE)->end_ns, 30 * MS));
}

Test(queue, a_gateway_that_had_it_after_its_own_runtime_is_not_believed)
{
	struct cs_assembled *runtime = attach_runtime();

	feed_request(runtime, 50, 5, 4 * MS, "");
	feed_spawn(runtime, 100, 30 * MS);
	serve(attach(2, server_of(100, "function")), ACCEPTED);
	cr_assert(eq(u64, phase_of(CS_PHASE_QUEUE)->start_ns, 4 * MS));
	cr_assert(zero(ptr, (void *)phase_of(CS_PHASE_QUEUE)->approximate));
}

Test(queue, a_request_that_came_after_the_start_did_not_wait_for_it)
{
	serve(attach(2, server_of(100, "function")), "x-start-time: 1790000000065000000\n");
	cr_assert(eq(int, seen.cold.init_type, CS_INIT_UNKNOWN));
	cr_assert(zero(ptr, (void *)phase_of(CS_PHASE_QUEUE)));
	cr_assert(eq(u64, seen.cold.start_ns, 40 * MS));
}

/* Its runtime's word: no request was there. The gateway's clock may be behind. */
Test(queue, a_prewarmed_start_stays_one)
{
	struct cs_assembled *runtime = attach_runtime(), *function;

	feed_spawn(runtime, 100, 30 * MS);
	function = attach(2, server_of(100, "function"));
	feed_request(runtime, 50, 5, 65 * MS, ACCEPTED);
	serve(function, ACCEPTED);
	cr_assert(eq(int, seen.cold.init_type, CS_INIT_PROACTIVE));
	cr_assert(zero(ptr, (void *)phase_of(CS_PHASE_QUEUE)));
	cr_assert(not(starts_in_trace_of_its_request()));
}

Test(queue, only_the_first_request_has_to_do_with_the_start)
{
	struct cs_assembled *function = attach(2, server_of(100, "function"));

	serve(function, "");
	feed_request(function, 100, 8, 80 * MS, ACCEPTED);
	feed_end(function, 100, 8, 85 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(uint, seen.invocations, 2));
	cr_assert(eq(uint, seen.cold_starts, 1));
	cr_assert(eq(int, seen.cold.init_type, CS_INIT_UNKNOWN));
}
