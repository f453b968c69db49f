/* SPDX-License-Identifier: Apache-2.0 */

/* coldspan.yaml with any content: a usable plan, or one line that says where the mistake is. */
#include <ctype.h>
#include <string.h>

#include "agent/budget/metric.h"
#include "agent/budget/plan.h"
#include "agent/budget/yaml_tree.h"
#include "tests/fuzz/fuzz.h"

static void check_budget(const struct cs_budget *budget)
{
	CS_FUZZ_CHECK(budget->id && budget->id[0] && budget->text && budget->text[0]);
	CS_FUZZ_CHECK(budget->metric < CS_METRIC_COUNT);
	CS_FUZZ_CHECK(budget->quantile > 0 && budget->quantile <= 1);
	CS_FUZZ_CHECK(budget->against != CS_AGAINST_NOTHING || budget->max.value >= 0);
}

static void check_function(const struct cs_plan_function *function)
{
	const struct cs_plan_sampling *sampling = &function->sampling;

	CS_FUZZ_CHECK(function->name && function->name[0]);
	if (function->start == CS_START_FAAS)
		CS_FUZZ_CHECK(function->folder && function->folder[0]);
	else
		CS_FUZZ_CHECK(function->argv && function->argv[0] && function->argv[0][0]);
	CS_FUZZ_CHECK(sampling->runs && sampling->runs <= sampling->max_runs);
	CS_FUZZ_CHECK(sampling->alpha > 0 && sampling->alpha <= 0.5);
	CS_FUZZ_CHECK(sampling->timeout_ns);
	CS_FUZZ_CHECK(function->ready != CS_READY_PATTERN || function->pattern);
	for (size_t i = 0; i < function->budgets_count; i++)
		check_budget(&function->budgets[i]);
	CS_FUZZ_CHECK(!function->forbid_count || function->names_files);
	for (size_t i = 0; i < function->env_count; i++)
		CS_FUZZ_CHECK(function->env[i].value && !strchr(function->env[i].name, '='));
}

static void check_plan(const struct cs_plan *plan)
{
	CS_FUZZ_CHECK(plan->functions_count);
	for (size_t i = 0; i < plan->functions_count; i++)
		check_function(&plan->functions[i]);
	for (size_t i = 0; i < plan->quarantine_count; i++)
		CS_FUZZ_CHECK(strchr(plan->quarantine[i].id, '/') &&
			      plan->quarantine[i].until >= 101);
}

static void check_diag(const struct cs_diag *diag, size_t size)
{
	CS_FUZZ_CHECK(diag->text[0]);
	CS_FUZZ_CHECK(size > CS_YAML_BYTES_MAX || (diag->file && diag->line && diag->column));
	for (const char *c = diag->text; *c; c++)
		CS_FUZZ_CHECK(!iscntrl((unsigned char)*c));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_plan plan = { .baseline = size % 2 ? "main" : NULL };
	struct cs_diag diag = { 0 };

	if (cs_plan_parse("coldspan.yaml", data, size, &diag, &plan) == 0)
		check_plan(&plan);
	else
		check_diag(&diag, size);
	cs_plan_deinit(&plan);
	return 0;
}
