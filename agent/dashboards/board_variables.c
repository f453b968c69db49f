/* SPDX-License-Identifier: Apache-2.0 */

/* Variables in queries; see board.h. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "agent/dashboards/board.h"

#define NESTED_MAX 8u /* variables in values of variables */

/* As grafana/dashboard-linter has them, lint/variables.go. */
static const char *const samples[][2] = {
	{ "__rate_interval", CS_BOARD_RATE_INTERVAL },
	{ "__interval", "4867856611ms" },
	{ "__interval_ms", "7781188786" },
	{ "__range_ms", "6737667980" },
	{ "__range_s", "9397795485" },
	{ "__range", "6069770749ms" },
	{ "__dashboard", "AwREbnft" },
	{ "__from", "1594671549254" },
	{ "__to", "1594671549254" },
	{ "__name", "name" },
	{ "__org", "42" },
	{ "__org.name", "orgname" },
	{ "__user.id", "42" },
	{ "__user.login", "user" },
	{ "__user.email", "user@test.com" },
	{ "timeFilter", "time > now() - 7d" },
	{ "__timeFilter", "time > now() - 7d" },
	{ "__auto", "12345ms" },
};

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Between brackets that end with @end; false: they do not, before another that would be looked at next. */
static bool bracketed(const char *begin, const char *end, const char **at, const char **ret_name,
		      size_t *ret_len)
{
	const char *close = begin + strcspn(begin, "[]{}");

	if (close == begin || strncmp(close, end, strlen(end)) != 0)
		return false;
	*ret_name = begin;
	*ret_len = strcspn(begin, ":]}");
	*at = close + strlen(end);
	return true;
}

const char *cs_board_next_variable(const char **at, const char **ret_name, size_t *ret_len)
{
	for (const char *p = *at; (p = strpbrk(p, "$[")); p++) {
		if (*p == '[') {
			if (p[1] == '[' && bracketed(p + 2, "]]", at, ret_name, ret_len))
				return p;
		} else if (p[1] == '{') {
			if (bracketed(p + 2, "}", at, ret_name, ret_len))
				return p;
		} else if (is_word(p[1])) {
			*ret_name = p + 1;
			for (*at = p + 1; is_word(**at);)
				++*at;
			*ret_len = (size_t)(*at - *ret_name);
			return p;
		}
	}
	return NULL;
}

/* A value may be a list; then its first one. NULL: there is none. */
static const char *value_of(const json_t *option)
{
	const json_t *value = json_object_get(option, "value");
	const char *text =
		json_string_value(json_is_array(value) ? json_array_get(value, 0) : value);

	return text && *text ? text : NULL;
}

static int expand(const struct cs_board *board, const char *query, unsigned nested,
		  struct cs_buffer *out);

static int put_sample(const struct cs_board *board, const char *name, size_t len, unsigned nested,
		      struct cs_buffer *out)
{
	const json_t *variable = cs_board_variable(board, name, len);
	const char *value;

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		if (strlen(samples[i][0]) == len && !memcmp(samples[i][0], name, len)) {
			cs_buffer_puts(out, samples[i][1]);
			return 0;
		}
	}
	if (len >= 15 && !memcmp(name, "__auto_interval", 15)) {
		cs_buffer_puts(out, "10s");
		return 0;
	}
	value = value_of(json_object_get(variable, "current"));
	if (!value)
		value = value_of(json_array_get(json_object_get(variable, "options"), 0));
	if (value)
		return nested < NESTED_MAX ? expand(board, value, nested + 1, out) : -E2BIG;
	cs_buffer_append(out, name, len);
	return 0;
}

static int expand(const struct cs_board *board, const char *query, unsigned nested,
		  struct cs_buffer *out)
{
	const char *at = query, *from = query, *name, *begin;
	bool quoted = false;
	size_t len;
	int r;

	while ((begin = cs_board_next_variable(&at, &name, &len))) {
		for (const char *c = from; c < begin; c++)
			quoted ^= *c == '"';
		cs_buffer_append(out, from, (size_t)(begin - from));
		if (quoted)
			cs_buffer_append(out, begin, (size_t)(at - begin));
		r = quoted ? 0 : put_sample(board, name, len, nested, out);
		if (r < 0)
			return r;
		if (out->len > CS_BOARD_QUERY_BYTES)
			return -E2BIG;
		from = at;
	}
	cs_buffer_puts(out, from);
	return out->len > CS_BOARD_QUERY_BYTES ? -E2BIG : 0;
}

int cs_board_expand(const struct cs_board *board, const char *query, struct cs_buffer *out)
{
	int r = expand(board, query, 0, out);

	return r < 0 ? r : out->failed ? -ENOMEM : 0;
}
