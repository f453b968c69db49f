/* SPDX-License-Identifier: Apache-2.0 */

/* See line_oracle.h. */
#include "tests/support/line_oracle.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preload/http/http_names.h"

#define LINES_MAX 512

struct lines {
	size_t count;
	char *items[LINES_MAX];
};

static void need(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "the scanner of lines: does not hold: %s\n", what);
	abort();
}

static void add_line(struct lines *lines, const char *text, size_t len)
{
	char *copy = malloc(len + 1);

	need(lines->count < LINES_MAX, "number of lines");
	need(copy != NULL, "memory");
	memcpy(copy, text, len);
	copy[len] = '\0';
	lines->items[lines->count++] = copy;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What is too long for the text of a record is left to the flag of the scanner. */
static void tell(struct lines *lines, struct line_told *ret)
{
	qsort(lines->items, lines->count, sizeof(lines->items[0]), compare);
	for (size_t i = 0; i < lines->count; i++) {
		size_t len = strlen(lines->items[i]);

		if (ret->len + len <= sizeof(ret->text)) {
			memcpy(ret->text + ret->len, lines->items[i], len);
			ret->len += len;
		}
		free(lines->items[i]);
	}
}

/* --- the scanner --- */

void line_scan(bool answer, const unsigned char *data, size_t len, size_t piece,
	       struct line_told *ret)
{
	struct cs_stdio_scan scan;
	struct lines lines = { 0 };
	const char *at, *end;

	memset(&scan, 0xa5, sizeof(scan));
	cs_stdio_scan_begin(&scan, answer);
	while (len) {
		size_t part = len < piece ? len : piece;

		cs_stdio_scan_feed(&scan, data, part);
		data += part;
		len -= part;
	}
	*ret = (struct line_told){ .object = cs_stdio_scan_end(&scan) };
	need(scan.lines.used <= CS_STDIO_SCAN_TEXT && scan.lines.bytes <= CS_KEPT_BYTES, "lengths");
	need(!answer || !scan.lines.used, "nothing of an answer is kept");
	for (at = scan.text, end = at + scan.lines.used; at < end;) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		need(stop != NULL, "lines have ends");
		for (const char *p = at; p < stop; p++)
			need(*p >= 0x20 && *p < 0x7f, "plain text");
		add_line(&lines, at, (size_t)(stop + 1 - at));
		at = stop + 1;
	}
	ret->cut = scan.lines.cut;
	ret->failed = scan.failed;
	ret->ok = scan.ok;
	ret->web = scan.web;
	tell(&lines, ret);
}

/* --- jansson --- */

static void add_value(struct lines *lines, const char *name, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);
	char line[CS_STDIO_VALUE_MAX + 64];

	if (!text || !len || len > CS_STDIO_VALUE_MAX)
		return;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < 0x20 || text[i] >= 0x7f)
			return;
	}
	add_line(lines, line, (size_t)snprintf(line, sizeof(line), "%s: %s\n", name, text));
}

/* The scanner keeps the digits as they stand: of -0 jansson does not say that it is none. */
static void add_number(struct lines *lines, const char *name, const json_t *value,
		       struct line_told *ret)
{
	char line[96];

	if (!json_is_integer(value))
		return;
	ret->followed &= json_integer_value(value) != 0;
	if (json_integer_value(value) > 0)
		add_line(lines, line,
			 (size_t)snprintf(line, sizeof(line), "%s: %lld\n", name,
					  (long long)json_integer_value(value)));
}

static void add_headers(struct lines *lines, const json_t *headers, struct line_told *ret)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)headers, key, value)
	{
		char name[CS_KEPT_NAME + 1];
		size_t i;

		if (strlen(key) > CS_KEPT_NAME)
			continue;
		for (i = 0; key[i]; i++)
			name[i] = (char)tolower((unsigned char)key[i]);
		name[i] = '\0';
		if (!cs_http_is_kept(name, i))
			continue;
		add_value(lines, name, value);
		add_number(lines, name, value, ret);
	}
}

void line_look_up(bool answer, const unsigned char *data, size_t len, struct line_told *ret)
{
	static const char *const kept[] = {
#define X(name) name,
		CS_STDIO_KEPT(X)
#undef X
	};
	json_t *line = json_loadb((const char *)data, len,
				  JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	const json_t *headers = json_object_get(json_object_get(line, "value"), "__ow_headers");
	struct lines lines = { 0 };

	*ret = (struct line_told){ .object = json_is_object(line), .followed = line != NULL };
	if (answer) {
		ret->failed = json_object_get(line, "error") != NULL;
		ret->ok = json_is_true(json_object_get(line, "ok"));
	} else {
		for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
			add_value(&lines, kept[i], json_object_get(line, kept[i]));
			add_number(&lines, kept[i], json_object_get(line, kept[i]), ret);
		}
		ret->web = json_is_object(headers);
		add_headers(&lines, headers, ret);
	}
	tell(&lines, ret);
	json_decref(line);
}
