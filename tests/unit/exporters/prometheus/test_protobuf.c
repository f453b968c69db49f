/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/prometheus/protobuf: messages of a known batch, unpacked again. */
#include "exporters/prometheus/protobuf.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <string.h>

#include "io/prometheus/client/metrics.pb-c.h"
#include "tests/support/metrics.h"

#define NOW        1700000000123000000u
#define FAMILY_MAX 16

typedef Io__Prometheus__Client__Histogram pb_histogram;
typedef Io__Prometheus__Client__MetricFamily pb_family;

static struct cs_arena arena;
static struct cs_buffer bytes;
static pb_family *families[FAMILY_MAX];
static size_t families_count;

static void stop(void)
{
	for (size_t i = 0; i < families_count; i++)
		io__prometheus__client__metric_family__free_unpacked(families[i], NULL);
	cs_arena_deinit(&arena);
	cs_buffer_deinit(&bytes);
}

TestSuite(prometheus_protobuf, .fini = stop);

static size_t length_at(size_t *at)
{
	size_t length = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)bytes.data[(*at)++];
		length |= (size_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return length;
}

static void read_all(const struct cs_metric_batch *batch)
{
	size_t at = 0;

	cr_assert(cs_prometheus_protobuf(batch, &arena, &bytes));
	while (at < bytes.len) {
		size_t length = length_at(&at);

		cr_assert(le(sz, at + length, bytes.len));
		cr_assert(lt(sz, families_count, FAMILY_MAX));
		families[families_count] = io__prometheus__client__metric_family__unpack(
			NULL, length, (const uint8_t *)bytes.data + at);
		cr_assert(ne(ptr, families[families_count++], NULL));
		at += length;
	}
}

static const pb_family *family_of(const char *name)
{
	for (size_t i = 0; i < families_count; i++) {
		if (!strcmp(families[i]->name, name))
			return families[i];
	}
	cr_fatal("no family %s", name);
}

static const pb_histogram *histogram_of(const char *name)
{
	const pb_family *family = family_of(name);

	cr_assert(eq(int, family->type, IO__PROMETHEUS__CLIENT__METRIC_TYPE__HISTOGRAM));
	cr_assert(eq(sz, family->n_metric, 1));
	return family->metric[0]->histogram;
}

Test(prometheus_protobuf, counters_have_names_labels_and_their_beginning)
{
	const pb_family *family;

	read_all(sample_metrics(&arena, NOW));
	family = family_of("faas_coldstarts_total");
	cr_assert(eq(int, family->type, IO__PROMETHEUS__CLIENT__METRIC_TYPE__COUNTER));
	cr_assert(eq(str, family->help, (char *)"Number of invocation cold starts"));
	cr_assert(eq(sz, family->n_metric, 4));
	cr_assert(eq(sz, family->metric[0]->n_label, 2));
	cr_assert(eq(str, family->metric[0]->label[0]->name, (char *)"faas_name"));
	cr_assert(eq(str, family->metric[0]->label[0]->value, (char *)"hello"));
	cr_assert(eq(dbl, family->metric[0]->counter->value, 7));
	cr_assert(eq(i64, family->metric[0]->counter->created_timestamp->seconds,
		     (int64_t)(NOW / 1000000000) - 60));
	cr_assert(eq(i32, family->metric[0]->counter->created_timestamp->nanos, 123000000));
}

Test(prometheus_protobuf, what_goes_up_and_down_is_a_gauge)
{
	read_all(sample_metrics(&arena, NOW));
	cr_assert(eq(int, family_of("coldspan_instances")->type,
		     IO__PROMETHEUS__CLIENT__METRIC_TYPE__GAUGE));
	cr_assert(eq(dbl, family_of("coldspan_instances")->metric[0]->gauge->value, 3));
	cr_assert(eq(dbl, family_of("coldspan_ring_utilization_ratio")->metric[0]->gauge->value,
		     0.25));
}

Test(prometheus_protobuf, classic_buckets_are_cumulative_and_have_exemplars)
{
	static const double bounds[] = { 0.1, 0.25, 0.5, 1, 2.5, (double)INFINITY };
	static const uint64_t counts[] = { 2, 4, 5, 5, 6, 6 };
	const pb_histogram *histogram;

	read_all(sample_metrics(&arena, NOW));
	histogram = histogram_of("faas_init_duration_seconds");
	cr_assert(eq(u64, histogram->sample_count, 6));
	cr_assert(eq(dbl, histogram->sample_sum, 2.6));
	cr_assert(eq(sz, histogram->n_bucket, 6));
	for (size_t i = 0; i < 6; i++) {
		cr_assert(histogram->bucket[i]->upper_bound >= bounds[i] &&
			  histogram->bucket[i]->upper_bound <= bounds[i]);
		cr_assert(eq(u64, histogram->bucket[i]->cumulative_count, counts[i]));
		cr_assert(eq(int, histogram->bucket[i]->exemplar != NULL, i == 2 || i == 4));
	}
	cr_assert(eq(dbl, histogram->bucket[2]->exemplar->value, 0.3));
	cr_assert(eq(str, histogram->bucket[2]->exemplar->label[0]->value,
		     (char *)"33333333333333333333333333333333"));
	cr_assert(eq(str, histogram->bucket[2]->exemplar->label[1]->value,
		     (char *)"4444444444444444"));
}

Test(prometheus_protobuf, exponential_ones_are_native_with_exemplars_that_have_a_time)
{
	const pb_histogram *histogram;

	read_all(sample_metrics(&arena, NOW));
	histogram = histogram_of("faas_init_duration_seconds");
	cr_assert(eq(i32, histogram->schema, 3));
	cr_assert(eq(u64, histogram->zero_count, 1));
	cr_assert(gt(dbl, histogram->zero_threshold, 0));
	cr_assert(eq(sz, histogram->n_positive_span, 3));
	cr_assert(eq(i32, histogram->positive_span[0]->offset, -26));
	cr_assert(eq(i32, histogram->positive_span[1]->offset, 9));
	cr_assert(eq(u32, histogram->positive_span[1]->length, 4));
	cr_assert(eq(i32, histogram->positive_span[2]->offset, 19));
	cr_assert(eq(sz, histogram->n_positive_delta, 6));
	cr_assert(eq(sz, histogram->n_exemplars, 2));
	cr_assert(eq(i64, histogram->exemplars[0]->timestamp->seconds,
		     (int64_t)(NOW / 1000000000) - 1));
	cr_assert(ne(ptr, histogram->created_timestamp, NULL));
	/* One with explicit buckets alone has nothing native about it. */
	histogram = histogram_of("faas_mem_usage_bytes");
	cr_assert(eq(sz, histogram->n_positive_span, 0));
	cr_assert(le(dbl, histogram->zero_threshold, 0));
	cr_assert(eq(sz, histogram->n_bucket, 3));
}

Test(prometheus_protobuf, the_target_is_told_once)
{
	const struct cs_attr attr = { "service.name", { .type = CS_VALUE_STRING, .string = "c" } };
	struct cs_metric_batch batch = *sample_metrics(&arena, NOW);

	batch.target = (struct cs_attrs){ .items = &attr, .count = 1 };
	read_all(&batch);
	cr_assert(eq(sz, family_of("target_info")->n_metric, 1));
	cr_assert(eq(str, family_of("target_info")->metric[0]->label[0]->name,
		     (char *)"service_name"));
	cr_assert(eq(dbl, family_of("target_info")->metric[0]->gauge->value, 1));
}

Test(prometheus_protobuf, nothing_is_no_byte)
{
	read_all(&(const struct cs_metric_batch){ 0 });
	cr_assert(eq(sz, bytes.len, 0));
}

Test(prometheus_protobuf, without_memory_it_says_so)
{
	struct cs_metric_batch batch = *sample_metrics(&arena, NOW);
	struct cs_arena little;

	cs_arena_init(&little, 1);
	cr_assert(not(cs_prometheus_protobuf(&batch, &little, &bytes)));
	cs_arena_deinit(&little);
}
