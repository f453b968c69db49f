/* SPDX-License-Identifier: Apache-2.0 */

/* The table of noise, and when it is too much; see noise.h. */
#include "agent/budget/noise.h"

#include <math.h>

#define UNKNOWN ((double)NAN)

static const struct cs_noise_about table[] = {
#define X(id, name, kind, meaning) { name, meaning, CS_QUANTITY_##kind },
	CS_NOISES(X)
#undef X
};

struct cs_noise_about cs_noise_about(unsigned kind)
{
	return table[kind];
}

void cs_noise_clear(struct cs_noise *noise)
{
	*noise = (struct cs_noise){ .again = false };
	for (unsigned i = 0; i < CS_NOISE_COUNT; i++)
		noise->values[i] = UNKNOWN;
}

bool cs_noise_disturbed(const struct cs_noise *noise, double resident)
{
	const double *values = noise->values;

	/* Comparisons with what is not known are false. */
	return values[CS_NOISE_STEAL] > CS_NOISE_STEAL_SHARE * values[CS_NOISE_WINDOW] ||
	       values[CS_NOISE_RESIDENT] < resident - CS_NOISE_RESIDENT_LESS;
}

double cs_noise_slowed(const struct cs_noise *noise)
{
	return fmax(noise->values[CS_NOISE_SLOWED_BEFORE], noise->values[CS_NOISE_SLOWED_AFTER]);
}

/* --- of many --- */

void cs_noise_summary_init(struct cs_noise_summary *summary)
{
	*summary = (struct cs_noise_summary){ .load = UNKNOWN, .resident = UNKNOWN };
}

/* The mean of @count values becomes that of one more; one that is not known makes it so. */
static double mean(double so_far, uint32_t count, double value)
{
	return so_far + (value - so_far) / (count + 1);
}

void cs_noise_add(struct cs_noise_summary *summary, const struct cs_noise *noise, double resident)
{
	const double *values = noise->values;
	double window = values[CS_NOISE_WINDOW];

	summary->disturbed += cs_noise_disturbed(noise, resident);
	summary->again += noise->again;
	summary->probed += !isnan(cs_noise_slowed(noise));
	summary->slow += cs_noise_slowed(noise) > CS_NOISE_SLOW;
	if (values[CS_NOISE_NOT_TAKEN] > 0)
		summary->not_taken += (uint32_t)values[CS_NOISE_NOT_TAKEN];
	summary->switches = mean(summary->switches, summary->count, values[CS_NOISE_SWITCHES]);
	summary->faults = mean(summary->faults, summary->count, values[CS_NOISE_FAULTS_MAJOR]);
	summary->steal = mean(summary->steal, summary->count, values[CS_NOISE_STEAL] / window);
	summary->pressure =
		mean(summary->pressure, summary->count, values[CS_NOISE_PRESSURE] / window);
	summary->throttled =
		mean(summary->throttled, summary->count, values[CS_NOISE_THROTTLED] / window);
	summary->load = fmax(summary->load, values[CS_NOISE_LOAD]);
	summary->resident = fmin(summary->resident, values[CS_NOISE_RESIDENT]);
	summary->count++;
}
