/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/call_told: what stands behind the target of a call. */
#include "collector/call_told.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#define SPAN   "coldspan-span-id: 00f067aa0ba902b7\n"
#define PARENT "coldspan-parent-id: b7ad6b7169203331\n"

static bool reads(const char *lines, struct cs_call_told *told)
{
	struct cs_part host = { NULL, 0 };

	cs_call_told_read((struct cs_part){ lines, strlen(lines) }, told, &host);
	cr_expect(eq(int, host.len == 9 && !memcmp(host.text, "localhost", 9),
		     strstr(lines, "host: ") != NULL));
	return told->is;
}

Test(call_told, both_ids_are_there_or_none)
{
	struct cs_call_told told;

	cr_expect(not(reads("", &told)));
	cr_expect(not(reads("host: localhost\n", &told)));
	cr_expect(not(reads("host: localhost\n" SPAN, &told)));
	cr_expect(not(reads(PARENT "host: localhost\n", &told)));
	cr_expect(not(reads(SPAN "coldspan-parent-id: 0000000000000000\n", &told)));
	cr_expect(not(reads("coldspan-span-id: 00F067AA0BA902B7\n" PARENT, &told)));
	cr_assert(reads("host: localhost\n" SPAN PARENT, &told));
	cr_expect(eq(int, told.span[1], 0xf0));
	cr_expect(eq(int, told.parent[0], 0xb7));
}
