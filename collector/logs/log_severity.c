/* SPDX-License-Identifier: Apache-2.0 */

/* The severity that a line of JSON names; see log_severity.h. */
#include "collector/logs/log_severity.h"

#include <string.h>
#include <strings.h>

struct scan {
	const char *at;
	const char *end;
};

static const struct {
	const char *word;
	enum cs_severity number;
} words[] = {
	{ "trace", CS_SEVERITY_TRACE },       { "verbose", CS_SEVERITY_TRACE },
	{ "debug", CS_SEVERITY_DEBUG },       { "info", CS_SEVERITY_INFO },
	{ "information", CS_SEVERITY_INFO },  { "notice", CS_SEVERITY_NOTICE },
	{ "warn", CS_SEVERITY_WARN },         { "warning", CS_SEVERITY_WARN },
	{ "err", CS_SEVERITY_ERROR },         { "error", CS_SEVERITY_ERROR },
	{ "critical", CS_SEVERITY_CRITICAL }, { "crit", CS_SEVERITY_CRITICAL },
	{ "alert", CS_SEVERITY_ALERT },       { "fatal", CS_SEVERITY_FATAL },
	{ "panic", CS_SEVERITY_FATAL },       { "emerg", CS_SEVERITY_FATAL },
	{ "emergency", CS_SEVERITY_FATAL },
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_spaces(struct scan *scan)
{
	while (scan->at < scan->end && is_space(*scan->at))
		scan->at++;
}

static bool take(struct scan *scan, char c)
{
	skip_spaces(scan);
	if (scan->at == scan->end || *scan->at != c)
		return false;
	scan->at++;
	return true;
}

/* A string; escapes stay as they are, so that such a one equals no name of ours. */
static bool take_string(struct scan *scan, const char **ret, size_t *ret_len)
{
	const char *begin;

	if (!take(scan, '"'))
		return false;
	for (begin = scan->at; scan->at < scan->end && *scan->at != '"'; scan->at++) {
		if (*scan->at == '\\' && ++scan->at == scan->end)
			return false;
	}
	*ret = begin;
	*ret_len = (size_t)(scan->at - begin);
	return take(scan, '"');
}

/* Any value, without a look at what is in it: brackets are only counted. */
static bool skip_value(struct scan *scan)
{
	unsigned depth = 0;

	skip_spaces(scan);
	for (; scan->at < scan->end; scan->at++) {
		const char *text;
		size_t len;

		switch (*scan->at) {
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (!depth)
				return true;
			depth--;
			break;
		case ',':
			if (!depth)
				return true;
			break;
		case '"':
			if (!take_string(scan, &text, &len))
				return false;
			scan->at--;
		}
	}
	return false;
}

static bool is_level(const char *key, size_t len)
{
	static const char *const keys[] = { "level",        "severity",  "severity_text",
					    "severityText", "levelname", "log.level",
					    "lvl",          "loglevel",  "logLevel" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strlen(keys[i]) == len && !memcmp(keys[i], key, len))
			return true;
	}
	return false;
}

static bool set(enum cs_severity number, const char *text, size_t len, struct cs_log_severity *ret)
{
	ret->number = number;
	memcpy(ret->text, text, len);
	ret->text[len] = '\0';
	return true;
}

static bool read_word(const char *text, size_t len, struct cs_log_severity *ret)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i].word) == len && !strncasecmp(words[i].word, text, len))
			return set(words[i].number, text, len, ret);
	}
	return false;
}

/* bunyan's and pino's: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. */
static bool read_number(struct scan *scan, struct cs_log_severity *ret)
{
	static const enum cs_severity numbers[] = { CS_SEVERITY_TRACE, CS_SEVERITY_DEBUG,
						    CS_SEVERITY_INFO,  CS_SEVERITY_WARN,
						    CS_SEVERITY_ERROR, CS_SEVERITY_FATAL };
	const char *at = scan->at;

	if (scan->end - at < 3 || at[0] < '1' || at[0] > '6' || at[1] != '0' ||
	    (at[2] != ',' && at[2] != '}' && !is_space(at[2])))
		return false;
	return set(numbers[at[0] - '1'], at, 2, ret);
}

bool cs_log_severity_read(const char *line, size_t len, struct cs_log_severity *ret)
{
	struct scan scan = { line,
			     line + (len < CS_LOG_SEVERITY_LOOK ? len : CS_LOG_SEVERITY_LOOK) };
	const char *text;
	size_t text_len;

	if (!take(&scan, '{'))
		return false;
	do {
		bool level;

		if (!take_string(&scan, &text, &text_len) || !take(&scan, ':'))
			return false;
		level = is_level(text, text_len);
		skip_spaces(&scan);
		if (level && scan.at < scan.end && *scan.at == '"')
			return take_string(&scan, &text, &text_len) &&
			       read_word(text, text_len, ret);
		if (level)
			return read_number(&scan, ret);
	} while (skip_value(&scan) && take(&scan, ','));
	return false;
}
