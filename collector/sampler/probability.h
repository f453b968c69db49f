/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Probabilities as rejection thresholds: of 2^56 traces so many are left out. Pure.
 *
 * Format: OpenTelemetry specification, trace/tracestate-probability-sampling.md.
 */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"

#define CS_THRESHOLD_BITS      56u
#define CS_THRESHOLD_DIGITS    14u /* hexadecimal */
#define CS_THRESHOLD_ALL       0ull
#define CS_THRESHOLD_NOTHING   (1ull << CS_THRESHOLD_BITS)
#define CS_THRESHOLD_UNKNOWN   UINT64_MAX
#define CS_THRESHOLD_PRECISION 4u /* what the specification recommends */

/**
 * cs_threshold_of() - of a probability
 * @probability: 0 to 1; below 2^-57 nothing is left of it
 * @precision:   digits that count, behind those that are all f: 1 to 14
 *
 * Context: any-thread.
 * Return:  CS_THRESHOLD_ALL to CS_THRESHOLD_NOTHING.
 */
uint64_t cs_threshold_of(double probability, unsigned precision);

/** cs_threshold_probability() - the other way round. Context: any-thread. */
double cs_threshold_probability(uint64_t threshold);

/** cs_probability_parse() - "0.25", "1", "1e-3". Return: 0; -EINVAL no number from 0 to 1. Context: startup. */
int cs_probability_parse(const char *text, double *ret) cs_must_use;
