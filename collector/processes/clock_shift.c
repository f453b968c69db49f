/* SPDX-License-Identifier: Apache-2.0 */

/* From other time namespaces' clocks to ours; see clock_shift.h. */
#include "collector/processes/clock_shift.h"

#include "base/clock.h"

struct cs_clock_anchors cs_clock_shift_now(void)
{
	return (struct cs_clock_anchors){
		.monotonic_ns = cs_clock_ns(CLOCK_MONOTONIC),
		.realtime_ns = cs_clock_ns(CLOCK_REALTIME),
		.boottime_ns = cs_clock_ns(CLOCK_BOOTTIME),
	};
}

static uint64_t magnitude(uint64_t shift_ns)
{
	return shift_ns > INT64_MAX ? -shift_ns : shift_ns;
}

static uint64_t shift_of(uint64_t theirs_ns, uint64_t since_ns, uint64_t ours_ns)
{
	uint64_t shift_ns = ours_ns - since_ns - theirs_ns;

	if (magnitude(shift_ns) < CS_CLOCK_SHIFT_MIN_NS ||
	    magnitude(ours_ns - theirs_ns) < CS_CLOCK_SHIFT_MIN_NS)
		return 0;
	return shift_ns;
}

struct cs_clock_shift cs_clock_shift_between(const struct cs_clock_anchors *theirs,
					     const struct cs_clock_anchors *ours)
{
	uint64_t since_ns = ours->realtime_ns - theirs->realtime_ns;

	return (struct cs_clock_shift){
		.monotonic_ns = shift_of(theirs->monotonic_ns, since_ns, ours->monotonic_ns),
		.boottime_ns = shift_of(theirs->boottime_ns, since_ns, ours->boottime_ns),
	};
}

uint64_t cs_clock_shift_apply(uint64_t shift_ns, uint64_t stamp_ns)
{
	uint64_t moved_ns = stamp_ns + shift_ns;

	if (!stamp_ns)
		return 0;
	if (shift_ns > INT64_MAX)
		return stamp_ns > -shift_ns ? moved_ns : 1;
	return moved_ns < stamp_ns ? UINT64_MAX : moved_ns;
}
