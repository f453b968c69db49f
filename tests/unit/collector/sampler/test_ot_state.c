/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/sampler/ot_state. */
#include "collector/sampler/ot_state.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#define NONE CS_THRESHOLD_UNKNOWN

Test(ot_state, what_is_well_formed_is_read)
{
	static const struct {
		const char *text;
		uint64_t threshold, randomness; /* NONE: none */
	} cases[] = {
		{ NULL, NONE, NONE },
		{ "a=1", NONE, NONE },
		{ "ot=th:c", 0xc0000000000000, NONE },
		{ "ot=th:0", 0, NONE },
		{ "a=1,ot=th:fd70a4;x:y,b=2", 0xfd70a400000000, NONE },
		{ "ot=rv:6e6d1a75832a2f", NONE, 0x6e6d1a75832a2f },
		{ "ot=k:v;rv:00000000000001;th:00000000000001", 1, 1 },
		{ "ot=th:ffffffffffffff", 0xffffffffffffff, NONE },
		/* malformed: as if it had not come */
		{ "ot=th:", NONE, NONE },
		{ "ot=th:C", NONE, NONE },
		{ "ot=th:123456789abcdef", NONE, NONE },
		{ "ot=th:0x1", NONE, NONE },
		{ "ot=rv:6e6d1a75832a2", NONE, NONE },
		{ "ot=rv:6E6D1A75832A2F", NONE, NONE },
		/* another's */
		{ "xot=th:c,ot@x=th:c,o=th:c", NONE, NONE },
		/* the first of two */
		{ "ot=th:8,ot=th:c", 0x80000000000000, NONE },
	};
	struct cs_ot_state got;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cs_ot_state_read(cases[i].text, &got);
		cr_expect(eq(u64, got.threshold, cases[i].threshold), "%s", cases[i].text);
		cr_expect(eq(u64, got.has_randomness ? got.randomness : NONE, cases[i].randomness),
			  "%s", cases[i].text);
	}
}

static char written[CS_TRACE_STATE_BYTES + 1];

static char *rewrite(const char *text, uint64_t threshold)
{
	memset(written, 'x', sizeof(written));
	cs_ot_state_write(text, threshold, written);
	cr_assert(lt(sz, strnlen(written, sizeof(written)), sizeof(written)));
	return written;
}

Test(ot_state, a_threshold_is_put_in_first_and_what_else_there_is_stays)
{
	static const struct {
		const char *text;
		uint64_t threshold;
		const char *wanted;
	} cases[] = {
		{ NULL, 0, "ot=th:0" },
		{ NULL, NONE, "" },
		{ "", 0xc0000000000000, "ot=th:c" },
		{ "a=1,b=2", 0xe6660000000000, "ot=th:e666,a=1,b=2" },
		{ "a=1,ot=k:v;th:8;rv:6e6d1a75832a2f,b=2", 0x08000000000000,
		  "ot=th:08;rv:6e6d1a75832a2f;k:v,a=1,b=2" },
		{ "a=1,ot=th:8;rv:6e6d1a75832a2f", NONE, "ot=rv:6e6d1a75832a2f,a=1" },
		{ "a=1,ot=th:8", NONE, "a=1" },
		{ "ot=th:8", NONE, "" },
		{ "ot=k:v;th;x: y;rv:7;th:8 ", 0, "ot=th:0;k:v" },
		{ "ot=rv:6e6d1a75832a2f;rv:00000000000000", 0, "ot=th:0;rv:6e6d1a75832a2f" },
		{ "ot=th:8,ot=th:4,a=1", 1, "ot=th:00000000000001,a=1" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect(eq(str, rewrite(cases[i].text, cases[i].threshold),
			     (char *)cases[i].wanted));
}

Test(ot_state, where_there_is_no_room_others_make_it)
{
	char text[700] = "";
	struct cs_ot_state got;
	unsigned members = 1;

	for (unsigned i = 0; i < CS_TRACE_STATE_MEMBERS_MAX; i++)
		sprintf(text + strlen(text), "%sk%u=v", i ? "," : "", i);
	rewrite(text, 0);
	for (const char *c = written; *c; c++)
		members += *c == ',';
	cr_expect(eq(uint, members, CS_TRACE_STATE_MEMBERS_MAX));
	cr_expect(eq(ptr, strstr(written, "k31="), NULL));

	/* 512 bytes of two members: the longer one goes, as W3C has it. */
	snprintf(text, sizeof(text), "a=%0200d,b=%0120d,c=%0180d", 1, 2, 3);
	text[512] = '\0';
	rewrite(text, 0x80000000000000);
	cs_ot_state_read(written, &got);
	cr_expect(eq(u64, got.threshold, 0x80000000000000));
	cr_expect(le(sz, strlen(written), CS_TRACE_STATE_BYTES));
	cr_expect(ne(ptr, strstr(written, ",b=0"), NULL));

	/* What else OpenTelemetry says has 256 bytes with it. */
	snprintf(text, sizeof(text), "ot=a:%0120d;b:%0120d;rv:6e6d1a75832a2f", 1, 2);
	cs_ot_state_read(rewrite(text, 0x80000000000001), &got);
	cr_expect(eq(u64, got.threshold, 0x80000000000001));
	cr_expect(le(sz, strlen(written), CS_OT_STATE_MAX + 3));
}

Test(ot_state, randomness_is_said_or_the_end_of_the_id)
{
	const struct cs_trace_id id = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x1a, 11, 12, 13, 14, 15,
					  16 } };
	struct cs_ot_state state;

	cs_ot_state_read(NULL, &state);
	cr_expect(eq(u64, cs_ot_state_randomness(&state, &id), 0x1a0b0c0d0e0f10));
	cs_ot_state_read("ot=rv:6e6d1a75832a2f", &state);
	cr_expect(eq(u64, cs_ot_state_randomness(&state, &id), 0x6e6d1a75832a2f));
}
