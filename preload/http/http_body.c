/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/http/http_body.h"

#include "preload/layout.h"

#define LINE_MAX_BYTES    4096u /* a chunk's size line with its extensions */
#define TRAILER_MAX_BYTES 16384u
#define TRAILER_VALUE_MAX 512u /* of the one that is kept, as of a header */

enum {
	DONE, /* zero: a fresh scanner has no body */
	LENGTH,
	UNTIL_CLOSE,
	SIZE,       /* hex digits of a chunk size */
	EXTENSION,  /* behind ';' */
	SIZE_LF,    /* CR of the size line was seen */
	CHUNK,      /* content */
	CHUNK_CR,   /* the CR behind content */
	CHUNK_LF,   /* its LF */
	TRAILER,    /* start of a trailer line */
	TRAILER_IN, /* in it */
	TRAILER_LF, /* its CR was seen */
	LAST_LF,    /* the CR of the empty line was seen */
};

CS_HOT void cs_http_body_length(struct cs_http_body *body, uint64_t bytes)
{
	body->remaining = bytes;
	body->failed = false;
	body->state = bytes ? LENGTH : DONE;
}

static void begin_chunk(struct cs_http_body *body)
{
	body->remaining = 0;
	body->line_bytes = 0;
	body->digits = 0;
	body->state = SIZE;
}

CS_HOT void cs_http_body_chunked(struct cs_http_body *body)
{
	body->failed = false;
	begin_chunk(body);
}

void cs_http_body_until_close(struct cs_http_body *body)
{
	body->failed = false;
	body->state = UNTIL_CLOSE;
}

bool cs_http_body_ends_by_close(const struct cs_http_body *body)
{
	return body->state == UNTIL_CLOSE;
}

bool cs_http_body_failed(const struct cs_http_body *body)
{
	return body->failed;
}

CS_HOT bool cs_http_body_done(const struct cs_http_body *body)
{
	return body->state == DONE;
}

size_t cs_http_body_content(const struct cs_http_body *body, size_t len)
{
	if (body->state == UNTIL_CLOSE)
		return len;
	if (body->state != LENGTH && body->state != CHUNK)
		return 0;
	return len < body->remaining ? len : (size_t)body->remaining;
}

static int hex_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte of a chunk's size line. */
static enum cs_http_verdict size_byte(struct cs_http_body *body, unsigned char c)
{
	int value = hex_value(c);

	if (++body->line_bytes > LINE_MAX_BYTES)
		return CS_HTTP_UNFOLLOWED;
	if (body->state == SIZE && value >= 0) {
		if (body->digits++ >= 15) /* 2^60 bytes: no overflow below */
			return CS_HTTP_UNFOLLOWED;
		body->remaining = body->remaining << 4 | (uint64_t)value;
		return CS_HTTP_MORE;
	}
	if (body->digits == 0)
		return CS_HTTP_UNFOLLOWED;
	if (c == '\r') {
		body->state = SIZE_LF;
		return CS_HTTP_MORE;
	}
	if (body->state == SIZE) {
		if (c != ';' && c != ' ' && c != '\t')
			return CS_HTTP_UNFOLLOWED;
		body->state = EXTENSION;
		return CS_HTTP_MORE;
	}
	return c == '\n' || c == 0 ? CS_HTTP_UNFOLLOWED : CS_HTTP_MORE;
}

static const char error_name[] = "lambda-runtime-function-error-type:";

#define ERROR_NAME_LEN (sizeof(error_name) - 1)
#define ERROR_DROPPED  (UINT8_MAX - 1) /* it is that trailer, but is not kept */

static void drop_error(struct cs_http_body *body, struct cs_http_text *text)
{
	if (text)
		text->headers_len = body->line_start;
	body->named = ERROR_DROPPED;
}

/* One byte of that trailer's value, or the line's end. Spaces before it are none of it. */
static void keep_error(struct cs_http_body *body, struct cs_http_text *text, unsigned char c)
{
	size_t value = (size_t)text->headers_len - body->line_start - ERROR_NAME_LEN - 1;
	bool kept = true;

	if (c == '\r')
		kept = value && cs_http_text_put(text, '\n');
	else if (value || (c != ' ' && c != '\t'))
		kept = c >= 0x20 && value < TRAILER_VALUE_MAX && cs_http_text_put(text, (char)c);
	if (!kept)
		drop_error(body, text);
}

/* It came: its line begins in the text. */
static void begin_error(struct cs_http_body *body, struct cs_http_text *text)
{
	bool room = text != NULL;

	body->failed = true;
	body->line_start = text ? text->headers_len : 0;
	for (size_t i = 0; i < ERROR_NAME_LEN; i++)
		room = room && cs_http_text_put(text, error_name[i]);
	if (!room || !cs_http_text_put(text, ' '))
		drop_error(body, text);
}

/* One byte of a trailer. */
static void look_for_error(struct cs_http_body *body, struct cs_http_text *text, unsigned char c)
{
	if (body->state == TRAILER)
		body->named = 0;
	if (body->named == ERROR_NAME_LEN)
		keep_error(body, text, c);
	if (body->named >= ERROR_NAME_LEN)
		return;
	body->named = cs_http_lower(c) == error_name[body->named] ? body->named + 1 : UINT8_MAX;
	if (body->named == ERROR_NAME_LEN)
		begin_error(body, text);
}

/* One byte of the trailer section, which ends with an empty line. */
static enum cs_http_verdict trailer_byte(struct cs_http_body *body, struct cs_http_text *text,
					 unsigned char c)
{
	if (++body->line_bytes > TRAILER_MAX_BYTES || c == 0)
		return CS_HTTP_UNFOLLOWED;
	if (body->state == TRAILER && c == '\r') {
		body->state = LAST_LF;
		return CS_HTTP_MORE;
	}
	if (body->state == TRAILER && !cs_http_is_token(c))
		return CS_HTTP_UNFOLLOWED;
	if (c == '\n')
		return CS_HTTP_UNFOLLOWED;
	look_for_error(body, text, c);
	body->state = c == '\r' ? TRAILER_LF : TRAILER_IN;
	return CS_HTTP_MORE;
}

/* One byte of the framing of a chunked body, anything but content. */
static enum cs_http_verdict framing_byte(struct cs_http_body *body, struct cs_http_text *text,
					 unsigned char c)
{
	switch (body->state) {
	case SIZE:
	case EXTENSION:
		return size_byte(body, c);
	case TRAILER:
	case TRAILER_IN:
		return trailer_byte(body, text, c);
	case CHUNK_CR:
		body->state = CHUNK_LF;
		return c == '\r' ? CS_HTTP_MORE : CS_HTTP_UNFOLLOWED;
	}
	if (c != '\n')
		return CS_HTTP_UNFOLLOWED;
	switch (body->state) {
	case SIZE_LF:
		body->line_bytes = 0;
		body->state = body->remaining ? CHUNK : TRAILER;
		return CS_HTTP_MORE;
	case CHUNK_LF:
		begin_chunk(body);
		return CS_HTTP_MORE;
	case TRAILER_LF:
		body->state = TRAILER;
		return CS_HTTP_MORE;
	}
	body->state = DONE;
	return CS_HTTP_END;
}

/*
 * What stands between two chunks, or behind the last, where it came whole and is mostly what it is: no
 * extensions, no trailers. Return: its bytes; 0: it is left to framing_byte(), which would make the same of it.
 */
static size_t whole_framing(struct cs_http_body *body, const unsigned char *at, size_t len)
{
	size_t begin = body->state == CHUNK_CR ? 2 : 0, end = begin, rest;
	uint64_t size = 0;
	int value;

	if (body->state != CHUNK_CR && (body->state != SIZE || body->digits))
		return 0;
	if (len < begin + 3 || (begin && (at[0] != '\r' || at[1] != '\n')))
		return 0;
	while (end < len && end - begin < 8 && (value = hex_value(at[end])) >= 0) {
		size = size << 4 | (uint64_t)value;
		end++;
	}
	rest = size ? 2 : 4;
	if (end == begin || len - end < rest || at[end] != '\r' || at[end + 1] != '\n' ||
	    (!size && (at[end + 2] != '\r' || at[end + 3] != '\n')))
		return 0;
	body->remaining = size;
	body->line_bytes = 0;
	body->state = size ? CHUNK : DONE;
	return end + rest;
}

CS_HOT enum cs_http_verdict cs_http_body_feed(struct cs_http_body *body, struct cs_http_text *text,
					      const unsigned char *data, size_t len,
					      size_t *ret_used)
{
	enum cs_http_verdict verdict = CS_HTTP_MORE;
	size_t used = 0, whole;

	if (body->state == UNTIL_CLOSE)
		used = len;
	while (used < len && verdict == CS_HTTP_MORE) {
		if (body->state == LENGTH || body->state == CHUNK) {
			size_t take = cs_http_body_content(body, len - used);

			used += take;
			body->remaining -= take;
			if (body->remaining)
				break;
			if (body->state == LENGTH) {
				body->state = DONE;
				verdict = CS_HTTP_END;
			} else {
				body->state = CHUNK_CR;
			}
		} else if (body->state == DONE) {
			verdict = CS_HTTP_END;
		} else if (!data) {
			verdict = CS_HTTP_UNFOLLOWED;
		} else if ((whole = whole_framing(body, data + used, len - used)) != 0) {
			used += whole;
			verdict = body->state == DONE ? CS_HTTP_END : CS_HTTP_MORE;
		} else {
			verdict = framing_byte(body, text, data[used++]);
		}
	}
	*ret_used = used;
	return verdict;
}
