/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The null distribution of Wilcoxon's signed-rank statistic: the sum of those of the ranks 1..n that a
 * fair coin picks. Exact up to CS_SIGNED_RANK_EXACT, beyond it the normal approximation with the
 * continuity correction. Pure.
 *
 * Source: Hollander, Wolfe, Chicken, Nonparametric Statistical Methods, 3.1.
 * Context: any-thread.
 */
#pragma once

#include <stdint.h>

#define CS_SIGNED_RANK_EXACT 200u

/**
 * cs_signed_rank_few() - how small a sum is too small to be chance
 * @n:   pairs, > 0
 * @ret: the largest w with P(W <= w) <= @alpha
 *
 * Return: 0; -ERANGE not even a sum of 0 would be small enough; -ENOMEM.
 */
int cs_signed_rank_few(uint32_t n, double alpha, uint32_t *ret) __attribute__((warn_unused_result));
