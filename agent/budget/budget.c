/* SPDX-License-Identifier: Apache-2.0 */

/* Budgets out of coldspan.yaml; see budget.h. */
#include "agent/budget/budget.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/budget/metric.h"
#include "agent/budget/yaml_tree.h"
#include "base/suggest.h"

#define WORDS_MAX 7 /* p95 total <= 300 ms vs baseline */

struct parse {
	struct cs_arena *arena;
	const char *file;
	struct cs_diag *diag;
};

/* A text in the file; of a word in a line it is told where that stands. */
struct place {
	const char *text;
	unsigned line;
	unsigned column;
};

static struct place place_of(const struct cs_yaml_node *node)
{
	return (struct place){ node->value, node->line, node->column };
}

#define refuse(parse, place, ...)                                                                  \
	cs_diag_at((parse)->diag, -EINVAL, (parse)->file, (place).line, (place).column, __VA_ARGS__)

/* --- words --- */

static int take_metric(const struct parse *parse, struct place place, unsigned *ret)
{
	const char *near;

	if (cs_metric_find(place.text, ret) == 0)
		return 0;
	near = cs_metric_near(place.text);
	if (near)
		return refuse(parse, place, "unknown metric \"%s\"; did you mean \"%s\"?",
			      place.text, near);
	return refuse(parse, place, "unknown metric \"%s\"; man coldspan-assert lists them",
		      place.text);
}

/* p50, p99.9; "median"; "max". 0: it is none. */
static double quantile_of(const char *text)
{
	struct cs_quantity number;

	if (!strcmp(text, "median"))
		return 0.5;
	if (!strcmp(text, "max"))
		return 1;
	if (text[0] != 'p' || cs_quantity_parse(text + 1, &number) < 0 ||
	    number.kind != CS_QUANTITY_COUNT || !(number.value > 0 && number.value < 100))
		return 0;
	return number.value / 100;
}

static int take_stat(const struct parse *parse, struct place place, double *ret)
{
	*ret = quantile_of(place.text);
	return *ret > 0 ? 0
			: refuse(parse, place,
				 "unknown statistic \"%s\"; write p50, p95, median or max",
				 place.text);
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
	case CS_QUANTITY_COUNT:
		break;
	}
	return "45";
}

static int take_amount(const struct parse *parse, struct place place, enum cs_quantity_kind kind,
		       struct cs_quantity *ret)
{
	int r = cs_quantity_parse(place.text, ret);

	if (r == -ENODATA)
		return refuse(parse, place, "\"%s\" has an unknown unit; write it as %s",
			      place.text, example_of(kind));
	if (r < 0)
		return refuse(parse, place, "\"%s\" is no amount; write it as %s", place.text,
			      example_of(kind));
	if (ret->kind == kind)
		return 0;
	if (ret->kind == CS_QUANTITY_COUNT && kind == CS_QUANTITY_DURATION)
		return refuse(parse, place, "\"%s\" has no unit; write %sms or %sus", place.text,
			      place.text, place.text);
	if (ret->kind == CS_QUANTITY_COUNT && kind == CS_QUANTITY_SIZE)
		return refuse(parse, place, "\"%s\" has no unit; write %sMiB or %sKiB", place.text,
			      place.text, place.text);
	return refuse(parse, place, "\"%s\" is of another kind than what it bounds; write it as %s",
		      place.text, example_of(kind));
}

static bool is_relative(enum cs_quantity_kind kind)
{
	return kind == CS_QUANTITY_SHARE || kind == CS_QUANTITY_FACTOR;
}

/* What is relative is a share or a factor; structural counts may also grow by a count ("+2"). */
static int take_max(const struct parse *parse, struct place place, struct cs_budget *budget)
{
	struct cs_metric_about about = cs_metric_about(budget->metric);
	struct cs_quantity found;

	if (budget->against == CS_AGAINST_NOTHING) {
		int r = take_amount(parse, place, about.kind, &budget->max);

		if (r == 0 && budget->max.value < 0)
			r = refuse(parse, place, "\"%s\" is below zero; nothing keeps that",
				   place.text);
		return r;
	}
	if (cs_quantity_parse(place.text, &found) == 0 &&
	    (is_relative(found.kind) || found.kind == about.kind)) {
		budget->max = found;
		return 0;
	}
	return take_amount(parse, place, CS_QUANTITY_SHARE, &budget->max);
}

static int take_against(const struct parse *parse, struct place place, enum cs_budget_against *ret)
{
	if (!strcmp(place.text, "baseline"))
		*ret = CS_AGAINST_BASELINE;
	else if (!strcmp(place.text, "reference"))
		*ret = CS_AGAINST_REFERENCE;
	else
		return refuse(parse, place,
			      "\"%s\" is nothing to compare with; write baseline or "
			      "reference",
			      place.text);
	return 0;
}

static int take_level(const struct parse *parse, struct place place, enum cs_budget_level *ret)
{
	static const char *const names[] = { "error", "warn", "info", "off" };

	for (unsigned i = 0; i < 4; i++) {
		if (!strcmp(place.text, names[i])) {
			*ret = (enum cs_budget_level)i;
			return 0;
		}
	}
	return refuse(parse, place, "unknown level \"%s\"; write error, warn, info or off",
		      place.text);
}

/* --- as a line --- */

static unsigned split(struct cs_arena *arena, const struct cs_yaml_node *node, struct place *words)
{
	/* The column of a word is known where the text stands in one line as it is. */
	unsigned column = node->column + (node->quoted ? 1 : 0), count = 0;
	const char *at = node->value;

	while (*(at += strspn(at, " \t")) && count < WORDS_MAX) {
		size_t len = strcspn(at, " \t");

		words[count++] = (struct place){ cs_arena_strndup(arena, at, len), node->line,
						 column + (unsigned)(at - node->value) };
		at += len;
	}
	return *at ? WORDS_MAX + 1 : count;
}

/* "300 ms" is one amount. */
static int join(const struct parse *parse, struct place *amount, const struct place *unit)
{
	amount->text = cs_arena_printf(parse->arena, "%s %s", amount->text, unit->text);
	return amount->text ? 0 : -ENOMEM;
}

/* What follows "METRIC <=": an amount, and what it is relative to. */
static int parse_bound(const struct parse *parse, struct place *words, unsigned count,
		       struct cs_budget *budget)
{
	unsigned used = count > 1 && strcmp(words[1].text, "vs") != 0 ? 2 : 1;
	int r = used == 2 ? join(parse, &words[0], &words[1]) : 0;

	if (r == 0 && count != used && (count != used + 2 || strcmp(words[used].text, "vs") != 0))
		r = refuse(parse, words[used], "\"%s\" is not understood; write: vs baseline",
			   words[used].text);
	if (r == 0 && count != used)
		r = take_against(parse, words[used + 1], &budget->against);
	return r < 0 ? r : take_max(parse, words[0], budget);
}

static int parse_line(const struct parse *parse, const struct cs_yaml_node *node,
		      struct cs_budget *budget)
{
	struct place words[WORDS_MAX];
	unsigned count = split(parse->arena, node, words), at = 0;
	int r = 0;

	for (unsigned i = 0; i < count && i < WORDS_MAX; i++) {
		if (!words[i].text)
			return -ENOMEM;
	}
	if (count > 1 && strcmp(words[1].text, "<=") != 0)
		r = take_stat(parse, words[at++], &budget->quantile);
	if (r == 0 &&
	    (count < at + 3 || count > WORDS_MAX || strcmp(words[at + 1].text, "<=") != 0))
		r = refuse(parse, place_of(node),
			   "\"%s\" is no budget; write it as: p95 total <= 300ms", node->value);
	if (r == 0)
		r = take_metric(parse, words[at], &budget->metric);
	return r < 0 ? r : parse_bound(parse, words + at + 2, count - at - 2, budget);
}

/* --- as a mapping --- */

static int unknown_key(const struct parse *parse, const struct cs_yaml_entry *entry)
{
	static const char *const keys[] = { "metric",     "stat",  "max", "relative_to",
					    "min_effect", "level", "why", "id" };
	const char *near = cs_suggest(entry->key, keys, sizeof(keys) / sizeof(keys[0]));
	struct place place = { entry->key, entry->line, entry->column };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!strcmp(entry->key, keys[i]))
			return 0;
	}
	return near ? refuse(parse, place, "unknown key \"%s\"; did you mean \"%s\"?", entry->key,
			     near)
		    : refuse(parse, place, "unknown key \"%s\" of a budget", entry->key);
}

static int check_entries(const struct parse *parse, const struct cs_yaml_node *map)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct cs_yaml_entry *entry = &map->entries[i];
		int r = unknown_key(parse, entry);

		if (r < 0)
			return r;
		if (entry->value->kind != CS_YAML_SCALAR)
			return refuse(parse, place_of(entry->value), "%s: a text is expected here",
				      entry->key);
	}
	return 0;
}

static int parse_map(const struct parse *parse, const struct cs_yaml_node *map,
		     struct cs_budget *budget)
{
	const struct cs_yaml_node *metric = cs_yaml_get(map, "metric");
	const struct cs_yaml_node *max = cs_yaml_get(map, "max"), *node;
	int r = check_entries(parse, map);

	if (r < 0)
		return r;
	if (!metric || !max)
		return refuse(parse, place_of(map), "a budget needs the key \"%s\"",
			      metric ? "max" : "metric");
	r = take_metric(parse, place_of(metric), &budget->metric);
	if (r == 0 && (node = cs_yaml_get(map, "stat")))
		r = take_stat(parse, place_of(node), &budget->quantile);
	if (r == 0 && (node = cs_yaml_get(map, "relative_to")))
		r = take_against(parse, place_of(node), &budget->against);
	if (r == 0)
		r = take_max(parse, place_of(max), budget);
	if (r == 0 && (node = cs_yaml_get(map, "level")))
		r = take_level(parse, place_of(node), &budget->level);
	if (r == 0 && (node = cs_yaml_get(map, "min_effect"))) {
		struct cs_quantity effect;

		r = take_amount(parse, place_of(node), cs_metric_about(budget->metric).kind,
				&effect);
		if (r == 0)
			budget->min_effect = effect.value;
	}
	if (r == 0 && (node = cs_yaml_get(map, "why")))
		budget->why = node->value;
	if (r == 0 && (node = cs_yaml_get(map, "id")))
		budget->id = node->value;
	return r;
}

/* --- both --- */

static const char *stat_name(struct cs_arena *arena, double quantile)
{
	if (quantile >= 1)
		return "max";
	return cs_arena_printf(arena, "p%.6g", quantile * 100);
}

static int name_it(const struct parse *parse, struct cs_budget *budget)
{
	static const char *const against[] = { "", " vs baseline", " vs reference" };
	struct cs_metric_about about = cs_metric_about(budget->metric);
	const char *stat = stat_name(parse->arena, budget->quantile);
	char amount[64];

	cs_quantity_format(budget->max, amount, sizeof(amount));
	budget->text = cs_arena_printf(parse->arena, "%s%s%s <= %s%s", about.exact ? "" : stat,
				       about.exact ? "" : " ", about.name, amount,
				       against[budget->against]);
	if (!budget->id)
		budget->id =
			cs_arena_printf(parse->arena, "%s%s%s%s", about.exact ? "" : stat,
					about.exact ? "" : "-", about.name,
					budget->against == CS_AGAINST_NOTHING    ? ""
					: budget->against == CS_AGAINST_BASELINE ? "-baseline"
										 : "-reference");
	return stat && budget->text && budget->id ? 0 : -ENOMEM;
}

int cs_budget_parse(struct cs_arena *arena, const char *file, const struct cs_yaml_node *node,
		    struct cs_diag *diag, struct cs_budget *ret)
{
	const struct parse parse = { arena, file, diag };
	struct cs_budget budget = { .line = node->line, .column = node->column };
	int r;

	switch (node->kind) {
	case CS_YAML_SCALAR:
		r = parse_line(&parse, node, &budget);
		break;
	case CS_YAML_MAP:
		r = parse_map(&parse, node, &budget);
		break;
	default:
		r = refuse(&parse, place_of(node),
			   "a list is no budget; write: p95 total <= 300ms");
		break;
	}
	if (r < 0)
		return r;
	if (!(budget.quantile > 0))
		budget.quantile = cs_metric_about(budget.metric).exact ? 1 : 0.5;
	r = name_it(&parse, &budget);
	if (r == 0)
		*ret = budget;
	return r;
}
