/* SPDX-License-Identifier: Apache-2.0 */

/* See promql_check.h. */
#include "agent/dashboards/promql_check.h"

#include <math.h>
#include <string.h>

#define SECONDS_MAX (9223372036854775807.0 / 1e9)

static const char *type_name(char type)
{
	return type == CS_PROMQL_SCALAR   ? "a number"
	       : type == CS_PROMQL_VECTOR ? "series"
	       : type == CS_PROMQL_MATRIX ? "series with a range"
					  : "a string";
}

/* --- selectors -------------------------------------------------------------------------------------- */

/* Of regular expressions only what is empty and what is ".*" are known to match nothing, too. */
static bool is_not_empty(const struct cs_promql_matcher *one)
{
	bool empty = !one->value.len ||
		     (one->match >= CS_PROMQL_REGEX && cs_promql_is(one->value, ".*"));

	return (one->match == CS_PROMQL_EQUAL || one->match == CS_PROMQL_REGEX) != empty;
}

int cs_promql_check_selector(const struct cs_promql_lexer *lexer,
			     const struct cs_promql_selector *selector, bool any)
{
	any |= selector->metric.len != 0;
	for (size_t i = 0; i < selector->matchers_count; i++)
		any |= is_not_empty(&selector->matchers[i]);
	return any ? 0
		   : cs_promql_wrong(lexer,
				     "a selector needs a metric, or a label that is not empty");
}

int cs_promql_check_range(const struct cs_promql_lexer *lexer,
			  const struct cs_promql_operand *operand, double seconds, bool subquery)
{
	if (seconds <= 0)
		return cs_promql_wrong(lexer, "a range of nothing");
	if (seconds > SECONDS_MAX)
		return cs_promql_wrong(lexer, "a range of more than 292 years");
	if (subquery)
		return operand->type == CS_PROMQL_VECTOR
			       ? 0
			       : cs_promql_wrong(lexer, "a range of %s",
						 type_name((char)operand->type));
	if (operand->form != CS_PROMQL_SELECTOR || operand->written)
		return cs_promql_wrong(lexer, "a range stands right behind a selector");
	return 0;
}

int cs_promql_check_offset(const struct cs_promql_lexer *lexer, struct cs_promql_operand *operand,
			   double seconds)
{
	if (operand->form == CS_PROMQL_OTHER || operand->offset)
		return cs_promql_wrong(lexer, "no offset belongs here");
	if (fabs(seconds) > SECONDS_MAX)
		return cs_promql_wrong(lexer, "an offset of more than 292 years");
	/* One of nothing is as if there were none. */
	operand->offset = fpclassify(seconds) != FP_ZERO;
	operand->written |= operand->offset && !isnan(seconds);
	return 0;
}

int cs_promql_check_at(const struct cs_promql_lexer *lexer, struct cs_promql_operand *operand,
		       double seconds)
{
	if (operand->form == CS_PROMQL_OTHER || operand->at)
		return cs_promql_wrong(lexer, "no @ belongs here");
	if (fabs(seconds) >= 9223372036854775807.0)
		return cs_promql_wrong(lexer, "no time that can be");
	operand->at = true;
	operand->written |= !isnan(seconds);
	return 0;
}

int cs_promql_check_extended(const struct cs_promql_lexer *lexer, struct cs_promql_operand *operand)
{
	if ((operand->form != CS_PROMQL_SELECTOR && operand->form != CS_PROMQL_RANGE) ||
	    operand->anchored_smoothed)
		return cs_promql_wrong(
			lexer, "anchored or smoothed stands behind a selector, one of them");
	operand->anchored_smoothed = true;
	return 0;
}

/* --- types ------------------------------------------------------------------------------------------ */

static bool is_computable(const struct cs_promql_operand *operand)
{
	return operand->type == CS_PROMQL_VECTOR || operand->type == CS_PROMQL_SCALAR;
}

int cs_promql_check_unary(const struct cs_promql_lexer *lexer,
			  const struct cs_promql_operand *operand)
{
	return is_computable(operand) ? 0
				      : cs_promql_wrong(lexer, "no sign before %s",
							type_name((char)operand->type));
}

int cs_promql_check_argument(const struct cs_promql_lexer *lexer, struct cs_promql_text function,
			     size_t index, char wants, const struct cs_promql_operand *operand)
{
	int len = function.len > 64 ? 64 : (int)function.len;

	if (!wants)
		return cs_promql_wrong(lexer, "%.*s() has too many arguments", len, function.at);
	if ((char)operand->type != wants)
		return cs_promql_wrong(lexer, "%.*s() wants %s, not %s", len, function.at,
				       type_name(wants), type_name((char)operand->type));
	if (cs_promql_is(function, "info") && index == 1 &&
	    (operand->form != CS_PROMQL_SELECTOR || operand->named))
		return cs_promql_wrong(lexer, "info() wants labels in braces, without a metric");
	return 0;
}

static bool holds(const struct cs_promql_labels *labels, struct cs_promql_text name)
{
	for (size_t i = 0; i < labels->count; i++) {
		if (labels->names[i].len == name.len &&
		    !memcmp(labels->names[i].at, name.at, name.len))
			return true;
	}
	return false;
}

static int check_matching(const struct cs_promql_lexer *lexer,
			  const struct cs_promql_operation *operation,
			  const struct cs_promql_matching *matching, bool vectors)
{
	if (matching->boolean && !operation->compares)
		return cs_promql_wrong(lexer, "bool belongs to comparisons");
	if (matching->labels.count && !vectors)
		return cs_promql_wrong(lexer, "on() and ignoring() want series on both sides");
	for (size_t i = 0; matching->on && i < matching->included.count; i++) {
		struct cs_promql_text name = matching->included.names[i];

		if (holds(&matching->labels, name))
			return cs_promql_wrong(lexer, "%.*s is in on() and in group_left()",
					       name.len > 64 ? 64 : (int)name.len, name.at);
	}
	return 0;
}

int cs_promql_check_binary(const struct cs_promql_lexer *lexer,
			   const struct cs_promql_operation *operation,
			   const struct cs_promql_matching *matching,
			   struct cs_promql_operand *left, const struct cs_promql_operand *right)
{
	bool vectors = left->type == CS_PROMQL_VECTOR && right->type == CS_PROMQL_VECTOR;
	bool scalars = left->type == CS_PROMQL_SCALAR && right->type == CS_PROMQL_SCALAR;
	const struct cs_promql_operand *odd = is_computable(left) ? right : left;

	if (!is_computable(odd))
		return cs_promql_wrong(lexer, "%s cannot take %s", operation->name,
				       type_name((char)odd->type));
	if (operation->precedence <= CS_PROMQL_SETS && (!vectors || matching->group))
		return cs_promql_wrong(lexer, "%s wants series on both sides, without group_left",
				       operation->name);
	if (operation->compares && scalars && !matching->boolean)
		return cs_promql_wrong(lexer, "a comparison of two numbers wants bool: %s bool",
				       operation->name);
	*left = (struct cs_promql_operand){ .type = scalars ? CS_PROMQL_SCALAR : CS_PROMQL_VECTOR };
	return check_matching(lexer, operation, matching, vectors);
}
