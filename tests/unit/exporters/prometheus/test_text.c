/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/prometheus/text: the whole text of a known batch, and what is rare. */
#include "exporters/prometheus/text.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <string.h>

#include "tests/support/metrics.h"

#define NOW 1700000000123000000u

static struct cs_arena arena;
static struct cs_buffer text;

static void stop(void)
{
	cs_arena_deinit(&arena);
	cs_buffer_deinit(&text);
}

TestSuite(prometheus_text, .fini = stop);

static char *text_of(const struct cs_metric_batch *batch, bool open_metrics)
{
	cs_buffer_clear(&text);
	cr_assert(cs_prometheus_text(batch, open_metrics, &arena, &text));
	return text.data;
}

static const char open_metrics_text[] =
	"# HELP coldspan_agent_events_dropped Events that were not recorded\n"
	"# TYPE coldspan_agent_events_dropped counter\n"
	"coldspan_agent_events_dropped_total{reason=\"a \\\"quoted\\\" back\\\\slash\\nand a second line\"} 3\n"
	"# HELP coldspan_instances Instances by what they do\n"
	"# TYPE coldspan_instances gauge\n"
	"coldspan_instances{faas_name=\"hello\",coldspan_instance_state=\"busy\"} 3\n"
	"# HELP coldspan_ring_utilization_ratio Share of the ring that is full: \\\\ at worst\\nof all instances\n"
	"# TYPE coldspan_ring_utilization_ratio gauge\n"
	"# UNIT coldspan_ring_utilization_ratio ratio\n"
	"coldspan_ring_utilization_ratio 0.25\n"
	"# HELP faas_coldstarts Number of invocation cold starts\n"
	"# TYPE faas_coldstarts counter\n"
	"faas_coldstarts_total{faas_name=\"hello\",faas_trigger=\"http\"} 7\n"
	"faas_coldstarts_total{faas_name=\"hello\",faas_trigger=\"timer\"} 0\n"
	"faas_coldstarts_total{faas_name=\"bye\",faas_trigger=\"http\"} 2\n"
	"faas_coldstarts_total{faas_name=\"bye\",faas_trigger=\"timer\"} 0\n"
	"# HELP faas_init_duration_seconds Measures the duration of the function's initialization, such as a "
	"cold start\n"
	"# TYPE faas_init_duration_seconds histogram\n"
	"# UNIT faas_init_duration_seconds seconds\n"
	"faas_init_duration_seconds_bucket{faas_name=\"hello\",le=\"0.1\"} 2\n"
	"faas_init_duration_seconds_bucket{faas_name=\"hello\",le=\"0.25\"} 4\n"
	"faas_init_duration_seconds_bucket{faas_name=\"hello\",le=\"0.5\"} 5 # "
	"{trace_id=\"33333333333333333333333333333333\",span_id=\"4444444444444444\"} 0.3 1699999999.123\n"
	"faas_init_duration_seconds_bucket{faas_name=\"hello\",le=\"1.0\"} 5\n"
	"faas_init_duration_seconds_bucket{faas_name=\"hello\",le=\"2.5\"} 6 # "
	"{trace_id=\"11111111111111111111111111111111\",span_id=\"2222222222222222\"} 1.7 1699999999.123\n"
	"faas_init_duration_seconds_bucket{faas_name=\"hello\",le=\"+Inf\"} 6\n"
	"faas_init_duration_seconds_count{faas_name=\"hello\"} 6\n"
	"faas_init_duration_seconds_sum{faas_name=\"hello\"} 2.6\n"
	"# HELP faas_mem_usage_bytes Distribution of max memory usage per invocation\n"
	"# TYPE faas_mem_usage_bytes histogram\n"
	"# UNIT faas_mem_usage_bytes bytes\n"
	"faas_mem_usage_bytes_bucket{faas_name=\"hello\",le=\"1000000.0\"} 0\n"
	"faas_mem_usage_bytes_bucket{faas_name=\"hello\",le=\"100000000.0\"} 5\n"
	"faas_mem_usage_bytes_bucket{faas_name=\"hello\",le=\"+Inf\"} 6 # "
	"{trace_id=\"11111111111111111111111111111111\",span_id=\"2222222222222222\"} 200000000 1699999999.123\n"
	"faas_mem_usage_bytes_count{faas_name=\"hello\"} 6\n"
	"faas_mem_usage_bytes_sum{faas_name=\"hello\"} 420000000\n"
	"# EOF\n";

Test(prometheus_text, open_metrics_to_the_byte)
{
	cr_assert(eq(str, text_of(sample_metrics(&arena, NOW), true), (char *)open_metrics_text));
}

Test(prometheus_text, the_older_format_has_neither_exemplars_nor_units)
{
	char *old = text_of(sample_metrics(&arena, NOW), false);

	cr_assert(eq(ptr, strstr(old, "# {"), NULL));
	cr_assert(eq(ptr, strstr(old, "# UNIT"), NULL));
	cr_assert(eq(ptr, strstr(old, "# EOF"), NULL));
	cr_assert(ne(ptr, strstr(old, "# TYPE faas_coldstarts_total counter\n"), NULL));
	cr_assert(ne(ptr, strstr(old, "{faas_name=\"hello\",le=\"1\"} 5\n"), NULL));
	cr_assert(ne(ptr, strstr(old, "such as a cold start\n"), NULL));
}

Test(prometheus_text, nothing_is_a_text_too)
{
	const struct cs_metric_batch none = { 0 };

	cr_assert(eq(str, text_of(&none, true), (char *)"# EOF\n"));
}

static const struct cs_metric_batch *number(const char *name, const char *unit, double value,
					    const struct cs_attrs *attrs,
					    const struct cs_attrs *resource)
{
	struct cs_data_point *point = cs_arena_alloc(&arena, sizeof(*point));
	struct cs_metric *metric = cs_arena_alloc(&arena, sizeof(*metric));
	struct cs_resource_metrics *group = cs_arena_alloc(&arena, sizeof(*group));
	struct cs_metric_batch *batch = cs_arena_alloc(&arena, sizeof(*batch));

	*point = (struct cs_data_point){ .time_unix_ns = NOW, .as_double = value };
	if (attrs)
		point->attrs = *attrs;
	*metric = (struct cs_metric){ .name = name,
				      .unit = unit,
				      .description = "",
				      .type = CS_METRIC_GAUGE,
				      .points = point,
				      .points_count = 1 };
	*group = (struct cs_resource_metrics){ .metrics = metric, .metrics_count = 1 };
	if (resource)
		group->resource = *resource;
	*batch = (struct cs_metric_batch){ .groups = group, .groups_count = 1 };
	return batch;
}

Test(prometheus_text, names_are_those_of_the_specification)
{
	static const struct {
		const char *name, *unit, *wanted;
	} rows[] = {
		{ "a.b", "", "\na_b 0\n" },
		{ "a..b-c", "", "\na_b_c 0\n" },
		{ "1a", "", "\n_1a 0\n" },
		{ "a.seconds", "s", "\na_seconds 0\n" },
		{ "aseconds", "s", "\naseconds_seconds 0\n" },
		{ "a", "By", "\na_bytes 0\n" },
		{ "a", "ms", "\na_milliseconds 0\n" },
		{ "a", "{GB.s}", "\na 0\n" },
		{ "a", "furlong", "\na 0\n" },
		{ "a", "1", "\na_ratio 0\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_assert(
			ne(ptr,
			   strstr(text_of(number(rows[i].name, rows[i].unit, 0, NULL, NULL), true),
				  rows[i].wanted),
			   NULL),
			"%s %s: %s", rows[i].name, rows[i].unit, text.data);
}

Test(prometheus_text, numbers_that_are_none_have_words)
{
	cr_assert(ne(ptr,
		     strstr(text_of(number("a", "", (double)NAN, NULL, NULL), true), "\na NaN\n"),
		     NULL));
	cr_assert(ne(
		ptr,
		strstr(text_of(number("a", "", (double)INFINITY, NULL, NULL), true), "\na +Inf\n"),
		NULL));
	cr_assert(ne(
		ptr,
		strstr(text_of(number("a", "", (double)-INFINITY, NULL, NULL), true), "\na -Inf\n"),
		NULL));
	cr_assert(ne(ptr,
		     strstr(text_of(number("a", "", 0.1 + 0.2, NULL, NULL), true),
			    "\na 0.30000000000000004\n"),
		     NULL));
}

Test(prometheus_text, what_overflowed_is_told_apart_by_its_function)
{
	struct cs_attr overflow = { "otel.metric.overflow",
				    { .type = CS_VALUE_BOOL, .boolean = true } };
	struct cs_attr service = { "service.name", { .type = CS_VALUE_STRING, .string = "hello" } };
	const struct cs_attrs attrs = { .items = &overflow, .count = 1 };
	const struct cs_attrs resource = { .items = &service, .count = 1 };

	cr_assert(ne(ptr,
		     strstr(text_of(number("a", "", 1, &attrs, &resource), true),
			    "\na{faas_name=\"hello\",otel_metric_overflow=\"true\"} 1\n"),
		     NULL),
		  "%s", text.data);
}

Test(prometheus_text, services_of_two_namespaces_are_two)
{
	struct cs_attr name = { "faas.name", { .type = CS_VALUE_STRING, .string = "hello" } };
	struct cs_attr space = { "service.namespace",
				 { .type = CS_VALUE_STRING, .string = "shop" } };
	const struct cs_attrs attrs = { .items = &name, .count = 1 };
	const struct cs_attrs resource = { .items = &space, .count = 1 };

	cr_assert(ne(ptr,
		     strstr(text_of(number("a", "", 1, &attrs, &resource), true),
			    "\na{service_namespace=\"shop\",faas_name=\"hello\"} 1\n"),
		     NULL),
		  "%s", text.data);
}

Test(prometheus_text, what_is_no_utf8_is_repaired)
{
	struct cs_attr name = { "faas.name",
				{ .type = CS_VALUE_STRING,
				  .string = "a\xff"
					    "b" } };
	const struct cs_attrs attrs = { .items = &name, .count = 1 };

	cr_assert(ne(ptr,
		     strstr(text_of(number("a", "", 1, &attrs, NULL), true),
			    "\na{faas_name=\"a\xef\xbf\xbd"
			    "b\"} 1\n"),
		     NULL),
		  "%s", text.data);
}

Test(prometheus_text, the_target_is_told_once)
{
	struct cs_attr service = { "service.name", { .type = CS_VALUE_STRING, .string = "c" } };
	const struct cs_metric_batch batch = { .target = { .items = &service, .count = 1 } };

	cr_assert(eq(str, text_of(&batch, true),
		     (char *)"# HELP target Target metadata\n# TYPE target info\n"
			     "target_info{service_name=\"c\"} 1\n# EOF\n"));
	cr_assert(eq(str, text_of(&batch, false),
		     (char *)"# HELP target_info Target metadata\n# TYPE target_info gauge\n"
			     "target_info{service_name=\"c\"} 1\n"));
}
