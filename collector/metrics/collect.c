/* SPDX-License-Identifier: Apache-2.0 */

/* From series to data points; see collect.h. */
#include "collector/metrics/collect.h"

#include <string.h>

struct collection {
	struct cs_metric_store *store;
	unsigned reader;
	uint64_t now_unix_ns;
	struct cs_arena *arena;
};

static enum cs_temporality temporality_of(const struct collection *c,
					  const struct cs_instrument *what)
{
	enum cs_temporality_preference prefer = c->store->settings.temporality;

	if (c->reader != CS_READER_PUSH || prefer == CS_PREFER_CUMULATIVE ||
	    what->type == CS_INSTRUMENT_UPDOWN || what->type == CS_INSTRUMENT_GAUGE)
		return CS_TEMPORALITY_CUMULATIVE;
	/* The collector's own counters are read, and not counted here. */
	if (prefer == CS_PREFER_LOW_MEMORY && what->of == CS_OF_COLLECTOR)
		return CS_TEMPORALITY_CUMULATIVE;
	return CS_TEMPORALITY_DELTA;
}

static enum cs_metric_type type_of(const struct collection *c, const struct cs_instrument *what)
{
	switch (what->type) {
	case CS_INSTRUMENT_HISTOGRAM:
		/* A scrape decides itself, by what its reader knows. */
		return c->store->settings.explicit_buckets && c->reader == CS_READER_PUSH
			       ? CS_METRIC_HISTOGRAM
			       : CS_METRIC_EXP_HISTOGRAM;
	case CS_INSTRUMENT_GAUGE:
		return CS_METRIC_GAUGE;
	case CS_INSTRUMENT_COUNTER:
	case CS_INSTRUMENT_UPDOWN:
		break;
	}
	return CS_METRIC_SUM;
}

static bool put_exemplars(const struct collection *c, const struct cs_series *series,
			  struct cs_data_point *point)
{
	const struct cs_exemplars *from = &series->histogram->exemplars;
	struct cs_exemplar *exemplars =
		cs_arena_alloc(c->arena, CS_EXEMPLARS_MAX * sizeof(*exemplars));
	size_t n = 0;

	if (!exemplars)
		return false;
	for (unsigned i = 0; i < from->count; i++) {
		const struct cs_exemplar_slot *slot = &from->slots[i];
		uint64_t time_unix_ns = slot->time_unix_ns;

		if (c->reader == CS_READER_PUSH && slot->told)
			continue;
		/* It had ended before it was counted, maybe in the interval before. */
		if (time_unix_ns < point->start_unix_ns)
			time_unix_ns = point->start_unix_ns;
		if (time_unix_ns > point->time_unix_ns)
			time_unix_ns = point->time_unix_ns;
		exemplars[n++] = (struct cs_exemplar){ .time_unix_ns = time_unix_ns,
						       .value = slot->value,
						       .trace_id = slot->trace_id,
						       .span_id = slot->span_id };
	}
	point->exemplars = exemplars;
	point->exemplars_count = n;
	return true;
}

/* @empty: as it was before the first value, of the same form. */
static bool put_histogram(const struct collection *c, const struct cs_histogram *from, bool empty,
			  struct cs_histogram_value *ret)
{
	size_t explicit = from->layout.count + 1, wide = 0;
	uint64_t *counts, *buckets;

	if (!empty && from->exp.count)
		wide = (size_t)(from->exp.high - from->exp.low) + 1;
	counts = cs_arena_alloc(c->arena, (explicit + wide) * sizeof(*counts));
	if (!counts)
		return false;
	buckets = counts + explicit;
	*ret = (struct cs_histogram_value){
		.explicit = { .bounds = from->layout.bounds,
			      .bounds_count = from->layout.count,
			      .counts = counts },
		.scale = from->exp.scale,
	};
	if (empty)
		return true;
	memcpy(counts, from->explicit, explicit * sizeof(*counts));
	ret->count = cs_histogram_count(from);
	ret->sum = from->sum;
	ret->min = from->min;
	ret->max = from->max;
	ret->zero_count = from->exp.zero_count;
	if (wide)
		ret->positive = (struct cs_exp_buckets){
			.offset = from->exp.low,
			.counts = buckets,
			.counts_count = cs_exp_histogram_copy(&from->exp, buckets),
		};
	return true;
}

static void put_number(const struct cs_instrument *what, double value, struct cs_data_point *point)
{
	point->integer = what->integer;
	if (what->integer)
		point->as_int = (int64_t)value;
	else
		point->as_double = value;
}

static bool is_new(const struct collection *c, const struct cs_series *series)
{
	if (c->reader == CS_READER_PUSH)
		return !series->pushed_once;
	return c->reader != CS_READER_LOOK &&
	       series->number > c->store->scrapers[c->reader - CS_READER_SCRAPE].told &&
	       c->now_unix_ns - series->created_unix_ns < CS_METRIC_NEW_NS;
}

/* One point. @empty: of the time before its first value. Return: false: no memory. */
static bool put_point(const struct collection *c, const struct cs_series *series, bool delta,
		      bool empty, struct cs_data_point *point)
{
	const struct cs_instrument *what = cs_instrument(series->instrument);

	*point = (struct cs_data_point){ .attrs = series->attrs, .time_unix_ns = c->now_unix_ns };
	if (what->type != CS_INSTRUMENT_GAUGE)
		point->start_unix_ns = delta && series->pushed_once ? c->store->pushed_unix_ns
								    : series->start_unix_ns;
	if (point->time_unix_ns < point->start_unix_ns) /* the clock was set back */
		point->time_unix_ns = point->start_unix_ns;
	if (!series->histogram) {
		put_number(what,
			   empty   ? 0
			   : delta ? series->value - series->pushed
				   : series->value,
			   point);
		return true;
	}
	if (!put_histogram(c, delta ? &series->histogram->recent : &series->histogram->total, empty,
			   &point->histogram))
		return false;
	return empty || put_exemplars(c, series, point);
}

/* Is there anything that a reader of differences has not seen? */
static bool has_changed(const struct cs_series *series)
{
	if (series->histogram)
		return cs_histogram_count(&series->histogram->recent) != 0;
	return series->value > series->pushed || series->value < series->pushed;
}

/* One series: none, one or two points. Return: how many; -1: no memory. */
static int put_series(const struct collection *c, const struct cs_series *series, bool delta,
		      struct cs_data_point *points)
{
	enum cs_instrument_type type = cs_instrument(series->instrument)->type;
	bool grows = type == CS_INSTRUMENT_COUNTER || type == CS_INSTRUMENT_HISTOGRAM;
	bool first = grows && !delta && is_new(c, series);
	int n = 0;

	if (delta && !has_changed(series))
		return 0;
	if (first) {
		if (!put_point(c, series, delta, true, &points[n]))
			return -1;
		if (c->reader != CS_READER_PUSH)
			return 1;
		if (points[n].time_unix_ns - points[n].start_unix_ns > CS_METRIC_ZERO_NS)
			points[n++].time_unix_ns = points[0].start_unix_ns + CS_METRIC_ZERO_NS;
	}
	return put_point(c, series, delta, false, &points[n]) ? n + 1 : -1;
}

static bool put_metric(const struct collection *c, const struct cs_metric_group *group,
		       enum cs_instrument_id id, struct cs_metric *ret)
{
	const struct cs_instrument *what = cs_instrument(id);
	enum cs_temporality temporality = temporality_of(c, what);
	/* Two for each, and one for what overflows. */
	struct cs_data_point *points =
		cs_arena_alloc(c->arena, 2 * ((size_t)group->counts[id] + 1) * sizeof(*points));
	const struct cs_series *series;
	size_t n = 0;

	if (!points)
		return false;
	STAILQ_FOREACH(series, &group->metrics[id], of_metric)
	{
		int more = put_series(c, series, temporality == CS_TEMPORALITY_DELTA, points + n);

		if (more < 0)
			return false;
		n += (size_t)more;
	}
	*ret = (struct cs_metric){
		.name = what->name,
		.description = what->description,
		.unit = what->unit,
		.type = type_of(c, what),
		.temporality = temporality,
		.monotonic = what->type == CS_INSTRUMENT_COUNTER,
		.points = points,
		.points_count = n,
	};
	return true;
}

static bool put_group(const struct collection *c, const struct cs_metric_group *group,
		      struct cs_resource_metrics *ret)
{
	struct cs_metric *metrics =
		cs_arena_alloc(c->arena, CS_INSTRUMENT_ID_COUNT * sizeof(*metrics));
	size_t n = 0;

	for (unsigned i = 0; i < CS_INSTRUMENT_ID_COUNT; i++) {
		if (!metrics || (!STAILQ_EMPTY(&group->metrics[i]) &&
				 !put_metric(c, group, (enum cs_instrument_id)i, &metrics[n])))
			return false;
		n += !STAILQ_EMPTY(&group->metrics[i]) && metrics[n].points_count;
	}
	*ret = (struct cs_resource_metrics){ .resource = group->resource,
					     .metrics = metrics,
					     .metrics_count = n };
	return true;
}

static void was_pushed(struct cs_series *series)
{
	series->pushed_once = true;
	series->pushed = series->value;
	if (!series->histogram)
		return;
	if (series->histogram->recent.layout.bounds)
		cs_histogram_reset(&series->histogram->recent);
	for (unsigned i = 0; i < series->histogram->exemplars.count; i++)
		series->histogram->exemplars.slots[i].told = true;
}

static void all_were_pushed(struct cs_metric_store *store)
{
	struct cs_metric_group *group;
	struct cs_series *series;

	STAILQ_FOREACH(group, &store->groups, of_store)
	{
		for (unsigned i = 0; i < CS_INSTRUMENT_ID_COUNT; i++) {
			STAILQ_FOREACH(series, &group->metrics[i], of_metric)
			was_pushed(series);
		}
	}
}

void cs_metric_store_told(struct cs_metric_store *store, unsigned reader, enum cs_reader_past past)
{
	struct cs_metric_scraper *scraper;

	if (reader < CS_READER_SCRAPE)
		return;
	scraper = &store->scrapers[reader - CS_READER_SCRAPE];
	switch (past) {
	case CS_READER_NEW:
		scraper->told = 0;
		break;
	case CS_READER_BACK:
		scraper->told = store->numbered;
		break;
	case CS_READER_TOLD:
		scraper->told = scraper->telling;
		break;
	case CS_READER_MISSED:
		break;
	}
	scraper->telling = scraper->told;
}

/* What was told is not new any more. */
static void commit(const struct collection *c)
{
	struct cs_metric_store *store = c->store;

	if (c->reader >= CS_READER_SCRAPE)
		store->scrapers[c->reader - CS_READER_SCRAPE].telling = store->numbered;
	if (c->reader != CS_READER_PUSH)
		return;
	all_were_pushed(store);
	if (c->now_unix_ns > store->pushed_unix_ns)
		store->pushed_unix_ns = c->now_unix_ns;
}

/* Of points: two pushes in one moment are so far apart that a series may begin between them, and be 0 there. */
static uint64_t time_of(const struct cs_metric_store *store, unsigned reader, uint64_t now_unix_ns)
{
	uint64_t next_unix_ns = store->pushed_unix_ns + CS_METRIC_MOMENT_NS;

	if (reader == CS_READER_PUSH && now_unix_ns < next_unix_ns &&
	    now_unix_ns + CS_METRIC_MOMENT_NS >= store->pushed_unix_ns)
		return next_unix_ns;
	return now_unix_ns;
}

bool cs_metric_store_collect(struct cs_metric_store *store, unsigned reader, uint64_t now_unix_ns,
			     struct cs_arena *arena, struct cs_metric_batch *ret)
{
	struct collection c = { .store = store,
				.reader = reader,
				.now_unix_ns = time_of(store, reader, now_unix_ns),
				.arena = arena };
	struct cs_resource_metrics *groups =
		cs_arena_alloc(arena, store->groups_count * sizeof(*groups));
	const struct cs_metric_group *group;
	size_t n = 0;

	if (!groups)
		return false;
	STAILQ_FOREACH(group, &store->groups, of_store)
	{
		if (!put_group(&c, group, &groups[n]))
			return false;
		n += groups[n].metrics_count != 0;
	}
	commit(&c);
	*ret = (struct cs_metric_batch){ .groups = groups,
					 .groups_count = n,
					 .target = store->own->resource };
	return n != 0;
}
