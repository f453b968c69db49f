/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reads one PromQL query: says what is wrong with it, and which series it selects. Types are checked as Prometheus
 * does (`rate()` wants a range, a comparison of two numbers wants `bool`). Experimental functions, anchored and
 * smoothed selectors and computed durations are read; regular expressions are not looked into. Pure.
 *
 * Format: Prometheus' documentation, querying/basics.md, operators.md, functions.md; its own parser in
 * promql/parser/generated_parser.y.
 */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"
#include "base/diag.h"

#define CS_PROMQL_MATCHERS_MAX 32u
#define CS_PROMQL_DEPTH_MAX    64u /* operands in operands */

/* A piece of the query. */
struct cs_promql_text {
	const char *at;
	size_t len; /* 0: there is none */
};

enum cs_promql_match {
	CS_PROMQL_EQUAL,
	CS_PROMQL_NOT_EQUAL,
	CS_PROMQL_REGEX,
	CS_PROMQL_NOT_REGEX,
};

struct cs_promql_matcher {
	struct cs_promql_text label;
	struct cs_promql_text value; /* between its quotes, as it stands there */
	enum cs_promql_match match;
};

struct cs_promql_selector {
	struct cs_promql_text metric;
	struct cs_promql_text range; /* between brackets */
	struct cs_promql_text call;  /* the function whose argument it is */
	struct cs_promql_matcher matchers[CS_PROMQL_MATCHERS_MAX];
	size_t matchers_count;
};

/** cs_promql_selector_fn() - told each selector, in the order of the query. */
typedef void (*cs_promql_selector_fn)(void *user, const struct cs_promql_selector *selector);

/**
 * cs_promql_parse() - read @query
 * @fn:   may be NULL; of a query that is wrong it is told those before the mistake
 * @diag: what is wrong, with the column; may be NULL
 *
 * Context: any-thread.
 * Return:  0; -EINVAL no query; -E2BIG too many matchers, or too deep.
 */
int cs_promql_parse(const char *query, cs_promql_selector_fn fn, void *user, struct cs_diag *diag)
	cs_must_use;

/** cs_promql_is() - is @text this word? */
int cs_promql_is(struct cs_promql_text text, const char *word);
