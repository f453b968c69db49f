/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Baselines of saved samples, `baseline: {file: results.json}`: what -o json or html wrote at another time. They
 * are weaker than pairs, and of another machine or of another way to measure they are no baseline at all, unless
 * the plan says that this shall only warn.
 */
#pragma once

#include "agent/asserting/asserting.h"
#include "agent/budget/plan.h"
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/diag.h"

/* All that were read. */
struct cs_earlier {
	struct cs_arena arena;
	struct cs_asserting_earlier *items; /* owned; one a function */
	size_t count;
};

/** cs_earlier_init() - none yet. */
void cs_earlier_init(struct cs_earlier *earlier);

/**
 * cs_earlier_read() - read the file that is @function's baseline, if one is, and a budget is relative to it
 * @folder: of the plan, where its name begins
 *
 * Context: startup.
 * Return:  0; -ENOMEM, -EIO; other negative errno: it cannot be compared with, @diag says where and why.
 */
int cs_earlier_read(struct cs_earlier *earlier, const struct cs_plan *plan,
		    const struct cs_plan_function *function, const char *folder,
		    struct cs_diag *diag) cs_must_use;

/** cs_earlier_deinit() - free them. Accepts a zeroed one. */
void cs_earlier_deinit(struct cs_earlier *earlier);
