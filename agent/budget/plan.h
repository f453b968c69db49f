/* SPDX-License-Identifier: Apache-2.0 */

/*
 * coldspan.yaml: which functions are started how, how often, and within which budgets. The keys are
 * described for people in coldspan.yaml(5), for editors in docs/schema/coldspan.schema.json. Strict: what is
 * not known is an error, with its place, and the word that was probably meant.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/budget/budget.h"
#include "agent/environment.h"
#include "base/arena.h"
#include "base/diag.h"
#include "base/fingerprint.h"

#define CS_PLAN_RUNS_MAX 10000u
#define CS_PLAN_WARM_MAX 1000u
#define CS_PLAN_WARM     20u /* where a budget is on them, and nothing is said */

/* The bound that pairs were tried out with: never exceeded where nothing differs, always by a fifth. */
#define CS_PLAN_COMPARED                                                                           \
	"{metric: total, stat: p50, relative_to: baseline, max: +3%, min_effect: 1ms}"

/* How often, and how sure. */
struct cs_plan_sampling {
	uint32_t runs;
	uint32_t max_runs;   /* where the first ones prove nothing */
	uint32_t warmup;     /* starts before that, not counted */
	bool evict;          /* files are put out of the page cache before each start */
	bool same_processor; /* each start has one, the same in all; else all that we have */
	bool take_slow;      /* a start of a pair counts, however slow its processor was */
	double alpha;        /* 0.05: a verdict is wrong once in twenty */
	uint64_t timeout_ns; /* of one start */
};

enum cs_plan_start {
	CS_START_COMMAND, /* argv as it is */
	CS_START_SHELL,   /* by sh -c */
	CS_START_FAAS,    /* a folder with a function.yaml, by coldspan-faas */
};

enum cs_plan_ready {
	CS_READY_RESPONSE, /* it has answered the event: an HTTP server, asked on $PORT */
	CS_READY_LISTEN,   /* it waits for connections */
	CS_READY_POLL,     /* it has asked for its first event (Lambda Runtime API) */
	CS_READY_EXIT,     /* it has ended: a process per event */
	CS_READY_PATTERN,  /* it has written a line that has this text */
};

struct cs_plan_event {
	const char *method; /* GET, or POST where there is a body */
	const char *path;
	const char *body; /* also the standard input of a process per event; NULL: none */
	const char *content_type;
};

enum cs_plan_baseline_kind {
	CS_BASELINE_NONE,
	CS_BASELINE_REF,     /* a git ref, checked out and built beside */
	CS_BASELINE_COMMAND, /* another command */
	CS_BASELINE_FILE,    /* samples of an earlier run: weaker */
};

struct cs_plan_baseline {
	enum cs_plan_baseline_kind kind;
	const char *ref;    /* or the file */
	const char *build;  /* shell command, run in the checkout; NULL: none */
	char **argv;        /* of the other command, ends with NULL */
	bool differs_warns; /* a file: of another machine, or measured otherwise, it can only warn */
	unsigned line;      /* 0: it was asked for on the command line */
	unsigned column;
};

/* What a function is in proportion to: the same runtime with an empty handler. */
struct cs_plan_reference {
	char **argv; /* ends with NULL; NULL: by its folder, or there is none */
	const char *
		folder; /* of a function; relative to the file's; NULL: a command, or there is none */
};

struct cs_cost;
struct cs_prices;

struct cs_plan_function {
	const char *name;
	unsigned line;
	unsigned column;
	enum cs_plan_start start;
	char **argv;        /* ends with NULL; at least one; of CS_START_SHELL "sh", "-c", TEXT */
	const char *folder; /* of CS_START_FAAS; relative to the file's */
	enum cs_plan_ready ready;
	const char *pattern;
	struct cs_plan_event event;
	const char *prepare; /* shell command before each start; NULL: none */
	const struct cs_environment_variable *env;
	size_t env_count;
	struct cs_plan_sampling sampling;
	struct cs_budget *budgets;
	size_t budgets_count;
	const char *package; /* folder or file that is deployed, from the file's; NULL: not named */
	const struct cs_cost *cost; /* NULL: not asked for */
	const char *const *forbid;  /* names of modules, with * */
	size_t forbid_count;
	uint32_t warm;    /* further events of each start, one after the other */
	bool names_files; /* a budget is on modules: the files of every class are asked for */
	struct cs_plan_baseline baseline;
	struct cs_plan_reference reference;
	enum cs_budget_against beside; /* what pairs are made with: of one kind */
	bool unwatched;                /* it is started without the shim, beside itself */
};

/* A budget whose failing is known, and does not fail the build until then. */
struct cs_plan_quarantine {
	const char *id;    /* FUNCTION/BUDGET */
	const char *issue; /* NULL: not said */
	unsigned until;    /* 20261231: the last day */
	unsigned line;
	unsigned column;
};

struct cs_yaml_node;

struct cs_plan {
	struct cs_arena arena;           /* owns everything */
	const char *file;                /* borrowed */
	const struct cs_yaml_node *tree; /* what it says, and where */
	char hash[CS_FINGERPRINT_BYTES]; /* of its text */
	const char *baseline; /* borrowed: a ref instead of all functions' own; NULL: none */
	const struct cs_plan_function *functions;
	size_t functions_count;
	const struct cs_prices *prices; /* for all functions that have none of their own; NULL */
	const struct cs_plan_quarantine *quarantine;
	size_t quarantine_count;
	bool fail_inconclusive; /* as --strict */
	uint32_t confirm;       /* 1: what exceeds an amount is measured once more */
};

/**
 * cs_plan_parse() - read the text of a coldspan.yaml
 * @file: its name, borrowed
 * @text: @len bytes, any content
 * @ret:  cs_plan_deinit() it in any case; its `baseline` is set before, all else is not
 *
 * A function that is compared with such a ref and has no budget against a baseline gets
 * CS_PLAN_COMPARED as one.
 *
 * Context: startup.
 * Return:  0; -EINVAL, -E2BIG: @diag has file:line:column: what, and what to write; -ENOMEM.
 */
int cs_plan_parse(const char *file, const void *text, size_t len, struct cs_diag *diag,
		  struct cs_plan *ret) cs_must_use;

/** cs_plan_find() - the function of that name; NULL: there is none. */
const struct cs_plan_function *cs_plan_find(const struct cs_plan *plan, const char *name);

/** cs_plan_has_pairs() - is something else started beside each start of it? */
bool cs_plan_has_pairs(const struct cs_plan_function *function);

/** cs_plan_is_asked() - is the function @name one of @names, or is none of them named? */
bool cs_plan_is_asked(const char *name, char *const *names, int names_count);

/** cs_plan_deinit() - accepts a zeroed one. */
void cs_plan_deinit(struct cs_plan *plan);
