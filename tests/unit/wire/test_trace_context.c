/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Unit tests of preload/wire/trace_context, by the rules of W3C Trace Context: beside each row the section of level 2's text
 * that it holds. Where level 1 differs (keys of tracestate with "@") level 2 counts.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <string.h>

#include "preload/wire/trace_context.h"

#define TRACE  "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"
#define ZEROES "00000000000000000000000000000000"

struct parent_case {
	char section[16]; /* of W3C Trace Context */
	char text[160];
	int expected;
	unsigned flags;
};

ParameterizedTestParameters(trace_context, traceparent_by_the_specifications_rules)
{
	static struct parent_case cases[] = {
		{ "3.2.2.5.1", "00-" TRACE "-" PARENT "-01", 0, 1 },
		{ "3.2.2.5.1", "00-" TRACE "-" PARENT "-00", 0, 0 },
		{ "3.2.2.5.2", "00-" TRACE "-" PARENT "-02", 0, 2 }, /* the random flag is kept */
		{ "3.2.2.5.2", "00-" TRACE "-" PARENT "-03", 0, 3 },
		{ "3.2.2.5.3", "00-" TRACE "-" PARENT "-ff", 0, 3 }, /* unknown flags are dropped */
		{ "3.2.2.5.3", "00-" TRACE "-" PARENT "-09", 0, 1 },
		{ "3.2.2.5.3", "00-" TRACE "-" PARENT "-04", 0, 0 },
		/* Blanks around a field value are no part of it: RFC 9110. */
		{ "RFC9110 5.5", " \t00-" TRACE "-" PARENT "-01\t ", 0, 1 },
		/* Version 00 has exactly 55 bytes, later ones may go on after a dash. */
		{ "3.2.2.2", "00-" TRACE "-" PARENT "-01-", -EBADMSG },
		{ "3.2.2.2", "00-" TRACE "-" PARENT "-01-what-will-come", -EBADMSG },
		{ "3.2.2.2", "00-" TRACE "-" PARENT "-01.", -EBADMSG },
		{ "3.2.2.2", "00-" TRACE "-" PARENT "-012", -EBADMSG },
		{ "3.2.4", "cc-" TRACE "-" PARENT "-01", 0, 1 },
		{ "3.2.4", "cc-" TRACE "-" PARENT "-01-", 0, 1 },
		{ "3.2.4", "cc-" TRACE "-" PARENT "-01-what-will-come", 0, 1 },
		{ "3.2.4", "01-" TRACE "-" PARENT "-00-XYZ", 0, 0 },
		{ "3.2.4", "fe-" TRACE "-" PARENT "-81", 0, 1 },
		{ "3.2.4", "cc-" TRACE "-" PARENT "-01.what-will-come", -EBADMSG },
		{ "3.2.4", "cc-" TRACE "-" PARENT "-010", -EBADMSG },
		{ "3.2.4", "cc-" TRACE "-" PARENT "-0", -EBADMSG }, /* shorter than 55 */
		{ "3.2.4", "cc-" TRACE "-" PARENT, -EBADMSG },
		{ "3.2.4", "cc-" TRACE "_" PARENT "-01", -EBADMSG },
		{ "3.2.4", "cc-" TRACE "-" PARENT "_01", -EBADMSG },
		{ "3.2.4", "cc-0AF7651916CD43DD8448EB211C80319C-" PARENT "-01", -EBADMSG },
		{ "3.2.4", "cc-" ZEROES "-" PARENT "-01", -EBADMSG },
		{ "3.2.4", "cc-" TRACE "-0000000000000000-01", -EBADMSG },
		{ "3.2.2.1", "ff-" TRACE "-" PARENT "-01", -EBADMSG },
		{ "3.2.2.1", "ff-" TRACE "-" PARENT "-01-more", -EBADMSG },
		/* A version that is not two digits and a dash */
		{ "3.2.4", ".0-" TRACE "-" PARENT "-01", -EBADMSG },
		{ "3.2.4", "0.-" TRACE "-" PARENT "-01", -EBADMSG },
		{ "3.2.4", "0-" TRACE "-" PARENT "-01", -EBADMSG },
		{ "3.2.4", "000-" TRACE "-" PARENT "-01", -EBADMSG },
		{ "3.2.4", "0000-" TRACE "-" PARENT "-01", -EBADMSG },
		{ "3.2.2.1", "CC-" TRACE "-" PARENT "-01", -EBADMSG },
		{ "3.2.2", "00_" TRACE "-" PARENT "-01", -EBADMSG },
		/* The ids */
		{ "3.2.2.3", "00-" ZEROES "-" PARENT "-01", -EBADMSG },
		{ "3.2.2.4", "00-" TRACE "-0000000000000000-01", -EBADMSG },
		{ "3.2.2.3", "00-0AF7651916CD43DD8448EB211C80319C-" PARENT "-01", -EBADMSG },
		{ "3.2.2.4", "00-" TRACE "-B7AD6B7169203331-01", -EBADMSG },
		{ "3.2.2.3", "00-.af7651916cd43dd8448eb211c80319c-" PARENT "-01", -EBADMSG },
		{ "3.2.2.3", "00-0af7651916cd43dd8448eb211c80319g-" PARENT "-01", -EBADMSG },
		{ "3.2.2.4", "00-" TRACE "-b7ad6b716920333.-01", -EBADMSG },
		{ "3.2.2.4", "00-" TRACE "-.7ad6b7169203331-01", -EBADMSG },
		{ "3.2.2.3", "00-0af7651916cd43dd8448eb211c80319-" PARENT "-01", -EBADMSG },
		{ "3.2.2.3", "00-" TRACE "0-" PARENT "-01", -EBADMSG },
		{ "3.2.2.4", "00-" TRACE "-b7ad6b716920333-01", -EBADMSG },
		{ "3.2.2.4", "00-" TRACE "-" PARENT "0-01", -EBADMSG },
		/* The flags */
		{ "3.2.2.5", "00-" TRACE "-" PARENT "-.1", -EBADMSG },
		{ "3.2.2.5", "00-" TRACE "-" PARENT "-1.", -EBADMSG },
		{ "3.2.2.5", "00-" TRACE "-" PARENT "-0A", -EBADMSG },
		{ "3.2.2.5", "00-" TRACE "-" PARENT "-1", -EBADMSG },
		{ "3.2.2.5", "00-" TRACE "-" PARENT "-", -EBADMSG },
		{ "3.2.2.5", "00-" TRACE "-" PARENT, -EBADMSG },
		/* Two headers that somebody has made one */
		{ "3.2", "00-" TRACE "-" PARENT "-01,00-" TRACE "-" PARENT "-01", -EBADMSG },
		{ "3.2", "", -EBADMSG },
		{ "3.2", "   ", -EBADMSG },
	};

	return cr_make_param_array(struct parent_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct parent_case *c, trace_context, traceparent_by_the_specifications_rules)
{
	static const uint8_t trace[16] = { 0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd,
					   0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31, 0x9c };
	static const uint8_t parent[8] = { 0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31 };
	struct cs_trace_context got, before;

	memset(&got, 0x5a, sizeof(got));
	before = got;
	cr_assert(eq(int, cs_trace_context_parse(c->text, strlen(c->text), &got), c->expected),
		  "%s: %s", c->section, c->text);
	if (c->expected < 0) {
		cr_assert(eq(int, memcmp(&got, &before, sizeof(got)), 0), "%s: %s", c->section,
			  c->text);
		return;
	}
	cr_assert(eq(int, memcmp(got.trace_id, trace, sizeof(trace)), 0), "%s: %s", c->section,
		  c->text);
	cr_assert(eq(int, memcmp(got.parent_id, parent, sizeof(parent)), 0), "%s: %s", c->section,
		  c->text);
	cr_assert(eq(uint, got.flags, c->flags), "%s: %s", c->section, c->text);
}

Test(trace_context, every_single_byte_of_a_traceparent_matters)
{
	static const char good[] = "00-" TRACE "-" PARENT "-01";
	struct cs_trace_context got;

	for (unsigned at = 0; at < CS_TRACEPARENT_LEN; at++) {
		char text[sizeof(good)];

		memcpy(text, good, sizeof(good));
		for (int byte = 0; byte < 256; byte++) {
			int hex = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
			int dash = at == 2 || at == 35 || at == 52;

			text[at] = (char)byte;
			cr_assert(eq(int, cs_trace_context_parse(text, CS_TRACEPARENT_LEN, &got),
				     (dash ? byte == '-' : hex) ? 0 : -EBADMSG),
				  "byte %u is %d", at, byte);
		}
	}
	for (size_t len = 0; len < CS_TRACEPARENT_LEN; len++)
		cr_assert(eq(int, cs_trace_context_parse(good, len, &got), -EBADMSG));
}

Test(trace_context, what_is_formatted_is_parsed_back_as_version_00)
{
	static const char future[] = "cc-" TRACE "-" PARENT "-ff-what-will-come";
	struct cs_trace_context first, second;
	char text[CS_TRACEPARENT_LEN + 1];

	cr_assert(eq(int, cs_trace_context_parse(future, strlen(future), &first), 0));
	cs_trace_context_format(&first, text);
	cr_assert(eq(str, text, (char *)"00-" TRACE "-" PARENT "-03"));
	cr_assert(eq(int, cs_trace_context_parse(text, strlen(text), &second), 0));
	cr_assert(eq(int, memcmp(&first, &second, sizeof(first)), 0));
	first.flags = 0xfd;
	cs_trace_context_format(&first, text);
	cr_assert(eq(str, text, (char *)"00-" TRACE "-" PARENT "-01"));
}

struct state_case {
	char section[16]; /* as above */
	char text[200];
	int expected;
	char out[200];
};

ParameterizedTestParameters(trace_context, tracestate_by_the_specifications_rules)
{
	static struct state_case cases[] = {
		{ "3.3.4", "rojo=00f067aa0ba902b7", 0, "rojo=00f067aa0ba902b7" },
		{ "3.3.4", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", 0,
		  "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE" },
		/* Empty headers and members, and blanks around members */
		{ "3.3.2", "", 0, "" },
		{ "3.3.2", ",, \t,", 0, "" },
		{ "3.3.2.1", " a=1 ,\tb=2\t,, c=3 ", 0, "a=1,b=2,c=3" },
		{ "3.3.2.1", "foo=1 \t , \t bar=2, \t baz=3", 0, "foo=1,bar=2,baz=3" },
		{ "3.3.2.1", "foo=1\t \t,\t \tbar=2,\t \tbaz=3", 0, "foo=1,bar=2,baz=3" },
		{ "3.3.2.2.2", "a= lead", 0, "a= lead" }, /* a leading blank belongs to the value */
		{ "3.3.2.2.2", "a=in side ", 0, "a=in side" }, /* a trailing one does not */
		/* Keys may come twice from others: they may be discarded, and are kept. */
		{ "3.5", "a=1,a=2", 0, "a=1,a=2" },
		{ "3.3.2.2.1", "a*b/c_d-e@f=!\"#$%&'()*+-./:;<>?@[\\]^_`{|}~", 0,
		  "a*b/c_d-e@f=!\"#$%&'()*+-./:;<>?@[\\]^_`{|}~" },
		{ "3.3.2.2.1", "0a=1", 0, "0a=1" },
		{ "3.3.2.2.1", "tenant@system=1", 0, "tenant@system=1" },
		/* Level 1 has one "@" at most, and not at an end. */
		{ "3.3.2.2.1", "foo@=1,bar=2", 0, "foo@=1,bar=2" },
		{ "3.3.2.2.1", "foo@@bar=1,bar=2", 0, "foo@@bar=1,bar=2" },
		{ "3.3.2.2.1", "foo@bar@baz=1,bar=2", 0, "foo@bar@baz=1,bar=2" },
		{ "3.3.2.1", "foo", -EBADMSG },
		{ "3.3.2.2.2", "foo=", -EBADMSG },
		{ "3.3.2.2.2", "foo=,bar=3", -EBADMSG },
		{ "3.3.2.2.1", "=1", -EBADMSG },
		{ "3.3.2.2.2", "foo=1=2", -EBADMSG },
		{ "3.3.2.2.1", "foo =1", -EBADMSG },
		{ "3.3.2.2.1", "FOO=1", -EBADMSG },
		{ "3.3.2.2.1", "foo.bar=1", -EBADMSG },
		{ "3.3.2.2.1", "@foo=1,bar=2", -EBADMSG },
		{ "3.3.2.2.1", "_foo=1", -EBADMSG },
		{ "3.3.2.2.1", "-foo=1", -EBADMSG },
		{ "3.3.2.2.1", "foo=1,BAR=2", -EBADMSG },
		{ "3.3.2.1", "foo=1;bar=2", -EBADMSG },
		{ "3.3.2.2.2", "foo=caf\xc3\xa9", -EBADMSG },
		{ "3.3.2.2.2", "foo=a\tb", -EBADMSG },
		{ "3.3.2.2.2", "foo=a\x7f", -EBADMSG },
		{ "3.3.2.2.2", "foo=a\x01", -EBADMSG },
		{ "3.3.2.2.2", "foo= ", -EBADMSG },
	};

	return cr_make_param_array(struct state_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct state_case *c, trace_context, tracestate_by_the_specifications_rules)
{
	char out[CS_TRACE_STATE_BYTES + 1] = "untouched";
	size_t len = 4711;

	cr_assert(eq(int,
		     cs_trace_state_copy(c->text, strlen(c->text), out, CS_TRACE_STATE_BYTES, &len),
		     c->expected),
		  "%s: %s", c->section, c->text);
	if (c->expected < 0) {
		cr_assert(eq(str, out, (char *)"untouched"));
		cr_assert(eq(sz, len, 4711));
		return;
	}
	out[len] = '\0';
	cr_assert(eq(str, out, c->out), "%s: %s", c->section, c->text);
}

/* @count members "mNN=vvv…" of @bytes each, joined. */
static size_t many(char *to, unsigned count, size_t bytes)
{
	size_t at = 0;

	for (unsigned i = 0; i < count; i++) {
		to[at++] = (char)('a' + i % 26);
		to[at++] = (char)('a' + i / 26);
		to[at++] = '=';
		for (size_t b = 3; b < bytes; b++)
			to[at++] = 'v';
		to[at++] = ',';
	}
	return at - 1;
}

/* 3.3.2 (32 list-members), several headers joined */
Test(trace_context, tracestate_of_32_members_is_kept_and_of_33_refused)
{
	char text[4096], out[CS_TRACE_STATE_BYTES];
	size_t len;

	cr_assert(eq(int, cs_trace_state_copy(text, many(text, 32, 4), out, sizeof(out), &len), 0));
	cr_assert(eq(sz, len, 32 * 5 - 1));
	cr_assert(eq(int, memcmp(text, out, len), 0));
	cr_assert(eq(int, cs_trace_state_copy(text, many(text, 33, 4), out, sizeof(out), &len),
		     -E2BIG));
}

/* 3.3.2.2.1, 3.3.2.2.2 (256 characters) */
Test(trace_context, tracestate_keys_and_values_have_256_bytes_at_most)
{
	char text[1024], out[1024];
	size_t len;

	for (unsigned key = 255; key <= 257; key++) {
		for (unsigned value = 255; value <= 257; value++) {
			memset(text, 'k', key);
			text[key] = '=';
			memset(text + key + 1, 'v', value);
			cr_assert(eq(
				int,
				cs_trace_state_copy(text, key + 1 + value, out, sizeof(out), &len),
				key > 256 || value > 256 ? -EBADMSG : 0));
		}
	}
}

/* 3.3.3.1 (512 characters, entries above 128 first, then from the end) */
Test(trace_context, tracestate_that_does_not_fit_loses_long_members_first_then_the_last)
{
	char text[2048], out[CS_TRACE_STATE_BYTES], *canary;
	size_t len, at;

	/* 5 members of 100 bytes and commas are 504 bytes; a sixth goes. */
	at = many(text, 6, 100);
	cr_assert(eq(int, cs_trace_state_copy(text, at, out, sizeof(out), &len), 0));
	cr_assert(eq(sz, len, 504));
	cr_assert(eq(int, memcmp(text, out, len), 0));

	/* One of 129 bytes in front is the first to go, one of 128 stays. */
	at = many(text, 1, 129);
	text[at++] = ',';
	at += many(text + at, 4, 100);
	cr_assert(eq(int, cs_trace_state_copy(text, at, out, sizeof(out), &len), 0));
	cr_assert(eq(sz, len, 4 * 101 - 1));
	cr_assert(eq(int, memcmp(text + 130, out, len), 0));
	at = many(text, 1, 128);
	text[at++] = ',';
	at += many(text + at, 4, 100);
	cr_assert(eq(int, cs_trace_state_copy(text, at, out, sizeof(out), &len), 0));
	cr_assert(eq(sz, len, 129 + 3 * 101 - 1));

	/* Exactly full, and nothing behind the end is touched. */
	at = many(text, 4, 10);
	for (size_t capacity = 1; capacity <= at; capacity++) {
		size_t fits = (capacity + 1) / 11;

		memset(out, '!', sizeof(out));
		cr_assert(eq(int, cs_trace_state_copy(text, at, out, capacity, &len), 0));
		cr_assert(eq(sz, len, fits ? fits * 11 - 1 : 0));
		canary = memchr(out, '!', sizeof(out));
		cr_assert(eq(sz, (size_t)(canary - out), len));
	}
}
