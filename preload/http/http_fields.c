/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/http/http_fields.h"

#include "preload/http/baggage.h"
#include "preload/http/http_lines.h"
#include "preload/http/http_names.h"
#include "preload/http/http_probe.h"
#include "preload/http/swar.h"
#include "preload/wire/records.h"

enum state {
	LINE, /* zero: at the start of a line */
	NAME,
	SPACE, /* between colon and value */
	VALUE,
	VALUE_LF, /* the line's CR was seen */
	LAST_LF,  /* the CR of the empty line was seen */
};

static const char chunked[] = "chunked";

void cs_http_fields_init(struct cs_http_fields *fields)
{
	fields->content_length = 0;
	fields->state = LINE;
	fields->kind = CS_HTTP_NAME_OTHER;
	fields->flags = 0;
	fields->scratch_len = 0;
}

enum cs_http_name cs_http_fields_name(const struct cs_http_fields *fields, bool keep)
{
	const char *name = fields->scratch;
	size_t len = fields->scratch_len;

	if (len > CS_HTTP_SCRATCH)
		return CS_HTTP_NAME_OTHER;
	if (keep && !(fields->flags & CS_HTTP_HOST_ALONE))
		return cs_http_name_find(name, len);
	if (keep && len == 4 && !__builtin_memcmp(name, "host", 4))
		return CS_HTTP_NAME_KEPT;
	return cs_http_name_framing(name, len);
}

/* Take the line being kept back out of the text. */
static void cut(struct cs_http_fields *fields, struct cs_http_text *text)
{
	text->headers_len = fields->line_start;
	text->flags |= CS_REQUEST_HEADERS_CUT;
	fields->kind = CS_HTTP_NAME_OTHER;
}

/* Members that are named; @at NULL: the line is over. */
static void take_baggage(struct cs_http_fields *fields, struct cs_http_text *text,
			 const unsigned char *at, size_t len)
{
	uint16_t before = (uint16_t)(text->method_len + text->target_len);
	const struct cs_baggage_text lines = {
		.bytes = text->bytes + before,
		.size = (uint16_t)(CS_HTTP_TEXT_BYTES - before),
		.used = &text->headers_len,
		.line = &fields->line_start,
		.name = fields->scratch,
		.name_len = &fields->scratch_len,
	};

	for (size_t i = 0; i < len; i++) {
		if (!cs_baggage_take(&text->baggage, &lines, at ? at[i] : CS_BAGGAGE_OVER))
			text->flags |= CS_REQUEST_HEADERS_CUT;
	}
}

static void begin_value(struct cs_http_fields *fields, struct cs_http_text *text)
{
	uint8_t len = fields->scratch_len;

	fields->state = SPACE;
	fields->kind = (uint8_t)cs_http_fields_name(fields, text != NULL);
	fields->scratch_len = 0;
	if (!text || fields->kind != CS_HTTP_NAME_KEPT)
		return;
	fields->flags |= cs_http_name_flag(fields->scratch, len);
	fields->line_start = text->headers_len;
	fields->value_len = 0;
	if (!cs_http_text_add(text, fields->scratch, len) || !cs_http_text_add(text, ": ", 2))
		cut(fields, text);
}

/* Some take a tab for a blank here, others for a part of the value. */
static void take_framing(struct cs_http_fields *fields, const unsigned char *at, size_t len)
{
	size_t stored = fields->scratch_len;

	if (len > CS_HTTP_SCRATCH || stored > CS_HTTP_SCRATCH - len) {
		fields->scratch_len = CS_HTTP_SCRATCH + 1;
		return;
	}
	for (size_t i = 0; i < len; i++) {
		if (at[i] == '\t') {
			fields->scratch_len = CS_HTTP_SCRATCH + 1;
			return;
		}
		fields->scratch[stored + i] = cs_http_lower(at[i]);
	}
	fields->scratch_len = (uint8_t)(stored + len);
}

/* The next bytes of the value. */
static void take_value(struct cs_http_fields *fields, struct cs_http_text *text,
		       const unsigned char *at, size_t len)
{
	switch ((enum cs_http_name)fields->kind) {
	case CS_HTTP_NAME_OTHER:
		break;
	case CS_HTTP_NAME_PROBE:
		fields->flags |= CS_HTTP_PROBE; /* it has a value */
		break;
	case CS_HTTP_NAME_KEPT:
		if (len > CS_HTTP_VALUE_MAX - fields->value_len || !cs_http_text_add(text, at, len))
			cut(fields, text);
		else
			fields->value_len = (uint16_t)(fields->value_len + len);
		break;
	case CS_HTTP_NAME_LENGTH:
	case CS_HTTP_NAME_CODING:
		take_framing(fields, at, len);
		break;
	case CS_HTTP_NAME_BAGGAGE:
		take_baggage(fields, text, at, len);
		break;
	case CS_HTTP_NAME_AGENT:
	case CS_HTTP_NAME_TYPE:
		if (len > CS_HTTP_SCRATCH - fields->scratch_len)
			len = CS_HTTP_SCRATCH - fields->scratch_len;
		__builtin_memcpy(fields->scratch + fields->scratch_len, at, len);
		fields->scratch_len = (uint8_t)(fields->scratch_len + len);
		break;
	}
}

static void trim_scratch(struct cs_http_fields *fields)
{
	while (fields->scratch_len && fields->scratch[fields->scratch_len - 1] == ' ')
		fields->scratch_len--;
}

/* RFC 9112 section 6.3: one field, digits only; even an equal second one stops us. */
static bool end_length(struct cs_http_fields *fields)
{
	if (fields->flags & CS_HTTP_HAS_LENGTH || fields->scratch_len > CS_HTTP_SCRATCH)
		return false;
	trim_scratch(fields);
	if (fields->scratch_len == 0 || fields->scratch_len > CS_HTTP_LENGTH_DIGITS)
		return false;
	for (size_t i = 0; i < fields->scratch_len; i++) {
		char c = fields->scratch[i];

		if (c < '0' || c > '9')
			return false;
		fields->content_length = fields->content_length * 10 + (uint64_t)(c - '0');
	}
	fields->flags |= CS_HTTP_HAS_LENGTH;
	return true;
}

/* The next coding of the list, without the blanks around it; false if it is no token. */
static bool next_coding(const struct cs_http_fields *fields, size_t *at, size_t *ret_begin,
			size_t *ret_len)
{
	const char *text = fields->scratch;
	size_t end, i = *at;

	while (i < fields->scratch_len && text[i] == ' ')
		i++;
	*ret_begin = i;
	while (i < fields->scratch_len && cs_http_is_token((unsigned char)text[i]))
		i++;
	end = i;
	while (i < fields->scratch_len && text[i] == ' ')
		i++;
	if (i < fields->scratch_len && text[i++] != ',')
		return false;
	*at = i;
	*ret_len = end - *ret_begin;
	return *ret_len > 0;
}

/*
 * A list of tokens: "chunked" alone, or as the last one. Chunked twice or in the middle is an attack, and
 * what is no such list (empty elements, parameters, two words) is read in more than one way.
 */
static bool end_coding(struct cs_http_fields *fields)
{
	const size_t len = sizeof(chunked) - 1;
	size_t at = 0, begin, coding_len;

	if (fields->flags & CS_HTTP_HAS_CODING || fields->scratch_len > CS_HTTP_SCRATCH)
		return false;
	trim_scratch(fields);
	if (!fields->scratch_len || fields->scratch[fields->scratch_len - 1] == ',')
		return false;
	fields->flags |= CS_HTTP_HAS_CODING;
	while (at < fields->scratch_len) {
		if (fields->flags & CS_HTTP_CHUNKED ||
		    !next_coding(fields, &at, &begin, &coding_len))
			return false;
		if (coding_len == len && !__builtin_memcmp(fields->scratch + begin, chunked, len))
			fields->flags |= CS_HTTP_CHUNKED;
	}
	return true;
}

static bool end_line(struct cs_http_fields *fields, struct cs_http_text *text)
{
	switch ((enum cs_http_name)fields->kind) {
	case CS_HTTP_NAME_OTHER:
	case CS_HTTP_NAME_PROBE:
		return true;
	case CS_HTTP_NAME_AGENT:
		if (cs_http_probe_agent(fields->scratch, fields->scratch_len))
			fields->flags |= CS_HTTP_PROBE;
		return true;
	case CS_HTTP_NAME_TYPE:
		fields->flags |= cs_http_type_flag(fields->scratch, fields->scratch_len);
		return true;
	case CS_HTTP_NAME_KEPT:
		while (fields->value_len && (text->bytes[cs_http_text_used(text) - 1] == ' ' ||
					     text->bytes[cs_http_text_used(text) - 1] == '\t')) {
			text->headers_len--;
			fields->value_len--;
		}
		if (!cs_http_text_put(text, '\n'))
			cut(fields, text);
		return true;
	case CS_HTTP_NAME_LENGTH:
		return end_length(fields);
	case CS_HTTP_NAME_CODING:
		return end_coding(fields);
	case CS_HTTP_NAME_BAGGAGE:
		take_baggage(fields, text, NULL, 1);
		return true;
	}
	return false;
}

size_t cs_http_plain_run(const unsigned char *at, size_t len)
{
	size_t n = 0;

	if (len >= CS_SWAR_BYTES)
		return (size_t)(cs_swar_plain_end(at, at + len) - at);
	while (n < len && at[n] >= 0x20 && at[n] != 0x7f)
		n++;
	return n;
}

static size_t name_run(struct cs_http_fields *fields, const unsigned char *at, size_t len)
{
	size_t stored = fields->state == LINE ? 0 : fields->scratch_len, n = 0, room;
	unsigned char c;

	room = CS_HTTP_SCRATCH > stored ? CS_HTTP_SCRATCH - stored : 0;
	if (room > len)
		room = len;
	for (; n < room && (c = cs_http_token[at[n]]) != 0; n++)
		fields->scratch[stored + n] = (char)c;
	stored += n;
	while (n == room && room < len &&
	       cs_http_is_token(at[room])) { /* too long to be one of ours */
		stored = CS_HTTP_SCRATCH + 1;
		n = ++room;
	}
	if (n) {
		fields->state = NAME;
		fields->scratch_len = (uint8_t)stored;
	}
	return n;
}

static size_t value_run(struct cs_http_fields *fields, struct cs_http_text *text,
			const unsigned char *at, size_t len)
{
	size_t blanks = 0, n;

	while (fields->state == SPACE && blanks < len && (at[blanks] == ' ' || at[blanks] == '\t'))
		blanks++;
	n = cs_http_plain_run(at + blanks, len - blanks);
	if (n)
		fields->state = VALUE;
	if (n && fields->kind != CS_HTTP_NAME_OTHER)
		take_value(fields, text, at + blanks, n);
	return blanks + n;
}

/* The byte behind a name, or the first of a line that begins with none. */
static enum cs_http_verdict name_end(struct cs_http_fields *fields, struct cs_http_text *text,
				     unsigned char c)
{
	if (fields->state == NAME && c == ':') {
		begin_value(fields, text);
		return CS_HTTP_MORE;
	}
	/* Folded lines, a space before the colon and bare line feeds end here too. */
	if (fields->state == NAME || c != '\r')
		return CS_HTTP_UNFOLLOWED;
	fields->state = LAST_LF;
	return CS_HTTP_MORE;
}

/* A byte behind what is plain of a value. */
static enum cs_http_verdict value_end(struct cs_http_fields *fields, struct cs_http_text *text,
				      unsigned char c)
{
	if (c == '\r')
		fields->state = VALUE_LF;
	else if (c == '\t')
		take_value(fields, text, &c, 1);
	else
		return CS_HTTP_UNFOLLOWED;
	return CS_HTTP_MORE;
}

static enum cs_http_verdict line_end(struct cs_http_fields *fields, struct cs_http_text *text,
				     unsigned char c)
{
	if (c != '\n' || !end_line(fields, text))
		return CS_HTTP_UNFOLLOWED;
	fields->state = LINE;
	return CS_HTTP_MORE;
}

/* The next bytes in the state that there is: a run of those that change nothing, and the one behind it. */
static enum cs_http_verdict take(struct cs_http_fields *fields, struct cs_http_text *text,
				 const unsigned char *data, size_t len, size_t *used)
{
	switch ((enum state)fields->state) {
	case LINE:
	case NAME:
		*used += name_run(fields, data + *used, len - *used);
		return *used < len ? name_end(fields, text, data[(*used)++]) : CS_HTTP_MORE;
	case SPACE:
	case VALUE:
		*used += value_run(fields, text, data + *used, len - *used);
		return *used < len ? value_end(fields, text, data[(*used)++]) : CS_HTTP_MORE;
	case VALUE_LF:
		return line_end(fields, text, data[(*used)++]);
	case LAST_LF:
		return data[(*used)++] == '\n' ? CS_HTTP_HEAD : CS_HTTP_UNFOLLOWED;
	}
	return CS_HTTP_UNFOLLOWED;
}

/* What is left of @data from @at on, line by line or byte by byte. */
static enum cs_http_verdict feed_rest(struct cs_http_fields *fields, struct cs_http_text *text,
				      const unsigned char *data, const unsigned char *at,
				      size_t len, size_t *ret_used)
{
	const unsigned char *end = data + len;
	enum cs_http_verdict verdict = CS_HTTP_MORE;

	while (at < end && verdict == CS_HTTP_MORE) {
		const unsigned char *here = at;
		size_t used = 0;

		if (fields->state == LINE && len >= CS_SWAR_BYTES)
			verdict = cs_http_whole_lines(fields, text, here, end, &at);
		if (at != here)
			continue;
		verdict = take(fields, text, at, (size_t)(end - at), &used);
		at += used;
	}
	*ret_used = (size_t)(at - data);
	return verdict;
}

enum cs_http_verdict cs_http_fields_feed(struct cs_http_fields *fields, struct cs_http_text *text,
					 const unsigned char *data, size_t len, size_t *ret_used)
{
	const unsigned char *at = data;

	if (fields->state == LINE && len >= CS_SWAR_BYTES &&
	    cs_http_whole_lines(fields, text, data, data + len, &at) == CS_HTTP_HEAD) {
		*ret_used = (size_t)(at - data);
		return CS_HTTP_HEAD;
	}
	return feed_rest(fields, text, data, at, len, ret_used);
}
