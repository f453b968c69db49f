/* SPDX-License-Identifier: Apache-2.0 */

/* What the collector has counted of itself, under which names and reasons. */
#include "collector/metrics/self_metrics.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "collector/metrics/collect.h"
#include "collector/self.h"
#include "exporters/destination.h"

#define S 1000000000ull

static struct cs_metric_store store;
static struct cs_arena arena;
static struct cs_metric_batch batch;

static void begin(void)
{
	static const uint8_t key[16] = "0123456789abcdef";
	static const struct cs_attr own = { "service.name",
					    { .type = CS_VALUE_STRING, .string = "collector" } };
	struct cs_metric_settings settings = { .interval_ms = 1 };

	cr_assert_eq(cs_metric_store_init(&store, &settings,
					  &(struct cs_attrs){ .items = &own, .count = 1 }, key, S),
		     0);
	cs_arena_init(&arena, 0);
}

static void end(void)
{
	cs_metric_store_deinit(&store);
	cs_arena_deinit(&arena);
}

TestSuite(self_metrics, .init = begin, .fini = end);

static void look(void)
{
	cs_arena_reset(&arena);
	cr_assert(cs_metric_store_collect(&store, CS_READER_LOOK, 100 * S, &arena, &batch));
}

/* "a=b c=d" */
static void print_attrs(const struct cs_attrs *attrs, char *ret, size_t bytes)
{
	size_t len = 0;

	*ret = '\0';
	for (size_t i = 0; i < attrs->count && len < bytes; i++)
		len += (size_t)snprintf(ret + len, bytes - len, "%s%s=%s", i ? " " : "",
					attrs->items[i].key, attrs->items[i].value.string);
}

static const struct cs_metric *metric_named(const char *name)
{
	for (size_t i = 0; i < batch.groups[0].metrics_count; i++) {
		if (!strcmp(batch.groups[0].metrics[i].name, name))
			return &batch.groups[0].metrics[i];
	}
	return NULL;
}

static void expect(enum cs_instrument_id id, const char *attrs, double expected)
{
	const struct cs_metric *metric = metric_named(cs_instrument(id)->name);
	double value = -1;
	char text[256];

	cr_assert_not_null(metric, "%s", cs_instrument(id)->name);
	for (size_t i = 0; i < metric->points_count; i++) {
		const struct cs_data_point *point = &metric->points[i];

		print_attrs(&point->attrs, text, sizeof(text));
		if (!strcmp(text, attrs))
			value = point->integer ? (double)point->as_int : point->as_double;
	}
	cr_assert_float_eq(value, expected, 1e-9, "%s{%s}: %g, not %g", metric->name, attrs, value,
			   expected);
}

static void expect_by_reason(enum cs_instrument_id id, const char *reason, double expected)
{
	char attrs[160];

	snprintf(attrs, sizeof(attrs), "coldspan.reason=%s", reason);
	expect(id, attrs, expected);
}

Test(self_metrics, losses_have_reasons)
{
	static const char *const refusals[] = {
#define X(id, name, meaning) [CS_REFUSAL_##id] = name,
		CS_REFUSALS(X)
#undef X
	};
	static struct cs_self self = {
		.records = 1000,
		.dropped = 1,
		.torn = 2,
		.corrupt = 3,
		.unknown_records = 4,
		.requests_dropped = 5,
		.calls_dropped = 6,
		.api_dropped = 7,
		.log_lines_lost = 8,
		.log_lines_limited = 100,
		.spans_lost = 9,
		.log_records_lost = 200,
	};
	static const struct {
		const char *reason;
		double count;
	} drops[] = {
		{ "ring_full", 1 }, { "torn", 2 },        { "corrupt", 3 },
		{ "requests", 5 },  { "calls", 6 },       { "unknown_record", 4 },
		{ "api", 7 },       { "log_lines", 108 }, { "no_memory", 209 },
	};

	for (unsigned i = 0; i < CS_STAND_DOWN_COUNT; i++)
		self.stood_down[i] = 10 + i;
	for (unsigned i = CS_REFUSAL_NONE + 1; i < CS_REFUSAL_COUNT; i++)
		self.refused[i] = 20 + i;
	cs_ring_fill_note(&self.fill, 1, 4, 50 * S);
	store.lost = 11;
	cs_self_metrics_counters(&store, &self, 51 * S, 100 * S);
	look();
	expect(CS_INSTRUMENT_EVENTS, "", 1000);
	expect(CS_INSTRUMENT_RING_UTILIZATION, "", 0.25);
	expect(CS_INSTRUMENT_METRICS_LOST, "", 11);
	for (size_t i = 0; i < sizeof(drops) / sizeof(drops[0]); i++)
		expect_by_reason(CS_INSTRUMENT_EVENTS_DROPPED, drops[i].reason, drops[i].count);
	for (unsigned i = 0; i < CS_STAND_DOWN_COUNT; i++)
		expect_by_reason(CS_INSTRUMENT_STAND_DOWNS, cs_stand_down_name(i), 10 + i);
	for (unsigned i = CS_REFUSAL_NONE + 1; i < CS_REFUSAL_COUNT; i++)
		expect_by_reason(CS_INSTRUMENT_REFUSED, refusals[i], 20 + i);
}

Test(self_metrics, spans_were_made_or_left_out)
{
	static const struct cs_self self = {
		.spans = 70,
		.spans_lost = 3,
		.log_records = 40,
		.sampling = { .out = { [CS_SAMPLED_OUT_PARENT] = 1,
				       [CS_SAMPLED_OUT_HEAD] = 10,
				       [CS_SAMPLED_OUT_TAIL] = 100 },
			      .kept = { [CS_TAIL_COLD] = 2, [CS_TAIL_RATIO] = 5 },
			      .hurried = 6 },
	};

	cs_self_metrics_counters(&store, &self, S, 100 * S);
	look();
	expect(CS_INSTRUMENT_SPANS_STARTED, "otel.span.sampling_result=RECORD_AND_SAMPLE", 73);
	expect(CS_INSTRUMENT_SPANS_STARTED, "otel.span.sampling_result=DROP", 111);
	expect_by_reason(CS_INSTRUMENT_SPANS_OUT, "parent", 1);
	expect_by_reason(CS_INSTRUMENT_SPANS_OUT, "head", 10);
	expect_by_reason(CS_INSTRUMENT_SPANS_OUT, "tail", 100);
	expect_by_reason(CS_INSTRUMENT_SPANS_SAMPLED, "cold", 2);
	expect_by_reason(CS_INSTRUMENT_SPANS_SAMPLED, "errors", 0);
	expect_by_reason(CS_INSTRUMENT_SPANS_SAMPLED, "ratio", 5);
	expect(CS_INSTRUMENT_SAMPLING_HURRIED, "", 6);
	expect(CS_INSTRUMENT_LOGS_CREATED, "", 40);
}

Test(self_metrics, own_cost_is_seconds_and_bytes)
{
	cs_self_metrics_usage(&store, &(struct cs_own_usage){ 1500000000, 250000000, 5 << 20 },
			      100 * S);
	cs_self_metrics_clock(&store, -3.5, 100 * S);
	look();
	expect(CS_INSTRUMENT_OWN_CPU, "cpu.mode=user", 1.5);
	expect(CS_INSTRUMENT_OWN_CPU, "cpu.mode=system", 0.25);
	expect(CS_INSTRUMENT_OWN_MEMORY, "", 5 << 20);
	expect(CS_INSTRUMENT_CLOCK_SHIFT, "", -3.5);
}

Test(self_metrics, a_destination_says_what_became_of_what_it_got)
{
	static const struct cs_exporter_ops none;
	static struct cs_exporter exporter;
	char attrs[160];

	cs_exporter_init(&exporter, &none, 1u << CS_SIGNAL_TRACES | 1u << CS_SIGNAL_LOGS, "otlp x");
	exporter.stats[CS_SIGNAL_TRACES] =
		(struct cs_exporter_stats){ .sent = 90, .rejected = 4, .queued = 30 };
	for (unsigned i = 0; i < CS_DROP_REASON_COUNT; i++)
		exporter.stats[CS_SIGNAL_TRACES].dropped[i] = 10 + i;
	exporter.stats[CS_SIGNAL_LOGS] = (struct cs_exporter_stats){ .sent = 7, .queued = 8 };
	cs_self_metrics_exporter(&store, &exporter, 100 * S);
	cs_self_metrics_operation(&store, &exporter, S / 4, NULL, 100 * S);
	cs_self_metrics_operation(&store, &exporter, S / 2, "503", 100 * S);
	look();
	expect(CS_INSTRUMENT_SPANS_EXPORTED, "otel.component.name=otlp x", 90);
	expect(CS_INSTRUMENT_SPANS_EXPORTED, "otel.component.name=otlp x error.type=rejected", 4);
	expect(CS_INSTRUMENT_SPANS_INFLIGHT, "otel.component.name=otlp x", 30);
	for (unsigned i = 0; i < CS_DROP_REASON_COUNT; i++) {
		snprintf(attrs, sizeof(attrs), "otel.component.name=otlp x error.type=%s",
			 cs_drop_reason_name(i));
		expect(CS_INSTRUMENT_SPANS_EXPORTED, attrs, 10 + i);
	}
	expect(CS_INSTRUMENT_LOGS_EXPORTED, "otel.component.name=otlp x", 7);
	expect(CS_INSTRUMENT_LOGS_INFLIGHT, "otel.component.name=otlp x", 8);
	cr_assert_null(metric_named(cs_instrument(CS_INSTRUMENT_POINTS_EXPORTED)->name));
	cr_assert_eq(metric_named(cs_instrument(CS_INSTRUMENT_EXPORT_DURATION)->name)->points_count,
		     2);
}

Test(self_metrics, each_way_of_collecting_is_a_component)
{
	cs_self_metrics_collection(&store, CS_READER_PUSH, S, 100 * S);
	cs_self_metrics_collection(&store, CS_READER_SCRAPE, S, 100 * S);
	look();
	cr_assert_eq(metric_named("otel.sdk.metric_reader.collection.duration")->points_count, 2);
}
