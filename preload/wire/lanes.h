/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A process's rings, and which of them a thread writes into: all into the first, until threads have
 * met at its head often enough for it to matter; from then on each into its own, as far as there are
 * enough. A thread's records stay in order but for that one change; the reader puts lanes together by
 * time. README.md, "Lanes".
 */
#pragma once

#include "preload/wire/ring.h"

#define CS_LANES_MET_MAX 8u /* a signal handler, or the reader's trim, is no second thread */

struct cs_lanes {
	struct cs_ring rings[CS_LANES];
	uint32_t count;
};

/**
 * cs_lanes_init() - views of all lanes of a formatted segment
 * @segment: mapped read-write, formatted by cs_segment_format(); outlives the views
 *
 * Context: signal.
 */
void cs_lanes_init(struct cs_lanes *lanes, void *segment);

/* From now on in all lanes; the reader is told before anything stands in them. */
struct cs_ring *cs_lanes_spread(struct cs_lanes *lanes, uint64_t thread, uint32_t pid);

/**
 * cs_lanes_pick() - the ring to write into
 * @thread: thread pointer of the caller
 * @pid:    of the caller: fork children share rings and thread pointers
 *
 * Context: signal.
 */
static inline struct cs_ring *cs_lanes_pick(struct cs_lanes *lanes, uint64_t thread, uint32_t pid)
{
	if (__builtin_expect(atomic_load_explicit(&lanes->rings[0].met, memory_order_relaxed) <
				     CS_LANES_MET_MAX,
			     1))
		return &lanes->rings[0];
	return cs_lanes_spread(lanes, thread, pid);
}
