/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Verdicts: what samples of cold starts prove about a budget. Pure: the same samples give the same verdict,
 * now or read back from a file. Never green without data.
 *
 *   amounts    exact binomial test on how many starts exceed it (agent/statistics/quantile.h)
 *   counts     structural: every start counts, one above is proof
 *   medians against a baseline    Hodges-Lehmann on pairs, one-sided bound by signed ranks
 *   tails against a baseline      exchanges within pairs
 *
 * Context of all: any-thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/budget/budget.h"
#include "agent/budget/metric.h"
#include "base/cleanup.h"

#define CS_JUDGE_SWAPS 1999u /* exchanges: p-values in steps of 0.0005 */

enum cs_verdict {
	CS_VERDICT_PASS,
	CS_VERDICT_FAIL,         /* proved */
	CS_VERDICT_INCONCLUSIVE, /* it looks exceeded, and more starts may prove it */
	CS_VERDICT_NO_DATA,      /* it was seen in no start, or not in every one */
};

/* One cold start. */
struct cs_sample {
	double values[CS_METRIC_COUNT]; /* ns, bytes, counts; NaN: not seen */
};

/* Cold starts of a function, and, where i of the others was made beside i, what they compare with. */
struct cs_samples {
	const struct cs_sample *own;
	const struct cs_sample *others; /* NULL: there are none */
	uint32_t count;
};

struct cs_judgement {
	enum cs_verdict verdict;
	uint32_t count;    /* of starts that counted */
	uint32_t missing;  /* starts in which it was not seen */
	uint32_t over;     /* absolute: that exceed the amount */
	uint32_t too_many; /* absolute: that many would prove it */
	double point; /* the statistic; against others their ratio, or for counts the difference */
	double lower; /* one-sided bounds of it; NaN: there is none */
	double upper;
	double smallest; /* counts: of all starts; where they differ, it is not deterministic */
	double other;    /* the others' statistic; NaN none */
	double chance;   /* tails: p-value; NaN otherwise */
};

/**
 * cs_judge() - does it keep its budget?
 * @alpha:  error of the verdict FAIL
 * @strict: PASS only what is proved to be kept
 * @seed:   of exchanges
 * @ret:    always set but on -ENOMEM
 *
 * Return: 0; -ENOMEM.
 */
int cs_judge(const struct cs_budget *budget, const struct cs_samples *samples, double alpha,
	     bool strict, uint64_t seed, struct cs_judgement *ret) cs_must_use;
