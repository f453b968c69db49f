/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of the assembler: fork children that write into one segment, daemons, inherited sockets. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>

#include "collector/assembler/assembled.h"
#include "tests/support/assembling.h"

TestSuite(workers, .init = assembling_start, .fini = assembling_stop);

static void feed_process(struct cs_assembled *instance, int32_t pid, uint64_t time_ns)
{
	struct cs_rec_process process = { .ppid = 100, .kind = CS_SPAWN_FORK };

	feed(instance, (uint32_t)pid, CS_RECORD_PROCESS, time_ns, &process, sizeof(process), NULL);
}

static void feed_ready(struct cs_assembled *instance, int32_t pid, enum cs_mark mark,
		       uint64_t time_ns)
{
	struct cs_rec_ready ready = { .mark = mark };

	feed(instance, (uint32_t)pid, CS_RECORD_READY, time_ns, &ready, sizeof(ready), NULL);
}

Test(workers, equal_connections_of_two_workers_are_told_apart)
{
	struct cs_assembled *server = attach_server();

	feed_process(server, 101, 62 * MS);
	feed_process(server, 102, 63 * MS);
	feed_request(server, 101, 7, 70 * MS, "");
	feed_request(server, 102, 7, 71 * MS, "");
	feed_end(server, 101, 7, 75 * MS);
	feed_end(server, 102, 7, 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 2));
	cr_assert(eq(int, seen.invocation[0].pid, 101));
	cr_assert(eq(u64, seen.invocation[0].start_ns, 70 * MS));
	cr_assert(eq(int, seen.invocation[1].pid, 102));
	cr_assert(eq(u64, seen.invocation[1].end_ns, 79 * MS));
	/* One instance, one cold start: that of the first request, wherever it was served. */
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(seen.invocation[0].cold);
	cr_assert(not(seen.invocation[1].cold));
	cr_assert(eq(u64, phase_of(CS_PHASE_HANDLER)->start_ns, 70 * MS));
}

Test(workers, what_their_parent_waited_for_does_not_make_them_ready)
{
	struct cs_assembled *server = attach_server(); /* which waits at 60 ms */

	feed_process(server, 101, 62 * MS);
	feed_request(server, 101, 7, 70 * MS, "");
	feed_end(server, 101, 7, 75 * MS);
	cs_assembler_flush(assembler);
	cr_assert(zero(ptr, (void *)(uintptr_t)phase_of(CS_PHASE_WAIT)));
	cr_assert(eq(u64, phase_of(CS_PHASE_HANDLER)->start_ns, 70 * MS));
	cr_assert(seen.cold.ready);
}

Test(workers, a_worker_is_ready_when_it_waits_itself)
{
	struct cs_assembled *server = attach_server(); /* whose first process waits at 60 ms */

	feed_process(server, 101, 62 * MS);
	feed_process(server, 102, 62 * MS);
	feed_ready(server, 102, CS_MARK_ACCEPT_WAIT, 64 * MS);
	feed_ready(server, 101, CS_MARK_ACCEPT_WAIT, 67 * MS);
	feed_ready(server, 101, CS_MARK_ACCEPT_WAIT, 66 * MS); /* three of its threads at once */
	feed_ready(server, 101, CS_MARK_ACCEPT_WAIT, 68 * MS);
	feed_request(server, 101, 7, 70 * MS, "");
	feed_end(server, 101, 7, 75 * MS);
	cs_assembler_flush(assembler);
	cr_assert(ne(ptr, (void *)(uintptr_t)phase_of(CS_PHASE_WAIT), NULL));
	cr_assert(eq(u64, phase_of(CS_PHASE_WAIT)->start_ns, 66 * MS));
	cr_assert(eq(ptr, (void *)(uintptr_t)phase_of(CS_PHASE_WAIT)->approximate, NULL));
	cr_assert(eq(ptr, (void *)(uintptr_t)phase_of(CS_PHASE_RUNTIME)->approximate, NULL));
}

/* Python's client of the Lambda Runtime API in a managed instance, or a server as it. */
Test(workers, the_code_that_a_worker_loads_itself_is_that_of_the_start)
{
	struct cs_header header = server_of(100, "server");
	struct cs_assembled *server;

	put_identity(&header, "interpreter=1");
	server = cs_assembler_attach(assembler, 1, &header, 100);
	feed_process(server, 101, 62 * MS);
	feed_process(server, 102, 62 * MS);
	feed_ready(server, 102, CS_MARK_USER_CODE, 63 * MS);
	feed_ready(server, 101, CS_MARK_USER_CODE, 64 * MS);
	feed_ready(server, 101, CS_MARK_ACCEPT_WAIT, 66 * MS);
	feed_request(server, 101, 7, 70 * MS, "");
	feed_end(server, 101, 7, 75 * MS);
	cs_assembler_flush(assembler);
	cr_assert(ne(ptr, (void *)(uintptr_t)phase_of(CS_PHASE_CODE), NULL));
	cr_assert(eq(u64, phase_of(CS_PHASE_CODE)->start_ns, 64 * MS));
	cr_assert(eq(ptr, (void *)(uintptr_t)phase_of(CS_PHASE_RUNTIME)->approximate, NULL));
}

/* Its parent never waits for a connection, as nginx's, and nobody asks. */
Test(workers, a_worker_that_waits_makes_the_instance_ready)
{
	struct cs_header header = header_of(100, "server");
	struct cs_assembled *server = cs_assembler_attach(assembler, 1, &header, 100);

	feed_process(server, 101, 62 * MS);
	feed_process(server, 102, 62 * MS);
	feed_ready(server, 101, CS_MARK_ACCEPT_WAIT, 66 * MS);
	feed_ready(server, 102, CS_MARK_ACCEPT_WAIT, 64 * MS);
	end_process(server, 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(seen.cold.ready);
	cr_assert(eq(u32, seen.cold.protocol, CS_PROTOCOL_HTTP));
	cr_assert(eq(u64, phase_of(CS_PHASE_WAIT)->start_ns, 64 * MS));
	cr_assert(eq(u32, seen.invocations, 0));
}

Test(workers, a_fork_child_that_takes_the_event_and_answers_is_named)
{
	struct cs_header header = header_of(100, "function");
	struct cs_assembled *function = cs_assembler_attach(assembler, 1, &header, 100);

	feed_process(function, 101, 62 * MS);
	feed_process(function, 102, 62 * MS);
	feed_ready(function, 102, CS_MARK_STDOUT_WRITE, 63 * MS); /* it read nothing */
	feed_ready(function, 101, CS_MARK_STDIN_READ, 64 * MS);
	feed_ready(function, 101, CS_MARK_STDOUT_WRITE, 66 * MS);
	end_process(function, 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(int, seen.invocation[0].pid, 101));
	cr_assert(eq(u64, seen.invocation[0].start_ns, 64 * MS));
	cr_assert(eq(u64, seen.invocation[0].first_byte_ns, 66 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_HANDLER)->start_ns, 64 * MS));
	cr_assert(eq(ptr, (void *)(uintptr_t)seen.cold.approximate, NULL));
}

Test(workers, more_than_are_known_push_out_the_oldest)
{
	struct cs_assembled *server = attach_server();

	for (int32_t pid = 101; pid <= 101 + (int32_t)CS_WORKERS_MAX; pid++) {
		feed_process(server, pid, 62 * MS);
		feed_ready(server, pid, CS_MARK_ACCEPT_WAIT, 66 * MS);
	}
	cr_assert(eq(u32, server->workers.count, CS_WORKERS_MAX));
	cr_assert(eq(ptr, (void *)cs_workers_find(&server->workers, 101), NULL));
	cr_assert(ne(ptr, (void *)cs_workers_find(&server->workers, 102), NULL));
}

Test(workers, of_two_with_the_same_pid_the_later_one_counts)
{
	struct cs_assembled *server = attach_server();

	feed_process(server, 101, 62 * MS);
	feed_ready(server, 101, CS_MARK_ACCEPT_WAIT, 63 * MS);
	feed_process(server, 101, 64 * MS);
	feed_request(server, 101, 7, 70 * MS, "");
	feed_end(server, 101, 7, 75 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(ptr, (void *)(uintptr_t)phase_of(CS_PHASE_WAIT), NULL));
}

Test(workers, a_parent_that_accepts_for_them_was_ready)
{
	struct cs_assembled *server = attach_server(); /* which waits at 61 ms */

	feed_process(server, 101, 65 * MS);
	feed_handed_request(server, 101, 7, 70 * MS);
	feed_end(server, 101, 7, 75 * MS);
	cs_assembler_flush(assembler);
	cr_assert(ne(ptr, (void *)(uintptr_t)phase_of(CS_PHASE_WAIT), NULL));
	cr_assert(eq(u64, phase_of(CS_PHASE_WAIT)->start_ns, 61 * MS));
	cr_assert(eq(ptr, (void *)(uintptr_t)phase_of(CS_PHASE_WAIT)->approximate, NULL));
	cr_assert(eq(u64, phase_of(CS_PHASE_HANDLER)->start_ns, 70 * MS));
}

Test(workers, a_worker_that_dies_takes_only_its_own_requests_along)
{
	struct cs_assembled *server = attach_server();

	feed_process(server, 101, 62 * MS);
	feed_process(server, 102, 63 * MS);
	feed_request(server, 101, 7, 70 * MS, "");
	feed_request(server, 102, 7, 71 * MS, "");
	cs_assembler_ended(server, 101, CS_ASSEMBLER_STATUS, SIGSEGV, 74 * MS);
	feed_end(server, 102, 7, 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 2));
	cr_assert(eq(int, seen.invocation[0].outcome.code, SIGSEGV));
	cr_assert(seen.invocation[0].aborted);
	cr_assert(eq(u32, seen.invocation[1].outcome.cause, CS_CAUSE_NONE));
	cr_assert(not(seen.invocation[1].aborted));
}

static void feed_wait(struct cs_assembled *server, int32_t pid, int status, uint64_t time_ns)
{
	struct cs_rec_wait wait = { .pid = pid, .status = status };

	feed(server, 100, CS_RECORD_WAIT, time_ns, &wait, sizeof(wait), NULL);
}

Test(workers, how_a_worker_ended_may_be_told_after_its_end_was_seen)
{
	struct cs_assembled *server = attach_server();

	feed_process(server, 101, 62 * MS);
	feed_request(server, 101, 7, 70 * MS, "");
	cs_assembler_ended(server, 101, CS_ASSEMBLER_UNKNOWN, 0, 74 * MS);
	feed_wait(server, 101, SIGKILL, 75 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocation[0].outcome.cause, CS_CAUSE_SIGNAL));
	cr_assert(eq(int, seen.invocation[0].outcome.code, SIGKILL));
}

Test(workers, what_is_told_of_a_pids_next_process_is_not_its_workers)
{
	struct cs_rec_process later = { .ppid = 100,
					.kind = CS_SPAWN_FORK,
					.spawn_begin_ns = 75 * MS };
	struct cs_assembled *server = attach_server();

	feed_process(server, 101, 62 * MS);
	feed_request(server, 101, 7, 70 * MS, "");
	cs_assembler_ended(server, 101, CS_ASSEMBLER_UNKNOWN, 0, 74 * MS);
	feed(server, 101, CS_RECORD_PROCESS, 75 * MS, &later, sizeof(later), NULL);
	feed_wait(server, 101, SIGKILL, 76 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocation[0].outcome.cause, CS_CAUSE_UNKNOWN));
}

Test(workers, workers_go_on_when_their_parent_has_ended)
{
	struct cs_assembled *server = attach_server();

	feed_process(server, 101, 62 * MS);
	cs_assembler_ended(server, 100, CS_ASSEMBLER_STATUS, 0, 65 * MS);
	cs_assembler_tick(assembler, 65 * MS + CS_ASSEMBLER_HOLD_NS);
	cr_assert(eq(u32, seen.cold_starts, 0)); /* a worker may be what serves */
	feed_request(server, 101, 7, 700 * MS, "");
	feed_end(server, 101, 7, 709 * MS);
	cs_assembler_ended(server, 101, CS_ASSEMBLER_STATUS, 0, 720 * MS);
	cs_assembler_detach(server);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(seen.cold.ready);
	cr_assert(eq(u64, seen.cold.end_ns, 709 * MS));
}

Test(workers, a_daemon_that_listens_after_its_fork_is_a_server)
{
	struct cs_header header =
		header_of(100, "daemon"); /* marks are of the first process alone */
	struct cs_assembled *daemon = cs_assembler_attach(assembler, 1, &header, 100);

	feed_process(daemon, 101, 55 * MS);
	cs_assembler_ended(daemon, 100, CS_ASSEMBLER_STATUS, 0, 56 * MS);
	feed_request(daemon, 101, 7, 70 * MS, "");
	feed_end(daemon, 101, 7, 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u32, seen.cold.protocol, CS_PROTOCOL_HTTP));
	cr_assert(seen.cold.ready);
	cr_assert(eq(u64, seen.cold.start_ns, 40 * MS));
	cr_assert(eq(u64, seen.cold.end_ns, 79 * MS));
	cr_assert(eq(u32, seen.invocation[0].protocol, CS_PROTOCOL_HTTP));
}

Test(workers, a_server_on_an_inherited_socket_is_one_while_it_lives)
{
	struct cs_header header = header_of(100, "activated"); /* it calls no listen() */
	struct cs_assembled *server;

	header.marks[CS_MARK_ACCEPT_WAIT] = 61 * MS;
	server = cs_assembler_attach(assembler, 1, &header, 100);
	feed_request(server, 100, 7, 70 * MS, "");
	feed_end(server, 100, 7, 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u32, seen.cold.protocol, CS_PROTOCOL_HTTP));
	cr_assert(ne(u32, seen.cold.init_type, CS_INIT_PER_REQUEST));
	cr_assert(eq(u64, seen.cold.start_ns, 40 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_WAIT)->start_ns, 61 * MS));
	cr_assert(eq(u64, seen.cold.end_ns, 79 * MS));
}

Test(workers, a_server_on_a_socket_of_its_watched_parent_is_no_helper)
{
	struct cs_header parent = server_of(50, "supervisor"), header = header_of(100, "activated");
	struct cs_assembled *supervisor = cs_assembler_attach(assembler, 1, &parent, 50), *server;

	feed_spawn(supervisor, 100, 30 * MS);
	server = cs_assembler_attach(assembler, 2, &header, 100);
	feed_request(server, 100, 7, 70 * MS, "");
	feed_end(server, 100, 7, 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u64, seen.cold.start_ns, 30 * MS));
}

Test(workers, the_pid_of_a_worker_that_ended_is_anybodys)
{
	struct cs_header other = later_of(101, "other");
	struct cs_assembled *server = attach_server();

	feed_process(server, 101, 62 * MS);
	cs_assembler_ended(server, 101, CS_ASSEMBLER_UNKNOWN, 0,
			   74 * MS); /* nobody waited for it */
	end_process(cs_assembler_attach(assembler, 2, &other, 101), 101, 0, 190 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1)); /* not a helper of the server */
	cr_assert(eq(u64, seen.cold.start_ns, 140 * MS));
}

Test(workers, requests_of_a_worker_that_nobody_followed_end_with_the_instance)
{
	struct cs_assembled *server = attach_server();

	feed_request(server, 101, 7, 70 * MS, ""); /* one of more than can be followed */
	end_process(server, 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u64, seen.invocation[0].end_ns, 90 * MS));
	cr_assert(eq(u32, seen.invocation[0].outcome.cause, CS_CAUSE_UNKNOWN));
	cs_assembler_tick(assembler, UINT64_MAX);
	cr_assert(eq(ptr, cs_assembled_find(assembler, 1), NULL));
}
