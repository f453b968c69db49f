/* SPDX-License-Identifier: Apache-2.0 */

/* Budgets out of coldspan.yaml; see budget.h. */
#include "agent/budget/budget.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/budget/fields.h"
#include "agent/budget/metric.h"

#define OVERHEAD  "overhead"
#define WORDS_MAX 7 /* p95 total <= 300 ms vs baseline: each a node of its own, at its place */

static const char *const against[] = {
	[CS_AGAINST_NOTHING] = NULL,
	[CS_AGAINST_BASELINE] = "baseline",
	[CS_AGAINST_REFERENCE] = "reference",
	[CS_AGAINST_UNWATCHED] = "unwatched",
};

bool cs_budget_is_median(const struct cs_budget *budget)
{
	return fabs(budget->quantile - 0.5) < 1e-9;
}

const char *cs_budget_against_name(enum cs_budget_against which)
{
	return against[which];
}

/* --- words --- */

static int find_metric(const struct cs_fields *fields, const struct cs_yaml_node *word,
		       unsigned *ret)
{
	const char *near, *why = cs_metric_unmeasured(word->value);

	if (cs_metric_find(word->value, ret) == 0)
		return 0;
	if (why)
		return cs_fields_refuse(fields, word, "%s is not measured: %s", word->value, why);
	near = cs_metric_near(word->value);
	if (near)
		return cs_fields_refuse(fields, word, "unknown metric \"%s\"; did you mean \"%s\"?",
					word->value, near);
	return cs_fields_refuse(fields, word, "unknown metric \"%s\"; man coldspan.yaml lists them",
				word->value);
}

/* What watching costs is what the same start takes longer with it. */
static int take_metric(const struct cs_fields *fields, const struct cs_yaml_node *word,
		       struct cs_budget *budget)
{
	if (strcmp(word->value, OVERHEAD) != 0)
		return find_metric(fields, word, &budget->metric);
	budget->overhead = true;
	budget->metric = CS_METRIC_WALL;
	budget->against = CS_AGAINST_UNWATCHED;
	return 0;
}

/* p50, p99.9; "median"; "max". 0: it is none. p0 and p05 are. */
static double quantile_of(const char *text)
{
	struct cs_quantity number;

	if (!strcmp(text, "median"))
		return 0.5;
	if (!strcmp(text, "max"))
		return 1;
	if (text[0] != 'p' || !(text[1] >= '1' && text[1] <= '9') ||
	    cs_quantity_parse(text + 1, &number) < 0 || number.kind != CS_QUANTITY_COUNT ||
	    !(number.value > 0 && number.value < 100))
		return 0;
	return number.value / 100;
}

static int take_stat(const struct cs_fields *fields, const struct cs_yaml_node *word, double *ret)
{
	*ret = quantile_of(word->value);
	if (!strcmp(word->value, "mean") || !strcmp(word->value, "trimmed"))
		return cs_fields_refuse(fields, word,
					"%s has no bound that holds for every distribution; write "
					"median",
					word->value);
	return *ret > 0
		       ? 0
		       : cs_fields_refuse(fields, word,
					  "unknown statistic \"%s\"; write p50, p95, median or max",
					  word->value);
}

static const char *example_of(enum cs_quantity_kind kind)
{
	switch (kind) {
	case CS_QUANTITY_DURATION:
		return "300ms";
	case CS_QUANTITY_SIZE:
		return "96MiB";
	case CS_QUANTITY_SHARE:
		return "+5%";
	case CS_QUANTITY_FACTOR:
		return "3.0x";
	case CS_QUANTITY_COST:
		return "2.50USD";
	case CS_QUANTITY_COUNT:
		break;
	}
	return "45";
}

static int take_amount(const struct cs_fields *fields, const struct cs_yaml_node *word,
		       enum cs_quantity_kind kind, struct cs_quantity *ret)
{
	int r = cs_quantity_parse(word->value, ret);

	if (r == -ENODATA)
		return cs_fields_refuse(fields, word, "\"%s\" has an unknown unit; write it as %s",
					word->value, example_of(kind));
	if (r < 0)
		return cs_fields_refuse(fields, word, "\"%s\" is no amount; write it as %s",
					word->value, example_of(kind));
	if (ret->kind == kind)
		return 0;
	if (ret->kind == CS_QUANTITY_COUNT && kind == CS_QUANTITY_DURATION)
		return cs_fields_refuse(fields, word, "\"%s\" has no unit; write %sms or %sus",
					word->value, word->value, word->value);
	if (ret->kind == CS_QUANTITY_COUNT && kind == CS_QUANTITY_SIZE)
		return cs_fields_refuse(fields, word, "\"%s\" has no unit; write %sMiB or %sKiB",
					word->value, word->value, word->value);
	if (ret->kind == CS_QUANTITY_COUNT && kind == CS_QUANTITY_COST)
		return cs_fields_refuse(fields, word, "\"%s\" has no unit; write %sUSD",
					word->value, word->value);
	return cs_fields_refuse(fields, word,
				"\"%s\" is of another kind than what it bounds; write it as %s",
				word->value, example_of(kind));
}

static bool is_relative(enum cs_quantity_kind kind)
{
	return kind == CS_QUANTITY_SHARE || kind == CS_QUANTITY_FACTOR;
}

/* What is relative is a share or a factor; structural counts may also grow by a count ("+2"). */
static int take_max(const struct cs_fields *fields, const struct cs_yaml_node *word,
		    struct cs_budget *budget)
{
	struct cs_metric_about about = cs_metric_about(budget->metric);
	struct cs_quantity found;

	budget->amount = word->value;
	budget->amount_line = word->line;
	budget->amount_column = word->column;
	if (budget->against == CS_AGAINST_NOTHING) {
		int r = take_amount(fields, word, about.kind, &budget->max);

		if (r == 0 && budget->max.value < 0)
			r = cs_fields_refuse(fields, word,
					     "\"%s\" is below zero; nothing keeps that",
					     word->value);
		return r;
	}
	if (cs_quantity_parse(word->value, &found) == 0 &&
	    (is_relative(found.kind) || found.kind == about.kind)) {
		budget->max = found;
		return 0;
	}
	return take_amount(fields, word, CS_QUANTITY_SHARE, &budget->max);
}

static int take_against(const struct cs_fields *fields, const struct cs_yaml_node *word,
			struct cs_budget *budget)
{
	if (budget->overhead)
		return cs_fields_refuse(fields, word,
					OVERHEAD " is relative by itself, to the start without the "
						 "shim; leave that out");
	for (unsigned i = CS_AGAINST_NOTHING + 1; i < sizeof(against) / sizeof(against[0]); i++) {
		if (strcmp(word->value, against[i]) != 0)
			continue;
		budget->against = (enum cs_budget_against)i;
		if (budget->against != CS_AGAINST_UNWATCHED || cs_metric_is_outside(budget->metric))
			return 0;
		return cs_fields_refuse(fields, word,
					"%s is seen by the shim alone; of a start without it there "
					"are wall, cpu.user, cpu.sys, io.read_bytes, syscalls and "
					"instructions",
					cs_metric_about(budget->metric).name);
	}
	return cs_fields_refuse(fields, word,
				"\"%s\" is nothing to compare with; write baseline, reference or "
				"unwatched",
				word->value);
}

static int take_level(const struct cs_fields *fields, const struct cs_yaml_node *word,
		      enum cs_budget_level *ret)
{
	static const char *const names[] = { "error", "warn", "info", "off" };

	for (unsigned i = 0; i < 4; i++) {
		if (!strcmp(word->value, names[i])) {
			*ret = (enum cs_budget_level)i;
			return 0;
		}
	}
	return cs_fields_refuse(
		fields, word, "unknown level \"%s\"; write error, warn, info or off", word->value);
}

/* --- as a line --- */

static unsigned split(struct cs_arena *arena, const struct cs_yaml_node *node,
		      struct cs_yaml_node *words)
{
	/* The column of a word is known where the text stands in one line as it is. */
	unsigned column = node->column + (node->quoted ? 1 : 0), count = 0;
	const char *at = node->value;

	while (*(at += strspn(at, " \t")) && count < WORDS_MAX) {
		size_t len = strcspn(at, " \t");

		words[count++] =
			(struct cs_yaml_node){ .value = cs_arena_strndup(arena, at, len),
					       .line = node->line,
					       .column = column + (unsigned)(at - node->value) };
		at += len;
	}
	return *at ? WORDS_MAX + 1 : count;
}

/* "300 ms" is one amount. */
static int join(const struct cs_fields *fields, struct cs_yaml_node *amount,
		const struct cs_yaml_node *unit)
{
	amount->value = cs_arena_printf(fields->arena, "%s %s", amount->value, unit->value);
	return amount->value ? 0 : -ENOMEM;
}

/* What follows "METRIC <=": an amount, and what it is relative to. */
static int parse_bound(const struct cs_fields *fields, struct cs_yaml_node *words, unsigned count,
		       struct cs_budget *budget)
{
	unsigned used = count > 1 && strcmp(words[1].value, "vs") != 0 ? 2 : 1;
	int r = used == 2 ? join(fields, &words[0], &words[1]) : 0;

	if (r == 0 && count != used && (count != used + 2 || strcmp(words[used].value, "vs") != 0))
		r = cs_fields_refuse(fields, &words[used],
				     "\"%s\" is not understood; write: vs baseline",
				     words[used].value);
	if (r == 0 && count != used)
		r = take_against(fields, &words[used + 1], budget);
	return r < 0 ? r : take_max(fields, &words[0], budget);
}

static int parse_line(const struct cs_fields *fields, const struct cs_yaml_node *node,
		      struct cs_budget *budget)
{
	struct cs_yaml_node words[WORDS_MAX];
	unsigned count = split(fields->arena, node, words), at = 0;
	int r = 0;

	for (unsigned i = 0; i < count && i < WORDS_MAX; i++) {
		if (!words[i].value)
			return -ENOMEM;
	}
	if (count > 1 && strcmp(words[1].value, "<=") != 0)
		r = take_stat(fields, &words[at++], &budget->quantile);
	if (r == 0 &&
	    (count < at + 3 || count > WORDS_MAX || strcmp(words[at + 1].value, "<=") != 0))
		r = cs_fields_refuse(fields, node,
				     "\"%s\" is no budget; write it as: p95 total <= 300ms",
				     node->value);
	if (r == 0)
		r = take_metric(fields, &words[at], budget);
	return r < 0 ? r : parse_bound(fields, words + at + 2, count - at - 2, budget);
}

/* --- as a mapping --- */

static int check_entries(const struct cs_fields *fields, const struct cs_yaml_node *map)
{
	static const char *const keys[] = { "metric",     "stat",  "max", "relative_to",
					    "min_effect", "level", "why", "id" };
	int r = cs_fields_known(fields, map, keys, sizeof(keys) / sizeof(keys[0]));

	for (size_t i = 0; r == 0 && i < map->count; i++) {
		const struct cs_yaml_entry *entry = &map->entries[i];

		if (entry->value->kind != CS_YAML_SCALAR)
			r = cs_fields_refuse(fields, entry->value, "%s: a text is expected here",
					     entry->key);
	}
	return r;
}

static int parse_map(const struct cs_fields *fields, const struct cs_yaml_node *map,
		     struct cs_budget *budget)
{
	const struct cs_yaml_node *metric = cs_yaml_get(map, "metric");
	const struct cs_yaml_node *max = cs_yaml_get(map, "max"), *node;
	int r = check_entries(fields, map);

	if (r < 0)
		return r;
	if (!metric || !max)
		return cs_fields_refuse(fields, map, "a budget needs the key \"%s\"",
					metric ? "max" : "metric");
	r = take_metric(fields, metric, budget);
	if (r == 0 && (node = cs_yaml_get(map, "stat")))
		r = take_stat(fields, node, &budget->quantile);
	if (r == 0 && (node = cs_yaml_get(map, "relative_to")))
		r = take_against(fields, node, budget);
	if (r == 0)
		r = take_max(fields, max, budget);
	if (r == 0 && (node = cs_yaml_get(map, "level")))
		r = take_level(fields, node, &budget->level);
	if (r == 0 && (node = cs_yaml_get(map, "min_effect"))) {
		struct cs_quantity effect;

		r = take_amount(fields, node, cs_metric_about(budget->metric).kind, &effect);
		if (r == 0)
			budget->min_effect = effect.value;
	}
	if (r == 0 && (node = cs_yaml_get(map, "why")))
		r = cs_fields_text(fields, node, &budget->why);
	if (r == 0 && (node = cs_yaml_get(map, "id")))
		r = cs_fields_text(fields, node, &budget->id);
	return r;
}

/* --- both --- */

static const char *stat_name(struct cs_arena *arena, double quantile)
{
	if (quantile >= 1)
		return "max";
	return cs_arena_printf(arena, "p%.6g", quantile * 100);
}

static int name_it(const struct cs_fields *fields, struct cs_budget *budget)
{
	const char *other = budget->overhead ? NULL : cs_budget_against_name(budget->against);
	struct cs_metric_about about = cs_metric_about(budget->metric);
	const char *name = budget->overhead ? OVERHEAD : about.name;
	const char *stat = stat_name(fields->arena, budget->quantile);
	char amount[64];

	cs_quantity_format(budget->max, amount, sizeof(amount));
	budget->text = cs_arena_printf(fields->arena, "%s%s%s <= %s%s%s", about.exact ? "" : stat,
				       about.exact ? "" : " ", name, amount, other ? " vs " : "",
				       other ? other : "");
	if (!budget->id)
		budget->id = cs_arena_printf(fields->arena, "%s%s%s%s%s", about.exact ? "" : stat,
					     about.exact ? "" : "-", name, other ? "-" : "",
					     other ? other : "");
	return stat && budget->text && budget->id ? 0 : -ENOMEM;
}

int cs_budget_parse(const struct cs_fields *fields, const struct cs_yaml_node *node,
		    struct cs_budget *ret)
{
	struct cs_budget budget = { .line = node->line, .column = node->column };
	int r;

	switch (node->kind) {
	case CS_YAML_SCALAR:
		r = parse_line(fields, node, &budget);
		break;
	case CS_YAML_MAP:
		r = parse_map(fields, node, &budget);
		break;
	default:
		r = cs_fields_refuse(fields, node,
				     "a list is no budget; write: p95 total <= 300ms");
		break;
	}
	if (r < 0)
		return r;
	if (!(budget.quantile > 0))
		budget.quantile = cs_metric_about(budget.metric).exact ? 1 : 0.5;
	r = name_it(fields, &budget);
	if (r == 0)
		*ret = budget;
	return r;
}
