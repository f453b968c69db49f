/* SPDX-License-Identifier: Apache-2.0 */

/* The presets, in the language of coldspan.yaml; see presets.h. */
#include "agent/budget/presets.h"

#include <string.h>

#define PREFIX "coldspan:"

static const struct preset {
	const char *name;
	const char *budgets;
} presets[] = {
	/*
	 * They only warn: of a loaded runner times say nothing of the function, and no number of files is wrong for
	 * all. Whoever wants a failure writes a budget.
	 */
	/* What no function should need, whatever it does. */
	{ "recommended", "- {metric: unattributed, stat: p50, max: 5ms, level: warn}\n"
			 "- {metric: attach, stat: p50, max: 2ms, level: warn}\n"
			 "- {metric: lookups.failed, max: 2000, level: warn}\n"
			 "- {metric: shared_objects, max: 150, level: warn}\n" },
	/* Where init longer than that is begun anew, and billed again. */
	{ "lambda", "- {metric: total, stat: p95, max: 10s, level: warn}\n"
		    "- {metric: total, stat: p95, max: 1s, level: warn, id: p95-total-slow}\n"
		    "- {metric: attach, stat: p50, max: 2ms, level: warn}\n" },
	/* Before the activator's first probe is tried again. */
	{ "knative", "- {metric: total, stat: p95, max: 3s, level: warn}\n"
		     "- {metric: attach, stat: p50, max: 2ms, level: warn}\n" },
};

#define PRESETS (sizeof(presets) / sizeof(presets[0]))

int cs_presets_get(const struct cs_fields *fields, const struct cs_yaml_node *node,
		   const struct cs_yaml_node **ret)
{
	const char *names[PRESETS];
	unsigned which;
	int r;

	for (size_t i = 0; i < PRESETS; i++)
		names[i] = presets[i].name;
	if (node->kind == CS_YAML_SCALAR && !strncmp(node->value, PREFIX, strlen(PREFIX))) {
		struct cs_yaml_node rest = *node;

		rest.value += strlen(PREFIX);
		r = cs_fields_choice(fields, &rest, names, PRESETS, &which);
		return r < 0 ? r
			     : cs_yaml_load(fields->arena, CS_PRESETS_FILE, presets[which].budgets,
					    strlen(presets[which].budgets), fields->diag, ret);
	}
	return cs_fields_refuse(fields, node, "a preset is written as " PREFIX "recommended");
}
