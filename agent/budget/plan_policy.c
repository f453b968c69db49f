/* SPDX-License-Identifier: Apache-2.0 */

/* What becomes of verdicts; see plan_parts.h. */
#include "agent/budget/plan_parts.h"

#include <errno.h>
#include <string.h>

#include "agent/budget/fields.h"
#include "agent/budget/yaml_tree.h"

static bool is_budget(const struct cs_plan *plan, const char *id)
{
	for (size_t i = 0; i < plan->functions_count; i++) {
		const struct cs_plan_function *function = &plan->functions[i];
		size_t len = strlen(function->name);

		if (!strncmp(id, function->name, len) && id[len] == '/' &&
		    cs_plan_has_budget(function, id + len + 1))
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
		r = cs_plan_take_day(fields, until, &ret->until);
	return r == 0 && issue ? cs_fields_text(fields, issue, &ret->issue) : r;
}

int cs_plan_take_policy(const struct cs_fields *fields, const struct cs_yaml_node *map,
			struct cs_plan *plan)
{
	static const char *const keys[] = { "on_inconclusive", "on_no_data", "confirm",
					    "quarantine", "prices" };
	static const char *const answers[] = { "warn", "fail" };
	const struct cs_yaml_node *inconclusive = cs_yaml_get(map, "on_inconclusive");
	const struct cs_yaml_node *no_data = cs_yaml_get(map, "on_no_data");
	const struct cs_yaml_node *confirm = cs_yaml_get(map, "confirm");
	const struct cs_yaml_node *list = cs_yaml_get(map, "quarantine");
	struct cs_plan_quarantine *quarantine;
	unsigned which = 0;
	int r = cs_fields_known(fields, map, keys, 5);

	/* Never green without data. */
	if (r == 0 && no_data)
		r = cs_fields_choice(fields, no_data, &answers[1], 1, &which);
	if (r == 0 && confirm)
		r = cs_fields_count(fields, confirm, 0, 1, &plan->confirm);
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
