/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How full the fullest ring was of late: the larger of two windows, so that whoever asks at least once in one of
 * them misses nothing, however many ask. Pure.
 */
#pragma once

#include <stdint.h>

#define CS_RING_FILL_WINDOW_NS 60000000000ull

struct cs_ring_fill {
	uint64_t window;    /* number of that which is now */
	double now, before; /* shares: 0 to 1 */
};

static inline void cs_ring_fill_turn(struct cs_ring_fill *fill, uint64_t now_ns)
{
	uint64_t window = now_ns / CS_RING_FILL_WINDOW_NS;

	if (window == fill->window)
		return;
	fill->before = window == fill->window + 1 ? fill->now : 0;
	fill->now = 0;
	fill->window = window;
}

/** cs_ring_fill_note() - @used of @slots are, before they are read. @now_ns: CLOCK_MONOTONIC. Context: owner. */
static inline void cs_ring_fill_note(struct cs_ring_fill *fill, uint64_t used, uint64_t slots,
				     uint64_t now_ns)
{
	double share = used < slots ? (double)used / (double)slots : 1;

	cs_ring_fill_turn(fill, now_ns);
	if (slots && share > fill->now)
		fill->now = share;
}

/** cs_ring_fill_get() - Context: owner. */
static inline double cs_ring_fill_get(struct cs_ring_fill *fill, uint64_t now_ns)
{
	cs_ring_fill_turn(fill, now_ns);
	return fill->now > fill->before ? fill->now : fill->before;
}
