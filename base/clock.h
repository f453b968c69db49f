/* SPDX-License-Identifier: Apache-2.0 */

/* The clocks of this process, in ns. */
#pragma once

#include <stdint.h>
#include <time.h>

static inline uint64_t cs_clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/** cs_clock_monotonic_ns() - CLOCK_MONOTONIC, as all stamps in segments. Context: any-thread. */
static inline uint64_t cs_clock_monotonic_ns(void)
{
	return cs_clock_ns(CLOCK_MONOTONIC);
}
