/* SPDX-License-Identifier: Apache-2.0 */

/* See promql_reader.h. */
#include "agent/dashboards/promql_reader.h"

#include <errno.h>

static const struct cs_promql_operation operations[] = {
	{ "or", 1, false },    { "and", 2, false }, { "unless", 2, false },
	{ "==", 3, true },     { "!=", 3, true },   { "<=", 3, true },
	{ ">=", 3, true },     { "<", 3, true },    { ">", 3, true },
	{ "</", 3, false },    { ">/", 3, false },  { "+", 4, false },
	{ "-", 4, false },     { "*", 5, false },   { "/", 5, false },
	{ "atan2", 5, false }, { "%", 5, false },   { "^", CS_PROMQL_POWER, false },
};

bool cs_promql_take(struct cs_promql_reader *reader, const char *sign)
{
	if (!cs_promql_at_sign(&reader->lexer, sign))
		return false;
	cs_promql_next(&reader->lexer);
	return true;
}

bool cs_promql_take_keyword(struct cs_promql_reader *reader, const char *keyword)
{
	if (!cs_promql_at_keyword(&reader->lexer, keyword))
		return false;
	cs_promql_next(&reader->lexer);
	return true;
}

int cs_promql_unexpected(struct cs_promql_reader *reader)
{
	const struct cs_promql_lexer *lexer = &reader->lexer;

	if (lexer->kind == CS_PROMQL_END)
		return cs_promql_wrong(lexer, "the query ends too early");
	return cs_promql_wrong(lexer, "unexpected '%.*s'",
			       lexer->word.len > 64 ? 64 : (int)lexer->word.len, lexer->word.at);
}

int cs_promql_expect(struct cs_promql_reader *reader, const char *sign)
{
	const struct cs_promql_lexer *lexer = &reader->lexer;

	if (cs_promql_take(reader, sign))
		return 0;
	return lexer->kind == CS_PROMQL_END
		       ? cs_promql_wrong(lexer, "expected '%s' at its end", sign)
		       : cs_promql_wrong(lexer, "expected '%s' before '%c'", sign, *lexer->word.at);
}

int cs_promql_too_many_labels(struct cs_promql_reader *reader)
{
	return cs_diag_set(reader->lexer.diag, -E2BIG, "more than %u labels in one place",
			   CS_PROMQL_MATCHERS_MAX);
}

const struct cs_promql_operation *cs_promql_find_operation(const struct cs_promql_lexer *lexer)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (cs_promql_at_sign(lexer, operations[i].name) ||
		    cs_promql_at_keyword(lexer, operations[i].name))
			return &operations[i];
	}
	return NULL;
}

unsigned cs_promql_next_precedence(const struct cs_promql_operation *operation)
{
	return operation->precedence + (operation->precedence < CS_PROMQL_POWER);
}

int cs_promql_enter(struct cs_promql_reader *reader)
{
	if (++reader->depth <= CS_PROMQL_DEPTH_MAX)
		return 0;
	return cs_diag_set(reader->lexer.diag, -E2BIG,
			   "too deep: more than %u operands in operands", CS_PROMQL_DEPTH_MAX);
}

bool cs_promql_is_number_word(const struct cs_promql_lexer *lexer)
{
	return cs_promql_at_keyword(lexer, "inf") || cs_promql_at_keyword(lexer, "nan");
}
