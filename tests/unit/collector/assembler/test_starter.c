/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/starter: "timeout 5 node server.js", "npm start", and who is no such starter. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "collector/assembler/starter.h"
#include "tests/support/assembling.h"

TestSuite(starter, .init = assembling_start, .fini = assembling_stop);

static struct cs_header program(int32_t pid, const char *exe, uint64_t attach_ns)
{
	struct cs_header header = { .pid = pid, .attach_monotonic_ns = attach_ns };

	put_identity(&header, exe);
	header.marks[CS_MARK_ATTACH] = attach_ns;
	header.marks[CS_MARK_MAIN] = attach_ns + MS;
	return header;
}

/* "timeout" of pid 50, attached at 5 ms. */
static struct cs_assembled *attach_timeout(void)
{
	struct cs_header header = program(50, "exe=/usr/bin/timeout", 5 * MS);

	return cs_assembler_attach(assembler, 1, &header, 50);
}

/* The server of pid 100, spawned at 30 ms, waits at 61 ms. */
static struct cs_assembled *start_server(struct cs_assembled *by, uint64_t segment)
{
	struct cs_header header = server_of(100, "server");

	feed_spawn(by, 100, 30 * MS);
	feed_exec(by, 100, 35 * MS);
	return cs_assembler_attach(assembler, segment, &header, 100);
}

static void serve(struct cs_assembled *server)
{
	feed_request(server, 100, 7, 70 * MS, "");
	feed_end(server, 100, 7, 79 * MS);
	cs_assembler_flush(assembler);
}

static void is_joined(unsigned programs, const char *names)
{
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(int, seen.pid, 100));
	cr_assert(eq(u32, seen.cold.programs_count, programs));
	cr_assert(eq(str, seen.programs, (char *)names));
	cr_assert(ne(ptr, (void *)phase_of(CS_PHASE_SPAWN), NULL));
	cr_assert(ne(ptr, (void *)phase_of(CS_PHASE_SPAWN)->approximate, NULL));
	cr_assert(ne(ptr, strstr(phase_of(CS_PHASE_SPAWN)->approximate, names), NULL));
}

Test(starter, the_start_of_a_server_is_that_of_who_only_started_it)
{
	struct cs_assembled *timeout, *server;

	cs_assembler_child(assembler, 50, 2 * MS, 3 * MS);
	timeout = attach_timeout();
	server = start_server(timeout, 2);
	serve(server);
	is_joined(1, "timeout");
	cr_assert(eq(u64, phase_of(CS_PHASE_SPAWN)->start_ns, 2 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_EXEC)->start_ns, 35 * MS));
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_UNKNOWN)); /* of the outermost */
	end_process(server, 100, 0, 90 * MS);
	end_process(timeout, 50, 0, 91 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u32, seen.invocations, 1));
}

Test(starter, where_its_own_spawn_was_not_seen_the_start_begins_with_it)
{
	serve(start_server(attach_timeout(), 2));
	is_joined(1, "timeout");
	cr_assert(eq(u64, phase_of(CS_PHASE_SPAWN)->start_ns, 5 * MS));
}

Test(starter, several_in_each_other_are_named_in_their_order)
{
	struct cs_header npm = program(40, "exe=/usr/bin/npm", 3 * MS);
	struct cs_assembled *outer = cs_assembler_attach(assembler, 9, &npm, 40), *timeout;

	feed_spawn(outer, 50, 4 * MS);
	timeout = attach_timeout();
	serve(start_server(timeout, 2));
	is_joined(2, "npm, timeout");
	cr_assert(eq(u64, phase_of(CS_PHASE_SPAWN)->start_ns, 3 * MS));
}

Test(starter, the_request_that_waited_is_that_of_the_platform_above_it)
{
	struct cs_header header = server_of(40, "platform");
	struct cs_assembled *platform;

	header.attach_monotonic_ns = MS;
	platform = cs_assembler_attach(assembler, 9, &header, 40);
	feed_request(platform, 40, 5, 2 * MS, "");
	feed_spawn(platform, 50, 4 * MS);
	serve(start_server(attach_timeout(), 2));
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_ON_DEMAND));
	cr_assert(eq(u64, phase_of(CS_PHASE_QUEUE)->start_ns, 2 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_SPAWN)->start_ns, 4 * MS));
}

/* It wrote a banner, which makes an event of it where there is no server. */
Test(starter, a_banner_is_no_event)
{
	struct cs_header npm = program(50, "exe=/usr/bin/npm", 5 * MS);
	struct cs_assembled *starter, *server;

	npm.marks[CS_MARK_STDOUT_WRITE] = 20 * MS;
	starter = cs_assembler_attach(assembler, 1, &npm, 50);
	server = start_server(starter, 2);
	serve(server);
	is_joined(1, "npm");
	end_process(server, 100, 0, 90 * MS);
	end_process(starter, 50, 0, 91 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u32, seen.invocations, 1));
}

/* Both are killed before anybody has asked, and it is told of first. */
Test(starter, a_server_that_nobody_asked_is_one_start_with_it)
{
	struct cs_assembled *timeout = attach_timeout(), *server = start_server(timeout, 2);

	end_process(timeout, 50, SIGKILL, 90 * MS);
	end_process(server, 100, SIGKILL, 90 * MS);
	cs_assembler_flush(assembler);
	is_joined(1, "timeout");
	cr_assert(seen.cold.unused);
	cr_assert(eq(u32, seen.invocations, 0));
}

Test(starter, who_does_not_wait_has_a_start_of_its_own)
{
	struct cs_assembled *shell = attach_timeout(), *server = start_server(shell, 2);

	end_process(shell, 50, 0, 40 * MS);
	cs_assembler_tick(assembler, 40 * MS + 2 * CS_ASSEMBLER_HOLD_NS);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(int, seen.pid, 50));
	serve(server);
	cr_assert(eq(u32, seen.cold_starts, 2));
	cr_assert(eq(u32, seen.cold.programs_count, 0));
	cr_assert(eq(u64, seen.cold.start_ns, 30 * MS));
}

static void is_not_joined(struct cs_assembled *parent, struct cs_assembled *server)
{
	serve(server);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u64, seen.cold.start_ns, 30 * MS));
	cr_assert(eq(u32, seen.cold.programs_count, 0));
	cr_assert(not(cs_starter_joined(parent)));
}

Test(starter, who_has_read_an_event_uses_a_server)
{
	struct cs_header header = program(50, "exe=/app/function", 5 * MS);
	struct cs_assembled *function;

	header.marks[CS_MARK_STDIN_READ] = 20 * MS;
	function = cs_assembler_attach(assembler, 1, &header, 50);
	is_not_joined(function, start_server(function, 2));
}

Test(starter, who_answers_after_it_has_started_one_uses_a_server)
{
	struct cs_header header = program(50, "exe=/app/function", 5 * MS);
	struct cs_assembled *function;

	header.marks[CS_MARK_STDOUT_WRITE] = 60 * MS;
	function = cs_assembler_attach(assembler, 1, &header, 50);
	is_not_joined(function, start_server(function, 2));
}

Test(starter, who_was_given_an_event_uses_a_server)
{
	struct cs_header header = program(50, "exe=/app/function", 5 * MS);
	struct cs_assembled *function;

	put_identity(&header, "env.Http_Method=POST");
	function = cs_assembler_attach(assembler, 1, &header, 50);
	is_not_joined(function, start_server(function, 2));
}

Test(starter, who_serves_is_a_platform)
{
	struct cs_header header = server_of(50, "platform");
	struct cs_assembled *platform;

	header.attach_monotonic_ns = 5 * MS;
	platform = cs_assembler_attach(assembler, 1, &header, 50);
	is_not_joined(platform, start_server(platform, 2));
}

Test(starter, only_the_first_server_is_joined)
{
	struct cs_assembled *supervisor = attach_timeout(), *server = start_server(supervisor, 2);
	struct cs_header header = server_of(101, "other");

	serve(server);
	is_joined(1, "timeout");
	feed_spawn(supervisor, 101, 130 * MS);
	header.attach_monotonic_ns = 140 * MS;
	server = cs_assembler_attach(assembler, 3, &header, 101);
	feed_request(server, 101, 7, 170 * MS, "");
	feed_end(server, 101, 7, 179 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 2));
	cr_assert(eq(u32, seen.cold.programs_count, 0));
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_PROACTIVE));
}
