/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/conclude: why an instance was started, and which trace its start belongs to. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "tests/support/assembling.h"

#define CALLER "traceparent: " TRACEPARENT "\n"

TestSuite(conclude, .init = assembling_start, .fini = assembling_stop);

static struct cs_assembled *attach_runtime(void)
{
	struct cs_header header = server_of(50, "runtime");

	header.attach_monotonic_ns = MS;
	return cs_assembler_attach(assembler, 1, &header, 50);
}

static struct cs_assembled *attach_function(void)
{
	struct cs_header header = server_of(100, "function");

	return cs_assembler_attach(assembler, 2, &header, 100);
}

static void serve(struct cs_assembled *function, const char *headers)
{
	feed_request(function, 100, 7, 70 * MS, headers);
	feed_end(function, 100, 7, 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
}

static bool same_trace(const struct cs_span_context *a, const struct cs_span_context *b)
{
	return memcmp(&a->trace_id, &b->trace_id, sizeof(a->trace_id)) == 0;
}

static bool is_root(const struct cs_span_context *context)
{
	static const struct cs_span_id none;

	return memcmp(&context->parent_span_id, &none, sizeof(none)) == 0;
}

Test(conclude, a_start_that_a_request_waited_for_is_on_demand_and_in_its_trace)
{
	struct cs_assembled *runtime = attach_runtime();

	feed_request(runtime, 50, 5, 20 * MS, CALLER);
	feed_spawn(runtime, 100, 30 * MS);
	serve(attach_function(), CALLER);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_ON_DEMAND));
	cr_assert(eq(u64, phase_of(CS_PHASE_QUEUE)->start_ns, 20 * MS));
	cr_assert(same_trace(&seen.cold.context, &seen.invocation[0].context));
	cr_expect(seen.cold.context.caller_decided);
	cr_expect(seen.invocation[0].context.caller_decided);
	cr_assert(not(is_root(&seen.cold.context)));
	cr_assert(not(seen.linked));
}

Test(conclude, a_prewarmed_start_is_a_trace_of_its_own_that_the_first_invocation_points_to)
{
	struct cs_assembled *runtime = attach_runtime(), *function;

	feed_spawn(runtime, 100, 30 * MS);
	function = attach_function();
	feed_request(runtime, 50, 5, 65 * MS, CALLER);
	serve(function, CALLER);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_PROACTIVE));
	cr_assert(not(same_trace(&seen.cold.context, &seen.invocation[0].context)));
	cr_assert(is_root(&seen.cold.context));
	cr_assert(seen.linked);
	cr_assert(same_trace(&seen.cold.context, &seen.started));
	cr_assert(eq(int, memcmp(&seen.cold.context.span_id, &seen.started.span_id, 8), 0));
	/* It waited, and the request is in its caller's trace. */
	cr_assert(eq(u64, phase_of(CS_PHASE_WAIT)->end_ns, 70 * MS));
	cr_assert(eq(u8, seen.invocation[0].context.trace_id.bytes[0], 0x0a));
}

/* A request at the very beginning of the ring: ids are made of where things stand. */
static void feed_first_record(struct cs_assembled *function)
{
	struct cs_rec_request rec = { .connection = 7 };
	struct cs_entry entry = { .pid = 100, .position = 0 };

	entry.record.type = CS_RECORD_REQUEST;
	entry.record.time_ns = 70 * MS;
	entry.record.payload_len = sizeof(rec);
	memcpy(entry.bytes + sizeof(entry.record), &rec, sizeof(rec));
	cs_assembler_record(function, &entry, 70 * MS);
}

Test(conclude, a_prewarmed_start_without_any_caller_has_its_own_trace_too)
{
	struct cs_assembled *runtime = attach_runtime(), *function;

	feed_spawn(runtime, 100, 30 * MS);
	function = attach_function();
	feed_first_record(function);
	feed_end(function, 100, 7, 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_PROACTIVE));
	cr_assert(not(same_trace(&seen.cold.context, &seen.invocation[0].context)));
	cr_assert(is_root(&seen.cold.context));
	cr_assert(is_root(&seen.invocation[0].context));
	cr_assert(seen.linked);
}

Test(conclude, only_the_first_invocation_points_to_the_start)
{
	struct cs_assembled *runtime = attach_runtime(), *function;

	feed_spawn(runtime, 100, 30 * MS);
	function = attach_function();
	serve(function, "");
	feed_request(function, 100, 8, 80 * MS, "");
	feed_end(function, 100, 8, 85 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 2));
	cr_assert(not(seen.linked));
}

/* A runtime adds an id for its function that its own caller did not send. */
Test(conclude, without_an_id_in_common_the_only_request_in_flight_is_the_cause)
{
	struct cs_assembled *runtime = attach_runtime();
	struct cs_span_context start;

	feed_request(runtime, 50, 5, 20 * MS, "");
	feed_spawn(runtime, 100, 30 * MS);
	serve(attach_function(), "x-call-id: minted\n");
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_ON_DEMAND));
	cr_assert(eq(u64, phase_of(CS_PHASE_QUEUE)->start_ns, 20 * MS));
	start = seen.cold.context;
	feed_end(runtime, 50, 5, 80 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 2)); /* the function's, the runtime's */
	cr_assert(same_trace(&seen.invocation[0].context, &seen.invocation[1].context));
	cr_assert(eq(int,
		     memcmp(&seen.invocation[0].context.parent_span_id,
			    &seen.invocation[1].context.span_id, sizeof(struct cs_span_id)),
		     0));
	cr_assert(same_trace(&start, &seen.invocation[1].context));
	/* Nobody outside has decided whether it is sampled, and its id is our own. */
	cr_expect(not(seen.invocation[0].context.caller_decided));
	cr_expect(eq(u8, seen.invocation[0].context.trace_flags,
		     CS_TRACE_FLAG_SAMPLED | CS_TRACE_FLAG_RANDOM));
	cr_expect(eq(u8, start.trace_flags, seen.invocation[1].context.trace_flags));
}

Test(conclude, an_id_of_the_only_one_in_flight_that_the_function_did_not_get_does_not_matter)
{
	struct cs_assembled *runtime = attach_runtime();

	feed_request(runtime, 50, 5, 20 * MS, "x-request-id: r\n");
	feed_spawn(runtime, 100, 30 * MS);
	serve(attach_function(), "x-call-id: minted\n");
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_ON_DEMAND));
}

Test(conclude, two_in_flight_without_an_id_in_common_are_no_cause)
{
	struct cs_assembled *runtime = attach_runtime();

	feed_request(runtime, 50, 5, 20 * MS, "");
	feed_request(runtime, 50, 6, 21 * MS, "");
	feed_spawn(runtime, 100, 30 * MS);
	serve(attach_function(), "x-call-id: minted\n");
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_UNKNOWN));
	cr_assert(eq(ptr, (void *)phase_of(CS_PHASE_QUEUE), NULL));
}

Test(conclude, the_only_one_in_flight_with_another_id_is_no_cause)
{
	struct cs_assembled *runtime = attach_runtime();

	feed_request(runtime, 50, 5, 20 * MS, "x-call-id: other\n");
	feed_spawn(runtime, 100, 30 * MS);
	serve(attach_function(), "x-call-id: c\n");
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_UNKNOWN));
	cr_assert(eq(ptr, (void *)phase_of(CS_PHASE_QUEUE), NULL));
}

Test(conclude, a_start_while_other_requests_were_in_flight_is_of_unknown_cause)
{
	struct cs_assembled *runtime = attach_runtime(), *function;

	feed_request(runtime, 50, 5, 20 * MS, "x-call-id: other\n");
	feed_spawn(runtime, 100, 30 * MS);
	function = attach_function();
	feed_request(runtime, 50, 6, 65 * MS, "x-call-id: c\n");
	serve(function, "x-call-id: c\n");
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_UNKNOWN));
	cr_assert(not(seen.linked));
}

Test(conclude, a_start_by_an_unwatched_parent_is_of_unknown_cause_and_joins_its_first_request)
{
	serve(attach_function(), CALLER);
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_UNKNOWN));
	cr_assert(same_trace(&seen.cold.context, &seen.invocation[0].context));
	cr_assert(eq(u8, seen.cold.context.parent_span_id.bytes[0], 0xb7));
	cr_assert(not(seen.linked));
}

Test(conclude, a_start_by_our_own_program_is_of_unknown_cause)
{
	cs_assembler_child(assembler, 100, 10 * MS, 20 * MS);
	serve(attach_function(), "");
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_UNKNOWN));
	cr_assert(same_trace(&seen.cold.context, &seen.invocation[0].context));
}

Test(conclude, a_start_that_never_served_has_no_cause_and_a_trace)
{
	struct cs_assembled *runtime = attach_runtime();

	feed_spawn(runtime, 100, 30 * MS);
	end_process(attach_function(), 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_PROACTIVE));
	cr_assert(seen.cold.unused);
	cr_assert(eq(u64, stats_now().unused_inits, 1));
	cr_assert(is_root(&seen.cold.context));
	cr_assert(seen.cold.ready);
	cr_assert(eq(u64, phase_of(CS_PHASE_WAIT)->end_ns, 90 * MS));
}

/* A load balancer names a trace, and tells no span of its own. */
#define BALANCER "x-amzn-trace-id: Root=1-5759e988-bd862e3fe1be46a994272793\n"

Test(conclude, a_trace_that_nobodys_span_called_has_the_start_as_its_root)
{
	struct cs_assembled *server = attach_server();

	feed_request(server, 100, 7, 70 * MS, BALANCER);
	feed_end(server, 100, 7, 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u8, seen.cold.context.trace_id.bytes[0], 0x57));
	cr_assert(is_root(&seen.cold.context));
	cr_assert(same_trace(&seen.cold.context, &seen.invocation[0].context));
	cr_assert(eq(int,
		     memcmp(&seen.invocation[0].context.parent_span_id, &seen.cold.context.span_id,
			    sizeof(struct cs_span_id)),
		     0));
	cr_assert(not(seen.invocation[0].context.parent_remote));
	cr_expect(not(seen.invocation[0].context.caller_decided));
	/* A later one is a root beside it. */
	feed_request(server, 100, 8, 80 * MS, BALANCER);
	feed_end(server, 100, 8, 85 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u8, seen.invocation[1].context.trace_id.bytes[0], 0x57));
	cr_assert(is_root(&seen.invocation[1].context));
}

Test(conclude, any_carrier_in_common_tells_which_request_is_the_cause)
{
	static const char mine[] = "b3: 80f198ee56343ba864fe8b2a57d3eff7-05e3ac9a4f6e3b90-1\n";
	static const char other[] = "b3: 80f198ee56343ba864fe8b2a57d3eff7-15e3ac9a4f6e3b90-1\n";
	struct cs_assembled *runtime = attach_runtime();

	feed_request(runtime, 50, 5, 20 * MS, mine);
	feed_request(runtime, 50, 6, 21 * MS, other);
	feed_spawn(runtime, 100, 30 * MS);
	serve(attach_function(), mine);
	cr_assert(eq(u64, phase_of(CS_PHASE_QUEUE)->start_ns, 20 * MS));
	cr_assert(eq(u8, seen.cold.context.trace_id.bytes[0], 0x80));
}

Test(conclude, a_correlation_id_is_that_of_a_story_and_tells_no_request)
{
	struct cs_assembled *runtime = attach_runtime();

	feed_request(runtime, 50, 5, 20 * MS, "x-correlation-id: the callers\n");
	feed_spawn(runtime, 100, 30 * MS);
	serve(attach_function(), "x-correlation-id: the runtimes\n");
	cr_assert(eq(u32, seen.cold.init_type, CS_INIT_ON_DEMAND));
	cr_assert(eq(u64, phase_of(CS_PHASE_QUEUE)->start_ns, 20 * MS));
}

#define EVENT "ce-id: 7\nce-source: /s\n"

Test(conclude, attempts_of_an_event_are_counted_across_instances)
{
	struct cs_assembled *server = attach_server(), *other;
	struct cs_header header = server_of(200, "server");
	struct cs_span_context first;

	feed_request(server, 100, 7, 70 * MS, EVENT);
	feed_end(server, 100, 7, 79 * MS);
	cs_assembler_flush(assembler);
	first = seen.invocation[0].context;
	cr_assert(eq(u32, seen.invocation[0].attempt, 0));
	cr_assert(not(seen.follows));
	other = cs_assembler_attach(assembler, 3, &header, 200);
	feed_request(other, 200, 7, 90 * MS, EVENT);
	feed_end(other, 200, 7, 95 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocation[1].attempt, 2));
	cr_assert(seen.follows);
	cr_assert(
		eq(int, memcmp(&seen.previous.span_id, &first.span_id, sizeof(first.span_id)), 0));
	cr_assert(same_trace(&seen.previous, &first));
}

Test(conclude, a_runtime_and_its_function_make_no_attempts)
{
	struct cs_assembled *runtime = attach_runtime();

	feed_request(runtime, 50, 5, 20 * MS, EVENT);
	feed_spawn(runtime, 100, 30 * MS);
	serve(attach_function(), EVENT);
	feed_end(runtime, 50, 5, 80 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 2));
	cr_assert(eq(u32, seen.invocation[0].attempt, 0));
	cr_assert(eq(u32, seen.invocation[1].attempt, 0));
}

/* A request with X-Ray's context, of a server with that variable. */
static void serve_xray(const char *runtime_api)
{
	struct cs_header header = server_of(100, "server");
	struct cs_assembled *server;

	put_identity(&header, runtime_api);
	server = cs_assembler_attach(assembler, 1, &header, 100);
	feed_request(server, 100, 7, 70 * MS,
		     "x-amzn-trace-id: Root=1-5759e988-bd862e3fe1be46a994272793;"
		     "Parent=53995c3f42cd8ad8\n");
	feed_end(server, 100, 7, 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
}

Test(conclude, a_server_on_lambda_is_not_in_the_trace_of_xray)
{
	serve_xray("env.AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001");
	cr_assert(ne(u8, seen.invocation[0].context.trace_id.bytes[0], 0x57));
	cr_assert(not(seen.invocation[0].context.parent_remote));
}

/* As the shim has it, which hands that context on: where there is no port there is no Runtime API. */
Test(conclude, a_server_that_no_runtime_api_can_be_asked_by_is_in_the_trace_of_xray)
{
	serve_xray("env.AWS_LAMBDA_RUNTIME_API=localhost");
	cr_assert(eq(u8, seen.invocation[0].context.trace_id.bytes[0], 0x57));
	cr_assert(seen.invocation[0].context.parent_remote);
}
