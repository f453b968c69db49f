/* SPDX-License-Identifier: Apache-2.0 */

/* A parser by recursive descent; see promql.h. Each parse_x() returns the type of what it read, or an error. */
#include "agent/dashboards/promql.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "agent/dashboards/promql_functions.h"

#define PRECEDENCE_COMPARE 3u
#define PRECEDENCE_POWER   6u

struct reader {
	const char *text;
	const char *at;
	const char *selector_end;   /* of the one that was read last */
	struct cs_promql_text call; /* whose argument begins here */
	unsigned depth;
	cs_promql_selector_fn fn;
	void *user;
	struct cs_diag *diag;
};

struct operation {
	const char *name;
	unsigned precedence; /* 1: binds least */
};

/* Longer ones before those they begin with. */
static const struct operation operations[] = {
	{ "or", 1 }, { "and", 2 },   { "unless", 2 }, { "==", 3 },
	{ "!=", 3 }, { "<=", 3 },    { ">=", 3 },     { "<", 3 },
	{ ">", 3 },  { "+", 4 },     { "-", 4 },      { "*", 5 },
	{ "/", 5 },  { "atan2", 5 }, { "%", 5 },      { "^", PRECEDENCE_POWER },
};

static int parse_expr(struct reader *reader, unsigned precedence);

#define wrong(reader, words, ...)                                                                  \
	cs_diag_set((reader)->diag, -EINVAL, words " (column %zu)", ##__VA_ARGS__,                 \
		    (size_t)((reader)->at - (reader)->text) + 1)

/* --- words ------------------------------------------------------------------------------------------ */

static void skip_space(struct reader *reader)
{
	for (;;) {
		reader->at += strspn(reader->at, " \t\r\n");
		if (*reader->at != '#')
			return;
		reader->at += strcspn(reader->at, "\n");
	}
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool take(struct reader *reader, char c)
{
	skip_space(reader);
	if (*reader->at != c)
		return false;
	reader->at++;
	return true;
}

static int expect(struct reader *reader, char c)
{
	if (take(reader, c))
		return 0;
	return *reader->at ? wrong(reader, "expected '%c' before '%c'", c, *reader->at)
			   : wrong(reader, "expected '%c' at its end", c);
}

/* A name as labels have it, and with @colons as metrics do. */
static struct cs_promql_text take_name(struct reader *reader, bool colons)
{
	struct cs_promql_text name;

	skip_space(reader);
	name = (struct cs_promql_text){ .at = reader->at };
	if (isdigit((unsigned char)*reader->at))
		return name;
	while (is_word(*reader->at) || (colons && *reader->at == ':'))
		reader->at++;
	name.len = (size_t)(reader->at - name.at);
	return name;
}

static bool take_keyword(struct reader *reader, const char *word)
{
	size_t len = strlen(word);

	skip_space(reader);
	if (strncasecmp(reader->at, word, len) != 0 ||
	    (is_word(word[len - 1]) && (is_word(reader->at[len]) || reader->at[len] == ':')))
		return false;
	reader->at += len;
	return true;
}

static int parse_string(struct reader *reader, struct cs_promql_text *ret)
{
	char quote = *reader->at;

	ret->at = ++reader->at;
	while (*reader->at && *reader->at != quote) {
		if (*reader->at == '\n' && quote != '`')
			break;
		if (*reader->at == '\\' && quote != '`' && reader->at[1])
			reader->at++;
		reader->at++;
	}
	if (*reader->at != quote)
		return wrong(reader, "a string is not closed");
	ret->len = (size_t)(reader->at++ - ret->at);
	return CS_PROMQL_STRING;
}

static bool at_string(struct reader *reader)
{
	skip_space(reader);
	return *reader->at == '"' || *reader->at == '\'' || *reader->at == '`';
}

/* "1h30m", "5m", or seconds as a number. */
static int parse_duration(struct reader *reader, struct cs_promql_text *ret)
{
	static const char *const units[] = { "ms", "s", "m", "h", "d", "w", "y" };
	size_t left =
		sizeof(units) / sizeof(units[0]); /* units: each is less than the one before */

	skip_space(reader);
	ret->at = reader->at;
	while (isdigit((unsigned char)*reader->at)) {
		bool found = false;

		while (isdigit((unsigned char)*reader->at))
			reader->at++;
		for (size_t i = 0; !found && i < left; i++) {
			found = !strncmp(reader->at, units[i], strlen(units[i]));
			reader->at += found ? strlen(units[i]) : 0;
			left = found ? i : left;
		}
		if (!found)
			break;
	}
	ret->len = (size_t)(reader->at - ret->at);
	if (!ret->len || is_word(*reader->at))
		return wrong(reader, "no duration");
	return 0;
}

static int parse_number(struct reader *reader)
{
	bool hex = reader->at[0] == '0' && (reader->at[1] | 0x20) == 'x';

	if (!isdigit((unsigned char)*reader->at) && *reader->at != '.')
		return wrong(reader, "no number");
	if (hex)
		reader->at += 2;
	while (hex ? isxdigit((unsigned char)*reader->at)
		   : isdigit((unsigned char)*reader->at) || *reader->at == '.')
		reader->at++;
	if (!hex && (*reader->at | 0x20) == 'e') {
		reader->at++;
		reader->at += *reader->at == '+' || *reader->at == '-';
		if (!isdigit((unsigned char)*reader->at))
			return wrong(reader, "no number");
		reader->at += strspn(reader->at, "0123456789");
	}
	if (is_word(*reader->at))
		return wrong(reader, "no number");
	return CS_PROMQL_SCALAR;
}

/* --- selectors -------------------------------------------------------------------------------------- */

static int parse_match(struct reader *reader, enum cs_promql_match *ret)
{
	static const char *const signs[] = { [CS_PROMQL_EQUAL] = "=",
					     [CS_PROMQL_NOT_EQUAL] = "!=",
					     [CS_PROMQL_REGEX] = "=~",
					     [CS_PROMQL_NOT_REGEX] = "!~" };

	skip_space(reader);
	for (unsigned i = 4; i--;) {
		if (!strncmp(reader->at, signs[i], strlen(signs[i]))) {
			reader->at += strlen(signs[i]);
			*ret = (enum cs_promql_match)i;
			return 0;
		}
	}
	return wrong(reader, "expected =, !=, =~ or !~ behind a label");
}

/* label="value", or a name in quotes, which alone is that of the metric. */
static int parse_matcher(struct reader *reader, struct cs_promql_selector *selector)
{
	struct cs_promql_matcher *matcher = &selector->matchers[selector->matchers_count];
	int r;

	if (at_string(reader)) {
		r = parse_string(reader, &matcher->label);
		if (r < 0)
			return r;
		skip_space(reader);
		if (*reader->at == ',' || *reader->at == '}') {
			selector->metric = matcher->label;
			return 0;
		}
	} else {
		matcher->label = take_name(reader, false);
	}
	if (!matcher->label.len)
		return wrong(reader, "expected the name of a label");
	r = parse_match(reader, &matcher->match);
	if (r < 0)
		return r;
	if (!at_string(reader))
		return wrong(reader, "the value of a label stands in quotes");
	selector->matchers_count++;
	return parse_string(reader, &matcher->value);
}

static int parse_matchers(struct reader *reader, struct cs_promql_selector *selector)
{
	while (!take(reader, '}')) {
		int r;

		if (selector->matchers_count == CS_PROMQL_MATCHERS_MAX)
			return cs_diag_set(reader->diag, -E2BIG,
					   "more than %u labels in a selector",
					   CS_PROMQL_MATCHERS_MAX);
		r = parse_matcher(reader, selector);
		if (r < 0)
			return r;
		if (!take(reader, ',')) {
			r = expect(reader, '}');
			if (r < 0)
				return r;
			break;
		}
	}
	return 0;
}

/* Prometheus refuses to look at everything. */
static bool selects_something(const struct cs_promql_selector *selector)
{
	for (size_t i = 0; i < selector->matchers_count; i++) {
		const struct cs_promql_matcher *one = &selector->matchers[i];
		bool empty = !one->value.len ||
			     (one->match >= CS_PROMQL_REGEX && cs_promql_is(one->value, ".*"));

		if ((one->match == CS_PROMQL_EQUAL || one->match == CS_PROMQL_REGEX) != empty)
			return true;
	}
	return selector->metric.len;
}

/* Behind a '['. Return: 1: it is a range; 0: a subquery, of which the ':' was read. */
static int parse_range(struct reader *reader, struct cs_promql_text *ret)
{
	int r = parse_duration(reader, ret);

	if (r < 0)
		return r;
	if (strcspn(ret->at, "123456789") >= ret->len)
		return wrong(reader, "a range of nothing");
	if (take(reader, ':'))
		return 0;
	r = expect(reader, ']');
	return r < 0 ? r : 1;
}

static int end_subquery(struct reader *reader)
{
	struct cs_promql_text step;
	int r = 0;

	if (take(reader, ']'))
		return CS_PROMQL_MATRIX;
	r = parse_duration(reader, &step);
	if (r == 0)
		r = expect(reader, ']');
	return r < 0 ? r : CS_PROMQL_MATRIX;
}

static int parse_selector(struct reader *reader, struct cs_promql_text metric)
{
	struct cs_promql_selector selector = { .metric = metric, .call = reader->call };
	int r = take(reader, '{') ? parse_matchers(reader, &selector) : 0, range = -1;

	if (r < 0)
		return r;
	if (!selects_something(&selector))
		return wrong(reader, "a selector needs a metric, or a label that is not empty");
	if (take(reader, '[')) {
		range = parse_range(reader, &selector.range);
		if (range < 0)
			return range;
	}
	if (range <= 0)
		selector.range.len = 0;
	if (reader->fn)
		reader->fn(reader->user, &selector);
	if (range == 0)
		r = end_subquery(reader);
	reader->selector_end = reader->at;
	if (r < 0)
		return r;
	return range >= 0 ? CS_PROMQL_MATRIX : CS_PROMQL_VECTOR;
}

/* --- calls ------------------------------------------------------------------------------------------ */

static const char *type_name(int type)
{
	return type == CS_PROMQL_SCALAR   ? "a number"
	       : type == CS_PROMQL_VECTOR ? "series"
	       : type == CS_PROMQL_MATRIX ? "series with a range"
					  : "a string";
}

/* What @takes wants next; 0: nothing. Moves on. */
static char next_type(const char **takes)
{
	if (**takes == '?')
		++*takes;
	if (**takes == '*')
		return (*takes)[1];
	return **takes ? *(*takes)++ : 0;
}

static int parse_arguments(struct reader *reader, struct cs_promql_text name, const char *takes,
			   struct cs_promql_text call)
{
	int len = name.len > 64 ? 64 : (int)name.len;

	if (!take(reader, ')')) {
		do {
			char wants = next_type(&takes);
			int type;

			if (!wants)
				return wrong(reader, "%.*s() has too many arguments", len, name.at);
			reader->call = call;
			type = parse_expr(reader, 1);
			if (type < 0)
				return type;
			if (type != wants)
				return wrong(reader, "%.*s() wants %s, not %s", len, name.at,
					     type_name(wants), type_name(type));
		} while (take(reader, ','));
		reader->call.len = 0;
		if (expect(reader, ')') < 0)
			return -EINVAL;
	}
	reader->call.len = 0;
	if (*takes && *takes != '?' && *takes != '*')
		return wrong(reader, "%.*s() has too few arguments", len, name.at);
	return 0;
}

static int parse_labels(struct reader *reader)
{
	int r = expect(reader, '(');

	if (r < 0)
		return r;
	while (!take(reader, ')')) {
		struct cs_promql_text label = { 0 };

		if (at_string(reader)) {
			r = parse_string(reader, &label);
			if (r < 0)
				return r;
		} else {
			label = take_name(reader, false);
		}
		if (!label.len)
			return wrong(reader, "expected the name of a label");
		if (!take(reader, ','))
			return expect(reader, ')');
	}
	return 0;
}

/* Return: 1: it was there. */
static int parse_grouping(struct reader *reader)
{
	int r;

	if (!take_keyword(reader, "by") && !take_keyword(reader, "without"))
		return 0;
	r = parse_labels(reader);
	return r < 0 ? r : 1;
}

static int parse_aggregation(struct reader *reader, struct cs_promql_text name, const char *takes)
{
	int grouped = parse_grouping(reader);
	int r = grouped < 0 ? grouped : expect(reader, '(');

	if (r == 0)
		r = parse_arguments(reader, name, takes, (struct cs_promql_text){ 0 });
	if (r == 0 && !grouped)
		r = parse_grouping(reader);
	return r < 0 ? r : CS_PROMQL_VECTOR;
}

static int parse_call(struct reader *reader, struct cs_promql_text name)
{
	const struct cs_promql_function *function = cs_promql_function(name);
	int r;

	if (!function)
		return wrong(reader, "there is no function %.*s()",
			     name.len > 64 ? 64 : (int)name.len, name.at);
	r = parse_arguments(reader, name, function->takes, name);
	return r < 0 ? r : (int)function->gives;
}

static bool is_number_word(struct cs_promql_text name)
{
	return name.len == 3 &&
	       (!strncasecmp(name.at, "inf", 3) || !strncasecmp(name.at, "nan", 3));
}

static int parse_word(struct reader *reader)
{
	struct cs_promql_text name = take_name(reader, true);
	const char *behind, *takes = cs_promql_aggregation(name);

	skip_space(reader);
	behind = reader->at;
	if (takes &&
	    (*behind == '(' || take_keyword(reader, "by") || take_keyword(reader, "without"))) {
		reader->at = behind;
		return parse_aggregation(reader, name, takes);
	}
	if (is_number_word(name))
		return CS_PROMQL_SCALAR;
	if (take(reader, '('))
		return parse_call(reader, name);
	return parse_selector(reader, name);
}

/* --- expressions ------------------------------------------------------------------------------------ */

static int parse_brackets(struct reader *reader)
{
	int type, r;

	reader->call.len = 0;
	type = parse_expr(reader, 1);
	if (type < 0)
		return type;
	r = expect(reader, ')');
	return r < 0 ? r : type;
}

static int parse_primary(struct reader *reader)
{
	struct cs_promql_text string;

	if (at_string(reader))
		return parse_string(reader, &string);
	if (isdigit((unsigned char)*reader->at) ||
	    (*reader->at == '.' && isdigit((unsigned char)reader->at[1])))
		return parse_number(reader);
	if (*reader->at == '{')
		return parse_selector(reader, (struct cs_promql_text){ .at = reader->at });
	if (is_word(*reader->at) || *reader->at == ':')
		return parse_word(reader);
	if (take(reader, '('))
		return parse_brackets(reader);
	return *reader->at ? wrong(reader, "unexpected '%c'", *reader->at)
			   : wrong(reader, "the query ends too early");
}

static int parse_offset(struct reader *reader)
{
	struct cs_promql_text duration;

	if (!take(reader, '-'))
		take(reader, '+');
	return parse_duration(reader, &duration);
}

static int parse_at(struct reader *reader)
{
	int r = 0;

	if (take_keyword(reader, "start") || take_keyword(reader, "end")) {
		r = expect(reader, '(');
		return r < 0 ? r : expect(reader, ')');
	}
	if (!take(reader, '-'))
		take(reader, '+');
	skip_space(reader);
	r = parse_number(reader);
	return r < 0 ? r : 0;
}

/* Behind a '['. */
static int parse_subquery(struct reader *reader, int type)
{
	struct cs_promql_text range;
	int r;

	if (type != CS_PROMQL_VECTOR && type != CS_PROMQL_SCALAR)
		return wrong(reader, "a range of %s", type_name(type));
	r = parse_range(reader, &range);
	if (r > 0)
		return wrong(reader, "a range stands right behind a selector");
	return r < 0 ? r : end_subquery(reader);
}

/* What stands behind: a subquery, an offset, a time; the last two behind a selector or a subquery, once each. */
static int parse_behind(struct reader *reader, int type)
{
	bool may_offset = reader->selector_end == reader->at, may_at = may_offset;
	int r = 0;

	for (;;) {
		if (take_keyword(reader, "offset")) {
			r = may_offset ? parse_offset(reader)
				       : wrong(reader, "no offset belongs here");
			may_offset = false;
		} else if (take(reader, '@')) {
			r = may_at ? parse_at(reader) : wrong(reader, "no @ belongs here");
			may_at = false;
		} else if (take(reader, '[')) {
			r = type = parse_subquery(reader, type);
			may_offset = may_at = true;
		} else {
			return type;
		}
		if (r < 0)
			return r;
	}
}

static int parse_unary(struct reader *reader)
{
	int type;

	if (take(reader, '-') || take(reader, '+')) {
		reader->call.len = 0;
		type = parse_expr(reader, PRECEDENCE_POWER);
		if (type == CS_PROMQL_MATRIX || type == CS_PROMQL_STRING)
			type = wrong(reader, "no sign before %s", type_name(type));
	} else {
		type = parse_primary(reader);
		reader->call.len = 0;
		if (type >= 0)
			type = parse_behind(reader, type);
	}
	return type;
}

static const struct operation *peek_operation(struct reader *reader)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		const char *at = reader->at;

		if (take_keyword(reader, operations[i].name)) {
			reader->at = at;
			return &operations[i];
		}
	}
	return NULL;
}

struct matching {
	bool boolean;
	bool labels; /* on, ignoring */
	bool group;
};

static int parse_matching(struct reader *reader, struct matching *ret)
{
	int r = 0;

	*ret = (struct matching){ .boolean = take_keyword(reader, "bool") };
	if (take_keyword(reader, "on") || take_keyword(reader, "ignoring")) {
		ret->labels = true;
		r = parse_labels(reader);
		if (r == 0 &&
		    (take_keyword(reader, "group_left") || take_keyword(reader, "group_right"))) {
			ret->group = true;
			skip_space(reader);
			r = *reader->at == '(' ? parse_labels(reader) : 0;
		}
	}
	return r;
}

static int type_of(struct reader *reader, const struct operation *operation,
		   const struct matching *matching, int left, int right)
{
	bool vectors = left == CS_PROMQL_VECTOR && right == CS_PROMQL_VECTOR;
	bool scalars = left == CS_PROMQL_SCALAR && right == CS_PROMQL_SCALAR;
	bool compares = operation->precedence == PRECEDENCE_COMPARE;
	bool sets = operation->precedence < PRECEDENCE_COMPARE;
	int odd = left != CS_PROMQL_VECTOR && left != CS_PROMQL_SCALAR ? left : right;

	if (odd != CS_PROMQL_VECTOR && odd != CS_PROMQL_SCALAR)
		return wrong(reader, "%s cannot take %s", operation->name, type_name(odd));
	if (sets && (!vectors || matching->group))
		return wrong(reader, "%s wants series on both sides, without group_left",
			     operation->name);
	if (matching->labels && !vectors)
		return wrong(reader, "on() and ignoring() want series on both sides");
	if (matching->boolean && !compares)
		return wrong(reader, "bool belongs to comparisons");
	if (compares && scalars && !matching->boolean)
		return wrong(reader, "a comparison of two numbers wants bool: %s bool",
			     operation->name);
	return scalars ? CS_PROMQL_SCALAR : CS_PROMQL_VECTOR;
}

static int parse_operations(struct reader *reader, unsigned precedence)
{
	int left = parse_unary(reader);

	while (left >= 0) {
		const struct operation *operation = peek_operation(reader);
		struct matching matching;
		int right;

		if (!operation || operation->precedence < precedence)
			return left;
		take_keyword(reader, operation->name);
		right = parse_matching(reader, &matching);
		if (right < 0)
			return right;
		right = parse_expr(reader, operation->precedence +
						   (operation->precedence < PRECEDENCE_POWER));
		left = right < 0 ? right : type_of(reader, operation, &matching, left, right);
	}
	return left;
}

/* What binds at least as much as @precedence. */
static int parse_expr(struct reader *reader, unsigned precedence)
{
	int type;

	if (reader->depth >= CS_PROMQL_DEPTH_MAX)
		return cs_diag_set(reader->diag, -E2BIG,
				   "too deep: more than %u operands in operands",
				   CS_PROMQL_DEPTH_MAX);
	reader->depth++;
	type = parse_operations(reader, precedence);
	reader->depth--;
	return type;
}

int cs_promql_parse(const char *query, cs_promql_selector_fn fn, void *user, struct cs_diag *diag)
{
	struct cs_diag own = { 0 };
	struct reader reader = {
		.text = query, .at = query, .fn = fn, .user = user, .diag = diag ? diag : &own
	};
	int type = parse_expr(&reader, 1);

	if (type < 0)
		return type;
	skip_space(&reader);
	if (*reader.at)
		return wrong(&reader, "unexpected '%c' behind the query", *reader.at);
	return 0;
}
