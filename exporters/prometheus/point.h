/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What every format that Prometheus reads makes of a data point: its labels, and which exemplar stands for a bucket.
 * Context of all: any-thread (pure).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "exporters/telemetry_metrics.h"

#define CS_PROMETHEUS_TARGET_HELP                                                                  \
	"Target metadata" /* of target_info, as OpenTelemetry's exporters say it */

struct cs_prometheus_label {
	const char *name;
	const char *value; /* valid UTF-8 */
};

struct cs_prometheus_labels {
	const struct cs_prometheus_label *items;
	size_t count;
};

/**
 * cs_prometheus_labels_of() - of a point
 * @resource: that it belongs to. Resources are left out, but for what points of two of them would be the same
 *            without: the namespace of a service, and its name where a point of many functions has none
 * @ret:      in @arena; untouched on failure
 *
 * Return: false: no memory.
 */
bool cs_prometheus_labels_of(struct cs_arena *arena, const struct cs_attrs *resource,
			     const struct cs_attrs *attrs, struct cs_prometheus_labels *ret)
	cs_must_use;

/** cs_prometheus_exemplar() - the largest of a bucket: it is the one that somebody looks for. NULL: there is none. */
const struct cs_exemplar *cs_prometheus_exemplar(const struct cs_data_point *point, double above,
						 double up_to);

/** cs_prometheus_id() - of a trace or span in hexadecimal digits. @ret: for 2 * @len + 1. */
void cs_prometheus_id(const uint8_t *bytes, size_t len, char *ret);
