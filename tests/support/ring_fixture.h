/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A ring, its writer and its reader on one mapping, for Criterion's tests of preload/wire: what they
 * do, and what is expected to come of it. Whatever is not as expected fails the test.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/support/memory_segment.h"

#define PID   4711u /* the writer's tag */
#define OTHER 4712u

struct ring_fixture {
	struct memory_segment segment;
	struct cs_ring ring;
	struct cs_reader reader;
	struct cs_entry entry; /* the last one that was read */
};

/** start() - an empty ring of @slots. Its memory stays, or segment is deinitialised by the test. */
void start(struct ring_fixture *f, uint32_t slots);

/** take_over() - the reader died; another one begins, with the segment's io. */
void take_over(struct ring_fixture *f);

/* --- the writer ---------------------------------------------------------------------------------- */

/** try_put() - a record whose time and bytes of payload are @stamp. Return: as cs_ring_reserve(). */
int try_put(struct ring_fixture *f, uint32_t payload_len, uint64_t stamp,
	    enum cs_priority priority);

/** put() - the same, of @slots slots; there is room for it. */
void put(struct ring_fixture *f, uint64_t stamp, uint32_t slots);

/** reserve() - the same by @pid, not committed yet. */
struct cs_claim reserve(struct ring_fixture *f, uint32_t pid, uint64_t stamp, uint32_t slots);

/** reserve_unclaimed() - a writer that reserved, and was stopped before its claim was stored. */
struct cs_claim reserve_unclaimed(struct ring_fixture *f, uint64_t stamp, uint32_t slots);

/* --- the reader ---------------------------------------------------------------------------------- */

/** expect() - the next is the record @stamp, as it was written; left in entry. */
void expect(struct ring_fixture *f, uint64_t stamp);

/** expect_hole() - here is a hole. @pid: of its claim; 0: unclaimed */
void expect_hole(struct ring_fixture *f, uint32_t len, uint32_t pid, bool commits_behind);

/** expect_empty() - all is read. */
void expect_empty(struct ring_fixture *f);

/**
 * go_round() - write and read @laps laps of records of one to five slots
 * @late: of a writer that scribbles over its @slots slots, and claims them, all the time; or NULL
 */
void go_round(struct ring_fixture *f, unsigned laps, struct cs_claim *late, uint32_t slots);
