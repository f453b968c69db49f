/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/clock_shift: which clocks are another time namespace's, and how far off. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "collector/processes/clock_shift.h"

#define S 1000000000ull

/* Announced 2 ms after the attach, an hour after boot. */
static const struct cs_clock_anchors ours = { 3600 * S, 1800000000 * S, 4000 * S };

static struct cs_clock_anchors attached(void)
{
	const uint64_t ago_ns = 2000000;

	return (struct cs_clock_anchors){ ours.monotonic_ns - ago_ns, ours.realtime_ns - ago_ns,
					  ours.boottime_ns - ago_ns };
}

Test(clock_shift, the_same_clocks_are_not_shifted)
{
	struct cs_clock_anchors theirs = attached();
	struct cs_clock_shift shift = cs_clock_shift_between(&theirs, &ours);

	cr_assert(eq(u64, shift.monotonic_ns, 0));
	cr_assert(eq(u64, shift.boottime_ns, 0));
}

Test(clock_shift, a_clock_ahead_is_taken_back)
{
	struct cs_clock_anchors theirs = attached();
	struct cs_clock_shift shift;

	theirs.monotonic_ns += 100000 * S;
	shift = cs_clock_shift_between(&theirs, &ours);
	cr_assert(eq(u64, shift.monotonic_ns, -(100000 * S)));
	cr_assert(eq(u64, shift.boottime_ns, 0));
	cr_assert(eq(u64, cs_clock_shift_apply(shift.monotonic_ns, theirs.monotonic_ns),
		     ours.monotonic_ns - 2000000));
}

Test(clock_shift, a_clock_behind_is_taken_forward)
{
	struct cs_clock_anchors theirs = attached();
	struct cs_clock_shift shift;

	theirs.monotonic_ns -= 1000 * S;
	theirs.boottime_ns -= 50 * S;
	shift = cs_clock_shift_between(&theirs, &ours);
	cr_assert(eq(u64, shift.monotonic_ns, 1000 * S));
	cr_assert(eq(u64, shift.boottime_ns, 50 * S));
}

Test(clock_shift, wall_time_that_was_set_in_between_shifts_nothing)
{
	struct cs_clock_anchors theirs = attached();
	struct cs_clock_shift shift;

	theirs.realtime_ns -= 7200 * S;
	shift = cs_clock_shift_between(&theirs, &ours);
	cr_assert(eq(u64, shift.monotonic_ns, 0));
	cr_assert(eq(u64, shift.boottime_ns, 0));
}

Test(clock_shift, a_late_announce_of_the_same_clock_is_not_shifted)
{
	struct cs_clock_anchors theirs = { ours.monotonic_ns - 60 * S, ours.realtime_ns - 60 * S,
					   ours.boottime_ns - 60 * S };
	struct cs_clock_shift shift = cs_clock_shift_between(&theirs, &ours);

	cr_assert(eq(u64, shift.monotonic_ns, 0));
}

Test(clock_shift, stamps_do_not_wrap_and_what_was_not_seen_stays_so)
{
	cr_assert(eq(u64, cs_clock_shift_apply(-S, 0), 0));
	cr_assert(eq(u64, cs_clock_shift_apply(-S, 5), 1));
	cr_assert(eq(u64, cs_clock_shift_apply(-S, S), 1));
	cr_assert(eq(u64, cs_clock_shift_apply(S, UINT64_MAX - 5), UINT64_MAX));
	cr_assert(eq(u64, cs_clock_shift_apply(0, UINT64_MAX), UINT64_MAX));
}
