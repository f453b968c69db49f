/* SPDX-License-Identifier: Apache-2.0 */

/* What is deployed and what it costs: package, cost and prices; see plan_parts.h. */
#include "agent/budget/plan_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/budget/fields.h"
#include "agent/budget/yaml_tree.h"

int cs_plan_take_day(const struct cs_fields *fields, const struct cs_yaml_node *node, unsigned *ret)
{
	unsigned year, month, day;
	int end = 0;

	if (node->kind != CS_YAML_SCALAR ||
	    sscanf(node->value, "%4u-%2u-%2u%n", &year, &month, &day, &end) != 3 || end != 10 ||
	    node->value[end] || month < 1 || month > 12 || day < 1 || day > 31)
		return cs_fields_refuse(fields, node, "a day is written as 2026-12-31");
	*ret = year * 10000 + month * 100 + day;
	return 0;
}

/* --- prices --- */

static int take_price(const struct cs_fields *fields, const struct cs_yaml_node *map,
		      const char *key, double *ret)
{
	const struct cs_yaml_node *node = cs_yaml_get(map, key);
	struct cs_quantity price;
	int r;

	if (!node)
		return cs_fields_refuse(fields, map,
					"prices need the key \"%s\", such as %s: "
					"0.0000002USD",
					key, key);
	r = cs_fields_quantity(fields, node, CS_QUANTITY_COST, &price);
	if (r == 0 && price.value < 0)
		r = cs_fields_refuse(fields, node, "\"%s\" is no price", node->value);
	if (r == 0)
		*ret = price.value;
	return r;
}

static int take_time(const struct cs_fields *fields, const struct cs_yaml_node *node,
		     uint64_t least, uint64_t *ret)
{
	struct cs_quantity time;
	int r = node ? cs_fields_quantity(fields, node, CS_QUANTITY_DURATION, &time) : 0;

	if (r < 0 || !node)
		return r;
	if (!(time.value >= (double)least && time.value <= 3600e9))
		return cs_fields_refuse(fields, node, "\"%s\" is nothing to bill by; write 1ms",
					node->value);
	*ret = (uint64_t)time.value;
	return 0;
}

int cs_plan_take_prices(const struct cs_fields *fields, const struct cs_yaml_node *map,
			struct cs_prices *ret)
{
	static const char *const keys[] = { "date",          "source", "per_request",
					    "per_gb_second", "step",   "minimum" };
	const struct cs_yaml_node *date = cs_yaml_get(map, "date");
	const struct cs_yaml_node *source = cs_yaml_get(map, "source");
	struct cs_prices prices = { .step_ns = 1000000 };
	unsigned day;
	int r = cs_fields_known(fields, map, keys, sizeof(keys) / sizeof(keys[0]));

	if (r < 0)
		return r;
	if (!date || !source)
		return cs_fields_refuse(fields, map,
					"prices change: write date: 2026-12-31, and source: where "
					"they stand");
	r = cs_plan_take_day(fields, date, &day);
	if (r < 0)
		return r;
	prices.date = date->value;
	r = cs_fields_text(fields, source, &prices.source);
	if (r == 0)
		r = take_price(fields, map, "per_request", &prices.per_request);
	if (r == 0)
		r = take_price(fields, map, "per_gb_second", &prices.per_gb_second);
	if (r == 0)
		r = take_time(fields, cs_yaml_get(map, "step"), 1, &prices.step_ns);
	if (r == 0)
		r = take_time(fields, cs_yaml_get(map, "minimum"), 0, &prices.minimum_ns);
	if (r == 0)
		*ret = prices;
	return r;
}

/* --- of a function --- */

static int take_share(const struct cs_fields *fields, const struct cs_yaml_node *node, double *ret)
{
	struct cs_quantity share;
	int r = cs_fields_quantity(fields, node, CS_QUANTITY_SHARE, &share);

	if (r < 0)
		return r;
	if (!(share.value > 0 && share.value <= 1))
		return cs_fields_refuse(
			fields, node, "\"%s\" is no share of invocations; write 1%%", node->value);
	*ret = share.value;
	return 0;
}

static int take_cost(const struct cs_fields *fields, const struct cs_yaml_node *map,
		     const struct cs_prices *common, struct cs_plan_function *function)
{
	static const char *const keys[] = { "memory", "cold", "prices" };
	const struct cs_yaml_node *memory = cs_yaml_get(map, "memory");
	const struct cs_yaml_node *cold = cs_yaml_get(map, "cold");
	const struct cs_yaml_node *prices = cs_yaml_get(map, "prices");
	struct cs_quantity bytes;
	struct cs_cost *cost;
	double share = 1;
	int r = cs_fields_known(fields, map, keys, 3);

	if (r < 0)
		return r;
	if (!memory || (!prices && !common))
		return cs_fields_refuse(fields, map, "write %s",
					memory ? "prices: {date: …, source: …, per_request: …, "
						 "per_gb_second: …} here, or in policy"
					       : "memory: 512MiB, what is paid for");
	r = cs_fields_quantity(fields, memory, CS_QUANTITY_SIZE, &bytes);
	if (r == 0 && !(bytes.value > 0))
		r = cs_fields_refuse(fields, memory, "\"%s\" of memory costs nothing; write 512MiB",
				     memory->value);
	if (r == 0 && cold)
		r = take_share(fields, cold, &share);
	cost = r == 0 ? cs_arena_alloc(fields->arena, sizeof(*cost)) : NULL;
	if (!cost)
		return r < 0 ? r : -ENOMEM;
	*cost = (struct cs_cost){ .memory_bytes = bytes.value, .cold = share };
	if (prices)
		r = cs_plan_take_prices(fields, prices, &cost->prices);
	else
		cost->prices = *common;
	function->cost = cost;
	return r;
}

static int check(const struct cs_fields *fields, const struct cs_plan_function *function)
{
	for (size_t i = 0; i < function->budgets_count; i++) {
		const struct cs_budget *budget = &function->budgets[i];
		const char *missing = budget->metric == CS_METRIC_PACKAGE && !function->package
					      ? "package: the folder or the file that is deployed"
				      : budget->metric == CS_METRIC_COST && !function->cost
					      ? "cost: {memory: 512MiB, prices: …}"
					      : NULL;

		if (missing)
			return cs_diag_at(fields->diag, -EINVAL, fields->file, budget->line,
					  budget->column, "%s is not known of %s; write %s",
					  cs_metric_about(budget->metric).name, function->name,
					  missing);
	}
	return 0;
}

int cs_plan_take_cost(const struct cs_fields *fields, const struct cs_yaml_node *map,
		      const struct cs_prices *prices, struct cs_plan_function *function)
{
	const struct cs_yaml_node *package = cs_yaml_get(map, "package");
	const struct cs_yaml_node *cost = cs_yaml_get(map, "cost");
	bool answers = function->ready == CS_READY_RESPONSE || function->ready == CS_READY_POLL;
	int r = package ? cs_fields_text(fields, package, &function->package) : 0;

	if (r == 0 && cost)
		r = take_cost(fields, cost, prices, function);
	if (r == 0)
		r = check(fields, function);
	if (r < 0 || !function->cost || !(function->cost->cold < 1))
		return r;
	if (!answers)
		return cs_fields_refuse(fields, cs_yaml_get(cost, "cold"),
					"%s answers no events that could be warm; leave cold out: "
					"each is",
					function->name);
	if (!function->warm)
		function->warm = CS_PLAN_WARM;
	return 0;
}
