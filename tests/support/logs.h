/* SPDX-License-Identifier: Apache-2.0 */

/* Batches of log records for tests; as spans.h has spans. */
#pragma once

#include "base/arena.h"
#include "exporters/telemetry.h"

/** sample_logs() - @count records of two resources, every second one with the ids of a span */
const struct cs_log_batch *sample_logs(struct cs_arena *arena, size_t count);
