/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Two programs measured apart, at other times or elsewhere: how much the second takes relative to the
 * first. Nothing cancels out what differed between those times: it is weaker than pairs (paired.h), and a
 * bound of it tells of scatter alone. Pure.
 *
 * Source: Hollander, Wolfe, Chicken, Nonparametric Statistical Methods, 4.2 and 4.3 (Hodges-Lehmann
 * estimate of a shift, distribution-free bounds from all differences); Good, Permutation Tests (two samples).
 * Context of all: any-thread.
 */
#pragma once

#include <stdint.h>

#include "agent/statistics/paired.h"

#define CS_UNPAIRED_MAX (1u << 23) /* differences: a table of more is above 64 MiB */

/**
 * cs_unpaired_ratio() - the second relative to the first
 * @first:  @first_count > 0 values, > 0
 * @second: @second_count > 0 values, > 0
 * @ret:    as of pairs, of the shift of the logarithms
 *
 * Return: 0; -ENOMEM; -EINVAL a value is not above 0; -E2BIG their product is above CS_UNPAIRED_MAX.
 */
int cs_unpaired_ratio(const double *first, uint32_t first_count, const double *second,
		      uint32_t second_count, double alpha, struct cs_paired_ratio *ret)
	__attribute__((warn_unused_result));

/**
 * cs_unpaired_tail_chance() - could chance alone have made the second's quantile that much larger?
 * @q:       which, 0 < @q < 1
 * @shuffles: random divisions of all values, > 0
 * @seed:    of these; the same samples and seed give the same answer
 * @ret:     the one-sided p-value: the share of divisions, what was measured counted in, whose ratio of
 *           quantiles is at least the one measured
 *
 * Return: 0; -ENOMEM; -EINVAL a value is not above 0.
 */
int cs_unpaired_tail_chance(const double *first, uint32_t first_count, const double *second,
			    uint32_t second_count, double q, uint32_t shuffles, uint64_t seed,
			    double *ret) __attribute__((warn_unused_result));
