/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A function held to its budgets: starts it, as often as its verdicts need, and judges. It is measured at
 * fixed looks, whose errors add up to the one that was asked for: looking again and again until something
 * is found would find it.
 *
 * A pair in which the machine was disturbed (agent/budget/noise.h) is measured once more, both halves, in a
 * quarter of the pairs at most; whether it is depends on nothing that was measured of the function, and the
 * second counts, whatever it is. Halves of pairs are started while their processors are fast, and again
 * where they were not (agent/budget/steady.h); which of several counts depends on the processors alone, too.
 */
#pragma once

#include <event2/event.h>
#include <stdbool.h>

#include "agent/asserting/file_set.h"
#include "agent/asserting/measured_as.h"
#include "agent/asserting/sampling.h"
#include "agent/budget/judge.h"
#include "agent/budget/noise.h"
#include "agent/budget/plan.h"
#include "base/cleanup.h"
#include "base/diag.h"

#define CS_ASSERTING_LOOKS 3u

struct cs_asserted;
struct cs_cause_note;
struct cs_checkouts;
struct cs_dispositions;

/* Samples of a function that were saved at another time, its baseline. */
struct cs_asserting_earlier {
	const struct cs_plan_function *function;
	struct cs_sample *samples; /* @count > 0 of them */
	uint32_t count;
	const char *from;       /* "results.json, 2026-11-21T…, commit …" */
	const char *difference; /* of machine, or of how it was measured; NULL: there is none */
};

struct cs_asserting_options {
	struct event_base *base;
	const struct cs_dispositions *dispositions;
	const char *folder;                         /* of coldspan.yaml */
	struct cs_checkouts *checkouts;             /* borrowed */
	const struct cs_asserting_earlier *earlier; /* borrowed; of all functions that have some */
	size_t earlier_count;
	uint32_t runs; /* 0: as the plan says */
	bool strict;
	bool against_itself; /* the function is its own baseline */
	uint64_t seed;
	bool confirm; /* what exceeds an amount is measured once more, and has to do so again */

	/* Before the first, and after each start, or pair; NULL: nobody asks. @most: until the next look. */
	void (*progress)(void *context, const struct cs_asserted *so_far, uint32_t most);
	void *context;
};

struct cs_asserted {
	const struct cs_plan_function *function;
	struct cs_sample *own;           /* owned */
	struct cs_sample *others;        /* owned; NULL: it was made alone */
	uint32_t count;                  /* of starts, or pairs */
	uint32_t looks;                  /* at most, among which the error is divided */
	struct cs_judgement *judgements; /* owned; one for each of the function's budgets */
	double resolution; /* of pairs, as cs_judge_resolution() of total; NaN: there are none */
	enum cs_budget_against beside; /* what the others are */
	const char *earlier;           /* borrowed: where saved others come from; NULL: none are */
	const char *difference;        /* idem: their machine is another, they only warn; NULL */
	char measured_as[CS_MEASURED_AS_BYTES]; /* "": not told */
	uint32_t apart;                 /* others that are no halves of pairs: so many; 0: pairs */
	struct cs_file_set files;       /* that its starts mapped and opened */
	struct cs_file_set other_files; /* and those of the others */
	struct cs_cause_note *causes;   /* owned; of each budget; NULL: not looked for */
	struct cs_noise_summary noise;  /* of both halves */
	struct cs_asserted *confirmation; /* owned; measured once more; NULL: it was not */
	bool confirming;                  /* it is that itself */
	bool against_itself; /* the others are starts of itself, whatever they stand for */
	bool failed;         /* a start came to nothing: no budget is judged */
	bool other_failed;   /* it was one of the baseline */
	char forbidden
		[CS_MODULES_FOUND]; /* the first module that is, and its file; "" none was loaded */
	struct cs_sampling_result failure;
};

/** cs_asserted_level() - of a budget, here: what is of another machine can only warn. Context: any-thread. */
enum cs_budget_level cs_asserted_level(const struct cs_asserted *asserted,
				       const struct cs_budget *budget);

/**
 * cs_asserted_samples() - what a budget of its function is judged by
 *
 * Others that are not what it is relative to are none for it. Context: any-thread.
 */
struct cs_samples cs_asserted_samples(const struct cs_asserted *asserted,
				      const struct cs_budget *budget);

/** cs_asserted_others_count() - how many others there are. Context: any-thread. */
uint32_t cs_asserted_others_count(const struct cs_asserted *asserted);

/** cs_asserted_whole() - the metric of all of a start that both halves have. Context: any-thread. */
unsigned cs_asserted_whole(const struct cs_asserted *asserted);

/**
 * cs_asserting_check() - can all be measured that the plan asks of it, and be proved by so many starts?
 * @file: of the plan, for @diag
 *
 * Return: 0; -ENOTSUP or -EINVAL, @diag says what not.
 */
int cs_asserting_check(const struct cs_asserting_options *options, const char *file,
		       const struct cs_plan_function *function, struct cs_diag *diag) cs_must_use;

/**
 * cs_asserting_run() - measure and judge one function
 * @ret: cs_asserted_deinit() it, also after a failure
 *
 * Context: startup.
 * Return:  0, also where a start came to nothing; -EINTR, @ret->failure.status is the signal; negative errno:
 *          we failed; @diag says what.
 */
int cs_asserting_run(const struct cs_asserting_options *options,
		     const struct cs_plan_function *function, struct cs_diag *diag,
		     struct cs_asserted *ret) cs_must_use;

/**
 * cs_asserted_judge() - judge the samples that are there, of every budget, and their noise
 * @asserted:    with samples, looks, and room for judgements; its confirmation, if any, is judged as well
 * @ret_settled: no further start would change a verdict; may be NULL
 *
 * Context: any-thread. Return: 0; -ENOMEM.
 */
int cs_asserted_judge(struct cs_asserted *asserted, bool strict, uint64_t seed, bool *ret_settled)
	cs_must_use;

/** cs_asserted_deinit() - free it. Accepts a zeroed one. */
void cs_asserted_deinit(struct cs_asserted *asserted);
