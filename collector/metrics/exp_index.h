/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Indices of base-2 exponential buckets, out of the bits of the double: no libm, exact for every positive
 * finite value and every scale, subnormal ones too. Pure.
 *
 * Format: OpenTelemetry specification, metrics/data-model.md, "ExponentialHistogram".
 */
#pragma once

#include <stdint.h>

#define CS_EXP_SCALE_MIN (-10)
#define CS_EXP_SCALE_MAX 8 /* what Prometheus takes at most */

/**
 * cs_exp_index() - i, where base^i < @value ≤ base^(i+1), base = 2^(2^-@scale)
 * @value: positive and finite
 *
 * Context: any-thread (pure).
 */
int32_t cs_exp_index(double value, int scale);
