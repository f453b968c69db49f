/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Explicit bounds of histograms, for readers that know no exponential ones. Ten a decade, of memory four an
 * octave: quantiles that are interpolated in them are within ten per cent, where a bucket has more than a few values.
 * Beside them there are 320 exponential ones of what boards show quantiles of, and else 160: of 320 each is 1.1 % wide
 * while the largest value is 31 times the smallest, and 2.2 % up to 1,000 times. Pure.
 */
#pragma once

#include <stddef.h>

#include "collector/metrics/instruments.h"

#define CS_BOUNDS_MAX 52u

struct cs_bucket_bounds {
	const double *bounds; /* ascending */
	size_t count;
	unsigned exp_buckets; /* how many exponential ones there may be beside them */
};

/** cs_bucket_bounds() - of a layout but CS_BUCKETS_NONE. Context: any-thread. */
const struct cs_bucket_bounds *cs_bucket_bounds(enum cs_bucket_layout layout);

/** cs_bucket_find() - which bucket @value is in: i, where bounds[i-1] < value ≤ bounds[i]. */
size_t cs_bucket_find(const struct cs_bucket_bounds *layout, double value);
