/* SPDX-License-Identifier: Apache-2.0 */

/* Families out of a batch; see family.h. */
#include "exporters/prometheus/family.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* UCUM's words for what we measure, and what else agents do. */
static const char *const unit_words[][2] = {
	{ "s", "seconds" },   { "ms", "milliseconds" }, { "us", "microseconds" },
	{ "By", "bytes" },    { "KiBy", "kibibytes" },  { "MiBy", "mebibytes" },
	{ "%", "percent" },   { "Hz", "hertz" },        { "Cel", "celsius" },
	{ "min", "minutes" }, { "h", "hours" },         { "d", "days" },
};

static const char *unit_of(const struct cs_metric *metric)
{
	if (!strcmp(metric->unit, "1"))
		return metric->type == CS_METRIC_GAUGE ? "ratio" : "";
	for (size_t i = 0; i < sizeof(unit_words) / sizeof(unit_words[0]); i++) {
		if (!strcmp(metric->unit, unit_words[i][0]))
			return unit_words[i][1];
	}
	return "";
}

static bool is_plain(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (!first && c >= '0' && c <= '9');
}

/* Runs of other characters become one underscore. */
const char *cs_prometheus_name(struct cs_arena *arena, const char *key)
{
	char *name = cs_arena_alloc(arena, strlen(key) + 2);
	size_t len = 0;

	if (!name)
		return NULL;
	if (*key >= '0' && *key <= '9')
		name[len++] = '_';
	for (; *key; key++) {
		if (is_plain(*key, !len))
			name[len++] = *key;
		else if (!len || name[len - 1] != '_')
			name[len++] = '_';
	}
	return name;
}

static bool ends_with(const char *text, const char *word)
{
	size_t len = strlen(text), end = strlen(word);

	return len > end && text[len - end - 1] == '_' && !strcmp(text + len - end, word);
}

static const char *name_of(struct cs_arena *arena, const struct cs_metric *metric, const char *unit)
{
	const char *name = cs_prometheus_name(arena, metric->name);

	if (!name || !*unit || ends_with(name, unit))
		return name;
	return cs_arena_printf(arena, "%s_%s", name, unit);
}

/* By name, then by type, then as they came. */
static int compare(const void *a, const void *b)
{
	const struct cs_metric *one = ((const struct cs_prometheus_part *)a)->metric;
	const struct cs_metric *other = ((const struct cs_prometheus_part *)b)->metric;
	int order = strcmp(one->name, other->name);

	if (!order)
		order = (int)one->type - (int)other->type;
	if (!order)
		order = one < other ? -1 : one > other;
	return order;
}

static bool same_family(const struct cs_metric *one, const struct cs_metric *other)
{
	return one->type == other->type && !strcmp(one->name, other->name);
}

/* All metrics of the batch, those of a family beside each other. NULL: no memory. */
static const struct cs_prometheus_part *sorted(const struct cs_metric_batch *batch,
					       struct cs_arena *arena, size_t *ret)
{
	struct cs_prometheus_part *all;
	size_t count = 0;

	for (size_t i = 0; i < batch->groups_count; i++)
		count += batch->groups[i].metrics_count;
	all = cs_arena_alloc(arena, count * sizeof(*all));
	*ret = 0;
	for (size_t i = 0; all && i < batch->groups_count; i++) {
		const struct cs_resource_metrics *group = &batch->groups[i];

		for (size_t j = 0; j < group->metrics_count; j++)
			all[(*ret)++] =
				(struct cs_prometheus_part){ &group->metrics[j], &group->resource };
	}
	if (*ret)
		qsort(all, *ret, sizeof(*all), compare);
	return all;
}

size_t cs_prometheus_families(const struct cs_metric_batch *batch, struct cs_arena *arena,
			      const struct cs_prometheus_family **ret)
{
	struct cs_prometheus_family *families;
	const struct cs_prometheus_part *all;
	size_t metrics, count = 0;

	all = sorted(batch, arena, &metrics);
	families = cs_arena_alloc(arena, metrics * sizeof(*families));
	if (!all || !families)
		return 0;
	for (size_t i = 0; i < metrics; i++) {
		struct cs_prometheus_family *family = &families[count];

		if (i && same_family(all[i - 1].metric, all[i].metric)) {
			families[count - 1].parts_count++;
			continue;
		}
		family->parts = &all[i];
		family->parts_count = 1;
		family->unit = unit_of(all[i].metric);
		family->name = name_of(arena, all[i].metric, family->unit);
		if (!family->name)
			return 0;
		count++;
	}
	*ret = families;
	return count;
}
