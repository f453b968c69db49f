/* SPDX-License-Identifier: Apache-2.0 */

/* From the segment's clock to wall time, through the anchors taken together at attach. Pure. */
#pragma once

#include <stdint.h>

#define CS_NS_PER_S 1000000000ull

/**
 * cs_clock_to_realtime() - wall time of a CLOCK_MONOTONIC stamp, in ns since 1970 (UTC)
 * @anchor_monotonic_ns: the two clocks at one moment; either may come from a hostile header,
 * @anchor_realtime_ns:  so the result stops at both ends of time: later stamps are never earlier
 */
static inline uint64_t cs_clock_to_realtime(uint64_t stamp_ns, uint64_t anchor_monotonic_ns,
					    uint64_t anchor_realtime_ns)
{
	uint64_t ago_ns = anchor_monotonic_ns - stamp_ns, since_ns = stamp_ns - anchor_monotonic_ns;

	if (stamp_ns < anchor_monotonic_ns)
		return ago_ns < anchor_realtime_ns ? anchor_realtime_ns - ago_ns : 0;
	return since_ns < UINT64_MAX - anchor_realtime_ns ? anchor_realtime_ns + since_ns
							  : UINT64_MAX;
}
