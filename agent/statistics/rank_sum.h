/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The null distribution of the rank-sum statistic of Mann and Whitney: of all pairs of one of @m values and
 * one of @n others, how many have the first above the second, where all orders are as likely. Exact while
 * @m * @n is at most CS_RANK_SUM_EXACT, beyond it the normal approximation with the continuity correction.
 * Pure.
 *
 * Source: Hollander, Wolfe, Chicken, Nonparametric Statistical Methods, 4.1.
 * Context: any-thread.
 */
#pragma once

#include <stdint.h>

#define CS_RANK_SUM_EXACT 3600u /* 60 beside 60: some 20 ms */

/**
 * cs_rank_sum_few() - how few such pairs are too few to be chance
 * @m:   values, > 0
 * @n:   others, > 0
 * @ret: the largest u with P(U <= u) <= @alpha
 *
 * Return: 0; -ERANGE not even none would be few enough; -ENOMEM.
 */
int cs_rank_sum_few(uint32_t m, uint32_t n, double alpha, uint64_t *ret)
	__attribute__((warn_unused_result));
