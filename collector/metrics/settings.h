/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What OpenTelemetry's variables say of metrics. Pure: the environment is passed in.
 *
 * Format: OpenTelemetry specification, configuration/sdk-environment-variables.md and
 * metrics/sdk_exporters/otlp.md.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "collector/metrics/bucket_settings.h"

#define CS_METRIC_INTERVAL_MS 60000u

enum cs_temporality_preference {
	CS_PREFER_CUMULATIVE,
	CS_PREFER_DELTA,
	CS_PREFER_LOW_MEMORY, /* delta, but for what is read and not counted */
};

struct cs_metric_settings {
	uint32_t interval_ms;                       /* OTEL_METRIC_EXPORT_INTERVAL; never 0 */
	enum cs_temporality_preference temporality; /* OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_… */
	bool explicit_buckets; /* OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION */
	const struct cs_bucket_settings *buckets; /* bounds of those; borrowed; NULL: by layout */
};

/** cs_metric_settings_warn_fn() - @text: one line for people. */
typedef void (*cs_metric_settings_warn_fn)(const char *text);

/**
 * cs_metric_settings_from_env() - defaults, but for what variables say
 * @get_env: getenv(), or a test's
 * @warn:    told of what is not understood, which counts as unset; NULL: nobody
 */
void cs_metric_settings_from_env(struct cs_metric_settings *settings,
				 char *(*get_env)(const char *name),
				 cs_metric_settings_warn_fn warn);
