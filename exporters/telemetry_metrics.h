/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The telemetry model of metrics: plain structs, as telemetry.h has them of spans and log records, and
 * under the same rules: nothing owns memory, a batch lives in memory of its maker until it was submitted.
 *
 * Names and meanings: OTLP metrics/v1 (opentelemetry-proto 1.x); OpenTelemetry specification,
 * metrics/data-model.md; for what Prometheus makes of it, compatibility/prometheus_and_openmetrics.md.
 */
#pragma once

#include "exporters/telemetry.h"

enum cs_temporality { /* values of opentelemetry.proto.metrics.v1.AggregationTemporality */
	CS_TEMPORALITY_DELTA = 1,
	CS_TEMPORALITY_CUMULATIVE = 2,
};

enum cs_metric_type {
	CS_METRIC_GAUGE,
	CS_METRIC_SUM, /* counters, which are monotonic, and up-down counters */
	CS_METRIC_HISTOGRAM,
	CS_METRIC_EXP_HISTOGRAM,
};

/* One measurement of many, with the trace in which it was made. */
struct cs_exemplar {
	uint64_t time_unix_ns; /* within the point's start and time */
	double value;
	struct cs_trace_id trace_id; /* all zero: of no trace */
	struct cs_span_id span_id;   /* all zero: of no span */
	struct cs_attrs attrs;       /* of the measurement that the point does not have */
};

struct cs_exp_buckets {
	int32_t offset; /* index of counts[0]; bucket i is (base^i, base^(i+1)], base = 2^(2^-scale) */
	const uint64_t *counts;
	size_t counts_count;
};

struct cs_explicit_buckets {
	const double *bounds; /* ascending; bucket i is (bounds[i-1], bounds[i]] */
	size_t bounds_count;
	const uint64_t *counts; /* bounds_count + 1 */
};

struct cs_histogram_value {
	uint64_t count;
	double sum;
	double min, max; /* of no meaning if count is 0 */
	/* Explicit buckets are there for both types: of an exponential histogram they are what readers
	 * get that know no others (Prometheus' text format). The exponential ones are for its type alone. */
	struct cs_explicit_buckets explicit;
	int32_t scale; /* -10 … 20 */
	double zero_threshold;
	uint64_t zero_count;            /* |value| ≤ zero_threshold */
	struct cs_exp_buckets positive; /* nothing that we measure is below zero */
};

/*
 * A cumulative series that is new is told by two points: the first says that it was 0 at its start, since who
 * computes rates sees a first value as no increase. Otherwise attributes are unique in a metric.
 */
struct cs_data_point {
	struct cs_attrs attrs;
	uint64_t
		start_unix_ns; /* since when it counts; 0 for gauges. One series keeps it, if cumulative */
	uint64_t time_unix_ns; /* never 0 */
	bool integer;          /* GAUGE, SUM: which of the two */
	union {
		int64_t as_int;
		double as_double;
		struct cs_histogram_value histogram;
	};
	const struct cs_exemplar *exemplars;
	size_t exemplars_count;
};

struct cs_metric {
	const char *name;        /* e.g. "faas.init_duration" */
	const char *description; /* a sentence for people */
	const char *unit;        /* UCUM: "s", "By", "{coldstart}", "1" */
	enum cs_metric_type type;
	enum cs_temporality temporality; /* of no meaning for gauges */
	bool monotonic;                  /* SUM */
	const struct cs_data_point *points;
	size_t points_count; /* never 0 */
};

/*
 * The metrics of one resource: a function (`service.name`, `faas.name` …), or the collector itself.
 * `service.instance.id` is the collector's in all of them: instances come and go with each cold start.
 */
struct cs_resource_metrics {
	struct cs_attrs resource;
	const struct cs_metric *metrics;
	size_t metrics_count;
};

struct cs_metric_batch {
	const struct cs_resource_metrics *groups;
	size_t groups_count;
	struct cs_attrs
		target; /* resource of who counts, whether or not it has a group; of a scrape the target */
};

/** cs_metric_batch_count() - data points in all groups. Context: any-thread (pure). */
static inline size_t cs_metric_batch_count(const struct cs_metric_batch *batch)
{
	size_t n = 0;

	for (size_t i = 0; i < batch->groups_count; i++) {
		for (size_t j = 0; j < batch->groups[i].metrics_count; j++)
			n += batch->groups[i].metrics[j].points_count;
	}
	return n;
}
