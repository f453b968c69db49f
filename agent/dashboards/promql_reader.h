/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the files of the grammar share: where a query is read, and the parts that they read for each other. Each
 * parse says by its last argument what it read. Pure.
 */
#pragma once

#include "agent/dashboards/promql_check.h"

struct cs_promql_reader {
	struct cs_promql_lexer lexer;
	struct cs_promql_text call; /* whose argument begins here */
	size_t argument;            /* which one */
	unsigned depth;
	cs_promql_selector_fn fn;
	void *user;
};

/** cs_promql_take() - on, if the next word is this sign. */
bool cs_promql_take(struct cs_promql_reader *reader, const char *sign);

/** cs_promql_take_keyword() - on, if it is this keyword. */
bool cs_promql_take_keyword(struct cs_promql_reader *reader, const char *keyword);

/** cs_promql_expect() - on, as it has to be this sign. Return: 0; -EINVAL. */
int cs_promql_expect(struct cs_promql_reader *reader, const char *sign);

/** cs_promql_unexpected() - tell that the next word has no place there. Return: -EINVAL. */
int cs_promql_unexpected(struct cs_promql_reader *reader);

/** cs_promql_too_many_labels() - tell that. Return: -E2BIG. */
int cs_promql_too_many_labels(struct cs_promql_reader *reader);

/** cs_promql_enter() - one operand deeper, which the caller takes back. Return: 0; -E2BIG. */
int cs_promql_enter(struct cs_promql_reader *reader);

/** cs_promql_find_operation() - which operator the next word is; NULL: none. */
const struct cs_promql_operation *cs_promql_find_operation(const struct cs_promql_lexer *lexer);

/** cs_promql_next_precedence() - what its right side binds with: of powers the right one comes first. */
unsigned cs_promql_next_precedence(const struct cs_promql_operation *operation);

/** cs_promql_is_number_word() - is the next word one for infinity, or for no number? */
bool cs_promql_is_number_word(const struct cs_promql_lexer *lexer);

/** cs_promql_parse_duration() - seconds; NaN where they are computed as the query is asked. */
int cs_promql_parse_duration(struct cs_promql_reader *reader, unsigned precedence, double *ret);

/** cs_promql_parse_range() - behind '['. @ret_range: what stands there, unless it is a subquery; may be NULL. */
int cs_promql_parse_range(struct cs_promql_reader *reader, struct cs_promql_operand *operand,
			  struct cs_promql_text *ret_range);

/** cs_promql_parse_selector() - behind @metric, which may be none. */
int cs_promql_parse_selector(struct cs_promql_reader *reader, struct cs_promql_text metric,
			     struct cs_promql_operand *ret);
