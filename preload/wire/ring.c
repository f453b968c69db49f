/* SPDX-License-Identifier: Apache-2.0 */

/* The ring, writers' half; see ring.h. */
#include "preload/wire/ring.h"

#include <errno.h>

#include "preload/wire/segment.h"
#include "preload/wire/testpoint.h"
#include "preload/wire/word.h"

void cs_ring_init(struct cs_ring *ring, void *segment)
{
	struct cs_header *header = segment;
	uint32_t slots = header->slots;
	uint32_t kept = CS_RESERVED_SLOTS < slots / 8 ? CS_RESERVED_SLOTS : slots / 8;

	ring->header = header;
	ring->commit = (_Atomic uint64_t *)(void *)((unsigned char *)segment + CS_COMMIT_OFFSET);
	ring->slots = (unsigned char *)segment + header->slots_offset;
	ring->slots_count = slots;
	ring->slots_shift = (uint32_t)__builtin_ctz(slots);
	ring->low_limit = slots - kept;
}

/*
 * Slots of padding that keep a run of @len off the ring's end and off every quarantined run, when
 * the list is not empty. It is the reader's: bounds are checked, and the passes are counted, so that
 * hostile entries cost a bounded number of steps. More than fits means: no room.
 */
static __attribute__((noinline)) uint32_t padding_around(const struct cs_ring *ring, uint32_t index,
							 uint32_t len)
{
	uint32_t pad = 0;

	for (unsigned pass = 0; pass < CS_QUARANTINE_MAX + 2; pass++) {
		uint32_t at = (index + pad) & (ring->slots_count - 1);
		uint32_t skip = at + len > ring->slots_count ? ring->slots_count - at : 0;

		for (unsigned i = 0; i < CS_QUARANTINE_MAX && !skip; i++) {
			uint64_t q = atomic_load_explicit(&ring->header->quarantine[i],
							  memory_order_relaxed);
			uint32_t first = (uint32_t)q, end = first + (uint32_t)(q >> 32);

			if (first < end && end <= ring->slots_count && at < end && first < at + len)
				skip = end - at;
		}
		if (!skip)
			return pad;
		pad += skip;
		if (pad >= ring->slots_count)
			break;
	}
	return ring->slots_count;
}

static inline uint32_t padding_for(const struct cs_ring *ring, uint32_t index, uint32_t len)
{
	if (__builtin_expect(
		    atomic_load_explicit(&ring->header->quarantine[0], memory_order_relaxed) != 0,
		    0))
		return padding_around(ring, index, len);
	return __builtin_expect(index + len > ring->slots_count, 0) ? ring->slots_count - index : 0;
}

/* Write skip words for @len reserved slots from @pos on, one for each lap touched. */
static __attribute__((noinline)) void pad_out(struct cs_ring *ring, uint64_t pos, uint32_t len)
{
	while (len) {
		uint32_t index = (uint32_t)pos & (ring->slots_count - 1);
		uint32_t n = len < ring->slots_count - index ? len : ring->slots_count - index;
		uint64_t lap = (pos >> ring->slots_shift) + 1;
		uint64_t old = atomic_load_explicit(&ring->commit[index], memory_order_relaxed);

		/* A word of this lap or a later one: the reader gave the slots up in the meantime. */
		if (cs_word_before_lap(old, lap))
			/* pairs with: reader's load of the commit word */
			atomic_compare_exchange_strong_explicit(
				&ring->commit[index], &old, cs_word_padding(lap, n),
				memory_order_release, memory_order_relaxed);
		pos += n;
		len -= n;
	}
}

int cs_ring_reserve(struct cs_ring *ring, uint32_t pid, unsigned type, uint32_t payload_len,
		    enum cs_priority priority, struct cs_claim *ret)
{
	struct cs_header *header = ring->header;
	uint32_t mask = ring->slots_count - 1;
	uint32_t limit = priority == CS_PRIORITY_HIGH ? ring->slots_count : ring->low_limit;
	uint32_t len, pad;
	uint64_t pos, lap, old, claim;
	_Atomic uint64_t *word;

	if (payload_len > CS_RECORD_PAYLOAD_MAX)
		return -EMSGSIZE;
	len = (uint32_t)(sizeof(struct cs_record) + payload_len + CS_SLOT_BYTES - 1) /
	      CS_SLOT_BYTES;

	pos = atomic_load_explicit(&header->head, memory_order_relaxed);
	do {
		/*
		 * The release word is read after the head: it can only be newer, which can only
		 * make more room. pairs with: reader's store of the release word, so that what the
		 * reader did to the slots and wrote to the quarantine list is seen.
		 */
		uint64_t used = pos - atomic_load_explicit(&header->release, memory_order_acquire);

		pad = padding_for(ring, (uint32_t)pos & mask, len);
		if (used + pad + len > limit || used > ring->slots_count) {
			atomic_fetch_add_explicit(&header->dropped[type % CS_DROP_KINDS_MAX], 1,
						  memory_order_relaxed);
			return -ENOBUFS;
		}
		CS_TESTPOINT("before_reserve");
	} while (!atomic_compare_exchange_weak_explicit(
		&header->head, &pos, pos + pad + len, memory_order_relaxed, memory_order_relaxed));
	CS_TESTPOINT("reserved");

	if (__builtin_expect(pad, 0)) {
		pad_out(ring, pos, pad);
		CS_TESTPOINT("padded");
		pos += pad;
	}
	lap = (pos >> ring->slots_shift) + 1;
	word = &ring->commit[pos & mask];
	old = atomic_load_explicit(word, memory_order_relaxed);
	claim = cs_word_make(lap, pid, len, CS_SLOT_CLAIMED);
	/*
	 * A plain store would do but for the writer that slept here while the reader gave the slot
	 * up and the ring came round: it would overwrite the word of the slot's next owner. Acquire:
	 * the record is not filled in before the claim holds.
	 */
	if (__builtin_expect(!cs_word_before_lap(old, lap), 0) ||
	    !atomic_compare_exchange_strong_explicit(word, &old, claim, memory_order_acquire,
						     memory_order_relaxed))
		return -ESTALE;
	CS_TESTPOINT("claimed");

	ret->record = (struct cs_record *)(void *)(ring->slots + (pos & mask) * CS_SLOT_BYTES);
	ret->word = word;
	ret->claimed = claim;
	ret->record->type = (uint16_t)type;
	ret->record->payload_len = (uint16_t)payload_len;
	ret->record->reserved = 0;
	return 0;
}
