/* SPDX-License-Identifier: Apache-2.0 */

/* Verdicts on budgets; see judge.h. */
#include "agent/budget/judge.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/statistics/paired.h"
#include "agent/statistics/quantile.h"
#include "agent/statistics/unpaired.h"

#define UNKNOWN  ((double)NAN)
#define ROUNDING 1e-9

/* One metric of all starts in which it was seen, in both halves of a pair. */
struct column {
	double *own;    /* owned */
	double *others; /* owned; NULL: there are none */
	uint32_t count;
	uint32_t others_count;
	bool apart;        /* the others are no halves of pairs */
	uint32_t left_out; /* disturbed ones */
};

void cs_sample_clear(struct cs_sample *sample)
{
	for (unsigned i = 0; i < CS_METRIC_COUNT; i++)
		sample->values[i] = UNKNOWN;
	cs_noise_clear(&sample->noise);
}

double cs_samples_resident(const struct cs_sample *samples, uint32_t count)
{
	double most = UNKNOWN;

	for (uint32_t i = 0; i < count; i++)
		most = fmax(most, samples[i].noise.values[CS_NOISE_RESIDENT]);
	return most;
}

static void take_apart(const struct cs_samples *samples, unsigned metric, struct column *ret)
{
	ret->apart = true;
	for (uint32_t i = 0; i < samples->apart; i++) {
		double other = samples->others[i].values[metric];

		if (!isnan(other))
			ret->others[ret->others_count++] = other;
	}
}

/* @calm: without starts in which the machine was disturbed. */
static int take_column(const struct cs_samples *samples, unsigned metric, bool compared, bool calm,
		       struct column *ret)
{
	double resident = cs_samples_resident(samples->own, samples->count);
	uint32_t room = (samples->apart ? samples->apart : samples->count) + 1;
	bool pairs = compared && !samples->apart;

	ret->own = calloc(samples->count + 1, sizeof(*ret->own));
	ret->others = compared ? calloc(room, sizeof(*ret->others)) : NULL;
	if (!ret->own || (compared && !ret->others))
		return -ENOMEM;
	if (compared && samples->apart)
		take_apart(samples, metric, ret);
	for (uint32_t i = 0; i < samples->count; i++) {
		double own = samples->own[i].values[metric];
		double other = pairs ? samples->others[i].values[metric] : 0;

		if (isnan(own) || isnan(other))
			continue;
		if (calm && cs_noise_disturbed(&samples->own[i].noise, resident)) {
			ret->left_out++;
			continue;
		}
		if (pairs)
			ret->others[ret->others_count++] = other;
		ret->own[ret->count++] = own;
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
	return rank ? sorted[rank - 1] : UNKNOWN;
}

static double smallest(const double *values, uint32_t count)
{
	double least = values[0];

	for (uint32_t i = 1; i < count; i++)
		least = fmin(least, values[i]);
	return least;
}

static double largest(const double *values, uint32_t count)
{
	double most = values[0];

	for (uint32_t i = 1; i < count; i++)
		most = fmax(most, values[i]);
	return most;
}

static int quantile_of(const double *values, uint32_t count, double q, double *ret)
{
	double *sorted;

	if (q >= 1) {
		*ret = largest(values, count);
		return 0;
	}
	sorted = calloc(count, sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	memcpy(sorted, values, count * sizeof(*sorted));
	cs_samples_sort(sorted, count);
	*ret = at_rank(sorted, cs_quantile_rank(count, q));
	free(sorted);
	return 0;
}

uint32_t cs_judge_needed(const struct cs_budget *budget, double alpha, bool strict)
{
	bool compared = budget->against != CS_AGAINST_NOTHING;
	uint32_t looked, proved;

	if (cs_metric_about(budget->metric).exact || budget->quantile >= 1)
		return 0;
	/* Signs of less may all agree by chance. */
	if (compared && cs_budget_is_median(budget))
		return (uint32_t)ceil(-log2(alpha));
	looked = budget->quantile > 0.5
			 ? cs_quantile_provable_count(budget->quantile, CS_JUDGE_ALPHA)
			 : 0;
	proved = strict && !compared ? cs_quantile_provable_count(budget->quantile, alpha) : 0;
	return looked > proved ? looked : proved;
}

/* What looks kept, but is told by too few. */
static void doubt_too_few(const struct cs_budget *budget, uint32_t count, double alpha, bool strict,
			  struct cs_judgement *ret)
{
	uint32_t needed = cs_judge_needed(budget, alpha, strict);

	if (ret->verdict == CS_VERDICT_FAIL || count >= needed)
		return;
	ret->needed = needed;
	ret->verdict = CS_VERDICT_INCONCLUSIVE;
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
		if (evidence.too_many > column->count) /* not even all of them are enough */
			ret->needed = cs_quantile_provable_count(1 - budget->quantile, alpha);
		break;
	}
	ret->over = evidence.over;
	ret->too_many = evidence.too_many;
	ret->point = at_rank(column->own, evidence.ranks.point);
	ret->lower = at_rank(column->own, evidence.ranks.lower);
	ret->upper = at_rank(column->own, evidence.ranks.upper);
	doubt_too_few(budget, column->count, alpha, strict, ret);
}

static void judge_absolute(const struct cs_budget *budget, struct column *column, double alpha,
			   bool strict, struct cs_judgement *ret)
{
	cs_samples_sort(column->own, column->count);
	if (budget->quantile >= 1 || cs_metric_about(budget->metric).exact)
		judge_every(budget, column, ret);
	else
		judge_quantile(budget, column, alpha, strict, ret);
}

/* An amount is exceeded: by the starts alone in which the machine was not disturbed, does it look kept? */
static int judge_calm(const struct cs_budget *budget, const struct cs_samples *samples,
		      struct cs_judgement *ret)
{
	struct column calm = { 0 };
	double point = 0; /* of none */
	int r = take_column(samples, budget->metric, false, true, &calm);

	if (r == 0 && calm.count)
		r = quantile_of(calm.own, calm.count, budget->quantile, &point);
	if (r == 0 && calm.left_out && point <= budget->max.value) {
		ret->verdict = CS_VERDICT_UNSTABLE;
		ret->disturbed = calm.left_out;
	}
	put_column(&calm);
	return r;
}

/* --- against others --- */

double cs_judge_allowed(const struct cs_budget *budget, double other)
{
	if (budget->against == CS_AGAINST_NOTHING)
		return budget->max.value;
	switch (budget->max.kind) {
	case CS_QUANTITY_SHARE:
		return other * (1 + budget->max.value);
	case CS_QUANTITY_FACTOR:
		return other * budget->max.value;
	case CS_QUANTITY_COUNT:
	case CS_QUANTITY_DURATION:
	case CS_QUANTITY_SIZE:
	case CS_QUANTITY_COST:
		break;
	}
	return other + budget->max.value;
}

/* As a factor of the others' value, which is above 0: only such have a ratio. */
static double allowed_factor(const struct cs_budget *budget, double other)
{
	return cs_judge_allowed(budget, other) / other;
}

/* Structural counts: the largest of each, compared as they are. */
static void judge_counts(const struct cs_budget *budget, struct column *column,
			 struct cs_judgement *ret)
{
	double own = largest(column->own, column->count);
	double other = largest(column->others, column->others_count);
	double allowed = cs_judge_allowed(budget, other);

	ret->other = other;
	ret->point = ret->lower = ret->upper = own - other;
	ret->verdict = own > allowed * (1 + 1e-12) ? CS_VERDICT_FAIL : CS_VERDICT_PASS;
}

/* Between one day and another, less than that proves nothing. */
static bool is_provable(const struct column *column, double grew, double other)
{
	return !column->apart || grew >= CS_JUDGE_APART * other;
}

static int ratio_of(const struct column *column, double alpha, struct cs_paired_ratio *ret)
{
	return column->apart
		       ? cs_unpaired_ratio(column->others, column->others_count, column->own,
					   column->count, alpha, ret)
		       : cs_paired_ratio(column->others, column->own, column->count, alpha, ret);
}

/* Nine of ten runs find what is above both what a bound allows for and what they themselves scatter. */
static int resolution_of(const struct column *column, double alpha, double *ret)
{
	struct cs_paired_ratio proof, scatter;
	int r = ratio_of(column, alpha, &proof);
	double least;

	if (r == 0)
		r = ratio_of(column, CS_JUDGE_MISSED, &scatter);
	if (r < 0)
		return r;
	*ret = UNKNOWN;
	if (!(proof.lower > 0))
		return 0;
	least = proof.estimate / proof.lower;
	if (column->apart)
		least = fmax(least, 1 + CS_JUDGE_APART);
	*ret = least * scatter.estimate / scatter.lower - 1;
	return 0;
}

static bool is_too_coarse(const struct cs_budget *budget, const struct cs_judgement *judgement,
			  double allowed)
{
	double found = allowed * (1 + judgement->resolution) - 1;

	return found > CS_JUDGE_COARSE_TIMES * (allowed - 1) + CS_JUDGE_COARSE &&
	       found * judgement->other > budget->min_effect;
}

static int judge_median(const struct cs_budget *budget, const struct column *column, double alpha,
			bool strict, struct cs_judgement *ret)
{
	double allowed = allowed_factor(budget, ret->other);
	struct cs_paired_ratio ratio;
	double grew;
	bool small; /* no difference counts that is */
	int r = ratio_of(column, alpha, &ratio);

	if (r == 0)
		r = resolution_of(column, alpha, &ret->resolution);
	if (r < 0)
		return r;
	grew = (ratio.estimate - 1) * ret->other;
	small = grew < budget->min_effect;
	ret->point = ratio.estimate;
	ret->lower = ratio.lower > 0 ? ratio.lower : UNKNOWN;
	ret->upper = isinf(ratio.upper) ? UNKNOWN : ratio.upper;
	if (!(ratio.lower > 0))
		/* Apart one more than there are, and again. */
		ret->needed =
			column->apart ? column->count + 1 : cs_judge_needed(budget, alpha, strict);
	if (ret->needed)
		ret->verdict = CS_VERDICT_INCONCLUSIVE;
	else if (ratio.lower > allowed && !small && is_provable(column, grew, ret->other))
		ret->verdict = CS_VERDICT_FAIL;
	else if (ratio.upper <= allowed)
		ret->verdict = CS_VERDICT_PASS;
	else if (is_too_coarse(budget, ret, allowed))
		ret->verdict = CS_VERDICT_UNSTABLE;
	else if (ratio.estimate <= allowed || small)
		ret->verdict = strict && !small ? CS_VERDICT_INCONCLUSIVE : CS_VERDICT_PASS;
	else
		ret->verdict = CS_VERDICT_INCONCLUSIVE;
	return 0;
}

/* That the second's quantile is by chance so much larger. */
static int tail_chance(const struct column *column, bool swapped, double quantile, uint64_t seed,
		       double *ret)
{
	const double *first = swapped ? column->own : column->others;
	const double *second = swapped ? column->others : column->own;
	uint32_t first_count = swapped ? column->count : column->others_count;
	uint32_t second_count = swapped ? column->others_count : column->count;

	return column->apart ? cs_unpaired_tail_chance(first, first_count, second, second_count,
						       quantile, CS_JUDGE_SWAPS, seed, ret)
			     : cs_paired_tail_chance(first, second, column->count, quantile,
						     CS_JUDGE_SWAPS, seed, ret);
}

/* Is it larger than allowed by more than chance, or smaller? The allowance is taken out of own values first. */
static int judge_tail(const struct cs_budget *budget, const struct column *column, double own,
		      double alpha, bool strict, uint64_t seed, struct cs_judgement *ret)
{
	double allowed = allowed_factor(budget, ret->other), kept = 1; /* by chance alone */
	double quantile = budget->quantile < 1 ? budget->quantile : 1 - 1e-6;
	double grew = own - ret->other;
	bool small = grew < budget->min_effect;
	int r;

	for (uint32_t i = 0; i < column->count; i++)
		column->own[i] /= allowed;
	r = tail_chance(column, false, quantile, seed, &ret->chance);
	if (r == 0 && strict)
		r = tail_chance(column, true, quantile, seed, &kept);
	if (r < 0)
		return r;
	ret->point = own / ret->other;
	ret->lower = ret->upper = UNKNOWN;
	if (ret->point <= allowed || small)
		ret->verdict = strict && !small && kept > alpha ? CS_VERDICT_INCONCLUSIVE
								: CS_VERDICT_PASS;
	else
		ret->verdict = ret->chance <= alpha && is_provable(column, grew, ret->other)
				       ? CS_VERDICT_FAIL
				       : CS_VERDICT_INCONCLUSIVE;
	doubt_too_few(budget,
		      column->others_count < column->count ? column->others_count : column->count,
		      alpha, strict, ret);
	return 0;
}

static int judge_pairs(const struct cs_budget *budget, const struct column *column, double alpha,
		       bool strict, uint64_t seed, struct cs_judgement *ret)
{
	double own;
	int r = quantile_of(column->own, column->count, budget->quantile, &own);

	if (r == 0)
		r = quantile_of(column->others, column->others_count, budget->quantile,
				&ret->other);
	if (r == 0)
		r = cs_budget_is_median(budget)
			    ? judge_median(budget, column, alpha, strict, ret)
			    : judge_tail(budget, column, own, alpha, strict, seed, ret);
	if (r != -EINVAL && r != -E2BIG)
		return r;
	ret->verdict = CS_VERDICT_NO_DATA; /* no ratio of what took no time, or of so many */
	ret->oversize = r == -E2BIG;
	return 0;
}

int cs_judge_resolution(const struct cs_samples *samples, unsigned metric, double alpha,
			double *ret)
{
	struct column column = { 0 };
	double resolution = UNKNOWN;
	int r = take_column(samples, metric, true, false, &column);

	if (r == 0 && column.count && column.others_count)
		r = resolution_of(&column, alpha, &resolution);
	put_column(&column);
	if (r == 0 || r == -EINVAL || r == -E2BIG)
		*ret = resolution;
	return r == -ENOMEM ? r : 0;
}

/* --- all --- */

static int judge_column(const struct cs_budget *budget, const struct cs_samples *samples,
			struct column *column, double alpha, bool strict, uint64_t seed,
			struct cs_judgement *ret)
{
	bool exact = cs_metric_about(budget->metric).exact;

	ret->smallest = smallest(column->own, column->count);
	if (budget->against == CS_AGAINST_NOTHING) {
		judge_absolute(budget, column, alpha, strict, ret);
		return ret->verdict == CS_VERDICT_FAIL && !exact ? judge_calm(budget, samples, ret)
								 : 0;
	}
	if (!exact)
		return judge_pairs(budget, column, alpha, strict, seed, ret);
	judge_counts(budget, column, ret);
	return 0;
}

int cs_judge(const struct cs_budget *budget, const struct cs_samples *samples, double alpha,
	     bool strict, uint64_t seed, struct cs_judgement *ret)
{
	bool compared = budget->against != CS_AGAINST_NOTHING;
	struct column column = { 0 };
	struct cs_judgement judgement = {
		.verdict = CS_VERDICT_NO_DATA,
		.point = UNKNOWN,
		.lower = UNKNOWN,
		.upper = UNKNOWN,
		.smallest = UNKNOWN,
		.other = UNKNOWN,
		.chance = UNKNOWN,
		.resolution = UNKNOWN,
	};
	int r = 0;

	if (!compared || samples->others)
		r = take_column(samples, budget->metric, compared, false, &column);
	judgement.apart = compared && samples->apart;
	judgement.alone = compared && !column.others_count;
	judgement.count = column.count;
	judgement.missing = samples->count - column.count;
	judgement.others_count = judgement.apart ? column.others_count : 0;
	judgement.others_missing = judgement.apart ? samples->apart - column.others_count : 0;
	judgement.scant =
		judgement.others_missing > (1 - CS_JUDGE_KNOWN) * samples->apart + ROUNDING;
	if (r == 0 && column.count && !judgement.scant && (!compared || column.others_count))
		r = judge_column(budget, samples, &column, alpha, strict, seed, &judgement);
	/* A start in which it was not seen may be the one that exceeds it: that is not green. */
	if (judgement.missing && judgement.verdict == CS_VERDICT_PASS)
		judgement.verdict = CS_VERDICT_NO_DATA;
	put_column(&column);
	if (r == 0)
		*ret = judgement;
	return r;
}
