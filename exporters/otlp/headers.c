/* SPDX-License-Identifier: Apache-2.0 */

/* OTEL_EXPORTER_OTLP_HEADERS; see headers.h. */
#include "exporters/otlp/headers.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Two variables may hold them: the list does not know which it came from. */
#define NAME "OTEL_EXPORTER_OTLP_[TRACES_]HEADERS"

/* Set by the request itself; a second value would make it ambiguous. */
static const char *const own[] = { "connection",     "content-encoding",
				   "content-length", "content-type",
				   "host",           "transfer-encoding",
				   "expect" };

static bool is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static void trim(const char **s, size_t *len)
{
	while (*len && (**s == ' ' || **s == '\t')) {
		(*s)++;
		(*len)--;
	}
	while (*len && ((*s)[*len - 1] == ' ' || (*s)[*len - 1] == '\t'))
		(*len)--;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A '%' without two digits stands for itself, as baggage parsers have it. */
static char *decode(struct cs_arena *arena, const char *s, size_t len)
{
	char *out = cs_arena_alloc(arena, len + 1);
	size_t n = 0;

	if (!out)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		int high = s[i] == '%' && i + 2 < len ? hex_digit(s[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(s[i + 2]) : -1;

		if (low >= 0) {
			out[n++] = (char)(high << 4 | low);
			i += 2;
		} else {
			out[n++] = s[i];
		}
	}
	/* A NUL that was decoded is a control character: it must not hide what is behind it. */
	for (size_t i = 0; i < n; i++) {
		if (((unsigned char)out[i] < 0x20 && out[i] != '\t') || out[i] == 0x7f)
			out[0] = '\n';
	}
	return out;
}

static int parse_one(const char *pair, size_t len, struct cs_arena *arena,
		     struct cs_http_header *ret, struct cs_diag *diag)
{
	const char *equals = memchr(pair, '=', len);
	const char *name = pair, *value;
	size_t name_len = equals ? (size_t)(equals - pair) : 0, value_len;
	char *name_copy, *value_copy;

	trim(&name, &name_len);
	if (!name_len)
		return cs_diag_set(diag, -EINVAL, NAME ": an entry is not of the form name=value");
	for (size_t i = 0; i < name_len; i++) {
		if (!is_token_char(name[i]))
			return cs_diag_set(diag, -EINVAL, NAME ": '%.*s' is not a header name",
					   (int)(name_len < 100 ? name_len : 100), name);
	}
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (strlen(own[i]) == name_len && strncasecmp(own[i], name, name_len) == 0)
			return cs_diag_set(diag, -EINVAL,
					   NAME ": %s is set by the exporter; leave it out",
					   own[i]);
	}
	value = equals + 1;
	value_len = len - (size_t)(value - pair);
	trim(&value, &value_len);
	name_copy = cs_arena_strndup(arena, name, name_len);
	value_copy = decode(arena, value, value_len);
	if (!name_copy || !value_copy)
		return cs_diag_set(diag, -ENOMEM, "out of memory");
	if (value_copy[0] == '\n')
		return cs_diag_set(diag, -EINVAL,
				   NAME ": the value of %.100s has a control character", name_copy);
	*ret = (struct cs_http_header){ name_copy, value_copy };
	return 0;
}

int cs_otlp_headers_parse(const char *text, struct cs_arena *arena, struct cs_http_header *items,
			  size_t count_max, size_t *ret_count, struct cs_diag *diag)
{
	size_t count = 0;

	while (*text) {
		const char *pair = text;
		size_t len = strcspn(text, ",");
		int r;

		text += len + (text[len] == ',');
		trim(&pair, &len);
		if (!len)
			continue;
		if (count == count_max)
			return cs_diag_set(diag, -E2BIG, NAME ": more than %zu", count_max);
		r = parse_one(pair, len, arena, &items[count], diag);
		if (r < 0)
			return r;
		count++;
	}
	*ret_count = count;
	return 0;
}
