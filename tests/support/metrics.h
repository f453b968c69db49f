/* SPDX-License-Identifier: Apache-2.0 */

/* Batches of metrics for tests; as spans.h has spans. */
#pragma once

#include "base/arena.h"
#include "exporters/telemetry_metrics.h"

/**
 * sample_metrics() - every type of metric, of two functions and a collector
 * @now_unix_ns: time of all points; they began 60 s before, exemplars are 1 s old
 *
 * The histogram of init durations holds 0, 0.1, 0.25, 0.25, 0.3 and 1.7 s at scale 3.
 */
const struct cs_metric_batch *sample_metrics(struct cs_arena *arena, uint64_t now_unix_ns);

/** many_points() - @metrics counters of one resource with @points points each: point p of metric m is m·1000 + p */
const struct cs_metric_batch *many_points(struct cs_arena *arena, size_t metrics, size_t points);
