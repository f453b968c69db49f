/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/conclude: a trace that the shim has handed on, below a runtime that is watched. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "tests/support/assembling.h"

#define CALLER "traceparent: " TRACEPARENT "\n"
/* The ids that the shim gave: no header named a trace, so that one of its own stands beside. */
#define GIVEN                                                                                      \
	"coldspan-span-id: 1111111111111111\n"                                                     \
	"coldspan-trace-id: 22222222222222222222222222222222\n"

static struct cs_assembled *runtime, *function;

/* A runtime that is asked by @headers from 60 ms on, and starts a function. */
static void start_below(const char *headers)
{
	struct cs_header header = server_of(50, "runtime");

	header.attach_monotonic_ns = MS;
	runtime = cs_assembler_attach(assembler, 1, &header, 50);
	feed_spawn(runtime, 100, 30 * MS);
	header = server_of(100, "function");
	function = cs_assembler_attach(assembler, 2, &header, 100);
	feed_request(runtime, 50, 5, 65 * MS, headers);
}

static void feed_body(const char *lines)
{
	struct cs_rec_event rec = {
		.messages = 1,
		.source = CS_INVOCATION_HTTP,
		.service = CS_EVENT_OPENWHISK,
		.id_len = CS_EVENT_OF_BYTES,
	};
	struct cs_event_of of = { .connection = 7 };
	char payload[sizeof(rec) + CS_EVENT_OF_BYTES];

	rec.text_len = (uint16_t)(CS_EVENT_OF_BYTES + strlen(lines));
	memcpy(payload, &rec, sizeof(rec));
	memcpy(payload + sizeof(rec), &of, CS_EVENT_OF_BYTES);
	feed(function, 100, CS_RECORD_EVENT, 71 * MS, payload, sizeof(payload), lines);
}

/* [0] is the function's, [1] the runtime's. */
static void serve(const char *headers, const char *body)
{
	feed_request(function, 100, 7, 70 * MS, headers);
	if (body)
		feed_body(body);
	feed_end(function, 100, 7, 79 * MS);
	feed_end(runtime, 50, 5, 85 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(uint, seen.invocations, 2));
	cr_assert(eq(int, seen.invocation[0].pid, 100));
}

static const struct cs_span_context *context_of(unsigned i)
{
	return &seen.invocation[i].context;
}

static bool is_below(const struct cs_span_context *child, const struct cs_span_context *parent)
{
	return !memcmp(&child->trace_id, &parent->trace_id, sizeof(child->trace_id)) &&
	       !memcmp(&child->parent_span_id, &parent->span_id, sizeof(child->parent_span_id));
}

TestSuite(handed, .init = assembling_start, .fini = assembling_stop);

Test(handed, an_event_whose_body_names_the_trace_of_what_brought_it_stands_below_that)
{
	start_below(CALLER);
	serve(GIVEN, CALLER);
	cr_expect(eq(u8, context_of(0)->trace_id.bytes[0], 0x0a));
	cr_expect(is_below(context_of(0), context_of(1)));
	cr_expect(eq(u8, context_of(1)->parent_span_id.bytes[0], 0xb7));
}

Test(handed, what_brought_an_event_is_lent_the_trace_and_caller_that_the_body_names)
{
	start_below("");
	serve(GIVEN, CALLER);
	cr_expect(eq(u8, context_of(0)->trace_id.bytes[0], 0x0a));
	cr_expect(is_below(context_of(0), context_of(1)));
	cr_expect(eq(u8, context_of(1)->parent_span_id.bytes[0], 0xb7));
}

Test(handed, a_body_names_the_trace_where_nothing_is_handed_on)
{
	start_below("");
	serve("", CALLER);
	cr_expect(eq(u8, context_of(0)->trace_id.bytes[0], 0x0a));
	cr_expect(is_below(context_of(0), context_of(1)));
	cr_expect(eq(u8, context_of(1)->parent_span_id.bytes[0], 0xb7));
}

Test(handed, a_body_that_names_another_trace_than_who_was_asked_is_not_what_that_brought)
{
	start_below("traceparent: 00-33333333333333333333333333333333-4444444444444444-01\n");
	serve("", CALLER);
	cr_expect(eq(u8, context_of(0)->trace_id.bytes[0], 0x0a));
	cr_expect(eq(u8, context_of(0)->parent_span_id.bytes[0], 0xb7));
	cr_expect(eq(u8, context_of(1)->trace_id.bytes[0], 0x33));
	cr_expect(eq(u8, context_of(1)->parent_span_id.bytes[0], 0x44));
}

Test(handed, what_brought_an_event_is_lent_the_trace_that_the_shim_made)
{
	start_below("");
	serve(GIVEN, NULL);
	cr_expect(eq(u8, context_of(0)->trace_id.bytes[0], 0x22));
	cr_expect(is_below(context_of(0), context_of(1)));
	cr_expect(not(context_of(1)->parent_remote));
}

/* A runtime that names a trace itself: who called it is not known, and the function's callees are in that trace. */
Test(handed, what_brought_a_request_is_in_the_trace_that_its_headers_name)
{
	start_below("");
	serve(CALLER "coldspan-span-id: 1111111111111111\n", NULL);
	cr_expect(eq(u8, context_of(0)->trace_id.bytes[0], 0x0a));
	cr_expect(is_below(context_of(0), context_of(1)));
	cr_expect(not(context_of(1)->parent_remote));
}

Test(handed, what_is_told_already_is_lent_nothing)
{
	start_below("");
	feed_end(runtime, 50, 5, 72 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(uint, seen.invocations, 1));
	feed_request(function, 100, 7, 70 * MS, GIVEN);
	feed_body(CALLER);
	feed_end(function, 100, 7, 79 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(uint, seen.invocations, 2));
	cr_expect(ne(u8, context_of(0)->trace_id.bytes[0], 0x0a));
	cr_expect(eq(u8, context_of(1)->trace_id.bytes[0], 0x0a));
	cr_expect(eq(u8, context_of(1)->parent_span_id.bytes[0], 0xb7));
}
