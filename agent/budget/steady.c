/* SPDX-License-Identifier: Apache-2.0 */

/* Waiting for a fast processor, and starting again; see steady.h. */
#include "agent/budget/steady.h"

#include <math.h>

static double least_of_all(const struct cs_steady *steady)
{
	double least_ns = (double)INFINITY;

	for (unsigned i = 0; i < CS_STEADY_PROCESSORS; i++) {
		if (steady->processors[i].probes)
			least_ns = fmin(least_ns, steady->processors[i].least_ns);
	}
	return least_ns;
}

double cs_steady_see(struct cs_steady *steady, unsigned processor, double probe_ns)
{
	struct cs_steady_processor *own = &steady->processors[processor];
	double least_ns;

	own->least_ns = own->probes ? fmin(own->least_ns, probe_ns) : probe_ns;
	if (own->probes < CS_STEADY_OF_ITS_KIND)
		own->probes++;
	least_ns = least_of_all(steady);
	if (own->probes == CS_STEADY_OF_ITS_KIND && own->least_ns > CS_NOISE_SLOW * least_ns)
		least_ns = own->least_ns;
	return probe_ns / least_ns;
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
