/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/ids. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "collector/assembler/ids.h"

static const struct cs_id_key key = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
};

Test(ids, the_same_place_gives_the_same_id_and_others_differ)
{
	struct cs_span_id a = cs_make_span_id(&key, 1, 2, 3), b = cs_make_span_id(&key, 1, 2, 3);
	struct cs_span_id c = cs_make_span_id(&key, 1, 3, 2), d = cs_make_span_id(&key, 2, 2, 3);
	struct cs_trace_id t = cs_make_trace_id(&key, 1, 2);

	cr_assert(eq(int, memcmp(&a, &b, sizeof(a)), 0));
	cr_assert(ne(int, memcmp(&a, &c, sizeof(a)), 0));
	cr_assert(ne(int, memcmp(&a, &d, sizeof(a)), 0));
	cr_assert(ne(int, memcmp(t.bytes, t.bytes + 8, 8), 0));
}
