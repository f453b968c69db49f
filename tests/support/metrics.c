/* SPDX-License-Identifier: Apache-2.0 */

/* Sample metrics; see metrics.h. */
#include "tests/support/metrics.h"

#include <stdlib.h>
#include <string.h>

#define SECOND 1000000000u

static void *take(struct cs_arena *arena, size_t count, size_t bytes)
{
	void *p = cs_arena_alloc(arena, count * bytes);

	if (!p)
		abort();
	memset(p, 0, count * bytes);
	return p;
}

static struct cs_attrs attrs_of(struct cs_arena *arena, const char *const (*pairs)[2], size_t count)
{
	struct cs_attr *attrs = take(arena, count, sizeof(*attrs));

	for (size_t i = 0; i < count; i++)
		attrs[i] = (struct cs_attr){ pairs[i][0],
					     { .type = CS_VALUE_STRING, .string = pairs[i][1] } };
	return (struct cs_attrs){ .items = attrs, .count = count };
}

static const struct cs_exemplar *exemplars_of(struct cs_arena *arena, uint64_t now,
					      const double *values, size_t count)
{
	struct cs_exemplar *exemplars = take(arena, count, sizeof(*exemplars));

	for (size_t i = 0; i < count; i++) {
		exemplars[i].time_unix_ns = now - SECOND;
		exemplars[i].value = values[i];
		memset(exemplars[i].trace_id.bytes, 0x11 * (1 + 2 * (int)i), 16);
		memset(exemplars[i].span_id.bytes, 0x22 * (1 + (int)i), 8);
	}
	return exemplars;
}

static struct cs_data_point count_of(uint64_t now, int64_t value, struct cs_attrs attrs)
{
	return (struct cs_data_point){
		.attrs = attrs,
		.start_unix_ns = now - (uint64_t)60 * SECOND,
		.time_unix_ns = now,
		.integer = true,
		.as_int = value,
	};
}

static void set_coldstarts(struct cs_arena *arena, struct cs_metric *metric, uint64_t now,
			   const char *function, int64_t by_http)
{
	const char *const http[][2] = { { "faas.name", function }, { "faas.trigger", "http" } };
	const char *const timer[][2] = { { "faas.name", function }, { "faas.trigger", "timer" } };
	struct cs_data_point *points = take(arena, 2, sizeof(*points));

	points[0] = count_of(now, by_http, attrs_of(arena, http, 2));
	points[1] = count_of(now, 0, attrs_of(arena, timer, 2));
	*metric = (struct cs_metric){
		.name = "faas.coldstarts",
		.description = "Number of invocation cold starts",
		.unit = "{coldstart}",
		.type = CS_METRIC_SUM,
		.temporality = CS_TEMPORALITY_CUMULATIVE,
		.monotonic = true,
		.points = points,
		.points_count = 2,
	};
}

static void set_init_duration(struct cs_arena *arena, struct cs_metric *metric, uint64_t now)
{
	static const double bounds[] = { 0.1, 0.25, 0.5, 1, 2.5 };
	static const uint64_t counts[] = { 2, 2, 1, 0, 1, 0 };
	static const double seen[] = { 1.7, 0.3 };
	static const char *const name[][2] = { { "faas.name", "hello" } };
	uint64_t *exponential = take(arena, 34, sizeof(*exponential));
	struct cs_data_point *point = take(arena, 1, sizeof(*point));

	exponential[0] = 1;  /* 0.1: index -27 */
	exponential[10] = 2; /* 0.25: -17 */
	exponential[13] = 1; /* 0.3: -14 */
	exponential[33] = 1; /* 1.7: 6 */
	*point = count_of(now, 0, attrs_of(arena, name, 1));
	point->integer = false;
	point->histogram = (struct cs_histogram_value){
		.count = 6,
		.sum = 2.6,
		.max = 1.7,
		.explicit = { .bounds = bounds, .bounds_count = 5, .counts = counts },
		.scale = 3,
		.zero_count = 1,
		.positive = { .offset = -27, .counts = exponential, .counts_count = 34 },
	};
	point->exemplars = exemplars_of(arena, now, seen, 2);
	point->exemplars_count = 2;
	*metric = (struct cs_metric){
		.name = "faas.init_duration",
		.description =
			"Measures the duration of the function's initialization, such as a cold start",
		.unit = "s",
		.type = CS_METRIC_EXP_HISTOGRAM,
		.temporality = CS_TEMPORALITY_CUMULATIVE,
		.points = point,
		.points_count = 1,
	};
}

static void set_mem_usage(struct cs_arena *arena, struct cs_metric *metric, uint64_t now)
{
	static const double bounds[] = { 1e6, 1e8 }, seen[] = { 2e8 };
	static const uint64_t counts[] = { 0, 5, 1 };
	static const char *const name[][2] = { { "faas.name", "hello" } };
	struct cs_data_point *point = take(arena, 1, sizeof(*point));

	*point = count_of(now, 0, attrs_of(arena, name, 1));
	point->integer = false;
	point->histogram = (struct cs_histogram_value){
		.count = 6,
		.sum = 4.2e8,
		.min = 4e7,
		.max = 2e8,
		.explicit = { .bounds = bounds, .bounds_count = 2, .counts = counts },
	};
	point->exemplars = exemplars_of(arena, now, seen, 1);
	point->exemplars_count = 1;
	*metric = (struct cs_metric){
		.name = "faas.mem_usage",
		.description = "Distribution of max memory usage per invocation",
		.unit = "By",
		.type = CS_METRIC_HISTOGRAM,
		.temporality = CS_TEMPORALITY_CUMULATIVE,
		.points = point,
		.points_count = 1,
	};
}

static void set_instances(struct cs_arena *arena, struct cs_metric *metric, uint64_t now)
{
	static const char *const busy[][2] = { { "faas.name", "hello" },
					       { "coldspan.instance.state", "busy" } };
	struct cs_data_point *point = take(arena, 1, sizeof(*point));

	*point = count_of(now, 3, attrs_of(arena, busy, 2));
	*metric = (struct cs_metric){
		.name = "coldspan.instances",
		.description = "Instances by what they do",
		.unit = "{instance}",
		.type = CS_METRIC_SUM,
		.temporality = CS_TEMPORALITY_CUMULATIVE,
		.points = point,
		.points_count = 1,
	};
}

static void set_own(struct cs_arena *arena, struct cs_metric *metrics, uint64_t now)
{
	static const char *const reason[][2] = {
		{ "reason", "a \"quoted\" back\\slash\nand a second line" }
	};
	struct cs_data_point *points = take(arena, 2, sizeof(*points));

	points[0] = (struct cs_data_point){ .time_unix_ns = now, .as_double = 0.25 };
	points[1] = count_of(now, 3, attrs_of(arena, reason, 1));
	metrics[0] = (struct cs_metric){
		.name = "coldspan.ring.utilization",
		.description = "Share of the ring that is full: \\ at worst\nof all instances",
		.unit = "1",
		.type = CS_METRIC_GAUGE,
		.points = points,
		.points_count = 1,
	};
	metrics[1] = (struct cs_metric){
		.name = "coldspan.agent.events.dropped",
		.description = "Events that were not recorded",
		.unit = "{event}",
		.type = CS_METRIC_SUM,
		.temporality = CS_TEMPORALITY_CUMULATIVE,
		.monotonic = true,
		.points = points + 1,
		.points_count = 1,
	};
}

static struct cs_attrs resource_of(struct cs_arena *arena, const char *service)
{
	const char *const pairs[][2] = { { "service.name", service },
					 { "service.instance.id", "collector-1" },
					 { "host.name", "h1" } };

	return attrs_of(arena, pairs, 3);
}

const struct cs_metric_batch *sample_metrics(struct cs_arena *arena, uint64_t now_unix_ns)
{
	struct cs_metric_batch *batch = take(arena, 1, sizeof(*batch));
	struct cs_resource_metrics *groups = take(arena, 3, sizeof(*groups));
	struct cs_metric *metrics = take(arena, 7, sizeof(*metrics));

	set_coldstarts(arena, &metrics[0], now_unix_ns, "hello", 7);
	set_init_duration(arena, &metrics[1], now_unix_ns);
	set_mem_usage(arena, &metrics[2], now_unix_ns);
	set_instances(arena, &metrics[3], now_unix_ns);
	set_coldstarts(arena, &metrics[4], now_unix_ns, "bye", 2);
	set_own(arena, &metrics[5], now_unix_ns);
	groups[0] = (struct cs_resource_metrics){ resource_of(arena, "hello"), metrics, 4 };
	groups[1] = (struct cs_resource_metrics){ resource_of(arena, "bye"), metrics + 4, 1 };
	groups[2] = (struct cs_resource_metrics){ resource_of(arena, "coldspan-collector"),
						  metrics + 5, 2 };
	*batch = (struct cs_metric_batch){ .groups = groups, .groups_count = 3 };
	return batch;
}

const struct cs_metric_batch *many_points(struct cs_arena *arena, size_t metrics, size_t points)
{
	struct cs_metric_batch *batch = take(arena, 1, sizeof(*batch));
	struct cs_resource_metrics *group = take(arena, 1, sizeof(*group));
	struct cs_metric *all = take(arena, metrics, sizeof(*all));

	for (size_t m = 0; m < metrics; m++) {
		struct cs_data_point *items = take(arena, points, sizeof(*items));

		for (size_t p = 0; p < points; p++)
			items[p] = count_of(1700000000000000000u, (int64_t)(m * 1000 + p),
					    (struct cs_attrs){ 0 });
		all[m] = (struct cs_metric){
			.name = cs_arena_printf(arena, "metric.%zu", m),
			.type = CS_METRIC_SUM,
			.temporality = CS_TEMPORALITY_CUMULATIVE,
			.points = items,
			.points_count = points,
		};
	}
	*group = (struct cs_resource_metrics){ .metrics = all, .metrics_count = metrics };
	*batch = (struct cs_metric_batch){ .groups = group, .groups_count = 1 };
	return batch;
}
