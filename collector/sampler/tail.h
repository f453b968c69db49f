/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tail sampling: what is decided of an invocation, or a start, when it is over. Rules keep some for certain,
 * a ratio what is left. Which rule holds never depends on the random number by which the ratio decides: so
 * those that a rule keeps count for themselves, the others for 1/ratio, and nothing is counted twice. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/diag.h"

#define CS_TAIL_SLOWEST_MAX 100u

/* X(id, name): in the order in which they are asked. */
#define CS_TAIL_RULES(X)                                                                           \
	X(COLD, "cold")         /* starts, and invocations that had to wait for one */             \
	X(TIMEOUT, "timeouts")  /* ran into their deadline */                                      \
	X(ERROR, "errors")      /* their span's status is Error */                                 \
	X(TRACE, "trace")       /* another part of the trace was kept by one of these */           \
	X(SLOWEST, "slowest=N") /* the N slowest of a function and a minute */                     \
	X(RATIO, "ratio=R")     /* of what is left */

enum cs_tail_rule {
#define X(id, name) CS_TAIL_##id,
	CS_TAIL_RULES(X)
#undef X
	CS_TAIL_RULE_COUNT,
};

struct cs_tail_rules {
	bool asked; /* else nothing is left out */
	bool cold;
	bool timeouts;
	bool errors;
	unsigned slowest; /* 0: none */
	double ratio;
};

/**
 * cs_tail_parse() - "cold,errors,timeouts,slowest=10,ratio=0.05"
 *
 * Context: startup. Return: 0; -EINVAL, @diag says why.
 */
int cs_tail_parse(const char *text, struct cs_diag *diag, struct cs_tail_rules *ret) cs_must_use;

/** cs_tail_text() - the other way round; "everything" if nothing is left out. Return: @buf. */
const char *cs_tail_text(const struct cs_tail_rules *tail, char *buf, size_t size);

/** cs_tail_rule_name() - "cold", … without what an argument stands for. */
const char *cs_tail_rule_name(enum cs_tail_rule rule);

/**
 * cs_tail_ratio() - does the ratio keep what no rule keeps?
 * @randomness: of its trace
 * @threshold:  with which it was kept so far; if it is kept, receives that with which it is now. A sampler behind
 *              another cannot make anything more probable ("equalizing", the specification)
 */
bool cs_tail_ratio(const struct cs_tail_rules *tail, uint64_t randomness, uint64_t *threshold);
