/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/assembler: synthetic records, no processes. Times are small numbers. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "tests/support/assembling.h"

TestSuite(assembler, .init = assembling_start, .fini = assembling_stop);

static void conclude_listener(struct cs_header *header)
{
	struct cs_assembled *instance;

	header->marks[CS_MARK_LISTEN] = 60 * MS;
	header->marks[CS_MARK_STDIN_READ] = 55 * MS;
	header->marks[CS_MARK_STDOUT_WRITE] = 80 * MS;
	instance = cs_assembler_attach(assembler, 1, header, 100);
	end_process(instance, 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
}

Test(assembler, who_listens_and_never_waits_has_its_event_on_standard_input)
{
	struct cs_header header = header_of(100, "pool");

	conclude_listener(&header);
	cr_assert(eq(u32, seen.cold.protocol, CS_PROTOCOL_EXEC));
	cr_assert(seen.cold.ready);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u64, seen.invocation[0].start_ns, 55 * MS));
	cr_assert(eq(u64, seen.invocation[0].end_ns, 90 * MS));
}

Test(assembler, who_read_its_input_and_waits_for_connections_is_a_server)
{
	struct cs_header header = header_of(100, "server");

	header.marks[CS_MARK_ACCEPT_WAIT] = 61 * MS;
	conclude_listener(&header);
	cr_assert(eq(u32, seen.cold.protocol, CS_PROTOCOL_HTTP));
	cr_assert(eq(u32, seen.invocations, 0));
}

Test(assembler, a_process_per_event_has_a_cold_start_and_one_invocation)
{
	struct cs_header header = header_of(100, "hello");
	struct cs_assembled *instance;

	put_identity(&header, "env.Http_Method=POST");
	put_identity(&header, "env.Http_Traceparent=" TRACEPARENT);
	put_identity(&header, "env.Http_X_Request_Id=r-1");
	header.marks[CS_MARK_STDIN_READ] = 70 * MS;
	header.marks[CS_MARK_STDOUT_WRITE] = 80 * MS;
	instance = cs_assembler_attach(assembler, 1, &header, 100);
	cs_assembler_child(assembler, 100, 10 * MS, 20 * MS);
	cs_assembler_ended(instance, 100, CS_ASSEMBLER_STATUS, 0, 90 * MS);
	cs_assembler_detach(instance);
	cs_assembler_tick(assembler, 91 * MS);
	cr_assert(eq(u32, seen.cold_starts, 0)); /* held: other rings may explain it */
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(seen.cold.ready);
	cr_assert(eq(u64, seen.cold.start_ns, 10 * MS));
	cr_assert(eq(u64, seen.cold.end_ns, 90 * MS));
	cr_assert(eq(u32, seen.cold.phases[0].phase, CS_PHASE_SPAWN));
	cr_assert(eq(u64, seen.invocation[0].start_ns, 70 * MS));
	cr_assert(eq(u64, seen.invocation[0].end_ns, 90 * MS));
	/* Both stand in the caller's trace, below the caller's span. */
	cr_assert(eq(u8, seen.invocation[0].context.trace_id.bytes[0], 0x0a));
	cr_assert(eq(u8, seen.invocation[0].context.parent_span_id.bytes[0], 0xb7));
	cr_assert(eq(u8, seen.cold.context.trace_id.bytes[0], 0x0a));
	cr_assert(eq(u8, seen.cold.context.parent_span_id.bytes[0], 0xb7));
}

Test(assembler, output_before_any_input_begins_the_event_of_both)
{
	struct cs_header header = header_of(100, "banner");
	struct cs_assembled *instance;

	header.marks[CS_MARK_STDOUT_WRITE] = 60 * MS;
	header.marks[CS_MARK_STDIN_READ] = 70 * MS;
	instance = cs_assembler_attach(assembler, 1, &header, 100);
	cs_assembler_ended(instance, 100, CS_ASSEMBLER_STATUS, 0, 90 * MS);
	cs_assembler_detach(instance);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u64, seen.invocation[0].start_ns, 60 * MS));
	cr_assert(eq(u64, seen.invocation[0].first_byte_ns, 60 * MS));
	for (unsigned i = 0; i < seen.cold.phases_count; i++) {
		if (seen.cold.phases[i].phase == CS_PHASE_HANDLER)
			cr_assert(eq(u64, seen.cold.phases[i].start_ns, 60 * MS));
	}
}

Test(assembler, a_server_that_serves_two_at_once_keeps_them_apart)
{
	struct cs_assembled *instance = attach_server();

	feed_request(instance, 100, 7, 70 * MS, "x-request-id: first\n");
	feed_request(instance, 100, 8, 71 * MS, "x-request-id: second\n");
	feed_end(instance, 100, 8, 75 * MS);
	feed_end(instance, 100, 7, 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 2));
	cr_assert(eq(u64, seen.invocation[0].start_ns, 71 * MS));
	cr_assert(not(seen.invocation[0].cold));
	cr_assert(eq(u64, seen.invocation[1].start_ns, 70 * MS));
	cr_assert(seen.invocation[1].cold);
	cr_assert(eq(u32, seen.cold_starts, 1));
	/* Without a caller the cold start is the root, and the cold invocation stands below it. */
	cr_assert(eq(int,
		     memcmp(&seen.invocation[1].context.parent_span_id, &seen.cold.context.span_id,
			    sizeof(struct cs_span_id)),
		     0));
}

Test(assembler, an_invocation_whose_process_is_killed_ends_with_the_signal)
{
	struct cs_assembled *instance = attach_server();

	feed_request(instance, 100, 7, 70 * MS, "");
	cs_assembler_ended(instance, 100, CS_ASSEMBLER_STATUS, SIGKILL, 90 * MS);
	cs_assembler_detach(instance);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u32, seen.invocation[0].outcome.cause, CS_CAUSE_SIGNAL));
	cr_assert(eq(int, seen.invocation[0].outcome.code, SIGKILL));
	cr_assert(seen.invocation[0].aborted);
	cr_assert(eq(u32, seen.cold_starts, 1));
}

Test(assembler, an_unknown_end_is_settled_by_the_parents_wait_that_is_read_later)
{
	struct cs_header header = header_of(100, "server"), parent = header_of(50, "runtime");
	struct cs_rec_wait wait = { .pid = 100, .status = 3 << 8 };
	struct cs_assembled *instance, *runtime;

	header.marks[CS_MARK_LISTEN] = 60 * MS;
	runtime = cs_assembler_attach(assembler, 1, &parent, 50);
	instance = cs_assembler_attach(assembler, 2, &header, 100);
	feed_request(instance, 100, 7, 70 * MS, "");
	cs_assembler_ended(instance, 100, CS_ASSEMBLER_UNKNOWN, 0, 90 * MS);
	feed(runtime, 50, CS_RECORD_WAIT, 91 * MS, &wait, sizeof(wait), NULL);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocation[0].outcome.cause, CS_CAUSE_EXIT));
	cr_assert(eq(int, seen.invocation[0].outcome.code, 3));
}

Test(assembler, what_another_user_says_of_a_process_is_not_believed)
{
	struct cs_header ours = header_of(100, "hello"), theirs = header_of(50, "spy");
	struct cs_rec_wait wait = { .pid = 100, .status = 0, .cpu_ns = 77 };
	struct cs_assembled *instance, *spy;

	ours.uid = 1000;
	theirs.uid = 1001;
	ours.marks[CS_MARK_STDIN_READ] = 70 * MS;
	spy = cs_assembler_attach(assembler, 1, &theirs, 50);
	instance = cs_assembler_attach(assembler, 2, &ours, 100);
	feed(spy, 50, CS_RECORD_WAIT, 90 * MS, &wait, sizeof(wait), NULL);
	cs_assembler_ended(instance, 100, CS_ASSEMBLER_UNKNOWN, 0, 90 * MS);
	cs_assembler_detach(instance);
	cs_assembler_flush(assembler);
	cr_assert(eq(uint, seen.cold_starts, 1));
	cr_expect(eq(int, seen.cold.outcome.cause, CS_CAUSE_UNKNOWN));
	cr_expect(not(seen.cold.usage_known));
}

/* The start of a process of whose use the kernel told when it was ready and, if @at_end, at its end. */
static const struct cs_cold_start *used(struct cs_header *header, uint64_t at_end)
{
	const struct cs_usage_so_far when_ready = { .cpu_ns = 5, .known = true };
	const struct cs_usage_so_far end = { .cpu_ns = at_end, .known = true };
	struct cs_assembled *instance = cs_assembler_attach(assembler, 1, header, 100);

	cs_assembler_usage(instance, &when_ready, false);
	if (at_end)
		cs_assembler_usage(instance, &end, true);
	end_process(instance, 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	return &seen.cold;
}

Test(assembler, what_a_process_per_event_used_is_what_it_used_until_its_end)
{
	struct cs_header header = header_of(100, "hello");

	header.marks[CS_MARK_STDIN_READ] = 70 * MS;
	cr_expect(eq(u64, used(&header, 900)->cpu_ns, 900));
	cr_expect(not(used(&header, 0)->usage_known), "it has used more since it was ready");
	cr_expect(eq(u32, seen.cold_starts, 2));
}

Test(assembler, what_the_start_of_a_server_used_is_what_it_used_until_it_was_ready)
{
	struct cs_header header = header_of(100, "server"), runtime = header_of(50, "runtime");
	struct cs_rec_wait wait = { .pid = 100, .cpu_ns = 901 };
	struct cs_assembled *parent = cs_assembler_attach(assembler, 2, &runtime, 50);

	header.marks[CS_MARK_LISTEN] = 60 * MS;
	header.marks[CS_MARK_ACCEPT_WAIT] = 61 * MS;
	feed(parent, 50, CS_RECORD_WAIT, 91 * MS, &wait, sizeof(wait), NULL);
	cr_expect(eq(u64, used(&header, 900)->cpu_ns, 5));
	header.marks[CS_MARK_ACCEPT_WAIT] = 0;
	header.marks[CS_MARK_LISTEN] = 0;
	cr_expect(eq(u64, used(&header, 900)->cpu_ns, 901), "it was never ready");
}

Test(assembler, what_a_parent_was_told_by_its_wait_is_handed_on)
{
	struct cs_header runtime = header_of(50, "runtime");
	struct cs_rec_wait wait = { .pid = 100, .cpu_ns = 901 };
	struct cs_assembled *parent = cs_assembler_attach(assembler, 2, &runtime, 50);

	feed(parent, 50, CS_RECORD_WAIT, 91 * MS, &wait, sizeof(wait), NULL);
	cr_expect(eq(i32, seen.waited, 0), "it did not ask");
	wait.max_rss_bytes = 4096;
	feed(parent, 50, CS_RECORD_WAIT, 92 * MS, &wait, sizeof(wait), NULL);
	cr_expect(eq(i32, seen.waited, 100));
	cr_expect(eq(u64, seen.waited_used.max_rss_bytes, 4096));
	cr_expect(eq(u64, seen.waited_used.cpu_ns, 901));
}

Test(assembler, a_runtimes_request_explains_the_start_that_it_caused)
{
	struct cs_header header = header_of(100, "function"), parent = header_of(50, "runtime");
	struct cs_rec_spawn spawn = { .child_pid = 100, .kind = CS_SPAWN_VFORK, .end_ns = 39 * MS };
	struct cs_rec_exec exec = { .pid = 100, .spawn_begin_ns = 30 * MS, .kind = CS_SPAWN_VFORK };
	struct cs_assembled *instance, *runtime;

	parent.attach_monotonic_ns = MS;
	parent.marks[CS_MARK_LISTEN] = 2 * MS;
	runtime = cs_assembler_attach(assembler, 1, &parent, 50);
	feed_request(runtime, 50, 5, 20 * MS, "x-call-id: c-1\n");
	feed_request(runtime, 50, 6, 21 * MS, "x-call-id: c-2\n");
	feed(runtime, 50, CS_RECORD_EXEC, 35 * MS, &exec, sizeof(exec), NULL);
	feed(runtime, 50, CS_RECORD_SPAWN, 30 * MS, &spawn, sizeof(spawn), NULL);
	header.marks[CS_MARK_LISTEN] = 60 * MS;
	header.marks[CS_MARK_ACCEPT_WAIT] = 61 * MS;
	instance = cs_assembler_attach(assembler, 2, &header, 100);
	feed_request(instance, 100, 7, 70 * MS, "x-call-id: c-2\n");
	feed_end(instance, 100, 7, 79 * MS);
	feed_end(runtime, 50, 6, 80 * MS);
	feed_end(runtime, 50, 5, 81 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 3));
	/* The function's invocation stands below the second request of the runtime. */
	cr_assert(eq(int,
		     memcmp(&seen.invocation[0].context.parent_span_id,
			    &seen.invocation[1].context.span_id, sizeof(struct cs_span_id)),
		     0));
	cr_assert(eq(u64, seen.invocation[1].start_ns, 21 * MS));
}

Test(assembler, two_requests_that_would_do_as_cause_are_none)
{
	struct cs_header header = header_of(100, "function"), parent = header_of(50, "runtime");
	struct cs_rec_spawn spawn = { .child_pid = 100, .kind = CS_SPAWN_FORK, .end_ns = 31 * MS };
	struct cs_assembled *instance, *runtime;
	struct cs_span_id none = { { 0 } };

	parent.attach_monotonic_ns = MS;
	parent.marks[CS_MARK_LISTEN] = 2 * MS;
	runtime = cs_assembler_attach(assembler, 1, &parent, 50);
	feed_request(runtime, 50, 5, 20 * MS, "");
	feed_request(runtime, 50, 6, 21 * MS, "");
	feed(runtime, 50, CS_RECORD_SPAWN, 30 * MS, &spawn, sizeof(spawn), NULL);
	header.marks[CS_MARK_LISTEN] = 60 * MS;
	instance = cs_assembler_attach(assembler, 2, &header, 100);
	feed_request(instance, 100, 7, 70 * MS, "");
	feed_end(instance, 100, 7, 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold.phases[0].phase, CS_PHASE_SPAWN)); /* no queue was guessed */
	cr_assert(eq(int, memcmp(&seen.cold.context.parent_span_id, &none, sizeof(none)), 0));
}

Test(assembler, a_function_that_died_unheard_was_brought_by_the_request_of_its_start)
{
	struct cs_header parent = server_of(50, "runtime"), header = header_of(100, "function");
	struct cs_assembled *runtime = cs_assembler_attach(assembler, 1, &parent, 50), *function;

	feed_request(runtime, 50, 7, 20 * MS, "");
	feed_spawn(runtime, 100, 30 * MS);
	header.marks[CS_MARK_STDIN_READ] = 0;
	put_identity(&header, "env.Http_Method=POST");
	function = cs_assembler_attach(assembler, 2, &header, 100);
	feed_end(runtime, 50, 7, 80 * MS); /* 502 */
	end_process(function, 100, SIGKILL, 81 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 2));
	cr_assert(eq(int,
		     memcmp(&seen.invocation[1].context.parent_span_id,
			    &seen.invocation[0].context.span_id, sizeof(struct cs_span_id)),
		     0));
}

Test(assembler, what_a_function_starts_for_itself_has_no_cold_start)
{
	struct cs_header header = header_of(100, "function"), child = header_of(101, "function");
	struct cs_rec_spawn spawn = { .child_pid = 101, .kind = CS_SPAWN_FORK, .end_ns = 39 * MS };
	struct cs_assembled *function, *helper;

	put_identity(&header, "env.Http_Method=POST");
	put_identity(&child, "env.Http_Method=POST"); /* inherited */
	header.attach_monotonic_ns = MS;
	child.marks[CS_MARK_STDOUT_WRITE] = 70 * MS;
	function = cs_assembler_attach(assembler, 1, &header, 100);
	feed(function, 100, CS_RECORD_SPAWN, 30 * MS, &spawn, sizeof(spawn), NULL);
	helper = cs_assembler_attach(assembler, 2, &child, 101);
	cs_assembler_ended(helper, 101, CS_ASSEMBLER_STATUS, 0, 80 * MS);
	cs_assembler_detach(helper);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 0));
	cr_assert(eq(u32, seen.invocations, 0));
}

/* A helper of a function reads its input, writes, and starts a server to try it: its own event is never told. */
Test(assembler, what_a_server_of_a_helper_is_asked_is_not_below_what_is_never_told)
{
	static const struct cs_span_id none;
	struct cs_header outer = header_of(50, "tests"), header = header_of(100, "test");
	struct cs_header server = server_of(200, "server");
	struct cs_assembled *tests, *helper, *function;

	outer.attach_monotonic_ns = MS;
	tests = cs_assembler_attach(assembler, 1, &outer, 50);
	feed_spawn(tests, 100, 10 * MS);
	header.attach_monotonic_ns = 20 * MS;
	header.marks[CS_MARK_STDIN_READ] = 30 * MS;
	header.marks[CS_MARK_STDOUT_WRITE] = 70 * MS;
	helper = cs_assembler_attach(assembler, 2, &header, 100);
	feed_spawn(helper, 200, 35 * MS);
	function = cs_assembler_attach(assembler, 3, &server, 200);
	feed_request(function, 200, 7, 75 * MS, "");
	feed_end(function, 200, 7, 79 * MS);
	end_process(helper, 100, 0, 80 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(int, memcmp(&seen.invocation[0].context.parent_span_id, &none, sizeof(none)),
		     0));
}

Test(assembler, a_start_that_goes_on_in_another_program_is_one_start)
{
	struct cs_header shell = header_of(100, "wrapper"), final = header_of(100, "function");
	struct cs_rec_exec exec = { .pid = 100 };
	struct cs_assembled *first, *second;

	shell.attach_monotonic_ns = 15 * MS;
	cs_assembler_child(assembler, 100, 10 * MS, 12 * MS);
	first = cs_assembler_attach(assembler, 1, &shell, 100);
	feed(first, 100, CS_RECORD_EXEC, 35 * MS, &exec, sizeof(exec), NULL);
	cs_assembler_ended(first, 100, CS_ASSEMBLER_EXEC, 0, 36 * MS);
	cs_assembler_detach(first);
	final.marks[CS_MARK_STDIN_READ] = 70 * MS;
	second = cs_assembler_attach(assembler, 2, &final, 100);
	cs_assembler_ended(second, 100, CS_ASSEMBLER_STATUS, 0, 90 * MS);
	cs_assembler_detach(second);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u64, seen.cold.start_ns, 10 * MS));
	cr_assert(eq(u32, seen.cold.phases[1].phase, CS_PHASE_EXEC));
	cr_assert(eq(u64, seen.cold.phases[1].start_ns, 35 * MS));
}

Test(assembler, a_start_that_was_never_ready_ends_with_the_process_and_says_so)
{
	struct cs_header header = header_of(100, "broken");
	struct cs_assembled *instance = cs_assembler_attach(assembler, 1, &header, 100);

	cs_assembler_ended(instance, 100, CS_ASSEMBLER_STATUS, 1 << 8, 90 * MS);
	cs_assembler_detach(instance);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(not(seen.cold.ready));
	cr_assert(eq(u64, seen.cold.end_ns, 90 * MS));
	cr_assert(eq(u32, seen.cold.outcome.cause, CS_CAUSE_EXIT));
	cr_assert(eq(int, seen.cold.outcome.code, 1));
	cr_assert(eq(u32, seen.invocations, 0));
}

Test(assembler, records_that_hang_in_the_air_are_counted_and_harm_nobody)
{
	struct cs_header header = header_of(100, "server");
	struct cs_assembled *instance = cs_assembler_attach(assembler, 1, &header, 100);
	uint64_t junk = 0;

	feed_end(instance, 100, 9, 70 * MS);
	feed(instance, 100, 15, 71 * MS, &junk, sizeof(junk), NULL);
	feed(instance, 100, CS_RECORD_REQUEST, 72 * MS, &junk, sizeof(junk), NULL);
	cr_assert(eq(u64, stats_now().unmatched, 2));
	cr_assert(eq(u64, stats_now().unknown_records, 2));
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 0));
}

Test(assembler, an_exec_called_after_the_start_does_not_hide_the_one_that_made_it)
{
	struct cs_header header = header_of(100, "function");
	struct cs_rec_exec later = { .pid = 100 };
	struct cs_assembled *instance;

	header.marks[CS_MARK_STDIN_READ] = 70 * MS;
	cs_assembler_child(assembler, 100, 10 * MS, 20 * MS);
	instance = cs_assembler_attach(assembler, 1, &header, 100);
	feed(instance, 100, CS_RECORD_EXEC, 80 * MS, &later, sizeof(later), NULL); /* it failed */
	cs_assembler_ended(instance, 100, CS_ASSEMBLER_STATUS, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold.phases[1].phase, CS_PHASE_EXEC));
	cr_assert(eq(u64, seen.cold.phases[1].start_ns, 20 * MS));
}

Test(assembler, an_older_spawn_that_is_read_late_does_not_replace_a_newer_one)
{
	struct cs_header parent = header_of(50, "runtime"), header = header_of(100, "function");
	struct cs_rec_spawn spawn = { .child_pid = 100, .kind = CS_SPAWN_FORK };
	struct cs_assembled *runtime = cs_assembler_attach(assembler, 1, &parent, 50), *instance;

	header.marks[CS_MARK_STDIN_READ] = 70 * MS;
	header.attach_monotonic_ns = 40 * MS;
	feed(runtime, 50, CS_RECORD_SPAWN, 30 * MS, &spawn, sizeof(spawn), NULL);
	feed(runtime, 50, CS_RECORD_SPAWN, 3 * MS, &spawn, sizeof(spawn), NULL);
	put_identity(&header, "env.Http_Method=POST");
	instance = cs_assembler_attach(assembler, 2, &header, 100);
	cs_assembler_ended(instance, 100, CS_ASSEMBLER_STATUS, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u64, seen.cold.start_ns, 30 * MS));
}

Test(assembler, a_busy_server_loses_no_invocation_to_those_already_told)
{
	struct cs_header header = header_of(100, "server");
	struct cs_assembled *instance;
	const unsigned rounds = 3 * CS_ASSEMBLER_REQUESTS_MAX;

	header.marks[CS_MARK_LISTEN] = 60 * MS;
	instance = cs_assembler_attach(assembler, 1, &header, 100);
	for (unsigned i = 0; i < rounds; i++) {
		uint64_t at_ns = 100 * MS + i * MS / 5; /* 5,000 requests a second */

		feed_request(instance, 100, 7 + i, at_ns, "");
		feed_end(instance, 100, 7 + i, at_ns + MS / 10);
		cs_assembler_tick(assembler, at_ns);
	}
	cs_assembler_flush(assembler);
	cr_assert(eq(u64, stats_now().requests_dropped, 0));
	cr_assert(eq(u32, seen.invocations, rounds));
}

Test(assembler, stamps_of_another_time_namespace_are_moved_to_our_clock)
{
	const uint64_t ahead_ns = 100000 * 1000 * MS;
	struct cs_header header = server_of(100, "server");
	struct cs_rec_exec exec = { .pid = 101, .spawn_begin_ns = ahead_ns + 71 * MS };
	struct cs_assembled *server;

	for (unsigned i = 0; i < CS_MARKS_MAX; i++)
		header.marks[i] += header.marks[i] ? ahead_ns : 0;
	header.attach_monotonic_ns += ahead_ns;
	cs_assembler_child(assembler, 100, 10 * MS, 12 * MS); /* its parent is of ours */
	server = cs_assembler_attach(assembler, 1, &header, 100);
	cs_assembler_shift(server, -ahead_ns);
	cs_assembler_look(server, &header);
	feed_request(server, 100, 7, ahead_ns + 70 * MS, "");
	feed(server, 101, CS_RECORD_EXEC, ahead_ns + 72 * MS, &exec, sizeof(exec), NULL);
	feed_end(server, 100, 7, ahead_ns + 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u64, seen.cold.start_ns, 10 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_LINK)->start_ns, 40 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_WAIT)->start_ns, 61 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_HANDLER)->start_ns, 70 * MS));
	cr_assert(eq(u64, seen.invocation[0].first_byte_ns, 78 * MS));
	cr_assert(eq(u64, seen.cold.end_ns, 79 * MS));
	cr_assert(ne(ptr, (void *)seen.cold.approximate, NULL));
	cr_assert(eq(str, (char *)seen.cold.approximate, (char *)CS_CLOCK_CONVERTED));
	cr_assert(ne(ptr, (void *)seen.invocation[0].approximate, NULL));
	cr_assert(eq(u64, cs_evidence_find(&assembler->evidence, 101)->spawn_begin_ns, 71 * MS));
}

/* Forked, and put into another time namespace before it called exec: its own record lies elsewhere. */
Test(assembler, an_exec_that_claims_to_come_before_its_spawn_is_not_believed)
{
	struct cs_header header = header_of(100, "function");
	struct cs_assembled *function;

	cs_assembler_child(assembler, 100, 10 * MS, 5 * MS);
	header.marks[CS_MARK_STDIN_READ] = 70 * MS;
	function = cs_assembler_attach(assembler, 1, &header, 100);
	end_process(function, 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u64, seen.cold.start_ns, 10 * MS));
}
