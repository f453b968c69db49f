/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A base-2 exponential histogram of what is not below zero. It begins as fine as it may be and halves its
 * resolution where the values span more than its buckets; nothing is added to the error but that. Its
 * memory is its owner's and of a fixed size. No I/O, no clock, no allocation.
 *
 * Format: OpenTelemetry specification, metrics/data-model.md, "ExponentialHistogram".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "collector/metrics/exp_index.h"

#define CS_EXP_BUCKETS_MAX 320u /* the most that one may have */
#define CS_EXP_BUCKETS_MIN 4u   /* at the coarsest scale all of double is in so many */

struct cs_exp_histogram {
	uint64_t *counts;    /* borrowed: bucket i is at i modulo counts_max; none else is not 0 */
	unsigned counts_max; /* CS_EXP_BUCKETS_MIN … CS_EXP_BUCKETS_MAX */
	int scale_max;       /* where it begins */
	int scale;           /* CS_EXP_SCALE_MIN … scale_max */
	int32_t low, high;   /* of no meaning if all are empty */
	uint64_t count;      /* in buckets */
	uint64_t zero_count; /* of 0 */
};

/** cs_exp_histogram_init() - empty. @counts: so many as @counts_max, which live as long; set to 0. */
void cs_exp_histogram_init(struct cs_exp_histogram *histogram, uint64_t *counts,
			   unsigned counts_max, int scale_max);

/** cs_exp_histogram_reset() - empty again, and as fine as at first. */
void cs_exp_histogram_reset(struct cs_exp_histogram *histogram);

/** cs_exp_histogram_record() - @value: finite and not below 0. Context: owner (pure). */
void cs_exp_histogram_record(struct cs_exp_histogram *histogram, double value);

/**
 * cs_exp_histogram_merge() - as if what @from has had been recorded here
 *
 * The scale is the coarser one of both, or less.
 */
void cs_exp_histogram_merge(struct cs_exp_histogram *histogram,
			    const struct cs_exp_histogram *from);

/**
 * cs_exp_histogram_copy() - the buckets from low to high, in order
 * @ret: for at least high - low + 1; histogram->count is not 0
 *
 * Return: how many.
 */
size_t cs_exp_histogram_copy(const struct cs_exp_histogram *histogram, uint64_t *ret);
