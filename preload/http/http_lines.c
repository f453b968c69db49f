/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/http/http_lines.h"

#include "preload/http/http_probe.h"
#include "preload/http/swar.h"

static const char azure_name[] = "x-azure-functions-invocationid";
static const char chunked[] = "chunked";

uint8_t cs_http_name_flag(const char *name, size_t len)
{
	return len == sizeof(azure_name) - 1 && !__builtin_memcmp(name, azure_name, len)
		       ? CS_HTTP_AZURE_CALL
		       : 0;
}

/* "application/cloudevents+json; charset=utf-8" (CloudEvents HTTP protocol binding, sections 3.2, 3.3) */
uint8_t cs_http_type_flag(const char *value, size_t value_len)
{
	static const char prefix[] = "application/cloudevents", json[] = "+json",
			  batch[] = "-batch";
	char type[CS_HTTP_SCRATCH + 1];
	size_t at = sizeof(prefix) - 1, len = 0;
	uint8_t flag = CS_HTTP_CLOUD_EVENT;

	if (value_len < at)
		return 0;
	while (len < value_len && len < CS_HTTP_SCRATCH && value[len] != ';' && value[len] != ' ') {
		type[len] = cs_http_lower((unsigned char)value[len]);
		len++;
	}
	if (len < at || __builtin_memcmp(type, prefix, at) != 0)
		return 0;
	if (len - at > sizeof(batch) - 1 &&
	    !__builtin_memcmp(type + at, batch, sizeof(batch) - 1)) {
		flag = CS_HTTP_CLOUD_EVENTS;
		at += sizeof(batch) - 1;
	}
	return len - at == sizeof(json) - 1 && !__builtin_memcmp(type + at, json, len - at) ? flag
											    : 0;
}

/* The colon behind the name at @at; NULL: it is no name, or not whole. */
static inline const unsigned char *name_end(const unsigned char *at, const unsigned char *end)
{
	const unsigned char *p = at, *last = end - CS_SWAR_BYTES;

	while (p <= last) {
		uint64_t ends = cs_swar_ends_name(cs_swar_load(p));

		if (!ends) {
			p += CS_SWAR_BYTES;
			continue;
		}
		p += cs_swar_first(ends);
		if (*p == ':')
			return p > at ? p : NULL;
		if (!cs_http_is_token(*p++)) /* it is a digit, mostly */
			return NULL;
	}
	return NULL;
}

/* May it be anything to us? Mostly not, and that is known without its letters. */
static inline bool may_matter(const struct cs_http_fields *fields, bool keep,
			      const unsigned char *name, size_t len)
{
	uint32_t four;

	if (!keep)
		return cs_http_name_may_frame(len);
	__builtin_memcpy(&four, name, sizeof(four)); /* a colon and a line's end are there */
	return fields->flags & CS_HTTP_HOST_ALONE || cs_http_name_may_be(four | 0x20202020, len);
}

static enum cs_http_name find_name(struct cs_http_fields *fields, bool keep,
				   const unsigned char *name, size_t len, const unsigned char *end)
{
	_Static_assert(CS_HTTP_SCRATCH % CS_SWAR_BYTES == 0, "eight bytes at once fit");
	if (len > CS_HTTP_SCRATCH)
		return CS_HTTP_NAME_OTHER;
	/* The first bound is what the second says already; gcc 12 with -O3 does not see it. */
	for (size_t n = 0; n < CS_HTTP_SCRATCH && n < len; n += CS_SWAR_BYTES) {
		/* What this makes of others than letters is in none of our names. */
		uint64_t lower = cs_swar_load_to(name + n, end) | CS_SWAR_ONES * 0x20;

		__builtin_memcpy(fields->scratch + n, &lower, sizeof(lower));
	}
	fields->scratch_len = (uint8_t)len;
	return cs_http_fields_name(fields, keep);
}

static bool keep_line(struct cs_http_fields *fields, struct cs_http_text *text,
		      const unsigned char *value, size_t len)
{
	size_t name = fields->scratch_len, used = cs_http_text_used(text);
	char *line = text->bytes + used;

	if (!len || len > CS_HTTP_VALUE_MAX || value[len - 1] == ' ' ||
	    name + len + 3 > CS_HTTP_TEXT_BYTES - used)
		return false;
	fields->flags |= cs_http_name_flag(fields->scratch, name);
	__builtin_memcpy(line, fields->scratch, name);
	line[name] = ':';
	line[name + 1] = ' ';
	__builtin_memcpy(line + name + 2, value, len);
	line[name + 2 + len] = '\n';
	text->headers_len = (uint16_t)(text->headers_len + name + len + 3);
	return true;
}

static bool take_length(struct cs_http_fields *fields, const unsigned char *value, size_t len)
{
	uint64_t bytes = 0;

	if (fields->flags & CS_HTTP_HAS_LENGTH || !len || len > CS_HTTP_LENGTH_DIGITS)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (value[i] < '0' || value[i] > '9')
			return false;
		bytes = bytes * 10 + value[i] - '0';
	}
	fields->content_length = bytes;
	fields->flags |= CS_HTTP_HAS_LENGTH;
	return true;
}

static bool take_coding(struct cs_http_fields *fields, const unsigned char *value, size_t len)
{
	if (fields->flags & CS_HTTP_HAS_CODING || len != sizeof(chunked) - 1)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (cs_http_lower(value[i]) != chunked[i])
			return false;
	}
	fields->flags |= CS_HTTP_HAS_CODING | CS_HTTP_CHUNKED;
	return true;
}

/* Return: false: nothing has happened, and the line is left to others. */
static bool take(struct cs_http_fields *fields, struct cs_http_text *text, enum cs_http_name name,
		 const unsigned char *value, size_t len)
{
	switch (name) {
	case CS_HTTP_NAME_OTHER:
		return true;
	case CS_HTTP_NAME_KEPT:
		return text &&
		       keep_line(fields, text, value, len); /* none is kept without a text */
	case CS_HTTP_NAME_LENGTH:
		return take_length(fields, value, len);
	case CS_HTTP_NAME_CODING:
		return take_coding(fields, value, len);
	case CS_HTTP_NAME_AGENT:
		if (cs_http_probe_agent((const char *)value,
					len < CS_HTTP_SCRATCH ? len : CS_HTTP_SCRATCH))
			fields->flags |= CS_HTTP_PROBE;
		return true;
	case CS_HTTP_NAME_TYPE:
		fields->flags |= cs_http_type_flag((const char *)value, len);
		return true;
	case CS_HTTP_NAME_PROBE:
	case CS_HTTP_NAME_BAGGAGE:
		return false;
	}
	return false;
}

/* Both are of what may matter. Return: as take(). */
static bool take_line(struct cs_http_fields *fields, struct cs_http_text *text,
		      const unsigned char *at, const unsigned char *colon,
		      const unsigned char *value_to, const unsigned char *end)
{
	enum cs_http_name name = find_name(fields, text != NULL, at, (size_t)(colon - at), end);
	const unsigned char *value = colon + 1;

	while (value < value_to && *value == ' ')
		value++;
	return take(fields, text, name, value, (size_t)(value_to - value));
}

static inline bool ends_line(const unsigned char *at, const unsigned char *end)
{
	return end - at >= 2 && cs_swar_is_crlf(at);
}

enum cs_http_verdict cs_http_whole_lines(struct cs_http_fields *fields, struct cs_http_text *text,
					 const unsigned char *at, const unsigned char *end,
					 const unsigned char **ret_at)
{
	enum cs_http_verdict verdict = CS_HTTP_MORE;

	while (!ends_line(at, end)) {
		const unsigned char *colon = name_end(at, end), *value_to;

		if (!colon)
			break;
		value_to = cs_swar_plain_end(colon + 1, end);
		if (!ends_line(value_to, end))
			break;
		if (may_matter(fields, text != NULL, at, (size_t)(colon - at)) &&
		    !take_line(fields, text, at, colon, value_to, end))
			break;
		at = value_to + 2;
	}
	if (ends_line(at, end)) {
		verdict = CS_HTTP_HEAD;
		at += 2;
	}
	*ret_at = at;
	return verdict;
}
