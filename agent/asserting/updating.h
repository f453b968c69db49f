/* SPDX-License-Identifier: Apache-2.0 */

/*
 * --update: budgets become what was observed, with headroom, in coldspan.yaml itself. Of an amount that is
 * the upper bound of its statistic, or where there is none the statistic, and a fifth more; of a count
 * the largest. Budgets against others, of presets and of level off stay.
 */
#pragma once

#include "agent/asserting/plan_file.h"
#include "agent/output/result.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/diag.h"

#define CS_UPDATING_HEADROOM 1.2

/** cs_updating_in_ci() - does this run where nobody would see the change? Context: startup. */
bool cs_updating_in_ci(void);

/**
 * cs_updating_check() - can the file that @file was read from be replaced?
 *
 * Context: startup, before anything is measured. Return: 0; negative errno, @diag says what.
 */
int cs_updating_check(const struct cs_plan_file *file, struct cs_diag *diag) cs_must_use;

/**
 * cs_updating_write() - rewrite the file that @file was read from
 * @result: what was written anew is kept, from now on
 * @said:   receives a line
 *
 * What would come out is read first: a file that cannot be is left as it was.
 *
 * Context: startup. Return: 0; negative errno, @diag says what.
 */
int cs_updating_write(const struct cs_plan_file *file, struct cs_result *result,
		      struct cs_buffer *said, struct cs_diag *diag) cs_must_use;
