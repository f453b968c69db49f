/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/ids. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdbool.h>
#include <string.h>

#include "collector/assembler/ids.h"

static const struct cs_id_key key = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
};

static bool same(struct cs_span_id a, struct cs_span_id b)
{
	return !memcmp(&a, &b, sizeof(a));
}

static bool same_trace(struct cs_trace_id a, struct cs_trace_id b)
{
	return !memcmp(&a, &b, sizeof(a));
}

Test(ids, the_same_place_gives_the_same_id_and_others_differ)
{
	const struct cs_id_key other = { { 1 } };
	struct cs_span_id a = cs_make_span_id(&key, 1, 2, 3);
	struct cs_trace_id t = cs_make_trace_id(&key, 1, 2);

	cr_expect(same(a, cs_make_span_id(&key, 1, 2, 3)));
	cr_expect(not(same(a, cs_make_span_id(&key, 2, 2, 3))));
	cr_expect(not(same(a, cs_make_span_id(&key, 1, 3, 3))));
	cr_expect(not(same(a, cs_make_span_id(&key, 1, 2, 2))));
	cr_expect(not(same(a, cs_make_span_id(&other, 1, 2, 3))));
	cr_expect(same_trace(t, cs_make_trace_id(&key, 1, 2)));
	cr_expect(not(same_trace(t, cs_make_trace_id(&key, 2, 2))));
	cr_expect(not(same_trace(t, cs_make_trace_id(&key, 1, 3))));
	cr_expect(not(same_trace(t, cs_make_trace_id(&other, 1, 2))));
	cr_assert(ne(int, memcmp(t.bytes, t.bytes + 8, 8), 0));
}
