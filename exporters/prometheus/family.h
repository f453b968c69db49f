/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Families as Prometheus has them, out of a batch of metrics: one for each name, since all samples of a family
 * stand together, whatever resource they are of. Resources themselves are left out, since Prometheus knows one a
 * target; points of functions name their function.
 *
 * Names: OpenTelemetry specification, compatibility/prometheus_and_openmetrics.md: dots become underscores, the
 * unit is a word at the end, annotations in braces are no units, and a unit of "1" makes a gauge a ratio.
 * Context of all: any-thread (pure).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "exporters/telemetry_metrics.h"

struct cs_prometheus_part {
	const struct cs_metric *metric;
	const struct cs_attrs *resource;
};

struct cs_prometheus_family {
	const char *name;                       /* without _total */
	const char *unit;                       /* the word that the name ends with; "": none */
	const struct cs_prometheus_part *parts; /* all of that name and type */
	size_t parts_count;                     /* never 0 */
};

/**
 * cs_prometheus_families() - of all that @batch holds, by name
 * @ret: in @arena, looks into the batch
 *
 * Return: how many; 0 also if there is no memory.
 */
size_t cs_prometheus_families(const struct cs_metric_batch *batch, struct cs_arena *arena,
			      const struct cs_prometheus_family **ret);

/** cs_prometheus_is_histogram() - of either kind? */
static inline bool cs_prometheus_is_histogram(const struct cs_metric *metric)
{
	return metric->type == CS_METRIC_HISTOGRAM || metric->type == CS_METRIC_EXP_HISTOGRAM;
}

/** cs_prometheus_is_total() - a counter, whose samples end so? */
static inline bool cs_prometheus_is_total(const struct cs_metric *metric)
{
	return metric->type == CS_METRIC_SUM && metric->monotonic;
}

/** cs_prometheus_name() - @key as a name, of a label or a metric, in @arena; NULL: no memory. */
const char *cs_prometheus_name(struct cs_arena *arena, const char *key);
