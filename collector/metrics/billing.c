/* SPDX-License-Identifier: Apache-2.0 */

/* Steps and minima of platforms; see billing.h. */
#include "collector/metrics/billing.h"

#include <stdbool.h>
#include <string.h>

#define MS_NS 1000000ull
#define MIB   1048576ull

struct tariff {
	const char *platform;
	uint64_t step_ns;
	uint64_t least_ns;
	bool init;            /* is billed */
	uint64_t memory_step; /* of what is used; 0: what is allotted is billed */
	uint64_t memory_most;
};

static const struct tariff tariffs[] = {
	{ .platform = "aws_lambda", .step_ns = MS_NS, .init = true },
	{ .platform = "gcp_cloud_run", .step_ns = 100 * MS_NS, .init = true },
	{ .platform = "gcp_cloud_functions", .step_ns = 100 * MS_NS, .init = true },
	{ .platform = "azure.functions",
	  .step_ns = MS_NS,
	  .least_ns = 100 * MS_NS,
	  .memory_step = 128 * MIB,
	  .memory_most = 1536 * MIB },
};
static const struct tariff nobodys = { .step_ns = 1, .init = true };

static const struct tariff *find(const char *platform)
{
	for (size_t i = 0; platform && i < sizeof(tariffs) / sizeof(tariffs[0]); i++) {
		if (!strcmp(platform, tariffs[i].platform))
			return &tariffs[i];
	}
	return &nobodys;
}

static uint64_t round_up(uint64_t value, uint64_t step)
{
	uint64_t more = value % step ? step - value % step : 0;

	return value < UINT64_MAX - more ? value + more : UINT64_MAX;
}

uint64_t cs_billed_ns(const char *platform, uint64_t used_ns)
{
	const struct tariff *tariff = find(platform);

	return round_up(used_ns < tariff->least_ns ? tariff->least_ns : used_ns, tariff->step_ns);
}

uint64_t cs_billed_init_ns(const char *platform, uint64_t init_ns, uint64_t event_ns)
{
	uint64_t both_ns;

	if (!find(platform)->init || __builtin_add_overflow(init_ns, event_ns, &both_ns))
		return 0;
	return cs_billed_ns(platform, both_ns) - (event_ns ? cs_billed_ns(platform, event_ns) : 0);
}

uint64_t cs_billed_bytes(const char *platform, uint64_t limit_bytes, uint64_t used_bytes)
{
	const struct tariff *tariff = find(platform);
	uint64_t bytes;

	if (!tariff->memory_step)
		return limit_bytes;
	bytes = round_up(used_bytes, tariff->memory_step);
	return bytes < tariff->memory_most ? bytes : tariff->memory_most;
}

double cs_gb_seconds(uint64_t bytes, uint64_t ns)
{
	return (double)bytes / (1024.0 * (double)MIB) * ((double)ns / 1e9);
}
