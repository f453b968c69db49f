/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/net/backoff. */
#include "exporters/net/backoff.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(backoff, the_whole_wait_doubles_up_to_its_limit)
{
	struct cs_backoff b = { .first_ms = 1000, .max_ms = 5000 };

	/* A multiple of half + 1, minus one, gives the longest wait of each step. */
	cr_assert(eq(u32, cs_backoff_next(&b, 500), 1000));
	cr_assert(eq(u32, cs_backoff_next(&b, 1000), 2000));
	cr_assert(eq(u32, cs_backoff_next(&b, 2000), 4000));
	cr_assert(eq(u32, cs_backoff_next(&b, 2500), 5000));
	cr_assert(eq(u32, cs_backoff_next(&b, 2500), 5000));
}

Test(backoff, half_of_the_wait_is_certain)
{
	struct cs_backoff b = { .first_ms = 1000, .max_ms = 30000 };

	cr_assert(eq(u32, cs_backoff_next(&b, 0), 500));
	cr_assert(eq(u32, cs_backoff_next(&b, 0), 1000));
	for (uint64_t random = 0; random < 5000; random += 7) {
		uint32_t wait;

		b.current_ms = 0;
		wait = cs_backoff_next(&b, random * 0x9e3779b97f4a7c15u);
		cr_assert(wait >= 500 && wait <= 1000);
	}
}

Test(backoff, after_a_success_it_begins_anew)
{
	struct cs_backoff b = { .first_ms = 1000, .max_ms = 30000 };

	cs_backoff_next(&b, 0);
	cs_backoff_next(&b, 0);
	cs_backoff_reset(&b);
	cr_assert(eq(u32, cs_backoff_next(&b, 0), 500));
}

Test(backoff, odd_and_zero_waits_are_kept)
{
	struct cs_backoff odd = { .first_ms = 1, .max_ms = 1 }, zero = { 0 };

	cr_assert(eq(u32, cs_backoff_next(&odd, 12345), 1));
	cr_assert(eq(u32, cs_backoff_next(&zero, 12345), 0));
}
