/* SPDX-License-Identifier: Apache-2.0 */

/* What functions are compared with, made ready before any of them is started. */
#pragma once

#include "agent/asserting/checkout.h"
#include "agent/budget/plan.h"
#include "base/cleanup.h"
#include "base/diag.h"

/**
 * cs_baseline_prepare() - check out and build the ref that @function is compared with, if any
 * @file: of the plan, for @diag
 *
 * A command that names files of the head's own work tree by absolute paths would be compared with itself: it
 * is refused.
 *
 * Context: startup.
 * Return:  as cs_checkouts_get().
 */
int cs_baseline_prepare(struct cs_checkouts *checkouts, const char *file,
			const struct cs_plan_function *function, struct cs_diag *diag,
			struct cs_tail *ret_tail) cs_must_use;
