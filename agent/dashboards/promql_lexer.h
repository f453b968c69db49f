/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The words of a PromQL query, one after the other. What is in braces or brackets has words of its own, which the
 * lexer knows by itself. Pure.
 *
 * Format: Prometheus 3, promql/parser/lex.go.
 */
#pragma once

#include <stdbool.h>

#include "agent/dashboards/promql.h"

enum cs_promql_kind {
	CS_PROMQL_END,
	CS_PROMQL_NONE, /* no word at all; the diagnostic says why */
	CS_PROMQL_SIGN, /* operators and brackets */
	CS_PROMQL_NAME, /* of metrics, labels, functions; keywords are not told apart */
	CS_PROMQL_NUMBER,
	CS_PROMQL_DURATION,
	CS_PROMQL_QUOTED,
};

struct cs_promql_lexer {
	const char *query;
	enum cs_promql_kind kind;   /* of the word that is to be read next */
	struct cs_promql_text word; /* that one; without its quotes */
	double value;               /* of a number, or seconds of a duration */
	const char *at;             /* behind it */
	bool braces, brackets;      /* it is in such */
	struct cs_diag *diag;
};

/** cs_promql_lexer_init() - at the first word of @query; @diag: where mistakes are told. Context: any-thread. */
void cs_promql_lexer_init(struct cs_promql_lexer *lexer, const char *query, struct cs_diag *diag);

/** cs_promql_next() - on to the next word. Behind the last one, and at what is none, it stays. */
void cs_promql_next(struct cs_promql_lexer *lexer);

/** cs_promql_at_sign() - is the word this sign? */
bool cs_promql_at_sign(const struct cs_promql_lexer *lexer, const char *sign);

/** cs_promql_at_keyword() - is it this keyword, in upper or lower case? */
bool cs_promql_at_keyword(const struct cs_promql_lexer *lexer, const char *keyword);

/** cs_promql_wrong() - tell a mistake at the word, unless one was told. Return: -EINVAL. */
int cs_promql_wrong(const struct cs_promql_lexer *lexer, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
