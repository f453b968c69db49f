/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Exponential histograms as Prometheus' native ones. Bucket i of the one is bucket i + 1 of the other; many
 * empty buckets are left out between spans, few are told as empty. Pure; nothing is rounded.
 *
 * Format: Prometheus, specs/native_histograms.md ("Schema", "Buckets"); OpenTelemetry specification,
 * compatibility/prometheus_and_openmetrics.md ("Exponential Histograms").
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "exporters/telemetry_metrics.h"

#define CS_NATIVE_SCHEMA_MIN (-4)
#define CS_NATIVE_SCHEMA_MAX 8
/* What is below is 0, as Prometheus has it of what comes as OTLP. One that has no width and no buckets is taken for
 * no native histogram at all. */
#define CS_NATIVE_ZERO_THRESHOLD 1e-128

struct cs_native_span {
	int32_t offset; /* of the first its index, of others how many are empty before it */
	uint32_t length;
};

struct cs_native_histogram {
	int32_t schema;
	const struct cs_native_span *spans; /* at least one, maybe of no length */
	size_t spans_count;
	const int64_t *deltas; /* of each bucket in a span to the one before */
	size_t deltas_count;
};

/**
 * cs_native_histogram() - @value's exponential buckets, coarser where they are finer than Prometheus has any
 * @ret: in @arena; untouched but on success
 *
 * Context: any-thread. Return: 0; -ERANGE: coarser than Prometheus has any; -ENOMEM.
 */
int cs_native_histogram(const struct cs_histogram_value *value, struct cs_arena *arena,
			struct cs_native_histogram *ret) cs_must_use;
