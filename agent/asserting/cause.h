/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Why a budget is exceeded, as far as the samples tell: against a baseline the phases that grew and the files
 * that are new or gone, else the phase that takes most; and what to type next.
 */
#pragma once

#include "agent/asserting/asserting.h"

/**
 * cs_cause_of() - one line
 * @budget: of @asserted's function, and exceeded
 *
 * Context:   any-thread.
 * Ownership: the caller's: free() it.
 * Return:    NULL: there is nothing to say, or no memory.
 */
char *cs_cause_of(const struct cs_asserted *asserted, const struct cs_budget *budget);
