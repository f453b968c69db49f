/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The binomial distribution: of @n cold starts, how many exceed a budget that each exceeds with
 * probability @p. Exact, whatever durations are distributed like. Pure.
 *
 * Accuracy: 1e-9 relative up to n = 100,000 (tests/unit/agent/test_binomial.c, against SciPy).
 * Context of all: any-thread.
 */
#pragma once

#include <stdint.h>

#define CS_BINOMIAL_N_MAX 1000000u /* trials; more than anybody measures */

/** cs_binomial_tail() - P(X >= @k), @n trials of probability @p, 0 < @p < 1 */
double cs_binomial_tail(uint32_t n, double p, uint32_t k);

/**
 * cs_binomial_enough() - how many are too many to be chance
 *
 * Return: the smallest k with P(X >= k) <= @alpha; @n + 1: not even all would be enough.
 */
uint32_t cs_binomial_enough(uint32_t n, double p, double alpha);

/**
 * cs_binomial_few() - how few are too few to be chance
 * @ret: the largest m with P(X <= m) <= @alpha
 *
 * Return: 0; -ERANGE not even none would be few enough.
 */
int cs_binomial_few(uint32_t n, double p, double alpha, uint32_t *ret)
	__attribute__((warn_unused_result));
