/* SPDX-License-Identifier: Apache-2.0 */

/* A segment in plain memory; see memory_segment.h. */
#include "tests/support/memory_segment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "preload/wire/segment.h"

static void check(const struct memory_segment *segment, uint64_t offset, uint64_t len)
{
	if (offset > segment->len || len > segment->len - offset) {
		fprintf(stderr, "the reader left the segment: %llu + %llu of %llu\n",
			(unsigned long long)offset, (unsigned long long)len,
			(unsigned long long)segment->len);
		abort();
	}
}

/* Words are loaded as the writers store them, so that ThreadSanitizer sees who waits for whom. */
static int memory_read(void *context, void *dst, uint64_t offset, uint32_t len)
{
	struct memory_segment *segment = context;
	check(segment, offset, len);
	if (len % sizeof(uint64_t) == 0 && offset % sizeof(uint64_t) == 0 &&
	    offset < segment->slots_offset) {
		for (uint32_t at = 0; at < len; at += (uint32_t)sizeof(uint64_t)) {
			_Atomic uint64_t *word = (void *)(segment->bytes + offset + at);
			uint64_t value = atomic_load_explicit(word, memory_order_acquire);

			memcpy((unsigned char *)dst + at, &value, sizeof(value));
		}
		return 0;
	}
	memcpy(dst, segment->bytes + offset, len);
	return 0;
}

static int memory_swap(void *context, uint64_t offset, uint64_t expected, uint64_t desired,
		       bool *swapped)
{
	struct memory_segment *segment = context;

	check(segment, offset, sizeof(uint64_t));
	*swapped = atomic_compare_exchange_strong(
		(_Atomic uint64_t *)(void *)(segment->bytes + offset), &expected, desired);
	return 0;
}

/* Like a punched hole: what is read next is zero. */
static int memory_punch(void *context, uint64_t offset, uint64_t len)
{
	struct memory_segment *segment = context;

	check(segment, offset, len);
	memset(segment->bytes + offset, 0, len);
	return 0;
}

struct cs_reader_io memory_segment_io(struct memory_segment *segment)
{
	return (struct cs_reader_io){
		.context = segment, .read = memory_read, .swap = memory_swap, .punch = memory_punch
	};
}

void memory_segment_init_lanes(struct memory_segment *segment, uint32_t slots, uint32_t lanes)
{
	segment->len = cs_segment_bytes(slots, lanes);
	segment->bytes =
		mmap(NULL, segment->len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (segment->bytes == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	segment->header = (struct cs_header *)(void *)segment->bytes;
	segment->slots_offset = cs_segment_slots_offset(slots);
	segment->io = memory_segment_io(segment);
	cs_segment_format(segment->header, slots, lanes);
}

void memory_segment_init(struct memory_segment *segment, uint32_t slots)
{
	memory_segment_init_lanes(segment, slots, 1);
}

struct memory_segment memory_segment_lane(const struct memory_segment *segment, uint32_t lane)
{
	uint64_t len = cs_segment_lane_bytes(segment->header->slots);
	struct memory_segment view = { .bytes = segment->bytes + lane * len, .len = len };

	view.slots_offset = segment->slots_offset;
	view.header = (struct cs_header *)(void *)view.bytes;
	return view;
}

void memory_segment_deinit(struct memory_segment *segment)
{
	munmap(segment->bytes, segment->len);
	segment->bytes = NULL;
}
