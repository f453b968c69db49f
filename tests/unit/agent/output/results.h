/* SPDX-License-Identifier: Apache-2.0 */

/* Results to write, made up: whatever names and numbers a test wants. */
#pragma once

#include "agent/output/result.h"

/* The plan, and all that a result borrows, live until results_end(). */
struct results {
	struct cs_plan plan;
	struct cs_plan_function *functions;
	struct cs_budget *budgets;
	struct cs_result result;
};

/**
 * results_begin() - @functions functions of @budgets budgets each, measured in @starts starts
 * @name:  of each function
 * @text:  of each budget, and why it is there
 * @ratio: what is measured, by what is allowed
 *
 * The k-th function's and budget's number stands behind its name and id.
 */
void results_begin(struct results *results, unsigned functions, unsigned budgets, unsigned starts,
		   const char *name, const char *text, double ratio);

/** results_end() - free all. */
void results_end(struct results *results);
