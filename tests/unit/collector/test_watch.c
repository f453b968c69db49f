/* SPDX-License-Identifier: Apache-2.0 */

#include "collector/watch.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(watch, a_quiet_ring_is_looked_at_every_20_ms)
{
	cr_expect(eq(u32, cs_watch_next_interval(20, 0, 16384), 20));
	cr_expect(eq(u32, cs_watch_next_interval(5, 0, 16384), 10));
}

Test(watch, a_filling_ring_is_looked_at_faster_down_to_1_ms)
{
	cr_expect(eq(u32, cs_watch_next_interval(20, 16384 / 20, 16384), 10));
	cr_expect(eq(u32, cs_watch_next_interval(20, 16384 / 6, 16384), 5));
	cr_expect(eq(u32, cs_watch_next_interval(20, 16384, 16384), 2));
	cr_expect(eq(u32, cs_watch_next_interval(2, 16384, 16384), 1));
}

Test(watch, a_steady_load_keeps_its_pace)
{
	cr_expect(eq(u32, cs_watch_next_interval(8, 16384 / 64, 16384), 8));
}

Test(watch, a_hostile_head_yields_a_valid_pace)
{
	cr_expect(eq(u32, cs_watch_next_interval(20, UINT64_MAX, 64), 2));
}
