/* SPDX-License-Identifier: Apache-2.0 */

/* What SciPy computes, recorded: see oracle.py, which made scipy.inc. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tests/unit/agent/statistics/scipy.inc"

#define SCIPY_COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const size_t scipy_tails_count = SCIPY_COUNT(scipy_tails);
static const size_t scipy_enough_count = SCIPY_COUNT(scipy_enough);
static const size_t scipy_bounds_count = SCIPY_COUNT(scipy_bounds);
static const size_t scipy_few_count = SCIPY_COUNT(scipy_few);
static const size_t scipy_chances_count = SCIPY_COUNT(scipy_chances);
static const size_t scipy_sums_count = SCIPY_COUNT(scipy_sums);
static const size_t scipy_shifts_count = SCIPY_COUNT(scipy_shifts);
static const size_t scipy_pairs_count = SCIPY_COUNT(scipy_pairs);
static const size_t scipy_divisions_count = SCIPY_COUNT(scipy_divisions);
