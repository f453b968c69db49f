/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Puts what several rings and shims tell into the order of time, for collector/sideband/outside.h. Pure but for
 * its memory. Context of all: loop.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "collector/sideband/outside.h"

#define CS_OUTSIDE_QUEUE_MAX 65536u /* what waits at once; more is counted as lost */

struct cs_outside_waiting;

struct cs_outside_queue {
	struct cs_outside_waiting *waiting; /* owned */
	size_t count;
	size_t capacity;
	uint32_t sequence;
};

/** cs_outside_queue_deinit() - forget what waits. Accepts a zeroed queue. */
void cs_outside_queue_deinit(struct cs_outside_queue *queue);

/**
 * cs_outside_queue_push() - a record of a ring
 * @since_ns: when that ring was last known to be whole: of a loss, when it began
 *
 * Return: 0; -ENOMEM it is lost.
 */
int cs_outside_queue_push(struct cs_outside_queue *queue, const struct cs_perf_record *record,
			  uint64_t since_ns) cs_must_use;

/** cs_outside_queue_attached() - a shim attached in @pid at @time_ns. Return: 0; -ENOMEM. */
int cs_outside_queue_attached(struct cs_outside_queue *queue, int32_t pid, uint64_t time_ns)
	cs_must_use;

/** cs_outside_queue_pass() - tell @outside what happened up to @until_ns, in its order. */
void cs_outside_queue_pass(struct cs_outside_queue *queue, struct cs_outside *outside,
			   uint64_t until_ns);
