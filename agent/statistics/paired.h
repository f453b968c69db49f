/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Two programs measured in pairs, one beside the other: how much the second takes relative to the
 * first. What slows both halves of a pair cancels out. Pure.
 *
 * Source: Hollander, Wolfe, Chicken, Nonparametric Statistical Methods, 3.2 and 3.3 (Hodges-Lehmann
 * estimate, distribution-free bounds from Walsh averages); Good, Permutation Tests (paired).
 * Context of all: any-thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CS_PAIRS_MAX 4096u /* a table of Walsh averages of more is 64 MiB and above */

/* How the second compares with the first: ratios, 1 is no change. */
struct cs_paired_ratio {
	double estimate; /* Hodges-Lehmann of the logarithms */
	double lower;    /* one-sided, error alpha; 0: there is none */
	double upper;    /* one-sided, error alpha; infinite: there is none */
};

/**
 * cs_paired_ratio() - the second relative to the first
 * @first:  @count > 0 values, > 0; value i of @second was measured beside it
 * @second: @count values, > 0
 *
 * Return: 0; -ENOMEM; -EINVAL a value is not above 0; -E2BIG more than CS_PAIRS_MAX.
 */
int cs_paired_ratio(const double *first, const double *second, uint32_t count, double alpha,
		    struct cs_paired_ratio *ret) __attribute__((warn_unused_result));

/**
 * cs_paired_tail_chance() - could chance alone have made the second's quantile that much larger?
 * @q:     which, 0 < @q < 1
 * @swaps: random exchanges of the halves of pairs, > 0
 * @seed:  of these; the same samples and seed give the same answer
 * @ret:   the one-sided p-value: the share of exchanges, what was measured counted in, whose ratio of
 *         quantiles is at least the one measured
 *
 * Return: 0; -ENOMEM; -EINVAL a value is not above 0.
 */
int cs_paired_tail_chance(const double *first, const double *second, uint32_t count, double q,
			  uint32_t swaps, uint64_t seed, double *ret)
	__attribute__((warn_unused_result));
