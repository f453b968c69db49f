/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/spans: cold starts and invocations as OpenTelemetry spans. */
#include "collector/spans/spans.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preload/wire/records.h"

static struct cs_spans spans;
static struct cs_span_batch batch;

static void start(void)
{
	cs_spans_init(&spans);
}

static void stop(void)
{
	cs_spans_deinit(&spans);
}

TestSuite(spans, .init = start, .fini = stop);

static struct cs_identity identity = {
	.name = "orders",
	.exe = "/usr/bin/python3",
	.argv0 = "python3",
	.script = "/app/orders.py",
	.pid = 100,
	.ppid = 50,
	.segment = 9,
	.anchor_monotonic_ns = 1000,
	.anchor_realtime_ns = 1700000000000001000,
};

static struct cs_cold_start cold_start(void)
{
	struct cs_cold_start cold = {
		.identity = &identity,
		.context = { .trace_id = { { 1 } }, .span_id = { { 2 } }, .trace_flags = 1 },
		.protocol = CS_PROTOCOL_HTTP,
		.init_type = CS_INIT_ON_DEMAND,
		.ready = true,
		.phases = { { CS_PHASE_LINK, 1000, 1400, "what came before was not seen" },
			    { CS_PHASE_RUNTIME, 1400, 3000, NULL } },
		.phases_count = 2,
		.start_ns = 1000,
		.end_ns = 3000,
	};

	cold.facts[CS_FACT_DLOPENS] = 3;
	return cold;
}

static const struct cs_inbound nothing;
static const struct cs_inbound inbound = {
	.ids = { [CS_REQUEST_ID_REQUEST] = (char *)"r-1", [CS_REQUEST_ID_CALL] = (char *)"c-1" },
};

static struct cs_invocation invocation(void)
{
	return (struct cs_invocation){
		.identity = &identity,
		.context = { .trace_id = { { 1 } },
			     .span_id = { { 3 } },
			     .parent_span_id = { { 2 } },
			     .trace_flags = 1,
			     .parent_remote = true },
		.protocol = CS_PROTOCOL_HTTP,
		.cold = true,
		.pid = 100,
		.start_ns = 2000,
		.first_byte_ns = 2600,
		.end_ns = 3000,
		.method = "POST",
		.target = "/orders",
		.status = 200,
		.inbound = &inbound,
	};
}

static const struct cs_value *find(const struct cs_attrs *attrs, const char *key)
{
	for (size_t i = 0; i < attrs->count; i++) {
		if (!strcmp(attrs->items[i].key, key))
			return &attrs->items[i].value;
	}
	return NULL;
}

static const char *text(const struct cs_attrs *attrs, const char *key)
{
	const struct cs_value *value = find(attrs, key);

	return value && value->type == CS_VALUE_STRING ? value->string : "(none)";
}

static int64_t number(const struct cs_attrs *attrs, const char *key)
{
	const struct cs_value *value = find(attrs, key);

	return value && value->type == CS_VALUE_INT ? value->integer : -1;
}

/* common/v1/common.proto of OTLP: keys of attributes must be unique. */
static void have_no_key_twice(const struct cs_attrs *attrs)
{
	for (size_t i = 0; i < attrs->count; i++) {
		for (size_t k = 0; k < i; k++)
			cr_assert(
				ne(str, (char *)attrs->items[i].key, (char *)attrs->items[k].key));
	}
}

static const struct cs_span *only_span(const struct cs_invocation *one)
{
	const struct cs_span *span;

	cs_spans_add_invocation(&spans, one);
	cr_assert(cs_spans_batch(&spans, &batch));
	cr_assert(eq(sz, cs_span_batch_count(&batch), 1));
	span = &batch.groups[0].spans[0];
	/* Whoever asks before it is made is told the same. */
	cr_expect(eq(int, cs_spans_invocation_failed(one), span->status == CS_STATUS_ERROR));
	have_no_key_twice(&batch.groups[0].resource);
	have_no_key_twice(&span->attrs);
	for (size_t i = 0; i < span->links_count; i++)
		have_no_key_twice(&span->links[i].attrs);
	return span;
}

Test(spans, a_cold_start_is_a_span_with_one_below_for_each_phase)
{
	struct cs_cold_start cold = cold_start();
	const struct cs_span *span;

	cs_spans_add_cold_start(&spans, &cold);
	cr_assert(cs_spans_batch(&spans, &batch));
	cr_assert(eq(sz, batch.groups_count, 1));
	cr_assert(eq(sz, batch.groups[0].spans_count, 3));
	span = batch.groups[0].spans;
	cr_assert(eq(str, (char *)span[0].name, (char *)"cold start"));
	cr_assert(eq(u64, span[0].start_unix_ns, 1700000000000001000));
	cr_assert(eq(u64, span[0].end_unix_ns, 1700000000000003000));
	cr_assert(eq(str, (char *)text(&span[0].attrs, "coldspan.init.type"), (char *)"on_demand"));
	cr_assert(find(&span[0].attrs, "coldspan.init.counted")->boolean);
	cr_assert(eq(ptr, (void *)find(&span[0].attrs, "coldspan.init.unused"), NULL));
	cr_assert(eq(i64, number(&span[0].attrs, "coldspan.dlopens"), 3));
	cr_assert(eq(ptr, (void *)find(&span[0].attrs, "coldspan.cpu_ns"), NULL)); /* unknown */
	cr_assert(eq(str, (char *)span[1].name, (char *)"link"));
	cr_assert(eq(str, (char *)span[2].name, (char *)"runtime"));
	cr_assert(eq(u64, span[1].end_unix_ns, span[2].start_unix_ns));
	cr_assert(ne(ptr, (void *)find(&span[1].attrs, "coldspan.phase.approximate"), NULL));
	cr_assert(eq(ptr, (void *)find(&span[2].attrs, "coldspan.phase.approximate"), NULL));
	for (unsigned i = 1; i < 3; i++) {
		cr_assert(eq(int, memcmp(&span[i].parent_span_id, &span[0].span_id, 8), 0));
		cr_assert(eq(int, memcmp(&span[i].trace_id, &span[0].trace_id, 16), 0));
	}
	cr_assert(ne(int, memcmp(&span[1].span_id, &span[2].span_id, 8), 0));
}

Test(spans, the_resource_says_whose_spans_these_are)
{
	struct cs_invocation one = invocation();
	const struct cs_attrs *resource;

	only_span(&one);
	resource = &batch.groups[0].resource;
	cr_assert(eq(str, (char *)text(resource, "service.name"), (char *)"orders"));
	cr_assert(eq(str, (char *)text(resource, "faas.instance"), (char *)"9-100"));
	cr_assert(eq(i64, number(resource, "process.pid"), 100));
	cr_assert(eq(str, (char *)text(resource, "coldspan.script"), (char *)"/app/orders.py"));
	cr_assert(eq(ptr, (void *)find(resource, "faas.version"), NULL));
}

Test(spans, a_process_without_a_pid_that_we_see_tells_none)
{
	struct cs_invocation one = invocation();
	struct cs_identity unseen = identity;

	unseen.pid = unseen.ppid = -5;
	one.identity = &unseen;
	one.pid = -6;
	cr_assert(eq(ptr, (void *)find(&only_span(&one)->attrs, "coldspan.worker.pid"), NULL));
	cr_assert(eq(ptr, (void *)find(&batch.groups[0].resource, "process.pid"), NULL));
	cr_assert(eq(ptr, (void *)find(&batch.groups[0].resource, "process.parent_pid"), NULL));
}

Test(spans, an_invocation_is_a_server_span_in_its_callers_trace)
{
	struct cs_invocation one = invocation();
	const struct cs_span *span = only_span(&one);
	const struct cs_value *header = find(&span->attrs, "http.request.header.x-request-id");

	cr_assert(eq(str, (char *)span->name, (char *)"POST"));
	cr_assert(eq(int, (int)span->kind, CS_SPAN_SERVER));
	cr_assert(eq(u32, span->flags,
		     CS_SPAN_FLAG_SAMPLED | CS_SPAN_FLAG_REMOTE_KNOWN | CS_SPAN_FLAG_REMOTE));
	cr_assert(eq(str, (char *)text(&span->attrs, "url.path"), (char *)"/orders"));
	cr_assert(eq(str, (char *)text(&span->attrs, "faas.invocation_id"), (char *)"c-1"));
	cr_assert(eq(i64, number(&span->attrs, "http.response.status_code"), 200));
	cr_assert(eq(i64, number(&span->attrs, "coldspan.first_byte_ns"), 600));
	cr_assert(eq(int, (int)span->status, CS_STATUS_UNSET));
	cr_assert(header && header->type == CS_VALUE_STRINGS);
	cr_assert(eq(str, (char *)header->strings.items[0], (char *)"r-1"));
}

Test(spans, a_method_that_nobody_knows_is_no_name)
{
	static char methods[][9] = { "PROPFIND", "get" };
	struct cs_invocation one = invocation();
	const struct cs_span *span;

	for (size_t i = 0; i < 2; i++) {
		one.method = methods[i];
		span = only_span(&one);
		cr_expect(eq(str, (char *)span->name, (char *)"HTTP"));
		cr_expect(eq(str, (char *)text(&span->attrs, "http.request.method"),
			     (char *)"_OTHER"));
		cr_expect(eq(str, (char *)text(&span->attrs, "http.request.method_original"),
			     methods[i]));
		cs_spans_reset(&spans);
	}
	one.method = "PATCH";
	span = only_span(&one);
	cr_expect(eq(str, (char *)span->name, (char *)"PATCH"));
	cr_expect(eq(ptr, (void *)find(&span->attrs, "http.request.method_original"), NULL));
}

Test(spans, which_methods_are_known_is_read_when_a_batch_is_made)
{
	struct cs_invocation one = invocation();

	one.method = "PATCH";
	setenv("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", "PROPFIND", 1);
	cr_expect(eq(str, (char *)only_span(&one)->name, (char *)"PATCH"));
	cs_spans_deinit(&spans);
	cs_spans_init(&spans);
	cr_expect(eq(str, (char *)only_span(&one)->name, (char *)"HTTP"));
}

/* Of a server's span 4xx is no error (semantic conventions for HTTP spans, "Status"). */
Test(spans, a_request_says_how_it_came_and_how_it_failed)
{
	static const struct {
		unsigned version, status;
		bool aborted;
		const char *told, *error;
	} rows[] = {
		{ 11, 200, false, "1.1", "(none)" }, { 10, 404, false, "1.0", "(none)" },
		{ 11, 499, false, "1.1", "(none)" }, { 11, 500, false, "1.1", "500" },
		{ 11, 503, true, "1.1", "503" },     { 11, 200, true, "1.1", "aborted" },
		{ 0, 0, false, "(none)", "(none)" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cs_invocation one = invocation();
		const struct cs_span *span;

		one.version = rows[i].version;
		one.status = rows[i].status;
		one.aborted = rows[i].aborted;
		span = only_span(&one);
		cr_expect(eq(str, (char *)text(&span->attrs, "network.protocol.version"),
			     (char *)rows[i].told));
		cr_expect(eq(str, (char *)text(&span->attrs, "url.scheme"), (char *)"http"));
		cr_expect(eq(str, (char *)text(&span->attrs, "error.type"), (char *)rows[i].error));
		cr_expect(eq(int, span->status == CS_STATUS_ERROR,
			     strcmp(rows[i].error, "(none)") != 0));
		cs_spans_reset(&spans);
	}
}

Test(spans, what_is_not_known_is_not_said)
{
	struct cs_invocation one = invocation();
	const struct cs_span *span;

	one.method = one.target = NULL;
	one.inbound = &nothing;
	one.first_byte_ns = one.status = 0;
	span = only_span(&one);
	cr_assert(eq(str, (char *)span->name, (char *)"orders"));
	cr_assert(eq(str, (char *)text(&span->attrs, "faas.trigger"), (char *)"other"));
	cr_assert(eq(ptr, (void *)find(&span->attrs, "http.request.method"), NULL));
	cr_assert(eq(ptr, (void *)find(&span->attrs, "url.scheme"), NULL));
	cr_assert(eq(ptr, (void *)find(&span->attrs, "http.response.status_code"), NULL));
	cr_assert(eq(ptr, (void *)find(&span->attrs, "coldspan.first_byte_ns"), NULL));
	cr_assert(eq(ptr, (void *)find(&span->attrs, "http.request.header.x-request-id"), NULL));
}

Test(spans, an_end_that_was_not_seen_is_said_to_be_approximate)
{
	struct cs_invocation one = invocation();

	cr_assert(eq(ptr, (void *)find(&only_span(&one)->attrs, "coldspan.approximate"), NULL));
	cs_spans_reset(&spans);
	one.approximate = CS_END_UNSEEN;
	cr_assert(ne(ptr, (void *)find(&only_span(&one)->attrs, "coldspan.approximate"), NULL));
}

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

static const char *cut_of(uint32_t cut)
{
	struct cs_invocation one = invocation();
	const struct cs_value *value;
	static char told[64];

	cs_spans_reset(&spans);
	one.cut = cut;
	value = find(&only_span(&one)->attrs, "coldspan.request.cut");
	told[0] = '\0';
	for (size_t i = 0; value && i < value->strings.count; i++)
		strcat(strcat(told, " "), value->strings.items[i]);
	return told;
}

Test(spans, what_of_a_request_was_too_long_to_be_kept_is_said)
{
	cr_assert(eq(str, (char *)cut_of(0), (char *)""));
	cr_assert(eq(str, (char *)cut_of(CS_REQUEST_HEADERS_CUT), (char *)" headers"));
	cr_assert(eq(str, (char *)cut_of(CS_REQUEST_TARGET_CUT), (char *)" target"));
	cr_assert(eq(str, (char *)cut_of(CS_REQUEST_HEADERS_CUT | CS_REQUEST_TARGET_CUT),
		     (char *)" headers target"));
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

	cr_assert(eq(ptr, (void *)find(&only_span(&one)->attrs, "coldspan.attempt"), NULL));
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
	struct cs_message messages[3] = {
		{ .id = (char *)"m-1",
		  .has_context = true,
		  .context = { .trace_id = { 5 }, .parent_id = { 6 }, .flags = 1 },
		  .state = (char *)"b=2" },
		{ .id = (char *)"m-2", .attempt = 2, .has_previous = true, .previous = before },
		{ .id = (char *)"m-3", .attempt = 2, .has_previous = true, .previous = before },
	};
	struct cs_lambda_event event = { .id = (char *)"r-1",
					 .service = CS_EVENT_SQS,
					 .messages = messages,
					 .messages_count = 3,
					 .messages_found = 5,
					 .messages_cut = true };
	struct cs_invocation one = invocation();
	const struct cs_span *span;

	one.lambda = &event;
	span = only_span(&one);
	cr_assert(eq(str, (char *)text(&span->attrs, "faas.trigger"), (char *)"pubsub"));
	cr_assert(eq(str, (char *)text(&span->attrs, "coldspan.event.service"), (char *)"sqs"));
	cr_assert(eq(i64, number(&span->attrs, "messaging.batch.message_count"), 5));
	cr_assert(eq(i64, number(&span->attrs, "coldspan.event.unlinked"), 2));
	cr_assert(find(&span->attrs, "coldspan.event.cut")->boolean);
	cr_assert(eq(str, (char *)span->links[0].trace_state, (char *)"b=2"));
	cr_assert(eq(sz, span->links_count, 4)); /* the attempt before was one for both */
	cr_assert(eq(str, (char *)text(&span->links[0].attrs, "coldspan.link"), (char *)"message"));
	cr_assert(eq(str, (char *)text(&span->links[0].attrs, "messaging.message.id"),
		     (char *)"m-1"));
	cr_assert(eq(u8, span->links[0].span_id.bytes[0], 6));
	cr_assert(eq(ptr, (void *)find(&span->links[0].attrs, "coldspan.attempt"), NULL));
	cr_assert(eq(u8, span->links[1].span_id.bytes[0], 0));
	cr_assert(eq(i64, number(&span->links[1].attrs, "coldspan.attempt"), 2));
	cr_assert(eq(str, (char *)text(&span->links[3].attrs, "coldspan.link"), (char *)"attempt"));
	cr_assert(eq(u8, span->links[3].span_id.bytes[0], 8));
}

Test(spans, an_invocation_has_one_id_whoever_gave_others)
{
	struct cs_inbound ids = { .carrier = CS_CARRIER_NONE };
	struct cs_lambda_event event = { .id = (char *)"r-1", .messages_found = 2 };
	struct cs_lambda_event body = { .messages_found = 3 };
	struct cs_invocation one = invocation();
	const struct cs_span *span;

	ids.ids[CS_REQUEST_ID_EXECUTION] = (char *)"e-1";
	one.inbound = &ids;
	one.lambda = &event;
	one.batch = &body;
	span = only_span(&one);
	cr_assert(eq(str, (char *)text(&span->attrs, "faas.invocation_id"), (char *)"r-1"));
	cr_assert(find(&span->attrs, "http.request.header.function-execution-id") != NULL);
}

static const char *header_text(const struct cs_attrs *attrs, const char *key)
{
	const struct cs_value *value = find(attrs, key);

	return value && value->type == CS_VALUE_STRINGS && value->strings.count == 1
		       ? value->strings.items[0]
		       : "(none)";
}

Test(spans, ids_have_the_names_of_the_conventions)
{
	struct cs_inbound ids = { .carrier = CS_CARRIER_NONE };
	struct cs_invocation one = invocation();
	const struct cs_attrs *attrs;

	for (unsigned i = 0; i < CS_REQUEST_ID_COUNT; i++) {
		static char names[CS_REQUEST_ID_COUNT][4];

		snprintf(names[i], sizeof(names[i]), "i%u", i);
		ids.ids[i] = names[i];
	}
	one.inbound = &ids;
	attrs = &only_span(&one)->attrs;
	/* The first of those that name the invocation has the name; the others keep theirs. */
	cr_assert(eq(str, (char *)text(attrs, "faas.invocation_id"), (char *)"i0"));
	cr_assert(eq(ptr, (void *)find(attrs, "coldspan.openwhisk.activation_id"), NULL));
	cr_assert(
		eq(str,
		   (char *)header_text(attrs, "http.request.header.x-azure-functions-invocationid"),
		   (char *)"i1"));
	cr_assert(eq(str, (char *)header_text(attrs, "http.request.header.function-execution-id"),
		     (char *)"i2"));
	cr_assert(
		eq(str, (char *)header_text(attrs, "http.request.header.x-call-id"), (char *)"i3"));
	cr_assert(eq(str, (char *)header_text(attrs, "http.request.header.x-correlation-id"),
		     (char *)"i5"));
	cr_assert(eq(str, (char *)text(attrs, "cloudevents.event_id"), (char *)"i6"));
	cr_assert(eq(str, (char *)text(attrs, "cloudevents.event_source"), (char *)"i7"));
	cr_assert(eq(str, (char *)text(attrs, "cloudevents.event_type"), (char *)"i8"));
	cr_assert(eq(str, (char *)header_text(attrs, "http.request.header.cf-ray"), (char *)"i11"));
	cr_assert(eq(str, (char *)text(attrs, "coldspan.openwhisk.transaction_id"), (char *)"i13"));
}

Test(spans, where_the_context_is_from_and_what_was_refused_is_said)
{
	struct cs_inbound from = { .carrier = CS_CARRIER_B3,
				   .refused =
					   1u << CS_CARRIER_TRACEPARENT | 1u << CS_CARRIER_XRAY };
	struct cs_invocation one = invocation();
	const struct cs_value *refused;
	const struct cs_attrs *attrs;

	attrs = &only_span(&one)->attrs;
	cr_assert(eq(ptr, (void *)find(attrs, "coldspan.context.carrier"), NULL));
	cr_assert(eq(ptr, (void *)find(attrs, "coldspan.context.refused"), NULL));
	cs_spans_reset(&spans);
	one.inbound = &from;
	attrs = &only_span(&one)->attrs;
	cr_assert(eq(str, (char *)text(attrs, "coldspan.context.carrier"), (char *)"b3"));
	refused = find(attrs, "coldspan.context.refused");
	cr_assert(ne(ptr, (void *)refused, NULL));
	cr_assert(eq(sz, refused->strings.count, 2));
	cr_assert(eq(str, (char *)refused->strings.items[0], (char *)"traceparent"));
	cr_assert(eq(str, (char *)refused->strings.items[1], (char *)"x-amzn-trace-id"));
}

Test(spans, a_worker_that_is_not_the_process_itself_is_named)
{
	struct cs_invocation one = invocation();

	one.pid = 101;
	cr_assert(eq(i64, number(&only_span(&one)->attrs, "coldspan.worker.pid"), 101));
}

Test(spans, a_signal_is_an_error_with_its_name)
{
	struct cs_invocation one = invocation();
	const struct cs_span *span;

	one.outcome = (struct cs_outcome){ CS_CAUSE_SIGNAL, SIGKILL };
	span = only_span(&one);
	cr_assert(eq(int, (int)span->status, CS_STATUS_ERROR));
	cr_assert(eq(str, (char *)span->status_message, (char *)"killed by signal 9 (SIGKILL)"));
	cr_assert(eq(str, (char *)text(&span->attrs, "error.type"), (char *)"signal"));
	cr_assert(eq(i64, number(&span->attrs, "coldspan.exit.signal"), SIGKILL));
}

Test(spans, an_exit_status_is_an_error_unless_it_is_0)
{
	struct cs_invocation one = invocation();
	const struct cs_span *span;

	one.outcome = (struct cs_outcome){ CS_CAUSE_EXIT, 0 };
	span = only_span(&one);
	cr_assert(eq(int, (int)span->status, CS_STATUS_UNSET));
	cr_assert(eq(i64, number(&span->attrs, "process.exit.code"), 0));
	cs_spans_reset(&spans);
	one.outcome.code = 3;
	span = only_span(&one);
	cr_assert(eq(int, (int)span->status, CS_STATUS_ERROR));
	cr_assert(eq(str, (char *)span->status_message, (char *)"exit status 3"));
}

Test(spans, exit_status_0_is_an_error_where_an_answer_was_owed)
{
	struct cs_invocation one = invocation();
	const struct cs_span *span;

	one.outcome = (struct cs_outcome){ CS_CAUSE_EXIT, 0 };
	one.protocol = CS_PROTOCOL_HTTP;
	one.first_byte_ns = 0;
	span = only_span(&one);
	cr_assert(eq(int, (int)span->status, CS_STATUS_ERROR));
	cr_assert(eq(str, (char *)text(&span->attrs, "error.type"), (char *)"exit"));
	cs_spans_reset(&spans);
	one.first_byte_ns = one.start_ns; /* it may last until the connection is closed */
	cr_assert(eq(int, (int)only_span(&one)->status, CS_STATUS_UNSET));
	cs_spans_reset(&spans);
	one.protocol = CS_PROTOCOL_LAMBDA;
	cr_assert(eq(int, (int)only_span(&one)->status, CS_STATUS_ERROR));
}

Test(spans, an_end_that_nobody_told_is_said_to_be_unknown)
{
	struct cs_invocation one = invocation();
	const struct cs_span *span;

	one.outcome.cause = CS_CAUSE_UNKNOWN;
	span = only_span(&one);
	cr_assert(eq(int, (int)span->status, CS_STATUS_ERROR));
	cr_assert(eq(str, (char *)text(&span->attrs, "error.type"), (char *)"unknown"));
}

Test(spans, a_response_of_500_and_one_cut_short_are_errors)
{
	struct cs_invocation one = invocation();
	const struct cs_span *span;

	one.status = 503;
	cr_assert(eq(int, (int)only_span(&one)->status, CS_STATUS_ERROR));
	cs_spans_reset(&spans);
	one.status = 404;
	cr_assert(eq(int, (int)only_span(&one)->status, CS_STATUS_UNSET));
	cs_spans_reset(&spans);
	one.aborted = true;
	span = only_span(&one);
	cr_assert(eq(int, (int)span->status, CS_STATUS_ERROR));
	cr_assert(ne(ptr, (void *)span->status_message, NULL));
}

Test(spans, anchors_that_lie_never_put_an_end_before_its_start)
{
	static const uint64_t reals[] = { 0, 1, UINT64_MAX - 2000, UINT64_MAX };
	static const uint64_t monos[] = { 0, 2500, UINT64_MAX };

	for (unsigned i = 0; i < 12; i++) {
		struct cs_identity liar = identity;
		struct cs_invocation one = invocation();
		const struct cs_span *span;

		liar.anchor_realtime_ns = reals[i % 4];
		liar.anchor_monotonic_ns = monos[i / 4];
		one.identity = &liar;
		cs_spans_reset(&spans);
		span = only_span(&one);
		cr_assert(le(u64, span->start_unix_ns, span->end_unix_ns));
	}
}

Test(spans, numbers_that_no_integer_holds_are_the_largest)
{
	struct cs_cold_start cold = cold_start();

	cold.usage_known = true;
	cold.cpu_ns = UINT64_MAX;
	cs_spans_add_cold_start(&spans, &cold);
	cr_assert(cs_spans_batch(&spans, &batch));
	cr_assert(eq(i64, number(&batch.groups[0].spans[0].attrs, "coldspan.cpu_ns"), INT64_MAX));
}

Test(spans, instances_have_groups_of_their_own)
{
	struct cs_invocation one = invocation();
	struct cs_identity other = identity;

	other.segment = 10;
	for (unsigned i = 0; i < 40; i++) {
		one.identity = i % 2 ? &other : &identity;
		one.context.span_id.bytes[1] = (uint8_t)i;
		cs_spans_add_invocation(&spans, &one);
	}
	cr_assert(cs_spans_batch(&spans, &batch));
	cr_assert(eq(sz, batch.groups_count, 2));
	cr_assert(eq(sz, batch.groups[0].spans_count, 20));
	/* in their order, across the pieces that they are kept in */
	for (size_t i = 1; i < 20; i++)
		cr_assert(lt(u8, batch.groups[0].spans[i - 1].span_id.bytes[1],
			     batch.groups[0].spans[i].span_id.bytes[1]));
}

Test(spans, a_batch_is_full_at_its_limit_and_empty_after_a_reset)
{
	struct cs_invocation one = invocation();

	cr_assert(not(cs_spans_batch(&spans, &batch)));
	for (unsigned i = 0; i < CS_SPANS_COUNT_MAX; i++) {
		cr_assert(not(cs_spans_full(&spans)));
		cs_spans_add_invocation(&spans, &one);
	}
	cr_assert(cs_spans_full(&spans));
	cs_spans_reset(&spans);
	cr_assert(not(cs_spans_full(&spans)));
	cr_assert(not(cs_spans_batch(&spans, &batch)));
}

Test(spans, what_there_is_no_memory_for_is_counted_span_by_span)
{
	struct cs_cold_start cold = cold_start();
	struct cs_invocation one = invocation();
	uint64_t told = 0;

	/* One block is what there is: some fit, and from then on each is lost. */
	spans.arena.limit_bytes = spans.arena.block_bytes;
	for (unsigned i = 0; i < 20; i++) {
		cs_spans_add_cold_start(&spans, &cold);
		cs_spans_add_invocation(&spans, &one);
	}
	if (cs_spans_batch(&spans, &batch))
		told = cs_span_batch_count(&batch);
	cr_assert(ne(u64, spans.lost, 0));
	cr_assert(eq(u64, told + spans.lost, 20 * 4));
}

Test(spans, texts_are_copies)
{
	char target[] = "/orders";
	struct cs_invocation one = invocation();

	one.target = target;
	cs_spans_add_invocation(&spans, &one);
	memset(target, 'x', sizeof(target) - 1);
	cr_assert(cs_spans_batch(&spans, &batch));
	cr_assert(eq(str, (char *)text(&batch.groups[0].spans[0].attrs, "url.path"),
		     (char *)"/orders"));
}

Test(spans, an_azure_function_is_named_by_its_app_and_its_path)
{
	static const struct cs_platform app = { .name = "azure.functions",
						.app = "shop",
						.app_id = "/subscriptions/s/sites/shop" };
	struct cs_identity azure = identity;
	struct cs_invocation one = invocation();
	struct cs_inbound came = *one.inbound;
	char id[] = "7d1";
	const struct cs_span *span;

	azure.platform = &app;
	one.identity = &azure;
	one.inbound = &came;
	one.method = "POST";
	one.target = "/Orders";
	span = only_span(&one); /* nothing says that the host called */
	cr_assert(eq(ptr, (void *)find(&span->attrs, "faas.name"), NULL));
	cr_assert(eq(ptr, (void *)find(&batch.groups[0].resource, "faas.name"), NULL));
	came.ids[CS_REQUEST_ID_AZURE] = id;
	cs_spans_reset(&spans);
	span = only_span(&one);
	cr_assert(eq(str, (char *)text(&span->attrs, "faas.name"), (char *)"shop/Orders"));
	cr_assert(eq(str, (char *)text(&span->attrs, "cloud.resource_id"),
		     (char *)"/subscriptions/s/sites/shop/functions/Orders"));
	one.target = "/api/orders"; /* a request that is handed on: of a route, not of a function */
	cs_spans_reset(&spans);
	span = only_span(&one);
	cr_assert(eq(ptr, (void *)find(&span->attrs, "faas.name"), NULL));
}

Test(spans, whether_a_start_failed_is_known_before_its_span)
{
	static const struct cs_outcome outcomes[] = {
		{ CS_CAUSE_NONE, 0 },         { CS_CAUSE_EXIT, 0 },
		{ CS_CAUSE_EXIT, 3 },         { CS_CAUSE_SIGNAL, SIGKILL },
		{ CS_CAUSE_SIGNAL, SIGTERM }, { CS_CAUSE_TIMEOUT, SIGKILL },
		{ CS_CAUSE_UNKNOWN, 0 },
	};
	struct cs_lambda_place place = { .runtime_api = "127.0.0.1:1", .init_error = "Crashed" };
	struct cs_identity lambda = identity;

	lambda.lambda = &place;
	for (unsigned i = 0; i < 4 * sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		struct cs_cold_start cold = cold_start();

		cold.outcome = outcomes[i / 4];
		cold.unused = i & 1;
		cold.load_status = i & 2 && i < 8 ? 502 : 0;
		cold.identity = i >= 24 ? &lambda : &identity;
		cs_spans_add_cold_start(&spans, &cold);
		cr_assert(cs_spans_batch(&spans, &batch));
		cr_expect(eq(int, cs_spans_cold_start_failed(&cold),
			     batch.groups[0].spans[0].status == CS_STATUS_ERROR),
			  "outcome %u, case %u", i / 4, i % 4);
		cs_spans_reset(&spans);
	}
}

Test(spans, a_trace_state_can_be_set_when_all_are_there)
{
	struct cs_cold_start cold = cold_start();
	struct cs_invocation one = invocation();

	one.context.trace_state = "a=1";
	cs_spans_add_cold_start(&spans, &cold);
	cs_spans_add_invocation(&spans, &one);
	cs_spans_set_trace_state(&spans, "ot=th:c,a=1");
	cr_assert(cs_spans_batch(&spans, &batch));
	cr_assert(eq(sz, batch.groups[0].spans_count, 4));
	for (size_t i = 0; i < 4; i++)
		cr_expect(eq(str, (char *)batch.groups[0].spans[i].trace_state,
			     (char *)"ot=th:c,a=1"));
	cs_spans_set_trace_state(&spans, "");
	cr_assert(cs_spans_batch(&spans, &batch));
	cr_expect(eq(ptr, (void *)batch.groups[0].spans[0].trace_state, NULL));
}
