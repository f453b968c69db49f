/* SPDX-License-Identifier: Apache-2.0 */

/* coldspan.yaml, key by key; see plan.h. */
#include "agent/budget/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/budget/fields.h"
#include "agent/budget/presets.h"
#include "agent/budget/yaml_tree.h"

#define NAME_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."

static const struct cs_plan_sampling usual = {
	.runs = 40,
	.max_runs = 120,
	.warmup = 2,
	.alpha = 0.05,
	.timeout_ns = 10000000000u,
};

/* --- how often --- */

#define SAMPLING_KEYS "runs", "max_runs", "warmup", "cache", "confidence", "timeout"

static int take_confidence(const struct cs_fields *fields, const struct cs_yaml_node *node,
			   double *alpha)
{
	struct cs_quantity share;
	int r = cs_fields_quantity(fields, node, CS_QUANTITY_SHARE, &share);

	if (r == 0 && !(share.value >= 0.5 && share.value <= 0.9999))
		r = cs_fields_refuse(fields, node, "\"%s\" is no confidence; write 95%%",
				     node->value);
	if (r == 0)
		*alpha = 1 - share.value;
	return r;
}

static int take_cache(const struct cs_fields *fields, const struct cs_yaml_node *node, bool *evict)
{
	static const char *const names[] = { "warm", "evict" };
	unsigned which;
	int r = cs_fields_choice(fields, node, names, 2, &which);

	if (r == 0)
		*evict = which == 1;
	return r;
}

static int take_sampling(const struct cs_fields *fields, const struct cs_yaml_node *map,
			 struct cs_plan_sampling *sampling)
{
	const struct cs_yaml_node *runs = cs_yaml_get(map, "runs"), *node;
	const struct cs_yaml_node *max_runs = cs_yaml_get(map, "max_runs");
	struct cs_quantity timeout;
	int r = 0;

	if (runs)
		r = cs_fields_count(fields, runs, 1, CS_PLAN_RUNS_MAX, &sampling->runs);
	if (r == 0 && max_runs)
		r = cs_fields_count(fields, max_runs, 1, CS_PLAN_RUNS_MAX, &sampling->max_runs);
	if (r == 0 && max_runs && sampling->max_runs < sampling->runs)
		r = cs_fields_refuse(fields, max_runs, "max_runs is below runs (%u)",
				     sampling->runs);
	if (r == 0 && sampling->max_runs < sampling->runs)
		sampling->max_runs = sampling->runs;
	if (r == 0 && (node = cs_yaml_get(map, "warmup")))
		r = cs_fields_count(fields, node, 0, CS_PLAN_RUNS_MAX, &sampling->warmup);
	if (r == 0 && (node = cs_yaml_get(map, "cache")))
		r = take_cache(fields, node, &sampling->evict);
	if (r == 0 && (node = cs_yaml_get(map, "confidence")))
		r = take_confidence(fields, node, &sampling->alpha);
	if (r == 0 && (node = cs_yaml_get(map, "timeout"))) {
		r = cs_fields_quantity(fields, node, CS_QUANTITY_DURATION, &timeout);
		if (r == 0 && !(timeout.value >= 1e6 && timeout.value <= 3600e9))
			r = cs_fields_refuse(fields, node,
					     "\"%s\" is no time limit; write 1ms to 60m",
					     node->value);
		if (r == 0)
			sampling->timeout_ns = (uint64_t)timeout.value;
	}
	return r;
}

/* --- what is started --- */

static int take_start(const struct cs_fields *fields, const struct cs_yaml_node *map,
		      struct cs_plan_function *function)
{
	const struct cs_yaml_node *run = cs_yaml_get(map, "run");
	const struct cs_yaml_node *shell = cs_yaml_get(map, "shell");
	const struct cs_yaml_node *folder = cs_yaml_get(map, "function");

	if (!!run + !!shell + !!folder != 1)
		return cs_fields_refuse(fields, map,
					"%s: write one of run: [PROGRAM, ARGUMENT…], "
					"shell: COMMAND, function: FOLDER",
					function->name);
	if (run)
		return cs_fields_argv(fields, run, &function->argv);
	if (folder) {
		function->start = CS_START_FAAS;
		return cs_fields_text(fields, folder, &function->folder);
	}
	function->start = CS_START_SHELL;
	return cs_fields_shell(fields, shell, &function->argv);
}

static int take_ready(const struct cs_fields *fields, const struct cs_yaml_node *node,
		      struct cs_plan_function *function)
{
	static const char *const names[] = { "first-response", "listen", "first-poll", "exit" };
	static const char *const keys[] = { "pattern" };
	unsigned which;
	int r;

	if (node->kind == CS_YAML_MAP) {
		const struct cs_yaml_node *pattern = cs_yaml_get(node, "pattern");

		r = cs_fields_known(fields, node, keys, 1);
		if (r < 0)
			return r;
		if (!pattern)
			return cs_fields_refuse(fields, node, "write pattern: TEXT");
		function->ready = CS_READY_PATTERN;
		return cs_fields_text(fields, pattern, &function->pattern);
	}
	r = cs_fields_choice(fields, node, names, 4, &which);
	if (r == 0)
		function->ready = (enum cs_plan_ready)which;
	return r;
}

static int take_event(const struct cs_fields *fields, const struct cs_yaml_node *node,
		      struct cs_plan_event *event)
{
	static const char *const keys[] = { "method", "path", "body", "content_type" };
	const char **const fields_of[] = { &event->method, &event->path, &event->body,
					   &event->content_type };
	int r = cs_fields_known(fields, node, keys, 4);

	for (unsigned i = 0; r == 0 && i < 4; i++) {
		const struct cs_yaml_node *value = cs_yaml_get(node, keys[i]);

		if (value)
			r = cs_fields_text(fields, value, fields_of[i]);
	}
	if (r == 0 && event->path && event->path[0] != '/')
		r = cs_fields_refuse(fields, cs_yaml_get(node, "path"),
				     "\"%s\" does not begin with /", event->path);
	return r;
}

static int take_env(const struct cs_fields *fields, const struct cs_yaml_node *node,
		    struct cs_plan_function *function)
{
	struct cs_plan_variable *variables;
	int r = cs_fields_map(fields, node);

	if (r < 0)
		return r;
	variables = cs_arena_alloc(fields->arena, (node->count + 1) * sizeof(*variables));
	if (!variables)
		return -ENOMEM;
	for (size_t i = 0; i < node->count && r == 0; i++) {
		const struct cs_yaml_entry *entry = &node->entries[i];

		variables[i].name = entry->key;
		if (strchr(entry->key, '='))
			r = cs_fields_refuse(fields, node,
					     "variable \"%s\" has a = in its name; rename it",
					     entry->key);
		else
			r = cs_fields_text(fields, entry->value, &variables[i].value);
	}
	function->env = variables;
	function->env_count = node->count;
	return r;
}

/* --- what is judged --- */

static bool has_budget(const struct cs_plan_function *function, const char *id)
{
	for (size_t i = 0; i < function->budgets_count; i++) {
		if (!strcmp(function->budgets[i].id, id))
			return true;
	}
	return false;
}

/* Own budgets, then those of presets that no own one of that name stands for. */
static int take_budgets(const struct cs_fields *fields, const struct cs_yaml_node *own,
			const struct cs_yaml_node *preset, struct cs_plan_function *function)
{
	size_t room = (own ? own->count : 0) + (preset ? preset->count : 0);
	const struct cs_fields of_preset = { fields->arena, CS_PRESETS_FILE, fields->diag };
	int r = own ? cs_fields_list(fields, own) : 0;

	if (r < 0)
		return r;
	function->budgets = cs_arena_alloc(fields->arena, (room + 1) * sizeof(*function->budgets));
	if (!function->budgets)
		return -ENOMEM;
	for (size_t i = 0; i < room; i++) {
		bool is_own = own && i < own->count;
		const struct cs_yaml_node *node =
			is_own ? own->entries[i].value
			       : preset->entries[i - (own ? own->count : 0)].value;
		struct cs_budget budget;

		r = cs_budget_parse(is_own ? fields : &of_preset, node, &budget);
		if (r < 0)
			return r;
		if (!has_budget(function, budget.id))
			function->budgets[function->budgets_count++] = budget;
		else if (is_own)
			return cs_fields_refuse(fields, node,
						"budget \"%s\" stands twice; give one an id",
						budget.id);
	}
	return 0;
}

static int take_baseline(const struct cs_fields *fields, const struct cs_yaml_node *node,
			 struct cs_plan_baseline *baseline)
{
	static const char *const keys[] = { "ref", "build", "run", "file" };
	const struct cs_yaml_node *ref = cs_yaml_get(node, "ref");
	const struct cs_yaml_node *build = cs_yaml_get(node, "build");
	const struct cs_yaml_node *run = cs_yaml_get(node, "run");
	const struct cs_yaml_node *file = cs_yaml_get(node, "file");
	int r = cs_fields_known(fields, node, keys, 4);

	if (r < 0)
		return r;
	if (!!ref + !!run + !!file != 1)
		return cs_fields_refuse(fields, node,
					"write one of ref: GITREF, run: [PROGRAM…], file: SAMPLES");
	if (build && !ref)
		return cs_fields_refuse(fields, build, "only a ref is built; remove build");
	if (run) {
		baseline->kind = CS_BASELINE_COMMAND;
		return cs_fields_argv(fields, run, &baseline->argv);
	}
	baseline->kind = ref ? CS_BASELINE_REF : CS_BASELINE_FILE;
	r = cs_fields_text(fields, ref ? ref : file, &baseline->ref);
	return r == 0 && build ? cs_fields_text(fields, build, &baseline->build) : r;
}

/* What a bound is relative to has to be there. */
static int check_budgets(const struct cs_fields *fields, const struct cs_plan_function *function)
{
	for (size_t i = 0; i < function->budgets_count; i++) {
		const struct cs_budget *budget = &function->budgets[i];

		if (budget->against == CS_AGAINST_BASELINE &&
		    function->baseline.kind == CS_BASELINE_NONE)
			return cs_diag_at(fields->diag, -EINVAL, fields->file, budget->line,
					  budget->column,
					  "%s has no baseline; write baseline: {ref: origin/main}",
					  function->name);
	}
	return 0;
}

/* --- a function --- */

static const char *const function_keys[] = { "run",    "shell",    "function",   "ready",
					     "invoke", "env",      "budgets",    "extends",
					     "forbid", "baseline", SAMPLING_KEYS };

static int take_parts(const struct cs_fields *fields, const struct cs_yaml_node *map,
		      struct cs_plan_function *function)
{
	const struct cs_yaml_node *node, *preset = NULL;
	int r = take_start(fields, map, function);

	function->ready = function->start == CS_START_FAAS ? CS_READY_RESPONSE : CS_READY_EXIT;
	if (r == 0 && (node = cs_yaml_get(map, "ready")))
		r = take_ready(fields, node, function);
	if (r == 0 && (node = cs_yaml_get(map, "invoke")))
		r = take_event(fields, node, &function->event);
	if (r == 0 && (node = cs_yaml_get(map, "env")))
		r = take_env(fields, node, function);
	if (r == 0 && (node = cs_yaml_get(map, "forbid")))
		r = cs_fields_texts(fields, node, &function->forbid, &function->forbid_count);
	if (r == 0 && (node = cs_yaml_get(map, "baseline")))
		r = take_baseline(fields, node, &function->baseline);
	if (r == 0)
		r = take_sampling(fields, map, &function->sampling);
	if (r == 0 && (node = cs_yaml_get(map, "extends")))
		r = cs_presets_get(fields, node, &preset);
	if (r == 0)
		r = take_budgets(fields, cs_yaml_get(map, "budgets"), preset, function);
	return r < 0 ? r : check_budgets(fields, function);
}

static int take_function(const struct cs_fields *fields, const struct cs_yaml_entry *entry,
			 const struct cs_plan_sampling *defaults, struct cs_plan_function *function)
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
	return r < 0 ? r : take_parts(fields, entry->value, function);
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
		r = take_function(fields, &map->entries[i], defaults, &functions[i]);
	plan->functions = functions;
	plan->functions_count = map->count;
	return r;
}

/* --- policy --- */

static int take_date(const struct cs_fields *fields, const struct cs_yaml_node *node, unsigned *ret)
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

static bool is_budget(const struct cs_plan *plan, const char *id)
{
	for (size_t i = 0; i < plan->functions_count; i++) {
		const struct cs_plan_function *function = &plan->functions[i];
		size_t len = strlen(function->name);

		if (!strncmp(id, function->name, len) && id[len] == '/' &&
		    has_budget(function, id + len + 1))
			return true;
	}
	return false;
}

static int take_quarantined(const struct cs_fields *fields, const struct cs_yaml_node *node,
			    const struct cs_plan *plan, struct cs_plan_quarantine *ret)
{
	static const char *const keys[] = { "id", "until", "issue" };
	const struct cs_yaml_node *id = cs_yaml_get(node, "id");
	const struct cs_yaml_node *until = cs_yaml_get(node, "until");
	const struct cs_yaml_node *issue = cs_yaml_get(node, "issue");
	int r = cs_fields_known(fields, node, keys, 3);

	*ret = (struct cs_plan_quarantine){ .line = node->line, .column = node->column };
	if (r < 0)
		return r;
	if (!id || !until)
		return cs_fields_refuse(fields, node,
					"write {id: FUNCTION/BUDGET, until: 2026-12-31}");
	r = cs_fields_text(fields, id, &ret->id);
	if (r == 0 && !is_budget(plan, ret->id))
		r = cs_fields_refuse(fields, id, "there is no budget \"%s\"", ret->id);
	if (r == 0)
		r = take_date(fields, until, &ret->until);
	return r == 0 && issue ? cs_fields_text(fields, issue, &ret->issue) : r;
}

static int take_policy(const struct cs_fields *fields, const struct cs_yaml_node *map,
		       struct cs_plan *plan)
{
	static const char *const keys[] = { "on_inconclusive", "quarantine" };
	static const char *const answers[] = { "warn", "fail" };
	const struct cs_yaml_node *inconclusive = cs_yaml_get(map, "on_inconclusive");
	const struct cs_yaml_node *list = cs_yaml_get(map, "quarantine");
	struct cs_plan_quarantine *quarantine;
	unsigned which = 0;
	int r = cs_fields_known(fields, map, keys, 2);

	if (r == 0 && inconclusive)
		r = cs_fields_choice(fields, inconclusive, answers, 2, &which);
	plan->fail_inconclusive = which == 1;
	if (r == 0 && list)
		r = cs_fields_list(fields, list);
	if (r < 0 || !list)
		return r;
	quarantine = cs_arena_alloc(fields->arena, (list->count + 1) * sizeof(*quarantine));
	if (!quarantine)
		return -ENOMEM;
	for (size_t i = 0; i < list->count && r == 0; i++)
		r = take_quarantined(fields, list->entries[i].value, plan, &quarantine[i]);
	plan->quarantine = quarantine;
	plan->quarantine_count = list->count;
	return r;
}

/* --- the file --- */

static int take_version(const struct cs_fields *fields, const struct cs_yaml_node *root)
{
	const struct cs_yaml_node *version = cs_yaml_get(root, "version");

	if (!version)
		return cs_fields_refuse(fields, root,
					"key \"version\" is missing; write version: 1");
	if (version->kind != CS_YAML_SCALAR || strcmp(version->value, "1") != 0)
		return cs_fields_refuse(fields, version,
					"this version is not known here; write version: 1");
	return 0;
}

static int take_root(const struct cs_fields *fields, const struct cs_yaml_node *root,
		     struct cs_plan *plan)
{
	static const char *const keys[] = { "version", "defaults", "functions", "policy" };
	static const char *const default_keys[] = { SAMPLING_KEYS };
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
		r = take_sampling(fields, defaults, &sampling);
	if (r < 0)
		return r;
	if (!functions)
		return cs_fields_refuse(fields, root,
					"key \"functions\" is missing; see coldspan init");
	r = take_functions(fields, functions, &sampling, plan);
	return r == 0 && policy ? take_policy(fields, policy, plan) : r;
}

int cs_plan_parse(const char *file, const void *text, size_t len, struct cs_diag *diag,
		  struct cs_plan *ret)
{
	struct cs_fields fields = { &ret->arena, file, diag };
	const struct cs_yaml_node *root = NULL;
	int r;

	*ret = (struct cs_plan){ .file = file };
	cs_arena_init(&ret->arena, 0);
	r = cs_yaml_load(&ret->arena, file, text, len, diag, &root);
	if (r == 0 && !root)
		r = cs_diag_at(diag, -EINVAL, file, 1, 1, "nothing is in it; see coldspan init");
	return r < 0 ? r : take_root(&fields, root, ret);
}

void cs_plan_deinit(struct cs_plan *plan)
{
	cs_arena_deinit(&plan->arena);
	*plan = (struct cs_plan){ 0 };
}
