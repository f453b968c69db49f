/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The parts of coldspan.yaml, a file each, for plan.c alone. Context of all: startup. Return of all: 0;
 * -EINVAL, the diag says where and what; -ENOMEM.
 */
#pragma once

#include <stdbool.h>

#include "agent/budget/cost.h"
#include "agent/budget/plan.h"
#include "base/cleanup.h"

struct cs_fields;
struct cs_yaml_entry;
struct cs_yaml_node;

#define CS_PLAN_SAMPLING_KEYS                                                                      \
	"runs", "max_runs", "warmup", "cache", "processor", "slow_processor", "confidence",        \
		"timeout"

/** cs_plan_take_sampling() - CS_PLAN_SAMPLING_KEYS out of @map, whatever else it has; others are kept */
int cs_plan_take_sampling(const struct cs_fields *fields, const struct cs_yaml_node *map,
			  struct cs_plan_sampling *sampling) cs_must_use;

/** cs_plan_take_start() - run, shell or function: one of them has to be there */
int cs_plan_take_start(const struct cs_fields *fields, const struct cs_yaml_node *map,
		       struct cs_plan_function *function) cs_must_use;

/** cs_plan_refuse_image() - images are not started here: what to do instead */
int cs_plan_refuse_image(const struct cs_fields *fields, const struct cs_yaml_node *node)
	cs_must_use;

/** cs_plan_take_ready() - when a start is over, and what it is given: ready, invoke and env of @map */
int cs_plan_take_ready(const struct cs_fields *fields, const struct cs_yaml_node *map,
		       struct cs_plan_function *function) cs_must_use;

/** cs_plan_take_budgets() - budgets, extends, forbid and baseline of @map */
int cs_plan_take_budgets(const struct cs_fields *fields, const struct cs_yaml_node *map,
			 struct cs_plan_function *function) cs_must_use;

/** cs_plan_take_day() - "2026-12-31" as 20261231 */
int cs_plan_take_day(const struct cs_fields *fields, const struct cs_yaml_node *node, unsigned *ret)
	cs_must_use;

/** cs_plan_take_prices() - a list of prices, which has a day */
int cs_plan_take_prices(const struct cs_fields *fields, const struct cs_yaml_node *map,
			struct cs_prices *ret) cs_must_use;

/** cs_plan_take_cost() - package and cost of @map, whose budgets are there; @prices: NULL, or of all */
int cs_plan_take_cost(const struct cs_fields *fields, const struct cs_yaml_node *map,
		      const struct cs_prices *prices, struct cs_plan_function *function)
	cs_must_use;

/** cs_plan_compare() - with @ref, whatever its file says; see CS_PLAN_COMPARED */
int cs_plan_compare(const struct cs_fields *fields, const char *ref,
		    struct cs_plan_function *function) cs_must_use;

/** cs_plan_check_budgets() - is there what its budgets are relative to, one for all? */
int cs_plan_check_budgets(const struct cs_fields *fields, struct cs_plan_function *function)
	cs_must_use;

/** cs_plan_has_budget() - has it one of this id? */
bool cs_plan_has_budget(const struct cs_plan_function *function, const char *id);

/** cs_plan_take_policy() - what becomes of verdicts; @plan has its functions already */
int cs_plan_take_policy(const struct cs_fields *fields, const struct cs_yaml_node *map,
			struct cs_plan *plan) cs_must_use;
