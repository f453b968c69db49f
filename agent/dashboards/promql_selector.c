/* SPDX-License-Identifier: Apache-2.0 */

/* Selectors and their ranges; see promql_reader.h. */
#include <ctype.h>
#include <math.h>

#include "agent/dashboards/promql_reader.h"

static int parse_match(struct cs_promql_reader *reader, enum cs_promql_match *ret)
{
	static const char *const signs[] = { [CS_PROMQL_EQUAL] = "=",
					     [CS_PROMQL_NOT_EQUAL] = "!=",
					     [CS_PROMQL_REGEX] = "=~",
					     [CS_PROMQL_NOT_REGEX] = "!~" };

	for (unsigned i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (cs_promql_take(reader, signs[i])) {
			*ret = (enum cs_promql_match)i;
			return 0;
		}
	}
	return cs_promql_wrong(&reader->lexer, "expected =, !=, =~ or !~ behind a label");
}

static int name_metric(struct cs_promql_reader *reader, struct cs_promql_selector *selector,
		       bool named, struct cs_promql_text name)
{
	if (named)
		return cs_promql_wrong(&reader->lexer, "a metric is named once");
	selector->metric = name;
	return 0;
}

/* label="value", or a name in quotes, which alone is that of the metric. @named: it stands before the braces. */
static int parse_matcher(struct cs_promql_reader *reader, struct cs_promql_selector *selector,
			 bool named)
{
	struct cs_promql_lexer *lexer = &reader->lexer;
	struct cs_promql_matcher *matcher = &selector->matchers[selector->matchers_count];
	bool quoted = lexer->kind == CS_PROMQL_QUOTED;
	int r;

	if ((!quoted && lexer->kind != CS_PROMQL_NAME) || !lexer->word.len)
		return cs_promql_wrong(lexer, "expected the name of a label");
	matcher->label = lexer->word;
	cs_promql_next(lexer);
	if (quoted && (cs_promql_at_sign(lexer, ",") || cs_promql_at_sign(lexer, "}")))
		return name_metric(reader, selector, named, matcher->label);
	if (named && cs_promql_is(matcher->label, "__name__"))
		return cs_promql_wrong(lexer, "a metric is named once");
	r = parse_match(reader, &matcher->match);
	if (r < 0)
		return r;
	if (lexer->kind != CS_PROMQL_QUOTED)
		return cs_promql_wrong(lexer, "the value of a label stands in quotes");
	matcher->value = lexer->word;
	cs_promql_next(lexer);
	selector->matchers_count++;
	return 0;
}

/* Behind a '{'. */
static int parse_matchers(struct cs_promql_reader *reader, struct cs_promql_selector *selector)
{
	bool named = selector->metric.len;

	while (!cs_promql_take(reader, "}")) {
		int r;

		if (selector->matchers_count == CS_PROMQL_MATCHERS_MAX)
			return cs_promql_too_many_labels(reader);
		r = parse_matcher(reader, selector, named);
		if (r < 0)
			return r;
		if (!cs_promql_take(reader, ","))
			return cs_promql_expect(reader, "}");
	}
	return 0;
}

/* Without the space at its end. */
static struct cs_promql_text between(const char *begin, const char *end)
{
	while (end > begin && isspace((unsigned char)end[-1]))
		end--;
	return (struct cs_promql_text){ .at = begin, .len = (size_t)(end - begin) };
}

int cs_promql_parse_range(struct cs_promql_reader *reader, struct cs_promql_operand *operand,
			  struct cs_promql_text *ret_range)
{
	const char *begin = reader->lexer.word.at;
	double seconds, step = (double)NAN;
	bool subquery;
	int r = cs_promql_parse_duration(reader, CS_PROMQL_SUM, &seconds);

	if (r < 0)
		return r;
	if (ret_range)
		*ret_range = between(begin, reader->lexer.word.at);
	subquery = cs_promql_take(reader, ":");
	r = cs_promql_check_range(&reader->lexer, operand, seconds, subquery);
	if (r == 0 && subquery && !cs_promql_at_sign(&reader->lexer, "]"))
		r = cs_promql_parse_duration(reader, CS_PROMQL_SUM, &step);
	if (r < 0)
		return r;
	if (step <= 0)
		return cs_promql_wrong(&reader->lexer, "a step of nothing");
	if (subquery && ret_range)
		ret_range->len = 0;
	*operand = (struct cs_promql_operand){
		.type = CS_PROMQL_MATRIX,
		.form = subquery ? CS_PROMQL_SUBQUERY : CS_PROMQL_RANGE,
	};
	return cs_promql_expect(reader, "]");
}

int cs_promql_parse_selector(struct cs_promql_reader *reader, struct cs_promql_text metric,
			     struct cs_promql_operand *ret)
{
	struct cs_promql_selector selector = { .metric = metric, .call = reader->call };
	/* Which series info() looks at is told by its second argument's labels; none are all. */
	bool any = cs_promql_is(reader->call, "info") && reader->argument == 1;
	int r = cs_promql_take(reader, "{") ? parse_matchers(reader, &selector) : 0;

	if (r == 0)
		r = cs_promql_check_selector(&reader->lexer, &selector, any);
	if (r < 0)
		return r;
	*ret = (struct cs_promql_operand){ .type = CS_PROMQL_VECTOR,
					   .form = CS_PROMQL_SELECTOR,
					   .named = metric.len };
	if (cs_promql_take(reader, "["))
		r = cs_promql_parse_range(reader, ret, &selector.range);
	if (r < 0)
		return r;
	if (reader->fn)
		reader->fn(reader->user, &selector);
	return 0;
}
