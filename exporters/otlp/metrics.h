/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Metrics of the telemetry model as OTLP messages, as traces.h has spans.
 *
 * Format: OTLP metrics/v1/metrics.proto; MetricsData and ExportMetricsServiceRequest are the same bytes.
 */
#pragma once

#include "exporters/otlp/request.h"

/**
 * cs_otlp_metrics_build() - the tree of a range of data points; as cs_otlp_traces_build()
 * @range: `items` is set: points without a time are left out, as receivers refuse them
 * @ret:   opentelemetry.proto.metrics.v1.MetricsData
 *
 * Where a range begins or ends within a metric, the metric is in both requests, each with its points.
 */
int cs_otlp_metrics_build(ProtobufCAllocator *alloc, const struct cs_metric_batch *batch,
			  struct cs_otlp_range *range, ProtobufCMessage **ret) cs_must_use;
