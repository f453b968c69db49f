/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What one series of a histogram holds: exponential and explicit buckets of the same values, their sum and
 * their ends. Of a fixed size, which its layout tells; no I/O, no clock, no allocation.
 */
#pragma once

#include "collector/metrics/bucket_layout.h"
#include "collector/metrics/exp_histogram.h"

/* Where it begins: a bucket is 1.1 % wide, and a quantile at most that far off. */
#define CS_HISTOGRAM_SCALE 6

struct cs_histogram {
	struct cs_bucket_bounds layout; /* its bounds are borrowed */
	struct cs_exp_histogram exp;
	double sum;
	double min, max;    /* of no meaning if it is empty */
	uint64_t *explicit; /* layout.count + 1 */
};

/** cs_histogram_words() - so many uint64_t are its buckets. */
size_t cs_histogram_words(const struct cs_bucket_bounds *layout);

/** cs_histogram_init() - empty. @words: cs_histogram_words() of them, borrowed. */
void cs_histogram_init(struct cs_histogram *histogram, const struct cs_bucket_bounds *layout,
		       uint64_t *words);

/** cs_histogram_reset() - empty again. */
void cs_histogram_reset(struct cs_histogram *histogram);

/**
 * cs_histogram_record() - @value: finite and not below 0
 *
 * Return: its explicit bucket.
 */
size_t cs_histogram_record(struct cs_histogram *histogram, double value);

/** cs_histogram_count() - values in it. */
static inline uint64_t cs_histogram_count(const struct cs_histogram *histogram)
{
	return histogram->exp.count + histogram->exp.zero_count;
}
