/* SPDX-License-Identifier: Apache-2.0 */

/* Batches of the telemetry model for tests. Everything lives in the arena; out of memory ends the
 * test. */
#pragma once

#include "base/arena.h"
#include "exporters/telemetry.h"

/**
 * sample_batch() - @count spans of one trace in two resources, every kind of field set on each
 *
 * Ids, times and texts follow from the span's index: sample_request.py and tests rely on nothing
 * but this function's output, which is the same in every run.
 */
const struct cs_span_batch *sample_batch(struct cs_arena *arena, size_t count);

/** random_batch() - any shape at all, from @seed: odd counts, odd numbers, bytes that are no text. */
const struct cs_span_batch *random_batch(struct cs_arena *arena, uint64_t seed);
