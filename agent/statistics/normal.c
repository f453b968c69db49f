/* SPDX-License-Identifier: Apache-2.0 */

/* The standard normal distribution's quantile; see normal.h. */
#include "agent/statistics/normal.h"

#include <math.h>

/* By bisection of erfc(). */
double cs_normal_distance(double alpha)
{
	double low = 0, high = 40;

	for (int i = 0; i < 80; i++) {
		double middle = (low + high) / 2;

		if (erfc(middle / sqrt(2)) / 2 > alpha)
			low = middle;
		else
			high = middle;
	}
	return high;
}
