/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/otlp/metrics: what protobuf-c reads back out of our own bytes. */
#include "exporters/otlp/metrics.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "coldspan_config.h"
#include "exporters/otlp/json.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.pb-c.h"
#include "tests/support/metrics.h"

#define NOW 1700000000000000000u

typedef Opentelemetry__Proto__Collector__Metrics__V1__ExportMetricsServiceRequest request;
typedef Opentelemetry__Proto__Metrics__V1__ExponentialHistogramDataPoint pb_exp_point;
typedef Opentelemetry__Proto__Metrics__V1__HistogramDataPoint pb_histogram_point;
typedef Opentelemetry__Proto__Metrics__V1__Metric pb_metric;
typedef Opentelemetry__Proto__Metrics__V1__NumberDataPoint pb_number_point;

static struct cs_arena arena;   /* of the batches of one test */
static struct cs_arena decoded; /* of what protobuf-c reads back */

static void stop(void)
{
	cs_arena_deinit(&arena);
	cs_arena_deinit(&decoded);
}

TestSuite(otlp_metrics, .fini = stop);

static int pack_range(const struct cs_metric_batch *batch, struct cs_otlp_range *range,
		      size_t bytes_max, struct cs_buffer *out)
{
	struct cs_arena own = { 0 };
	ProtobufCAllocator alloc = cs_otlp_arena_allocator(&own);
	int r = cs_otlp_pack(&alloc, cs_batch_of_metrics(batch), range, bytes_max, out);

	cs_arena_deinit(&own); /* the bytes must not need it */
	return r;
}

static request *unpack(const struct cs_buffer *bytes)
{
	ProtobufCAllocator alloc = cs_otlp_arena_allocator(&decoded);
	request *read =
		opentelemetry__proto__collector__metrics__v1__export_metrics_service_request__unpack(
			&alloc, bytes->len, (const uint8_t *)bytes->data);

	cr_assert(ne(ptr, read, NULL), "protobuf-c cannot read our bytes");
	return read;
}

static request *round_trip(const struct cs_metric_batch *batch)
{
	struct cs_otlp_range range = { .count = cs_metric_batch_count(batch) };
	cs_cleanup(cs_buffer_deinit) struct cs_buffer bytes = { 0 };

	cr_assert(eq(int, pack_range(batch, &range, CS_OTLP_REQUEST_BYTES_MAX, &bytes), 0));
	return unpack(&bytes);
}

static pb_metric *metric_of(const request *read, size_t group, size_t metric)
{
	return read->resource_metrics[group]->scope_metrics[0]->metrics[metric];
}

/* All of the numbers of counters in @read, in order; how many there are. */
static size_t numbers_of(const request *read, int64_t *ret, size_t max)
{
	size_t n = 0;

	for (size_t g = 0; g < read->n_resource_metrics; g++) {
		for (size_t m = 0; m < read->resource_metrics[g]->scope_metrics[0]->n_metrics;
		     m++) {
			const pb_metric *metric = metric_of(read, g, m);

			for (size_t p = 0; p < metric->sum->n_data_points && n < max; p++)
				ret[n++] = metric->sum->data_points[p]->as_int;
		}
	}
	return n;
}

Test(otlp_metrics, a_counter_arrives)
{
	request *read = round_trip(sample_metrics(&arena, NOW));
	const pb_metric *metric = metric_of(read, 0, 0);
	const pb_number_point *point = metric->sum->data_points[0];

	cr_assert(eq(sz, read->n_resource_metrics, 3));
	cr_assert(eq(str, read->resource_metrics[1]->resource->attributes[0]->value->string_value,
		     (char *)"bye"));
	cr_assert(eq(str, read->resource_metrics[0]->scope_metrics[0]->scope->name,
		     (char *)"coldspan"));
	cr_assert(eq(str, metric->name, (char *)"faas.coldstarts"));
	cr_assert(eq(str, metric->description, (char *)"Number of invocation cold starts"));
	cr_assert(eq(str, metric->unit, (char *)"{coldstart}"));
	cr_assert(eq(int, metric->sum->aggregation_temporality, 2));
	cr_assert(metric->sum->is_monotonic);
	cr_assert(eq(sz, metric->sum->n_data_points, 2));
	cr_assert(eq(u64, point->start_time_unix_nano, NOW - 60000000000u));
	cr_assert(eq(u64, point->time_unix_nano, NOW));
	cr_assert(eq(int, point->value_case, 6));
	cr_assert(eq(i64, point->as_int, 7));
	cr_assert(eq(str, point->attributes[1]->value->string_value, (char *)"http"));
	cr_assert(eq(int, metric->sum->data_points[1]->value_case, 6), "0 is a value, too");
}

Test(otlp_metrics, up_down_counters_and_gauges_arrive)
{
	request *read = round_trip(sample_metrics(&arena, NOW));
	const pb_metric *gauge = metric_of(read, 2, 0);

	cr_assert(not(metric_of(read, 0, 3)->sum->is_monotonic));
	cr_assert(eq(sz, gauge->gauge->n_data_points, 1));
	cr_assert(eq(int, gauge->gauge->data_points[0]->value_case, 4));
	cr_assert(eq(dbl, gauge->gauge->data_points[0]->as_double, 0.25));
	cr_assert(eq(u64, gauge->gauge->data_points[0]->start_time_unix_nano, 0));
}

Test(otlp_metrics, an_exponential_histogram_arrives_with_its_exemplars)
{
	const pb_metric *metric = metric_of(round_trip(sample_metrics(&arena, NOW)), 0, 1);
	const pb_exp_point *point = metric->exponential_histogram->data_points[0];

	cr_assert(eq(int, metric->exponential_histogram->aggregation_temporality, 2));
	cr_assert(eq(u64, point->count, 6));
	cr_assert(eq(dbl, point->sum, 2.6));
	cr_assert(eq(dbl, point->max, 1.7));
	cr_assert(eq(int, point->min_presence_case, 12), "a least value of 0 is there");
	cr_assert(eq(int, point->scale, 3));
	cr_assert(eq(u64, point->zero_count, 1));
	cr_assert(eq(ptr, point->negative, NULL));
	cr_assert(eq(int, point->positive->offset, -27));
	cr_assert(eq(sz, point->positive->n_bucket_counts, 34));
	cr_assert(eq(u64, point->positive->bucket_counts[10], 2));
	cr_assert(eq(sz, point->n_exemplars, 2));
	cr_assert(eq(dbl, point->exemplars[0]->as_double, 1.7));
	cr_assert(eq(sz, point->exemplars[0]->trace_id.len, 16));
	cr_assert(eq(int, point->exemplars[0]->trace_id.data[15], 0x11));
	cr_assert(eq(sz, point->exemplars[0]->span_id.len, 8));
	cr_assert(eq(int, point->exemplars[0]->span_id.data[0], 0x22));
}

Test(otlp_metrics, a_histogram_arrives_with_one_more_count_than_bounds)
{
	const pb_metric *metric = metric_of(round_trip(sample_metrics(&arena, NOW)), 0, 2);
	const pb_histogram_point *point = metric->histogram->data_points[0];

	cr_assert(eq(u64, point->count, 6));
	cr_assert(eq(dbl, point->sum, 4.2e8));
	cr_assert(eq(dbl, point->min, 4e7));
	cr_assert(eq(dbl, point->max, 2e8));
	cr_assert(eq(sz, point->n_explicit_bounds, 2));
	cr_assert(eq(sz, point->n_bucket_counts, 3));
	cr_assert(eq(dbl, point->explicit_bounds[1], 1e8));
	cr_assert(eq(u64, point->bucket_counts[1], 5));
	cr_assert(eq(str, point->attributes[0]->value->string_value, (char *)"hello"));
}

Test(otlp_metrics, an_empty_histogram_has_no_least_and_no_greatest)
{
	const struct cs_data_point point = { .time_unix_ns = NOW };
	const struct cs_metric metrics[] = {
		{ .type = CS_METRIC_HISTOGRAM, .points = &point, .points_count = 1 },
		{ .type = CS_METRIC_EXP_HISTOGRAM, .points = &point, .points_count = 1 },
	};
	const struct cs_resource_metrics group = { .metrics = metrics, .metrics_count = 2 };
	const request *read =
		round_trip(&(struct cs_metric_batch){ .groups = &group, .groups_count = 1 });
	const pb_histogram_point *classic = metric_of(read, 0, 0)->histogram->data_points[0];
	const pb_exp_point *exponential =
		metric_of(read, 0, 1)->exponential_histogram->data_points[0];

	cr_assert(eq(int, classic->sum_presence_case, 5));
	cr_assert(eq(int, classic->min_presence_case, 0));
	cr_assert(eq(int, classic->max_presence_case, 0));
	cr_assert(eq(sz, classic->n_bucket_counts, 0), "both lists are empty, or neither");
	cr_assert(eq(int, exponential->max_presence_case, 0));
	cr_assert(eq(ptr, exponential->positive, NULL));
}

Test(otlp_metrics, points_without_a_time_are_left_out_and_counted)
{
	const struct cs_data_point points[] = {
		{ .integer = true, .as_int = 1 },
		{ .time_unix_ns = NOW, .integer = true, .as_int = 2 },
		{ .integer = true, .as_int = 3 }
	};
	const struct cs_metric metrics[] = {
		{ .type = CS_METRIC_SUM, .points = points, .points_count = 1 },
		{ .type = CS_METRIC_SUM, .points = points, .points_count = 3 },
	};
	const struct cs_resource_metrics group = { .metrics = metrics, .metrics_count = 2 };
	const struct cs_metric_batch batch = { .groups = &group, .groups_count = 1 };
	struct cs_otlp_range range = { .count = 4 }, none = { .count = 2 };
	cs_cleanup(cs_buffer_deinit) struct cs_buffer bytes = { 0 };
	const request *read;
	int64_t number = 0;

	cr_assert(eq(int, pack_range(&batch, &none, 1 << 20, &bytes), CS_OTLP_NOTHING));
	cr_assert(eq(sz, none.count, 2));
	cr_assert(eq(sz, none.items, 0));
	cr_assert(eq(int, pack_range(&batch, &range, 1 << 20, &bytes), 0));
	cr_assert(eq(sz, range.count, 4));
	cr_assert(eq(sz, range.items, 1));
	read = unpack(&bytes);
	cr_assert(eq(sz, read->resource_metrics[0]->scope_metrics[0]->n_metrics, 1));
	cr_assert(eq(sz, numbers_of(read, &number, 1), 1));
	cr_assert(eq(i64, number, 2));
}

Test(otlp_metrics, many_points_become_several_requests_that_cut_through_metrics)
{
	const struct cs_metric_batch *batch = many_points(&arena, 3, 400);
	static int64_t numbers[1200];
	size_t first = 0, seen = 0, requests = 0;

	while (first < 1200) {
		struct cs_otlp_range range = { .first = first, .count = 1200 - first };
		cs_cleanup(cs_buffer_deinit) struct cs_buffer bytes = { 0 };
		size_t n;

		cr_assert(eq(int, pack_range(batch, &range, 10000, &bytes), 0));
		cr_assert(le(sz, bytes.len, (size_t)10000));
		n = numbers_of(unpack(&bytes), numbers + seen, 1200 - seen);
		cr_assert(eq(sz, n, range.items));
		seen += n;
		first += range.count;
		requests++;
	}
	cr_assert(eq(sz, seen, 1200));
	for (size_t i = 0; i < 1200; i++)
		cr_assert(eq(i64, numbers[i], (int64_t)(i / 400 * 1000 + i % 400)));
	cr_assert(requests >= 4);
}

Test(otlp_metrics, a_request_is_split_in_two_that_hold_all_of_it)
{
	struct cs_otlp_range range = { .count = 9 };
	cs_cleanup(cs_buffer_deinit) struct cs_buffer bytes = { 0 }, a = { 0 }, b = { 0 };
	int64_t numbers[9];
	const request *second;
	size_t first_count;

	cr_assert(eq(int, pack_range(many_points(&arena, 3, 3), &range, 1 << 20, &bytes), 0));
	cr_assert(eq(int,
		     cs_otlp_split(CS_SIGNAL_METRICS, bytes.data, bytes.len, &a, &b, &first_count),
		     0));
	cr_assert(eq(sz, first_count, 4));
	cr_assert(eq(sz, numbers_of(unpack(&a), numbers, 9), 4));
	cr_assert(eq(i64, numbers[3], 1000));
	second = unpack(&b);
	cr_assert(eq(sz, numbers_of(second, numbers, 9), 5));
	cr_assert(eq(i64, numbers[0], 1001));
	cr_assert(eq(i64, numbers[4], 2002));
	cr_assert(eq(str, metric_of(second, 0, 0)->name, (char *)"metric.1"));
}

Test(otlp_metrics, points_of_every_type_are_split)
{
	const struct cs_metric_batch *batch = sample_metrics(&arena, NOW);
	size_t total = cs_metric_batch_count(batch), first_count;
	struct cs_otlp_range range = { .count = total };
	cs_cleanup(cs_buffer_deinit) struct cs_buffer bytes = { 0 }, a = { 0 }, b = { 0 };
	const request *first, *second;

	cr_assert(eq(sz, total, 9));
	cr_assert(eq(int, pack_range(batch, &range, 1 << 20, &bytes), 0));
	cr_assert(eq(int,
		     cs_otlp_split(CS_SIGNAL_METRICS, bytes.data, bytes.len, &a, &b, &first_count),
		     0));
	cr_assert(eq(sz, first_count, 4));
	first = unpack(&a);
	second = unpack(&b);
	cr_assert(eq(sz, first->n_resource_metrics, 1));
	cr_assert(eq(sz, first->resource_metrics[0]->scope_metrics[0]->n_metrics, 3));
	cr_assert(eq(sz, second->n_resource_metrics, 3));
	cr_assert(eq(str, metric_of(second, 0, 0)->name, (char *)"coldspan.instances"));
	cr_assert(eq(str, metric_of(second, 2, 0)->name, (char *)"coldspan.ring.utilization"));
}

Test(otlp_metrics, a_line_of_json_has_integers_as_text_and_ids_in_hex)
{
	cs_cleanup(cs_buffer_deinit) struct cs_buffer line = { 0 };
	ProtobufCAllocator alloc = cs_otlp_arena_allocator(&arena);
	struct cs_otlp_range range = { .first = 2, .count = 1 };
	ProtobufCMessage *message;

	cr_assert(eq(int,
		     cs_otlp_build(&alloc, cs_batch_of_metrics(sample_metrics(&arena, NOW)), &range,
				   &message),
		     0));
	cr_assert(eq(int, cs_otlp_json_print(&line, message), 0));
	cr_assert(strstr(line.data, "{\"resourceMetrics\":[{\"resource\":") == line.data);
	cr_assert(strstr(line.data, "\"exponentialHistogram\":{\"dataPoints\":[{") != NULL);
	cr_assert(strstr(line.data, "\"aggregationTemporality\":2") != NULL);
	cr_assert(strstr(line.data,
			 "\"count\":\"6\",\"sum\":2.6,\"scale\":3,\"zeroCount\":\"1\","
			 "\"positive\":{\"offset\":-27,\"bucketCounts\":[\"1\",\"0\",") != NULL);
	cr_assert(strstr(line.data, "\"min\":0,\"max\":1.7") != NULL, "%s", line.data);
	cr_assert(strstr(line.data, "\"asDouble\":1.7,\"spanId\":\"2222222222222222\","
				    "\"traceId\":\"11111111111111111111111111111111\"") != NULL);
}

/* An allocator whose n-th call fails. */
static void *countdown_alloc(void *data, size_t bytes)
{
	size_t *left = data;

	return *left && (*left)-- ? cs_arena_alloc(&decoded, bytes) : NULL;
}

Test(otlp_metrics, every_failed_allocation_is_an_error_and_leaves_no_bytes)
{
	const struct cs_metric_batch *batch = sample_metrics(&arena, NOW);
	size_t n = 0;
	int r;

	do {
		size_t left = n;
		ProtobufCAllocator alloc = { .alloc = countdown_alloc, .allocator_data = &left };
		struct cs_otlp_range range = { .count = 9 };
		cs_cleanup(cs_buffer_deinit) struct cs_buffer bytes = { 0 };

		r = cs_otlp_pack(&alloc, cs_batch_of_metrics(batch), &range, 1 << 20, &bytes);
		cr_assert(r == 0 ? bytes.len > 0 : (r == -ENOMEM && bytes.len == 0));
		n++;
	} while (r);
	cr_assert(n > 30, "only %zu allocations", n);
}
