/* SPDX-License-Identifier: Apache-2.0 */

/* What a function is held to; see plan_parts.h. */
#include "agent/budget/plan_parts.h"

#include <errno.h>
#include <string.h>

#include "agent/budget/fields.h"
#include "agent/budget/metric.h"
#include "agent/budget/presets.h"
#include "agent/budget/yaml_tree.h"

bool cs_plan_has_budget(const struct cs_plan_function *function, const char *id)
{
	for (size_t i = 0; i < function->budgets_count; i++) {
		if (!strcmp(function->budgets[i].id, id))
			return true;
	}
	return false;
}

/* Own budgets, then those of @preset, which @extends names, that no own one of that name stands for. */
static int take_budgets(const struct cs_fields *fields, const struct cs_yaml_node *own,
			const struct cs_yaml_node *preset, const struct cs_yaml_node *extends,
			struct cs_plan_function *function)
{
	size_t room = (own ? own->count : 0) + (preset ? preset->count : 0);
	size_t more = 2; /* cs_plan_compare(), forbid */
	const struct cs_fields of_preset = { fields->arena, CS_PRESETS_FILE, fields->diag };
	int r = own ? cs_fields_list(fields, own) : 0;

	if (r < 0)
		return r;
	function->budgets =
		cs_arena_alloc(fields->arena, (room + more) * sizeof(*function->budgets));
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
		if (!is_own) {
			budget.amount_line = 0;
			budget.line = extends->line;
			budget.column = extends->column;
		}
		if (!cs_plan_has_budget(function, budget.id))
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
	static const char *const keys[] = {
		"ref", "build", "run", "file", "if_different", "image"
	};
	static const char *const answers[] = { "refuse", "warn" };
	const struct cs_yaml_node *different = cs_yaml_get(node, "if_different");
	unsigned answer = 0;
	const struct cs_yaml_node *image = cs_yaml_get(node, "image");
	const struct cs_yaml_node *ref = cs_yaml_get(node, "ref");
	const struct cs_yaml_node *build = cs_yaml_get(node, "build");
	const struct cs_yaml_node *run = cs_yaml_get(node, "run");
	const struct cs_yaml_node *file = cs_yaml_get(node, "file");
	int r = cs_fields_known(fields, node, keys, 6);

	if (r == 0 && image)
		r = cs_plan_refuse_image(fields, image);
	if (r < 0)
		return r;
	baseline->line = node->line;
	baseline->column = node->column;
	if (!!ref + !!run + !!file != 1)
		return cs_fields_refuse(fields, node,
					"write one of ref: GITREF, run: [PROGRAM…], file: SAMPLES");
	if (build && !ref)
		return cs_fields_refuse(fields, build, "only a ref is built; remove build");
	if (different && !file)
		return cs_fields_refuse(fields, different,
					"only samples of a file may differ; remove if_different");
	if (different)
		r = cs_fields_choice(fields, different, answers, 2, &answer);
	if (r < 0)
		return r;
	baseline->differs_warns = answer == 1;
	if (run) {
		baseline->kind = CS_BASELINE_COMMAND;
		return cs_fields_argv(fields, run, &baseline->argv);
	}
	baseline->kind = ref ? CS_BASELINE_REF : CS_BASELINE_FILE;
	r = cs_fields_text(fields, ref ? ref : file, &baseline->ref);
	return r == 0 && build ? cs_fields_text(fields, build, &baseline->build) : r;
}

/* One that stands in no line of its own: @line and @column say what it comes from. */
static int add_budget(const struct cs_fields *fields, const char *text, unsigned line,
		      unsigned column, struct cs_plan_function *function)
{
	struct cs_budget *budget = &function->budgets[function->budgets_count];
	const struct cs_yaml_node *node = NULL;
	int r = cs_yaml_load(fields->arena, fields->file, text, strlen(text), fields->diag, &node);

	if (r == 0)
		r = cs_budget_parse(fields, node, budget);
	if (r < 0)
		return r;
	budget->line = line;
	budget->column = column;
	budget->amount_line = 0;
	function->budgets_count++;
	return 0;
}

/* As a budget: none of them, ever. */
static int forbid(const struct cs_fields *fields, const struct cs_yaml_node *node,
		  struct cs_plan_function *function)
{
	const char *text = "forbid";
	int r = cs_fields_texts(fields, node, &function->forbid, &function->forbid_count);

	if (r == 0 && !function->forbid_count)
		return 0;
	if (r == 0 && cs_plan_has_budget(function, "forbid"))
		r = cs_fields_refuse(fields, node,
				     "budget \"forbid\" stands twice; give one an id");
	if (r == 0)
		r = add_budget(fields, "{metric: import.forbidden, max: 0, id: forbid}", node->line,
			       node->column, function);
	if (r < 0)
		return r;
	for (size_t i = 0; i < function->forbid_count && text; i++)
		text = cs_arena_printf(fields->arena, "%s%s%s", text, i ? ", " : " ",
				       function->forbid[i]);
	function->budgets[function->budgets_count - 1].text = text;
	return text ? 0 : -ENOMEM;
}

static bool is_warm(const struct cs_budget *budget)
{
	return budget->metric == CS_METRIC_WARM_P50 || budget->metric == CS_METRIC_WARM_P95;
}

/* Warm events where a budget is on them. */
static int take_warm(const struct cs_fields *fields, struct cs_plan_function *function)
{
	bool answers = function->ready == CS_READY_RESPONSE || function->ready == CS_READY_POLL;

	for (size_t i = 0; i < function->budgets_count; i++) {
		const struct cs_budget *budget = &function->budgets[i];

		if (!is_warm(budget))
			continue;
		if (!answers)
			return cs_diag_at(fields->diag, -EINVAL, fields->file, budget->line,
					  budget->column,
					  "%s answers no events that could be warm; write ready: "
					  "first-response or first-poll",
					  function->name);
		if (!function->warm)
			function->warm = CS_PLAN_WARM;
	}
	return 0;
}

static bool is_of_modules(const struct cs_budget *budget)
{
	return budget->metric == CS_METRIC_MODULES || budget->metric == CS_METRIC_FORBIDDEN;
}

static int take_reference(const struct cs_fields *fields, const struct cs_yaml_node *node,
			  struct cs_plan_reference *reference)
{
	static const char *const keys[] = { "run", "function" };
	const struct cs_yaml_node *run = cs_yaml_get(node, "run");
	const struct cs_yaml_node *folder = cs_yaml_get(node, "function");
	int r = cs_fields_known(fields, node, keys, 2);

	if (r == 0 && !run == !folder)
		r = cs_fields_refuse(fields, node,
				     "write one of run: [PROGRAM…], function: FOLDER");
	if (r < 0)
		return r;
	return run ? cs_fields_argv(fields, run, &reference->argv)
		   : cs_fields_text(fields, folder, &reference->folder);
}

static bool has_budget_against(const struct cs_plan_function *function,
			       enum cs_budget_against against)
{
	for (size_t i = 0; i < function->budgets_count; i++) {
		if (function->budgets[i].against == against)
			return true;
	}
	return false;
}

int cs_plan_compare(const struct cs_fields *fields, const char *ref,
		    struct cs_plan_function *function)
{
	/* Pairs are of one kind, and it asks for others. */
	if (function->reference.argv || function->reference.folder ||
	    has_budget_against(function, CS_AGAINST_UNWATCHED))
		return 0;
	function->baseline.kind = CS_BASELINE_REF;
	function->baseline.ref = ref;
	function->baseline.line = function->baseline.column = 0;
	if (has_budget_against(function, CS_AGAINST_BASELINE))
		return 0;
	return add_budget(fields, CS_PLAN_COMPARED, function->line, function->column, function);
}

/* A package is that of the folder in which the other is started, which only another state of it changes. */
static bool is_same_package(const struct cs_plan_function *function, const struct cs_budget *budget)
{
	if (budget->metric != CS_METRIC_PACKAGE || budget->against == CS_AGAINST_NOTHING)
		return false;
	return budget->against != CS_AGAINST_BASELINE ||
	       function->baseline.kind == CS_BASELINE_COMMAND ||
	       (function->baseline.kind == CS_BASELINE_REF && function->package &&
		*function->package == '/');
}

/* What a bound is relative to has to be there. */
int cs_plan_check_budgets(const struct cs_fields *fields, struct cs_plan_function *function)
{
	bool has_reference = function->reference.argv || function->reference.folder;

	for (size_t i = 0; i < function->budgets_count; i++) {
		const struct cs_budget *budget = &function->budgets[i];

		if (budget->against == CS_AGAINST_BASELINE &&
		    function->baseline.kind == CS_BASELINE_NONE)
			return cs_diag_at(fields->diag, -EINVAL, fields->file, budget->line,
					  budget->column,
					  "%s has no baseline; write baseline: {ref: origin/main}",
					  function->name);
		if (budget->against == CS_AGAINST_REFERENCE && !has_reference)
			return cs_diag_at(fields->diag, -EINVAL, fields->file, budget->line,
					  budget->column,
					  "%s has no reference; write reference: {run: [PROGRAM…]}",
					  function->name);
		if (budget->against != CS_AGAINST_NOTHING && function->beside &&
		    function->beside != budget->against)
			return cs_diag_at(fields->diag, -EINVAL, fields->file, budget->line,
					  budget->column,
					  "%s has budgets vs %s and vs %s; write two functions",
					  function->name, cs_budget_against_name(function->beside),
					  cs_budget_against_name(budget->against));
		if (budget->against != CS_AGAINST_NOTHING)
			function->beside = budget->against;
		if (is_same_package(function, budget))
			return cs_diag_at(fields->diag, -EINVAL, fields->file, budget->line,
					  budget->column,
					  "the package of %s is the same there; compare it with "
					  "baseline: {ref: origin/main}, and write its path "
					  "relative to this file",
					  function->name);
		if (cs_metric_is_of_process(budget->metric) && function->start == CS_START_FAAS)
			return cs_diag_at(
				fields->diag, -EINVAL, fields->file, budget->line, budget->column,
				"%s is of the process that is started and of all below, and of a "
				"folder that is coldspan-faas, too; write run: or cpu",
				cs_metric_about(budget->metric).name);
	}
	return 0;
}

int cs_plan_take_budgets(const struct cs_fields *fields, const struct cs_yaml_node *map,
			 struct cs_plan_function *function)
{
	const struct cs_yaml_node *node, *preset = NULL;
	int r = 0;

	if ((node = cs_yaml_get(map, "baseline")))
		r = take_baseline(fields, node, &function->baseline);
	if (r == 0 && (node = cs_yaml_get(map, "reference")))
		r = take_reference(fields, node, &function->reference);
	if (r == 0 && (node = cs_yaml_get(map, "extends")))
		r = cs_presets_get(fields, node, &preset);
	if (r == 0)
		r = take_budgets(fields, cs_yaml_get(map, "budgets"), preset,
				 cs_yaml_get(map, "extends"), function);
	if (r == 0 && (node = cs_yaml_get(map, "forbid")))
		r = forbid(fields, node, function);
	if (r == 0)
		r = take_warm(fields, function);
	for (size_t i = 0; r == 0 && i < function->budgets_count; i++)
		function->names_files |= is_of_modules(&function->budgets[i]);
	return r;
}
