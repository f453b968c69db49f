/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One budget: what may at most be measured. Written as a line,
 *
 *   [STAT] METRIC <= AMOUNT [vs baseline | vs reference | vs unwatched]
 *   p95 total <= 300ms          shared_objects <= 45          p50 code <= +5% vs baseline
 *
 * or as a mapping with the keys metric, stat, max, relative_to, min_effect, level, why, id.
 * STAT is p50, p75, p90, p95, p99, pNN, max or mean's stand-in "median"; without one it is the median of
 * what is measured, and every start of what is counted. Pure.
 */
#pragma once

#include <stdbool.h>

#include "agent/budget/quantity.h"
#include "base/cleanup.h"

struct cs_fields;
struct cs_yaml_node;

enum cs_budget_against {
	CS_AGAINST_NOTHING, /* the amount is absolute */
	CS_AGAINST_BASELINE,
	CS_AGAINST_REFERENCE,
	CS_AGAINST_UNWATCHED, /* the same start without the shim */
};

enum cs_budget_level {
	CS_LEVEL_ERROR,
	CS_LEVEL_WARN,
	CS_LEVEL_INFO,
	CS_LEVEL_OFF,
};

struct cs_budget {
	const char *id;   /* unique in its function: "p95-total" */
	const char *text; /* as a line */
	const char *why;  /* NULL: nothing was said */
	unsigned metric;  /* place in the table of metrics */
	double quantile;  /* 0.95 for p95; 1: every start */
	struct cs_quantity max;
	enum cs_budget_against against;
	bool overhead;     /* it is written as that: wall against unwatched */
	double min_effect; /* in the metric's unit; 0 none */
	enum cs_budget_level level;
	unsigned line; /* in its file */
	unsigned column;
	const char *amount;   /* as it is written there */
	unsigned amount_line; /* 0: in none of its file */
	unsigned amount_column;
};

/** cs_budget_is_median() - is it of the middle, which pairs are judged for in a way of their own? Context: any-thread. */
bool cs_budget_is_median(const struct cs_budget *budget);

/** cs_budget_against_name() - as it is written; NULL of CS_AGAINST_NOTHING. Context: any-thread. */
const char *cs_budget_against_name(enum cs_budget_against against);

/**
 * cs_budget_parse() - read a budget in either form
 * @fields: where it stands, and who owns its texts
 *
 * Context: startup.
 * Return:  0; -EINVAL, the diag says where, what, and what to write; -ENOMEM.
 */
int cs_budget_parse(const struct cs_fields *fields, const struct cs_yaml_node *node,
		    struct cs_budget *ret) cs_must_use;
