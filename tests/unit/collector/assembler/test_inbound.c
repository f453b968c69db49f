/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/inbound: which of several carriers counts, what is refused, attempts, ids. */
#include "collector/assembler/inbound.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

/* The first byte of each one's trace id tells them apart. */
#define W3C              "traceparent: 00-01000000000000000000000000000001-0000000000000a01-01\n"
#define XRAY             "x-amzn-trace-id: Root=1-02000000-000000000000000000000001;Parent=0000000000000a02\n"
#define CLOUD            "x-cloud-trace-context: 03000000000000000000000000000001/2563;o=1\n"
#define B3               "b3: 04000000000000000000000000000001-0000000000000a04-1\n"
#define B3_TRACE         "x-b3-traceid: 05000000000000000000000000000001\n"
#define B3_SPAN          "x-b3-spanid: 0000000000000a05\n"
#define JAEGER           "uber-trace-id: 6000000000000000000000000000001:a06:0:1\n"
#define BAD_W3C          "traceparent: 00-01000000000000000000000000000001-0000000000000a01\n"
#define ROOT_ONLY        "x-amzn-trace-id: Root=1-02000000-000000000000000000000001\n"
#define NO_SPAN          "x-cloud-trace-context: 03000000000000000000000000000001;o=1\n"
#define REFUSED(carrier) (1u << CS_CARRIER_##carrier)

struct inbound_case {
	char lines[600];
	enum cs_carrier carrier;
	unsigned refused;
};

ParameterizedTestParameters(inbound, the_first_good_carrier_counts)
{
	static struct inbound_case cases[] = {
		{ "", CS_CARRIER_NONE, 0 },
		{ "x-request-id: r\n", CS_CARRIER_NONE, 0 },
		{ W3C, CS_CARRIER_TRACEPARENT, 0 },
		{ XRAY, CS_CARRIER_XRAY, 0 },
		{ CLOUD, CS_CARRIER_CLOUD_TRACE, 0 },
		{ B3, CS_CARRIER_B3, 0 },
		{ B3_TRACE B3_SPAN, CS_CARRIER_B3_HEADERS, 0 },
		{ JAEGER, CS_CARRIER_JAEGER, 0 },
		/* In whatever order they came */
		{ JAEGER B3_SPAN B3_TRACE B3 CLOUD XRAY W3C, CS_CARRIER_TRACEPARENT, 0 },
		{ JAEGER B3_SPAN B3_TRACE B3 CLOUD XRAY, CS_CARRIER_XRAY, 0 },
		{ JAEGER B3_SPAN B3_TRACE B3 CLOUD, CS_CARRIER_CLOUD_TRACE, 0 },
		{ JAEGER B3_SPAN B3_TRACE B3, CS_CARRIER_B3, 0 },
		{ JAEGER B3_SPAN B3_TRACE, CS_CARRIER_B3_HEADERS, 0 },
		/* What is malformed leaves its place to the next. */
		{ BAD_W3C, CS_CARRIER_NONE, REFUSED(TRACEPARENT) },
		{ BAD_W3C B3, CS_CARRIER_B3, REFUSED(TRACEPARENT) },
		{ BAD_W3C "x-amzn-trace-id: Root=1\n" JAEGER, CS_CARRIER_JAEGER,
		  REFUSED(TRACEPARENT) | REFUSED(XRAY) },
		{ "b3: x\n" B3_TRACE B3_SPAN, CS_CARRIER_B3_HEADERS, REFUSED(B3) },
		{ B3_TRACE, CS_CARRIER_NONE, REFUSED(B3_HEADERS) },
		{ B3_SPAN, CS_CARRIER_NONE, REFUSED(B3_HEADERS) },
		{ "uber-trace-id: \n", CS_CARRIER_NONE, REFUSED(JAEGER) },
		/* What says nothing of a trace is not malformed. */
		{ "b3: 0\n", CS_CARRIER_NONE, 0 },
		{ "x-b3-sampled: 0\n", CS_CARRIER_NONE, 0 },
		{ "x-amzn-trace-id: Sampled=1\n" JAEGER, CS_CARRIER_JAEGER, 0 },
		/* Who names a span goes before who does not. */
		{ ROOT_ONLY, CS_CARRIER_XRAY, 0 },
		{ ROOT_ONLY B3, CS_CARRIER_B3, 0 },
		{ ROOT_ONLY "b3: 0\n" JAEGER, CS_CARRIER_JAEGER, 0 },
		{ ROOT_ONLY "b3: x\n", CS_CARRIER_XRAY, REFUSED(B3) },
		{ ROOT_ONLY NO_SPAN, CS_CARRIER_XRAY, 0 },
		{ NO_SPAN, CS_CARRIER_CLOUD_TRACE, 0 },
		{ BAD_W3C ROOT_ONLY CLOUD, CS_CARRIER_CLOUD_TRACE, REFUSED(TRACEPARENT) },
		/* What comes behind the one that counts is not looked at. */
		{ W3C "uber-trace-id: x\n", CS_CARRIER_TRACEPARENT, 0 },
		/* Twice is as good as none, but for B3's several headers. */
		{ W3C W3C, CS_CARRIER_NONE, REFUSED(TRACEPARENT) },
		{ W3C "x-request-id: r\n" W3C XRAY, CS_CARRIER_XRAY, REFUSED(TRACEPARENT) },
		{ XRAY XRAY, CS_CARRIER_NONE, REFUSED(XRAY) },
		{ JAEGER JAEGER, CS_CARRIER_NONE, REFUSED(JAEGER) },
		{ B3_TRACE B3_SPAN B3_TRACE "x-b3-spanid: x\n", CS_CARRIER_B3_HEADERS, 0 },
		/* Lines that are none */
		{ "traceparent\n" JAEGER, CS_CARRIER_JAEGER, 0 },
		{ "traceparent:x\n" JAEGER, CS_CARRIER_JAEGER, 0 },
		{ ": x\n\n:\n" JAEGER, CS_CARRIER_JAEGER, 0 },
		{ "x-traceparent: x\ntraceparentx: x\n" JAEGER, CS_CARRIER_JAEGER, 0 },
	};

	return cr_make_param_array(struct inbound_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct inbound_case *c, inbound, the_first_good_carrier_counts)
{
	static const struct cs_trace_context zeroes;
	struct cs_inbound got;

	cs_inbound_read(&got, c->lines, strlen(c->lines), false);
	cr_assert(eq(u32, got.carrier, c->carrier), "%s", c->lines);
	cr_assert(eq(u32, got.refused, c->refused), "%s", c->lines);
	if (c->carrier) {
		cr_assert(eq(u8, got.caller.trace_id[0], c->carrier));
		cr_assert(eq(u8, got.caller.trace_id[15], 1));
	}
	if (cs_trace_context_valid(&got.caller)) {
		cr_assert(eq(u8, got.caller.parent_id[6], 0x0a));
		cr_assert(eq(u8, got.caller.parent_id[7], c->carrier));
	}
	if (!c->carrier)
		cr_assert(eq(int, memcmp(&got.caller, &zeroes, sizeof(zeroes)), 0));
	cs_inbound_deinit(&got);
}

Test(inbound, the_last_line_needs_no_end)
{
	struct cs_trace_context got;

	cr_assert(eq(u32, cs_inbound_context(W3C, strlen(W3C) - 1, false, &got),
		     CS_CARRIER_TRACEPARENT));
	cr_assert(eq(u32, cs_inbound_context(W3C, strlen(W3C) - 2, false, &got), CS_CARRIER_NONE));
}

static void check_state(const char *lines, const char *state)
{
	struct cs_inbound got;

	cs_inbound_read(&got, lines, strlen(lines), false);
	cr_assert(eq(str, got.trace_state ? got.trace_state : (char *)"", (char *)state), "%s",
		  lines);
	cs_inbound_deinit(&got);
}

Test(inbound, a_tracestate_is_of_a_good_traceparent)
{
	check_state(W3C "tracestate: a=1\n", "a=1");
	check_state("tracestate: a=1\n" W3C "tracestate: b=2\n", "a=1,b=2");
	check_state(BAD_W3C "tracestate: a=1\n" B3, "");
	check_state(B3 "tracestate: a=1\n", "");
	check_state(W3C W3C "tracestate: a=1\n" B3, "");
	check_state(W3C "tracestate: a\n", "");
	check_state(W3C "tracestate: \ntracestate: \n", "");
	check_state(W3C, "");
}

struct attempt_case {
	char lines[200];
	unsigned attempt;
};

ParameterizedTestParameters(inbound, attempts_are_counted_from_1)
{
	static struct attempt_case cases[] = {
		{ "x-cloudtasks-taskretrycount: 0\n", 1 },
		{ "x-cloudtasks-taskretrycount: 4\n", 5 },
		{ "aeg-delivery-count: 0\n", 1 },
		{ "aeg-delivery-count: 12\n", 13 },
		{ "x-envoy-attempt-count: 1\n", 1 },
		{ "x-envoy-attempt-count: 3\n", 3 },
		{ "x-envoy-attempt-count: 0\n", 0 },
		/* The event's attempts, not those of its last hop */
		{ "x-envoy-attempt-count: 2\nx-cloudtasks-taskretrycount: 7\n", 8 },
		{ "x-envoy-attempt-count: 2\naeg-delivery-count: -1\n", 2 },
		{ "x-envoy-attempt-count: \n", 0 },
		{ "x-cloudtasks-taskretrycount: \n", 0 },
		{ "x-envoy-attempt-count: 1x\n", 0 },
		{ "x-envoy-attempt-count: 999999999\n", 999999999 },
		{ "x-envoy-attempt-count: 1000000000\n", 0 },
		{ "x-envoy-attempt-count: 1\nx-envoy-attempt-count: 1\n", 0 },
		{ "", 0 },
	};

	return cr_make_param_array(struct attempt_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct attempt_case *c, inbound, attempts_are_counted_from_1)
{
	struct cs_inbound got;

	cs_inbound_read(&got, c->lines, strlen(c->lines), false);
	cr_assert(eq(u32, got.attempt, c->attempt), "%s", c->lines);
	cs_inbound_deinit(&got);
}

struct accepted_case {
	char lines[96];
	uint64_t accepted_unix_ns;
};

ParameterizedTestParameters(inbound, a_gateway_says_in_nanoseconds_when_it_accepted)
{
	static struct accepted_case cases[] = {
		{ "x-start-time: 1790000000123456789\n", 1790000000123456789ull },
		{ "x-start-time: 9223372036854775807\n", 9223372036854775807ull },
		{ "x-start-time: 9999999999999999999\n", 0 },
		{ "x-start-time: 0000000000000000000\n", 0 },
		/* Of others who send a header of that name: milliseconds, microseconds, seconds */
		{ "x-start-time: 1790000000123\n", 0 },
		{ "x-start-time: 1790000000123456\n", 0 },
		{ "x-start-time: 1790000000.123456789\n", 0 },
		{ "x-start-time: t=1790000000123456\n", 0 },
		{ "x-start-time: -790000000123456789\n", 0 },
		{ "x-start-time: \n", 0 },
		{ "x-start-time: 1790000000123456789\nx-start-time: 1790000000123456789\n", 0 },
		{ "", 0 },
	};

	return cr_make_param_array(struct accepted_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct accepted_case *c, inbound, a_gateway_says_in_nanoseconds_when_it_accepted)
{
	struct cs_inbound got;

	cs_inbound_read(&got, c->lines, strlen(c->lines), false);
	cr_assert(eq(u64, got.accepted_unix_ns, c->accepted_unix_ns), "%s", c->lines);
	cs_inbound_deinit(&got);
}

Test(inbound, an_event_that_was_made_in_two_places_was_made_in_none)
{
	static const char lines[] =
		"ce-traceparent: 00-07000000000000000000000000000001-0000000000000a07-00\n"
		"ce-traceparent: 00-08000000000000000000000000000001-0000000000000a08-00\n";
	struct cs_inbound got;

	cs_inbound_read(&got, lines, sizeof(lines) - 1, false);
	cr_assert(not(got.has_created));
	cs_inbound_deinit(&got);
}

Test(inbound, where_an_event_was_made_is_not_who_called)
{
	static const char lines[] =
		"ce-traceparent: 00-07000000000000000000000000000001-0000000000000a07-00\n" W3C;
	struct cs_inbound got;

	cs_inbound_read(&got, lines, strlen(lines), false);
	cr_assert(eq(u8, got.caller.trace_id[0], 1));
	cr_assert(got.has_created);
	cr_assert(eq(u8, got.created.trace_id[0], 7));
	cr_assert(eq(u8, got.created.parent_id[7], 7));
	cr_assert(eq(u8, got.created.flags, 0));
	cs_inbound_deinit(&got);
	cs_inbound_read(&got, "ce-traceparent: x\n", 18, false);
	cr_assert(not(got.has_created));
	cs_inbound_deinit(&got);
}

#define CREATED "ce-traceparent: 00-07000000000000000000000000000001-0000000000000a07-00\n"

/* The tracestate of where it was made, as the extension for distributed tracing has it. */
Test(inbound, where_an_event_was_made_may_have_a_state_of_its_own)
{
	static const struct {
		const char *lines, *state;
	} rows[] = {
		{ CREATED "ce-tracestate: a=1 , b=2\ntracestate: c=3\n" W3C, "a=1,b=2" },
		{ CREATED "ce-tracestate: a=1%202%253\n",
		  "a=1 2%3" },                                /* as HTTP's binding writes it */
		{ CREATED "ce-tracestate: a=1%2cb\n", NULL }, /* decoded it is none */
		{ CREATED "ce-tracestate: none\n", NULL },
		{ CREATED "ce-tracestate: a=1\nce-tracestate: b=2\n", NULL },
		{ "ce-traceparent: x\nce-tracestate: a=1\n", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cs_inbound got;

		cs_inbound_read(&got, rows[i].lines, strlen(rows[i].lines), false);
		cs_inbound_unescape(&got);
		if (rows[i].state)
			cr_expect(eq(str, got.created_state, (char *)rows[i].state));
		else
			cr_expect(eq(ptr, got.created_state, NULL), "%zu", i);
		cs_inbound_deinit(&got);
	}
}

Test(inbound, ids_are_taken_by_their_names_repaired_and_only_once)
{
	static const char *const headers[] = {
#define X(id, header, attribute) header,
		CS_REQUEST_IDS(X)
#undef X
	};
	char lines[2000] = "", id[32];
	struct cs_inbound got;
	size_t bytes = 0;

	for (unsigned i = 0; i < CS_REQUEST_ID_COUNT; i++) {
		size_t used = strlen(lines);

		snprintf(lines + used, sizeof(lines) - used, "%s: id \xff %u\n%s: second\n",
			 headers[i], i, headers[i]);
	}
	cs_inbound_read(&got, lines, strlen(lines), false);
	for (unsigned i = 0; i < CS_REQUEST_ID_COUNT; i++) {
		snprintf(id, sizeof(id), "id \xef\xbf\xbd %u", i);
		cr_assert(eq(str, got.ids[i], id));
		bytes += strlen(id) + 1;
	}
	cr_assert(eq(sz, cs_inbound_bytes(&got), bytes));
	cs_inbound_deinit(&got);
	cr_assert(eq(sz, cs_inbound_bytes(&got), 0));
	cs_inbound_deinit(&got);
}

Test(inbound, on_lambda_xray_is_told_beside_who_called)
{
	static const char both[] = XRAY W3C, alone[] = XRAY, other[] = XRAY JAEGER,
			  root[] = ROOT_ONLY;
	struct cs_inbound got;

	cs_inbound_read(&got, both, strlen(both), true);
	cr_assert(eq(u32, got.carrier, CS_CARRIER_TRACEPARENT));
	cr_assert(got.has_xray);
	cr_assert(eq(u8, got.xray.trace_id[0], CS_CARRIER_XRAY));
	cr_assert(eq(u8, got.xray.parent_id[7], CS_CARRIER_XRAY));
	cs_inbound_deinit(&got);
	cs_inbound_read(&got, alone, strlen(alone), true);
	cr_assert(eq(u32, got.carrier, CS_CARRIER_NONE));
	cr_assert(got.has_xray);
	cs_inbound_deinit(&got);
	cs_inbound_read(&got, other, strlen(other), true);
	cr_assert(eq(u32, got.carrier, CS_CARRIER_JAEGER));
	cs_inbound_deinit(&got);
	/* A link needs a span. */
	cs_inbound_read(&got, root, strlen(root), true);
	cr_assert(not(got.has_xray));
	cr_assert(eq(u32, got.carrier, CS_CARRIER_NONE));
	cs_inbound_deinit(&got);
	cs_inbound_read(&got, both, strlen(both), false);
	cr_assert(not(got.has_xray));
	cs_inbound_deinit(&got);
}

static bool handed_on(const char *lines, uint64_t id)
{
	struct cs_inbound inbound;
	uint64_t got = 0;
	bool has;

	cs_inbound_read(&inbound, lines, strlen(lines), false);
	for (unsigned i = 0; i < sizeof(inbound.handed_on); i++)
		got = got << 8 | inbound.handed_on[i];
	has = inbound.has_handed_on;
	cs_inbound_deinit(&inbound);
	return has && got == id;
}

Test(inbound, the_span_that_the_function_was_told_of)
{
	cr_expect(handed_on("a: b\ncoldspan-span-id: 0123456789abcdef\n", 0x0123456789abcdef));
	cr_expect(not(handed_on("coldspan-span-id: 0000000000000000\n", 0)));
	cr_expect(not(handed_on("coldspan-span-id: 0123456789abcdeF\n", 0x0123456789abcdef)));
	cr_expect(not(handed_on("coldspan-span-id: 123456789abcdef\n", 0x123456789abcdef)));
	cr_expect(not(handed_on("coldspan-span-id: 0000000000000001\n"
				"coldspan-span-id: 0000000000000001\n",
				1)));
}

Test(inbound, the_trace_that_the_shim_has_named)
{
	static const char span[] = "coldspan-span-id: 0123456789abcdef\n";
	static const char trace[] = "coldspan-trace-id: 0af7651916cd43dd8448eb211c80319c\n";
	struct cs_inbound inbound;
	char lines[256];

	snprintf(lines, sizeof(lines), "%s%s", span, trace);
	cs_inbound_read(&inbound, lines, strlen(lines), false);
	cr_expect(inbound.has_own_trace);
	cr_expect(eq(int, inbound.own_trace[0], 0x0a));
	cr_expect(eq(int, inbound.own_trace[15], 0x9c));
	cr_expect(eq(int, (int)inbound.carrier, (int)CS_CARRIER_NONE));
	cs_inbound_deinit(&inbound);
	cs_inbound_read(&inbound, trace, strlen(trace), false);
	cr_expect(not(inbound.has_own_trace), "of what no span of ours is in");
	cs_inbound_deinit(&inbound);
	snprintf(lines, sizeof(lines), "%scoldspan-trace-id: %032d\n", span, 0);
	cs_inbound_read(&inbound, lines, strlen(lines), false);
	cr_expect(not(inbound.has_own_trace));
	cs_inbound_deinit(&inbound);
}

struct escape_case {
	char id[40];
	char expected[40];
};

ParameterizedTestParameters(inbound, attributes_of_a_cloudevent_are_unescaped)
{
	static struct escape_case cases[] = {
		{ "a-1", "a-1" },
		{ "caf%C3%A9%20%22x%22", "caf\xc3\xa9 \"x\"" },
		{ "Euro%20%e2%82%ac", "Euro \xe2\x82\xac" },
		{ "%2541", "%41" }, /* once */
		{ "100%", "100%" },
		{ "%4", "%4" },
		{ "%zz%4g", "%zz%4g" },
		{ "%00%0a%1f", "%00%0a%1f" },
		{ "%ff", "\xef\xbf\xbd" }, /* repaired as everything is */
	};

	return cr_make_param_array(struct escape_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct escape_case *row, inbound, attributes_of_a_cloudevent_are_unescaped)
{
	struct cs_inbound inbound;
	char lines[256];

	snprintf(lines, sizeof(lines), "ce-id: %s\nce-source: %s\nce-type: %s\nx-request-id: %s\n",
		 row->id, row->id, row->id, row->id);
	cs_inbound_read(&inbound, lines, strlen(lines), false);
	cs_inbound_unescape(&inbound);
	cr_expect(eq(str, inbound.ids[CS_REQUEST_ID_EVENT], row->expected));
	cr_expect(eq(str, inbound.ids[CS_REQUEST_ID_EVENT_SOURCE], row->expected));
	cr_expect(eq(str, inbound.ids[CS_REQUEST_ID_EVENT_TYPE], row->expected));
	cr_expect(eq(str, inbound.ids[CS_REQUEST_ID_REQUEST], row->id));
	cs_inbound_deinit(&inbound);
}
