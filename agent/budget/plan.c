/* SPDX-License-Identifier: Apache-2.0 */

/* coldspan.yaml, key by key; see plan.h. */
#include "agent/budget/plan.h"

#include <errno.h>
#include <string.h>

#include "agent/budget/fields.h"
#include "agent/budget/plan_parts.h"
#include "agent/budget/yaml_tree.h"

#define NAME_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."

static const struct cs_plan_sampling usual = {
	.runs = 40,
	.max_runs = 120,
	.warmup = 2,
	.alpha = 0.05,
	.timeout_ns = 10000000000u,
};

/* --- a function --- */

static const char *const function_keys[] = { "run",
					     "shell",
					     "function",
					     "image",
					     "ready",
					     "invoke",
					     "env",
					     "budgets",
					     "extends",
					     "forbid",
					     "baseline",
					     "reference",
					     "warm_events",
					     "package",
					     "cost",
					     "prepare",
					     CS_PLAN_SAMPLING_KEYS };

static int take_parts(const struct cs_fields *fields, const struct cs_yaml_node *map,
		      const struct cs_plan *plan, struct cs_plan_function *function)
{
	int r = cs_plan_take_start(fields, map, function);

	if (r == 0)
		r = cs_plan_take_ready(fields, map, function);
	if (r == 0)
		r = cs_plan_take_sampling(fields, map, &function->sampling);
	if (r == 0)
		r = cs_plan_take_budgets(fields, map, function);
	if (r == 0)
		r = cs_plan_take_cost(fields, map, plan->prices, function);
	if (r == 0 && plan->baseline)
		r = cs_plan_compare(fields, plan->baseline, function);
	return r == 0 ? cs_plan_check_budgets(fields, function) : r;
}

static int take_function(const struct cs_fields *fields, const struct cs_yaml_entry *entry,
			 const struct cs_plan_sampling *defaults, const struct cs_plan *plan,
			 struct cs_plan_function *function)
{
	int r;

	*function = (struct cs_plan_function){ .name = entry->key,
					       .line = entry->line,
					       .column = entry->column,
					       .sampling = *defaults };
	if (entry->key[strspn(entry->key, NAME_BYTES)])
		return cs_diag_at(fields->diag, -EINVAL, fields->file, entry->line, entry->column,
				  "\"%s\" is no name; use letters, digits, '-', '_' and '.'",
				  entry->key);
	r = cs_fields_known(fields, entry->value, function_keys,
			    sizeof(function_keys) / sizeof(function_keys[0]));
	return r < 0 ? r : take_parts(fields, entry->value, plan, function);
}

static int take_functions(const struct cs_fields *fields, const struct cs_yaml_node *map,
			  const struct cs_plan_sampling *defaults, struct cs_plan *plan)
{
	struct cs_plan_function *functions;
	int r = cs_fields_map(fields, map);

	if (r == 0 && !map->count)
		r = cs_fields_refuse(fields, map, "no function is named");
	if (r < 0)
		return r;
	functions = cs_arena_alloc(fields->arena, map->count * sizeof(*functions));
	if (!functions)
		return -ENOMEM;
	for (size_t i = 0; i < map->count && r == 0; i++)
		r = take_function(fields, &map->entries[i], defaults, plan, &functions[i]);
	plan->functions = functions;
	plan->functions_count = map->count;
	return r;
}

/* --- the file --- */

static int take_version(const struct cs_fields *fields, const struct cs_yaml_node *root)
{
	const struct cs_yaml_node *version = cs_yaml_get(root, "version");

	if (!version)
		return cs_fields_refuse(fields, root,
					"key \"version\" is missing; write version: 1");
	if (version->kind != CS_YAML_SCALAR || version->quoted || strcmp(version->value, "1") != 0)
		return cs_fields_refuse(fields, version,
					"this version is not known here; write version: 1");
	return 0;
}

/* Those of policy, which all functions have that name none. */
static int take_common_prices(const struct cs_fields *fields, const struct cs_yaml_node *node,
			      struct cs_plan *plan)
{
	struct cs_prices *prices;

	if (!node)
		return 0;
	prices = cs_arena_alloc(fields->arena, sizeof(*prices));
	plan->prices = prices;
	return prices ? cs_plan_take_prices(fields, node, prices) : -ENOMEM;
}

static int take_root(const struct cs_fields *fields, const struct cs_yaml_node *root,
		     struct cs_plan *plan)
{
	static const char *const keys[] = { "version", "defaults", "functions", "policy" };
	static const char *const default_keys[] = { CS_PLAN_SAMPLING_KEYS };
	const struct cs_yaml_node *defaults = cs_yaml_get(root, "defaults");
	const struct cs_yaml_node *functions = cs_yaml_get(root, "functions");
	const struct cs_yaml_node *policy = cs_yaml_get(root, "policy");
	struct cs_plan_sampling sampling = usual;
	int r = cs_fields_known(fields, root, keys, 4);

	if (r == 0)
		r = take_version(fields, root);
	if (r == 0 && defaults)
		r = cs_fields_known(fields, defaults, default_keys,
				    sizeof(default_keys) / sizeof(default_keys[0]));
	if (r == 0 && defaults)
		r = cs_plan_take_sampling(fields, defaults, &sampling);
	if (r < 0)
		return r;
	if (!functions)
		return cs_fields_refuse(fields, root,
					"key \"functions\" is missing; see coldspan init");
	r = policy ? take_common_prices(fields, cs_yaml_get(policy, "prices"), plan) : 0;
	if (r == 0)
		r = take_functions(fields, functions, &sampling, plan);
	return r == 0 && policy ? cs_plan_take_policy(fields, policy, plan) : r;
}

int cs_plan_parse(const char *file, const void *text, size_t len, struct cs_diag *diag,
		  struct cs_plan *ret)
{
	struct cs_fields fields = { &ret->arena, file, diag };
	const struct cs_yaml_node *root = NULL;
	int r;

	*ret = (struct cs_plan){ .file = file, .baseline = ret->baseline };
	cs_arena_init(&ret->arena, 0);
	cs_fingerprint_text(cs_fingerprint_add(CS_FINGERPRINT_NONE, text, len), ret->hash);
	r = cs_yaml_load(&ret->arena, file, text, len, diag, &root);
	if (r == 0 && !root)
		r = cs_diag_at(diag, -EINVAL, file, 1, 1, "nothing is in it; see coldspan init");
	ret->tree = root;
	return r < 0 ? r : take_root(&fields, root, ret);
}

const struct cs_plan_function *cs_plan_find(const struct cs_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->functions_count; i++) {
		if (!strcmp(plan->functions[i].name, name))
			return &plan->functions[i];
	}
	return NULL;
}

bool cs_plan_has_pairs(const struct cs_plan_function *function)
{
	return function->beside && !(function->beside == CS_AGAINST_BASELINE &&
				     function->baseline.kind == CS_BASELINE_FILE);
}

bool cs_plan_is_asked(const char *name, char *const *names, int names_count)
{
	for (int i = 0; i < names_count; i++) {
		if (!strcmp(names[i], name))
			return true;
	}
	return !names_count;
}

void cs_plan_deinit(struct cs_plan *plan)
{
	cs_arena_deinit(&plan->arena);
	*plan = (struct cs_plan){ 0 };
}
