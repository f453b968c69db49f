/* SPDX-License-Identifier: Apache-2.0 */

/* Critical values of the signed-rank statistic; see signed_rank.h. */
#include "agent/statistics/signed_rank.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "agent/statistics/normal.h"
#include "base/cleanup.h"

/* P(W = w) for each w, by adding one rank after the other, each with probability one half. */
static int exact(uint32_t n, double alpha, uint32_t *ret)
{
	uint32_t most = n * (n + 1) / 2;
	cs_cleanup(cs_freep) double *probability = calloc((size_t)most + 1, sizeof(double));
	double sum = 0;

	if (!probability)
		return -ENOMEM;
	probability[0] = 1;
	for (uint32_t rank = 1, reach = 0; rank <= n; rank++) {
		reach += rank;
		for (uint32_t w = reach + 1; w-- > 0;)
			probability[w] =
				(probability[w] + (w >= rank ? probability[w - rank] : 0)) / 2;
	}
	for (uint32_t w = 0; w <= most; w++) {
		sum += probability[w];
		if (sum > alpha * (1 + 1e-12)) {
			if (!w)
				return -ERANGE;
			*ret = w - 1;
			return 0;
		}
	}
	*ret = most;
	return 0;
}

int cs_signed_rank_few(uint32_t n, double alpha, uint32_t *ret)
{
	double mean = n * (n + 1.0) / 4, deviation = sqrt(n * (n + 1.0) * (2.0 * n + 1) / 24);
	double few;

	if (n <= CS_SIGNED_RANK_EXACT)
		return exact(n, alpha, ret);
	few = floor(mean - 0.5 - cs_normal_distance(alpha) * deviation);
	if (few < 0)
		return -ERANGE;
	*ret = (uint32_t)few;
	return 0;
}
