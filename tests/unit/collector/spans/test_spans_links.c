/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Unit tests of collector/spans: what a span is linked to: its start, its event, its
 * messages, attempts before.
 */
#include "tests/unit/collector/spans/spans_fixture.h"

Test(spans, a_start_in_a_trace_of_its_own_is_linked)
{
	struct cs_span_context start_context = { .trace_id = { { 7 } }, .span_id = { { 8 } } };
	struct cs_invocation one = invocation();
	const struct cs_span *span;

	cr_assert(eq(sz, only_span(&one)->links_count, 0));
	cs_spans_reset(&spans);
	one.started = &start_context;
	span = only_span(&one);
	cr_assert(eq(sz, span->links_count, 1));
	cr_assert(eq(u8, span->links[0].trace_id.bytes[0], 7));
	cr_assert(eq(u8, span->links[0].span_id.bytes[0], 8));
}

Test(spans, where_an_event_was_made_is_linked_beside_the_start)
{
	struct cs_span_context start_context = { .trace_id = { { 7 } }, .span_id = { { 8 } } };
	struct cs_inbound event = {
		.created = { .trace_id = { 5 }, .parent_id = { 6 }, .flags = 1 },
		.has_created = true,
		.created_state = (char *)"a=1"
	};
	struct cs_invocation one = invocation();
	const struct cs_span *span;

	one.inbound = &event;
	one.started = &start_context;
	span = only_span(&one);
	cr_assert(eq(sz, span->links_count, 2));
	cr_assert(eq(str, (char *)text(&span->links[0].attrs, "coldspan.link"), (char *)"start"));
	cr_assert(eq(str, (char *)text(&span->links[1].attrs, "coldspan.link"), (char *)"event"));
	cr_assert(eq(u8, span->links[1].trace_id.bytes[0], 5));
	cr_assert(eq(u8, span->links[1].span_id.bytes[0], 6));
	cr_assert(eq(str, (char *)span->links[1].trace_state, (char *)"a=1"));
	cr_assert(
		eq(u32, span->links[1].flags, 1 | CS_SPAN_FLAG_REMOTE_KNOWN | CS_SPAN_FLAG_REMOTE));
}

Test(spans, what_xray_calls_the_caller_is_linked)
{
	struct cs_inbound on_lambda = { .xray = { .trace_id = { 5 }, .parent_id = { 6 } },
					.has_xray = true };
	struct cs_invocation one = invocation();
	const struct cs_span *span;

	one.inbound = &on_lambda;
	span = only_span(&one);
	cr_assert(eq(sz, span->links_count, 1));
	cr_assert(eq(str, (char *)text(&span->links[0].attrs, "coldspan.link"), (char *)"x-ray"));
	cr_assert(eq(str, (char *)text(&span->links[0].attrs, "source"), (char *)"(none)"));
	cr_assert(eq(u8, span->links[0].span_id.bytes[0], 6));
}

Test(spans, an_attempt_has_its_number_and_follows_the_one_before)
{
	struct cs_span_context before = { .trace_id = { { 7 } }, .span_id = { { 8 } } };
	struct cs_invocation one = invocation();
	const struct cs_span *span;

	cr_assert(eq(ptr, (void *)cs_attributes_find(&only_span(&one)->attrs, "coldspan.attempt"),
		     NULL));
	cs_spans_reset(&spans);
	one.attempt = 2;
	one.previous = &before;
	span = only_span(&one);
	cr_assert(eq(i64, number(&span->attrs, "coldspan.attempt"), 2));
	cr_assert(eq(sz, span->links_count, 1));
	cr_assert(eq(str, (char *)text(&span->links[0].attrs, "coldspan.link"), (char *)"attempt"));
	cr_assert(eq(u8, span->links[0].span_id.bytes[0], 8));
}

Test(spans, each_message_of_a_batch_is_linked)
{
	struct cs_span_context before = { .trace_id = { { 7 } }, .span_id = { { 8 } } };
	struct cs_message messages[4] = {
		{ .id = (char *)"m-1",
		  .has_context = true,
		  .context = { .trace_id = { 5 }, .parent_id = { 6 }, .flags = 1 },
		  .state = (char *)"b=2" },
		{ .id = (char *)"m-2", .attempt = 2, .has_previous = true, .previous = before },
		{ .id = (char *)"m-3", .attempt = 2, .has_previous = true, .previous = before },
		{ .id = (char *)"m-4", .attempt = 1 },
	};
	struct cs_lambda_event event = { .id = (char *)"r-1",
					 .service = CS_EVENT_SQS,
					 .messages = messages,
					 .messages_count = 4,
					 .messages_found = 6,
					 .messages_cut = true };
	struct cs_invocation one = invocation();
	const struct cs_span *span;

	one.lambda = &event;
	span = only_span(&one);
	cr_assert(eq(str, (char *)text(&span->attrs, "faas.trigger"), (char *)"pubsub"));
	cr_assert(eq(str, (char *)text(&span->attrs, "coldspan.event.service"), (char *)"sqs"));
	cr_assert(eq(i64, number(&span->attrs, "messaging.batch.message_count"), 6));
	cr_assert(eq(i64, number(&span->attrs, "coldspan.event.unlinked"), 2));
	cr_assert(cs_attributes_find(&span->attrs, "coldspan.event.cut")->boolean);
	cr_assert(eq(str, (char *)span->links[0].trace_state, (char *)"b=2"));
	cr_assert(eq(sz, span->links_count, 5)); /* the attempt before was one for both */
	cr_assert(eq(str, (char *)text(&span->links[0].attrs, "coldspan.link"), (char *)"message"));
	cr_assert(eq(str, (char *)text(&span->links[0].attrs, "messaging.message.id"),
		     (char *)"m-1"));
	cr_assert(eq(u8, span->links[0].span_id.bytes[0], 6));
	cr_assert(eq(ptr, (void *)cs_attributes_find(&span->links[0].attrs, "coldspan.attempt"),
		     NULL));
	cr_assert(eq(u8, span->links[1].span_id.bytes[0], 0));
	cr_assert(eq(i64, number(&span->links[1].attrs, "coldspan.attempt"), 2));
	cr_assert(eq(i64, number(&span->links[3].attrs, "coldspan.attempt"), 1));
	cr_assert(eq(str, (char *)text(&span->links[4].attrs, "coldspan.link"), (char *)"attempt"));
	cr_assert(eq(u8, span->links[4].span_id.bytes[0], 8));
}
