/* SPDX-License-Identifier: Apache-2.0 */

/* Lanes; see lanes.h. */
#include "preload/wire/lanes.h"

void cs_lanes_init(struct cs_lanes *lanes, void *segment)
{
	const struct cs_header *header = segment;

	lanes->count = header->lanes;
	for (uint32_t i = 0; i < lanes->count; i++)
		cs_ring_init(&lanes->rings[i], segment, i);
}

struct cs_ring *cs_lanes_spread(struct cs_lanes *lanes, uint64_t thread, uint32_t pid)
{
	struct cs_header *header = lanes->rings[0].header;
	struct cs_ring *ring;

	/*
	 * Thread pointers stand as far apart as stacks, whose guard page makes that an odd number
	 * of pages: neighbours in time get neighbouring lanes.
	 */
	ring = &lanes->rings[(thread >> 12 ^ pid) & (lanes->count - 1)];
	/* pairs with: reader's load; only loads, or its line would be what threads meet at */
	if (ring != &lanes->rings[0] &&
	    !atomic_load_explicit(&ring->header->spread, memory_order_relaxed)) {
		atomic_store_explicit(&header->spread, 1, memory_order_release);
		atomic_store_explicit(&ring->header->spread, 1, memory_order_relaxed);
	}
	return ring;
}
