/* SPDX-License-Identifier: Apache-2.0 */

/* Data points as OTLP messages: lists for metrics.c alone. NULL: failed. */
#pragma once

#include "exporters/otlp/tree.h"
#include "exporters/telemetry_metrics.h"
#include "opentelemetry/proto/metrics/v1/metrics.pb-c.h"

/** cs_otlp_number_points() - of gauges and sums */
Opentelemetry__Proto__Metrics__V1__NumberDataPoint **
cs_otlp_number_points(struct cs_otlp_tree *b, const struct cs_data_point *const *points,
		      size_t count);

/** cs_otlp_histogram_points() - of histograms, with their explicit buckets */
Opentelemetry__Proto__Metrics__V1__HistogramDataPoint **
cs_otlp_histogram_points(struct cs_otlp_tree *b, const struct cs_data_point *const *points,
			 size_t count);

/** cs_otlp_exp_histogram_points() - of exponential histograms, with their exponential buckets alone */
Opentelemetry__Proto__Metrics__V1__ExponentialHistogramDataPoint **
cs_otlp_exp_histogram_points(struct cs_otlp_tree *b, const struct cs_data_point *const *points,
			     size_t count);
