/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The ring, writers' half. Many writers: threads, signal handlers in the middle of a write, fork
 * children. Reserve by CAS on the head, claim by CAS on the first slot's commit word, fill in,
 * commit by CAS claim -> committed. Never waits, never overwrites, never takes a lock. A writer
 * that dies, or is longjmp'd over, at any instruction leaves a hole that the reader steps over.
 * Rules and their proof: README.md, "Ring", and tests/model/.
 *
 * The line in the header that the reader writes is not trusted: whatever it holds, a writer touches
 * only its own segment and ends in bounded time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preload/wire/abi.h"
#include "preload/wire/records.h"

/* A process's view of its own segment; written once at attach. */
struct cs_ring {
	struct cs_header *header;
	_Atomic uint64_t *commit; /* commit table */
	unsigned char *slots;
	uint32_t slots_count; /* power of two */
	uint32_t slots_shift; /* log2 of it */
	uint32_t low_limit;   /* slots that CS_PRIORITY_LOW may fill */
};

/* A claimed run: between cs_ring_reserve() and cs_ring_commit(). */
struct cs_claim {
	struct cs_record *record; /* header of the record, payload behind it */
	_Atomic uint64_t *word;
	uint64_t claimed; /* value of *word while the claim holds */
};

/**
 * cs_ring_init() - a view of a formatted segment
 * @segment: mapped read-write, formatted by cs_segment_format(); outlives the view
 *
 * Context: signal.
 */
void cs_ring_init(struct cs_ring *ring, void *segment);

/**
 * cs_ring_reserve() - claim room for one record and fill in its head
 * @pid:         tag of the writing process, in its pid namespace
 * @type:        enum cs_record_type; counts the drop if there is no room
 * @payload_len: bytes, 0..CS_RECORD_PAYLOAD_MAX
 * @priority:    CS_PRIORITY_HIGH may use the slice that is kept free
 * @ret:         untouched on failure
 *
 * The record's time_ns and thread are the caller's to set.
 *
 * Context:   signal. No lock, no allocation, no system call, errno kept.
 * Ownership: the run is the caller's until cs_ring_commit(); a claim that is never committed is
 *            stepped over as torn.
 * Return:    0; -ENOBUFS ring full (the drop is counted); -EMSGSIZE @payload_len out of range;
 *            -ESTALE the reader gave the run up before it was claimed (it counted that as torn).
 * Format:    README.md, "Ring".
 */
int cs_ring_reserve(struct cs_ring *ring, uint32_t pid, unsigned type, uint32_t payload_len,
		    enum cs_priority priority, struct cs_claim *ret);

/**
 * cs_ring_commit() - let the reader have the record
 *
 * Context: signal.
 * Return:  true; false if the reader had given the run up (counted as torn there).
 */
static inline bool cs_ring_commit(struct cs_claim *claim)
{
	uint64_t word = claim->claimed;

	/* pairs with: reader's load of the commit word */
	return atomic_compare_exchange_strong_explicit(claim->word, &word,
						       word + (CS_SLOT_COMMITTED - CS_SLOT_CLAIMED),
						       memory_order_release, memory_order_relaxed);
}
