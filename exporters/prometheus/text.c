/* SPDX-License-Identifier: Apache-2.0 */

/* Metrics as text; see text.h. */
#include "exporters/prometheus/text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "exporters/attributes.h"
#include "exporters/prometheus/escape.h"
#include "exporters/prometheus/family.h"

struct writer {
	struct cs_buffer *out;
	struct cs_arena *arena;
	bool open_metrics;
	const struct cs_attrs *resource; /* of the sample that is written */
};

static void put_real(struct cs_buffer *out, double value)
{
	if (isnan(value))
		cs_buffer_puts(out, "NaN");
	else if (isinf(value))
		cs_buffer_puts(out, value > 0 ? "+Inf" : "-Inf");
	else
		cs_buffer_put_real(out, value);
}

/* OpenMetrics wants bounds to be floats that are written one way: "1.0", which others write "1". */
static void put_bound(const struct writer *writer, double bound)
{
	size_t from = writer->out->len;

	put_real(writer->out, bound);
	if (writer->open_metrics && isfinite(bound) && !writer->out->failed &&
	    !strpbrk(writer->out->data + from, ".e"))
		cs_buffer_puts(writer->out, ".0");
}

static void put_value(struct cs_buffer *out, const struct cs_value *value)
{
	switch (value->type) {
	case CS_VALUE_STRING:
		cs_prometheus_escape(out, value->string, true);
		break;
	case CS_VALUE_BOOL:
		cs_buffer_puts(out, value->boolean ? "true" : "false");
		break;
	case CS_VALUE_INT:
		cs_buffer_printf(out, "%" PRId64, value->integer);
		break;
	case CS_VALUE_DOUBLE:
		put_real(out, value->real);
		break;
	case CS_VALUE_STRINGS: /* as JSON, says the specification; no metric of ours has one */
		break;
	}
}

/* What has overflowed is one point a resource. Here are none: it is told apart by the resource's name. */
static void put_attrs(const struct writer *writer, const struct cs_attrs *attrs)
{
	const struct cs_value *service = cs_attributes_find(writer->resource, "service.name");
	const char *before = "";

	if (service && cs_attributes_find(attrs, "otel.metric.overflow")) {
		cs_buffer_puts(writer->out, "faas_name=\"");
		put_value(writer->out, service);
		cs_buffer_putc(writer->out, '"');
		before = ",";
	}
	for (size_t i = 0; i < attrs->count; i++) {
		const char *name = cs_prometheus_label(writer->arena, attrs->items[i].key);

		if (!name)
			writer->out->failed = true;
		cs_buffer_printf(writer->out, "%s%s=\"", before, name ? name : "");
		put_value(writer->out, &attrs->items[i].value);
		cs_buffer_putc(writer->out, '"');
		before = ",";
	}
}

/* "name_suffix{labels} ", @bound: a bucket's, NULL: it is none. */
static void begin_sample(const struct writer *writer, const char *name, const char *suffix,
			 const struct cs_attrs *attrs, const double *bound)
{
	struct cs_buffer *out = writer->out;

	cs_buffer_printf(out, "%s%s", name, suffix);
	if (attrs->count || bound) {
		cs_buffer_putc(out, '{');
		put_attrs(writer, attrs);
		if (bound) {
			cs_buffer_puts(out, attrs->count ? ",le=\"" : "le=\"");
			put_bound(writer, *bound);
			cs_buffer_putc(out, '"');
		}
		cs_buffer_putc(out, '}');
	}
	cs_buffer_putc(out, ' ');
}

static void put_id(struct cs_buffer *out, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		cs_buffer_printf(out, "%02x", bytes[i]);
}

/* " # {trace_id="…",span_id="…"} value seconds"; ids alone fit into the characters that there are. */
static void put_exemplar(const struct writer *writer, const struct cs_exemplar *exemplar)
{
	struct cs_buffer *out = writer->out;

	cs_buffer_puts(out, " # {trace_id=\"");
	put_id(out, exemplar->trace_id.bytes, sizeof(exemplar->trace_id.bytes));
	cs_buffer_puts(out, "\",span_id=\"");
	put_id(out, exemplar->span_id.bytes, sizeof(exemplar->span_id.bytes));
	cs_buffer_puts(out, "\"} ");
	put_real(out, exemplar->value);
	cs_buffer_printf(out, " %" PRIu64 ".%03" PRIu64, exemplar->time_unix_ns / 1000000000,
			 exemplar->time_unix_ns / 1000000 % 1000);
}

/* The largest of a bucket: it is the one that somebody looks for. NULL: there is none. */
static const struct cs_exemplar *exemplar_in(const struct cs_data_point *point, double above,
					     double up_to)
{
	const struct cs_exemplar *found = NULL;

	for (size_t i = 0; i < point->exemplars_count; i++) {
		const struct cs_exemplar *exemplar = &point->exemplars[i];

		if (cs_trace_id_is_set(&exemplar->trace_id) && exemplar->value > above &&
		    exemplar->value <= up_to && (!found || exemplar->value > found->value))
			found = exemplar;
	}
	return found;
}

static void put_histogram(const struct writer *writer, const char *name,
			  const struct cs_data_point *point)
{
	const struct cs_explicit_buckets *buckets = &point->histogram.explicit;
	struct cs_buffer *out = writer->out;
	double above = (double)-INFINITY;
	uint64_t sum = 0;

	for (size_t i = 0; i <= buckets->bounds_count; i++) {
		double bound = i < buckets->bounds_count ? buckets->bounds[i] : (double)INFINITY;
		const struct cs_exemplar *exemplar = exemplar_in(point, above, bound);

		sum = i < buckets->bounds_count ? sum + buckets->counts[i] : point->histogram.count;
		begin_sample(writer, name, "_bucket", &point->attrs, &bound);
		cs_buffer_printf(out, "%" PRIu64, sum);
		if (exemplar && writer->open_metrics)
			put_exemplar(writer, exemplar);
		cs_buffer_putc(out, '\n');
		above = bound;
	}
	begin_sample(writer, name, "_count", &point->attrs, NULL);
	cs_buffer_printf(out, "%" PRIu64 "\n", point->histogram.count);
	begin_sample(writer, name, "_sum", &point->attrs, NULL);
	put_real(out, point->histogram.sum);
	cs_buffer_putc(out, '\n');
}

static void put_number(const struct writer *writer, const char *name, bool total,
		       const struct cs_data_point *point)
{
	begin_sample(writer, name, total ? "_total" : "", &point->attrs, NULL);
	if (point->integer)
		cs_buffer_printf(writer->out, "%" PRId64, point->as_int);
	else
		put_real(writer->out, point->as_double);
	cs_buffer_putc(writer->out, '\n');
}

static bool is_histogram(const struct cs_metric *metric)
{
	return metric->type == CS_METRIC_HISTOGRAM || metric->type == CS_METRIC_EXP_HISTOGRAM;
}

static const char *type_word(const struct cs_metric *metric)
{
	if (is_histogram(metric))
		return "histogram";
	return metric->type == CS_METRIC_SUM && metric->monotonic ? "counter" : "gauge";
}

/* In the older format a counter's family is called as its samples are. */
static void put_family(struct writer *writer, const struct cs_prometheus_family *family)
{
	const struct cs_metric *metric = family->parts[0].metric;
	bool total = metric->type == CS_METRIC_SUM && metric->monotonic;
	const char *suffix = total && !writer->open_metrics ? "_total" : "";
	struct cs_buffer *out = writer->out;

	cs_buffer_printf(out, "# HELP %s%s ", family->name, suffix);
	cs_prometheus_escape(out, metric->description, writer->open_metrics);
	cs_buffer_printf(out, "\n# TYPE %s%s %s\n", family->name, suffix, type_word(metric));
	if (writer->open_metrics && *family->unit)
		cs_buffer_printf(out, "# UNIT %s %s\n", family->name, family->unit);
	for (size_t i = 0; i < family->parts_count; i++) {
		const struct cs_prometheus_part *part = &family->parts[i];

		writer->resource = part->resource;
		for (size_t j = 0; j < part->metric->points_count; j++) {
			const struct cs_data_point *point = &part->metric->points[j];

			if (is_histogram(metric))
				put_histogram(writer, family->name, point);
			else
				put_number(writer, family->name, total, point);
		}
	}
}

bool cs_prometheus_text(const struct cs_metric_batch *batch, bool open_metrics,
			struct cs_arena *arena, struct cs_buffer *out)
{
	struct writer writer = { .out = out, .arena = arena, .open_metrics = open_metrics };
	const struct cs_prometheus_family *families;
	size_t count = cs_prometheus_families(batch, arena, &families);

	if (!count && cs_metric_batch_count(batch))
		out->failed = true;
	for (size_t i = 0; i < count; i++)
		put_family(&writer, &families[i]);
	if (open_metrics)
		cs_buffer_puts(out, "# EOF\n");
	return !out->failed;
}
