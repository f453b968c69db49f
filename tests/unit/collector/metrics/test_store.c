/* SPDX-License-Identifier: Apache-2.0 */

/* What is counted, and what each of the two readers is told of it. */
#include <criterion/criterion.h>
#include <string.h>

#include "collector/metrics/collect.h"

#define S 1000000000ull

static struct cs_metric_store store;
static struct cs_arena arena;
static struct cs_metric_batch batch;
static struct cs_metric_group *function;

static const struct cs_attr own[] = {
	{ "service.name", { .type = CS_VALUE_STRING, .string = "coldspan-collector" } },
};

static struct cs_metric_group *group_named(const char *name)
{
	struct cs_attr attr = { "service.name", { .type = CS_VALUE_STRING, .string = name } };

	return cs_metric_store_group(&store, &(struct cs_attrs){ .items = &attr, .count = 1 });
}

static void begin(enum cs_temporality_preference temporality)
{
	static const uint8_t key[16] = "0123456789abcdef";
	struct cs_metric_settings settings = { .interval_ms = 1, .temporality = temporality };

	cr_assert_eq(cs_metric_store_init(&store, &settings,
					  &(struct cs_attrs){ .items = own, .count = 1 }, key,
					  100 * S),
		     0);
	cs_arena_init(&arena, 0);
	function = group_named("hello");
	cr_assert_not_null(function);
}

static void end(void)
{
	cs_metric_store_deinit(&store);
	cs_arena_deinit(&arena);
}

static void add(enum cs_instrument_id id, const char *name, double value)
{
	struct cs_attr attr = { "faas.name", { .type = CS_VALUE_STRING, .string = name } };

	cs_metric_store_add(&store, function,
			    &(struct cs_measurement){ .instrument = id,
						      .attrs = { .items = &attr, .count = 1 },
						      .value = value },
			    110 * S);
}

static const struct cs_metric *metric(unsigned reader, uint64_t at_ns, enum cs_instrument_id id)
{
	batch = (struct cs_metric_batch){ 0 };
	cs_arena_reset(&arena);
	(void)!cs_metric_store_collect(&store, reader, at_ns, &arena, &batch);
	for (size_t i = 0; i < batch.groups_count; i++) {
		for (size_t j = 0; j < batch.groups[i].metrics_count; j++) {
			if (!strcmp(batch.groups[i].metrics[j].name, cs_instrument(id)->name))
				return &batch.groups[i].metrics[j];
		}
	}
	return NULL;
}

Test(store, a_new_series_was_zero_at_the_push_before, .fini = end)
{
	const struct cs_metric *m;

	begin(CS_PREFER_CUMULATIVE);
	cr_assert_null(metric(CS_READER_PUSH, 105 * S, CS_INSTRUMENT_COLDSTARTS));
	add(CS_INSTRUMENT_COLDSTARTS, "a", 1);
	m = metric(CS_READER_PUSH, 165 * S, CS_INSTRUMENT_COLDSTARTS);
	cr_assert_not_null(m);
	cr_assert_eq(m->type, CS_METRIC_SUM);
	cr_assert(m->monotonic);
	cr_assert_eq(m->temporality, CS_TEMPORALITY_CUMULATIVE);
	cr_assert_eq(m->points_count, 2);
	cr_assert_eq(m->points[0].as_int, 0);
	cr_assert_eq(m->points[0].start_unix_ns, 105 * S);
	cr_assert(m->points[0].time_unix_ns > 105 * S && m->points[0].time_unix_ns < 106 * S);
	cr_assert_eq(m->points[1].as_int, 1);
	cr_assert_eq(m->points[1].start_unix_ns, 105 * S);
	cr_assert_eq(m->points[1].time_unix_ns, 165 * S);
	add(CS_INSTRUMENT_COLDSTARTS, "a", 2);
	m = metric(CS_READER_PUSH, 225 * S, CS_INSTRUMENT_COLDSTARTS);
	cr_assert_eq(m->points_count, 1);
	cr_assert_eq(m->points[0].as_int, 3);
	cr_assert_eq(m->points[0].start_unix_ns, 105 * S);
}

Test(store, a_series_between_two_pushes_in_one_moment_begins_with_zero_too, .fini = end)
{
	struct cs_attr attr = { "faas.name", { .type = CS_VALUE_STRING, .string = "a" } };
	const struct cs_metric *m;

	begin(CS_PREFER_CUMULATIVE);
	cr_assert_null(metric(CS_READER_PUSH, 105 * S, CS_INSTRUMENT_ERRORS));
	cs_metric_store_add(&store, function,
			    &(struct cs_measurement){ .instrument = CS_INSTRUMENT_ERRORS,
						      .attrs = { .items = &attr, .count = 1 },
						      .value = 1 },
			    105 * S + 1000);
	m = metric(CS_READER_PUSH, 105 * S + 2000, CS_INSTRUMENT_ERRORS);
	cr_assert_eq(m->points_count, 2);
	cr_assert_eq(m->points[0].as_int, 0);
	cr_assert(m->points[0].start_unix_ns < m->points[0].time_unix_ns);
	cr_assert(m->points[0].time_unix_ns < m->points[1].time_unix_ns);
	/* A Prometheus that takes OTLP has told of the resource until then. */
	cr_assert_geq(m->points[0].start_unix_ns, 105 * S);
}

Test(store, a_scrape_sees_zero_once_where_the_series_is_new, .fini = end)
{
	begin(CS_PREFER_CUMULATIVE);
	add(CS_INSTRUMENT_ERRORS, "a", 4);
	cr_assert_eq(metric(CS_READER_SCRAPE, 111 * S, CS_INSTRUMENT_ERRORS)->points_count, 1);
	cs_metric_store_told(&store, CS_READER_SCRAPE, CS_READER_TOLD);
	cr_assert_eq(metric(CS_READER_SCRAPE, 112 * S, CS_INSTRUMENT_ERRORS)->points->as_int, 4);
	/* The push is as it was. */
	cr_assert_eq(metric(CS_READER_PUSH, 113 * S, CS_INSTRUMENT_ERRORS)->points_count, 2);
	end();

	begin(CS_PREFER_CUMULATIVE);
	add(CS_INSTRUMENT_ERRORS, "a", 4);
	cr_assert_eq(metric(CS_READER_SCRAPE, 111 * S, CS_INSTRUMENT_ERRORS)->points->as_int, 0);
	end();

	/* Who comes first after a long time is told what is: a jump would be of no such moment. */
	begin(CS_PREFER_CUMULATIVE);
	add(CS_INSTRUMENT_ERRORS, "a", 4);
	cr_assert_eq(metric(CS_READER_SCRAPE, 111 * S + CS_METRIC_NEW_NS, CS_INSTRUMENT_ERRORS)
			     ->points->as_int,
		     4);
}

static int64_t errors_as(unsigned reader, uint64_t at_ns)
{
	cs_metric_store_told(&store, reader, CS_READER_TOLD);
	return metric(reader, at_ns, CS_INSTRUMENT_ERRORS)->points->as_int;
}

Test(store, each_scraper_sees_zero_once_and_who_looks_does_not, .fini = end)
{
	begin(CS_PREFER_CUMULATIVE);
	add(CS_INSTRUMENT_ERRORS, "a", 4);
	cr_assert_eq(errors_as(CS_READER_LOOK, 111 * S), 4);
	cr_assert_eq(errors_as(CS_READER_SCRAPE, 111 * S), 0);
	cr_assert_eq(errors_as(CS_READER_SCRAPE + CS_SCRAPERS_MAX - 1, 111 * S), 0);
	cr_assert_eq(errors_as(CS_READER_SCRAPE, 112 * S), 4);
	cr_assert_eq(errors_as(CS_READER_SCRAPE + CS_SCRAPERS_MAX - 1, 112 * S), 4);
	/* Another one came in its place. */
	cs_metric_store_told(&store, CS_READER_SCRAPE, CS_READER_NEW);
	cr_assert_eq(errors_as(CS_READER_SCRAPE, 113 * S), 0);
	/* It may not have arrived. */
	cs_metric_store_told(&store, CS_READER_SCRAPE, CS_READER_MISSED);
	cr_assert_eq(errors_as(CS_READER_SCRAPE, 113 * S), 0);
	cr_assert_eq(errors_as(CS_READER_SCRAPE, 114 * S), 4);
	cr_assert_eq(errors_as(CS_READER_SCRAPE + CS_SCRAPERS_MAX - 1, 114 * S), 4);
	/* One that may know it all: what is there is not new to it, and what comes is. */
	cs_metric_store_told(&store, CS_READER_SCRAPE, CS_READER_NEW);
	cs_metric_store_told(&store, CS_READER_SCRAPE, CS_READER_BACK);
	cr_assert_eq(errors_as(CS_READER_SCRAPE, 115 * S), 4);
	add(CS_INSTRUMENT_INVOCATIONS, "b", 2);
	cr_assert_eq(metric(CS_READER_SCRAPE, 116 * S, CS_INSTRUMENT_INVOCATIONS)->points->as_int,
		     0);
}

Test(store, differences_are_to_the_push_before_whoever_scrapes, .fini = end)
{
	const struct cs_metric *m;

	begin(CS_PREFER_DELTA);
	add(CS_INSTRUMENT_INVOCATIONS, "a", 2);
	add(CS_INSTRUMENT_INVOKE_DURATION, "a", 0.25);
	metric(CS_READER_SCRAPE, 111 * S, CS_INSTRUMENT_INVOCATIONS);
	m = metric(CS_READER_PUSH, 160 * S, CS_INSTRUMENT_INVOCATIONS);
	cr_assert_eq(m->temporality, CS_TEMPORALITY_DELTA);
	cr_assert_eq(m->points_count, 1);
	cr_assert_eq(m->points->as_int, 2);
	cr_assert_eq(m->points->start_unix_ns, 100 * S);
	add(CS_INSTRUMENT_INVOCATIONS, "a", 3);
	add(CS_INSTRUMENT_INVOKE_DURATION, "a", 0.5);
	cs_metric_store_told(&store, CS_READER_SCRAPE, CS_READER_TOLD);
	m = metric(CS_READER_SCRAPE, 170 * S, CS_INSTRUMENT_INVOCATIONS);
	cr_assert_eq(m->temporality, CS_TEMPORALITY_CUMULATIVE);
	cr_assert_eq(m->points->as_int, 5);
	m = metric(CS_READER_PUSH, 220 * S, CS_INSTRUMENT_INVOKE_DURATION);
	cr_assert_eq(m->temporality, CS_TEMPORALITY_DELTA);
	cr_assert_eq(m->points->histogram.count, 1);
	cr_assert_eq(m->points->histogram.sum, 0.5);
	cr_assert_eq(m->points->histogram.min, 0.5);
	cr_assert_eq(m->points->start_unix_ns, 160 * S);
	/* Nothing new, nothing told; what can go down is no difference. */
	add(CS_INSTRUMENT_INSTANCES, "a", 7);
	m = metric(CS_READER_PUSH, 280 * S, CS_INSTRUMENT_INSTANCES);
	cr_assert_eq(m->temporality, CS_TEMPORALITY_CUMULATIVE);
	cr_assert_not(m->monotonic);
	cr_assert_eq(m->points->as_int, 7);
	cr_assert_eq(batch.groups_count, 1);
	cr_assert_eq(batch.groups[0].metrics_count, 1);
}

/* What is read anew each time is no difference to anything that is kept here. */
Test(store, low_memory_is_differences_of_functions_alone, .fini = end)
{
	begin(CS_PREFER_LOW_MEMORY);
	add(CS_INSTRUMENT_INVOCATIONS, "a", 2);
	cs_metric_store_set(
		&store, store.own,
		&(struct cs_measurement){ .instrument = CS_INSTRUMENT_EVENTS, .value = 7 },
		110 * S);
	cr_assert_eq(metric(CS_READER_PUSH, 160 * S, CS_INSTRUMENT_INVOCATIONS)->temporality,
		     CS_TEMPORALITY_DELTA);
	cr_assert_eq(metric(CS_READER_PUSH, 170 * S, CS_INSTRUMENT_EVENTS)->temporality,
		     CS_TEMPORALITY_CUMULATIVE);
	cr_assert_eq(metric(CS_READER_PUSH, 180 * S, CS_INSTRUMENT_EVENTS)->points->as_int, 7);
}

Test(store, explicit_buckets_are_pushed_and_a_scrape_has_both, .fini = end)
{
	begin(CS_PREFER_CUMULATIVE);
	store.settings.explicit_buckets = true;
	add(CS_INSTRUMENT_INVOKE_DURATION, "a", 0.25);
	cr_assert_eq(metric(CS_READER_PUSH, 160 * S, CS_INSTRUMENT_INVOKE_DURATION)->type,
		     CS_METRIC_HISTOGRAM);
	cr_assert_eq(metric(CS_READER_SCRAPE, 161 * S, CS_INSTRUMENT_INVOKE_DURATION)->type,
		     CS_METRIC_EXP_HISTOGRAM);
}

/* The clock may be set back: no point ends before it begins, and no exemplar lies outside of its point. */
Test(store, times_fit_each_other_whatever_the_clock_does, .fini = end)
{
	const struct cs_data_point *point;

	begin(CS_PREFER_CUMULATIVE);
	cs_metric_store_add(&store, function,
			    &(struct cs_measurement){ .instrument = CS_INSTRUMENT_INVOKE_DURATION,
						      .value = 0.25,
						      .time_unix_ns = 150 * S,
						      .trace_id = { { 1 } } },
			    150 * S);
	point = metric(CS_READER_LOOK, 120 * S, CS_INSTRUMENT_INVOKE_DURATION)->points;
	cr_assert_eq(point->time_unix_ns, 120 * S);
	cr_assert_eq(point->exemplars_count, 1);
	cr_assert_eq(point->exemplars->time_unix_ns, 120 * S);
	point = metric(CS_READER_LOOK, 50 * S, CS_INSTRUMENT_INVOKE_DURATION)->points;
	cr_assert_eq(point->start_unix_ns, 100 * S);
	cr_assert_eq(point->time_unix_ns, 100 * S);
}

Test(store, what_goes_beyond_the_limit_is_counted_in_one_series, .fini = end)
{
	const struct cs_metric *m;
	int64_t sum = 0;
	char name[16];

	begin(CS_PREFER_CUMULATIVE);
	store.series_max = 10;
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "%d", i % 50);
		add(CS_INSTRUMENT_INVOCATIONS, name, 1);
	}
	(void)metric(CS_READER_PUSH, 111 * S, CS_INSTRUMENT_INVOCATIONS);
	m = metric(CS_READER_PUSH, 112 * S, CS_INSTRUMENT_INVOCATIONS);
	cr_assert_eq(m->points_count, 10);
	for (size_t i = 0; i < m->points_count; i++)
		sum += m->points[i].as_int;
	cr_assert_eq(sum, 100);
	cr_assert_eq(m->points[9].attrs.count, 1);
	cr_assert_str_eq(m->points[9].attrs.items[0].key, "otel.metric.overflow");
	cr_assert(m->points[9].attrs.items[0].value.boolean);
	cr_assert_eq(m->points[9].as_int, 82);
	cr_assert_eq(store.overflowed, 82);
}

Test(store, memory_is_bounded_and_what_is_lost_is_counted, .fini = end)
{
	uint64_t sum = 0;
	char name[16];

	begin(CS_PREFER_CUMULATIVE);
	store.bytes_max = store.bytes + 20000;
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		add(CS_INSTRUMENT_INIT_PHASE, name, 0.001);
		add(CS_INSTRUMENT_LIFETIME, name, 1);
		add(CS_INSTRUMENT_ATTACH, name, 1);
	}
	cr_assert(store.bytes <= store.bytes_max + store.bytes_max / 8);
	cr_assert(store.overflowed > 0);
	cr_assert_null(group_named("another"));
	cr_assert(cs_metric_store_collect(&store, CS_READER_PUSH, 200 * S, &arena, &batch));
	for (size_t i = 0; i < batch.groups[0].metrics_count; i++) {
		for (size_t j = 0; j < batch.groups[0].metrics[i].points_count; j++)
			sum += batch.groups[0].metrics[i].points[j].histogram.count;
	}
	cr_assert_eq(sum + store.lost, 3000);
}

Test(store, no_group_is_the_collectors_overflow, .fini = end)
{
	const struct cs_metric *m;

	begin(CS_PREFER_CUMULATIVE);
	function = NULL;
	add(CS_INSTRUMENT_INVOCATIONS, "a", 1);
	m = metric(CS_READER_PUSH, 111 * S, CS_INSTRUMENT_INVOCATIONS);
	cr_assert_eq(m->points[1].as_int, 1);
	cr_assert_str_eq(m->points[1].attrs.items[0].key, "otel.metric.overflow");
}

Test(store, groups_are_services_and_bounded, .fini = end)
{
	static const struct cs_attr elsewhere[] = {
		{ "service.name", { .type = CS_VALUE_STRING, .string = "hello" } },
		{ "service.namespace", { .type = CS_VALUE_STRING, .string = "shop" } },
	};
	char name[16];

	begin(CS_PREFER_CUMULATIVE);
	cr_assert_eq(group_named("hello"), function);
	cr_assert_neq(
		cs_metric_store_group(&store, &(struct cs_attrs){ .items = elsewhere, .count = 2 }),
		function);
	cr_assert_neq(group_named("coldspan-collector"), store.own);
	for (unsigned i = 0; i < 2 * CS_METRIC_GROUPS_MAX; i++) {
		snprintf(name, sizeof(name), "%u", i);
		cr_assert_eq(!group_named(name), i + 4 >= CS_METRIC_GROUPS_MAX);
	}
}

/* So many of the metric that are not of what overflowed. */
static unsigned series_of(struct cs_metric_group *group, enum cs_instrument_id id)
{
	return group->counts[id];
}

static void add_at(struct cs_metric_group *group, const char *name, uint64_t at_ns)
{
	struct cs_attr attr = { "faas.name", { .type = CS_VALUE_STRING, .string = name } };

	store.now_ns = at_ns;
	cs_metric_store_add(&store, group,
			    &(struct cs_measurement){ .instrument = CS_INSTRUMENT_ERRORS,
						      .attrs = { .items = &attr, .count = 1 },
						      .value = 1 },
			    at_ns);
}

static void sweep(uint64_t at_ns)
{
	store.now_ns = at_ns;
	cs_metric_store_sweep(&store, at_ns);
}

Test(store, no_point_of_a_push_is_before_the_last_one, .fini = end)
{
	uint64_t last_ns = 105 * S;

	begin(CS_PREFER_CUMULATIVE);
	cr_assert_null(metric(CS_READER_PUSH, last_ns, CS_INSTRUMENT_ERRORS));
	for (unsigned i = 0; i < 4; i++) {
		char name[2] = { (char)('a' + i), 0 };
		uint64_t at_ns = (106 + i / 2) * S + i % 2 * 1000; /* two in one moment */
		const struct cs_metric *m;

		add_at(function, name, at_ns);
		m = metric(CS_READER_PUSH, at_ns + 500, CS_INSTRUMENT_ERRORS);
		cr_assert_eq(m->points_count, i + 2, "of a new one two points");
		for (size_t k = 0; k < m->points_count; k++)
			cr_assert_gt(m->points[k].time_unix_ns, last_ns);
		last_ns = m->points[m->points_count - 1].time_unix_ns;
	}
}

Test(store, what_is_idle_makes_room_where_there_is_none, .fini = end)
{
	uint64_t later_ns = 110 * S + CS_METRIC_IDLE_NS;
	size_t bytes;

	begin(CS_PREFER_CUMULATIVE);
	store.series_max = 4;
	add_at(function, "a", 110 * S);
	add_at(function, "b", 110 * S);
	add_at(function, "c", 111 * S);
	/* There is room for all that there is: nothing has to go. */
	sweep(later_ns + 10 * S);
	cr_assert_eq(series_of(function, CS_INSTRUMENT_ERRORS), 3);
	bytes = store.bytes;
	add_at(function, "d", 112 * S);
	cr_assert_eq(store.overflowed, 1);
	/* There was none, but nothing is idle yet; then what was used last stays, and what overflowed. */
	sweep(later_ns);
	cr_assert_eq(series_of(function, CS_INSTRUMENT_ERRORS), 3);
	add_at(function, "d", 113 * S);
	add_at(function, "b", 113 * S);
	sweep(later_ns + S + 1);
	cr_assert_eq(series_of(function, CS_INSTRUMENT_ERRORS), 1);
	cr_assert_lt(store.bytes, bytes);
	add_at(function, "d", later_ns);
	cr_assert_eq(store.overflowed, 2);
	cr_assert_eq(metric(CS_READER_LOOK, later_ns + S, CS_INSTRUMENT_ERRORS)->points_count, 3);
	cr_assert_eq(batch.groups[0].metrics[0].points[0].as_int, 2, "b goes on");
}

Test(store, groups_in_which_nothing_is_left_make_room, .fini = end)
{
	uint64_t later_ns = 120 * S + CS_METRIC_IDLE_NS;
	struct cs_metric_group *busy;
	char name[16];

	begin(CS_PREFER_CUMULATIVE);
	busy = group_named("busy");
	for (unsigned i = 0; i < CS_METRIC_GROUPS_MAX; i++) {
		snprintf(name, sizeof(name), "%u", i);
		add_at(group_named(name), "a", 110 * S);
	}
	add_at(busy, "a", later_ns);
	cr_assert_null(group_named("one more"));
	sweep(later_ns);
	cr_assert_gt(store.groups_gone, 0);
	cr_assert_eq(group_named("busy"), busy);
	cr_assert_eq(series_of(busy, CS_INSTRUMENT_ERRORS), 1);
	cr_assert_not_null(group_named("one more"));
	cr_assert_eq(store.groups_count, 3, "the collector's own, busy and one more");
}

static void limit_is(struct cs_metric_group *group, const char *version, uint64_t at_ns)
{
	struct cs_attr attr = { "faas.version", { .type = CS_VALUE_STRING, .string = version } };

	store.now_ns = at_ns;
	cs_metric_store_set(&store, group,
			    &(struct cs_measurement){ .instrument = CS_INSTRUMENT_MEMORY_LIMIT,
						      .attrs = { .items = &attr, .count = 1 },
						      .value = 1 },
			    at_ns);
}

Test(store, what_a_gauge_says_of_a_function_in_use_stays, .fini = end)
{
	uint64_t later_ns = 120 * S + CS_METRIC_IDLE_NS;

	begin(CS_PREFER_CUMULATIVE);
	store.series_max = 4;
	limit_is(function, "1", 110 * S);
	add_at(function, "a", 110 * S);
	add_at(function, "b", later_ns);
	store.crowded = true;
	sweep(later_ns);
	cr_assert_eq(series_of(function, CS_INSTRUMENT_ERRORS), 1);
	cr_assert_eq(series_of(function, CS_INSTRUMENT_MEMORY_LIMIT), 1);
	/* Where there is no room for more of its kind, it is as all others. */
	limit_is(function, "2", later_ns);
	limit_is(function, "3", later_ns);
	limit_is(function, "4", later_ns);
	sweep(later_ns);
	cr_assert_eq(series_of(function, CS_INSTRUMENT_MEMORY_LIMIT), 2);
}

Test(store, where_one_function_is_crowded_the_others_keep_what_they_have, .fini = end)
{
	uint64_t later_ns = 120 * S + CS_METRIC_IDLE_NS;
	struct cs_metric_group *quiet;

	begin(CS_PREFER_CUMULATIVE);
	store.series_max = 2;
	quiet = group_named("quiet");
	add_at(quiet, "a", 110 * S);
	add_at(function, "a", 110 * S);
	add_at(function, "b", later_ns);
	sweep(later_ns);
	cr_assert_eq(series_of(function, CS_INSTRUMENT_ERRORS), 0);
	cr_assert_eq(store.groups_count, 3);
	cr_assert_eq(series_of(quiet, CS_INSTRUMENT_ERRORS), 1);
}

Test(store, what_overflowed_holds_no_group_that_is_not_used, .fini = end)
{
	uint64_t later_ns = 120 * S + CS_METRIC_IDLE_NS;
	size_t bytes;

	begin(CS_PREFER_CUMULATIVE);
	store.crowded = true;
	sweep(100 * S + CS_METRIC_IDLE_NS);
	cr_assert_eq(store.groups_gone, 1);
	bytes = store.bytes;
	store.series_max = 2;
	store.now_ns = 110 * S;
	function = group_named("hello");
	add_at(function, "a", 110 * S);
	add_at(function, "b", 121 * S);
	sweep(later_ns);
	cr_assert_eq(series_of(function, CS_INSTRUMENT_ERRORS), 0);
	cr_assert_eq(metric(CS_READER_LOOK, later_ns, CS_INSTRUMENT_ERRORS)->points_count, 1,
		     "what overflowed stays where more may come");
	store.crowded = true;
	sweep(later_ns + 2 * S);
	cr_assert_eq(store.groups_gone, 2);
	cr_assert_eq(store.groups_count, 1);
	cr_assert_eq(store.bytes, bytes);
}

Test(store, what_begins_anew_begins_later, .fini = end)
{
	uint64_t later_ns = 120 * S + CS_METRIC_IDLE_NS;
	const struct cs_metric *m;

	begin(CS_PREFER_CUMULATIVE);
	store.series_max = 2;
	add_at(function, "a", 110 * S);
	m = metric(CS_READER_LOOK, 111 * S, CS_INSTRUMENT_ERRORS);
	cr_assert_eq(m->points[0].start_unix_ns, 100 * S);
	add_at(function, "b", 120 * S);
	sweep(later_ns);
	add_at(function, "a", later_ns + S);
	m = metric(CS_READER_LOOK, later_ns + 2 * S, CS_INSTRUMENT_ERRORS);
	cr_assert_eq(m->points_count, 2);
	cr_assert_eq(m->points[1].as_int, 1);
	cr_assert_eq(m->points[1].start_unix_ns, later_ns);
}

static void observe(double value, uint8_t trace, bool cold)
{
	cs_metric_store_add(&store, function,
			    &(struct cs_measurement){ .instrument = CS_INSTRUMENT_INVOKE_DURATION,
						      .value = value,
						      .time_unix_ns = 90 * S,
						      .trace_id = { .bytes = { trace } },
						      .cold = cold },
			    110 * S);
}

Test(store, exemplars_are_cold_first_then_slow_and_new_for_each_push, .fini = end)
{
	const struct cs_data_point *point;

	begin(CS_PREFER_CUMULATIVE);
	observe(0.0041, 1, false);
	observe(0.0049, 2, false); /* the same explicit bucket: slower */
	observe(0.0042, 3, true);  /* cold */
	observe(0.0048, 4, false);
	observe(0.3, 5, false);
	observe(3, 0, false); /* of no trace */
	point = &metric(CS_READER_PUSH, 120 * S, CS_INSTRUMENT_INVOKE_DURATION)->points[1];
	cr_assert_eq(point->exemplars_count, 2);
	cr_assert_eq(point->exemplars[0].trace_id.bytes[0], 3);
	cr_assert_eq(point->exemplars[1].trace_id.bytes[0], 5);
	cr_assert_eq(point->exemplars[0].time_unix_ns, 100 * S, "within start and time");
	observe(0.0041, 6, false);
	point = metric(CS_READER_PUSH, 130 * S, CS_INSTRUMENT_INVOKE_DURATION)->points;
	cr_assert_eq(point->exemplars_count, 1);
	cr_assert_eq(point->exemplars[0].trace_id.bytes[0], 6);
	/* A scrape sees all that are kept, time and again. */
	(void)metric(CS_READER_SCRAPE, 131 * S, CS_INSTRUMENT_INVOKE_DURATION);
	cs_metric_store_told(&store, CS_READER_SCRAPE, CS_READER_TOLD);
	for (unsigned i = 0; i < 2; i++) {
		point = metric(CS_READER_SCRAPE, 132 * S, CS_INSTRUMENT_INVOKE_DURATION)->points;
		cr_assert_eq(point->exemplars_count, 2);
	}
}

Test(store, an_old_exemplar_makes_room_though_nobody_pushes, .fini = end)
{
	struct cs_exemplars exemplars = { 0 };
	struct cs_exemplar_slot slot = { .time_unix_ns = 100 * S, .value = 9, .cold = true };

	begin(CS_PREFER_CUMULATIVE);
	cs_exemplars_offer(&exemplars, &slot, 90000);
	slot.cold = false;
	slot.value = 1;
	slot.time_unix_ns += 90 * S; /* from one push to the next */
	cs_exemplars_offer(&exemplars, &slot, 90000);
	cr_assert(exemplars.slots[0].cold);
	slot.time_unix_ns++;
	cs_exemplars_offer(&exemplars, &slot, 90000);
	cr_assert_not(exemplars.slots[0].cold);
	cr_assert_eq(exemplars.count, 1);
}

/* Who scrapes does so more seldom than some push. */
Test(store, an_exemplar_is_new_for_a_minute, .fini = end)
{
	struct cs_exemplars exemplars = { 0 };
	struct cs_exemplar_slot slot = { .time_unix_ns = 100 * S, .value = 9 };

	begin(CS_PREFER_CUMULATIVE);
	cs_exemplars_offer(&exemplars, &slot, 1000);
	slot.value = 1;
	slot.time_unix_ns += 60 * S;
	cs_exemplars_offer(&exemplars, &slot, 1000);
	cr_assert_eq(exemplars.slots[0].value, 9);
	slot.time_unix_ns++;
	cs_exemplars_offer(&exemplars, &slot, 1000);
	cr_assert_eq(exemplars.slots[0].value, 1);
}

Test(store, full_of_exemplars_keeps_the_best, .fini = end)
{
	const struct cs_data_point *point;
	double value = 0.001;

	begin(CS_PREFER_CUMULATIVE);
	for (uint8_t i = 1; i <= 20; i++, value *= 1.5)
		observe(value, i, i == 1);
	point = &metric(CS_READER_PUSH, 120 * S, CS_INSTRUMENT_INVOKE_DURATION)->points[1];
	cr_assert_eq(point->exemplars_count, CS_EXEMPLARS_MAX);
	cr_assert_eq(point->exemplars[0].trace_id.bytes[0], 1, "the cold one stays");
	for (size_t i = 1; i < point->exemplars_count; i++)
		cr_assert(point->exemplars[i].trace_id.bytes[0] > 13);
}

Test(store, both_kinds_of_buckets_have_all_values, .fini = end)
{
	const struct cs_histogram_value *h;
	uint64_t explicit = 0, positive = 0;

	begin(CS_PREFER_CUMULATIVE);
	for (int i = 0; i < 100; i++)
		add(CS_INSTRUMENT_INIT_OBJECTS, "a", i);
	h = &metric(CS_READER_PUSH, 120 * S, CS_INSTRUMENT_INIT_OBJECTS)->points[1].histogram;
	for (size_t i = 0; i <= h->explicit.bounds_count; i++)
		explicit += h->explicit.counts[i];
	for (size_t i = 0; i < h->positive.counts_count; i++)
		positive += h->positive.counts[i];
	cr_assert_eq(explicit, 100);
	cr_assert_eq(positive, 99);
	cr_assert_eq(h->zero_count, 1);
	cr_assert_eq(h->count, 100);
	cr_assert_eq(h->explicit.counts[0], 1, "0 is not above the bound 0");
	cr_assert_eq(h->explicit.counts[4], 5, "6 … 10");
	cr_assert_eq(h->max, 99);
	/* Before: of the same form, with nothing in it. */
	end();
	begin(CS_PREFER_CUMULATIVE);
	store.settings.explicit_buckets = true;
	add(CS_INSTRUMENT_INIT_OBJECTS, "a", 5);
	cr_assert_eq(metric(CS_READER_PUSH, 120 * S, CS_INSTRUMENT_INIT_OBJECTS)->type,
		     CS_METRIC_HISTOGRAM);
	h = &batch.groups[0].metrics[0].points[0].histogram;
	cr_assert_eq(h->count + h->explicit.counts[3], 0);
	cr_assert_eq(h->scale, CS_HISTOGRAM_SCALE);
}

Test(store, cleared_series_are_told_as_none, .fini = end)
{
	begin(CS_PREFER_CUMULATIVE);
	add(CS_INSTRUMENT_INSTANCES, "a", 2);
	cr_assert_eq(metric(CS_READER_PUSH, 111 * S, CS_INSTRUMENT_INSTANCES)->points->as_int, 2);
	cs_metric_store_clear(&store, CS_INSTRUMENT_INSTANCES);
	cr_assert_eq(metric(CS_READER_PUSH, 112 * S, CS_INSTRUMENT_INSTANCES)->points->as_int, 0);
}

static const char *interval, *temporality, *aggregation;
static unsigned warnings;

static char *get_env(const char *name)
{
	const char *value = strstr(name, "INTERVAL")      ? interval
			    : strstr(name, "TEMPORALITY") ? temporality
							  : aggregation;

	return (char *)(uintptr_t)value;
}

static void warn(const char *text)
{
	cr_assert(*text);
	warnings++;
}

Test(settings, are_what_the_variables_say)
{
	struct cs_metric_settings settings;

	cs_metric_settings_from_env(&settings, get_env, warn);
	cr_assert_eq(settings.interval_ms, 60000);
	cr_assert_eq(settings.temporality, CS_PREFER_CUMULATIVE);
	cr_assert_not(settings.explicit_buckets);
	interval = "1500";
	temporality = "Delta";
	aggregation = "explicit_bucket_histogram";
	cs_metric_settings_from_env(&settings, get_env, warn);
	cr_assert_eq(settings.interval_ms, 1500);
	cr_assert_eq(settings.temporality, CS_PREFER_DELTA);
	cr_assert(settings.explicit_buckets);
	temporality = "lowmemory";
	cs_metric_settings_from_env(&settings, get_env, warn);
	cr_assert_eq(settings.temporality, CS_PREFER_LOW_MEMORY);
	cr_assert_eq(warnings, 0);
	interval = "0";
	temporality = "other";
	aggregation = "base2";
	cs_metric_settings_from_env(&settings, get_env, warn);
	cr_assert_eq(settings.interval_ms, 60000);
	cr_assert_eq(warnings, 3);
	temporality = aggregation = NULL;
	interval = "-18446744073709551615"; /* strtoul() makes 1 of it */
	cs_metric_settings_from_env(&settings, get_env, warn);
	cr_assert_eq(settings.interval_ms, 60000);
	cr_assert_eq(warnings, 4);
}
