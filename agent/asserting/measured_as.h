/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How a function is measured, as a word: samples that were measured otherwise are of something else. What is
 * measured, its command, is not in it: that is what two results are compared for.
 */
#pragma once

#include "agent/budget/plan.h"
#include "base/fingerprint.h"

#define CS_MEASURED_AS_BYTES CS_FINGERPRINT_BYTES

/**
 * cs_measured_as() - of its ready rule, first event, page cache, processors and warm events
 * @pairs: it is measured in pairs, on this machine: slow processors may be avoided
 * @ret:   16 hexadecimal digits; the same for the same
 *
 * Context: startup.
 */
void cs_measured_as(const struct cs_plan_function *function, bool pairs,
		    char ret[CS_MEASURED_AS_BYTES]);
