/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The ring, writers' half. Many writers: threads, signal handlers in the middle of a write, fork
 * children. Reserve by CAS on the head, claim by a store to the first slot's commit word, fill in,
 * commit by a store to the same word: one locked instruction. Never waits, never overwrites, never
 * takes a lock. A writer that dies, or is longjmp'd over, at any instruction leaves a hole that the
 * reader steps over. Rules and their proof: README.md, "Ring", and tests/model/.
 *
 * Why the stores may be plain: between its CAS and its commit a writer stores only into the slots it
 * reserved and into their words. The reader passes over them uncommitted only after it has put them
 * into quarantine (or knows that the writer is dead): from then on no writer reserves them for
 * records and nobody believes their words, however late the stores come.
 *
 * Writers that meet at the head pay for it: two processors hand its line to and fro (300 ns a record,
 * instead of 30). Once that has happened a few times, threads part: lanes.h.
 *
 * The line in the header that the reader writes is not trusted: whatever it holds, a writer touches
 * only its own segment and ends in bounded time.
 */
#pragma once

#include <errno.h>
#include <stdint.h>

#include "preload/wire/abi.h"
#include "preload/wire/records.h"
#include "preload/wire/testpoint.h"
#include "preload/wire/word.h"

/* A process's view of its own segment; written once at attach. */
struct cs_ring {
	struct cs_header *header; /* of this lane */
	_Atomic uint64_t *commit; /* commit table */
	unsigned char *slots;
	uint32_t slots_count; /* power of two */
	uint32_t slots_shift; /* log2 of it */
	uint32_t low_limit;   /* slots that CS_PRIORITY_LOW may fill */
	_Atomic uint32_t met; /* times that another writer was faster */
};

/* A claimed run: between cs_ring_reserve() and cs_ring_commit(). */
struct cs_claim {
	struct cs_record *record; /* header of the record, payload behind it */
	_Atomic uint64_t *word;
	uint64_t claimed; /* what was stored to *word */
};

/**
 * cs_ring_init() - a view of one lane of a formatted segment
 * @segment: mapped read-write, formatted by cs_segment_format(); outlives the view
 * @lane:    below the segment's lanes; its memory is not touched
 *
 * Context: signal.
 */
void cs_ring_init(struct cs_ring *ring, void *segment, uint32_t lane);

/**
 * cs_ring_padding() - slots to skip so that a run stays off the ring's end and off quarantined runs
 * @quarantine: CS_QUARANTINE_MAX words as in the header, from anybody: bounds are checked, and
 *              hostile entries cost a bounded number of steps
 * @slots:      size of the ring
 * @index:      slot that would be next
 * @len:        slots of the run
 *
 * Context: signal (pure).
 * Return:  0..@slots - 1; @slots if there is no room.
 */
uint32_t cs_ring_padding(const uint64_t *quarantine, uint32_t slots, uint32_t index, uint32_t len);

/** cs_ring_met() - another writer was faster; to be counted. Context: signal. */
static inline void cs_ring_met(struct cs_ring *ring)
{
	/* Those who meet get here together; beside a lost race for the head it costs little. */
	atomic_fetch_add_explicit(&ring->met, 1, memory_order_relaxed);
}

/* What the fast path below leaves to ring.c: a ring that is full, at its end, or quarantined. */
int cs_ring_reserve_slow(struct cs_ring *ring, unsigned type, uint32_t len, uint32_t limit,
			 uint64_t *ret_pos);

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
 * Return:    0; -ENOBUFS ring full (the drop is counted); -EMSGSIZE @payload_len out of range.
 * Format:    README.md, "Ring".
 */
static inline int cs_ring_reserve(struct cs_ring *ring, uint32_t pid, unsigned type,
				  uint32_t payload_len, enum cs_priority priority,
				  struct cs_claim *ret)
{
	struct cs_header *header = ring->header;
	uint32_t mask = ring->slots_count - 1;
	uint32_t limit = priority == CS_PRIORITY_HIGH ? ring->slots_count : ring->low_limit;
	uint32_t len;
	uint64_t pos;

	if (payload_len > CS_RECORD_PAYLOAD_MAX)
		return -EMSGSIZE;
	len = (uint32_t)(sizeof(struct cs_record) + payload_len + CS_SLOT_BYTES - 1) /
	      CS_SLOT_BYTES;

	pos = atomic_load_explicit(&header->head, memory_order_relaxed);
	for (;;) {
		/*
		 * Read after the head. pairs with: reader's store of the release word, so that what
		 * the reader did to the slots and wrote to the quarantine is seen. The first word
		 * of that also pairs with the reader's store when it lifts an entry.
		 */
		uint64_t used = pos - atomic_load_explicit(&header->release, memory_order_acquire);

		if (__builtin_expect(used > limit - len || len > limit ||
					     ((uint32_t)pos & mask) + len > ring->slots_count ||
					     atomic_load_explicit(&header->quarantine[0],
								  memory_order_acquire),
				     0)) {
			uint64_t found;
			int r = cs_ring_reserve_slow(ring, type, len, limit, &found);

			if (r < 0)
				return r;
			pos = found; /* which need not have an address then */
			break;
		}
		CS_TESTPOINT("before_reserve");
		if (__builtin_expect(atomic_compare_exchange_weak_explicit(
					     &header->head, &pos, pos + len, memory_order_relaxed,
					     memory_order_relaxed),
				     1))
			break;
		cs_ring_met(ring);
	}
	CS_TESTPOINT("reserved");
	ret->word = &ring->commit[pos & mask];
	ret->claimed = cs_word_make((pos >> ring->slots_shift) + 1, pid, len, CS_SLOT_CLAIMED);
	atomic_store_explicit(ret->word, ret->claimed, memory_order_relaxed);
	CS_TESTPOINT("claimed");
	ret->record = (struct cs_record *)(void *)(ring->slots + (pos & mask) * CS_SLOT_BYTES);
	ret->record->type = (uint16_t)type;
	ret->record->payload_len = (uint16_t)payload_len;
	ret->record->reserved = 0;
	return 0;
}

/** cs_ring_commit() - let the reader have the record. Context: signal. */
static inline void cs_ring_commit(struct cs_claim *claim)
{
	CS_TESTPOINT("before_commit");
	/* pairs with: reader's load of the commit word */
	atomic_store_explicit(claim->word, claim->claimed + (CS_SLOT_COMMITTED - CS_SLOT_CLAIMED),
			      memory_order_release);
	CS_TESTPOINT("committed");
}
