/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/lambda_role: runtimes that a shell starts, and extensions. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "tests/support/assembling.h"

#define ID_HEADER "lambda-runtime-aws-request-id: "
#define SHELL     100
#define RUNTIME   110
#define AGAIN     120

static struct cs_assembled *shell;

static struct cs_header environment_of(int32_t pid, uint64_t attach_ns)
{
	struct cs_header header = header_of(pid, "process");

	put_identity(&header, "env.AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001");
	put_identity(&header, "env.AWS_LAMBDA_FUNCTION_NAME=function");
	header.attach_monotonic_ns = attach_ns;
	return header;
}

/* That the shell starts 1 ms before. */
static struct cs_assembled *attach(int32_t pid, uint64_t attach_ns, uint64_t next_ns)
{
	struct cs_header header = environment_of(pid, attach_ns);

	header.ppid = SHELL;
	header.marks[CS_MARK_ATTACH] = attach_ns;
	header.marks[CS_MARK_MAIN] = attach_ns + MS / 2;
	header.marks[CS_MARK_NEXT] = next_ns;
	feed_spawn(shell, pid, attach_ns - MS);
	return cs_assembler_attach(assembler, (uint64_t)pid, &header, pid);
}

static void hear(struct cs_assembled *runtime, const char *id, uint64_t time_ns)
{
	struct cs_rec_invocation rec = { .asked_ns = time_ns - MS,
					 .source = CS_INVOCATION_LAMBDA,
					 .id_offset = sizeof(ID_HEADER) - 1,
					 .id_len = (uint16_t)strlen(id) };
	char text[128];

	rec.text_len = (uint16_t)snprintf(text, sizeof(text), ID_HEADER "%s\n", id);
	feed(runtime, (uint32_t)runtime->identity.pid, CS_RECORD_INVOCATION, time_ns, &rec,
	     sizeof(rec), text);
}

static void answer(struct cs_assembled *runtime, const char *id, unsigned outcome, uint64_t time_ns)
{
	struct cs_rec_invocation_end rec = { .first_ns = time_ns - MS,
					     .source = CS_INVOCATION_LAMBDA,
					     .outcome = (uint16_t)outcome,
					     .id_len = (uint16_t)strlen(id),
					     .headers_offset = (uint16_t)strlen(id),
					     .text_len = (uint16_t)strlen(id) };

	feed(runtime, (uint32_t)runtime->identity.pid, CS_RECORD_INVOCATION_END, time_ns, &rec,
	     sizeof(rec), id);
}

static void start(void)
{
	struct cs_header header = environment_of(SHELL, 40 * MS);

	assembling_start();
	shell = cs_assembler_attach(assembler, SHELL, &header, SHELL);
}

TestSuite(lambda_role, .init = start, .fini = assembling_stop);

Test(lambda_role, a_runtime_that_exits_well_in_mid_event_ends_it_itself)
{
	struct cs_assembled *runtime = attach(RUNTIME, 60 * MS, 65 * MS);

	hear(runtime, "r-1", 70 * MS);
	answer(runtime, "r-1", CS_INVOCATION_RESPONSE, 80 * MS);
	hear(runtime, "r-2", 90 * MS);
	end_process(runtime, RUNTIME, 0, 100 * MS);
	end_process(shell, SHELL, 0, 110 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(uint, seen.invocations, 2));
	cr_assert(eq(uint, seen.cold_starts, 1));
	cr_assert(eq(int, seen.pid, RUNTIME));
	cr_assert(not(seen.invocation[1].cold));
	cr_assert(eq(u64, seen.invocation[1].end_ns, 100 * MS));
	cr_assert(eq(int, seen.invocation[1].outcome.cause, CS_CAUSE_EXIT));
}

/* The shell starts it once more. */
static void init_fails(int status)
{
	struct cs_assembled *runtime = attach(RUNTIME, 60 * MS, 0);

	answer(runtime, "", CS_INVOCATION_INIT_ERROR, 70 * MS);
	end_process(runtime, RUNTIME, status, 75 * MS);
	runtime = attach(AGAIN, 80 * MS, 85 * MS);
	hear(runtime, "r-1", 90 * MS);
	answer(runtime, "r-1", CS_INVOCATION_RESPONSE, 95 * MS);
	end_process(runtime, AGAIN, 0, 100 * MS);
	end_process(shell, SHELL, 0, 110 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(uint, seen.invocations, 1));
}

Test(lambda_role, a_runtime_whose_init_failed_is_told_of_beside_the_next)
{
	init_fails(1 << 8);
	cr_assert(eq(uint, seen.cold_starts, 2));
	cr_assert(eq(int, seen.pid,
		     RUNTIME)); /* the last: who got no event is told of after who did */
	cr_assert(not(seen.cold.ready));
	cr_assert(eq(u64, seen.cold.end_ns, 75 * MS));
}

Test(lambda_role, a_command_that_reports_a_failed_init_is_no_runtime)
{
	init_fails(0);
	cr_assert(eq(uint, seen.cold_starts, 1));
}

/* What the platform starts beside the runtime; it has its telemetry brought by HTTP. */
static void extension(bool asks)
{
	struct cs_header header = environment_of(RUNTIME, 60 * MS);
	struct cs_assembled *extension;

	header.marks[CS_MARK_EXTENSION] = 62 * MS;
	header.marks[CS_MARK_NEXT] = asks ? 64 * MS : 0;
	extension = cs_assembler_attach(assembler, RUNTIME, &header, RUNTIME);
	feed_log(extension, RUNTIME, CS_LOG_STDERR, 63 * MS, "a line\n");
	feed_request(extension, RUNTIME, 1, 70 * MS, "");
	feed_end(extension, RUNTIME, 1, 80 * MS);
	end_process(extension, RUNTIME, 0, 100 * MS);
	end_process(shell, SHELL, 0, 110 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(uint, seen.invocations, asks ? 1 : 0));
	cr_assert(
		eq(uint, seen.cold_starts, asks ? 2 : 1)); /* the shell's, which never was ready */
	cr_assert(eq(uint, seen.logs, 1));
	cr_assert(eq(u64, stats_now().helpers, asks ? 0 : 1));
}

Test(lambda_role, an_extension_is_no_function)
{
	extension(false);
}

Test(lambda_role, a_runtime_may_be_an_extension_too)
{
	extension(true);
}
