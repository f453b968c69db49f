/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The grammar, by recursive descent; see promql.h. Words are promql_lexer.h's, whether what was read fits together
 * promql_check.h's.
 */
#include "agent/dashboards/promql.h"

#include <errno.h>
#include <math.h>

#include "agent/dashboards/promql_reader.h"

static int parse_expr(struct cs_promql_reader *reader, unsigned precedence,
		      struct cs_promql_operand *ret);

/* --- calls ------------------------------------------------------------------------------------------ */

/* Behind a '('. @takes: see promql_functions.h. @call: what selectors among the arguments are told. */
static int parse_arguments(struct cs_promql_reader *reader, struct cs_promql_text name,
			   const char *takes, struct cs_promql_text call)
{
	size_t index = 0;

	if (!cs_promql_at_sign(&reader->lexer, ")")) {
		do {
			char wants = cs_promql_next_type(&takes);
			struct cs_promql_operand operand;
			int r;

			reader->call = call;
			reader->argument = index;
			r = parse_expr(reader, 1, &operand);
			if (r == 0)
				r = cs_promql_check_argument(&reader->lexer, name, index++, wants,
							     &operand);
			if (r < 0)
				return r;
		} while (cs_promql_take(reader, ","));
	}
	reader->call.len = 0;
	if (cs_promql_wants_more(takes))
		return cs_promql_wrong(&reader->lexer, "%.*s() has too few arguments",
				       name.len > 64 ? 64 : (int)name.len, name.at);
	return cs_promql_expect(reader, ")");
}

/* @ret may be NULL. */
static int parse_labels(struct cs_promql_reader *reader, struct cs_promql_labels *ret)
{
	struct cs_promql_lexer *lexer = &reader->lexer;
	size_t count = 0;
	int r = cs_promql_expect(reader, "(");

	if (r < 0)
		return r;
	while (!cs_promql_take(reader, ")")) {
		if ((lexer->kind != CS_PROMQL_NAME && lexer->kind != CS_PROMQL_QUOTED) ||
		    !lexer->word.len || cs_promql_is_number_word(lexer))
			return cs_promql_wrong(lexer, "expected the name of a label");
		if (count == CS_PROMQL_MATCHERS_MAX)
			return cs_promql_too_many_labels(reader);
		if (ret)
			ret->names[count] = lexer->word;
		count++;
		cs_promql_next(lexer);
		if (cs_promql_take(reader, ","))
			continue;
		r = cs_promql_expect(reader, ")");
		break;
	}
	if (ret)
		ret->count = count;
	return r;
}

/* Return: 1: it was there. */
static int parse_grouping(struct cs_promql_reader *reader)
{
	int r;

	if (!cs_promql_take_keyword(reader, "by") && !cs_promql_take_keyword(reader, "without"))
		return 0;
	r = parse_labels(reader, NULL);
	return r < 0 ? r : 1;
}

static int parse_aggregation(struct cs_promql_reader *reader, struct cs_promql_text name,
			     const char *takes, struct cs_promql_operand *ret)
{
	int grouped = parse_grouping(reader);
	int r = grouped < 0 ? grouped : cs_promql_expect(reader, "(");

	if (r == 0)
		r = parse_arguments(reader, name, takes, (struct cs_promql_text){ 0 });
	if (r == 0 && !grouped)
		r = parse_grouping(reader);
	*ret = (struct cs_promql_operand){ .type = CS_PROMQL_VECTOR };
	return r < 0 ? r : 0;
}

/* Behind a '('. */
static int parse_call(struct cs_promql_reader *reader, struct cs_promql_text name,
		      struct cs_promql_operand *ret)
{
	const struct cs_promql_function *function = cs_promql_function(name);

	if (!function)
		return cs_promql_wrong(&reader->lexer, "there is no function %.*s()",
				       name.len > 64 ? 64 : (int)name.len, name.at);
	*ret = (struct cs_promql_operand){ .type = function->gives };
	return parse_arguments(reader, name, function->takes, name);
}

/* Keywords that nothing else can be called. */
static bool is_reserved(const struct cs_promql_lexer *lexer)
{
	static const char *const words[] = { "on",          "ignoring", "group_left",
					     "group_right", "bool",     "atan2" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (cs_promql_at_keyword(lexer, words[i]))
			return true;
	}
	return false;
}

static int parse_name(struct cs_promql_reader *reader, struct cs_promql_operand *ret)
{
	struct cs_promql_lexer *lexer = &reader->lexer;
	struct cs_promql_text name = lexer->word;
	const char *takes = cs_promql_aggregation(name);
	bool number = cs_promql_is_number_word(lexer);

	if (is_reserved(lexer))
		return cs_promql_unexpected(reader);
	cs_promql_next(lexer);
	if (takes && (cs_promql_at_sign(lexer, "(") || cs_promql_at_keyword(lexer, "by") ||
		      cs_promql_at_keyword(lexer, "without")))
		return parse_aggregation(reader, name, takes, ret);
	*ret = (struct cs_promql_operand){ .type = CS_PROMQL_SCALAR };
	if (number)
		return 0;
	if (cs_promql_take(reader, "("))
		return parse_call(reader, name, ret);
	return cs_promql_parse_selector(reader, name, ret);
}

/* --- expressions ------------------------------------------------------------------------------------ */

/* Behind a '('. */
static int parse_brackets(struct cs_promql_reader *reader, struct cs_promql_operand *ret)
{
	int r;

	reader->call.len = 0;
	r = parse_expr(reader, 1, ret);
	ret->form = CS_PROMQL_OTHER;
	return r < 0 ? r : cs_promql_expect(reader, ")");
}

static int parse_primary(struct cs_promql_reader *reader, struct cs_promql_operand *ret)
{
	struct cs_promql_lexer *lexer = &reader->lexer;
	enum cs_promql_kind kind = lexer->kind;

	*ret = (struct cs_promql_operand){ .type = CS_PROMQL_SCALAR };
	if (kind == CS_PROMQL_NAME)
		return parse_name(reader, ret);
	if (cs_promql_at_sign(lexer, "{"))
		return cs_promql_parse_selector(
			reader, (struct cs_promql_text){ .at = lexer->word.at }, ret);
	if (cs_promql_take(reader, "("))
		return parse_brackets(reader, ret);
	if (kind != CS_PROMQL_QUOTED && kind != CS_PROMQL_NUMBER && kind != CS_PROMQL_DURATION)
		return cs_promql_unexpected(reader);
	if (kind == CS_PROMQL_QUOTED)
		ret->type = CS_PROMQL_STRING;
	cs_promql_next(lexer);
	return 0;
}

/* Behind "@". */
static int parse_at(struct cs_promql_reader *reader, struct cs_promql_operand *operand)
{
	struct cs_promql_lexer *lexer = &reader->lexer;
	int r;

	if (cs_promql_take_keyword(reader, "start") || cs_promql_take_keyword(reader, "end")) {
		r = cs_promql_expect(reader, "(");
		if (r == 0)
			r = cs_promql_expect(reader, ")");
		return r < 0 ? r : cs_promql_check_at(lexer, operand, (double)NAN);
	}
	if (!cs_promql_take(reader, "-"))
		cs_promql_take(reader, "+");
	if (lexer->kind != CS_PROMQL_NUMBER && lexer->kind != CS_PROMQL_DURATION)
		return cs_promql_wrong(lexer, "expected a time");
	r = cs_promql_check_at(lexer, operand, lexer->value);
	cs_promql_next(lexer);
	return r;
}

/* Behind "offset": no more than one operand, so that "a offset 5m + b" is a sum. */
static int parse_offset(struct cs_promql_reader *reader, struct cs_promql_operand *operand)
{
	double seconds;
	int r = cs_promql_parse_duration(reader, CS_PROMQL_POWER + 1, &seconds);

	return r < 0 ? r : cs_promql_check_offset(&reader->lexer, operand, seconds);
}

/* What stands behind: ranges, offsets, times. */
static int parse_behind(struct cs_promql_reader *reader, struct cs_promql_operand *operand)
{
	int r = 0;

	while (r == 0) {
		if (cs_promql_take_keyword(reader, "offset"))
			r = parse_offset(reader, operand);
		else if (cs_promql_take(reader, "@"))
			r = parse_at(reader, operand);
		else if (cs_promql_take(reader, "["))
			r = cs_promql_parse_range(reader, operand, NULL);
		else if (cs_promql_take_keyword(reader, "anchored") ||
			 cs_promql_take_keyword(reader, "smoothed"))
			r = cs_promql_check_extended(&reader->lexer, operand);
		else
			break;
	}
	return r;
}

static int parse_unary(struct cs_promql_reader *reader, struct cs_promql_operand *ret)
{
	int r;

	if (cs_promql_take(reader, "-") || cs_promql_take(reader, "+")) {
		reader->call.len = 0;
		r = parse_expr(reader, CS_PROMQL_POWER, ret);
		ret->form = CS_PROMQL_OTHER;
		return r < 0 ? r : cs_promql_check_unary(&reader->lexer, ret);
	}
	r = parse_primary(reader, ret);
	reader->call.len = 0;
	return r < 0 ? r : parse_behind(reader, ret);
}

static int parse_matching(struct cs_promql_reader *reader, struct cs_promql_matching *ret)
{
	int r;

	*ret = (struct cs_promql_matching){ .boolean = cs_promql_take_keyword(reader, "bool") };
	ret->on = cs_promql_take_keyword(reader, "on");
	if (!ret->on && !cs_promql_take_keyword(reader, "ignoring"))
		return 0;
	r = parse_labels(reader, &ret->labels);
	if (r < 0)
		return r;
	ret->group = cs_promql_take_keyword(reader, "group_left") ||
		     cs_promql_take_keyword(reader, "group_right");
	if (ret->group && cs_promql_at_sign(&reader->lexer, "("))
		r = parse_labels(reader, &ret->included);
	return r;
}

/* @left with what @operation does to it. */
static int parse_right(struct cs_promql_reader *reader, const struct cs_promql_operation *operation,
		       struct cs_promql_operand *left)
{
	struct cs_promql_matching matching;
	struct cs_promql_operand right;
	int r = parse_matching(reader, &matching);

	if (r == 0)
		r = parse_expr(reader, cs_promql_next_precedence(operation), &right);
	return r < 0 ? r
		     : cs_promql_check_binary(&reader->lexer, operation, &matching, left, &right);
}

static int parse_operations(struct cs_promql_reader *reader, unsigned precedence,
			    struct cs_promql_operand *ret)
{
	int r = parse_unary(reader, ret);

	while (r == 0) {
		const struct cs_promql_operation *operation =
			cs_promql_find_operation(&reader->lexer);

		if (!operation || operation->precedence < precedence)
			break;
		cs_promql_next(&reader->lexer);
		r = parse_right(reader, operation, ret);
	}
	return r;
}

/* What binds at least as much as @precedence. */
static int parse_expr(struct cs_promql_reader *reader, unsigned precedence,
		      struct cs_promql_operand *ret)
{
	int r = cs_promql_enter(reader);

	if (r == 0)
		r = parse_operations(reader, precedence, ret);
	reader->depth--;
	return r;
}

int cs_promql_parse(const char *query, cs_promql_selector_fn fn, void *user, struct cs_diag *diag)
{
	struct cs_diag own = { 0 };
	struct cs_promql_reader reader = { .fn = fn, .user = user };
	struct cs_promql_operand whole;
	int r;

	cs_promql_lexer_init(&reader.lexer, query, diag ? diag : &own);
	r = parse_expr(&reader, 1, &whole);
	return r == 0 && reader.lexer.kind != CS_PROMQL_END ? cs_promql_unexpected(&reader) : r;
}
