/* SPDX-License-Identifier: Apache-2.0 */

/* Files of samples; see saved.h. */
#include "agent/output/saved.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/output/json.h"
#include "base/input.h"

static void drop_others(struct cs_result *result, char *const *names, int names_count)
{
	size_t kept = 0;

	for (size_t i = 0; i < result->count; i++) {
		struct cs_result_function *function = &result->functions[i];

		if (cs_plan_is_asked(function->asserted.function->name, names, names_count))
			result->functions[kept++] = *function;
		else
			cs_asserted_deinit(&function->asserted);
	}
	result->count = kept;
}

static bool has(const struct cs_result *result, const struct cs_plan_function *function)
{
	for (size_t i = 0; i < result->count; i++) {
		if (result->functions[i].asserted.function == function)
			return true;
	}
	return false;
}

/* What is asked for and nowhere: it must not be green. */
static int add_missing(struct cs_result *result, char *const *names, int names_count)
{
	const struct cs_plan *plan = result->plan;

	for (size_t i = 0; i < plan->functions_count; i++) {
		const struct cs_plan_function *function = &plan->functions[i];
		struct cs_asserted asserted = { .function = function, .looks = 1 };
		struct cs_origin origin;
		int r;

		if (!cs_plan_is_asked(function->name, names, names_count) || has(result, function))
			continue;
		asserted.own = calloc(1, sizeof(*asserted.own));
		asserted.judgements =
			calloc(function->budgets_count + 1, sizeof(*asserted.judgements));
		r = asserted.own && asserted.judgements ? cs_result_origin(result, false, &origin)
							: -ENOMEM;
		if (r == 0)
			r = cs_result_add(result, &asserted, &origin);
		cs_asserted_deinit(&asserted);
		if (r < 0)
			return r;
	}
	return 0;
}

int cs_saved_read(struct cs_result *result, const char *const *files, size_t files_count,
		  char *const *names, int names_count, struct cs_diag *diag)
{
	result->saved = true;
	for (size_t i = 0; i < files_count; i++) {
		cs_cleanup(cs_freep) char *text = NULL;
		size_t len;
		int r = cs_input_read_file(files[i], CS_RESULT_JSON_BYTES_MAX + 1, &text, &len);

		if (r < 0)
			return cs_diag_set(diag, r, "%s: %s", files[i], strerror(-r));
		r = cs_result_json_read(result, files[i], text, len, diag);
		if (r < 0)
			return r;
	}
	drop_others(result, names, names_count);
	return add_missing(result, names, names_count);
}
