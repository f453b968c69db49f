/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A perf event of this process on one CPU, with the ring into which the kernel writes what becomes of
 * whatever this process starts from then on (software dummy event: task, comm, mmap2, inherit). Needs no
 * privilege up to kernel.perf_event_paranoid 2. Knows nothing of what the records mean.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct cs_perf_ring {
	int fd;          /* owned */
	void *page;      /* owned: struct perf_event_mmap_page, then the ring */
	size_t bytes;    /* of the ring, a power of two */
	bool tells_lost; /* read(2) of the descriptor says how many records were lost (Linux 6.0) */
};

/**
 * cs_perf_ring_open() - begin to follow
 * @pages: of the ring, a power of two; fewer are taken where the locked memory does not suffice
 *
 * Context:   startup; what was started before is not followed.
 * Ownership: close with cs_perf_ring_close().
 * Return:    0; -ENODEV that CPU is off; -EDQUOT the user's locked memory is used up; errno of
 *            perf_event_open(2) or mmap(2).
 */
int cs_perf_ring_open(int cpu, size_t pages, struct cs_perf_ring *ret) cs_must_use;

/** cs_perf_ring_close() - nobody is followed any more. Accepts one that was never opened (fd < 0). */
void cs_perf_ring_close(struct cs_perf_ring *ring);

/**
 * cs_perf_ring_take() - copy the oldest record, and give its room back
 * @record: room for CS_PERF_RECORD_MAX bytes
 *
 * Context: any-thread, one at a time.
 * Return:  its length; 0 there is none.
 */
size_t cs_perf_ring_take(struct cs_perf_ring *ring, uint8_t *record);

/** cs_perf_ring_lost() - records that found no room so far; 0 where the kernel does not tell. */
uint64_t cs_perf_ring_lost(const struct cs_perf_ring *ring);
