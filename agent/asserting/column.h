/* SPDX-License-Identifier: Apache-2.0 */

/* One metric of all starts. Context of all: any-thread. */
#pragma once

#include "agent/budget/judge.h"

/**
 * cs_column_take() - its values, ascending, of those starts in which it was seen
 * @samples: @count of them; NULL: there are none
 * @ret:     the caller's: free() it; also of none
 *
 * Return: how many; 0 without memory, too.
 */
uint32_t cs_column_take(const struct cs_sample *samples, uint32_t count, unsigned metric,
			double **ret);

/** cs_column_median() - of these; NaN: there are none. */
double cs_column_median(const struct cs_sample *samples, uint32_t count, unsigned metric);
