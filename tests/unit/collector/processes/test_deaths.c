/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of the assembler: processes that end in the middle of their start. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <signal.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "tests/support/assembling.h"

#define KILLED_NS (1000 * MS)

TestSuite(deaths, .init = assembling_start, .fini = assembling_stop);

/* What an exec function has reached when it is killed, and the phase that this is. */
struct reached {
	enum cs_phase phase;
	uint64_t marks[CS_MARKS_MAX];
	char said[80];
	bool script;
	bool ready;
};

/*
 * In spawn and before the constructor a process has no segment: of one that dies there the collector
 * knows only what its parent said, and tells of no start.
 */
#define ENDED "the process ended in it"

static const struct reached exec_rows[] = {
	{ CS_PHASE_LINK, { [CS_MARK_ATTACH] = 40 * MS }, "main was not seen; " ENDED },
	{ CS_PHASE_RUNTIME,
	  { [CS_MARK_ATTACH] = 40 * MS, [CS_MARK_MAIN] = 50 * MS },
	  "no open of user code was seen; " ENDED,
	  true },
	{ CS_PHASE_CODE,
	  { [CS_MARK_ATTACH] = 40 * MS, [CS_MARK_MAIN] = 50 * MS },
	  "readiness was not seen; " ENDED },
	{ CS_PHASE_CODE,
	  { [CS_MARK_ATTACH] = 40 * MS, [CS_MARK_MAIN] = 50 * MS, [CS_MARK_USER_CODE] = 60 * MS },
	  "readiness was not seen; " ENDED,
	  true },
	{ CS_PHASE_HANDLER,
	  { [CS_MARK_ATTACH] = 40 * MS, [CS_MARK_MAIN] = 50 * MS, [CS_MARK_STDIN_READ] = 70 * MS },
	  "first byte out was not seen; " ENDED,
	  false,
	  true },
	{ CS_PHASE_RESPOND,
	  { [CS_MARK_ATTACH] = 40 * MS,
	    [CS_MARK_MAIN] = 50 * MS,
	    [CS_MARK_STDIN_READ] = 70 * MS,
	    [CS_MARK_STDOUT_WRITE] = 80 * MS },
	  ENDED,
	  false,
	  true },
};

/* @said: of the last phase */
static void check_cut(enum cs_phase phase, bool ready, const char *said)
{
	const struct cs_phase_part *last = &seen.cold.phases[seen.cold.phases_count - 1];

	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_expect(eq(u32, last->phase, phase));
	cr_expect(eq(u64, last->end_ns, KILLED_NS));
	cr_assert(ne(ptr, (void *)last->approximate, NULL));
	cr_expect(eq(str, (char *)last->approximate, (char *)said));
	cr_expect(eq(u64, seen.cold.end_ns, KILLED_NS));
	cr_expect(eq(int, seen.cold.ready, ready));
	cr_expect(eq(u32, seen.cold.outcome.cause, CS_CAUSE_SIGNAL));
	cr_expect(eq(int, seen.cold.outcome.code, SIGKILL));
	for (unsigned i = 0; i + 1 < seen.cold.phases_count; i++)
		cr_expect(eq(ptr, (void *)seen.cold.phases[i].approximate, NULL));
}

ParameterizedTestParameters(deaths, a_function_killed_in_a_phase_ends_in_it)
{
	return cr_make_param_array(struct reached, (struct reached *)exec_rows,
				   sizeof(exec_rows) / sizeof(exec_rows[0]));
}

ParameterizedTest(struct reached *row, deaths, a_function_killed_in_a_phase_ends_in_it)
{
	struct cs_header header = { .pid = 100, .attach_monotonic_ns = 40 * MS };

	put_identity(&header, row->script ? "script=/app/f.py" : "exe=/app/f");
	for (unsigned i = 0; i < CS_MARKS_MAX; i++)
		header.marks[i] = row->marks[i];
	cs_assembler_child(assembler, 100, 10 * MS, 20 * MS);
	end_process(cs_assembler_attach(assembler, 1, &header, 100), 100, SIGKILL, KILLED_NS);
	cs_assembler_flush(assembler);
	check_cut(row->phase, row->ready, row->said);
	/* An invocation there is from its event on. */
	cr_expect(eq(u32, seen.invocations, row->ready));
	if (row->ready)
		cr_expect(eq(u64, seen.invocation[0].end_ns, KILLED_NS));
}

/* A server, by how far its first request came: 0 was not even waited for, 3 had its first byte out. */
static void kill_server(unsigned stage)
{
	struct cs_header header = server_of(100, "server");
	struct cs_rec_response first = { .connection = 7, .status = 200 };
	struct cs_assembled *server;

	if (!stage)
		header.marks[CS_MARK_ACCEPT_WAIT] = 0;
	cs_assembler_child(assembler, 100, 10 * MS, 20 * MS);
	server = cs_assembler_attach(assembler, 1, &header, 100);
	if (stage > 1)
		feed_request(server, 100, 7, 70 * MS, "");
	if (stage > 2)
		feed(server, 100, CS_RECORD_RESPONSE, 80 * MS, &first, sizeof(first), NULL);
	end_process(server, 100, SIGKILL, KILLED_NS);
	cs_assembler_flush(assembler);
}

Test(deaths, a_server_killed_before_it_was_ready_ends_in_code)
{
	kill_server(0);
	check_cut(CS_PHASE_CODE, false, "readiness was not seen; " ENDED);
	cr_assert(eq(u32, seen.invocations, 0));
}

Test(deaths, a_server_killed_while_it_waits_ends_in_wait)
{
	kill_server(1);
	check_cut(CS_PHASE_WAIT, true, "first event was not seen; " ENDED);
	cr_assert(eq(u32, seen.invocations, 0));
}

Test(deaths, a_server_killed_over_its_first_request_ends_in_handler)
{
	kill_server(2);
	check_cut(CS_PHASE_HANDLER, true, "first byte out was not seen; " ENDED);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(seen.invocation[0].aborted);
}

Test(deaths, a_server_killed_in_its_first_response_ends_in_respond)
{
	kill_server(3);
	check_cut(CS_PHASE_RESPOND, true, ENDED);
	cr_assert(eq(u64, seen.invocation[0].first_byte_ns, 80 * MS));
}

Test(deaths, a_server_that_read_its_standard_input_has_no_event_of_its_own)
{
	struct cs_header header = server_of(100, "server");

	put_identity(&header, "env.Http_Method=POST");
	header.marks[CS_MARK_STDIN_READ] = 55 * MS;
	header.marks[CS_MARK_STDOUT_WRITE] = 62 * MS;
	end_process(cs_assembler_attach(assembler, 1, &header, 100), 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 0));
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u32, seen.cold.protocol, CS_PROTOCOL_HTTP));
}

static void stop_collector(struct cs_assembled *instance)
{
	cs_assembler_ended(instance, 100, CS_ASSEMBLER_SHUTDOWN, 0, KILLED_NS);
	cs_assembler_detach(instance);
	cs_assembler_flush(assembler);
}

/* The last phase and the whole say that the end was not seen, and nothing failed. */
static void check_unfinished(enum cs_phase phase, const char *said)
{
	const struct cs_phase_part *last = &seen.cold.phases[seen.cold.phases_count - 1];

	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_expect(eq(u32, last->phase, phase));
	cr_assert(ne(ptr, (void *)last->approximate, NULL));
	cr_expect(eq(str, (char *)last->approximate, (char *)said));
	cr_assert(ne(ptr, (void *)seen.cold.approximate, NULL));
	cr_expect(eq(u64, seen.cold.end_ns, KILLED_NS)); /* it was seen to live until then */
	cr_expect(eq(u32, seen.cold.outcome.cause, CS_CAUSE_NONE));
}

Test(deaths, a_function_that_lives_when_the_collector_stops_has_no_end)
{
	struct cs_header header = header_of(100, "function");

	header.marks[CS_MARK_STDIN_READ] = 70 * MS;
	header.marks[CS_MARK_STDOUT_WRITE] = 80 * MS;
	stop_collector(cs_assembler_attach(assembler, 1, &header, 100));
	check_unfinished(CS_PHASE_RESPOND, CS_STILL_RUNNING);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(ne(ptr, (void *)seen.invocation[0].approximate, NULL));
	cr_assert(eq(str, (char *)seen.invocation[0].approximate, (char *)CS_STILL_RUNNING));
}

Test(deaths, a_function_in_its_init_when_the_collector_stops_has_no_invocation)
{
	struct cs_header header = header_of(100, "function");

	put_identity(&header, "env.Http_Method=POST");
	stop_collector(cs_assembler_attach(assembler, 1, &header, 100));
	cr_assert(eq(u32, seen.invocations, 0));
}

Test(deaths, a_request_in_flight_when_the_collector_stops_has_no_end_and_was_not_aborted)
{
	struct cs_assembled *server = attach_server();

	feed_request(server, 100, 7, 70 * MS, "");
	stop_collector(server);
	check_unfinished(CS_PHASE_HANDLER, "first byte out was not seen; " CS_STILL_RUNNING);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(not(seen.invocation[0].aborted));
	cr_assert(ne(ptr, (void *)seen.invocation[0].approximate, NULL));
	cr_assert(eq(str, (char *)seen.invocation[0].approximate, (char *)CS_STILL_RUNNING));
}

Test(deaths, a_server_that_waits_when_the_collector_stops_has_no_end)
{
	stop_collector(attach_server());
	check_unfinished(CS_PHASE_WAIT, "first event was not seen; " CS_STILL_RUNNING);
}

Test(deaths, what_was_complete_before_the_collector_stops_is_exact)
{
	struct cs_assembled *server = attach_server();

	feed_request(server, 100, 7, 70 * MS, "");
	feed_end(server, 100, 7, 79 * MS);
	stop_collector(server);
	cr_assert(eq(u64, seen.cold.end_ns, 79 * MS));
	cr_assert(eq(ptr, (void *)seen.cold.approximate, NULL));
	cr_assert(eq(ptr, (void *)seen.invocation[0].approximate, NULL));
}

Test(deaths, a_phase_that_is_first_and_last_says_both)
{
	struct cs_header header = { .pid = 100, .attach_monotonic_ns = 40 * MS };

	header.marks[CS_MARK_ATTACH] = 40 * MS;
	end_process(cs_assembler_attach(assembler, 1, &header, 100), 100, 1 << 8, 60 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold.phases_count, 1));
	cr_assert(eq(str, (char *)seen.cold.phases[0].approximate,
		     (char *)"what came before was not seen; main was not seen; " ENDED));
}

Test(deaths, a_function_that_ends_well_has_no_cut_phase)
{
	struct cs_header header = header_of(100, "function");

	header.marks[CS_MARK_STDIN_READ] = 70 * MS;
	header.marks[CS_MARK_STDOUT_WRITE] = 80 * MS;
	cs_assembler_child(assembler, 100, 10 * MS, 20 * MS);
	end_process(cs_assembler_attach(assembler, 1, &header, 100), 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	for (unsigned i = 0; i < seen.cold.phases_count; i++)
		cr_assert(eq(ptr, (void *)seen.cold.phases[i].approximate, NULL));
}

Test(deaths, the_cause_of_one_that_was_never_ready_is_told_by_the_parent_that_is_read_later)
{
	struct cs_header parent = header_of(50, "runtime"), header = header_of(100, "broken");
	struct cs_rec_wait wait = { .pid = 100, .status = SIGSEGV };
	struct cs_assembled *runtime = cs_assembler_attach(assembler, 1, &parent, 50),
			    *instance = cs_assembler_attach(assembler, 2, &header, 100);

	cs_assembler_ended(instance, 100, CS_ASSEMBLER_UNKNOWN, 0, 90 * MS);
	cs_assembler_detach(instance);
	feed(runtime, 50, CS_RECORD_WAIT, 91 * MS, &wait, sizeof(wait), NULL);
	cs_assembler_tick(assembler, 90 * MS + CS_ASSEMBLER_HOLD_NS);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u32, seen.cold.outcome.cause, CS_CAUSE_SIGNAL));
	cr_assert(eq(int, seen.cold.outcome.code, SIGSEGV));
}

static void end_well(const struct cs_header *header)
{
	end_process(cs_assembler_attach(assembler, 1, header, 100), 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
}

/* CS_CHILD_SERVED: all are /app/function. */
#define CHILD_SERVED "a child process (function) read input or wrote output: it may be what served"

/* What is said of code and of the whole. */
static void check_event_unseen(const char *reason)
{
	cr_assert(ne(ptr, (void *)phase_of(CS_PHASE_CODE)->approximate, NULL));
	cr_expect(eq(str, (char *)phase_of(CS_PHASE_CODE)->approximate, (char *)reason));
	cr_assert(ne(ptr, (void *)seen.cold.approximate, NULL));
	cr_expect(eq(str, (char *)seen.cold.approximate, (char *)reason));
}

Test(deaths, a_function_that_ends_well_without_an_event_has_served_unseen)
{
	struct cs_header header = header_of(100, "stdio");

	put_identity(&header, "env.Http_Method=POST");
	end_well(&header);
	check_event_unseen(CS_EVENT_UNSEEN);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(str, (char *)seen.invocation[0].approximate, (char *)CS_EVENT_UNSEEN));
}

Test(deaths, output_without_a_read_is_not_the_beginning_of_the_event)
{
	struct cs_header header = header_of(100, "function");

	header.marks[CS_MARK_STDOUT_WRITE] = 80 * MS;
	end_well(&header);
	check_event_unseen(CS_READ_UNSEEN);
	cr_assert(eq(str, (char *)seen.invocation[0].approximate, (char *)CS_READ_UNSEEN));
}

/* @late: the child is still held when the wrapper is told of. */
static void run_wrapper(bool late)
{
	struct cs_header header = header_of(100, "timeout"), inner = later_of(101, "inner");
	struct cs_assembled *wrapper = cs_assembler_attach(assembler, 1, &header, 100), *child;

	feed_spawn(wrapper, 101, 60 * MS);
	child = cs_assembler_attach(assembler, 2, &inner, 101);
	end_process(child, 101, 0, 180 * MS);
	if (!late)
		cs_assembler_tick(assembler, cs_assembler_due(180 * MS) + MS);
	end_process(wrapper, 100, 1 << 8, 190 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	check_event_unseen(CHILD_SERVED);
}

Test(deaths, a_wrapper_whose_child_read_the_event_says_so)
{
	run_wrapper(true);
}

Test(deaths, a_wrapper_whose_child_is_long_forgotten_says_so)
{
	run_wrapper(false);
}

/* timeout sh -c "cat": nobody but the innermost reads, and it outlives them all. */
Test(deaths, a_wrapper_whose_grandchild_reads_says_so)
{
	struct cs_header header = header_of(100, "timeout"), shell = later_of(101, "sh"),
			 inner = later_of(102, "cat");
	struct cs_assembled *wrapper = cs_assembler_attach(assembler, 1, &header, 100), *between;

	shell.marks[CS_MARK_STDIN_READ] = shell.marks[CS_MARK_STDOUT_WRITE] = 0;
	feed_spawn(wrapper, 101, 60 * MS);
	between = cs_assembler_attach(assembler, 2, &shell, 101);
	feed_spawn(between, 102, 70 * MS);
	cr_assert(ne(ptr, cs_assembler_attach(assembler, 3, &inner, 102), NULL));
	end_process(wrapper, 100, 1 << 8, 190 * MS);
	cs_assembler_tick(assembler, cs_assembler_due(190 * MS) + MS);
	cr_assert(eq(u32, seen.cold_starts, 1));
	check_event_unseen(CHILD_SERVED);
}
