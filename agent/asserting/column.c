/* SPDX-License-Identifier: Apache-2.0 */

/* One metric; see column.h. */
#include "agent/asserting/column.h"

#include <math.h>
#include <stdlib.h>

#include "agent/statistics/quantile.h"

uint32_t cs_column_take(const struct cs_sample *samples, uint32_t count, unsigned metric,
			double **ret)
{
	double *values = calloc(count + 1, sizeof(*values));
	uint32_t seen = 0;

	for (uint32_t i = 0; values && samples && i < count; i++) {
		if (!isnan(samples[i].values[metric]))
			values[seen++] = samples[i].values[metric];
	}
	if (seen)
		cs_samples_sort(values, seen);
	*ret = values;
	return seen;
}

double cs_column_median(const struct cs_sample *samples, uint32_t count, unsigned metric)
{
	double *values;
	uint32_t seen = cs_column_take(samples, count, metric, &values);
	double median = seen ? cs_samples_median(values, seen) : (double)NAN;

	free(values);
	return median;
}
