/* SPDX-License-Identifier: Apache-2.0 */

/* Results that are made up; see results.h. */
#include "tests/unit/agent/output/results.h"

#include <math.h>
#include <stdlib.h>

#define ALLOWED_NS 1e8

static void fill_sample(struct cs_sample *sample, double total_ns)
{
	for (unsigned metric = 0; metric < CS_METRIC_COUNT; metric++)
		sample->values[metric] = (double)NAN;
	cs_noise_clear(&sample->noise);
	sample->noise.values[CS_NOISE_STEAL] = 1e6;
	sample->values[CS_METRIC_TOTAL] = total_ns;
	sample->values[CS_METRIC_MEMORY] = 1 << 20;
	sample->values[CS_METRIC_FACTS] = 41;
}

static void add(struct results *results, const struct cs_plan_function *function, unsigned starts,
		double ratio)
{
	struct cs_asserted asserted = { .function = function, .count = starts, .looks = 1 };
	struct cs_origin origin;

	asserted.own = calloc(starts + 1, sizeof(*asserted.own));
	asserted.judgements = calloc(function->budgets_count + 1, sizeof(*asserted.judgements));
	if (!asserted.own || !asserted.judgements ||
	    cs_result_origin(&results->result, false, &origin) < 0)
		abort();
	for (unsigned i = 0; i < starts; i++)
		fill_sample(&asserted.own[i], ALLOWED_NS * ratio + i);
	if (cs_result_add(&results->result, &asserted, &origin) < 0)
		abort();
}

void results_begin(struct results *results, unsigned functions, unsigned budgets, unsigned starts,
		   const char *name, const char *text, double ratio)
{
	*results = (struct results){ .plan = { .file = "coldspan.yaml",
					       .functions_count = functions } };
	cs_arena_init(&results->plan.arena, 0);
	results->functions = calloc(functions, sizeof(*results->functions));
	results->budgets = calloc((size_t)functions * budgets, sizeof(*results->budgets));
	if (!results->functions || !results->budgets)
		abort();
	results->plan.functions = results->functions;
	for (unsigned i = 0; i < functions; i++) {
		struct cs_budget *own = results->budgets + (size_t)i * budgets;

		for (unsigned k = 0; k < budgets; k++)
			own[k] = (struct cs_budget){
				.id = cs_arena_printf(&results->plan.arena, "total-%u", k),
				.text = text,
				.why = text,
				.metric = CS_METRIC_TOTAL,
				.quantile = 0.5,
				.max = { CS_QUANTITY_DURATION, ALLOWED_NS },
				.line = i + k + 4,
				.column = 9,
			};
		results->functions[i] = (struct cs_plan_function){
			.name = functions == 1
					? name
					: cs_arena_printf(&results->plan.arena, "%s%u", name, i),
			.line = i + 3,
			.column = 3,
			.sampling = { .alpha = 0.05 },
			.budgets = own,
			.budgets_count = budgets,
		};
	}
	cs_result_init(&results->result, &results->plan, false);
	for (unsigned i = 0; i < functions; i++)
		add(results, &results->functions[i], starts, ratio);
	if (cs_result_judge(&results->result, 1) < 0)
		abort();
	cs_result_settle(&results->result);
}

void results_end(struct results *results)
{
	cs_result_deinit(&results->result);
	cs_plan_deinit(&results->plan);
	free(results->functions);
	free(results->budgets);
}
