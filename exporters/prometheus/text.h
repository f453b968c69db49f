/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Metrics as text for whoever scrapes: OpenMetrics 1.0 (the OpenMetrics specification, prometheus/docs), and the
 * text format 0.0.4 that is older (exposition_formats.md) and has neither exemplars nor units. Neither can
 * carry exponential histograms (protobuf.h does): of these the explicit buckets are told. All points are cumulative.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "exporters/telemetry_metrics.h"

/**
 * cs_prometheus_text() - append all of @batch
 * @open_metrics: else 0.0.4
 * @arena:        for what is needed meanwhile
 *
 * Context: any-thread. Return: false: no memory (`failed` of @out is set then, too).
 */
bool cs_prometheus_text(const struct cs_metric_batch *batch, bool open_metrics,
			struct cs_arena *arena, struct cs_buffer *out);
