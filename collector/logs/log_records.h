/* SPDX-License-Identifier: Apache-2.0 */

/*
 * From log lines to OpenTelemetry log records, gathered into a batch; as spans.h has spans. Attributes:
 * docs/logs.md. Not thread-safe: one owner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "collector/assembler/model.h"
#include "exporters/telemetry.h"

#define CS_LOG_RECORDS_MAX 512u /* records after which a batch is full */

struct cs_log_item;

/* A batch in the making. */
struct cs_log_records {
	struct cs_arena arena; /* owns everything the batch points to */
	struct cs_log_item *items;
	size_t count;
	uint64_t lost; /* records for which there was no memory, ever */
};

/** cs_log_records_init() - an empty batch. Free with cs_log_records_deinit(). Context: loop. */
void cs_log_records_init(struct cs_log_records *records);

/** cs_log_records_deinit() - forget everything. Context: loop. */
void cs_log_records_deinit(struct cs_log_records *records);

/** cs_log_records_add() - one more; not if it is full. Context: loop. */
void cs_log_records_add(struct cs_log_records *records, const struct cs_log_entry *entry);

/** cs_log_records_full() - time to send? Context: loop. */
bool cs_log_records_full(const struct cs_log_records *records);

/**
 * cs_log_records_batch() - what was gathered, by instance, in the order in which it came
 *
 * Ownership: @records's, until cs_log_records_reset().
 * Return:    false if there is nothing, or no memory to say it.
 */
bool cs_log_records_batch(struct cs_log_records *records, struct cs_log_batch *ret);

/** cs_log_records_reset() - begin the next batch; memory is kept. Context: loop. */
void cs_log_records_reset(struct cs_log_records *records);
