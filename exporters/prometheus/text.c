/* SPDX-License-Identifier: Apache-2.0 */

/* Metrics as text; see text.h. */
#include "exporters/prometheus/text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "exporters/prometheus/escape.h"
#include "exporters/prometheus/family.h"
#include "exporters/prometheus/point.h"

struct writer {
	struct cs_buffer *out;
	struct cs_arena *arena;
	bool open_metrics;
	struct cs_prometheus_labels labels; /* of the point that is written */
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

/* "name_suffix{labels} ", @bound: a bucket's, NULL: it is none. */
static void begin_sample(const struct writer *writer, const char *name, const char *suffix,
			 const double *bound)
{
	const struct cs_prometheus_labels *labels = &writer->labels;
	struct cs_buffer *out = writer->out;

	cs_buffer_printf(out, "%s%s", name, suffix);
	for (size_t i = 0; i < labels->count; i++) {
		cs_buffer_printf(out, "%c%s=\"", i ? ',' : '{', labels->items[i].name);
		cs_prometheus_escape(out, labels->items[i].value, true);
		cs_buffer_putc(out, '"');
	}
	if (bound) {
		cs_buffer_printf(out, "%cle=\"", labels->count ? ',' : '{');
		put_bound(writer, *bound);
		cs_buffer_putc(out, '"');
	}
	cs_buffer_puts(out, labels->count || bound ? "} " : " ");
}

/* " # {trace_id="…",span_id="…"} value seconds"; ids alone fit into the characters that there are. */
static void put_exemplar(const struct writer *writer, const struct cs_exemplar *exemplar)
{
	char trace[2 * sizeof(exemplar->trace_id.bytes) + 1];
	char span[2 * sizeof(exemplar->span_id.bytes) + 1];
	struct cs_buffer *out = writer->out;

	cs_prometheus_id(exemplar->trace_id.bytes, sizeof(exemplar->trace_id.bytes), trace);
	cs_prometheus_id(exemplar->span_id.bytes, sizeof(exemplar->span_id.bytes), span);
	cs_buffer_printf(out, " # {trace_id=\"%s\",span_id=\"%s\"} ", trace, span);
	put_real(out, exemplar->value);
	cs_buffer_printf(out, " %" PRIu64 ".%03" PRIu64, exemplar->time_unix_ns / 1000000000,
			 exemplar->time_unix_ns / 1000000 % 1000);
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
		const struct cs_exemplar *exemplar = cs_prometheus_exemplar(point, above, bound);

		sum = i < buckets->bounds_count ? sum + buckets->counts[i] : point->histogram.count;
		begin_sample(writer, name, "_bucket", &bound);
		cs_buffer_printf(out, "%" PRIu64, sum);
		if (exemplar && writer->open_metrics)
			put_exemplar(writer, exemplar);
		cs_buffer_putc(out, '\n');
		above = bound;
	}
	begin_sample(writer, name, "_count", NULL);
	cs_buffer_printf(out, "%" PRIu64 "\n", point->histogram.count);
	begin_sample(writer, name, "_sum", NULL);
	put_real(out, point->histogram.sum);
	cs_buffer_putc(out, '\n');
}

static void put_number(const struct writer *writer, const char *name, bool total,
		       const struct cs_data_point *point)
{
	begin_sample(writer, name, total ? "_total" : "", NULL);
	if (point->integer)
		cs_buffer_printf(writer->out, "%" PRId64, point->as_int);
	else
		put_real(writer->out, point->as_double);
	cs_buffer_putc(writer->out, '\n');
}

static const char *type_word(const struct cs_metric *metric)
{
	if (cs_prometheus_is_histogram(metric))
		return "histogram";
	return cs_prometheus_is_total(metric) ? "counter" : "gauge";
}

/* In the older format a counter's family is called as its samples are. */
static void put_family(struct writer *writer, const struct cs_prometheus_family *family)
{
	const struct cs_metric *metric = family->parts[0].metric;
	bool total = cs_prometheus_is_total(metric);
	const char *suffix = total && !writer->open_metrics ? "_total" : "";
	struct cs_buffer *out = writer->out;

	cs_buffer_printf(out, "# HELP %s%s ", family->name, suffix);
	cs_prometheus_escape(out, metric->description, writer->open_metrics);
	cs_buffer_printf(out, "\n# TYPE %s%s %s\n", family->name, suffix, type_word(metric));
	if (writer->open_metrics && *family->unit)
		cs_buffer_printf(out, "# UNIT %s %s\n", family->name, family->unit);
	for (size_t i = 0; i < family->parts_count; i++) {
		const struct cs_prometheus_part *part = &family->parts[i];

		for (size_t j = 0; j < part->metric->points_count; j++) {
			const struct cs_data_point *point = &part->metric->points[j];

			if (!cs_prometheus_labels_of(writer->arena, part->resource, &point->attrs,
						     &writer->labels)) {
				out->failed = true;
				return;
			}
			if (cs_prometheus_is_histogram(metric))
				put_histogram(writer, family->name, point);
			else
				put_number(writer, family->name, total, point);
		}
	}
}

/* Of what is scraped, once: series of functions name theirs. */
static void put_target(struct writer *writer, const struct cs_attrs *target)
{
	const char *family = writer->open_metrics ? "target" : "target_info";

	if (!cs_prometheus_labels_of(writer->arena, &(struct cs_attrs){ 0 }, target,
				     &writer->labels)) {
		writer->out->failed = true;
		return;
	}
	cs_buffer_printf(writer->out, "# HELP %s %s\n# TYPE %s %s\n", family,
			 CS_PROMETHEUS_TARGET_HELP, family,
			 writer->open_metrics ? "info" : "gauge");
	begin_sample(writer, "target_info", "", NULL);
	cs_buffer_puts(writer->out, "1\n");
}

bool cs_prometheus_text(const struct cs_metric_batch *batch, bool open_metrics,
			struct cs_arena *arena, struct cs_buffer *out)
{
	struct writer writer = { .out = out, .arena = arena, .open_metrics = open_metrics };
	const struct cs_prometheus_family *families;
	size_t count = cs_prometheus_families(batch, arena, &families);

	if (!count && cs_metric_batch_count(batch))
		out->failed = true;
	if (batch->target.count)
		put_target(&writer, &batch->target);
	for (size_t i = 0; i < count; i++)
		put_family(&writer, &families[i]);
	if (open_metrics)
		cs_buffer_puts(out, "# EOF\n");
	return !out->failed;
}
