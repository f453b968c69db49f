/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/http_body.h"

#define LINE_MAX_BYTES    4096u /* a chunk's size line with its extensions */
#define TRAILER_MAX_BYTES 16384u

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

void cs_http_body_length(struct cs_http_body *body, uint64_t bytes)
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

void cs_http_body_chunked(struct cs_http_body *body)
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

bool cs_http_body_done(const struct cs_http_body *body)
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

/* One byte of a trailer's name, or behind it. */
static void look_for_error(struct cs_http_body *body, unsigned char c)
{
	static const char name[] = "lambda-runtime-function-error-type:";

	if (body->state == TRAILER)
		body->named = 0;
	if (body->named >= sizeof(name) - 1)
		return;
	body->named = cs_http_lower(c) == name[body->named] ? body->named + 1 : UINT8_MAX;
	body->failed |= body->named == sizeof(name) - 1;
}

/* One byte of the trailer section, which ends with an empty line. */
static enum cs_http_verdict trailer_byte(struct cs_http_body *body, unsigned char c)
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
	look_for_error(body, c);
	body->state = c == '\r' ? TRAILER_LF : TRAILER_IN;
	return CS_HTTP_MORE;
}

/* One byte of the framing of a chunked body, anything but content. */
static enum cs_http_verdict framing_byte(struct cs_http_body *body, unsigned char c)
{
	switch (body->state) {
	case SIZE:
	case EXTENSION:
		return size_byte(body, c);
	case TRAILER:
	case TRAILER_IN:
		return trailer_byte(body, c);
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

enum cs_http_verdict cs_http_body_feed(struct cs_http_body *body, const unsigned char *data,
				       size_t len, size_t *ret_used)
{
	enum cs_http_verdict verdict = CS_HTTP_MORE;
	size_t used = 0;

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
		} else {
			verdict = framing_byte(body, data[used++]);
		}
	}
	*ret_used = used;
	return verdict;
}
