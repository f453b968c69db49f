/* SPDX-License-Identifier: Apache-2.0 */

/* Critical values of the rank-sum statistic; see rank_sum.h. */
#include "agent/statistics/rank_sum.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "agent/statistics/normal.h"
#include "base/cleanup.h"

/*
 * @m of the ranks 1..@m+@n are drawn without return, rank by rank: row j, column u is the chance that j were
 * drawn so far, whose sum is u more than that of the j lowest.
 */
static double *distribution(uint32_t m, uint32_t n)
{
	size_t width = (size_t)m * n + 1;
	double *chances = calloc((m + 1) * width, sizeof(*chances));

	if (!chances)
		return NULL;
	chances[0] = 1;
	for (uint32_t rank = 1; rank <= m + n; rank++) {
		uint32_t left = m + n - rank + 1; /* ranks that are not decided yet */

		for (uint32_t j = rank < m ? rank : m;; j--) {
			double *row = chances + j * width;
			/* Chosen as number j it has rank - j below it that are not. */
			double chosen = ((double)m - j + 1) / left;
			double not_chosen = 1 - ((double)m - j) / left;

			for (size_t u = width; u-- > 0;) {
				double value = row[u] * not_chosen;

				if (j && u >= rank - j)
					value += (row - width)[u - (rank - j)] * chosen;
				row[u] = value;
			}
			if (!j)
				break;
		}
	}
	return chances;
}

static int exact(uint32_t m, uint32_t n, double alpha, uint64_t *ret)
{
	size_t most = (size_t)m * n;
	cs_cleanup(cs_freep) double *chances = distribution(m, n);
	double sum = 0;

	if (!chances)
		return -ENOMEM;
	for (size_t u = 0; u <= most; u++) {
		sum += chances[m * (most + 1) + u];
		if (sum > alpha * (1 + 1e-12)) {
			if (!u)
				return -ERANGE;
			*ret = u - 1;
			return 0;
		}
	}
	*ret = most;
	return 0;
}

int cs_rank_sum_few(uint32_t m, uint32_t n, double alpha, uint64_t *ret)
{
	double pairs = (double)m * n, few;

	if (pairs <= CS_RANK_SUM_EXACT)
		return m <= n ? exact(m, n, alpha, ret) : exact(n, m, alpha, ret);
	few = floor(pairs / 2 - 0.5 -
		    cs_normal_distance(alpha) * sqrt(pairs * ((double)m + n + 1) / 12));
	if (few < 0)
		return -ERANGE;
	*ret = (uint64_t)few;
	return 0;
}
