/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Unit tests of preload/wire/carriers: examples out of the vendors' own documents, and what is one step
 * away from them.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "preload/wire/carriers.h"

#define NO_PARENT "0000000000000000"

typedef int (*parse_fn)(const char *text, size_t len, struct cs_trace_context *ret);

struct carrier_case {
	char text[200];
	int expected;
	char trace[33];
	char parent[17];
	unsigned flags;
};

static void hex_of(const uint8_t *bytes, size_t count, char *to)
{
	for (size_t i = 0; i < count; i++)
		sprintf(to + 2 * i, "%02x", bytes[i]);
}

/* The text stands at the end of its memory: who reads behind it is caught by the sanitizers' build. */
static void check(parse_fn parse, const struct carrier_case *c)
{
	struct cs_trace_context got, before;
	size_t len = strlen(c->text);
	char *text = malloc(len + 1), trace[33], parent[17];

	cr_assert(ne(ptr, text, NULL));
	memcpy(text + 1, c->text, len);
	memset(&got, 0x5a, sizeof(got));
	before = got;
	cr_assert(eq(int, parse(text + 1, len, &got), c->expected), "%s", c->text);
	free(text);
	if (c->expected < 0) {
		cr_assert(eq(int, memcmp(&got, &before, sizeof(got)), 0), "%s", c->text);
		return;
	}
	hex_of(got.trace_id, sizeof(got.trace_id), trace);
	hex_of(got.parent_id, sizeof(got.parent_id), parent);
	cr_assert(eq(str, trace, (char *)c->trace), "%s", c->text);
	cr_assert(eq(str, parent, (char *)c->parent), "%s", c->text);
	cr_assert(eq(uint, got.flags, c->flags), "%s", c->text);
}

/* --- X-Ray: developer guide, "Tracing header"; Elastic Load Balancing, "Request tracing" --- */

#define ROOT   "1-5759e988-bd862e3fe1be46a994272793"
#define XTRACE "5759e988bd862e3fe1be46a994272793"
#define XSPAN  "53995c3f42cd8ad8"

ParameterizedTestParameters(carriers, xray)
{
	static struct carrier_case cases[] = {
		{ "Root=" ROOT ";Sampled=1", 0, XTRACE, NO_PARENT, 1 },
		{ "Root=" ROOT ";Parent=" XSPAN ";Sampled=1", 0, XTRACE, XSPAN, 1 },
		{ "Root=" ROOT ";Parent=" XSPAN ";Sampled=0", 0, XTRACE, XSPAN, 0 },
		/* The decision is asked of the receiver, or nobody speaks of it. */
		{ "Root=" ROOT ";Parent=" XSPAN ";Sampled=?", 0, XTRACE, XSPAN, 1 },
		{ "Root=" ROOT ";Parent=" XSPAN, 0, XTRACE, XSPAN, 1 },
		{ "Root=" ROOT, 0, XTRACE, NO_PARENT, 1 },
		/* Any order, other keys, blanks, empty parts */
		{ "Sampled=0;Parent=" XSPAN ";Root=" ROOT, 0, XTRACE, XSPAN, 0 },
		{ "Self=1-67891234-12456789abcdef012345678;Root=" ROOT, 0, XTRACE, NO_PARENT, 1 },
		{ "Self=1-67891234-12456789abcdef012345678;Root=" ROOT ";CalledFrom=app", 0, XTRACE,
		  NO_PARENT, 1 },
		{ "Root=" ROOT ";Parent=" XSPAN ";Sampled=0;Lineage=1:a87bd80c:0", 0, XTRACE, XSPAN,
		  0 },
		{ " Root=" ROOT "; Parent=" XSPAN " ;\tSampled=1 ", 0, XTRACE, XSPAN, 1 },
		{ "Root=" ROOT ";Lineage=1:a87bd80c:0", 0, XTRACE, NO_PARENT, 1 },
		{ "Lineage=1:a87bd80c:0|68fd508a:5|c512fbe3:2;Root=" ROOT ";Parent=" XSPAN, 0,
		  XTRACE, XSPAN, 1 },
		{ "Root=" ROOT ";", 0, XTRACE, NO_PARENT, 1 },
		{ ";;Root=" ROOT, 0, XTRACE, NO_PARENT, 1 },
		{ "Root=1-5759E988-BD862E3FE1BE46A994272793", 0, XTRACE, NO_PARENT, 1 },
		{ "Root=" ROOT ";Extra=a=b", 0, XTRACE, NO_PARENT, 1 },
		/* No trace is named. */
		{ "", -ENODATA },
		{ "Sampled=0", -ENODATA },
		{ "Lineage=1:a87bd80c:0", -ENODATA },
		{ "Self=1-67891234-12456789abcdef012345678", -ENODATA },
		{ "root=" ROOT, -ENODATA },
		{ "Parent=" XSPAN, -ENODATA },
		/* Malformed */
		{ ROOT, -EBADMSG },
		{ "Root=", -EBADMSG },
		{ "Root=" ROOT ",Parent=" XSPAN, -EBADMSG },
		{ "Root=2-5759e988-bd862e3fe1be46a994272793", -EBADMSG },
		{ "Root=1-5759e98-bd862e3fe1be46a994272793", -EBADMSG },
		{ "Root=1-5759e9888-bd862e3fe1be46a99427279", -EBADMSG },
		{ "Root=1-5759e988-bd862e3fe1be46a99427279g", -EBADMSG },
		{ "Root=1-5759e988-bd862e3fe1be46a9942727933", -EBADMSG },
		{ "Root=1-00000000-000000000000000000000000", -EBADMSG },
		{ "Root=" ROOT ";Root=" ROOT, -EBADMSG },
		{ "Root=" ROOT ";Parent=0000000000000000", -EBADMSG },
		{ "Root=" ROOT ";Parent=53995c3f42cd8ad", -EBADMSG },
		{ "Root=" ROOT ";Parent=53995c3f42cd8ad8a", -EBADMSG },
		{ "Root=" ROOT ";Parent=xmpl4010dda", -EBADMSG },
		{ "Root=" ROOT ";Parent=" XSPAN ";Parent=" XSPAN, -EBADMSG },
		{ "Root=" ROOT ";Sampled=", -EBADMSG },
		{ "Root=" ROOT ";Sampled=2", -EBADMSG },
		{ "Root=" ROOT ";Sampled=10", -EBADMSG },
		{ "Root=" ROOT ";nonsense", -EBADMSG },
	};

	return cr_make_param_array(struct carrier_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct carrier_case *c, carriers, xray)
{
	check(cs_xray_parse, c);
}

/* --- Cloud Trace: "Trace context"; the short forms stand in App Engine's runtime --- */

#define CTRACE "105445aa7843bc8bf206b12000100000"
#define SHORT  "000000000000007b00000000000001c8"

ParameterizedTestParameters(carriers, cloud_trace)
{
	static struct carrier_case cases[] = {
		{ CTRACE "/1;o=1", 0, CTRACE, "0000000000000001", 1 },
		{ CTRACE "/1;o=0", 0, CTRACE, "0000000000000001", 0 },
		{ SHORT "/789;o=1", 0, SHORT, "0000000000000315", 1 },
		{ SHORT "/789;o=", 0, SHORT, "0000000000000315", 0 },
		{ SHORT "/789", 0, SHORT, "0000000000000315", 0 },
		{ SHORT "/;o=1", 0, SHORT, NO_PARENT, 1 },
		{ SHORT "/;o=", 0, SHORT, NO_PARENT, 0 },
		{ SHORT "/", 0, SHORT, NO_PARENT, 0 },
		{ SHORT ";o=1", 0, SHORT, NO_PARENT, 1 },
		{ SHORT ";o=", 0, SHORT, NO_PARENT, 0 },
		{ SHORT, 0, SHORT, NO_PARENT, 0 },
		/* The span id is decimal; 0 is the sender's word for "no span yet". */
		{ CTRACE "/2205310701640571284;o=1", 0, CTRACE, "1e9ad6661ea75994", 1 },
		{ CTRACE "/18446744073709551615;o=1", 0, CTRACE, "ffffffffffffffff", 1 },
		{ CTRACE "/9223372036854775808", 0, CTRACE, "8000000000000000", 0 },
		{ CTRACE "/0;o=1", 0, CTRACE, NO_PARENT, 1 },
		{ CTRACE "/00000000000000000000001;o=1", 0, CTRACE, "0000000000000001", 1 },
		{ CTRACE "/18446744073709551616;o=1", -EBADMSG },
		{ CTRACE "/99999999999999999999;o=1", -EBADMSG },
		{ CTRACE "/1a;o=1", -EBADMSG },
		{ CTRACE "/-1;o=1", -EBADMSG },
		{ CTRACE "/ 1;o=1", -EBADMSG },
		{ CTRACE "/1/2;o=1", -EBADMSG },
		/* Options are a mask. */
		{ CTRACE "/1;o=3", 0, CTRACE, "0000000000000001", 1 },
		{ CTRACE "/1;o=2", 0, CTRACE, "0000000000000001", 0 },
		{ CTRACE "/1;o=x", -EBADMSG },
		{ CTRACE "/1;p=1", -EBADMSG },
		{ CTRACE "/1;o=1;o=0", -EBADMSG },
		{ CTRACE "/1,o=1", -EBADMSG },
		/* The trace id */
		{ " 105445AA7843BC8BF206B12000100000/1;o=1\t", 0, CTRACE, "0000000000000001", 1 },
		{ "", -EBADMSG },
		{ "/1;o=1", -EBADMSG },
		{ "00000000000000000000000000000000/1;o=1", -EBADMSG },
		{ "105445aa7843bc8bf206b1200010000/1;o=1", -EBADMSG },
		{ CTRACE "0/1;o=1", -EBADMSG },
		{ "105445aa7843bc8bf206b1200010000g/1;o=1", -EBADMSG },
	};

	return cr_make_param_array(struct carrier_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct carrier_case *c, carriers, cloud_trace)
{
	check(cs_cloud_trace_parse, c);
}

/* --- B3: openzipkin/b3-propagation --- */

#define BTRACE "80f198ee56343ba864fe8b2a57d3eff7"
#define BSPAN  "05e3ac9a4f6e3b90"
#define BOVER  "e457b5a2e4d86bd1"

ParameterizedTestParameters(carriers, b3_single)
{
	static struct carrier_case cases[] = {
		/* "Single Header": its own example; which fields are optional; a decision alone */
		{ BTRACE "-" BOVER "-1-" BSPAN, 0, BTRACE, BOVER, 1 },
		{ BTRACE "-" BSPAN "-1-" BOVER, 0, BTRACE, BSPAN, 1 },
		{ BTRACE "-" BSPAN "-1", 0, BTRACE, BSPAN, 1 },
		{ BTRACE "-" BSPAN "-0", 0, BTRACE, BSPAN, 0 },
		{ BTRACE "-" BSPAN "-d", 0, BTRACE, BSPAN, 1 },
		{ BTRACE "-" BSPAN, 0, BTRACE, BSPAN, 1 }, /* left to us */
		{ BTRACE "-" BSPAN "-" BOVER, 0, BTRACE, BSPAN, 1 },
		{ "64fe8b2a57d3eff7-" BSPAN "-1", 0, "000000000000000064fe8b2a57d3eff7", BSPAN, 1 },
		{ "\t" BTRACE "-" BSPAN "-1 ", 0, BTRACE, BSPAN, 1 },
		{ "0", -ENODATA },
		{ "1", -ENODATA },
		{ "d", -ENODATA },
		{ "", -EBADMSG },
		{ "2", -EBADMSG },
		{ "D", -EBADMSG },
		{ BTRACE, -EBADMSG },
		{ BTRACE "-", -EBADMSG },
		{ BTRACE "-" BSPAN "-", -EBADMSG },
		{ BTRACE "-" BSPAN "-1-", -EBADMSG },
		{ BTRACE "-" BSPAN "-2", -EBADMSG },
		{ BTRACE "-" BSPAN "-true", -EBADMSG },
		{ BTRACE "-" BSPAN "-1-" BOVER "-1", -EBADMSG },
		{ BTRACE "-" BSPAN "-" BOVER "-1", -EBADMSG },
		{ BTRACE "-" BSPAN "-1-e457b5a2e4d86bd", -EBADMSG },
		{ BTRACE "-" BSPAN "--" BOVER, -EBADMSG },
		{ "80F198EE56343BA864FE8B2A57D3EFF7-" BSPAN "-1", -EBADMSG },
		{ BTRACE "-05E3AC9A4F6E3B90-1", -EBADMSG },
		{ BTRACE "-05e3ac9a4f6e3b9-1", -EBADMSG },
		{ "0" BTRACE "-" BSPAN "-1", -EBADMSG },
		{ "4fe8b2a57d3eff7-" BSPAN "-1", -EBADMSG },
		{ "00000000000000000000000000000000-" BSPAN "-1", -EBADMSG },
		{ "0000000000000000-" BSPAN "-1", -EBADMSG },
		{ BTRACE "-0000000000000000-1", -EBADMSG },
	};

	return cr_make_param_array(struct carrier_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct carrier_case *c, carriers, b3_single)
{
	check(cs_b3_parse, c);
}

struct b3_case {
	char trace_id[40];
	char span_id[40];
	char sampled[8];
	char flags[8];
	int expected;
	char trace[33];
	unsigned sampling;
};

/*
 * "Multiple Headers": which may be absent, and what is malformed; "Sampling State": true and false of older tracers;
 * "Debug Flag". "-": the header did not come.
 */
ParameterizedTestParameters(carriers, b3_multiple)
{
	static struct b3_case cases[] = {
		{ BTRACE, BSPAN, "1", "-", 0, BTRACE, 1 },
		{ BTRACE, BSPAN, "0", "-", 0, BTRACE, 0 },
		{ BTRACE, BSPAN, "-", "-", 0, BTRACE, 1 },
		{ BTRACE, BSPAN, "true", "-", 0, BTRACE, 1 },
		{ BTRACE, BSPAN, "false", "-", 0, BTRACE, 0 },
		{ BTRACE, BSPAN, "-", "1", 0, BTRACE, 1 },
		{ BTRACE, BSPAN, "0", "1", 0, BTRACE, 1 }, /* debug implies accept */
		{ BTRACE, BSPAN, "0", "0", 0, BTRACE, 0 },
		{ BTRACE, " " BSPAN " ", "1", "-", 0, BTRACE, 1 },
		{ "64fe8b2a57d3eff7", BSPAN, "1", "-", 0, "000000000000000064fe8b2a57d3eff7", 1 },
		{ "-", "-", "0", "-", -ENODATA },
		{ "-", "-", "-", "1", -ENODATA },
		{ BTRACE, "-", "1", "-", -EBADMSG },
		{ "-", BSPAN, "1", "-", -EBADMSG },
		{ BTRACE, BSPAN, "2", "-", -EBADMSG },
		{ BTRACE, BSPAN, "", "-",
		  -EBADMSG }, /* absent is no header; an empty one is malformed */
		{ BTRACE, BSPAN, " ", "1", -EBADMSG },
		{ BTRACE, BSPAN, "1", "2", 0, BTRACE, 1 }, /* flags but 1 are ignored */
		{ BTRACE, BSPAN, "0", "", 0, BTRACE, 0 },
		{ BTRACE, BSPAN, "d", "-", -EBADMSG },
		{ "", BSPAN, "1", "-", -EBADMSG },
		{ "80F198EE56343BA864FE8B2A57D3EFF7", BSPAN, "1", "-", -EBADMSG },
		{ BTRACE, "05e3ac9a4f6e3b9", "1", "-", -EBADMSG },
		{ BTRACE, "0000000000000000", "1", "-", -EBADMSG },
		{ "0000000000000000", BSPAN, "1", "-", -EBADMSG },
	};

	return cr_make_param_array(struct b3_case, cases, sizeof(cases) / sizeof(cases[0]));
}

static const char *came(const char *text, size_t *ret_len)
{
	*ret_len = strcmp(text, "-") ? strlen(text) : 0;
	return strcmp(text, "-") ? text : NULL;
}

ParameterizedTest(struct b3_case *c, carriers, b3_multiple)
{
	struct cs_b3_headers headers;
	struct cs_trace_context got = { .flags = 0x5a };
	char trace[33], span[17];

	headers.trace_id = came(c->trace_id, &headers.trace_id_len);
	headers.span_id = came(c->span_id, &headers.span_id_len);
	headers.sampled = came(c->sampled, &headers.sampled_len);
	headers.flags = came(c->flags, &headers.flags_len);
	cr_assert(eq(int, cs_b3_headers_parse(&headers, &got), c->expected));
	if (c->expected < 0) {
		cr_assert(eq(uint, got.flags, 0x5a));
		return;
	}
	hex_of(got.trace_id, sizeof(got.trace_id), trace);
	hex_of(got.parent_id, sizeof(got.parent_id), span);
	cr_assert(eq(str, trace, (char *)c->trace));
	cr_assert(eq(str, span, (char *)BSPAN));
	cr_assert(eq(uint, got.flags, c->sampling));
}

/* --- Jaeger: client libraries, "Propagation Format" --- */

#define JTRACE "3bb9c8b3a5b0b0b0ff5c2ae1d1a3e1d0"

ParameterizedTestParameters(carriers, jaeger)
{
	static struct carrier_case cases[] = {
		{ JTRACE ":5ab19f1c3a2b4c5d:0:1", 0, JTRACE, "5ab19f1c3a2b4c5d", 1 },
		{ JTRACE ":5ab19f1c3a2b4c5d:0:0", 0, JTRACE, "5ab19f1c3a2b4c5d", 0 },
		/* Shorter values have zeroes on their left. */
		{ "000000000000000000000000deadbeef:00000000deadbef0:00000000:01", 0,
		  "000000000000000000000000deadbeef", "00000000deadbef0", 1 },
		{ "deadbeef:deadbef0:0:1", 0, "000000000000000000000000deadbeef",
		  "00000000deadbef0", 1 },
		{ "51729f13a64c2ef3:258169797d519815:51729f13a64c2ef3:1", 0,
		  "000000000000000051729f13a64c2ef3", "258169797d519815", 1 },
		{ "1:2:0:1", 0, "00000000000000000000000000000001", "0000000000000002", 1 },
		{ "DEADBEEF:DEADBEF0:0:1", 0, "000000000000000000000000deadbeef",
		  "00000000deadbef0", 1 },
		/* Flags: 1 sampled, 2 debug, 8 firehose */
		{ "1:2:0:3", 0, "00000000000000000000000000000001", "0000000000000002", 1 },
		{ "1:2:0:2", 0, "00000000000000000000000000000001", "0000000000000002", 1 },
		{ "1:2:0:9", 0, "00000000000000000000000000000001", "0000000000000002", 1 },
		{ "1:2:0:8", 0, "00000000000000000000000000000001", "0000000000000002", 0 },
		{ "1:2:0:00", 0, "00000000000000000000000000000001", "0000000000000002", 0 },
		/* As some clients wrote it into a header */
		{ JTRACE "%3A5ab19f1c3a2b4c5d%3a0%3A1", 0, JTRACE, "5ab19f1c3a2b4c5d", 1 },
		{ "", -EBADMSG },
		{ JTRACE, -EBADMSG },
		{ "1:2:0", -EBADMSG },
		{ "1:2:0:", -EBADMSG },
		{ "1:2::1", -EBADMSG },
		{ ":2:0:1", -EBADMSG },
		{ "1:2:0:1:1", -EBADMSG },
		{ "1:2:0:111", -EBADMSG },
		{ "1:2:0:x", -EBADMSG },
		{ "1:2%3:0:1", -EBADMSG },
		{ "1:2:0:1%3", -EBADMSG },
		{ "0:2:0:1", -EBADMSG },
		{ "1:0:0:1", -EBADMSG },
		{ "1" JTRACE ":2:0:1", -EBADMSG },
		{ "1:15ab19f1c3a2b4c5d1:0:1", -EBADMSG },
		{ "g:2:0:1", -EBADMSG },
		{ JTRACE ":5ab19f1c3a2b4c5d:5ab19f1c3a2b4c5d:1                                   "
			 "                                                     1",
		  -EBADMSG },
	};

	return cr_make_param_array(struct carrier_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct carrier_case *c, carriers, jaeger)
{
	check(cs_jaeger_parse, c);
}
