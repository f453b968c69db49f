/* SPDX-License-Identifier: Apache-2.0 */

/* From the segment's clock to wall time, through the anchors taken together at attach. Pure. */
#pragma once

#include <stdint.h>

#define CS_NS_PER_S 1000000000ull

/**
 * cs_clock_to_realtime() - wall time of a CLOCK_MONOTONIC stamp, in ns since 1970 (UTC)
 * @anchor_monotonic_ns: the two clocks at one moment; either may come from a hostile header,
 * @anchor_realtime_ns:  so the arithmetic wraps instead of overflowing
 */
static inline uint64_t cs_clock_to_realtime(uint64_t stamp_ns, uint64_t anchor_monotonic_ns,
					    uint64_t anchor_realtime_ns)
{
	return anchor_realtime_ns + (stamp_ns - anchor_monotonic_ns);
}
