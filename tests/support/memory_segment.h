/* SPDX-License-Identifier: Apache-2.0 */

/* A segment in plain memory, and the reader's way to it, for tests of preload/wire. */
#pragma once

#include <stdint.h>

#include "preload/wire/reader.h"
#include "preload/wire/ring.h"

struct memory_segment {
	unsigned char *bytes; /* shared with fork children */
	uint64_t len;
	uint64_t slots_offset;    /* within a lane */
	struct cs_header *header; /* = bytes */
	struct cs_reader_io io;
};

/** memory_segment_init() - map and format a ring of @slots; exits the test if it cannot. */
void memory_segment_init(struct memory_segment *segment, uint32_t slots);

/** memory_segment_init_lanes() - the same with several lanes; the I/O is the first one's. */
void memory_segment_init_lanes(struct memory_segment *segment, uint32_t slots, uint32_t lanes);

/** memory_segment_lane() - one lane of it, as a segment of its own; not to be deinitialised. */
struct memory_segment memory_segment_lane(const struct memory_segment *segment, uint32_t lane);

void memory_segment_deinit(struct memory_segment *segment);

/** memory_segment_io() - I/O on @len bytes of anything; every access is checked to lie within. */
struct cs_reader_io memory_segment_io(struct memory_segment *segment);
