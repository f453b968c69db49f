/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/instances/ring_fill. */
#include "collector/instances/ring_fill.h"

#include <criterion/criterion.h>

#define W CS_RING_FILL_WINDOW_NS

static struct cs_ring_fill fill;

static unsigned per_cent(uint64_t now_ns)
{
	return (unsigned)(cs_ring_fill_get(&fill, now_ns) * 100 + 0.5);
}

Test(ring_fill, the_fullest_is_told_until_its_second_window_is_over)
{
	cr_assert_eq(per_cent(5 * W), 0);
	cs_ring_fill_note(&fill, 10, 100, 5 * W);
	cs_ring_fill_note(&fill, 40, 100, 5 * W + 1);
	cs_ring_fill_note(&fill, 20, 100, 5 * W + 2);
	cr_assert_eq(per_cent(5 * W + 3), 40);
	cs_ring_fill_note(&fill, 30, 100, 6 * W);
	cr_assert_eq(per_cent(7 * W - 1), 40);
	cr_assert_eq(per_cent(7 * W), 30);
	cr_assert_eq(per_cent(8 * W), 0);
}

Test(ring_fill, after_a_long_rest_nothing_is_left)
{
	cs_ring_fill_note(&fill, 10, 100, 5 * W);
	cr_assert_eq(per_cent(9 * W), 0);
}

Test(ring_fill, no_ring_is_more_than_full)
{
	cs_ring_fill_note(&fill, 1000, 100, 5 * W);
	cr_assert_eq(per_cent(5 * W), 100);
}
