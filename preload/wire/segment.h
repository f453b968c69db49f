/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Geometry of a segment and its validation. The writer formats fresh zero memory; the reader
 * believes a header only after cs_segment_check() of a private copy. Pure: no I/O.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preload/wire/abi.h"

/** cs_segment_slots_offset() - where the slots of a lane of @slots begin. Context: signal (pure). */
static inline uint64_t cs_segment_slots_offset(uint32_t slots)
{
	uint64_t end = CS_COMMIT_OFFSET + (uint64_t)slots * sizeof(uint64_t);

	return (end + CS_PAGE_BYTES - 1) & ~(uint64_t)(CS_PAGE_BYTES - 1);
}

/** cs_segment_lane_bytes() - size of one lane of @slots: whole pages. Context: signal (pure). */
static inline uint64_t cs_segment_lane_bytes(uint32_t slots)
{
	return cs_segment_slots_offset(slots) + (uint64_t)slots * CS_SLOT_BYTES;
}

/** cs_segment_bytes() - size of a segment of @lanes of @slots each. Context: signal (pure). */
static inline uint64_t cs_segment_bytes(uint32_t slots, uint32_t lanes)
{
	return lanes * cs_segment_lane_bytes(slots);
}

/** cs_segment_slots_valid() - a power of two within the limits? Context: signal (pure). */
static inline bool cs_segment_slots_valid(uint32_t slots)
{
	return slots >= CS_SLOTS_MIN && slots <= CS_SLOTS_MAX && (slots & (slots - 1)) == 0;
}

/** cs_segment_lanes_valid() - a power of two within the limits? Context: signal (pure). */
static inline bool cs_segment_lanes_valid(uint32_t lanes)
{
	return lanes >= 1 && lanes <= CS_LANES && (lanes & (lanes - 1)) == 0;
}

/**
 * cs_segment_format() - write the constant fields of a header
 * @header: start of fresh zero memory of cs_segment_bytes(@slots, @lanes) bytes
 * @slots:  of each lane, valid (cs_segment_slots_valid())
 * @lanes:  valid (cs_segment_lanes_valid())
 *
 * Context: signal. Identity, clocks and pids are the caller's to fill before the announce.
 */
void cs_segment_format(struct cs_header *header, uint32_t slots, uint32_t lanes);

/**
 * cs_segment_check() - may a segment with this header be read?
 * @header: shared memory of a peer: each field is read once
 * @segment_bytes: sealed size of the memfd
 * @ret_slots: size of each lane to use from now on; untouched on failure
 * @ret_lanes: lanes, idem
 *
 * Context: any-thread (pure).
 * Return:  0; -EPROTO not a segment; -EPROTONOSUPPORT other version; -EINVAL sizes do not fit.
 */
int cs_segment_check(const struct cs_header *header, uint64_t segment_bytes, uint32_t *ret_slots,
		     uint32_t *ret_lanes);

/**
 * cs_segment_mark() - reach a mark: the first call wins, later ones change nothing
 * @mark: enum cs_mark
 *
 * Context: signal.
 * Return:  true if this call set it.
 */
static inline bool cs_segment_mark(struct cs_header *header, unsigned mark, uint64_t now_ns)
{
	uint64_t unset = 0;

	return atomic_compare_exchange_strong_explicit(&header->marks[mark], &unset, now_ns,
						       memory_order_relaxed, memory_order_relaxed);
}

/** cs_segment_marked() - time of a mark, 0 if not reached. Context: signal. */
static inline uint64_t cs_segment_marked(const struct cs_header *header, unsigned mark)
{
	return atomic_load_explicit(&header->marks[mark], memory_order_relaxed);
}

/** cs_segment_count() - add to a fact. Context: signal. */
static inline void cs_segment_count(struct cs_header *header, unsigned fact, uint64_t n)
{
	atomic_fetch_add_explicit(&header->facts[fact], n, memory_order_relaxed);
}
