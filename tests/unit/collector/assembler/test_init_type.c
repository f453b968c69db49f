/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/init_type: forked workers, starts after a crash, inits that never served. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>

#include "collector/assembler/assembled.h"
#include "tests/support/assembling.h"

TestSuite(init_type, .init = assembling_start, .fini = assembling_stop);

#define CALL "x-call-id: c\n"

static struct cs_assembled *attach_runtime(void)
{
	struct cs_header header = server_of(50, "runtime");

	header.attach_monotonic_ns = 5 * MS;
	return cs_assembler_attach(assembler, 1, &header, 50);
}

/* A server that is spawned, unless by nobody, at @spawn_ns and attaches 10 ms later. */
static struct cs_assembled *start(struct cs_assembled *runtime, uint64_t segment, int32_t pid,
				  const char *name, uint64_t spawn_ns)
{
	struct cs_header header = server_of(pid, name);

	header.ppid = 50;
	header.attach_monotonic_ns = spawn_ns + 10 * MS;
	for (unsigned i = 0; i < CS_MARK_COUNT; i++)
		header.marks[i] = header.marks[i] ? header.marks[i] + spawn_ns - 30 * MS : 0;
	if (runtime)
		feed_spawn(runtime, pid, spawn_ns);
	return cs_assembler_attach(assembler, segment, &header, pid);
}

static void serve(struct cs_assembled *instance, uint32_t pid, uint64_t time_ns)
{
	feed_request(instance, pid, 7, time_ns, CALL);
	feed_end(instance, pid, 7, time_ns + 5 * MS);
	cs_assembler_flush(assembler);
}

/* It has a request, and ends as @status says before it is answered. */
static void crash(struct cs_assembled *instance, uint32_t pid, int status, uint64_t time_ns)
{
	feed_request(instance, pid, 8, time_ns, CALL);
	feed_request(instance, pid, 9, time_ns, CALL);
	end_process(instance, (int32_t)pid, status, time_ns + 3 * MS);
	cs_assembler_flush(assembler);
}

static void feed_process(struct cs_assembled *instance, int32_t pid, uint64_t time_ns)
{
	struct cs_rec_process process = { .ppid = 100, .kind = CS_SPAWN_FORK };

	feed(instance, (uint32_t)pid, CS_RECORD_PROCESS, time_ns, &process, sizeof(process), NULL);
}

Test(init_type, only_what_somebody_waits_for_counts)
{
	cr_assert(cs_init_counts(CS_INIT_ON_DEMAND));
	cr_assert(cs_init_counts(CS_INIT_RESTORE));
	cr_assert(cs_init_counts(CS_INIT_REINIT));
	cr_assert(not(cs_init_counts(CS_INIT_UNKNOWN)));
	cr_assert(not(cs_init_counts(CS_INIT_PROACTIVE)));
	cr_assert(not(cs_init_counts(CS_INIT_PER_REQUEST)));
	cr_assert(not(cs_init_counts(CS_INIT_PROVISIONED)));
	cr_assert(not(cs_init_counts(CS_INIT_FORK_POOL)));
}

Test(init_type, a_start_that_serves_by_a_forked_worker_is_a_fork_pool)
{
	struct cs_assembled *server = start(attach_runtime(), 2, 100, "f", 30 * MS);

	feed_process(server, 101, 62 * MS);
	feed_process(server, 102, 62 * MS);
	serve(server, 101, 70 * MS);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_FORK_POOL));
	cr_assert(seen.linked); /* nobody waited for it: a trace of its own */
	cr_assert(seen.invocation[0].cold);
	cr_assert(seen.invocation[0].first_of_worker);
	serve(server, 101, 80 * MS);
	cr_assert(not(seen.invocation[1].first_of_worker));
	serve(server, 102, 90 * MS);
	cr_assert(not(seen.invocation[2].cold));
	cr_assert(seen.invocation[2].first_of_worker);
	serve(server, 100, 95 * MS);
	cr_assert(not(seen.invocation[3].first_of_worker));
}

Test(init_type, a_fork_pool_that_nobody_started_joins_its_first_request)
{
	struct cs_assembled *server = start(NULL, 2, 100, "f", 30 * MS);

	feed_process(server, 101, 62 * MS);
	serve(server, 101, 70 * MS);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_FORK_POOL));
	cr_assert(not(seen.linked));
}

Test(init_type, a_fork_pool_that_a_request_waited_for_is_on_demand)
{
	struct cs_assembled *runtime = attach_runtime(), *server;

	feed_request(runtime, 50, 5, 20 * MS, CALL);
	server = start(runtime, 2, 100, "f", 30 * MS);
	feed_process(server, 101, 62 * MS);
	serve(server, 101, 70 * MS);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_ON_DEMAND));
}

Test(init_type, a_start_after_a_crash_in_mid_service_is_a_reinit_once)
{
	struct cs_assembled *runtime = attach_runtime();

	crash(start(runtime, 2, 100, "f", 30 * MS), 100, SIGKILL, 70 * MS);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_PROACTIVE));
	serve(start(runtime, 3, 101, "f", 130 * MS), 101, 170 * MS);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_REINIT));
	cr_assert(seen.linked); /* nobody waited for it */
	serve(start(runtime, 4, 102, "f", 230 * MS), 102, 270 * MS);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_PROACTIVE));
}

Test(init_type, a_reinit_that_a_request_waited_for_joins_it)
{
	struct cs_assembled *runtime = attach_runtime();

	crash(start(runtime, 2, 100, "f", 30 * MS), 100, 3 << 8, 70 * MS);
	feed_request(runtime, 50, 5, 120 * MS, CALL);
	serve(start(runtime, 3, 101, "f", 130 * MS), 101, 170 * MS);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_REINIT));
	cr_assert(not(seen.linked));
	cr_assert(eq(u64, phase_of(CS_PHASE_QUEUE)->start_ns, 120 * MS));
}

Test(init_type, another_function_is_no_reinit)
{
	struct cs_assembled *runtime = attach_runtime();

	crash(start(runtime, 2, 100, "f", 30 * MS), 100, SIGSEGV, 70 * MS);
	serve(start(runtime, 3, 101, "g", 130 * MS), 101, 170 * MS);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_PROACTIVE));
}

/* A server whose program's name ends with @letter, of the same function. */
static struct cs_header program_of(int32_t pid, const char *script, char letter)
{
	struct cs_header header = server_of(pid, "f");

	header.ppid = 50;
	header.identity[header.identity_len - 2] = letter;
	put_identity(&header, script);
	return header;
}

static enum cs_init_type started_after_crash(struct cs_header crashed, struct cs_header started)
{
	crash(cs_assembler_attach(assembler, 2, &crashed, 100), 100, SIGSEGV, 70 * MS);
	started.attach_monotonic_ns = 140 * MS;
	serve(cs_assembler_attach(assembler, 3, &started, 101), 101, 170 * MS);
	return seen.cold.init_type;
}

Test(init_type, the_same_script_is_a_reinit)
{
	cr_assert(eq(u32,
		     started_after_crash(program_of(100, "script=/app/a.py", 'n'),
					 program_of(101, "script=/app/a.py", 'n')),
		     CS_INIT_REINIT));
}

Test(init_type, another_script_is_no_reinit)
{
	cr_assert(eq(u32,
		     started_after_crash(program_of(100, "script=/app/a.py", 'n'),
					 program_of(101, "script=/app/b.py", 'n')),
		     CS_INIT_UNKNOWN));
}

Test(init_type, another_program_is_no_reinit)
{
	cr_assert(eq(u32,
		     started_after_crash(program_of(100, "script=/app/a.py", 'n'),
					 program_of(101, "script=/app/a.py", 'm')),
		     CS_INIT_UNKNOWN));
}

Test(init_type, what_was_spawned_before_the_crash_and_attached_behind_it_is_no_reinit)
{
	struct cs_assembled *runtime = attach_runtime();
	struct cs_assembled *first = start(runtime, 2, 100, "f", 30 * MS), *second;

	crash(first, 100, SIGSEGV, 80 * MS); /* over at 83 ms */
	second = start(runtime, 3, 101, "f", 78 * MS);
	cr_assert(second->identity.anchor_monotonic_ns > 83 * MS);
	serve(second, 101, 120 * MS);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_PROACTIVE));
}

Test(init_type, a_process_that_was_spawned_before_the_crash_is_no_reinit)
{
	struct cs_assembled *runtime = attach_runtime();
	struct cs_assembled *first = start(runtime, 2, 100, "f", 30 * MS);
	struct cs_assembled *second = start(runtime, 3, 101, "f", 40 * MS);

	crash(first, 100, SIGSEGV, 80 * MS);
	serve(second, 101, 90 * MS);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_PROACTIVE));
}

Test(init_type, an_end_that_was_asked_for_is_no_crash)
{
	struct cs_assembled *runtime = attach_runtime(), *idle;

	crash(start(runtime, 2, 100, "f", 30 * MS), 100, 0, 70 * MS); /* exit status 0 */
	serve(start(runtime, 3, 101, "f", 130 * MS), 101, 170 * MS);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_PROACTIVE));
	idle = start(runtime, 4, 102, "f", 230 * MS);
	serve(idle, 102, 270 * MS);
	end_process(idle, 102, SIGTERM, 280 * MS); /* it handled nothing */
	serve(start(runtime, 5, 103, "f", 330 * MS), 103, 370 * MS);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_PROACTIVE));
}

Test(init_type, a_worker_that_crashes_is_no_crash_of_its_instance)
{
	struct cs_assembled *runtime = attach_runtime();
	struct cs_assembled *server = start(runtime, 2, 100, "f", 30 * MS);

	feed_process(server, 101, 62 * MS);
	feed_request(server, 101, 7, 70 * MS, CALL);
	cs_assembler_ended(server, 101, CS_ASSEMBLER_STATUS, SIGSEGV, 75 * MS);
	cs_assembler_flush(assembler);
	serve(start(runtime, 3, 102, "f", 130 * MS), 102, 170 * MS);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_PROACTIVE));
}

Test(init_type, a_parent_that_is_not_watched_is_known_by_its_pid_unless_it_adopts)
{
	struct cs_header header;

	crash(start(NULL, 2, 100, "f", 30 * MS), 100, SIGKILL, 70 * MS);
	serve(start(NULL, 3, 101, "f", 130 * MS), 101, 170 * MS);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_REINIT));

	header = server_of(110, "g");
	header.ppid = 1;
	crash(cs_assembler_attach(assembler, 4, &header, 110), 110, SIGKILL, 70 * MS);
	header.pid = 111;
	header.attach_monotonic_ns = 140 * MS;
	serve(cs_assembler_attach(assembler, 5, &header, 111), 111, 170 * MS);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_UNKNOWN));
}

/* A server that got so far, and ended as @status says. */
static void fall(struct cs_header header, uint64_t segment, int status)
{
	struct cs_assembled *instance =
		cs_assembler_attach(assembler, segment, &header, header.pid);

	end_process(instance, header.pid, status, 70 * MS);
	cs_assembler_flush(assembler);
}

/* What the start after it is told to be. */
static enum cs_init_type started_after(struct cs_header header, uint64_t segment)
{
	header.pid++;
	header.attach_monotonic_ns = 140 * MS;
	for (unsigned i = 0; i < CS_MARK_COUNT; i++)
		header.marks[i] = header.marks[i] ? 145 * MS : 0;
	header.marks[CS_MARK_LISTEN] = header.marks[CS_MARK_ACCEPT_WAIT] = 150 * MS;
	serve(cs_assembler_attach(assembler, segment, &header, header.pid), (uint32_t)header.pid,
	      170 * MS);
	return seen.cold.init_type;
}

Test(init_type, a_fault_of_an_idle_server_is_a_crash_and_a_kill_is_none)
{
	static const struct {
		int status;
		enum cs_init_type type;
	} ends[] = {
		{ SIGSEGV, CS_INIT_REINIT },  { SIGABRT, CS_INIT_REINIT },
		{ SIGBUS, CS_INIT_REINIT },   { SIGILL, CS_INIT_REINIT },
		{ SIGFPE, CS_INIT_REINIT },   { SIGSYS, CS_INIT_REINIT },
		{ SIGTRAP, CS_INIT_REINIT },  { SIGKILL, CS_INIT_UNKNOWN },
		{ SIGTERM, CS_INIT_UNKNOWN }, { SIGINT, CS_INIT_UNKNOWN },
		{ 1 << 8, CS_INIT_UNKNOWN }, /* it served nobody, and may have been told to go */
	};

	for (unsigned i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct cs_header header = server_of(100 + 10 * (int32_t)i, "f");

		header.ppid = 50 + (int32_t)i;
		fall(header, 2 * i + 2, ends[i].status);
		cr_expect(eq(u32, started_after(header, 2 * i + 3), ends[i].type), "%u", i);
	}
}

Test(init_type, an_init_that_failed_after_it_listened_is_a_crash)
{
	struct cs_header header = header_of(100, "f");

	header.ppid = 50;
	header.marks[CS_MARK_LISTEN] = 60 * MS;
	fall(header, 2, 1 << 8);
	cr_assert(eq(u32, started_after(header, 3), CS_INIT_REINIT));
}

Test(init_type, an_init_that_ended_well_after_it_listened_is_no_crash)
{
	struct cs_header header = header_of(100, "f");

	header.ppid = 50;
	header.marks[CS_MARK_LISTEN] = 60 * MS;
	fall(header, 2, 0);
	cr_assert(eq(u32, started_after(header, 3), CS_INIT_UNKNOWN));
}

/* It need not listen: who asks is waited for. */
Test(init_type, an_init_that_failed_before_it_asked_for_an_event_is_a_crash)
{
	struct cs_header header = header_of(100, "f");

	header.ppid = 50;
	put_identity(&header, "env.AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001");
	fall(header, 2, 1 << 8);
	cr_assert(eq(u32, started_after(header, 3), CS_INIT_REINIT));
}

Test(init_type, a_program_that_failed_and_never_listened_is_no_server_that_crashed)
{
	struct cs_header header = header_of(100, "f");

	header.ppid = 50;
	fall(header, 2, 1 << 8);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_UNKNOWN)); /* it had no event, either */
	cr_assert(eq(u32, started_after(header, 3), CS_INIT_UNKNOWN));
	header.pid = 110;
	fall(header, 4, SIGSEGV);
	cr_assert(eq(u32, started_after(header, 5), CS_INIT_UNKNOWN));
}

/* Its parent is the first process of a container, or its supervisor's is: nothing can be told by that. */
Test(init_type, where_its_platform_had_it_before_it_is_known_without_a_parent)
{
	static const char *const pods[] = { "env.HOSTNAME=f-00001-deployment-7d8f9c6b5-x2k4z",
					    "env.HOSTNAME=f-00001-deployment-7d8f9c6b5-b9q7r" };

	for (unsigned i = 0; i < 2; i++) {
		struct cs_header before = server_of(100 + 10 * (int32_t)i, "f"), after;

		before.ppid = 0;
		put_identity(&before, "env.K_SERVICE=f");
		after = before;
		put_identity(&before, pods[0]);
		put_identity(&after, pods[i]);
		put_identity(&before, "env.KUBERNETES_SERVICE_HOST=1");
		put_identity(&after, "env.KUBERNETES_SERVICE_HOST=1");
		fall(before, 2 * i + 2, SIGSEGV);
		cr_expect(eq(u32, started_after(after, 2 * i + 3),
			     i ? CS_INIT_UNKNOWN : CS_INIT_REINIT));
	}
}

Test(init_type, another_users_crash_is_not_ours)
{
	struct cs_header header = server_of(101, "f");

	crash(start(NULL, 2, 100, "f", 30 * MS), 100, SIGKILL, 70 * MS);
	header.ppid = 50;
	header.uid = 1000;
	header.attach_monotonic_ns = 140 * MS;
	serve(cs_assembler_attach(assembler, 3, &header, 101), 101, 170 * MS);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_UNKNOWN));
}

Test(init_type, who_still_lives_when_the_collector_stops_is_not_unused)
{
	struct cs_assembled *server = start(attach_runtime(), 2, 100, "f", 30 * MS);

	cs_assembler_ended(server, 100, CS_ASSEMBLER_SHUTDOWN, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(not(seen.cold.unused));
	cr_assert(eq(u64, stats_now().unused_inits, 0));
}

Test(init_type, an_init_that_failed_is_not_unused)
{
	struct cs_header header = header_of(100, "f");
	struct cs_assembled *server;

	header.marks[CS_MARK_LISTEN] = 60 * MS;
	server = cs_assembler_attach(assembler, 2, &header, 100);
	end_process(server, 100, 1 << 8, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(not(seen.cold.ready));
	cr_assert(not(seen.cold.unused));
}

Test(init_type, a_pool_that_nobody_asked_is_one_and_unused)
{
	struct cs_header header = header_of(100, "f");
	struct cs_rec_ready ready = { .mark = CS_MARK_ACCEPT_WAIT };
	struct cs_assembled *server = cs_assembler_attach(assembler, 2, &header, 100);

	feed_process(server, 101, 62 * MS);
	feed(server, 101, CS_RECORD_READY, 66 * MS, &ready, sizeof(ready), NULL);
	end_process(server, 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_FORK_POOL));
	cr_assert(seen.cold.unused);
}
