/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Verdicts: what samples of cold starts prove about a budget. Pure: the same samples give the same verdict,
 * now or read back from a file. Never green without data.
 *
 *   amounts    exact binomial test on how many starts exceed it (agent/statistics/quantile.h)
 *   counts     structural: every start counts, one above is proof
 *   medians against a baseline    Hodges-Lehmann on pairs, one-sided bound by signed ranks
 *   tails against a baseline      exchanges within pairs
 *   against samples of another time    the same of two samples: rank sums, divisions (unpaired.h). What
 *              changed with the time is in no bound of these: a median that grew by less than CS_JUDGE_APART
 *              is never proved to exceed. Those in which the metric was not seen are left out, and told;
 *              with fewer than CS_JUDGE_KNOWN of them there is no data
 *
 * A machine that is too noisy for a budget makes it UNSTABLE, not kept:
 *   amounts    exceeded, but without the starts in which the machine was disturbed (noise.h) their
 *              quantile keeps it
 *   medians against a baseline    neither proved to be kept nor exceeded, and nine of ten such runs would
 *              have to be slower by more than CS_JUDGE_COARSE_TIMES what is allowed, and CS_JUDGE_COARSE
 *              more, to be found out
 * A quantile above the median, of fewer starts than could prove it, is in doubt, however fast they were.
 *
 * Context of all: any-thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/budget/budget.h"
#include "agent/budget/metric.h"
#include "agent/budget/noise.h"
#include "base/cleanup.h"

#define CS_JUDGE_SWAPS        1999u /* exchanges: p-values in steps of 0.0005 */
#define CS_JUDGE_COARSE_TIMES 2.0
#define CS_JUDGE_COARSE       0.1
#define CS_JUDGE_ALPHA        0.05 /* by which so few starts can prove nothing */
#define CS_JUDGE_MISSED       0.1  /* share of runs that may miss what resolution tells */
#define CS_JUDGE_APART        0.05 /* of others of another time: what the machine's day may change */
#define CS_JUDGE_KNOWN        0.9  /* of these: that share has to have what is judged */

enum cs_verdict {
	CS_VERDICT_PASS,
	CS_VERDICT_FAIL,         /* proved */
	CS_VERDICT_INCONCLUSIVE, /* it looks exceeded, and more starts may prove it */
	CS_VERDICT_NO_DATA,      /* it was seen in no start, or not in every one */
	CS_VERDICT_UNSTABLE,     /* the machine was too noisy to tell */
};

/* One cold start. */
struct cs_sample {
	double values[CS_METRIC_COUNT]; /* ns, bytes, counts; NaN: not seen */
	struct cs_noise noise;          /* what the machine did meanwhile */
};

/* Cold starts of a function, and what they compare with: i of the others was made beside i, unless apart. */
struct cs_samples {
	const struct cs_sample *own;
	const struct cs_sample *others; /* NULL: there are none */
	uint32_t count;
	uint32_t apart; /* others, so many, that were made at another time; 0: pairs */
};

struct cs_judgement {
	enum cs_verdict verdict;
	uint32_t count;          /* of starts that counted */
	uint32_t missing;        /* starts in which it was not seen */
	uint32_t others_count;   /* of those of another time, that counted */
	uint32_t others_missing; /* in which it was not seen */
	uint32_t over;           /* absolute: that exceed the amount */
	uint32_t too_many;       /* absolute: that many would prove it */
	double point; /* the statistic; against others their ratio, or for counts the difference */
	double lower; /* one-sided bounds of it; NaN: there is none */
	double upper;
	double smallest;    /* counts: of all starts; where they differ, it is not deterministic */
	double other;       /* the others' statistic; NaN none */
	double chance;      /* tails: p-value; NaN otherwise */
	uint32_t needed;    /* in doubt for too few: so many starts, or pairs, could prove it; 0 */
	uint32_t disturbed; /* UNSTABLE amounts: starts without which it looks kept */
	bool apart;         /* it is relative to samples of another time: weaker */
	bool alone;         /* it is relative, and there is nothing that it is relative to */
	bool scant;         /* NO DATA: too many of the others are left out */
	bool oversize;      /* NO DATA: more ratios than can be told apart */
	double resolution;  /* medians of pairs: as cs_judge_resolution(); NaN otherwise */
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

/**
 * cs_judge_needed() - so many starts, or pairs, it takes at least for a PASS
 * @alpha: error of a verdict
 *
 * Return: 0: any number will do. Samples of another time may need more.
 */
uint32_t cs_judge_needed(const struct cs_budget *budget, double alpha, bool strict);

/** cs_judge_allowed() - the largest that keeps it, where what it is relative to has @other. */
double cs_judge_allowed(const struct cs_budget *budget, double other);

/**
 * cs_judge_resolution() - what starts like these could tell
 * @metric: an amount
 * @alpha:  error of a proof
 * @ret:    0.04: nine of ten such runs prove a growth of 4 % above what is allowed; NaN: no growth at all.
 *          How far apart the two sides are is not in it
 *
 * Return: 0; -ENOMEM.
 */
int cs_judge_resolution(const struct cs_samples *samples, unsigned metric, double alpha,
			double *ret) cs_must_use;

/** cs_sample_clear() - nothing was seen of it, and nothing is known of the machine. Context: any-thread. */
void cs_sample_clear(struct cs_sample *sample);

/** cs_samples_resident() - the most of their files in the page cache; NaN: not known. */
double cs_samples_resident(const struct cs_sample *samples, uint32_t count);
