/* SPDX-License-Identifier: Apache-2.0 */

/* Measuring at looks; see asserting.h. */
#include "agent/asserting.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "agent/checkout.h"

struct looks {
	uint32_t at[CS_ASSERTING_LOOKS];
	unsigned count;
};

struct measuring {
	const struct cs_asserting_options *options;
	const struct cs_plan_function *function;
	struct cs_plan_function other; /* the baseline, with pairs */
	const char *other_folder;
	bool pairs;
	struct cs_asserted *asserted;
	struct cs_diag *diag;
};

/* The first and the last as the plan says, and one between in proportion. */
static struct looks looks_of(const struct cs_plan_sampling *sampling, uint32_t runs)
{
	uint32_t first = runs ? runs : sampling->runs, last = runs ? runs : sampling->max_runs;
	uint32_t between = (uint32_t)sqrt((double)first * last);
	struct looks looks = { .at = { first }, .count = 1 };

	if (between > first && between < last)
		looks.at[looks.count++] = between;
	if (last > first)
		looks.at[looks.count++] = last;
	return looks;
}

/* Return: 1: it came to nothing, which is noted. */
static int start_one(struct measuring *measuring, bool other, struct cs_sample *ret)
{
	const struct cs_asserting_options *options = measuring->options;
	struct cs_asserted *asserted = measuring->asserted;
	struct cs_sampling_result result;
	int r = cs_sampling_start(options->base, other ? &measuring->other : measuring->function,
				  other ? measuring->other_folder : options->folder,
				  options->dispositions, measuring->diag, &result);

	if (r == -EINTR)
		asserted->failure = result;
	if (r < 0)
		return r;
	*ret = result.sample;
	if (result.outcome == CS_SAMPLING_DONE)
		return 0;
	asserted->failed = true;
	asserted->other_failed = other;
	asserted->failure = result;
	return 1;
}

static int start_half(struct measuring *measuring, uint32_t number, bool other)
{
	struct cs_asserted *asserted = measuring->asserted;

	return start_one(measuring, other,
			 other ? &asserted->others[number] : &asserted->own[number]);
}

/* A B, B A, A B, …: what grows with time, grows in both. */
static int start_pair(struct measuring *measuring, uint32_t number)
{
	bool other_first = measuring->pairs && number % 2;
	int r = start_half(measuring, number, other_first);

	return r || !measuring->pairs ? r : start_half(measuring, number, !other_first);
}

static int warm_up(struct measuring *measuring)
{
	struct cs_sample sample;
	int r = 0;

	for (uint32_t i = 0; i < measuring->function->sampling.warmup && r == 0; i++) {
		r = start_one(measuring, false, &sample);
		if (r == 0 && measuring->pairs)
			r = start_one(measuring, true, &sample);
	}
	return r;
}

int cs_asserted_judge(struct cs_asserted *asserted, bool strict, uint64_t seed, bool *ret_settled)
{
	const struct cs_plan_function *function = asserted->function;
	const struct cs_samples samples = { asserted->own, asserted->others, asserted->count };
	double alpha = function->sampling.alpha / asserted->looks;
	bool settled = true;

	for (size_t i = 0; i < function->budgets_count; i++) {
		struct cs_judgement *judgement = &asserted->judgements[i];
		int r = cs_judge(&function->budgets[i], &samples, alpha, strict, seed, judgement);

		if (r < 0)
			return r;
		if (judgement->verdict == CS_VERDICT_INCONCLUSIVE &&
		    function->budgets[i].level != CS_LEVEL_OFF)
			settled = false;
	}
	if (ret_settled)
		*ret_settled = settled;
	return 0;
}

static int measure(struct measuring *measuring, const struct looks *looks)
{
	struct cs_asserted *asserted = measuring->asserted;
	const struct cs_asserting_options *options = measuring->options;
	bool settled = false;
	int r = warm_up(measuring);

	for (unsigned look = 0; r == 0 && look < looks->count && !settled; look++) {
		while (r == 0 && asserted->count < looks->at[look]) {
			r = start_pair(measuring, asserted->count);
			asserted->count += r == 0;
		}
		if (r == 0)
			r = cs_asserted_judge(asserted, options->strict, options->seed, &settled);
	}
	return r < 0 ? r : 0;
}

static bool is_relative(const struct cs_plan_function *function)
{
	for (size_t i = 0; i < function->budgets_count; i++) {
		if (function->budgets[i].against == CS_AGAINST_BASELINE)
			return true;
	}
	return false;
}

static int refuse(struct cs_diag *diag, const char *file, unsigned line, unsigned column,
		  const char *what)
{
	return cs_diag_at(diag, -ENOTSUP, file, line, column, "%s", what);
}

int cs_asserting_check(const char *file, const struct cs_plan_function *function,
		       struct cs_diag *diag)
{
	const char *what = NULL;

	if (function->start == CS_START_FAAS)
		what = "functions by folder are not measured yet; write run: [PROGRAM…]";
	else if (function->ready == CS_READY_POLL)
		what = "ready: first-poll is not measured yet; use coldspan run for Lambda";
	else if (function->sampling.evict)
		what = "cache: evict is not done yet; write cache: warm";
	else if (function->forbid_count)
		what = "forbid is not looked at yet; remove it";
	else if (function->baseline.kind == CS_BASELINE_FILE)
		what = "a baseline of samples is not read yet; write ref: or run:";
	if (what)
		return refuse(diag, file, function->line, function->column, what);
	for (size_t i = 0; i < function->budgets_count; i++) {
		const struct cs_budget *budget = &function->budgets[i];

		if (budget->against == CS_AGAINST_REFERENCE)
			return refuse(diag, file, budget->line, budget->column,
				      "there is no reference to compare with yet");
		if (budget->metric == CS_METRIC_WARM)
			return refuse(diag, file, budget->line, budget->column,
				      "warm is not measured yet");
	}
	return 0;
}

/* What the other halves are, and where they run. */
static int set_baseline(struct measuring *measuring, struct cs_tail *ret_tail)
{
	const struct cs_plan_baseline *baseline = &measuring->function->baseline;
	const struct cs_checkout *checkout;
	int r = 0;

	if (baseline->kind == CS_BASELINE_COMMAND)
		measuring->other.argv = baseline->argv;
	if (baseline->kind != CS_BASELINE_REF)
		return 0;
	r = cs_checkouts_get(measuring->options->checkouts, baseline->ref, baseline->build,
			     measuring->diag, ret_tail, &checkout);
	if (r == 0)
		measuring->other_folder = checkout->folder;
	return r;
}

int cs_asserting_run(const struct cs_asserting_options *options,
		     const struct cs_plan_function *function, struct cs_diag *diag,
		     struct cs_asserted *ret)
{
	const struct looks looks = looks_of(&function->sampling, options->runs);
	uint32_t most = looks.at[looks.count - 1];
	struct measuring measuring = {
		.options = options,
		.function = function,
		.other = *function,
		.other_folder = options->folder,
		.pairs = options->against_itself || is_relative(function),
		.asserted = ret,
		.diag = diag,
	};

	*ret = (struct cs_asserted){ .function = function, .looks = looks.count };
	if (measuring.pairs && !options->against_itself) {
		int r = set_baseline(&measuring, &ret->failure.tail);

		ret->failure.status = options->checkouts->interrupts.number;
		if (r < 0)
			return r;
	}
	ret->own = calloc(most, sizeof(*ret->own));
	ret->others = measuring.pairs ? calloc(most, sizeof(*ret->others)) : NULL;
	ret->judgements = calloc(function->budgets_count + 1, sizeof(*ret->judgements));
	if (!ret->own || !ret->judgements || (measuring.pairs && !ret->others))
		return -ENOMEM;
	return measure(&measuring, &looks);
}

void cs_asserted_deinit(struct cs_asserted *asserted)
{
	free(asserted->own);
	free(asserted->others);
	free(asserted->judgements);
	*asserted = (struct cs_asserted){ 0 };
}
