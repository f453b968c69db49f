/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of the assembler: events of the Lambda Runtime API. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "collector/protocols/lambda_event.h"
#include "tests/support/assembling.h"

#define ID_HEADER "lambda-runtime-aws-request-id: "

#define WALL_MS   1700000000000ull /* the wall clock when ours is 0 */

static char last_id[64]; /* of the invocation told last; of an instance, strings are gone by then */

TestSuite(lambda, .init = assembling_start, .fini = assembling_stop);

static struct cs_header runtime_of(int32_t pid, uint64_t next_ns)
{
	struct cs_header header = header_of(pid, "function");

	put_identity(&header, "env.AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001");
	put_identity(&header, "env.AWS_LAMBDA_FUNCTION_NAME=function");
	header.marks[CS_MARK_NEXT] = next_ns;
	header.attach_realtime_ns = WALL_MS * MS + header.attach_monotonic_ns;
	return header;
}

static struct cs_assembled *attach_runtime(void)
{
	struct cs_header header = runtime_of(100, 60 * MS);

	return cs_assembler_attach(assembler, 1, &header, 100);
}

/* Event @id was asked for at @time_ns - 10 ms and came at @time_ns. */
static void feed_event_with(struct cs_assembled *instance, uint32_t pid, const char *id,
			    uint64_t time_ns, const char *lines)
{
	struct cs_rec_invocation rec = { .asked_ns = time_ns - 10 * MS,
					 .source = CS_INVOCATION_LAMBDA,
					 .id_offset = sizeof(ID_HEADER) - 1,
					 .id_len = (uint16_t)strlen(id) };
	char text[256];

	rec.text_len = (uint16_t)snprintf(text, sizeof(text), ID_HEADER "%s\n%s", id, lines);
	feed(instance, pid, CS_RECORD_INVOCATION, time_ns, &rec, sizeof(rec), text);
}

static void feed_event(struct cs_assembled *instance, uint32_t pid, const char *id,
		       uint64_t time_ns)
{
	feed_event_with(instance, pid, id, time_ns, "");
}

/* Its answer, from 1 ms before @time_ns to there. */
static void feed_answer_with(struct cs_assembled *instance, uint32_t pid, const char *id,
			     uint64_t time_ns, unsigned outcome, unsigned status,
			     const char *headers)
{
	struct cs_rec_invocation_end rec = {
		.first_ns = time_ns - MS,
		.bytes = 300,
		.source = CS_INVOCATION_LAMBDA,
		.outcome = (uint16_t)outcome,
		.flags = status ? CS_INVOCATION_REFUSED : 0,
		.status = (uint16_t)status,
		.id_len = (uint16_t)strlen(id),
		.headers_offset = (uint16_t)strlen(id),
	};
	char text[256];

	rec.text_len = (uint16_t)snprintf(text, sizeof(text), "%s%s", id, headers);
	feed(instance, pid, CS_RECORD_INVOCATION_END, time_ns, &rec, sizeof(rec), text);
}

static void feed_answer(struct cs_assembled *instance, uint32_t pid, const char *id,
			uint64_t time_ns)
{
	feed_answer_with(instance, pid, id, time_ns, CS_INVOCATION_RESPONSE, 0, "");
}

Test(lambda, the_first_event_is_the_cold_one_and_ends_the_start)
{
	struct cs_assembled *runtime = attach_runtime();

	feed_event(runtime, 100, "r-1", 70 * MS);
	feed_answer(runtime, 100, "r-1", 80 * MS);
	feed_event(runtime, 100, "r-2", 90 * MS);
	feed_answer(runtime, 100, "r-2", 95 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u32, seen.cold.protocol, CS_PROTOCOL_LAMBDA));
	cr_assert(seen.cold.ready);
	cr_assert(eq(u64, phase_of(CS_PHASE_WAIT)->start_ns, 60 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_HANDLER)->start_ns, 70 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_RESPOND)->start_ns, 79 * MS));
	cr_assert(eq(u64, seen.cold.end_ns, 80 * MS));
	cr_assert(eq(u32, seen.invocations, 2));
	cr_assert(eq(u32, seen.invocation[0].protocol, CS_PROTOCOL_LAMBDA));
	cr_assert(seen.invocation[0].cold && !seen.invocation[1].cold);
	cr_assert(eq(u64, seen.invocation[1].start_ns, 90 * MS));
	cr_assert(eq(u64, seen.invocation[1].first_byte_ns, 94 * MS));
	cr_assert(eq(u64, seen.invocation[1].end_ns, 95 * MS));
	cr_assert(eq(u64, seen.invocation[1].response_bytes, 300));
	cr_assert(eq(u64, stats_now().unmatched, 0));
}

Test(lambda, events_belong_together_by_their_id_whatever_their_order)
{
	struct cs_assembled *runtime = attach_runtime();

	feed_event(runtime, 100, "r-1", 70 * MS);
	feed_event(runtime, 100, "r-2", 72 * MS);
	feed_answer(runtime, 100, "r-2", 80 * MS);
	feed_answer(runtime, 100, "r-1", 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 2));
	cr_assert(eq(u64, seen.invocation[0].start_ns, 72 * MS));
	cr_assert(eq(u64, seen.invocation[0].end_ns, 80 * MS));
	cr_assert(eq(u64, seen.invocation[1].start_ns, 70 * MS));
	cr_assert(eq(u64, seen.invocation[1].end_ns, 90 * MS));
	cr_assert(seen.invocation[1].cold);
}

Test(lambda, an_answer_to_no_event_is_counted)
{
	struct cs_assembled *runtime = attach_runtime();

	feed_event(runtime, 100, "r-1", 70 * MS);
	feed_answer(runtime, 100, "r-10", 80 * MS);
	cr_assert(eq(u64, stats_now().unmatched, 1));
}

static struct cs_lambda_event told;
static char told_type[64];

static void keep_event(void *context, const struct cs_invocation *invocation)
{
	told = *invocation->lambda;
	snprintf(told_type, sizeof(told_type), "%s", told.error_type ? told.error_type : "(none)");
	snprintf(last_id, sizeof(last_id), "%s", told.id);
}

static void nothing(void *context, const struct cs_cold_start *cold)
{
}

/* In place of the suite's: texts of an event are there during the call only. */
static void listen_to_events(void)
{
	const struct cs_assembler_sink sink = { NULL, nothing, keep_event };
	const struct cs_id_key key = { { 7 } };

	cs_assembler_free(assembler);
	assembler = cs_assembler_new(&key, &sink);
}

static void feed_body(struct cs_assembled *instance, const char *id, const char *lines)
{
	struct cs_rec_event rec = { .messages = 1,
				    .source = CS_INVOCATION_LAMBDA,
				    .service = CS_EVENT_HTTP,
				    .id_len = (uint16_t)strlen(id) };
	char text[256];

	rec.text_len = (uint16_t)snprintf(text, sizeof(text), "%s%s", id, lines);
	feed(instance, 100, CS_RECORD_EVENT, 71 * MS, &rec, sizeof(rec), text);
}

Test(lambda, what_its_body_says_is_its_own)
{
	struct cs_assembled *runtime = attach_runtime();

	feed_event(runtime, 100, "r-1", 70 * MS);
	feed_event(runtime, 100, "r-2", 70 * MS);
	feed_body(runtime, "r-1", "traceparent: " TRACEPARENT "\n\n");
	feed_answer(runtime, 100, "r-1", 80 * MS);
	feed_answer(runtime, 100, "r-2", 81 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u8, seen.invocation[0].context.trace_id.bytes[0], 0x0a));
	cr_assert(eq(u8, seen.invocation[0].context.parent_span_id.bytes[0], 0xb7));
	cr_assert(ne(u8, seen.invocation[1].context.parent_span_id.bytes[0], 0xb7));
	cr_assert(eq(u64, stats_now().unmatched, 0));
}

#define GIVEN                                                                                      \
	"coldspan-span-id: 1111111111111111\n"                                                     \
	"coldspan-trace-id: 22222222222222222222222222222222\n"
#define XRAY                                                                                       \
	"lambda-runtime-trace-id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8\n"

/* What the shim has given may have been handed on by the time that the body, or an option, says something else. */
Test(lambda, ids_that_the_shim_gave_are_its_own)
{
	struct cs_assembled *runtime = attach_runtime();

	cs_assembler_xray_parent(assembler);
	feed_event_with(runtime, 100, "r-1", 70 * MS, XRAY GIVEN);
	feed_answer(runtime, 100, "r-1", 71 * MS);
	feed_event_with(runtime, 100, "r-2", 72 * MS, XRAY GIVEN);
	feed_body(runtime, "r-2", "traceparent: " TRACEPARENT "\n\n");
	feed_answer(runtime, 100, "r-2", 80 * MS);
	feed_event_with(runtime, 100, "r-3", 82 * MS, XRAY);
	feed_answer(runtime, 100, "r-3", 83 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(uint, seen.invocations, 3));
	for (int i = 0; i < 2; i++)
		cr_expect(eq(u8, seen.invocation[i].context.span_id.bytes[7], 0x11));
	cr_expect(eq(u8, seen.invocation[0].context.trace_id.bytes[0], 0x22));
	cr_expect(eq(u8, seen.invocation[1].context.trace_id.bytes[0], 0x0a));
	cr_expect(eq(u8, seen.invocation[1].context.parent_span_id.bytes[0], 0xb7));
	cr_expect(eq(u8, seen.invocation[2].context.trace_id.bytes[0], 0x57));
	cr_expect(eq(u8, seen.invocation[2].context.parent_span_id.bytes[0], 0x53));
}

Test(lambda, a_body_of_no_event_is_counted)
{
	struct cs_assembled *runtime = attach_runtime();
	struct cs_rec_event rec = { .source = CS_INVOCATION_LAMBDA, .text_len = 4 };

	feed_event(runtime, 100, "r-1", 70 * MS);
	feed_body(runtime, "r-2", "id: x\n\n");
	cr_assert(eq(u64, stats_now().unmatched, 1));
	feed(runtime, 100, CS_RECORD_EVENT, 71 * MS, &rec, sizeof(rec), "r-1");
	rec.text_len = 3;
	rec.id_len = 4;
	feed(runtime, 100, CS_RECORD_EVENT, 71 * MS, &rec, sizeof(rec), "r-1");
	cr_assert(eq(u64, stats_now().unknown_records, 2));
}

Test(lambda, an_error_report_makes_it_one_that_failed)
{
	struct cs_assembled *runtime;

	listen_to_events();
	runtime = attach_runtime();
	feed_event(runtime, 100, "r-1", 70 * MS);
	feed_answer_with(runtime, 100, "r-1", 80 * MS, CS_INVOCATION_ERROR, 0,
			 "lambda-runtime-function-error-type: Function.Bad\n");
	cs_assembler_flush(assembler);
	cr_assert(eq(str, last_id, (char *)"r-1"));
	cr_assert(told.failed);
	cr_assert(eq(str, told_type, (char *)"Function.Bad"));
	cr_assert(eq(u32, told.refused_status, 0));
}

Test(lambda, an_answer_that_was_refused_is_told_with_its_event)
{
	struct cs_assembled *runtime;

	listen_to_events();
	runtime = attach_runtime();
	feed_event(runtime, 100, "r-1", 70 * MS);
	feed_answer(runtime, 100, "r-1", 80 * MS);
	feed_answer_with(runtime, 100, "r-1", 81 * MS, CS_INVOCATION_RESPONSE, 413, "");
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, told.refused_status, 413));
	cr_assert(not(told.failed));
	cr_assert(eq(u64, stats_now().unmatched, 0));
	cr_assert(eq(u64, stats_now().invocations, 1));
}

Test(lambda, what_is_said_of_an_event_after_a_refusal_changes_nothing)
{
	struct cs_assembled *runtime;

	listen_to_events();
	runtime = attach_runtime();
	feed_event(runtime, 100, "r-1", 70 * MS);
	feed_answer(runtime, 100, "r-1", 80 * MS);
	feed_answer_with(runtime, 100, "r-1", 81 * MS, CS_INVOCATION_RESPONSE, 413, "");
	feed_answer_with(runtime, 100, "r-1", 82 * MS, CS_INVOCATION_ERROR, 0,
			 "lambda-runtime-function-error-type: Runtime.UserException\n");
	feed_answer_with(runtime, 100, "r-1", 83 * MS, CS_INVOCATION_ERROR, 403, "");
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, told.refused_status, 413));
	cr_assert(not(told.failed));
	cr_assert(eq(str, told_type, (char *)"(none)"));
	cr_assert(eq(u64, stats_now().invocations, 1));
}

Test(lambda, a_runtime_that_is_killed_takes_its_event_along)
{
	struct cs_assembled *runtime = attach_runtime();

	feed_event(runtime, 100, "r-1", 70 * MS);
	end_process(runtime, 100, SIGKILL, 75 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u32, seen.cold.protocol, CS_PROTOCOL_LAMBDA));
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u32, seen.invocation[0].outcome.cause, CS_CAUSE_SIGNAL));
	cr_assert(eq(u64, seen.invocation[0].end_ns, 75 * MS));
}

static void feed_event_until(struct cs_assembled *instance, const char *id, uint64_t time_ns,
			     uint64_t deadline_unix_ms)
{
	struct cs_rec_invocation rec = { .source = CS_INVOCATION_LAMBDA,
					 .id_offset = sizeof(ID_HEADER) - 1,
					 .id_len = (uint16_t)strlen(id) };
	char text[128];

	rec.text_len = (uint16_t)snprintf(text, sizeof(text),
					  ID_HEADER "%s\nlambda-runtime-deadline-ms: %llu\n", id,
					  (unsigned long long)deadline_unix_ms);
	feed(instance, 100, CS_RECORD_INVOCATION, time_ns, &rec, sizeof(rec), text);
}

struct deadline_row {
	uint64_t deadline_ms; /* of ours; the event came at 70 ms */
	uint64_t end_ms;
	int status;
	unsigned cause;
};

ParameterizedTestParameters(lambda, who_is_killed_at_the_deadline_timed_out)
{
	static struct deadline_row rows[] = {
		{ 1000, 1000, SIGKILL, CS_CAUSE_TIMEOUT },
		{ 1000, 1500, SIGKILL, CS_CAUSE_TIMEOUT },
		{ 1000, 999, SIGKILL, CS_CAUSE_TIMEOUT }, /* by another's clock */
		{ 1000, 900, SIGKILL, CS_CAUSE_SIGNAL },
		{ 1000, 1000, SIGSEGV, CS_CAUSE_SIGNAL },
		{ 1000, 1000, 1 << 8, CS_CAUSE_EXIT },
		{ 60, 1000, SIGKILL, CS_CAUSE_SIGNAL }, /* before it came: another's clock */
		{ UINT64_MAX / 2, 1000, SIGKILL, CS_CAUSE_SIGNAL },
	};

	return cr_make_param_array(struct deadline_row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct deadline_row *row, lambda, who_is_killed_at_the_deadline_timed_out)
{
	struct cs_assembled *runtime;

	runtime = attach_runtime();
	feed_event_until(runtime, "r-1", 70 * MS, WALL_MS + row->deadline_ms);
	end_process(runtime, 100, row->status, row->end_ms * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u32, seen.invocation[0].outcome.cause, row->cause), "%llu",
		  (unsigned long long)row->end_ms);
	cr_assert(eq(u32, seen.cold.outcome.cause, row->cause));
}

Test(lambda, one_whose_end_nobody_told_is_not_said_to_have_timed_out)
{
	struct cs_assembled *runtime = attach_runtime();

	feed_event_until(runtime, "r-1", 70 * MS, WALL_MS + 1000);
	cs_assembler_ended(runtime, 100, CS_ASSEMBLER_UNKNOWN, 0, 1001 * MS);
	cs_assembler_detach(runtime);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocation[0].outcome.cause, CS_CAUSE_UNKNOWN));
}

/* What was learnt late had ended when the kernel says so: here by its parent's wait. */
Test(lambda, a_kill_before_the_deadline_that_is_learnt_of_late_is_no_timeout)
{
	struct cs_assembled *runtime = attach_runtime();

	feed_event_until(runtime, "r-1", 70 * MS, WALL_MS + 1000);
	cs_assembler_child_ended(assembler, 100, SIGKILL, 900 * MS, NULL);
	end_process(runtime, 100, SIGKILL, 1100 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocation[0].outcome.cause, CS_CAUSE_SIGNAL));
}

Test(lambda, one_that_ends_while_it_waits_has_no_event)
{
	struct cs_assembled *runtime = attach_runtime();

	end_process(runtime, 100, 0, 75 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u32, seen.cold.protocol, CS_PROTOCOL_LAMBDA));
	cr_assert(seen.cold.ready);
	cr_assert(eq(u64, phase_of(CS_PHASE_WAIT)->start_ns, 60 * MS));
	cr_assert(eq(u32, seen.invocations, 0));
}

Test(lambda, an_init_that_failed_says_so)
{
	struct cs_header header = runtime_of(100, 0);
	struct cs_assembled *runtime;
	bool failed;

	/* What it prints about that is no event. */
	header.marks[CS_MARK_STDOUT_WRITE] = 65 * MS;
	runtime = cs_assembler_attach(assembler, 1, &header, 100);
	feed_answer_with(runtime, 100, "", 70 * MS, CS_INVOCATION_INIT_ERROR, 0,
			 "lambda-runtime-function-error-type: Runtime.ImportModuleError\n");
	failed = runtime->identity.lambda->init_error;
	end_process(runtime, 100, 1 << 8, 75 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u32, seen.invocations, 0));
	cr_assert(not(seen.cold.ready));
	cr_assert(failed);
	cr_assert(eq(u32, seen.cold.outcome.cause, CS_CAUSE_EXIT));
}

static enum cs_init_type init_type_of(const char *variable)
{
	struct cs_header header = runtime_of(100, 60 * MS);
	struct cs_assembled *runtime;

	put_identity(&header, variable);
	runtime = cs_assembler_attach(assembler, 1, &header, 100);
	feed_event(runtime, 100, "r-1", 70 * MS);
	feed_answer(runtime, 100, "r-1", 80 * MS);
	cs_assembler_flush(assembler);
	return seen.cold.init_type;
}

Test(lambda, the_platform_says_why_it_was_started)
{
	cr_assert(eq(u32, init_type_of("env.AWS_LAMBDA_INITIALIZATION_TYPE=on-demand"),
		     CS_INIT_ON_DEMAND));
	cr_assert(not(seen.linked));
}

Test(lambda, what_was_provisioned_waited_for_nobody)
{
	cr_assert(eq(u32,
		     init_type_of("env.AWS_LAMBDA_INITIALIZATION_TYPE=provisioned-concurrency"),
		     CS_INIT_PROVISIONED));
	cr_assert(seen.linked);
	cr_assert(ne(int, memcmp(&seen.invocation[0].context.trace_id, &seen.started.trace_id, 16),
		     0));
}

Test(lambda, what_came_out_of_a_snapshot_was_restored)
{
	cr_assert(eq(u32, init_type_of("env.AWS_LAMBDA_INITIALIZATION_TYPE=snap-start"),
		     CS_INIT_RESTORE));
	cr_assert(not(seen.linked));
}

Test(lambda, instances_that_somebody_manages_are_provisioned)
{
	cr_assert(eq(u32,
		     init_type_of("env.AWS_LAMBDA_INITIALIZATION_TYPE=lambda-managed-instances"),
		     CS_INIT_PROVISIONED));
}

Test(lambda, a_restore_lasts_until_the_runtime_asks)
{
	struct cs_header header = runtime_of(100, 60 * MS);
	struct cs_assembled *runtime;

	header.marks[CS_MARK_USER_CODE] = 52 * MS;
	header.marks[CS_MARK_RESTORE_NEXT] = 55 * MS;
	header.marks[CS_MARK_RESTORE] = 58 * MS;
	runtime = cs_assembler_attach(assembler, 1, &header, 100);
	feed_event(runtime, 100, "r-1", 70 * MS);
	feed_answer(runtime, 100, "r-1", 80 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_RESTORE));
	cr_assert(eq(u64, phase_of(CS_PHASE_CODE)->end_ns, 55 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_RESTORE)->end_ns, 60 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_WAIT)->end_ns, 70 * MS));
}

Test(lambda, a_restore_that_failed_fails_the_start)
{
	struct cs_header header = runtime_of(100, 0);
	struct cs_assembled *runtime;

	header.marks[CS_MARK_RESTORE_NEXT] = 55 * MS;
	header.marks[CS_MARK_RESTORE] = 58 * MS;
	runtime = cs_assembler_attach(assembler, 1, &header, 100);
	feed_answer_with(runtime, 100, "", 70 * MS, CS_INVOCATION_RESTORE_ERROR, 0,
			 "lambda-runtime-function-error-type: Runtime.Hook\n");
	cr_assert(runtime->identity.lambda->restore_failed);
	cr_assert(eq(str, (char *)runtime->identity.lambda->init_error, (char *)"Runtime.Hook"));
	end_process(runtime, 100, 1 << 8, 75 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(not(seen.cold.ready));
	cr_assert(eq(u64, phase_of(CS_PHASE_RESTORE)->end_ns, 75 * MS));
}

Test(lambda, records_of_impossible_lengths_are_left_alone)
{
	struct cs_rec_invocation_end end = { .source = CS_INVOCATION_LAMBDA, .text_len = 4 };
	struct cs_rec_invocation begin = { .source = CS_INVOCATION_LAMBDA,
					   .text_len = 40,
					   .id_len = 3 };
	struct cs_assembled *runtime = attach_runtime();

	feed(runtime, 100, CS_RECORD_INVOCATION_END, 70 * MS, &end, sizeof(end), "abc");
	end.text_len = 3;
	end.id_offset = 2;
	end.id_len = 2;
	feed(runtime, 100, CS_RECORD_INVOCATION_END, 70 * MS, &end, sizeof(end), "abc");
	end.id_len = 1;
	end.headers_offset = 4;
	feed(runtime, 100, CS_RECORD_INVOCATION_END, 70 * MS, &end, sizeof(end), "abc");
	cr_assert(eq(u64, stats_now().unknown_records, 3));
	feed(runtime, 100, CS_RECORD_INVOCATION, 70 * MS, &begin, sizeof(begin), "abc");
	cr_assert(eq(u64, stats_now().requests_dropped, 1));
}

/* The identity area may have been full. */
Test(lambda, without_the_variable_in_its_header_it_asked_all_the_same)
{
	struct cs_header header = header_of(100, "function");
	struct cs_assembled *runtime;

	header.marks[CS_MARK_STDOUT_WRITE] = 65 * MS;
	runtime = cs_assembler_attach(assembler, 1, &header, 100);
	feed_event(runtime, 100, "r-1", 70 * MS);
	feed_answer(runtime, 100, "r-1", 80 * MS);
	end_process(runtime, 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u32, (unsigned)seen.cold.protocol, CS_PROTOCOL_LAMBDA));
	cr_assert(eq(u32, seen.invocations, 1));
}

/* --- a bootstrap in shell: one curl asks, another answers --- */

static struct cs_assembled *attach_bootstrap(void)
{
	struct cs_header header = runtime_of(100, 0);

	return cs_assembler_attach(assembler, 1, &header, 100);
}

/* Started by @bootstrap at @time_ns; asks at once, if it @asks. */
static struct cs_assembled *attach_curl(struct cs_assembled *bootstrap, uint64_t segment,
					int32_t pid, uint64_t time_ns, bool asks)
{
	struct cs_header header = runtime_of(pid, asks ? time_ns + 2 * MS : 0);

	header.attach_monotonic_ns = time_ns + MS;
	header.marks[CS_MARK_ATTACH] = time_ns + MS;
	header.marks[CS_MARK_MAIN] = time_ns + MS;
	feed_spawn(bootstrap, pid, time_ns);
	return cs_assembler_attach(assembler, segment, &header, pid);
}

/* Curls of pids @pid and @pid + 1 ask for an event and answer it, from @time_ns to 30 ms later. */
static void feed_by_curls(struct cs_assembled *bootstrap, const char *id, uint64_t segment,
			  int32_t pid, uint64_t time_ns)
{
	struct cs_assembled *asks = attach_curl(bootstrap, segment, pid, time_ns, true), *answers;

	feed_event(asks, (uint32_t)pid, id, time_ns + 15 * MS);
	end_process(asks, pid, 0, time_ns + 16 * MS);
	answers = attach_curl(bootstrap, segment + 1, pid + 1, time_ns + 20 * MS, false);
	feed_answer(answers, (uint32_t)pid + 1, id, time_ns + 30 * MS);
	end_process(answers, pid + 1, 0, time_ns + 31 * MS);
}

Test(lambda, what_curls_ask_and_answer_is_their_bootstraps)
{
	struct cs_assembled *bootstrap = attach_bootstrap();

	feed_by_curls(bootstrap, "r-1", 2, 200, 60 * MS);
	feed_by_curls(bootstrap, "r-2", 4, 300, 100 * MS);
	end_process(bootstrap, 100, 0, 200 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u32, (unsigned)seen.cold.protocol, CS_PROTOCOL_LAMBDA));
	cr_assert(seen.cold.ready);
	cr_assert(eq(u64, phase_of(CS_PHASE_WAIT)->start_ns, 65 * MS));
	cr_assert(eq(u64, seen.cold.end_ns, 90 * MS));
	cr_assert(eq(u32, seen.invocations, 2));
	cr_assert(seen.invocation[0].cold && !seen.invocation[1].cold);
	cr_assert(eq(i32, seen.invocation[0].pid, 100));
	cr_assert(eq(u64, seen.invocation[1].start_ns, 115 * MS));
	cr_assert(eq(u64, seen.invocation[1].end_ns, 130 * MS));
	cr_assert(eq(u64, stats_now().unmatched, 0));
}

/* Rings of short-lived processes are alike: the same position is another event. */
Test(lambda, events_of_two_curls_have_two_spans)
{
	struct cs_assembled *bootstrap = attach_bootstrap();
	struct cs_assembled *one = attach_curl(bootstrap, 2, 200, 60 * MS, true);
	struct cs_assembled *two = attach_curl(bootstrap, 3, 201, 60 * MS, true);

	feed_event(one, 200, "r-1", 70 * MS); /* its position is its time */
	feed_event(two, 201, "r-2", 70 * MS);
	end_process(one, 200, 0, 71 * MS);
	end_process(two, 201, 0, 71 * MS);
	feed_answer(bootstrap, 100, "r-1", 80 * MS);
	feed_answer(bootstrap, 100, "r-2", 80 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 2));
	cr_assert(ne(
		int,
		memcmp(&seen.invocation[0].context.span_id, &seen.invocation[1].context.span_id, 8),
		0));
}

Test(lambda, a_bootstrap_that_is_killed_takes_its_curls_event_along)
{
	struct cs_assembled *bootstrap = attach_bootstrap();
	struct cs_assembled *curl = attach_curl(bootstrap, 2, 200, 60 * MS, true);

	feed_event(curl, 200, "r-1", 70 * MS);
	end_process(curl, 200, 0, 71 * MS);
	cs_assembler_tick(assembler, 900 * MS);
	cr_assert(eq(u32, seen.invocations, 0));
	end_process(bootstrap, 100, SIGKILL, 1000 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u32, seen.invocation[0].outcome.cause, CS_CAUSE_SIGNAL));
	cr_assert(eq(u64, seen.invocation[0].end_ns, 1000 * MS));
	cr_assert(eq(u32, seen.cold_starts, 1));
}

Test(lambda, nobody_answers_for_another_service)
{
	struct cs_assembled *bootstrap = attach_bootstrap();
	struct cs_assembled *curl = attach_curl(bootstrap, 2, 200, 60 * MS, true), *stranger;
	struct cs_header header = header_of(300, "function");

	put_identity(&header, "env.AWS_LAMBDA_RUNTIME_API=127.0.0.1:9002");
	stranger = cs_assembler_attach(assembler, 3, &header, 300);
	feed_event(curl, 200, "r-1", 70 * MS);
	feed_answer(stranger, 300, "r-1", 80 * MS);
	cr_assert(eq(u64, stats_now().unmatched, 1));
}

Test(lambda, an_asker_that_nobody_started_ends_its_event_with_it)
{
	struct cs_assembled *runtime = attach_runtime();

	feed_event(runtime, 100, "r-1", 70 * MS);
	end_process(runtime, 100, 0, 75 * MS);
	cs_assembler_tick(assembler, 75 * MS + CS_ASSEMBLER_HOLD_NS);
	cs_assembler_tick(assembler, 75 * MS + 3 * CS_ASSEMBLER_HOLD_NS);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u32, seen.invocation[0].outcome.cause, CS_CAUSE_EXIT));
	cr_assert(eq(u64, seen.invocation[0].end_ns, 75 * MS));
}

/* Its parent waits for it, and is read, after its end was learnt of. */
Test(lambda, a_forked_worker_that_is_killed_ends_its_own_event)
{
	struct cs_rec_process born = { .ppid = 100, .kind = CS_SPAWN_FORK };
	struct cs_rec_wait wait = { .pid = 101, .status = SIGKILL };
	struct cs_assembled *runtime = attach_runtime();

	feed_spawn(runtime, 101, 62 * MS);
	feed(runtime, 101, CS_RECORD_PROCESS, 63 * MS, &born, sizeof(born), NULL);
	feed_event(runtime, 101, "r-1", 70 * MS);
	cs_assembler_ended(runtime, 101, CS_ASSEMBLER_UNKNOWN, 0, 75 * MS);
	feed(runtime, 100, CS_RECORD_WAIT, 76 * MS, &wait, sizeof(wait), NULL);
	end_process(runtime, 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u32, seen.invocation[0].outcome.cause, CS_CAUSE_SIGNAL));
	cr_assert(eq(u64, seen.invocation[0].end_ns, 75 * MS));
}

Test(lambda, an_init_error_by_curl_is_its_bootstraps)
{
	struct cs_assembled *bootstrap = attach_bootstrap();
	struct cs_assembled *curl = attach_curl(bootstrap, 2, 200, 60 * MS, false);

	feed_answer_with(curl, 200, "", 70 * MS, CS_INVOCATION_INIT_ERROR, 0,
			 "lambda-runtime-function-error-type: Runtime.Probe\n");
	cr_assert(eq(str, (char *)bootstrap->identity.lambda->init_error, (char *)"Runtime.Probe"));
}
