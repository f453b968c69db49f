/* SPDX-License-Identifier: Apache-2.0 */

/* Waiting for a fast processor, and starting again; see steady.h. */
#include "agent/budget/steady.h"

#include <math.h>

double cs_steady_see(struct cs_steady *steady, double probe_ns)
{
	if (!(steady->least_ns > 0) || probe_ns < steady->least_ns)
		steady->least_ns = probe_ns;
	return probe_ns / steady->least_ns;
}

void cs_steady_next_pair(struct cs_steady *steady)
{
	steady->pairs++;
}

bool cs_steady_waits(const struct cs_steady *steady, double slowed, double waited_ns)
{
	return slowed > CS_NOISE_SLOW && waited_ns < CS_STEADY_WAIT_NS &&
	       steady->waited_ns < steady->pairs * CS_STEADY_PAIR_WAIT_NS;
}

bool cs_steady_again(const struct cs_steady *steady, const struct cs_noise *noise, unsigned made)
{
	return cs_noise_slowed(noise) > CS_NOISE_SLOW && made <= CS_STEADY_AGAIN &&
	       steady->again < steady->pairs * CS_STEADY_PAIR_AGAIN;
}

bool cs_steady_prefers(const struct cs_noise *one, const struct cs_noise *other)
{
	return cs_noise_slowed(one) < cs_noise_slowed(other);
}
