/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What fits together in a PromQL query: types, and what may stand behind what. Each check tells its mistake through
 * the lexer. Pure.
 *
 * Format: Prometheus 3, promql/parser/parse.go (checkAST() and what the grammar calls).
 */
#pragma once

#include "agent/dashboards/promql_functions.h"
#include "agent/dashboards/promql_lexer.h"

/* Precedences. */
#define CS_PROMQL_SETS  2u /* and less */
#define CS_PROMQL_SUM   4u
#define CS_PROMQL_POWER 6u

enum cs_promql_form {
	CS_PROMQL_OTHER,
	CS_PROMQL_SELECTOR,
	CS_PROMQL_RANGE, /* a selector with a range */
	CS_PROMQL_SUBQUERY,
};

/* A part of a query that was read. */
struct cs_promql_operand {
	enum cs_promql_type type;
	enum cs_promql_form form;
	bool named;             /* a selector with its metric before the braces */
	bool offset, at;        /* it has one */
	bool written;           /* one of them in numbers: no range may follow */
	bool anchored_smoothed; /* it has one of them */
};

struct cs_promql_labels {
	struct cs_promql_text names[CS_PROMQL_MATCHERS_MAX];
	size_t count;
};

/* What stands between an operator and its right side. */
struct cs_promql_matching {
	bool boolean;
	bool on;
	bool group;
	struct cs_promql_labels labels;   /* of on, ignoring */
	struct cs_promql_labels included; /* of group_left, group_right */
};

struct cs_promql_operation {
	const char *name;
	unsigned precedence; /* 1: binds least */
	bool compares;
};

/** cs_promql_check_selector() - @any: it may select everything. Return: 0; -EINVAL, as all below. */
int cs_promql_check_selector(const struct cs_promql_lexer *lexer,
			     const struct cs_promql_selector *selector, bool any);

/** cs_promql_check_range() - behind @operand; @seconds: NaN where it is computed; @subquery: a ':' follows. */
int cs_promql_check_range(const struct cs_promql_lexer *lexer,
			  const struct cs_promql_operand *operand, double seconds, bool subquery);

/**
 * cs_promql_check_offset(), _at(), _extended() - which may stand behind @operand, which is told of it
 * @seconds: NaN where they are known as the query is asked
 */
int cs_promql_check_offset(const struct cs_promql_lexer *lexer, struct cs_promql_operand *operand,
			   double seconds);
int cs_promql_check_at(const struct cs_promql_lexer *lexer, struct cs_promql_operand *operand,
		       double seconds);
int cs_promql_check_extended(const struct cs_promql_lexer *lexer,
			     struct cs_promql_operand *operand);

/** cs_promql_check_unary() - a '-' or '+' before @operand. */
int cs_promql_check_unary(const struct cs_promql_lexer *lexer,
			  const struct cs_promql_operand *operand);

/** cs_promql_check_argument() - number @index, from 0 on, of @function, which @wants such a type. */
int cs_promql_check_argument(const struct cs_promql_lexer *lexer, struct cs_promql_text function,
			     size_t index, char wants, const struct cs_promql_operand *operand);

/** cs_promql_check_binary() - @left: what it is with @right; then it is the whole. */
int cs_promql_check_binary(const struct cs_promql_lexer *lexer,
			   const struct cs_promql_operation *operation,
			   const struct cs_promql_matching *matching,
			   struct cs_promql_operand *left, const struct cs_promql_operand *right);
