/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What invocations cost at prices that the plan names: requests, and memory times billed duration, in which a
 * cold start's init is, as AWS Lambda bills it since 2025-08-01 (AWS, "AWS Lambda standardizes billing for
 * INIT Phase"). No price is known here. Pure. Context of all: any-thread.
 */
#pragma once

#include "agent/budget/judge.h"

/* Of one list, of one day. */
struct cs_prices {
	const char *date;     /* "2026-11-22": of when they are */
	const char *source;   /* where they stand */
	double per_request;   /* USD */
	double per_gb_second; /* USD; a GB is 2^30 bytes */
	uint64_t step_ns;     /* a duration is rounded up to a multiple of it, > 0 */
	uint64_t minimum_ns;  /* and is billed so long at least */
};

struct cs_cost {
	double memory_bytes; /* that is paid for, however much is used */
	double cold;         /* share of invocations that are cold, 0 to 1 */
	struct cs_prices prices;
};

/** cs_cost_billed_ns() - of a duration, rounded up. */
uint64_t cs_cost_billed_ns(const struct cs_prices *prices, double duration_ns);

/**
 * cs_cost_fill() - set CS_METRIC_COST of @sample: of a million invocations, in USD
 *
 * Of its total and, unless all are cold, of the median of its warm invocations; not known if one of them is not.
 */
void cs_cost_fill(const struct cs_cost *cost, struct cs_sample *sample);
