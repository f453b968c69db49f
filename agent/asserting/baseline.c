/* SPDX-License-Identifier: Apache-2.0 */

/* Baselines, made ready; see baseline.h. */
#include "agent/asserting/baseline.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Does a file below @top stand in @text, as a whole or in a list ("/a:/top/b", "--path=/top/b")? */
static bool names_below(const char *text, const char *top)
{
	size_t len = strlen(top);

	for (const char *at = text; (at = strstr(at, top)); at += len) {
		if ((at == text || strchr(":= ,", at[-1])) && (at[len] == '/' || !at[len]))
			return true;
	}
	return false;
}

static const char *head_of(const struct cs_plan_function *function, const char *top)
{
	for (char **word = function->argv; word && *word; word++) {
		if (names_below(*word, top))
			return *word;
	}
	for (size_t i = 0; i < function->env_count; i++) {
		if (names_below(function->env[i].value, top))
			return function->env[i].value;
	}
	return NULL;
}

int cs_baseline_prepare(struct cs_checkouts *checkouts, const char *file,
			const struct cs_plan_function *function, struct cs_diag *diag,
			struct cs_tail *ret_tail)
{
	const struct cs_plan_baseline *baseline = &function->baseline;
	const struct cs_checkout *checkout;
	const char *own;
	int r;

	if (baseline->kind != CS_BASELINE_REF || function->beside != CS_AGAINST_BASELINE)
		return 0;
	r = cs_checkouts_get(checkouts, baseline->ref, baseline->build, diag, ret_tail, &checkout);
	own = r == 0 ? head_of(function, checkouts->top) : NULL;
	if (own)
		r = cs_diag_set(diag, -EINVAL,
				"%s: \"%s\" is a file of this work tree, also for the baseline; "
				"write it relative to coldspan.yaml",
				function->name, own);
	if (r < 0 && baseline->line) {
		diag->file = file;
		diag->line = baseline->line;
		diag->column = baseline->column;
	}
	return r;
}
