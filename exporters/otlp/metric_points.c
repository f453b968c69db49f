/* SPDX-License-Identifier: Apache-2.0 */

/* Data points as OTLP messages; see metric_points.h. Every kind has other numbers for the same fields. */
#include "exporters/otlp/metric_points.h"

#include <stdint.h>

typedef Opentelemetry__Proto__Metrics__V1__Exemplar pb_exemplar;
typedef Opentelemetry__Proto__Metrics__V1__ExponentialHistogramDataPoint pb_exp_point;
typedef Opentelemetry__Proto__Metrics__V1__ExponentialHistogramDataPoint__Buckets pb_buckets;
typedef Opentelemetry__Proto__Metrics__V1__HistogramDataPoint pb_histogram_point;
typedef Opentelemetry__Proto__Metrics__V1__NumberDataPoint pb_number_point;

static pb_exemplar **exemplars_of(struct cs_otlp_tree *b, const struct cs_data_point *point,
				  size_t *ret_n)
{
	size_t n = point->exemplars_count;
	pb_exemplar **items, *exemplars;

	*ret_n = 0;
	if (!n)
		return NULL;
	items = cs_otlp_take(b, n, sizeof(*items));
	exemplars = cs_otlp_take(b, n, sizeof(*exemplars));
	if (!items || !exemplars)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		const struct cs_exemplar *from = &point->exemplars[i];
		pb_exemplar *out = items[i] = &exemplars[i];

		opentelemetry__proto__metrics__v1__exemplar__init(out);
		out->time_unix_nano = from->time_unix_ns;
		out->value_case = OPENTELEMETRY__PROTO__METRICS__V1__EXEMPLAR__VALUE_AS_DOUBLE;
		out->as_double = from->value;
		out->trace_id = cs_otlp_id(from->trace_id.bytes, sizeof(from->trace_id.bytes));
		if (out->trace_id.len)
			out->span_id = cs_otlp_id(from->span_id.bytes, sizeof(from->span_id.bytes));
		out->filtered_attributes =
			cs_otlp_attributes(b, &from->attrs, &out->n_filtered_attributes);
	}
	*ret_n = n;
	return items;
}

/* protobuf-c wants writable numbers; packing and printing only read them. */
static void *unconst(const void *p)
{
	return (void *)(uintptr_t)p;
}

pb_number_point **cs_otlp_number_points(struct cs_otlp_tree *b,
					const struct cs_data_point *const *points, size_t count)
{
	pb_number_point **items = cs_otlp_take(b, count, sizeof(*items));
	pb_number_point *all = cs_otlp_take(b, count, sizeof(*all));

	if (!items || !all)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const struct cs_data_point *from = points[i];
		pb_number_point *out = items[i] = &all[i];

		opentelemetry__proto__metrics__v1__number_data_point__init(out);
		out->attributes = cs_otlp_attributes(b, &from->attrs, &out->n_attributes);
		out->start_time_unix_nano = from->start_unix_ns;
		out->time_unix_nano = from->time_unix_ns;
		if (from->integer) {
			out->value_case =
				OPENTELEMETRY__PROTO__METRICS__V1__NUMBER_DATA_POINT__VALUE_AS_INT;
			out->as_int = from->as_int;
		} else {
			out->value_case =
				OPENTELEMETRY__PROTO__METRICS__V1__NUMBER_DATA_POINT__VALUE_AS_DOUBLE;
			out->as_double = from->as_double;
		}
		out->exemplars = exemplars_of(b, from, &out->n_exemplars);
	}
	return items;
}

static void set_histogram_point(struct cs_otlp_tree *b, pb_histogram_point *out,
				const struct cs_data_point *from)
{
	const struct cs_histogram_value *value = &from->histogram;

	opentelemetry__proto__metrics__v1__histogram_data_point__init(out);
	out->attributes = cs_otlp_attributes(b, &from->attrs, &out->n_attributes);
	out->start_time_unix_nano = from->start_unix_ns;
	out->time_unix_nano = from->time_unix_ns;
	out->count = value->count;
	out->sum_presence_case =
		OPENTELEMETRY__PROTO__METRICS__V1__HISTOGRAM_DATA_POINT__SUM_PRESENCE_SUM;
	out->sum = value->sum;
	if (value->count) {
		out->min_presence_case =
			OPENTELEMETRY__PROTO__METRICS__V1__HISTOGRAM_DATA_POINT__MIN_PRESENCE_MIN;
		out->min = value->min;
		out->max_presence_case =
			OPENTELEMETRY__PROTO__METRICS__V1__HISTOGRAM_DATA_POINT__MAX_PRESENCE_MAX;
		out->max = value->max;
	}
	if (value->explicit.counts) {
		out->explicit_bounds = unconst(value->explicit.bounds);
		out->n_explicit_bounds = value->explicit.bounds_count;
		out->bucket_counts = unconst(value->explicit.counts);
		out->n_bucket_counts = value->explicit.bounds_count + 1;
	}
	out->exemplars = exemplars_of(b, from, &out->n_exemplars);
}

pb_histogram_point **cs_otlp_histogram_points(struct cs_otlp_tree *b,
					      const struct cs_data_point *const *points,
					      size_t count)
{
	pb_histogram_point **items = cs_otlp_take(b, count, sizeof(*items));
	pb_histogram_point *all = cs_otlp_take(b, count, sizeof(*all));

	if (!items || !all)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		set_histogram_point(b, &all[i], points[i]);
		items[i] = &all[i];
	}
	return items;
}

static pb_buckets *buckets_of(struct cs_otlp_tree *b, const struct cs_exp_buckets *from)
{
	pb_buckets *out;

	if (!from->counts_count)
		return NULL;
	out = cs_otlp_take(b, 1, sizeof(*out));
	if (!out)
		return NULL;
	opentelemetry__proto__metrics__v1__exponential_histogram_data_point__buckets__init(out);
	out->offset = from->offset;
	out->bucket_counts = unconst(from->counts);
	out->n_bucket_counts = from->counts_count;
	return out;
}

static void set_exp_point(struct cs_otlp_tree *b, pb_exp_point *out,
			  const struct cs_data_point *from)
{
	const struct cs_histogram_value *value = &from->histogram;

	opentelemetry__proto__metrics__v1__exponential_histogram_data_point__init(out);
	out->attributes = cs_otlp_attributes(b, &from->attrs, &out->n_attributes);
	out->start_time_unix_nano = from->start_unix_ns;
	out->time_unix_nano = from->time_unix_ns;
	out->count = value->count;
	out->sum_presence_case =
		OPENTELEMETRY__PROTO__METRICS__V1__EXPONENTIAL_HISTOGRAM_DATA_POINT__SUM_PRESENCE_SUM;
	out->sum = value->sum;
	if (value->count) {
		out->min_presence_case =
			OPENTELEMETRY__PROTO__METRICS__V1__EXPONENTIAL_HISTOGRAM_DATA_POINT__MIN_PRESENCE_MIN;
		out->min = value->min;
		out->max_presence_case =
			OPENTELEMETRY__PROTO__METRICS__V1__EXPONENTIAL_HISTOGRAM_DATA_POINT__MAX_PRESENCE_MAX;
		out->max = value->max;
	}
	out->scale = value->scale;
	out->zero_count = value->zero_count;
	out->zero_threshold = value->zero_threshold;
	out->positive = buckets_of(b, &value->positive);
	out->exemplars = exemplars_of(b, from, &out->n_exemplars);
}

pb_exp_point **cs_otlp_exp_histogram_points(struct cs_otlp_tree *b,
					    const struct cs_data_point *const *points, size_t count)
{
	pb_exp_point **items = cs_otlp_take(b, count, sizeof(*items));
	pb_exp_point *all = cs_otlp_take(b, count, sizeof(*all));

	if (!items || !all)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		set_exp_point(b, &all[i], points[i]);
		items[i] = &all[i];
	}
	return items;
}
