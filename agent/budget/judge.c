/* SPDX-License-Identifier: Apache-2.0 */

/* Verdicts on budgets; see judge.h. */
#include "agent/budget/judge.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "agent/statistics/paired.h"
#include "agent/statistics/quantile.h"

/* One metric of all starts in which it was seen, in both halves of a pair. */
struct column {
	double *own;    /* owned */
	double *others; /* owned; meaningful with pairs */
	uint32_t count;
};

static int take_column(const struct cs_samples *samples, unsigned metric, bool pairs,
		       struct column *ret)
{
	ret->own = calloc(samples->count + 1, sizeof(*ret->own));
	ret->others = calloc(samples->count + 1, sizeof(*ret->others));
	if (!ret->own || !ret->others)
		return -ENOMEM;
	for (uint32_t i = 0; i < samples->count; i++) {
		double own = samples->own[i].values[metric];
		double other = pairs ? samples->others[i].values[metric] : 0;

		if (isnan(own) || isnan(other))
			continue;
		ret->own[ret->count] = own;
		ret->others[ret->count++] = other;
	}
	return 0;
}

static void put_column(struct column *column)
{
	free(column->own);
	free(column->others);
}

static double at_rank(const double *sorted, uint32_t rank)
{
	return rank ? sorted[rank - 1] : (double)NAN;
}

static double quantile(const double *sorted, uint32_t count, double q)
{
	return q < 1 ? at_rank(sorted, cs_quantile_rank(count, q)) : sorted[count - 1];
}

/* --- absolute --- */

static void judge_every(const struct cs_budget *budget, struct column *column,
			struct cs_judgement *ret)
{
	while (ret->over < column->count &&
	       column->own[column->count - 1 - ret->over] > budget->max.value)
		ret->over++;
	ret->too_many = 1;
	ret->point = ret->lower = ret->upper = column->own[column->count - 1];
	ret->verdict = ret->over ? CS_VERDICT_FAIL : CS_VERDICT_PASS;
}

static void judge_quantile(const struct cs_budget *budget, struct column *column, double alpha,
			   bool strict, struct cs_judgement *ret)
{
	struct cs_quantile_evidence evidence;

	switch (cs_quantile_judge(column->own, column->count, budget->quantile, budget->max.value,
				  alpha, &evidence)) {
	case CS_QUANTILE_EXCEEDED:
		ret->verdict = CS_VERDICT_FAIL;
		break;
	case CS_QUANTILE_PROVED:
		ret->verdict = CS_VERDICT_PASS;
		break;
	case CS_QUANTILE_KEPT:
		ret->verdict = strict ? CS_VERDICT_INCONCLUSIVE : CS_VERDICT_PASS;
		break;
	case CS_QUANTILE_NOT_PROVABLE:
		ret->verdict = CS_VERDICT_INCONCLUSIVE;
		break;
	}
	ret->over = evidence.over;
	ret->too_many = evidence.too_many;
	ret->point = at_rank(column->own, evidence.ranks.point);
	ret->lower = at_rank(column->own, evidence.ranks.lower);
	ret->upper = at_rank(column->own, evidence.ranks.upper);
}

/* --- against others --- */

/* As a factor of the others' value. */
static double allowed_factor(const struct cs_budget *budget, double other)
{
	switch (budget->max.kind) {
	case CS_QUANTITY_SHARE:
		return 1 + budget->max.value;
	case CS_QUANTITY_FACTOR:
		return budget->max.value;
	case CS_QUANTITY_COUNT:
	case CS_QUANTITY_DURATION:
	case CS_QUANTITY_SIZE:
		break;
	}
	return other > 0 ? 1 + budget->max.value / other : (double)INFINITY;
}

/* Structural counts: the largest of each, compared as they are. */
static void judge_counts(const struct cs_budget *budget, struct column *column,
			 struct cs_judgement *ret)
{
	double own = column->own[column->count - 1], other = column->others[column->count - 1];
	double allowed = budget->max.kind == CS_QUANTITY_COUNT
				 ? other + budget->max.value
				 : other * allowed_factor(budget, other);

	ret->other = other;
	ret->point = ret->lower = ret->upper = own - other;
	ret->verdict = own > allowed * (1 + 1e-12) ? CS_VERDICT_FAIL : CS_VERDICT_PASS;
}

static int judge_median(const struct cs_budget *budget, const struct column *column, double alpha,
			bool strict, struct cs_judgement *ret)
{
	double allowed = allowed_factor(budget, ret->other);
	struct cs_paired_ratio ratio;
	bool large;
	int r = cs_paired_ratio(column->others, column->own, column->count, alpha, &ratio);

	if (r < 0)
		return r;
	large = (ratio.estimate - 1) * ret->other >= budget->min_effect;
	ret->point = ratio.estimate;
	ret->lower = ratio.lower > 0 ? ratio.lower : (double)NAN;
	ret->upper = isinf(ratio.upper) ? (double)NAN : ratio.upper;
	if (ratio.lower > allowed && large)
		ret->verdict = CS_VERDICT_FAIL;
	else if (ratio.estimate <= allowed || !large)
		ret->verdict = strict && large && !(ratio.upper <= allowed)
				       ? CS_VERDICT_INCONCLUSIVE
				       : CS_VERDICT_PASS;
	else
		ret->verdict = CS_VERDICT_INCONCLUSIVE;
	return 0;
}

/* Is it larger than allowed by more than chance? The allowance is taken out of own values first. */
static int judge_tail(const struct cs_budget *budget, const struct column *column, double own,
		      double alpha, uint64_t seed, struct cs_judgement *ret)
{
	double allowed = allowed_factor(budget, ret->other);
	bool large = own - ret->other >= budget->min_effect;
	int r;

	for (uint32_t i = 0; i < column->count; i++)
		column->own[i] /= allowed;
	r = cs_paired_tail_chance(column->others, column->own, column->count,
				  budget->quantile < 1 ? budget->quantile : 1 - 1e-6,
				  CS_JUDGE_SWAPS, seed, &ret->chance);
	if (r < 0)
		return r;
	ret->point = own / ret->other;
	ret->lower = ret->upper = (double)NAN;
	if (ret->point <= allowed || !large)
		ret->verdict = CS_VERDICT_PASS;
	else
		ret->verdict = ret->chance <= alpha ? CS_VERDICT_FAIL : CS_VERDICT_INCONCLUSIVE;
	return 0;
}

static int judge_pairs(const struct cs_budget *budget, const struct column *column,
		       const struct column *sorted, double alpha, bool strict, uint64_t seed,
		       struct cs_judgement *ret)
{
	double own = quantile(sorted->own, sorted->count, budget->quantile);
	bool middle = fabs(budget->quantile - 0.5) < 1e-9;
	int r;

	ret->other = quantile(sorted->others, sorted->count, budget->quantile);
	r = middle ? judge_median(budget, column, alpha, strict, ret)
		   : judge_tail(budget, column, own, alpha, seed, ret);
	if (r != -EINVAL && r != -E2BIG)
		return r;
	ret->verdict = CS_VERDICT_NO_DATA; /* no ratio of what took no time */
	return 0;
}

/* --- all --- */

static int judge_column(const struct cs_budget *budget, struct column *column,
			struct column *sorted, double alpha, bool strict, uint64_t seed,
			struct cs_judgement *ret)
{
	bool exact = cs_metric_about(budget->metric).exact;

	cs_samples_sort(sorted->own, sorted->count);
	cs_samples_sort(sorted->others, sorted->count);
	ret->smallest = sorted->own[0];
	if (budget->against != CS_AGAINST_NOTHING) {
		if (!exact)
			return judge_pairs(budget, column, sorted, alpha, strict, seed, ret);
		judge_counts(budget, sorted, ret);
	} else if (exact || budget->quantile >= 1) {
		judge_every(budget, sorted, ret);
	} else {
		judge_quantile(budget, sorted, alpha, strict, ret);
	}
	return 0;
}

int cs_judge(const struct cs_budget *budget, const struct cs_samples *samples, double alpha,
	     bool strict, uint64_t seed, struct cs_judgement *ret)
{
	bool pairs = budget->against != CS_AGAINST_NOTHING;
	struct column column = { 0 }, sorted = { 0 };
	struct cs_judgement judgement = {
		.verdict = CS_VERDICT_NO_DATA,
		.point = (double)NAN,
		.lower = (double)NAN,
		.upper = (double)NAN,
		.smallest = (double)NAN,
		.other = (double)NAN,
		.chance = (double)NAN,
	};
	int r = 0;

	if (!pairs || samples->others) {
		r = take_column(samples, budget->metric, pairs, &column);
		if (r == 0)
			r = take_column(samples, budget->metric, pairs, &sorted);
	}
	judgement.count = column.count;
	judgement.missing = samples->count - column.count;
	if (r == 0 && column.count)
		r = judge_column(budget, &column, &sorted, alpha, strict, seed, &judgement);
	/* A start in which it was not seen may be the one that exceeds it: that is not green. */
	if (judgement.missing && judgement.verdict == CS_VERDICT_PASS)
		judgement.verdict = CS_VERDICT_NO_DATA;
	put_column(&column);
	put_column(&sorted);
	if (r == 0)
		*ret = judgement;
	return r;
}
