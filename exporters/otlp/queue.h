/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Encoded requests that wait for their acknowledgement, oldest first, within a budget of bytes.
 * One owner; no locks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "exporters/batch.h"

struct cs_otlp_request {
	struct cs_otlp_request *next;
	char *data; /* owned */
	size_t len;
	size_t items;
	enum cs_signal signal;
	uint64_t queued_ms; /* CLOCK_MONOTONIC, when the batch came */
	bool half;          /* of a request that was too large: not split again */
	bool resent;        /* was sent anew at once because a connection had gone stale */
};

struct cs_otlp_queue {
	struct cs_otlp_request *first;
	struct cs_otlp_request *last;
	size_t bytes; /* of data and of the entries */
	size_t bytes_max;
};

/**
 * cs_otlp_queue_push() - append a request
 * @bytes: taken over and left empty on success
 *
 * Return: 0; -ENOBUFS over the budget; -ENOMEM.
 */
int cs_otlp_queue_push(struct cs_otlp_queue *queue, struct cs_buffer *bytes, enum cs_signal signal,
		       size_t items, uint64_t now_ms) cs_must_use;

/**
 * cs_otlp_queue_split() - replace the first request by its two halves, over the budget if need be
 *
 * Return: 0; -EINVAL it has fewer than two items; -ENOMEM.
 */
int cs_otlp_queue_split(struct cs_otlp_queue *queue) cs_must_use;

/** cs_otlp_queue_drop() - free the first request, if there is one. */
void cs_otlp_queue_drop(struct cs_otlp_queue *queue);
