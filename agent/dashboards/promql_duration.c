/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Durations, which may be computed: promql/parser/generated_parser.y, duration_expr. See promql_reader.h.
 */
#include <math.h>

#include "agent/dashboards/promql_reader.h"

/* Behind the name of a function. @ret: NaN, as it is computed when somebody asks. */
static int parse_duration_call(struct cs_promql_reader *reader, size_t arguments, double *ret)
{
	int r = cs_promql_expect(reader, "(");

	for (size_t i = 0; r == 0 && i < arguments; i++) {
		if (i > 0)
			r = cs_promql_expect(reader, ",");
		if (r == 0)
			r = cs_promql_parse_duration(reader, CS_PROMQL_SUM, ret);
	}
	*ret = (double)NAN;
	return r < 0 ? r : cs_promql_expect(reader, ")");
}

static int parse_duration_operand(struct cs_promql_reader *reader, double *ret)
{
	struct cs_promql_lexer *lexer = &reader->lexer;
	int r;

	if (cs_promql_take_keyword(reader, "step") || cs_promql_take_keyword(reader, "range"))
		return parse_duration_call(reader, 0, ret);
	if (cs_promql_take_keyword(reader, "max_of") || cs_promql_take_keyword(reader, "min_of"))
		return parse_duration_call(reader, 2, ret);
	if (cs_promql_take(reader, "(")) {
		r = cs_promql_parse_duration(reader, CS_PROMQL_SUM, ret);
		return r < 0 ? r : cs_promql_expect(reader, ")");
	}
	if (lexer->kind != CS_PROMQL_NUMBER && lexer->kind != CS_PROMQL_DURATION)
		return cs_promql_wrong(lexer, "expected a duration or a number");
	*ret = lexer->value;
	cs_promql_next(lexer);
	return 0;
}

static int parse_duration_sign(struct cs_promql_reader *reader, double *ret)
{
	bool minus = cs_promql_at_sign(&reader->lexer, "-");
	int r;

	if (!minus && !cs_promql_at_sign(&reader->lexer, "+"))
		return parse_duration_operand(reader, ret);
	cs_promql_next(&reader->lexer);
	r = cs_promql_parse_duration(reader, CS_PROMQL_POWER, ret);
	if (r == 0 && minus)
		*ret = -*ret;
	return r;
}

static int parse_duration_operations(struct cs_promql_reader *reader, unsigned precedence,
				     double *ret)
{
	int r = parse_duration_sign(reader, ret);

	while (r == 0 && reader->lexer.kind == CS_PROMQL_SIGN) {
		const struct cs_promql_operation *operation =
			cs_promql_find_operation(&reader->lexer);
		bool divides = cs_promql_at_sign(&reader->lexer, "/") ||
			       cs_promql_at_sign(&reader->lexer, "%");
		double right;

		if (!operation || operation->precedence < precedence)
			break;
		cs_promql_next(&reader->lexer);
		r = cs_promql_parse_duration(reader, cs_promql_next_precedence(operation), &right);
		if (r == 0 && divides && fpclassify(right) == FP_ZERO)
			r = cs_promql_wrong(&reader->lexer, "a division by nothing");
		*ret = (double)NAN;
	}
	return r;
}

int cs_promql_parse_duration(struct cs_promql_reader *reader, unsigned precedence, double *ret)
{
	int r = cs_promql_enter(reader);

	if (r == 0)
		r = parse_duration_operations(reader, precedence, ret);
	reader->depth--;
	return r;
}
