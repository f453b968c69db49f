/* SPDX-License-Identifier: Apache-2.0 */

/* Metrics as delimited messages; see protobuf.h. One family's tree is there at a time. */
#include "exporters/prometheus/protobuf.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "exporters/prometheus/family.h"
#include "exporters/prometheus/native.h"
#include "exporters/prometheus/point.h"
#include "io/prometheus/client/metrics.pb-c.h"

#define VARINT_MAX 10u
#define SECOND_NS  1000000000u

typedef Io__Prometheus__Client__Bucket pb_bucket;
typedef Io__Prometheus__Client__BucketSpan pb_span;
typedef Io__Prometheus__Client__Counter pb_counter;
typedef Io__Prometheus__Client__Exemplar pb_exemplar;
typedef Io__Prometheus__Client__Gauge pb_gauge;
typedef Io__Prometheus__Client__Histogram pb_histogram;
typedef Io__Prometheus__Client__LabelPair pb_label;
typedef Io__Prometheus__Client__Metric pb_metric;
typedef Io__Prometheus__Client__MetricFamily pb_family;
typedef Io__Prometheus__Client__Timestamp pb_time;

/* Of one family; once there is no memory, nothing more is made. */
struct tree {
	struct cs_arena *arena;
	bool failed;
};

static void *take(struct tree *tree, size_t count, size_t bytes)
{
	void *p = tree->failed ? NULL : cs_arena_alloc(tree->arena, count * bytes);

	tree->failed = !p;
	return p;
}

/* protobuf-c wants writable texts and numbers; packing only reads them. */
static void *unconst(const void *p)
{
	return (void *)(uintptr_t)p;
}

static pb_time *time_of(struct tree *tree, uint64_t unix_ns)
{
	pb_time *out = take(tree, 1, sizeof(*out));

	if (!out)
		return NULL;
	io__prometheus__client__timestamp__init(out);
	out->seconds = (int64_t)(unix_ns / SECOND_NS);
	out->nanos = (int32_t)(unix_ns % SECOND_NS);
	return out;
}

static pb_label **labels_of(struct tree *tree, const struct cs_prometheus_labels *labels)
{
	pb_label **items = take(tree, labels->count + 1, sizeof(*items));
	pb_label *all = take(tree, labels->count + 1, sizeof(*all));

	for (size_t i = 0; !tree->failed && i < labels->count; i++) {
		io__prometheus__client__label_pair__init(&all[i]);
		all[i].name = unconst(labels->items[i].name);
		all[i].value = unconst(labels->items[i].value);
		items[i] = &all[i];
	}
	return items;
}

/* ---- exemplars ---- */

static pb_exemplar *exemplar_of(struct tree *tree, const struct cs_exemplar *from)
{
	struct ids {
		char trace[2 * sizeof(from->trace_id.bytes) + 1];
		char span[2 * sizeof(from->span_id.bytes) + 1];
	} *ids = take(tree, 1, sizeof(*ids));
	pb_exemplar *out = take(tree, 1, sizeof(*out));

	if (tree->failed)
		return NULL;
	cs_prometheus_id(from->trace_id.bytes, sizeof(from->trace_id.bytes), ids->trace);
	cs_prometheus_id(from->span_id.bytes, sizeof(from->span_id.bytes), ids->span);
	io__prometheus__client__exemplar__init(out);
	out->label = labels_of(tree, &(struct cs_prometheus_labels){
					     .items =
						     (const struct cs_prometheus_label[]){
							     { "trace_id", ids->trace },
							     { "span_id", ids->span },
						     },
					     .count = 2,
				     });
	out->n_label = 2;
	out->value = from->value;
	out->timestamp = time_of(tree, from->time_unix_ns);
	return out;
}

static void set_exemplars(struct tree *tree, const struct cs_data_point *from, pb_histogram *out)
{
	out->exemplars = take(tree, from->exemplars_count + 1, sizeof(*out->exemplars));
	for (size_t i = 0; !tree->failed && i < from->exemplars_count; i++) {
		if (cs_trace_id_is_set(&from->exemplars[i].trace_id))
			out->exemplars[out->n_exemplars++] = exemplar_of(tree, &from->exemplars[i]);
	}
}

/* ---- points ---- */

static void set_classic(struct tree *tree, const struct cs_data_point *from, pb_histogram *out)
{
	const struct cs_explicit_buckets *buckets = &from->histogram.explicit;
	size_t count = buckets->bounds_count + 1;
	pb_bucket *all = take(tree, count, sizeof(*all));
	double above = (double)-INFINITY;
	uint64_t sum = 0;

	out->bucket = take(tree, count, sizeof(*out->bucket));
	for (size_t i = 0; !tree->failed && i < count; i++) {
		bool last = i + 1 == count;
		double bound = last ? (double)INFINITY : buckets->bounds[i];
		const struct cs_exemplar *exemplar = cs_prometheus_exemplar(from, above, bound);

		sum = last ? from->histogram.count : sum + buckets->counts[i];
		io__prometheus__client__bucket__init(&all[i]);
		all[i].cumulative_count = sum;
		all[i].upper_bound = bound;
		if (exemplar)
			all[i].exemplar = exemplar_of(tree, exemplar);
		out->bucket[out->n_bucket++] = &all[i];
		above = bound;
	}
}

static void set_native(struct tree *tree, const struct cs_data_point *from, pb_histogram *out)
{
	struct cs_native_histogram native;
	pb_span *spans;
	int r = cs_native_histogram(&from->histogram, tree->arena, &native);

	if (r < 0) {
		tree->failed = tree->failed || r != -ERANGE;
		return;
	}
	spans = take(tree, native.spans_count, sizeof(*spans));
	out->positive_span = take(tree, native.spans_count, sizeof(*out->positive_span));
	for (size_t i = 0; !tree->failed && i < native.spans_count; i++) {
		io__prometheus__client__bucket_span__init(&spans[i]);
		spans[i].offset = native.spans[i].offset;
		spans[i].length = native.spans[i].length;
		out->positive_span[out->n_positive_span++] = &spans[i];
	}
	out->schema = native.schema;
	out->zero_threshold = CS_NATIVE_ZERO_THRESHOLD;
	out->zero_count = from->histogram.zero_count;
	out->positive_delta = unconst(native.deltas);
	out->n_positive_delta = native.deltas_count;
	set_exemplars(tree, from, out);
}

static void set_histogram(struct tree *tree, const struct cs_metric *metric,
			  const struct cs_data_point *from, pb_metric *metric_out)
{
	pb_histogram *out = take(tree, 1, sizeof(*out));

	if (!out)
		return;
	io__prometheus__client__histogram__init(out);
	out->sample_count = from->histogram.count;
	out->sample_sum = from->histogram.sum;
	out->created_timestamp = time_of(tree, from->start_unix_ns);
	set_classic(tree, from, out);
	if (metric->type == CS_METRIC_EXP_HISTOGRAM)
		set_native(tree, from, out);
	metric_out->histogram = out;
}

static void set_number(struct tree *tree, const struct cs_metric *metric,
		       const struct cs_data_point *from, pb_metric *metric_out)
{
	double value = from->integer ? (double)from->as_int : from->as_double;

	if (cs_prometheus_is_total(metric)) {
		metric_out->counter = take(tree, 1, sizeof(*metric_out->counter));
		if (tree->failed)
			return;
		io__prometheus__client__counter__init(metric_out->counter);
		metric_out->counter->value = value;
		metric_out->counter->created_timestamp = time_of(tree, from->start_unix_ns);
	} else {
		metric_out->gauge = take(tree, 1, sizeof(*metric_out->gauge));
		if (tree->failed)
			return;
		io__prometheus__client__gauge__init(metric_out->gauge);
		metric_out->gauge->value = value;
	}
}

static pb_metric *metric_of(struct tree *tree, const struct cs_prometheus_part *part,
			    const struct cs_data_point *from)
{
	pb_metric *out = take(tree, 1, sizeof(*out));
	struct cs_prometheus_labels labels;

	if (!out || !cs_prometheus_labels_of(tree->arena, part->resource, &from->attrs, &labels)) {
		tree->failed = true;
		return NULL;
	}
	io__prometheus__client__metric__init(out);
	out->label = labels_of(tree, &labels);
	out->n_label = labels.count;
	if (cs_prometheus_is_histogram(part->metric))
		set_histogram(tree, part->metric, from, out);
	else
		set_number(tree, part->metric, from, out);
	return out;
}

/* ---- families ---- */

static size_t points_of(const struct cs_prometheus_family *family)
{
	size_t count = 0;

	for (size_t i = 0; i < family->parts_count; i++)
		count += family->parts[i].metric->points_count;
	return count;
}

/* NULL: no memory. */
static pb_family *family_of(struct tree *tree, const struct cs_prometheus_family *family)
{
	const struct cs_metric *first = family->parts[0].metric;
	bool total = cs_prometheus_is_total(first);
	pb_family *out = take(tree, 1, sizeof(*out));

	if (!out)
		return NULL;
	io__prometheus__client__metric_family__init(out);
	out->name = total ? cs_arena_printf(tree->arena, "%s_total", family->name)
			  : unconst(family->name);
	out->help = unconst(first->description);
	out->unit = unconst(family->unit);
	out->type = total ? IO__PROMETHEUS__CLIENT__METRIC_TYPE__COUNTER
		    : cs_prometheus_is_histogram(first)
			    ? IO__PROMETHEUS__CLIENT__METRIC_TYPE__HISTOGRAM
			    : IO__PROMETHEUS__CLIENT__METRIC_TYPE__GAUGE;
	out->metric = take(tree, points_of(family), sizeof(*out->metric));
	for (size_t i = 0; !tree->failed && i < family->parts_count; i++) {
		const struct cs_prometheus_part *part = &family->parts[i];

		for (size_t j = 0; !tree->failed && j < part->metric->points_count; j++)
			out->metric[out->n_metric++] =
				metric_of(tree, part, &part->metric->points[j]);
	}
	return out->name && !tree->failed ? out : NULL;
}

/* Of what is scraped, once: series of functions name theirs. */
static pb_family *target_of(struct tree *tree, const struct cs_attrs *target)
{
	static const char name[] = "target_info";
	const struct cs_data_point point = { .attrs = *target, .integer = true, .as_int = 1 };
	const struct cs_metric metric = { .name = name,
					  .description = CS_PROMETHEUS_TARGET_HELP,
					  .unit = "",
					  .type = CS_METRIC_GAUGE,
					  .points = &point,
					  .points_count = 1 };
	const struct cs_prometheus_part part = { &metric, &(const struct cs_attrs){ 0 } };

	return family_of(tree,
			 &(const struct cs_prometheus_family){
				 .name = name, .unit = "", .parts = &part, .parts_count = 1 });
}

static void put_varint(struct cs_buffer *out, size_t value)
{
	for (; value >= 0x80; value >>= 7)
		cs_buffer_putc(out, (char)(value | 0x80));
	cs_buffer_putc(out, (char)value);
}

static void put_message(const ProtobufCMessage *message, struct cs_buffer *out)
{
	size_t len = protobuf_c_message_get_packed_size(message);

	if (cs_buffer_reserve(out, len + VARINT_MAX) < 0)
		return;
	put_varint(out, len);
	out->len += protobuf_c_message_pack(message, (uint8_t *)out->data + out->len);
	out->data[out->len] = '\0';
}

static void put_family(const pb_family *family, struct cs_buffer *out)
{
	if (family)
		put_message(&family->base, out);
	else
		out->failed = true;
}

bool cs_prometheus_protobuf(const struct cs_metric_batch *batch, struct cs_arena *arena,
			    struct cs_buffer *out)
{
	const struct cs_prometheus_family *families;
	size_t count = cs_prometheus_families(batch, arena, &families);
	struct cs_arena scratch;

	if (!count && cs_metric_batch_count(batch))
		out->failed = true;
	cs_arena_init(&scratch, 0);
	if (batch->target.count)
		put_family(target_of(&(struct tree){ .arena = &scratch }, &batch->target), out);
	for (size_t i = 0; i < count && !out->failed; i++) {
		cs_arena_reset(&scratch);
		put_family(family_of(&(struct tree){ .arena = &scratch }, &families[i]), out);
	}
	cs_arena_deinit(&scratch);
	return !out->failed;
}
