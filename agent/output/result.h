/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What `coldspan assert` found, of all functions: the one model that every output is written from, be it
 * just measured or read back from files. Outputs add nothing to it and judge nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/asserting/assert_text.h"
#include "agent/asserting/asserting.h"
#include "agent/budget/plan.h"
#include "agent/output/host.h"
#include "base/arena.h"
#include "base/cleanup.h"

#define CS_RESULT_FUNCTIONS_MAX 4096u

/* How samples came to be: only those of which all of this but date and runs is equal are counted together. */
struct cs_origin {
	struct cs_host host;
	const char *version;     /* of coldspan */
	const char *commit;      /* as the CI system names it; NULL: it did not */
	const char *config_hash; /* of the plan that told how; NULL: not told */
	const char *date;        /* of the first start, RFC 3339, UTC */
	const char **
		runs; /* random names of the commands that measured, so that none is counted twice */
	size_t runs_count;
	bool against_itself; /* --null */
	const char *file;    /* they were read from, borrowed; NULL: they were just made */
};

struct cs_result_function {
	struct cs_asserted asserted; /* owned */
	struct cs_origin origin;     /* in the result's arena */
	const char *label;           /* where its samples come from, if there are several; NULL */
};

struct cs_result {
	struct cs_arena arena;
	const struct cs_plan *plan; /* borrowed */
	const char *file; /* of the plan, as annotations name it: relative to the repository */
	struct cs_result_function *functions; /* owned */
	size_t count;
	unsigned today; /* 20261121: decides quarantines */
	bool strict;
	bool saved;                          /* read back, nothing was started */
	const struct cs_plan_function *only; /* read of no other; NULL: of all */
	struct cs_assert_tally tally;
};

/* How a budget came out, worst first. */
enum cs_grade {
	CS_GRADE_BROKEN,   /* no data */
	CS_GRADE_EXCEEDED, /* fails the build */
	CS_GRADE_DOUBTFUL, /* not proved */
	CS_GRADE_EXCUSED,  /* exceeded, of a lower level or quarantined */
	CS_GRADE_KEPT,
};

/* What is to be known of a function's samples, whatever was found. */
enum cs_remark {
	CS_REMARK_WEAKER, /* they are compared with saved ones */
	CS_REMARK_CONFIG, /* another plan told how they were made */
	CS_REMARK_RUNNER, /* what the machine did */
	CS_REMARK_COUNT,
};

/* One budget of one function, or a function of which a start came to nothing. */
struct cs_row {
	const struct cs_result_function *function;
	const struct cs_budget *budget;       /* NULL: a start came to nothing */
	const struct cs_judgement *judgement; /* NULL with that */
	const struct cs_cause_note *cause;    /* of one that is exceeded; NULL: none is known */
	const struct cs_plan_quarantine *quarantine; /* it is or was in; NULL: in none */
	const struct cs_result *result;              /* whose it is */
	const char *label;                           /* cs_assert_label() */
	enum cs_grade grade;
	bool counts;       /* of level error, and not quarantined */
	double excess;     /* what was measured by what is allowed; 0 not to be said */
	unsigned position; /* as they stand in the plan */
};

/** cs_result_init() - an empty one. cs_result_deinit() it in any case. */
void cs_result_init(struct cs_result *result, const struct cs_plan *plan, bool strict);

/** cs_result_deinit() - free it, with the functions. Accepts a zeroed one. */
void cs_result_deinit(struct cs_result *result);

/** cs_result_origin() - of what this process measures, from now on. Return: 0; -ENOMEM. */
int cs_result_origin(struct cs_result *result, bool against_itself, struct cs_origin *ret)
	cs_must_use;

/**
 * cs_result_add() - one more function
 * @asserted: moves on success
 *
 * Return: 0; -ENOMEM; -E2BIG.
 */
int cs_result_add(struct cs_result *result, struct cs_asserted *asserted,
		  const struct cs_origin *origin) cs_must_use;

/**
 * cs_result_judge() - all functions, whose samples were read back
 *
 * Return: 0; -ENOMEM.
 */
int cs_result_judge(struct cs_result *result, uint64_t seed) cs_must_use;

/** cs_result_settle() - count all verdicts, and label what is there twice, once all functions are there. */
void cs_result_settle(struct cs_result *result);

/** cs_result_exit_code() - of all that was settled, an enum cs_exit_code. */
int cs_result_exit_code(const struct cs_result *result);

/** cs_result_word() - of that: "kept", "exceeded", "no data", "inconclusive" (also where that is no failure). */
const char *cs_result_word(const struct cs_result *result);

/**
 * cs_result_rows() - every budget but those switched off
 * @worst_first: else as in the plan
 * @ret:         free() it
 *
 * Return: 0; -ENOMEM.
 */
int cs_result_rows(const struct cs_result *result, bool worst_first, struct cs_row **ret,
		   size_t *ret_count) cs_must_use;

/** cs_row_name() - the budget as a line; "a cold start" where one came to nothing. */
const char *cs_row_name(const struct cs_row *row);

/** cs_row_evidence() - what was measured, or how the start came to nothing: half a line. */
void cs_row_evidence(const struct cs_row *row, struct cs_buffer *out);

/** cs_row_cause() - "moved: …" or "largest: …"; empty where nothing is known. */
void cs_row_cause(const struct cs_row *row, struct cs_buffer *out);

/** cs_row_next() - what to type next; empty where it is kept, or not ours. */
void cs_row_next(const struct cs_row *row, struct cs_buffer *out);

/** cs_row_notes() - lines below its evidence: the cause, why the budget is there, what to type next; or none. */
void cs_row_notes(const struct cs_row *row, struct cs_buffer *out);

/** cs_row_other() - the statistic of what it was compared with, and what that is; empty where it was with nothing. */
void cs_row_other(const struct cs_row *row, struct cs_buffer *out);

/** cs_row_place() - line and column in the plan's file. */
void cs_row_place(const struct cs_row *row, unsigned *ret_line, unsigned *ret_column);

/** cs_result_remark() - half a line; empty: there is nothing to tell. Not escaped. */
void cs_result_remark(const struct cs_result *result, const struct cs_result_function *function,
		      enum cs_remark remark, struct cs_buffer *out);

/** cs_result_label() - the function's name, with its label. Not escaped. */
void cs_result_label(const struct cs_result_function *function, struct cs_buffer *out);
