/* SPDX-License-Identifier: Apache-2.0 */

/* Starts of one function out of several files: counted together only where they are of one population. */
#pragma once

#include "agent/output/result.h"

/**
 * cs_result_join() - take a function's starts into @result
 * @asserted: is left to be freed, or moves, as cs_result_add() says
 *
 * With those that are there of the same function, if all of their origins but dates and runs is the same, and
 * both were made beside the same kind of starts, or alone; else beside them.
 *
 * Return: 0; -EEXIST some of them are counted already; -E2BIG too many in all; -ENOMEM.
 */
int cs_result_join(struct cs_result *result, struct cs_asserted *asserted,
		   const struct cs_origin *origin) cs_must_use;
