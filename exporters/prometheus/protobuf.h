/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Metrics as protobuf for whoever scrapes: messages of io.prometheus.client, each with its length before it
 * (proto/io/prometheus/client/metrics.proto). It is the one format that carries native histograms, which our exponential
 * ones are; their explicit buckets stand beside them for who reads no others. All points are cumulative.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "exporters/telemetry_metrics.h"

/**
 * cs_prometheus_protobuf() - append all of @batch
 * @arena: for what is needed meanwhile
 *
 * Context: any-thread. Return: false: no memory (`failed` of @out is set then, too).
 */
bool cs_prometheus_protobuf(const struct cs_metric_batch *batch, struct cs_arena *arena,
			    struct cs_buffer *out);
