/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Unit tests of collector/spans: what the span of an invocation says of its request, its
 * ids and its context.
 */
#include "tests/unit/collector/spans/spans_fixture.h"

Test(spans, an_invocation_is_a_server_span_in_its_callers_trace)
{
	struct cs_invocation one = invocation();
	const struct cs_span *span = only_span(&one);
	const struct cs_value *header =
		cs_attributes_find(&span->attrs, "http.request.header.x-request-id");

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
	cr_expect(eq(ptr, (void *)cs_attributes_find(&span->attrs, "http.request.method_original"),
		     NULL));
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
	cr_assert(eq(ptr, (void *)cs_attributes_find(&span->attrs, "http.request.method"), NULL));
	cr_assert(eq(ptr, (void *)cs_attributes_find(&span->attrs, "url.scheme"), NULL));
	cr_assert(eq(ptr, (void *)cs_attributes_find(&span->attrs, "http.response.status_code"),
		     NULL));
	cr_assert(
		eq(ptr, (void *)cs_attributes_find(&span->attrs, "coldspan.first_byte_ns"), NULL));
	cr_assert(eq(ptr,
		     (void *)cs_attributes_find(&span->attrs, "http.request.header.x-request-id"),
		     NULL));
}

static const char *cut_of(uint32_t cut)
{
	struct cs_invocation one = invocation();
	const struct cs_value *value;
	static char told[64];

	cs_spans_reset(&spans);
	one.cut = cut;
	value = cs_attributes_find(&only_span(&one)->attrs, "coldspan.request.cut");
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
	cr_assert(cs_attributes_find(&span->attrs, "http.request.header.function-execution-id") !=
		  NULL);
}

static const char *header_text(const struct cs_attrs *attrs, const char *key)
{
	const struct cs_value *value = cs_attributes_find(attrs, key);

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
	cr_assert(eq(ptr, (void *)cs_attributes_find(attrs, "coldspan.openwhisk.activation_id"),
		     NULL));
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
	cr_assert(eq(ptr, (void *)cs_attributes_find(attrs, "coldspan.context.carrier"), NULL));
	cr_assert(eq(ptr, (void *)cs_attributes_find(attrs, "coldspan.context.refused"), NULL));
	cs_spans_reset(&spans);
	one.inbound = &from;
	attrs = &only_span(&one)->attrs;
	cr_assert(eq(str, (char *)text(attrs, "coldspan.context.carrier"), (char *)"b3"));
	refused = cs_attributes_find(attrs, "coldspan.context.refused");
	cr_assert(ne(ptr, (void *)refused, NULL));
	cr_assert(eq(sz, refused->strings.count, 2));
	cr_assert(eq(str, (char *)refused->strings.items[0], (char *)"traceparent"));
	cr_assert(eq(str, (char *)refused->strings.items[1], (char *)"x-amzn-trace-id"));
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
	cr_assert(eq(ptr, (void *)cs_attributes_find(&span->attrs, "faas.name"), NULL));
	cr_assert(
		eq(ptr, (void *)cs_attributes_find(&batch.groups[0].resource, "faas.name"), NULL));
	came.ids[CS_REQUEST_ID_AZURE] = id;
	cs_spans_reset(&spans);
	span = only_span(&one);
	cr_assert(eq(str, (char *)text(&span->attrs, "faas.name"), (char *)"shop/Orders"));
	cr_assert(eq(str, (char *)text(&span->attrs, "cloud.resource_id"),
		     (char *)"/subscriptions/s/sites/shop/functions/Orders"));
	one.target = "/api/orders"; /* a request that is handed on: of a route, not of a function */
	cs_spans_reset(&spans);
	span = only_span(&one);
	cr_assert(eq(ptr, (void *)cs_attributes_find(&span->attrs, "faas.name"), NULL));
}
