/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of the assembler: starts that go through several programs of one process. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <string.h>

#include "collector/assembler/evidence.h"
#include "tests/support/assembling.h"

TestSuite(chain, .init = assembling_start, .fini = assembling_stop);

/* A wrapper of pid 100 that was spawned at 10, executed at 12 and executes something else at @ns. */
static struct cs_header wrapper_of(const char *name)
{
	struct cs_header header = header_of(100, name);

	header.attach_monotonic_ns = 15 * MS;
	header.marks[CS_MARK_ATTACH] = 15 * MS;
	header.marks[CS_MARK_MAIN] = 18 * MS;
	return header;
}

static void wrap(uint64_t segment, const struct cs_header *header, uint64_t exec_ns)
{
	struct cs_assembled *wrapper = cs_assembler_attach(assembler, segment, header, 100);

	feed_exec(wrapper, 100, exec_ns);
	cs_assembler_ended(wrapper, 100, CS_ASSEMBLER_EXEC, 0, exec_ns + MS);
	cs_assembler_detach(wrapper);
}

/* The program that comes last, attached at 40; ends at 90. */
static void serve(uint64_t segment, const struct cs_header *header)
{
	end_process(cs_assembler_attach(assembler, segment, header, 100), 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
}

Test(chain, an_event_that_the_wrapper_read_begins_the_invocation)
{
	struct cs_header shell = wrapper_of("function"), last = header_of(100, "function");

	cs_assembler_child(assembler, 100, 10 * MS, 12 * MS);
	shell.marks[CS_MARK_STDIN_READ] = 25 * MS;
	wrap(1, &shell, 35 * MS);
	last.marks[CS_MARK_STDOUT_WRITE] = 80 * MS;
	serve(2, &last);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u64, seen.invocation[0].start_ns, 25 * MS));
	cr_assert(eq(u64, seen.invocation[0].first_byte_ns, 80 * MS));
	cr_assert(eq(u64, seen.invocation[0].end_ns, 90 * MS));
	/* The start is the wrapper's, up to there: what it executed is work on the event. */
	cr_assert(seen.cold.ready);
	cr_assert(eq(u64, phase_of(CS_PHASE_SPAWN)->start_ns, 10 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_EXEC)->start_ns, 12 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_LINK)->start_ns, 15 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_RUNTIME)->start_ns, 18 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_HANDLER)->start_ns, 25 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_RESPOND)->start_ns, 80 * MS));
	cr_assert(eq(u64, seen.cold.end_ns, 90 * MS));
	cr_assert(eq(u64, seen.cold.identity == NULL, 0));
}

Test(chain, the_first_of_several_reads_counts)
{
	struct cs_header first = wrapper_of("a"), second = wrapper_of("b"),
			 last = header_of(100, "function");

	first.marks[CS_MARK_STDIN_READ] = 19 * MS;
	wrap(1, &first, 20 * MS);
	second.attach_monotonic_ns = 22 * MS;
	second.marks[CS_MARK_ATTACH] = 22 * MS;
	second.marks[CS_MARK_MAIN] = 23 * MS;
	second.marks[CS_MARK_STDIN_READ] = 24 * MS;
	wrap(2, &second, 30 * MS);
	last.marks[CS_MARK_STDIN_READ] = 70 * MS;
	serve(3, &last);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u64, seen.invocation[0].start_ns, 19 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_HANDLER)->start_ns, 19 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_LINK)->start_ns, 15 * MS));
}

Test(chain, an_event_that_only_the_last_program_read_is_its_own)
{
	struct cs_header shell = wrapper_of("function"), last = header_of(100, "function");

	cs_assembler_child(assembler, 100, 10 * MS, 12 * MS);
	shell.marks[CS_MARK_STDOUT_WRITE] = 25 * MS; /* a banner */
	wrap(1, &shell, 35 * MS);
	last.marks[CS_MARK_STDIN_READ] = 70 * MS;
	serve(2, &last);
	cr_assert(eq(u64, seen.invocation[0].start_ns, 70 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_EXEC)->start_ns, 35 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_LINK)->start_ns, 40 * MS));
}

Test(chain, what_a_wrapper_of_a_server_reads_is_no_event)
{
	struct cs_header shell = wrapper_of("server"), last = server_of(100, "server");
	struct cs_assembled *server;

	shell.marks[CS_MARK_STDIN_READ] = 25 * MS;
	wrap(1, &shell, 35 * MS);
	server = cs_assembler_attach(assembler, 2, &last, 100);
	feed_request(server, 100, 7, 70 * MS, "");
	feed_end(server, 100, 7, 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u64, seen.invocation[0].start_ns, 70 * MS));
	cr_assert(eq(u32, seen.cold.protocol, CS_PROTOCOL_HTTP));
	cr_assert(eq(u64, phase_of(CS_PHASE_LINK)->start_ns, 40 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_HANDLER)->start_ns, 70 * MS));
}

Test(chain, an_event_that_claims_to_come_after_the_exec_is_not_taken_over)
{
	struct cs_header shell = wrapper_of("function"), last = header_of(100, "function");

	shell.marks[CS_MARK_STDIN_READ] = 60 * MS;
	wrap(1, &shell, 35 * MS);
	last.marks[CS_MARK_STDIN_READ] = 70 * MS;
	serve(2, &last);
	cr_assert(eq(u64, seen.invocation[0].start_ns, 70 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_LINK)->start_ns, 40 * MS));
}

Test(chain, a_search_through_a_long_path_does_not_hide_the_exec_of_the_wrapper)
{
	struct cs_header shell = wrapper_of("function"), last = header_of(100, "function");
	struct cs_assembled *wrapper;

	cs_assembler_child(assembler, 100, 10 * MS, 12 * MS);
	shell.marks[CS_MARK_STDIN_READ] = 25 * MS;
	wrapper = cs_assembler_attach(assembler, 1, &shell, 100);
	for (unsigned i = 0; i < 2 * CS_EVIDENCE_EXECS; i++)
		feed_exec(wrapper, 100, 28 * MS + i);
	cs_assembler_ended(wrapper, 100, CS_ASSEMBLER_EXEC, 0, 36 * MS);
	cs_assembler_detach(wrapper);
	serve(2, &last);
	cr_assert(eq(u64, phase_of(CS_PHASE_EXEC)->start_ns, 12 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_HANDLER)->start_ns, 25 * MS));
}

Test(chain, killed_after_the_wrapper_read_the_event)
{
	struct cs_header shell = wrapper_of("function"), last = header_of(100, "function");
	struct cs_assembled *instance;

	shell.marks[CS_MARK_STDIN_READ] = 25 * MS;
	wrap(1, &shell, 35 * MS);
	last.marks[CS_MARK_MAIN] = 0;
	instance = cs_assembler_attach(assembler, 2, &last, 100);
	end_process(instance, 100, SIGKILL, 45 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u64, seen.invocation[0].start_ns, 25 * MS));
	cr_assert(eq(u32, seen.invocation[0].outcome.cause, CS_CAUSE_SIGNAL));
	cr_assert(seen.cold.ready);
	cr_assert(eq(u64, phase_of(CS_PHASE_HANDLER)->end_ns, 45 * MS));
}

Test(chain, the_event_of_a_process_is_not_that_of_the_next_with_its_pid)
{
	struct cs_header shell = wrapper_of("function"), last = header_of(100, "function"),
			 other = later_of(100, "other");

	shell.marks[CS_MARK_STDIN_READ] = 25 * MS;
	wrap(1, &shell, 35 * MS);
	end_process(cs_assembler_attach(assembler, 2, &last, 100), 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	/* Nobody tells who spawned the next one. */
	end_process(cs_assembler_attach(assembler, 3, &other, 100), 100, 0, 190 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 2));
	cr_assert(eq(u64, seen.cold.start_ns, 140 * MS));
	cr_assert(eq(u64, seen.invocation[1].start_ns, 170 * MS));
	cr_assert(eq(ptr, (void *)phase_of(CS_PHASE_EXEC), NULL));
}

Test(chain, a_wrapper_that_executes_what_cannot_be_watched_keeps_its_event)
{
	struct cs_header shell = wrapper_of("function");
	struct cs_assembled *wrapper = cs_assembler_attach(assembler, 1, &shell, 100);

	shell.marks[CS_MARK_STDIN_READ] = 25 * MS;
	cs_assembler_look(wrapper, &shell);
	feed_exec(wrapper, 100, 35 * MS); /* of a static program: no segment follows */
	end_process(wrapper, 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u64, seen.invocation[0].start_ns, 25 * MS));
	cr_assert(eq(u64, seen.cold.end_ns, 90 * MS));
}

static void put_exe(struct cs_header *header, const char *exe)
{
	memset(header->identity, 0, sizeof(header->identity));
	header->identity_len = 0;
	put_identity(header, exe);
}

Test(chain, programs_that_ran_before_are_named_where_their_time_is)
{
	struct cs_header bash = wrapper_of("a"), shim = wrapper_of("b"), last = header_of(100, "f");

	cs_assembler_child(assembler, 100, 10 * MS, 12 * MS);
	put_exe(&bash, "exe=/usr/bin/bash");
	wrap(1, &bash, 20 * MS);
	put_exe(&shim, "exe=/usr/bin/bash");
	put_identity(&shim, "script=/opt/pyenv");
	shim.attach_monotonic_ns = 22 * MS;
	shim.marks[CS_MARK_ATTACH] = 22 * MS;
	wrap(2, &shim, 35 * MS);
	last.marks[CS_MARK_STDIN_READ] = 70 * MS;
	serve(3, &last);
	cr_assert(eq(u64, phase_of(CS_PHASE_SPAWN)->start_ns, 10 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_SPAWN)->end_ns, 35 * MS));
	cr_assert(eq(u32, seen.cold.programs_count, 2));
	cr_assert(eq(str, seen.programs, (char *)"bash, pyenv"));
	cr_assert(ne(ptr, (void *)phase_of(CS_PHASE_SPAWN)->approximate, NULL));
	cr_assert(eq(str, (char *)phase_of(CS_PHASE_SPAWN)->approximate,
		     (char *)"includes 2 programs that ran before: bash, pyenv"));
}

static uint64_t read_by_the_end(uint64_t segment, const struct cs_header *header)
{
	struct cs_assembled *instance = cs_assembler_attach(assembler, segment, header, 100);

	cs_assembler_usage(
		instance,
		&(struct cs_usage_so_far){ .cpu_ns = MS, .read_bytes = 5000, .known = true }, true);
	end_process(instance, 100, 0, header->attach_monotonic_ns + 50 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u64, seen.cold.cpu_ns, MS));
	return seen.cold.read_bytes;
}

/* The kernel's count goes on over an exec: nobody knows whose share is which. */
Test(chain, what_programs_before_have_read_is_not_told_as_its_own)
{
	struct cs_header shell = wrapper_of("a"), last = header_of(100, "f"),
			 next = later_of(100, "f");

	cs_assembler_child(assembler, 100, 10 * MS, 12 * MS);
	wrap(1, &shell, 35 * MS);
	last.marks[CS_MARK_STDIN_READ] = 70 * MS;
	cr_assert(eq(u64, read_by_the_end(2, &last), 0));
	cr_assert(eq(u32, seen.cold.programs_count, 1));
	/* The next process with that pid begins anew. */
	cs_assembler_child(assembler, 100, 130 * MS, 135 * MS);
	cr_assert(eq(u64, read_by_the_end(3, &next), 5000));
	cr_assert(eq(u32, seen.cold_starts, 2));
}

Test(chain, more_programs_than_have_names_are_counted)
{
	struct cs_header shell = wrapper_of("a"), last = header_of(100, "f");

	cs_assembler_child(assembler, 100, 10 * MS, 12 * MS);
	put_exe(&shell, "exe=/bin/sh");
	for (unsigned i = 0; i < CS_EVIDENCE_NAMES + 2; i++) {
		shell.attach_monotonic_ns = (13 + 2 * i) * MS;
		shell.marks[CS_MARK_ATTACH] = (13 + 2 * i) * MS;
		wrap(1 + i, &shell, (14 + 2 * i) * MS);
	}
	last.marks[CS_MARK_STDIN_READ] = 70 * MS;
	serve(20, &last);
	cr_assert(eq(u32, seen.cold.programs_count, CS_EVIDENCE_NAMES + 2));
	cr_assert(eq(str, seen.programs, (char *)"sh, sh, sh, sh and 2 more"));
}

Test(chain, a_program_after_the_one_that_took_the_event_did_not_run_before)
{
	struct cs_header shell = wrapper_of("function"), last = header_of(100, "function");

	cs_assembler_child(assembler, 100, 10 * MS, 12 * MS);
	shell.marks[CS_MARK_STDIN_READ] = 25 * MS;
	wrap(1, &shell, 35 * MS);
	last.marks[CS_MARK_STDOUT_WRITE] = 80 * MS;
	serve(2, &last);
	cr_assert(eq(u32, seen.cold.programs_count, 0));
	cr_assert(eq(ptr, (void *)phase_of(CS_PHASE_SPAWN)->approximate, NULL));
}

Test(chain, what_a_process_was_is_not_told_of_the_next_with_its_pid)
{
	struct cs_header shell = wrapper_of("function"), last = header_of(100, "function"),
			 other = later_of(100, "other");

	cs_assembler_child(assembler, 100, 10 * MS, 12 * MS);
	wrap(1, &shell, 35 * MS);
	last.marks[CS_MARK_STDIN_READ] = 70 * MS;
	serve(2, &last);
	cs_assembler_child(assembler, 100, 130 * MS, 135 * MS);
	end_process(cs_assembler_attach(assembler, 3, &other, 100), 100, 0, 190 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 2));
	cr_assert(eq(u32, seen.cold.programs_count, 0));
}

/* $(env helper): the collector was busy, and hears of it all when it is over. */
Test(chain, a_helper_that_became_another_program_is_a_helper_however_late_that_is_learnt)
{
	struct cs_header function = header_of(50, "function"), shim = wrapper_of("env"),
			 helper = header_of(100, "helper");
	struct cs_rec_wait wait = { .pid = 100 };
	struct cs_assembled *parent, *env;

	function.attach_monotonic_ns = 5 * MS;
	parent = cs_assembler_attach(assembler, 1, &function, 50);
	feed_spawn(parent, 100, 10 * MS);
	feed_exec(parent, 100, 12 * MS);
	env = cs_assembler_attach(assembler, 2, &shim, 100);
	feed_exec(env, 100, 35 * MS);
	feed(parent, 50, CS_RECORD_WAIT, 80 * MS, &wait, sizeof(wait), NULL);
	cs_assembler_ended(env, 100, CS_ASSEMBLER_EXEC, 0, 120 * MS);
	cs_assembler_detach(env);
	end_process(cs_assembler_attach(assembler, 3, &helper, 100), 100, 0, 121 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 0));
	cr_assert(eq(u64, stats_now().helpers, 1));
}
