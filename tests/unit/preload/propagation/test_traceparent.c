/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/traceparent: which requests may be changed, and where. */
#include "preload/propagation/traceparent.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

#define TRACE  "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"
#define GOOD   "00-" TRACE "-" PARENT "-01"

/* Where in a head of these lines; -1: nowhere. */
static long find(const char *lines, char *head, size_t size)
{
	int len = snprintf(head, size, "GET /" PARENT " HTTP/1.1\r\n%s\r\n", lines);
	unsigned char *at = cs_traceparent_find_parent((unsigned char *)head, (size_t)len);

	return at ? (char *)at - head : -1;
}

static void finds(const char *lines)
{
	char head[512];
	long at = find(lines, head, sizeof(head));

	cr_assert(at > 0, "%s", lines);
	cr_expect(eq(int, strncmp(head + at - 1, "-" PARENT "-01", 20), 0), "%s", lines);
	cr_expect(at > 30, "not the one in the target");
}

static void leaves(const char *lines)
{
	char head[512];

	cr_expect(find(lines, head, sizeof(head)) < 0, "%s", lines);
}

Test(traceparent, one_that_is_good_is_found)
{
	finds("traceparent: " GOOD "\r\n");
	finds("Host: x\r\nTraceParent:" GOOD "\r\nB: c\r\n");
	finds("traceparent: \t" GOOD " \t\r\n");
	finds("a: b\ntraceparent: " GOOD "\n");
	finds("ce-traceparent: " GOOD "\r\ntraceparent: " GOOD "\r\n");
}

Test(traceparent, others_are_left_alone)
{
	leaves("Host: x\r\n");
	leaves("ce-traceparent: " GOOD "\r\n");
	leaves("x: traceparent: " GOOD "\r\n");
	leaves("traceparent: " GOOD "\r\ntraceparent: " GOOD "\r\n");
	leaves("traceparent: " GOOD "\r\nTRACEPARENT: \r\n");
	leaves("traceparent: 00-" TRACE "-" PARENT "-0\r\n");
	leaves("traceparent: 00-" TRACE "-" PARENT "-01-more\r\n");
	leaves("traceparent: cc-" TRACE "-" PARENT "-01\r\n");
	leaves("traceparent: 00-" TRACE "-0000000000000000-01\r\n");
	leaves("traceparent: 00-00000000000000000000000000000000-" PARENT "-01\r\n");
	leaves("traceparent: 00-" TRACE "-B7ad6b7169203331-01\r\n");
	leaves("traceparent : " GOOD "\r\n");
}

Test(traceparent, a_head_that_ends_anywhere_is_read_to_there)
{
	static const char whole[] = "GET / HTTP/1.1\r\ntraceparent: " GOOD "\r\n\r\n";
	size_t value_end = sizeof(whole) - 1 - 4;

	for (size_t len = 0; len < sizeof(whole); len++) {
		char *head = strndup(whole, len);
		unsigned char *at = cs_traceparent_find_parent((unsigned char *)head, len);

		cr_expect(eq(int, at != NULL, len >= value_end), "%zu", len);
		free(head);
	}
}

/* --- lines --- */

/* "nothing", or the trace's ends, flags and state. */
static const char *carried(const char *lines, bool on_lambda)
{
	static char text[1024];
	struct cs_context context;

	if (!cs_traceparent_carried(lines, strlen(lines), on_lambda, &context))
		return "nothing";
	snprintf(text, sizeof(text), "%02x%02x %d %.*s", context.trace.trace_id[0],
		 context.trace.trace_id[15], context.trace.flags, (int)context.state_len,
		 context.state);
	return text;
}

#define XRAY "x-amzn-trace-id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8\n"
#define B3   "b3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-0\n"

struct carried_case {
	char lines[200], what[24], on_lambda[24];
};

/* The last column is what it is where AWS Lambda runs the server, if that differs. */
ParameterizedTestParameters(traceparent, which_trace_it_is)
{
	static struct carried_case cases[] = {
		{ "", "nothing" },
		{ "traceparent: " GOOD "\n", "0a9c 1 " },
		{ "x-request-id: 1\ntraceparent: " GOOD "\ntracestate: a=1,b=2\n",
		  "0a9c 1 a=1,b=2" },
		{ "tracestate: a=1\ntraceparent: " GOOD "\ntracestate: b=2\n", "0a9c 1 a=1,b=2" },
		{ "traceparent: 00-" TRACE "-" PARENT "-00\n", "0a9c 0 " },
		{ "traceparent: 01-" TRACE "-" PARENT "-01-more\n", "0a9c 1 " },
		{ "traceparent: " GOOD "\ntracestate: =\n", "0a9c 1 " },
		{ "traceparent: " GOOD "\ntraceparent: " GOOD "\n", "nothing" },
		{ "traceparent: " GOOD "0\n", "nothing" },
		{ "traceparent: \n", "nothing" },
		{ "tracestate: a=1\n", "nothing" },
		{ "b3: 0\n", "nothing" },
		{ B3, "80f7 0 " },
		{ B3 "tracestate: a=1\n", "80f7 0 " }, /* that is traceparent's */
		{ "b3: 1\n" B3, "nothing" },
		{ "traceparent: x\nuber-trace-id: 1:2:0:1\n", "0001 1 " },
		{ XRAY, "5793 1 ", "nothing" },
		{ B3 XRAY, "5793 1 ", "80f7 0 " },
		{ "traceparent: " GOOD "\n" XRAY, "0a9c 1 " },
		{ "x-amzn-trace-id: Root=1\n", "nothing" },
		/* A load balancer's names no span: who does goes before it. */
		{ "x-amzn-trace-id: Root=1-5759e988-bd862e3fe1be46a994272793\n", "5793 1 ",
		  "nothing" },
		{ "x-amzn-trace-id: Root=1-5759e988-bd862e3fe1be46a994272793\n" B3, "80f7 0 " },
		{ "x-cloud-trace-context: 105445aa7843bc8bf206b12000100000/1;o=1\n", "1000 1 " },
		{ "x-b3-traceid: 463ac35c9f6413ad48485a3953bb6124\nx-b3-spanid: a2fb4a1d1a96d312\n"
		  "x-b3-sampled: 0\n",
		  "4624 0 " },
		{ "x-b3-sampled: 1\n", "nothing" },
	};

	return cr_make_param_array(struct carried_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct carried_case *c, traceparent, which_trace_it_is)
{
	cr_expect(eq(str, (char *)carried(c->lines, false), c->what), "%s", c->lines);
	cr_expect(eq(str, (char *)carried(c->lines, true), *c->on_lambda ? c->on_lambda : c->what),
		  "%s", c->lines);
}

struct states_case {
	size_t values[4]; /* how long, of a header each; 0: no more of them */
	bool taken;
};

/* None of several is left out: what the others say together is not what was sent. */
ParameterizedTestParameters(traceparent, states_that_do_not_fit_are_none)
{
	static struct states_case cases[] = {
		{ { 200 }, true },       { { 200, 200 }, true },      { { 400, 400, 400 }, false },
		{ { 200, 900 }, false }, { { 200, 900, 10 }, false }, { { 2000, 10 }, false },
	};

	return cr_make_param_array(struct states_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct states_case *c, traceparent, states_that_do_not_fit_are_none)
{
	char lines[4096] = "traceparent: " GOOD "\n", expected[1024] = "0a9c 1 ";

	for (int i = 0; c->values[i]; i++) {
		char value[2048] = { (char)('a' + i), '=' };

		memset(value + 2, 'x', c->values[i]);
		sprintf(lines + strlen(lines), "tracestate: %s\n", value);
		if (c->taken)
			sprintf(expected + strlen(expected), "%s%s", i ? "," : "", value);
	}
	cr_expect(eq(str, (char *)carried(lines, false), expected));
}
