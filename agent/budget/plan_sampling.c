/* SPDX-License-Identifier: Apache-2.0 */

/* How often, and how sure; see plan_parts.h. */
#include "agent/budget/plan_parts.h"

#include <errno.h>
#include <string.h>

#include "agent/budget/fields.h"
#include "agent/budget/yaml_tree.h"

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

static int take_processor(const struct cs_fields *fields, const struct cs_yaml_node *node,
			  bool *same)
{
	static const char *const names[] = { "any", "same" };
	unsigned which;
	int r = cs_fields_choice(fields, node, names, 2, &which);

	if (r == 0)
		*same = which == 1;
	return r;
}

static int take_slow_processor(const struct cs_fields *fields, const struct cs_yaml_node *node,
			       bool *take)
{
	static const char *const names[] = { "avoid", "take" };
	unsigned which;
	int r = cs_fields_choice(fields, node, names, 2, &which);

	if (r == 0)
		*take = which == 1;
	return r;
}

int cs_plan_take_sampling(const struct cs_fields *fields, const struct cs_yaml_node *map,
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
	if (r == 0 && (node = cs_yaml_get(map, "processor")))
		r = take_processor(fields, node, &sampling->same_processor);
	if (r == 0 && (node = cs_yaml_get(map, "slow_processor")))
		r = take_slow_processor(fields, node, &sampling->take_slow);
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
