/* SPDX-License-Identifier: Apache-2.0 */

/* Measuring at looks; see asserting.h. */
#include "agent/asserting/asserting.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/asserting/cause.h"
#include "agent/asserting/checkout.h"
#include "agent/asserting/counters.h"
#include "agent/asserting/loaded_files.h"
#include "agent/asserting/package.h"
#include "agent/asserting/page_cache.h"
#include "agent/asserting/steadying.h"
#include "agent/asserting/tool.h"
#include "agent/environment.h"
#include "agent/interrupts.h"

#define AGAIN_OF 4 /* one of so many pairs may be measured once more */

struct looks {
	uint32_t at[CS_ASSERTING_LOOKS];
	unsigned count;
};

/* What is started: the function, or its baseline. */
struct side {
	const struct cs_plan_function *function;
	const char *folder;        /* where it runs */
	struct cs_sample *samples; /* borrowed */
	struct cs_loaded_files files;
	bool learnt;              /* with what a start opened */
	struct cs_file_set *seen; /* borrowed; NULL: nobody compares */
	double package_bytes;     /* NaN: not known */
	double resident;          /* the most of these that was in the page cache; NaN: not known */
};

struct measuring {
	const struct cs_asserting_options *options;
	const struct cs_plan_function *function;
	struct cs_plan_function other; /* the baseline, with pairs */
	struct side sides[2];          /* own, other */
	bool pairs;
	uint32_t again; /* pairs that were measured once more */
	struct cs_steadying steadying;
	struct cs_interrupts interrupts; /* the start that is under way ends itself */
	struct cs_arena arena;
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

/* Share of its files that is in the page cache; NaN: not known. */
static double resident_now(const struct side *side)
{
	struct cs_page_cache sum = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < side->files.count; i++)
		r = cs_page_cache_add(side->files.paths[i], &sum);
	return r < 0 || !sum.pages ? (double)NAN : (double)sum.resident / (double)sum.pages;
}

static int take_failure(struct measuring *measuring, bool other,
			const struct cs_sampling_result *failure)
{
	measuring->asserted->failed = true;
	measuring->asserted->other_failed = other;
	measuring->asserted->failure = *failure;
	return 1;
}

/* Return: 1: it failed, which is noted. */
static int prepare(struct measuring *measuring, bool other)
{
	const struct side *side = &measuring->sides[other];
	char sh[] = "sh", c[] = "-c", *argv[] = { sh, c, NULL, NULL };
	struct cs_tool_command command = {
		.argv = argv,
		.folder = side->folder,
		.dispositions = measuring->options->dispositions,
		.limit_s = (unsigned)(side->function->sampling.timeout_ns / 1000000000u) + 1,
	};
	struct cs_sampling_result failure = { .outcome = CS_SAMPLING_UNPREPARED };
	cs_cleanup(cs_arena_deinit) struct cs_arena arena = { 0 };
	struct cs_tool_result result;
	int r;

	if (!side->function->prepare)
		return 0;
	cs_arena_init(&arena, 0);
	command.env = cs_environment_with(&arena, environ, side->function->env,
					  side->function->env_count);
	if (!command.env)
		return cs_diag_set(measuring->diag, -ENOMEM, "out of memory");
	/* exec(2) changes none of them; its type is older than const. */
	memcpy(&argv[2], &side->function->prepare, sizeof(argv[2]));
	r = cs_tool_run(measuring->options->base, &command, measuring->diag, &result);
	if (r < 0 && r != -EINTR)
		return r;
	failure.status = result.status;
	failure.tail = result.tail;
	if (r == -EINTR)
		measuring->asserted->failure = failure;
	return r < 0 || cs_tool_succeeded(&result) ? r : take_failure(measuring, other, &failure);
}

/* Return: 1: it came to nothing, which is noted. */
static int start_prepared(struct measuring *measuring, bool other, struct cs_sample *ret)
{
	const struct cs_asserting_options *options = measuring->options;
	struct cs_asserted *asserted = measuring->asserted;
	struct side *side = &measuring->sides[other];
	struct cs_sampling_result result = { 0 };
	double resident;
	int r;

	if (side->function->sampling.evict)
		cs_evicting_do(&side->files);
	resident = resident_now(side);
	r = cs_sampling_start(options->base, side->function, side->folder, options->dispositions,
			      side->seen, measuring->diag, &result);
	if (r >= 0 && side->function->sampling.evict && !side->learnt)
		r = cs_evicting_learn(&side->files, &result.opened, side->folder,
				      &measuring->arena);
	side->learnt |= r >= 0;
	cs_opened_paths_deinit(&result.opened);
	if (r >= 0 && cs_interrupts_came(&measuring->interrupts, options->base)) {
		result.status = measuring->interrupts.number;
		r = -EINTR;
	}
	if (r == -EINTR)
		asserted->failure = result;
	if (r < 0)
		return r;
	*ret = result.sample;
	ret->noise.values[CS_NOISE_RESIDENT] = resident;
	ret->values[CS_METRIC_PACKAGE] = side->package_bytes;
	side->resident = fmax(side->resident, resident);
	if (!other && !asserted->forbidden[0])
		memcpy(asserted->forbidden, result.forbidden, sizeof(result.forbidden));
	return result.outcome == CS_SAMPLING_DONE ? 0 : take_failure(measuring, other, &result);
}

static int start_one(struct measuring *measuring, bool other, struct cs_sample *ret)
{
	int r = prepare(measuring, other);

	return r ? r : start_prepared(measuring, other, ret);
}

/* A start, and what its processors were like. */
static int start_seen(struct measuring *measuring, bool other, struct cs_sample *ret)
{
	int r = prepare(measuring, other);
	double before;

	if (r)
		return r;
	before = cs_steadying_wait(&measuring->steadying);
	r = start_prepared(measuring, other, ret);
	if (isnan(before))
		return r;
	ret->noise.values[CS_NOISE_NOT_TAKEN] = 0;
	ret->noise.values[CS_NOISE_SLOWED_BEFORE] = before;
	if (r == 0)
		ret->noise.values[CS_NOISE_SLOWED_AFTER] = cs_steadying_look(&measuring->steadying);
	return r;
}

/*
 * Again while its processors are slow, within bounds: the one on the fastest is taken. One that fails is told like
 * any: a function that fails now and then is to be known as such, whichever start it is that shows it.
 */
static int start_steadily(struct measuring *measuring, bool other, struct cs_sample *ret)
{
	struct cs_steady *steady = &measuring->steadying.steady;
	struct cs_sample sample;
	int r = start_seen(measuring, other, ret);

	for (unsigned made = 1; r == 0 && cs_steady_again(steady, &ret->noise, made); made++) {
		steady->again++;
		r = start_seen(measuring, other, &sample);
		if (r == 0 && cs_steady_prefers(&sample.noise, &ret->noise))
			*ret = sample;
		ret->noise.values[CS_NOISE_NOT_TAKEN] = made;
	}
	return r;
}

static int start_half(struct measuring *measuring, uint32_t number, bool other)
{
	struct cs_sample *sample = &measuring->sides[other].samples[number];

	return measuring->pairs ? start_steadily(measuring, other, sample)
				: start_one(measuring, other, sample);
}

/* A B, B A, A B, …: what grows with time, grows in both. */
static int start_halves(struct measuring *measuring, uint32_t number)
{
	bool other_first = measuring->pairs && number % 2;
	int r = start_half(measuring, number, other_first);

	return r || !measuring->pairs ? r : start_half(measuring, number, !other_first);
}

static bool is_disturbed(const struct side *side, uint32_t number)
{
	return cs_noise_disturbed(&side->samples[number].noise, side->resident);
}

static int start_pair(struct measuring *measuring, uint32_t number)
{
	struct side *sides = measuring->sides;
	int r;

	cs_steady_next_pair(&measuring->steadying.steady);
	r = start_halves(measuring, number);

	if (r || !measuring->pairs || measuring->again > number / AGAIN_OF ||
	    (!is_disturbed(&sides[0], number) && !is_disturbed(&sides[1], number)))
		return r;
	measuring->again++;
	r = start_halves(measuring, number);
	sides[0].samples[number].noise.again = sides[1].samples[number].noise.again = true;
	return r;
}

static int warm_up(struct measuring *measuring)
{
	struct cs_sample sample;
	int r = 0;

	const struct cs_plan_sampling *sampling = &measuring->function->sampling;
	/* What is put out of the page cache is learnt of a start. */
	uint32_t count = sampling->evict && !sampling->warmup ? 1 : sampling->warmup;

	for (uint32_t i = 0; i < count && r == 0; i++) {
		r = start_one(measuring, false, &sample);
		if (r == 0 && measuring->pairs)
			r = start_one(measuring, true, &sample);
	}
	for (unsigned i = 0; i < 2 && sampling->evict; i++)
		measuring->sides[i].resident = (double)NAN;
	return r;
}

static bool is_settled(enum cs_verdict verdict)
{
	return verdict != CS_VERDICT_INCONCLUSIVE && verdict != CS_VERDICT_UNSTABLE;
}

/* What its machine did, and can tell. */
static int sum_up(struct cs_asserted *asserted, double alpha)
{
	const struct cs_samples samples = { asserted->own, asserted->others, asserted->count,
					    asserted->apart };
	const struct cs_sample *sides[] = { asserted->own,
					    asserted->apart ? NULL : asserted->others };

	cs_noise_summary_init(&asserted->noise);
	for (unsigned side = 0; side < 2 && sides[side]; side++) {
		double resident = cs_samples_resident(sides[side], asserted->count);

		for (uint32_t i = 0; i < asserted->count; i++)
			cs_noise_add(&asserted->noise, &sides[side][i].noise, resident);
	}
	asserted->resolution = (double)NAN;
	if (!asserted->others)
		return 0;
	return cs_judge_resolution(&samples, cs_asserted_whole(asserted), alpha,
				   &asserted->resolution);
}

/* What fails twice, fails; what does not, says that this machine contradicts itself. */
static void take_confirmation(struct cs_asserted *asserted)
{
	const struct cs_plan_function *function = asserted->function;
	const struct cs_asserted *second = asserted->confirmation;

	asserted->failed = second->failed;
	asserted->other_failed = second->other_failed;
	asserted->failure = second->failure;
	for (size_t i = 0; !asserted->failed && i < function->budgets_count; i++) {
		if (asserted->judgements[i].verdict == CS_VERDICT_FAIL &&
		    !cs_metric_about(function->budgets[i].metric).exact &&
		    second->judgements[i].verdict != CS_VERDICT_FAIL)
			asserted->judgements[i].verdict = CS_VERDICT_UNSTABLE;
	}
}

enum cs_budget_level cs_asserted_level(const struct cs_asserted *asserted,
				       const struct cs_budget *budget)
{
	bool only_warns = asserted->difference && budget->against == CS_AGAINST_BASELINE;

	return only_warns && budget->level == CS_LEVEL_ERROR ? CS_LEVEL_WARN : budget->level;
}

uint32_t cs_asserted_others_count(const struct cs_asserted *asserted)
{
	if (!asserted->others)
		return 0;
	return asserted->apart ? asserted->apart : asserted->count;
}

unsigned cs_asserted_whole(const struct cs_asserted *asserted)
{
	return asserted->beside == CS_AGAINST_UNWATCHED ? CS_METRIC_WALL : CS_METRIC_TOTAL;
}

struct cs_samples cs_asserted_samples(const struct cs_asserted *asserted,
				      const struct cs_budget *budget)
{
	bool fit = budget->against == asserted->beside;

	return (struct cs_samples){ asserted->own, fit ? asserted->others : NULL, asserted->count,
				    asserted->apart };
}

int cs_asserted_judge(struct cs_asserted *asserted, bool strict, uint64_t seed, bool *ret_settled)
{
	const struct cs_plan_function *function = asserted->function;
	double alpha = function->sampling.alpha / asserted->looks;
	bool settled = true;
	int r;

	for (size_t i = 0; i < function->budgets_count; i++) {
		const struct cs_samples samples =
			cs_asserted_samples(asserted, &function->budgets[i]);
		struct cs_judgement *judgement = &asserted->judgements[i];

		r = cs_judge(&function->budgets[i], &samples, alpha, strict, seed, judgement);

		if (r < 0)
			return r;
		if (!is_settled(judgement->verdict) && function->budgets[i].level != CS_LEVEL_OFF)
			settled = false;
	}
	if (ret_settled)
		*ret_settled = settled;
	cs_causes_free(asserted->causes, function->budgets_count);
	asserted->causes = cs_causes_find(asserted);
	r = sum_up(asserted, alpha);
	if (r < 0 || !asserted->confirmation || asserted->confirmation->failed)
		return r;
	r = cs_asserted_judge(asserted->confirmation, strict, seed, NULL);
	if (r == 0)
		take_confirmation(asserted);
	return r;
}

static void tell(const struct measuring *measuring, uint32_t most)
{
	const struct cs_asserting_options *options = measuring->options;

	if (options->progress)
		options->progress(options->context, measuring->asserted, most);
}

static int measure(struct measuring *measuring, const struct looks *looks)
{
	struct cs_asserted *asserted = measuring->asserted;
	const struct cs_asserting_options *options = measuring->options;
	bool settled = false;
	int r;

	tell(measuring, looks->at[0]);
	if (measuring->pairs)
		cs_steadying_begin(&measuring->steadying, &measuring->function->sampling);
	r = warm_up(measuring);
	for (unsigned look = 0; r == 0 && look < looks->count && !settled; look++) {
		while (r == 0 && asserted->count < looks->at[look]) {
			r = start_pair(measuring, asserted->count);
			asserted->count += r == 0;
			if (r == 0)
				tell(measuring, looks->at[look]);
		}
		if (r == 0)
			r = cs_asserted_judge(asserted, options->strict, options->seed, &settled);
	}
	return r < 0 ? r : 0;
}

/*
 * What cannot be proved is no gate: nothing is started for it. Below an error it fails nothing, and is said; so
 * it is of --runs, which somebody typed to have a look.
 */
static int check_provable(const struct cs_asserting_options *options,
			  const struct cs_plan_function *function, const struct cs_budget *budget,
			  struct cs_diag *diag)
{
	const struct looks looks = looks_of(&function->sampling, 0);
	double alpha = function->sampling.alpha;
	uint32_t most = looks.at[looks.count - 1];
	uint32_t needed = cs_judge_needed(budget, alpha / looks.count, options->strict);
	uint32_t by_looks = cs_judge_needed(budget, alpha / CS_ASSERTING_LOOKS, options->strict);
	bool compared = budget->against != CS_AGAINST_NOTHING;

	if (most >= needed || budget->level != CS_LEVEL_ERROR || options->against_itself ||
	    options->runs)
		return 0;
	if (compared && !cs_plan_has_pairs(function))
		return 0; /* it depends on how many were saved */
	if (by_looks > CS_PLAN_RUNS_MAX)
		return cs_diag_set(
			diag, -EINVAL,
			"%s: %s: it takes %u %s to prove that, and %u are the most; bound a "
			"lower quantile, or max",
			function->name, budget->text, needed, compared ? "pairs" : "starts",
			CS_PLAN_RUNS_MAX);
	return cs_diag_set(diag, -EINVAL,
			   "%s: %s: it takes %u %s to prove that, and max_runs allows %u; write "
			   "max_runs: %u",
			   function->name, budget->text, needed, compared ? "pairs" : "starts",
			   most, by_looks);
}

int cs_asserting_check(const struct cs_asserting_options *options, const char *file,
		       const struct cs_plan_function *function, struct cs_diag *diag)
{
	for (size_t i = 0; i < function->budgets_count; i++) {
		const struct cs_budget *budget = &function->budgets[i];
		struct cs_diag why = { 0 };
		int r = cs_counters_check(budget, &why);

		if (r == 0)
			r = check_provable(options, function, budget, &why);
		if (r < 0)
			return cs_diag_at(diag, r, file, budget->line, budget->column, "%s",
					  why.text);
	}
	return 0;
}

static void set_reference(const struct cs_plan_reference *reference, struct cs_plan_function *other)
{
	other->start = reference->folder ? CS_START_FAAS : CS_START_COMMAND;
	other->folder = reference->folder;
	other->argv = reference->argv;
}

/* What the other halves are, and where they run. */
static int set_baseline(struct measuring *measuring, struct cs_tail *ret_tail)
{
	const struct cs_plan_baseline *baseline = &measuring->function->baseline;
	const struct cs_checkout *checkout;
	int r = 0;

	if (measuring->function->beside == CS_AGAINST_UNWATCHED) {
		measuring->other.unwatched = true;
		return 0;
	}
	if (measuring->function->beside == CS_AGAINST_REFERENCE) {
		set_reference(&measuring->function->reference, &measuring->other);
		return 0;
	}
	if (baseline->kind == CS_BASELINE_COMMAND) {
		measuring->other.start = CS_START_COMMAND;
		measuring->other.argv = baseline->argv;
	}
	if (baseline->kind != CS_BASELINE_REF)
		return 0;
	r = cs_checkouts_get(measuring->options->checkouts, baseline->ref, baseline->build,
			     measuring->diag, ret_tail, &checkout);
	if (r == 0)
		measuring->sides[1].folder = checkout->folder;
	return r;
}

static void find_files(struct measuring *measuring)
{
	for (unsigned i = 0; i < (measuring->pairs ? 2u : 1u); i++) {
		struct side *side = &measuring->sides[i];
		const char *package = side->function->package;
		int known = package ? cs_package_bytes(side->folder, package, &side->package_bytes)
				    : -ENOENT;

		if (known < 0)
			side->package_bytes = (double)NAN; /* which is no data */
		/* Without them it is not known what the page cache has; a start says why there is no program. */
		if (side->function->start == CS_START_FAAS ||
		    cs_loaded_files_find(side->function, side->folder,
					 measuring->options->dispositions, &measuring->arena,
					 &side->files) < 0)
			side->files.count = 0;
		for (size_t j = 0; side->seen && j < side->files.count; j++)
			cs_file_set_add(side->seen, side->files.paths[j], side->folder);
	}
}

/* Signals are ours also where they come between two starts: whoever asked for progress clears it. */
static int measure_interruptibly(struct measuring *measuring, const struct looks *looks)
{
	struct cs_interrupts *interrupts = &measuring->interrupts;
	int r;

	cs_interrupts_begin(interrupts, measuring->options->base);
	r = measure(measuring, looks);
	cs_interrupts_came(interrupts, measuring->options->base);
	cs_interrupts_end(interrupts);
	if (r < 0 || !interrupts->number)
		return r;
	measuring->asserted->failure.status = interrupts->number;
	return -EINTR;
}

static bool is_saved(const struct cs_plan_function *function)
{
	return function->beside && !cs_plan_has_pairs(function);
}

/* What was saved of it stands beside all that is measured. Return: 0; -ENOENT nothing was; -ENOMEM. */
static int take_earlier(const struct cs_asserting_options *options, struct cs_asserted *asserted)
{
	for (size_t i = 0; i < options->earlier_count; i++) {
		const struct cs_asserting_earlier *earlier = &options->earlier[i];

		if (earlier->function != asserted->function)
			continue;
		asserted->others = calloc(earlier->count, sizeof(*asserted->others));
		if (!asserted->others)
			return -ENOMEM;
		memcpy(asserted->others, earlier->samples,
		       earlier->count * sizeof(*asserted->others));
		asserted->apart = earlier->count;
		asserted->earlier = earlier->from;
		asserted->difference = earlier->difference;
		return 0;
	}
	return -ENOENT;
}

static int run(const struct cs_asserting_options *options, const struct cs_plan_function *function,
	       struct cs_diag *diag, struct cs_asserted *ret)
{
	const struct looks looks = looks_of(&function->sampling, options->runs);
	uint32_t most = looks.at[looks.count - 1];
	struct measuring measuring = {
		.options = options,
		.function = function,
		.other = *function,
		.pairs = options->against_itself || cs_plan_has_pairs(function),
		.asserted = ret,
		.diag = diag,
	};
	int r;

	for (unsigned i = 0; i < 2; i++)
		measuring.sides[i] = (struct side){
			.function = i ? &measuring.other : function,
			.folder = options->folder,
			.resident = (double)NAN,
			.package_bytes = (double)NAN,
		};
	ret->looks = looks.count;
	ret->against_itself = options->against_itself;
	if (measuring.pairs)
		ret->beside = function->beside ? function->beside : CS_AGAINST_BASELINE;
	r = 0;
	if (measuring.pairs && !options->against_itself)
		r = set_baseline(&measuring, &ret->failure.tail);
	/* While there are checkouts a signal between two functions, or two tools, is ours, too. */
	if (r == 0 && cs_interrupts_came(&options->checkouts->interrupts, options->base))
		r = -EINTR;
	ret->failure.status = options->checkouts->interrupts.number;
	if (r < 0)
		return r;
	if (is_saved(function) && !options->against_itself) {
		ret->beside = CS_AGAINST_BASELINE;
		r = take_earlier(options, ret);
		if (r < 0)
			return r;
	}
	ret->own = calloc(most, sizeof(*ret->own));
	if (measuring.pairs)
		ret->others = calloc(most, sizeof(*ret->others));
	ret->judgements = calloc(function->budgets_count + 1, sizeof(*ret->judgements));
	if (!ret->own || !ret->judgements || (measuring.pairs && !ret->others))
		return -ENOMEM;
	measuring.sides[0].seen = &ret->files;
	measuring.sides[1].seen = &ret->other_files;
	measuring.sides[0].samples = ret->own;
	measuring.sides[1].samples = ret->others;
	cs_arena_init(&measuring.arena, 0);
	find_files(&measuring);
	r = measure_interruptibly(&measuring, &looks);
	cs_arena_deinit(&measuring.arena);
	return r;
}

static bool are_pairs(const struct cs_asserting_options *options,
		      const struct cs_plan_function *function)
{
	return options->against_itself || cs_plan_has_pairs(function);
}

static void begin(const struct cs_asserting_options *options,
		  const struct cs_plan_function *function, struct cs_asserted *ret)
{
	*ret = (struct cs_asserted){ .function = function, .resolution = (double)NAN };
	cs_measured_as(function, are_pairs(options, function), ret->measured_as);
	cs_noise_summary_init(&ret->noise);
}

/* Is there a failure that other starts might not show? */
static bool wants_confirmation(const struct cs_asserted *asserted)
{
	const struct cs_plan_function *function = asserted->function;

	for (size_t i = 0; !asserted->failed && i < function->budgets_count; i++) {
		if (asserted->judgements[i].verdict == CS_VERDICT_FAIL &&
		    function->budgets[i].level != CS_LEVEL_OFF &&
		    !cs_metric_about(function->budgets[i].metric).exact)
			return true;
	}
	return false;
}

int cs_asserting_run(const struct cs_asserting_options *options,
		     const struct cs_plan_function *function, struct cs_diag *diag,
		     struct cs_asserted *ret)
{
	int r;

	begin(options, function, ret);
	r = run(options, function, diag, ret);
	if (r < 0 || !options->confirm || !wants_confirmation(ret))
		return r;
	ret->confirmation = calloc(1, sizeof(*ret->confirmation));
	if (!ret->confirmation)
		return -ENOMEM;
	begin(options, function, ret->confirmation);
	ret->confirmation->confirming = true;
	r = run(options, function, diag, ret->confirmation);
	if (r == 0)
		take_confirmation(ret);
	else
		ret->failure = ret->confirmation->failure;
	return r;
}

void cs_asserted_deinit(struct cs_asserted *asserted)
{
	if (asserted->confirmation)
		cs_asserted_deinit(asserted->confirmation);
	free(asserted->confirmation);
	if (asserted->function)
		asserted->causes =
			cs_causes_free(asserted->causes, asserted->function->budgets_count);
	cs_file_set_deinit(&asserted->files);
	cs_file_set_deinit(&asserted->other_files);
	free(asserted->own);
	free(asserted->others);
	free(asserted->judgements);
	*asserted = (struct cs_asserted){ 0 };
}
