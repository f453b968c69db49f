/* SPDX-License-Identifier: Apache-2.0 */

/* Finding, making and counting series; see store.h. */
#include "collector/metrics/store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exporters/attributes.h"

/* Series for what overflows may take so much more: there is at most one for each metric of a group. */
#define OVERFLOW_BYTES(store) ((store)->bytes_max + (store)->bytes_max / 8)

static const struct cs_attr overflow_attr = {
	.key = CS_OVERFLOW_KEY,
	.value = { .type = CS_VALUE_BOOL, .boolean = true },
};
static const struct cs_attrs overflow_attrs = { .items = &overflow_attr, .count = 1 };

static size_t group_bytes(const struct cs_attrs *resource)
{
	return sizeof(struct cs_metric_group) + cs_attrs_bytes(resource);
}

static struct cs_metric_group *add_group(struct cs_metric_store *store,
					 const struct cs_attrs *resource)
{
	size_t bytes = group_bytes(resource);
	struct cs_metric_group *group;

	if (store->bytes + bytes > store->bytes_max ||
	    store->groups_count == CS_METRIC_GROUPS_MAX) {
		store->crowded = true;
		return NULL;
	}
	group = calloc(1, bytes);
	if (!group)
		return NULL;
	group->resource = cs_attrs_pack(resource, group + 1);
	group->touched_ns = store->now_ns;
	for (unsigned i = 0; i < CS_INSTRUMENT_ID_COUNT; i++)
		STAILQ_INIT(&group->metrics[i]);
	STAILQ_INSERT_TAIL(&store->groups, group, of_store);
	store->groups_count++;
	store->bytes += bytes;
	return group;
}

int cs_metric_store_init(struct cs_metric_store *store, const struct cs_metric_settings *settings,
			 const struct cs_attrs *own, const uint8_t key[16], uint64_t unix_ns)
{
	*store = (struct cs_metric_store){
		.settings = *settings,
		.series_max = CS_METRIC_SERIES_MAX,
		.bytes_max = CS_METRIC_BYTES_MAX,
		.pushed_unix_ns = unix_ns,
	};
	STAILQ_INIT(&store->groups);
	memcpy(store->key, key, sizeof(store->key));
	store->buckets = calloc(CS_METRIC_BUCKETS, sizeof(*store->buckets));
	store->own = store->buckets ? add_group(store, own) : NULL;
	if (store->own)
		return 0;
	cs_metric_store_deinit(store);
	return -ENOMEM;
}

static void free_group(struct cs_metric_group *group)
{
	for (unsigned i = 0; i < CS_INSTRUMENT_ID_COUNT; i++) {
		struct cs_series *series, *next;

		for (series = STAILQ_FIRST(&group->metrics[i]); series; series = next) {
			next = STAILQ_NEXT(series, of_metric);
			cs_series_free(series);
		}
	}
	free(group);
}

void cs_metric_store_deinit(struct cs_metric_store *store)
{
	struct cs_metric_group *group, *next;

	for (group = STAILQ_FIRST(&store->groups); group; group = next) {
		next = STAILQ_NEXT(group, of_store);
		free_group(group);
	}
	free(store->buckets);
	*store = (struct cs_metric_store){ 0 };
}

static const char *text_of(const struct cs_attrs *attrs, const char *key)
{
	const struct cs_value *value = cs_attributes_find(attrs, key);

	return value ? value->string : "";
}

static bool same_service(const struct cs_attrs *a, const struct cs_attrs *b)
{
	return !strcmp(text_of(a, "service.name"), text_of(b, "service.name")) &&
	       !strcmp(text_of(a, "service.namespace"), text_of(b, "service.namespace"));
}

struct cs_metric_group *cs_metric_store_group(struct cs_metric_store *store,
					      const struct cs_attrs *resource)
{
	struct cs_metric_group *group = STAILQ_FIRST(&store->groups);

	/* A function that is called as the collector is none of it. */
	while ((group = STAILQ_NEXT(group, of_store))) {
		if (same_service(&group->resource, resource))
			return group;
	}
	return add_group(store, resource);
}

static bool is_delta(const struct cs_metric_store *store)
{
	return store->settings.temporality != CS_PREFER_CUMULATIVE;
}

static struct cs_series *find(struct cs_metric_store *store, const struct cs_metric_group *group,
			      enum cs_instrument_id instrument, const struct cs_attrs *attrs,
			      uint64_t hash)
{
	struct cs_series *series;

	LIST_FOREACH(series, &store->buckets[hash % CS_METRIC_BUCKETS], of_bucket)
	{
		if (series->hash == hash && series->group == group &&
		    series->instrument == instrument && cs_series_same(&series->attrs, attrs))
			return series;
	}
	return NULL;
}

/*
 * Nothing of a new series was told before, so that it may have begun at any time until its first value: at the
 * last push, as if it had been 0 there. Or it was told, and then freed: it begins anew after that. Not before the
 * last push: a Prometheus that takes OTLP stamps its target_info with the earliest point, and refuses the whole request
 * when it had a later one. Where the clock was set back further than pushes are put ahead of it (collect.c), early
 * enough for who knows milliseconds.
 */
static uint64_t start_of(const struct cs_metric_store *store, uint64_t now_unix_ns)
{
	uint64_t since_unix_ns = store->pushed_unix_ns;

	if (store->swept_unix_ns > since_unix_ns)
		since_unix_ns = store->swept_unix_ns;
	if (since_unix_ns <= now_unix_ns + CS_METRIC_MOMENT_NS || now_unix_ns < CS_METRIC_MOMENT_NS)
		return since_unix_ns;
	return now_unix_ns - CS_METRIC_MOMENT_NS;
}

/* Whether there is a place for one more. The last one is that of what overflows. */
static bool has_room(struct cs_metric_store *store, struct cs_metric_group *group,
		     enum cs_instrument_id instrument, bool overflow, size_t bytes)
{
	if (!overflow && group->counts[instrument] + 1 >= store->series_max) {
		group->crowded = true;
		return false;
	}
	if (store->bytes + bytes > (overflow ? OVERFLOW_BYTES(store) : store->bytes_max)) {
		store->crowded = true;
		return false;
	}
	return true;
}

static struct cs_series *find_or_make(struct cs_metric_store *store, struct cs_metric_group *group,
				      enum cs_instrument_id instrument,
				      const struct cs_attrs *attrs, uint64_t now_unix_ns)
{
	uint64_t hash = cs_series_hash(store->key, group, instrument, attrs);
	struct cs_series *series = find(store, group, instrument, attrs, hash);
	bool overflow = attrs == &overflow_attrs;
	size_t bytes;

	if (series)
		return series;
	bytes = cs_series_bytes(&store->settings, instrument, attrs);
	if (!has_room(store, group, instrument, overflow, bytes))
		return NULL;
	series = cs_series_new(&store->settings, instrument, attrs);
	if (!series)
		return NULL;
	series->group = group;
	series->hash = hash;
	series->number = ++store->numbered;
	series->start_unix_ns = start_of(store, now_unix_ns);
	series->created_unix_ns = now_unix_ns;
	LIST_INSERT_HEAD(&store->buckets[hash % CS_METRIC_BUCKETS], series, of_bucket);
	STAILQ_INSERT_TAIL(&group->metrics[instrument], series, of_metric);
	group->counts[instrument] += !overflow;
	store->bytes += bytes;
	return series;
}

static struct cs_series *series_of(struct cs_metric_store *store, struct cs_metric_group *group,
				   const struct cs_measurement *measurement, uint64_t now_unix_ns)
{
	struct cs_series *series = group ? find_or_make(store, group, measurement->instrument,
							&measurement->attrs, now_unix_ns)
					 : NULL;

	if (group)
		group->touched_ns = store->now_ns;
	if (series) {
		series->touched_ns = store->now_ns;
		return series;
	}
	series = find_or_make(store, group ? group : store->own, measurement->instrument,
			      &overflow_attrs, now_unix_ns);
	if (series)
		store->overflowed++;
	else
		store->lost++;
	return series;
}

static void record(struct cs_metric_store *store, struct cs_series_histogram *histogram,
		   const struct cs_measurement *measurement)
{
	size_t bucket = cs_histogram_record(&histogram->total, measurement->value);

	if (is_delta(store))
		cs_histogram_record(&histogram->recent, measurement->value);
	if (cs_trace_id_is_set(&measurement->trace_id))
		cs_exemplars_offer(&histogram->exemplars,
				   &(struct cs_exemplar_slot){
					   .time_unix_ns = measurement->time_unix_ns,
					   .value = measurement->value,
					   .trace_id = measurement->trace_id,
					   .span_id = measurement->span_id,
					   .bucket = (uint16_t)bucket,
					   .cold = measurement->cold,
				   },
				   store->settings.interval_ms);
}

void cs_metric_store_add(struct cs_metric_store *store, struct cs_metric_group *group,
			 const struct cs_measurement *measurement, uint64_t now_unix_ns)
{
	struct cs_series *series = series_of(store, group, measurement, now_unix_ns);

	if (!series)
		return;
	if (series->histogram)
		record(store, series->histogram, measurement);
	else
		series->value += measurement->value;
}

void cs_metric_store_set(struct cs_metric_store *store, struct cs_metric_group *group,
			 const struct cs_measurement *measurement, uint64_t now_unix_ns)
{
	struct cs_series *series = series_of(store, group, measurement, now_unix_ns);

	assert(cs_instrument(measurement->instrument)->type != CS_INSTRUMENT_HISTOGRAM);
	if (series)
		series->value = measurement->value;
}

void cs_metric_store_clear(struct cs_metric_store *store, enum cs_instrument_id instrument)
{
	struct cs_metric_group *group;
	struct cs_series *series;

	STAILQ_FOREACH(group, &store->groups, of_store)
	{
		STAILQ_FOREACH(series, &group->metrics[instrument], of_metric)
		series->value = 0;
	}
}

/* ---- making room ---- */

/* Nobody measured for so long that what was last measured is told by now. */
static bool is_idle(const struct cs_metric_store *store, uint64_t touched_ns)
{
	uint64_t told_ns = 2000000ull * store->settings.interval_ms;
	uint64_t idle_ns = told_ns > CS_METRIC_IDLE_NS ? told_ns : CS_METRIC_IDLE_NS;

	return touched_ns + idle_ns < store->now_ns;
}

/* It is not measured time and again, and true all the same. Where gauges have no room, they are as all others. */
static bool lasts(const struct cs_metric_store *store, const struct cs_series *series)
{
	return cs_attributes_find(&series->attrs, CS_OVERFLOW_KEY) ||
	       (cs_instrument(series->instrument)->type == CS_INSTRUMENT_GAUGE &&
		series->group->counts[series->instrument] + 1 < store->series_max);
}

static void sweep_metric(struct cs_metric_store *store, struct cs_metric_group *group,
			 enum cs_instrument_id instrument)
{
	bool all = is_idle(store, group->touched_ns);
	STAILQ_HEAD(, cs_series) kept = STAILQ_HEAD_INITIALIZER(kept);
	struct cs_series *series;

	while ((series = STAILQ_FIRST(&group->metrics[instrument]))) {
		STAILQ_REMOVE_HEAD(&group->metrics[instrument], of_metric);
		if (!all && (!is_idle(store, series->touched_ns) || lasts(store, series))) {
			STAILQ_INSERT_TAIL(&kept, series, of_metric);
			continue;
		}
		LIST_REMOVE(series, of_bucket);
		store->bytes -= series->bytes;
		group->counts[instrument] -= !cs_attributes_find(&series->attrs, CS_OVERFLOW_KEY);
		cs_series_free(series);
	}
	while ((series = STAILQ_FIRST(&kept))) {
		STAILQ_REMOVE_HEAD(&kept, of_metric);
		STAILQ_INSERT_TAIL(&group->metrics[instrument], series, of_metric);
	}
}

/* Return: nothing is left, and nobody uses it. */
static bool sweep_group(struct cs_metric_store *store, struct cs_metric_group *group,
			uint64_t now_unix_ns)
{
	size_t before = store->bytes;

	group->crowded = false;
	for (unsigned i = 0; i < CS_INSTRUMENT_ID_COUNT; i++)
		sweep_metric(store, group, (enum cs_instrument_id)i);
	if (store->bytes < before)
		store->swept_unix_ns = now_unix_ns;
	return is_idle(store, group->touched_ns);
}

void cs_metric_store_sweep(struct cs_metric_store *store, uint64_t now_unix_ns)
{
	struct cs_metric_group *group, *before = store->own;
	bool everywhere = store->crowded;

	store->crowded = false;
	/* The collector's own group is the first, and stays. */
	while ((group = STAILQ_NEXT(before, of_store))) {
		if (!(everywhere || group->crowded) || !sweep_group(store, group, now_unix_ns)) {
			before = group;
			continue;
		}
		STAILQ_REMOVE(&store->groups, group, cs_metric_group, of_store);
		store->groups_count--;
		store->groups_gone++;
		store->bytes -= group_bytes(&group->resource);
		free_group(group);
	}
}
