/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/budget/revision. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "agent/budget/revision.h"

static void amount(enum cs_quantity_kind kind, double value, const char *wanted)
{
	char text[32];

	cr_assert(eq(str,
		     cs_revision_amount((struct cs_quantity){ kind, value }, text, sizeof(text)),
		     (char *)wanted));
}

Test(revision, a_size_in_powers_of_ten_stays_one)
{
	const struct cs_quantity size = { CS_QUANTITY_SIZE, 12345678, true };
	char text[64];

	cr_assert(eq(str, cs_revision_amount(size, text, sizeof(text)), (char *)"12.4MB"));
}

Test(revision, amounts_have_three_digits_and_are_never_less)
{
	amount(CS_QUANTITY_DURATION, 301.2e6, "302ms");
	amount(CS_QUANTITY_DURATION, 300e6, "300ms");
	amount(CS_QUANTITY_DURATION, 12.34e6, "12.4ms");
	amount(CS_QUANTITY_DURATION, 1.2e9, "1.2s");
	amount(CS_QUANTITY_DURATION, 1234e9, "1234s");
	amount(CS_QUANTITY_DURATION, 5, "5ns");
	amount(CS_QUANTITY_SIZE, 96.0 * 1048576, "96MiB");
	amount(CS_QUANTITY_SIZE, 1000, "1000B");
	amount(CS_QUANTITY_DURATION, 0, "0ns");
	amount(CS_QUANTITY_COUNT, 0, "0");
	amount(CS_QUANTITY_COUNT, 45, "45");
	amount(CS_QUANTITY_COUNT, 44.2, "45");
}

static void revised(const char *text, const struct cs_revision *revisions, size_t count,
		    const char *wanted)
{
	struct cs_buffer out = { 0 };
	bool done[4] = { false };

	cs_revise(text, strlen(text), revisions, count, done, &out);
	cr_assert(eq(str, out.data, (char *)wanted));
	cs_buffer_deinit(&out);
}

Test(revision, all_else_stays_as_it_is)
{
	revised("a: 1 # x\n# \xc3\xa4\n\xc3\xa4: p95 total <= 300ms\r\nlast",
		(struct cs_revision[]){ { 3, 17, "300ms", "412ms", "today" } }, 1,
		"a: 1 # x\n# \xc3\xa4\n\xc3\xa4: p95 total <= 412ms  " CS_REVISION_MARK
		" today\r\nlast");
}

Test(revision, two_in_a_line_and_a_note_from_before)
{
	revised("[total <= 1s, opens <= \"5\"]  " CS_REVISION_MARK " long ago\n",
		(struct cs_revision[]){ { 1, 11, "1s", "2s", "now" }, { 1, 24, "5", "6", "now" } },
		2, "[total <= 2s, opens <= \"6\"]  " CS_REVISION_MARK " now\n");
}

Test(revision, where_something_else_stands_nothing_is_written)
{
	struct cs_buffer out = { 0 };
	bool done[3] = { true, true, true };

	cs_revise("x: 300ms\n", 9,
		  (struct cs_revision[]){ { 0, 0, "1", "2", "n" },
					  { 1, 4, "301ms", "2", "n" },
					  { 7, 1, "1", "2", "n" } },
		  3, done, &out);
	cr_assert(eq(str, out.data, (char *)"x: 300ms\n"));
	cr_assert(not(done[0] || done[1] || done[2]));
	cs_buffer_deinit(&out);
}

Test(revision, json_gets_no_note)
{
	revised("{\"max\": \"1s\"}", (struct cs_revision[]){ { 1, 9, "1s", "2s", "n" } }, 1,
		"{\"max\": \"2s\"}");
}
