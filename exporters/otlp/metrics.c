/* SPDX-License-Identifier: Apache-2.0 */

/* Metrics as OTLP messages; see metrics.h. */
#include "exporters/otlp/metrics.h"

#include <errno.h>

#include "exporters/otlp/metric_points.h"
#include "exporters/otlp/tree.h"
#include "opentelemetry/proto/metrics/v1/metrics.pb-c.h"

typedef Opentelemetry__Proto__Metrics__V1__AggregationTemporality pb_temporality;
typedef Opentelemetry__Proto__Metrics__V1__ExponentialHistogram pb_exp_histogram;
typedef Opentelemetry__Proto__Metrics__V1__Gauge pb_gauge;
typedef Opentelemetry__Proto__Metrics__V1__Histogram pb_histogram;
typedef Opentelemetry__Proto__Metrics__V1__Metric pb_metric;
typedef Opentelemetry__Proto__Metrics__V1__MetricsData pb_metrics;
typedef Opentelemetry__Proto__Metrics__V1__ResourceMetrics pb_resource_metrics;
typedef Opentelemetry__Proto__Metrics__V1__ScopeMetrics pb_scope_metrics;
typedef Opentelemetry__Proto__Metrics__V1__Sum pb_sum;

/* The points of a metric that are in the range, and what of them can be sent. */
struct points {
	const struct cs_data_point **items;
	size_t count;
};

static void set_gauge(struct cs_otlp_tree *b, pb_metric *out, const struct points *points)
{
	pb_gauge *gauge = cs_otlp_take(b, 1, sizeof(*gauge));

	if (!gauge)
		return;
	opentelemetry__proto__metrics__v1__gauge__init(gauge);
	gauge->data_points = cs_otlp_number_points(b, points->items, points->count);
	gauge->n_data_points = points->count;
	out->data_case = OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_GAUGE;
	out->gauge = gauge;
}

static void set_sum(struct cs_otlp_tree *b, pb_metric *out, const struct cs_metric *metric,
		    const struct points *points)
{
	pb_sum *sum = cs_otlp_take(b, 1, sizeof(*sum));

	if (!sum)
		return;
	opentelemetry__proto__metrics__v1__sum__init(sum);
	sum->data_points = cs_otlp_number_points(b, points->items, points->count);
	sum->n_data_points = points->count;
	sum->aggregation_temporality = (pb_temporality)metric->temporality;
	sum->is_monotonic = metric->monotonic;
	out->data_case = OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_SUM;
	out->sum = sum;
}

static void set_histogram(struct cs_otlp_tree *b, pb_metric *out, const struct cs_metric *metric,
			  const struct points *points)
{
	pb_histogram *histogram = cs_otlp_take(b, 1, sizeof(*histogram));

	if (!histogram)
		return;
	opentelemetry__proto__metrics__v1__histogram__init(histogram);
	histogram->data_points = cs_otlp_histogram_points(b, points->items, points->count);
	histogram->n_data_points = points->count;
	histogram->aggregation_temporality = (pb_temporality)metric->temporality;
	out->data_case = OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_HISTOGRAM;
	out->histogram = histogram;
}

static void set_exp_histogram(struct cs_otlp_tree *b, pb_metric *out,
			      const struct cs_metric *metric, const struct points *points)
{
	pb_exp_histogram *histogram = cs_otlp_take(b, 1, sizeof(*histogram));

	if (!histogram)
		return;
	opentelemetry__proto__metrics__v1__exponential_histogram__init(histogram);
	histogram->data_points = cs_otlp_exp_histogram_points(b, points->items, points->count);
	histogram->n_data_points = points->count;
	histogram->aggregation_temporality = (pb_temporality)metric->temporality;
	out->data_case = OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_EXPONENTIAL_HISTOGRAM;
	out->exponential_histogram = histogram;
}

static void set_metric(struct cs_otlp_tree *b, pb_metric *out, const struct cs_metric *metric,
		       const struct points *points)
{
	opentelemetry__proto__metrics__v1__metric__init(out);
	out->name = cs_otlp_text(b, metric->name, CS_TELEMETRY_STRING_MAX);
	out->description = cs_otlp_text(b, metric->description, CS_TELEMETRY_STRING_MAX);
	out->unit = cs_otlp_text(b, metric->unit, CS_TELEMETRY_STRING_MAX);
	switch (metric->type) {
	case CS_METRIC_GAUGE:
		set_gauge(b, out, points);
		break;
	case CS_METRIC_SUM:
		set_sum(b, out, metric, points);
		break;
	case CS_METRIC_HISTOGRAM:
		set_histogram(b, out, metric, points);
		break;
	case CS_METRIC_EXP_HISTOGRAM:
		set_exp_histogram(b, out, metric, points);
		break;
	}
}

/* The points of @part of a metric that have a time. */
static struct points points_of(struct cs_otlp_tree *b, const struct cs_metric *metric,
			       const struct cs_otlp_part *part)
{
	struct points points = { .items = cs_otlp_take(b, part->count,
						       sizeof(struct cs_data_point *)) };

	for (size_t i = 0; points.items && i < part->count; i++) {
		const struct cs_data_point *point = &metric->points[part->first + i];

		if (point->time_unix_ns)
			points.items[points.count++] = point;
	}
	return points;
}

/* The metrics of one group that are in the range; NULL if there is none, or on failure. */
static pb_resource_metrics *group_metrics(struct cs_otlp_tree *b,
					  const struct cs_resource_metrics *group,
					  struct cs_otlp_cut *cut, size_t *points_count)
{
	struct envelope {
		pb_resource_metrics outer;
		pb_scope_metrics scoped;
		pb_scope_metrics *scoped_item;
	} *e = cs_otlp_take(b, 1, sizeof(*e));
	pb_metric **items = cs_otlp_take(b, group->metrics_count, sizeof(*items));
	size_t n = 0;

	for (size_t i = 0; i < group->metrics_count && cut->left && !b->failed; i++) {
		struct cs_otlp_part part;
		struct points points;
		pb_metric *metric;

		if (!cs_otlp_cut_next(cut, group->metrics[i].points_count, &part))
			continue;
		points = points_of(b, &group->metrics[i], &part);
		metric = points.count ? cs_otlp_take(b, 1, sizeof(*metric)) : NULL;
		if (!metric)
			continue;
		set_metric(b, metric, &group->metrics[i], &points);
		items[n++] = metric;
		*points_count += points.count;
	}
	if (!n || b->failed)
		return NULL;
	opentelemetry__proto__metrics__v1__resource_metrics__init(&e->outer);
	opentelemetry__proto__metrics__v1__scope_metrics__init(&e->scoped);
	e->scoped.scope = cs_otlp_scope(b);
	e->scoped.n_metrics = n;
	e->scoped.metrics = items;
	e->scoped_item = &e->scoped;
	e->outer.resource = cs_otlp_resource(b, &group->resource);
	e->outer.n_scope_metrics = 1;
	e->outer.scope_metrics = &e->scoped_item;
	return &e->outer;
}

int cs_otlp_metrics_build(ProtobufCAllocator *alloc, const struct cs_metric_batch *batch,
			  struct cs_otlp_range *range, ProtobufCMessage **ret)
{
	struct cs_otlp_tree b = { .alloc = alloc };
	struct cs_otlp_cut cut = { .skip = range->first, .left = range->count };
	pb_metrics *metrics = cs_otlp_take(&b, 1, sizeof(*metrics));
	pb_resource_metrics **groups =
		cs_otlp_take(&b, batch->groups_count, sizeof(pb_resource_metrics *));
	size_t points = 0, n = 0;

	for (size_t i = 0; i < batch->groups_count && cut.left && !b.failed; i++) {
		pb_resource_metrics *built = group_metrics(&b, &batch->groups[i], &cut, &points);

		if (built)
			groups[n++] = built;
	}
	if (b.failed)
		return -ENOMEM;
	range->count -= cut.left;
	range->items = points;
	if (!n)
		return CS_OTLP_NOTHING;
	opentelemetry__proto__metrics__v1__metrics_data__init(metrics);
	metrics->n_resource_metrics = n;
	metrics->resource_metrics = groups;
	*ret = &metrics->base;
	return 0;
}
