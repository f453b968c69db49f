/* SPDX-License-Identifier: Apache-2.0 */

/* The ring, writers' half: what is not its fast path; see ring.h. */
#include "preload/wire/ring.h"

#include "preload/wire/segment.h"

void cs_ring_init(struct cs_ring *ring, void *segment, uint32_t lane)
{
	const struct cs_header *first = segment;
	uint32_t slots = first->slots;
	unsigned char *begin = (unsigned char *)segment + lane * cs_segment_lane_bytes(slots);
	uint32_t kept = CS_RESERVED_SLOTS < slots / 8 ? CS_RESERVED_SLOTS : slots / 8;

	ring->header = (struct cs_header *)(void *)begin;
	ring->commit = (_Atomic uint64_t *)(void *)(begin + CS_COMMIT_OFFSET);
	ring->slots = begin + first->slots_offset;
	ring->slots_count = slots;
	ring->slots_shift = (uint32_t)__builtin_ctz(slots);
	ring->low_limit = slots - kept;
	atomic_store_explicit(&ring->met, 0, memory_order_relaxed);
}

/* Slots from @at to the end of the entry that a run of @len at @at would touch, 0 if none. */
static uint32_t quarantined(const uint64_t *quarantine, uint32_t slots, uint32_t at, uint32_t len)
{
	for (unsigned i = 0; i < CS_QUARANTINE_MAX; i++) {
		uint64_t first = (uint32_t)quarantine[i], end = first + (quarantine[i] >> 32);

		if (first < end && end <= slots && at < end && first < (uint64_t)at + len)
			return (uint32_t)end - at;
	}
	return 0;
}

uint32_t cs_ring_padding(const uint64_t *quarantine, uint32_t slots, uint32_t index, uint32_t len)
{
	uint32_t pad = 0;

	/* Every pass but the last leaves an entry, or the ring's end, behind for good. */
	for (unsigned pass = 0; pass < CS_QUARANTINE_MAX + 2 && pad < slots; pass++) {
		uint32_t at = (index + pad) & (slots - 1);
		uint32_t skip =
			at + len > slots ? slots - at : quarantined(quarantine, slots, at, len);

		if (!skip)
			return pad;
		pad += skip;
	}
	return slots;
}

/*
 * Write skip words for @len reserved slots from @pos on. With a quarantine, one for each slot that
 * is not in it: a late writer's store may replace words inside, so none is put there, and one word
 * must not stand for slots on both sides.
 */
static void pad_out(struct cs_ring *ring, const uint64_t *quarantine, uint64_t pos, uint32_t len)
{
	while (len) {
		uint32_t index = (uint32_t)pos & (ring->slots_count - 1);
		uint64_t lap = (pos >> ring->slots_shift) + 1;
		uint32_t n = 1;

		if (!quarantine[0])
			n = len < ring->slots_count - index ? len : ring->slots_count - index;
		if (!quarantine[0] || !quarantined(quarantine, ring->slots_count, index, 1))
			atomic_store_explicit(&ring->commit[index], cs_word_padding(lap, n),
					      memory_order_relaxed);
		CS_TESTPOINT("padding");
		pos += n;
		len -= n;
	}
}

static int refuse(struct cs_ring *ring, unsigned type)
{
	atomic_fetch_add_explicit(cs_header_dropped(ring->header, type), 1, memory_order_relaxed);
	return -ENOBUFS;
}

int cs_ring_reserve_slow(struct cs_ring *ring, unsigned type, uint32_t len, uint32_t limit,
			 uint64_t *ret_pos)
{
	struct cs_header *header = ring->header;
	uint64_t pos = atomic_load_explicit(&header->head, memory_order_relaxed);
	uint64_t quarantine[CS_QUARANTINE_MAX], fresh;
	uint32_t pad;

	for (;;) {
		/* pairs with: reader's store of the release word */
		uint64_t used = pos - atomic_load_explicit(&header->release, memory_order_acquire);

		/*
		 * A copy: what is padded out must be what was gone around. pairs with: reader's
		 * store when it lifts an entry.
		 */
		for (unsigned i = 0; i < CS_QUARANTINE_MAX; i++)
			quarantine[i] =
				atomic_load_explicit(&header->quarantine[i], memory_order_acquire);
		pad = cs_ring_padding(quarantine, ring->slots_count,
				      (uint32_t)pos & (ring->slots_count - 1), len);
		if (used > ring->slots_count || used + pad + len > limit) {
			/*
			 * The head may be the older of the two words and the ring not full at all:
			 * refuse only if it has not moved. If it has, some writer got on.
			 */
			fresh = atomic_load_explicit(&header->head, memory_order_relaxed);
			if (fresh == pos)
				return refuse(ring, type);
			pos = fresh;
			continue;
		}
		CS_TESTPOINT("before_reserve");
		if (atomic_compare_exchange_weak_explicit(&header->head, &pos, pos + pad + len,
							  memory_order_relaxed,
							  memory_order_relaxed))
			break;
		cs_ring_met(ring);
	}
	CS_TESTPOINT("before_padding");
	pad_out(ring, quarantine, pos, pad);
	*ret_pos = pos + pad;
	return 0;
}
