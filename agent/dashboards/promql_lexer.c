/* SPDX-License-Identifier: Apache-2.0 */

/* See promql_lexer.h. */
#include "agent/dashboards/promql_lexer.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

#define SPACE     " \t\r\n"
#define SECONDS_D 86400.0
/* What Go's time.Duration can hold: 292 years. */
#define SECONDS_MAX (9223372036854775807.0 / 1e9)

int cs_promql_wrong(const struct cs_promql_lexer *lexer, const char *fmt, ...)
{
	char text[CS_DIAG_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return cs_diag_set(lexer->diag, -EINVAL, "%s (column %zu)", text,
			   (size_t)(lexer->word.at - lexer->query) + 1);
}

static void no_word(struct cs_promql_lexer *lexer, const char *why)
{
	lexer->kind = CS_PROMQL_NONE;
	cs_promql_wrong(lexer, "%s", why);
}

static void found(struct cs_promql_lexer *lexer, enum cs_promql_kind kind, const char *end)
{
	lexer->kind = kind;
	lexer->word.len = (size_t)(end - lexer->word.at);
	lexer->at = end;
}

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static bool is_in_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* --- numbers ---------------------------------------------------------------------------------------- */

/* Behind digits, and single underscores between them. */
static const char *behind_digits(const char *at, const char *digits)
{
	while (is_one_of(*at, digits) || (*at == '_' && is_one_of(at[1], digits)))
		at++;
	return at;
}

/* @at: none begins here. */
static const char *behind_number(const char *at)
{
	static const char *const decimal = "0123456789";
	const char *begin = at;

	if (at[0] == '0' && (at[1] | 0x20) == 'x') {
		at = behind_digits(at + 2, "0123456789abcdefABCDEF");
		return at > begin + 2 ? at : begin;
	}
	at = behind_digits(at, decimal);
	if (*at == '.')
		at = isdigit((unsigned char)at[1]) ? behind_digits(at + 1, decimal) : at + 1;
	if ((*at | 0x20) == 'e') {
		const char *digits = at + 1 + is_one_of(at[1], "+-");

		if (isdigit((unsigned char)*digits))
			at = behind_digits(digits, decimal);
	}
	return at;
}

/* strtod() knows no underscores. */
static double number_of(const char *at, const char *end)
{
	char text[64];
	size_t len = 0;

	for (; at < end && len < sizeof(text) - 1; at++) {
		if (*at != '_')
			text[len++] = *at;
	}
	text[len] = '\0';
	return strtod(text, NULL);
}

/* "1h30m": each unit is less than the one before. @at: none begins here. */
static const char *behind_duration(const char *at, double *ret_seconds)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = {
		{ "ms", 1e-3 },
		{ "s", 1 },
		{ "m", 60 },
		{ "h", 3600 },
		{ "d", SECONDS_D },
		{ "w", 7 * SECONDS_D },
		{ "y", 365 * SECONDS_D },
	};
	const char *begin = at;
	size_t left = sizeof(units) / sizeof(units[0]);

	*ret_seconds = 0;
	while (isdigit((unsigned char)*at)) {
		double number = strtod(at, NULL);
		size_t i = 0;

		at += strspn(at, "0123456789");
		while (i < left && strncmp(at, units[i].name, strlen(units[i].name)) != 0)
			i++;
		if (i == left)
			return begin;
		at += strlen(units[i].name);
		*ret_seconds += number * units[i].seconds;
		left = i;
	}
	return at;
}

static void read_number(struct cs_promql_lexer *lexer)
{
	const char *begin = lexer->word.at, *end = behind_number(begin);

	if (end > begin && !is_in_name(*end)) {
		lexer->value = number_of(begin, end);
		found(lexer, CS_PROMQL_NUMBER, end);
		return;
	}
	end = behind_duration(begin, &lexer->value);
	if (end == begin || is_in_name(*end))
		no_word(lexer, "neither a number nor a duration");
	else if (lexer->value > SECONDS_MAX)
		no_word(lexer, "a duration of more than 292 years");
	else
		found(lexer, CS_PROMQL_DURATION, end);
}

/* --- strings ---------------------------------------------------------------------------------------- */

/* Behind what stands behind a backslash; NULL: it is no escape. Those of Go, and of the quote itself. */
static const char *behind_escape(const char *at, char quote)
{
	static const struct {
		char name;
		unsigned digits;
		int base;
		unsigned long max;
	} numbers[] = { { 'x', 2, 16, 0xff }, { 'u', 4, 16, 0x10ffff }, { 'U', 8, 16, 0x10ffff } };
	char digits[9] = "";
	unsigned long value;

	if (is_one_of(*at, "abfnrtv\\") || (*at && *at == quote))
		return at + 1;
	if (is_one_of(*at, "01234567")) {
		if (strspn(at, "01234567") < 3 || *at > '3')
			return NULL;
		return at + 3;
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (*at != numbers[i].name)
			continue;
		if (strspn(at + 1, "0123456789abcdefABCDEF") < numbers[i].digits)
			return NULL;
		memcpy(digits, at + 1, numbers[i].digits);
		value = strtoul(digits, NULL, numbers[i].base);
		if (value > numbers[i].max || (value >= 0xd800 && value < 0xe000))
			return NULL;
		return at + 1 + numbers[i].digits;
	}
	return NULL;
}

static void read_string(struct cs_promql_lexer *lexer)
{
	const char *begin = lexer->word.at, *at = begin + 1;
	char quote = *begin;

	while (*at && *at != quote && (*at != '\n' || quote == '`')) {
		if (*at++ != '\\' || quote == '`')
			continue;
		at = behind_escape(at, quote);
		if (!at) {
			no_word(lexer, "no escape that a string may have");
			return;
		}
	}
	if (*at != quote) {
		no_word(lexer, "a string is not closed");
		return;
	}
	if (!cs_utf8_valid(begin, (size_t)(at - begin))) {
		no_word(lexer, "a string is no UTF-8");
		return;
	}
	found(lexer, CS_PROMQL_QUOTED, at + 1);
	lexer->word = (struct cs_promql_text){ .at = begin + 1, .len = (size_t)(at - begin) - 1 };
}

/* --- names and signs -------------------------------------------------------------------------------- */

static void read_name(struct cs_promql_lexer *lexer)
{
	const char *end = lexer->word.at;

	while (is_in_name(*end) || (*end == ':' && !lexer->braces && !lexer->brackets))
		end++;
	found(lexer, CS_PROMQL_NAME, end);
}

static void read_sign(struct cs_promql_lexer *lexer)
{
	/* Longer ones before those they begin with. */
	static const char *const signs[] = {
		"==", "!=", "=~", "!~", "<=", ">=", "</", ">/", "=", "<", ">", "+", "-",
		"*",  "/",  "%",  "^",  "@",  ",",  "(",  ")",  "{", "}", "[", "]", ":",
	};
	const char *at = lexer->word.at;

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (strncmp(at, signs[i], strlen(signs[i])) != 0)
			continue;
		lexer->braces = *at == '{' || (lexer->braces && *at != '}');
		lexer->brackets = *at == '[' || (lexer->brackets && *at != ']');
		found(lexer, CS_PROMQL_SIGN, at + strlen(signs[i]));
		return;
	}
	lexer->kind = CS_PROMQL_NONE;
	cs_promql_wrong(lexer, "unexpected '%c'", *at);
}

static const char *behind_space(const char *at)
{
	for (;;) {
		at += strspn(at, SPACE);
		if (*at != '#')
			return at;
		at += strcspn(at, "\r\n");
	}
}

void cs_promql_next(struct cs_promql_lexer *lexer)
{
	const char *at = behind_space(lexer->at);

	if (lexer->kind == CS_PROMQL_NONE)
		return;
	lexer->word = (struct cs_promql_text){ .at = at };
	if (!*at)
		found(lexer, CS_PROMQL_END, at);
	else if (isdigit((unsigned char)*at) || (*at == '.' && isdigit((unsigned char)at[1])))
		read_number(lexer);
	else if (is_one_of(*at, "\"'`"))
		read_string(lexer);
	else if (is_in_name(*at) || (*at == ':' && !lexer->braces && !lexer->brackets))
		read_name(lexer);
	else
		read_sign(lexer);
}

void cs_promql_lexer_init(struct cs_promql_lexer *lexer, const char *query, struct cs_diag *diag)
{
	*lexer = (struct cs_promql_lexer){ .query = query, .at = query, .diag = diag };
	cs_promql_next(lexer);
}

bool cs_promql_at_sign(const struct cs_promql_lexer *lexer, const char *sign)
{
	return lexer->kind == CS_PROMQL_SIGN && cs_promql_is(lexer->word, sign);
}

bool cs_promql_at_keyword(const struct cs_promql_lexer *lexer, const char *keyword)
{
	return lexer->kind == CS_PROMQL_NAME && strlen(keyword) == lexer->word.len &&
	       !strncasecmp(lexer->word.at, keyword, lexer->word.len);
}
