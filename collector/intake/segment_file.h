/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A segment as the collector holds it: the peer's sealed memory file, verified, with its header page
 * mapped, and the callbacks through which the ring's reader reaches the rest. Nothing that a peer
 * does to the file afterwards can fault or block us: its size is sealed, and it is plain memory.
 */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"
#include "collector/processes/clock_shift.h"
#include "collector/self.h"
#include "preload/wire/abi.h"
#include "preload/wire/reader.h"

struct cs_segment_file {
	int fd;                   /* owned; -EBADF none */
	struct cs_header *header; /* owned mapping of the header page; NULL none */
	uint64_t bytes;
	uint32_t slots; /* of each lane */
	uint32_t lanes;
	struct cs_clock_shift shift; /* from its clocks to ours, as its header has them */
};

/* One lane of it: a ring with a header page of its own. */
struct cs_segment_lane {
	const struct cs_segment_file *file; /* borrowed */
	struct cs_header *header;           /* mapping of its header page: the file's, or owned */
	uint64_t begin;                     /* offset in the file */
};

/**
 * cs_segment_file_vet() - is the descriptor a memory file that cannot hurt whoever uses it?
 * @ret_bytes: its sealed size; untouched on failure
 *
 * Asks for the seals before anything that could reach a file system: on any other file that request
 * is refused at once.
 *
 * Context: any-thread. Never blocks.
 * Return:  CS_REFUSAL_NONE; NOT_MEMFD or SEALS: do not even close it on a thread that must not block.
 */
enum cs_refusal cs_segment_file_vet(int fd, uint64_t *ret_bytes);

/**
 * cs_segment_file_check_hello() - is this message the hello of a segment of @segment_bytes?
 *
 * Context: any-thread (pure).
 * Return:  CS_REFUSAL_NONE; HELLO, VERSION or SIZE.
 */
enum cs_refusal cs_segment_file_check_hello(const void *message, size_t len,
					    uint64_t segment_bytes);

/**
 * cs_segment_file_open() - map and check a vetted memory file
 * @fd:  taken in any case
 * @ret: untouched on failure
 *
 * Context: loop.
 * Return:  CS_REFUSAL_NONE; HEADER, VERSION, SIZE, RESOURCES.
 */
enum cs_refusal cs_segment_file_open(int fd, uint64_t bytes, struct cs_segment_file *ret);

/** cs_segment_file_close() - unmap and close. Accepts an empty one. Context: loop. */
void cs_segment_file_close(struct cs_segment_file *file);

/**
 * cs_segment_lane_open() - map a lane's header page
 * @file: open, outlives the lane and does not move
 * @lane: below its lanes
 *
 * Context: loop. Return: 0, negative errno.
 */
int cs_segment_lane_open(const struct cs_segment_file *file, uint32_t lane,
			 struct cs_segment_lane *ret);

/** cs_segment_lane_close() - Context: loop. */
void cs_segment_lane_close(struct cs_segment_lane *lane);

/** cs_segment_lane_io() - callbacks for cs_reader_init(); borrow @lane. Context: loop. */
struct cs_reader_io cs_segment_lane_io(struct cs_segment_lane *lane);
