/* SPDX-License-Identifier: Apache-2.0 */

/* Prices times what was measured; see cost.h. */
#include "agent/budget/cost.h"

#include <math.h>

#define GB_BYTES 1073741824.0

uint64_t cs_cost_billed_ns(const struct cs_prices *prices, double duration_ns)
{
	uint64_t ns = (uint64_t)ceil(fmax(duration_ns, 0));
	uint64_t billed = (ns + prices->step_ns - 1) / prices->step_ns * prices->step_ns;

	return billed > prices->minimum_ns ? billed : prices->minimum_ns;
}

/* Of one invocation that took so long. */
static double price_of(const struct cs_cost *cost, double duration_ns)
{
	double gb_seconds = cost->memory_bytes / GB_BYTES *
			    (double)cs_cost_billed_ns(&cost->prices, duration_ns) / 1e9;

	return cost->prices.per_request + gb_seconds * cost->prices.per_gb_second;
}

void cs_cost_fill(const struct cs_cost *cost, struct cs_sample *sample)
{
	double total = sample->values[CS_METRIC_TOTAL], warm = sample->values[CS_METRIC_WARM_P50];

	sample->values[CS_METRIC_COST] = (double)NAN;
	if (isnan(total) || (cost->cold < 1 && isnan(warm)))
		return;
	sample->values[CS_METRIC_COST] = 1e6 * cost->cold * price_of(cost, total);
	if (cost->cold < 1)
		sample->values[CS_METRIC_COST] += 1e6 * (1 - cost->cold) * price_of(cost, warm);
}
