/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/http/http_request.h"

#include "preload/http/swar.h"
#include "preload/layout.h"
#include "preload/wire/records.h"

#define EMPTY_LINES_MAX 4u /* before a request line: RFC 9112 section 2.2 asks for one */

enum state {
	START, /* zero */
	START_LF = CS_HTTP_REQUEST_IDLE,
	BODY = CS_HTTP_REQUEST_BODY,
	METHOD,
	TARGET,
	AUTHORITY, /* of an absolute target: skipped, it may hold a password */
	QUERY,     /* skipped */
	VERSION,
	LINE_CR,
	LINE_LF,
	FIELDS,
};

static const char version_text[] = "HTTP/1.";

void cs_http_request_init(struct cs_http_request *request)
{
	request->state = START;
	request->progress = 0;
	request->outgoing = false;
}

static enum cs_http_verdict start_byte(struct cs_http_request *request, struct cs_http_text *text,
				       unsigned char c)
{
	if (request->state == START_LF) {
		request->state = START;
		return c == '\n' ? CS_HTTP_MORE : CS_HTTP_NOT_HTTP;
	}
	if (c == '\r' && request->progress++ < EMPTY_LINES_MAX) {
		request->state = START_LF;
		return CS_HTTP_MORE;
	}
	if (!text || !cs_http_is_token(c))
		return CS_HTTP_NOT_HTTP;
	cs_http_text_clear(text);
	text->bytes[0] = (char)c;
	text->method_len = 1;
	request->head_bytes = 1;
	request->progress = 0;
	request->state = METHOD;
	return CS_HTTP_MORE;
}

/* The byte behind the method. */
static enum cs_http_verdict method_end(struct cs_http_request *request, struct cs_http_text *text,
				       unsigned char c)
{
	if (c != ' ')
		return CS_HTTP_NOT_HTTP; /* or it is too long */
	request->head_method = text->method_len == 4 && !__builtin_memcmp(text->bytes, "HEAD", 4);
	request->state = TARGET;
	return CS_HTTP_MORE;
}

static void keep_target(struct cs_http_text *text, unsigned char c)
{
	if (text->target_len < CS_HTTP_TARGET_MAX)
		text->bytes[text->method_len + text->target_len++] = (char)c;
	else
		text->flags |= CS_REQUEST_TARGET_CUT;
}

/* "scheme://" has just been kept: what follows is an authority. */
static bool behind_scheme(const struct cs_http_text *text)
{
	const char *target = text->bytes + text->method_len;
	uint16_t len = text->target_len;

	return len > 3 && target[0] != '/' && target[len - 1] == '/' && target[len - 2] == '/' &&
	       target[len - 3] == ':';
}

static enum cs_http_verdict target_byte(struct cs_http_request *request, struct cs_http_text *text,
					unsigned char c)
{
	if (c == ' ') {
		if (request->state == AUTHORITY)
			keep_target(text, '/');
		request->state = VERSION;
		return text->target_len ? CS_HTTP_MORE : CS_HTTP_NOT_HTTP;
	}
	if (c < 0x21 || c == 0x7f)
		return CS_HTTP_NOT_HTTP;
	if (request->state == QUERY)
		return CS_HTTP_MORE;
	if (c == '?' || c == '#') {
		if (request->state == AUTHORITY)
			keep_target(text, '/');
		request->state = QUERY;
		return text->target_len ? CS_HTTP_MORE : CS_HTTP_NOT_HTTP;
	}
	if (request->state == AUTHORITY) {
		if (c != '/')
			return CS_HTTP_MORE;
		request->state = TARGET;
	}
	keep_target(text, c);
	if (behind_scheme(text)) {
		text->target_len = 0;
		request->state = AUTHORITY;
	}
	return CS_HTTP_MORE;
}

static void begin_fields(struct cs_http_request *request)
{
	cs_http_fields_init(&request->fields);
	if (request->outgoing)
		request->fields.flags |= CS_HTTP_HOST_ALONE;
	request->state = FIELDS;
}

static enum cs_http_verdict version_byte(struct cs_http_request *request, unsigned char c)
{
	switch ((enum state)request->state) {
	case VERSION:
		if (request->progress < sizeof(version_text) - 1)
			return c == (unsigned char)version_text[request->progress++]
				       ? CS_HTTP_MORE
				       : CS_HTTP_NOT_HTTP;
		request->version = (uint8_t)(10 + c - '0');
		request->state = LINE_CR;
		return c == '0' || c == '1' ? CS_HTTP_MORE : CS_HTTP_NOT_HTTP;
	case LINE_CR:
		request->state = LINE_LF;
		return c == '\r' ? CS_HTTP_MORE : CS_HTTP_UNFOLLOWED;
	default:
		begin_fields(request);
		return c == '\n' ? CS_HTTP_MORE : CS_HTTP_UNFOLLOWED;
	}
}

static enum cs_http_verdict line_byte(struct cs_http_request *request, struct cs_http_text *text,
				      unsigned char c)
{
	request->head_bytes++;
	switch ((enum state)request->state) {
	case START:
	case START_LF:
		return start_byte(request, text, c);
	case METHOD:
		return method_end(request, text, c);
	case TARGET:
	case AUTHORITY:
	case QUERY:
		return target_byte(request, text, c);
	default:
		return version_byte(request, c);
	}
}

static size_t method_run(struct cs_http_text *text, const unsigned char *at, size_t len)
{
	size_t before = text->method_len, room = CS_HTTP_METHOD_MAX - before, n = 0;

	for (; n < len && n < room && cs_http_is_token(at[n]); n++)
		text->bytes[before + n] = (char)at[n];
	text->method_len = (uint16_t)(before + n);
	return n;
}

/* The first byte from @at on that ends a target or its path, or @end: as for cs_swar_load_to(). */
static inline const unsigned char *path_end(const unsigned char *at, const unsigned char *end)
{
	for (; at < end; at += CS_SWAR_BYTES) {
		uint64_t bytes = cs_swar_load_to(at, end);
		uint64_t marks = cs_swar_below(bytes, 0x21) | cs_swar_equal(bytes, 0x7f) |
				 cs_swar_equal(bytes, '?') | cs_swar_equal(bytes, '#');

		if (marks)
			return at + cs_swar_first(marks);
	}
	return end;
}

static size_t plain_run(const unsigned char *at, size_t len)
{
	size_t n = 0;

	if (len >= CS_SWAR_BYTES)
		return (size_t)(path_end(at, at + len) - at);
	while (n < len && at[n] >= 0x21 && at[n] != 0x7f && at[n] != '?' && at[n] != '#')
		n++;
	return n;
}

/* Of a path: no scheme can end in it any more. */
static size_t path_run(struct cs_http_text *text, const unsigned char *at, size_t len)
{
	size_t n = plain_run(at, len), room = CS_HTTP_TARGET_MAX - text->target_len;
	size_t kept = n < room ? n : room;

	__builtin_memcpy(text->bytes + text->method_len + text->target_len, at, kept);
	text->target_len = (uint16_t)(text->target_len + kept);
	if (kept < n)
		text->flags |= CS_REQUEST_TARGET_CUT;
	return n;
}

/* The rest of the line, where it is what it mostly is and came in one piece. */
static size_t version_run(struct cs_http_request *request, const unsigned char *at, size_t len)
{
	uint8_t version;

	if (request->progress || len < CS_SWAR_BYTES + 2 || at[CS_SWAR_BYTES] != '\r' ||
	    at[CS_SWAR_BYTES + 1] != '\n')
		return 0;
	version = cs_swar_version(cs_swar_load(at));
	if (!version)
		return 0;
	request->version = version;
	begin_fields(request);
	return CS_SWAR_BYTES + 2;
}

static size_t query_run(const unsigned char *at, size_t len)
{
	size_t n = 0;

	for (; len - n >= CS_SWAR_BYTES; n += CS_SWAR_BYTES) {
		uint64_t bytes = cs_swar_load(at + n);
		uint64_t marks = cs_swar_below(bytes, 0x21) | cs_swar_equal(bytes, 0x7f);

		if (marks)
			return n + cs_swar_first(marks);
	}
	return n;
}

/* A line that came whole and is what lines mostly are: "METHOD /path HTTP/1.x". 0: it is left to the others. */
static size_t whole_line(struct cs_http_request *request, struct cs_http_text *text,
			 const unsigned char *at, size_t len)
{
	const unsigned char *end = at + len, *path, *space;
	uint64_t ends;
	uint8_t version;

	if (len < CS_SWAR_BYTES)
		return 0;
	ends = cs_swar_ends_name(cs_swar_load(at));
	path = at + (ends ? cs_swar_first(ends) : 0) + 1;
	if (path == at + 1 || path >= end || path[-1] != ' ' || *path != '/')
		return 0;
	space = path_end(path, end);
	if (end - space < (ptrdiff_t)(1 + CS_SWAR_BYTES + 2) || *space != ' ' ||
	    space - path > (ptrdiff_t)CS_HTTP_TARGET_MAX ||
	    !cs_swar_is_crlf(space + 1 + CS_SWAR_BYTES))
		return 0;
	version = cs_swar_version(cs_swar_load(space + 1));
	if (!version)
		return 0;
	request->version = version;
	begin_fields(request);
	cs_http_text_clear(text);
	__builtin_memcpy(text->bytes, at,
			 CS_SWAR_BYTES); /* what is too much of it is written over */
	text->method_len = (uint16_t)(path - at - 1);
	text->target_len = (uint16_t)(space - path);
	__builtin_memcpy(text->bytes + text->method_len, path, text->target_len);
	request->head_method = text->method_len == 4 && !__builtin_memcmp(at, "HEAD", 4);
	return (size_t)(space - at) + 1 + CS_SWAR_BYTES + 2;
}

/* What needs no look at each byte; line_byte() takes the one behind it. */
static size_t line_run(struct cs_http_request *request, struct cs_http_text *text,
		       const unsigned char *at, size_t len)
{
	switch ((enum state)request->state) {
	case START:
		return text && !request->progress ? whole_line(request, text, at, len) : 0;
	case METHOD:
		return method_run(text, at, len);
	case TARGET:
		return text->target_len && text->bytes[text->method_len] == '/'
			       ? path_run(text, at, len)
			       : 0;
	case QUERY:
		return query_run(at, len);
	case VERSION:
		return version_run(request, at, len);
	default:
		return 0;
	}
}

/* A head is never longer than what is looked at, so that any split ends the same way. */
static enum cs_http_verdict feed_line(struct cs_http_request *request, struct cs_http_text *text,
				      const unsigned char *data, size_t len, size_t *ret_used)
{
	enum cs_http_verdict verdict = CS_HTTP_MORE;
	size_t left, used;

	if (request->state == START)
		request->head_bytes = 0;
	left = CS_HTTP_HEAD_MAX - request->head_bytes;
	used = line_run(request, text, data, len < left ? len : left);
	request->head_bytes += (uint32_t)used;
	if (used < len && request->state != FIELDS)
		verdict = line_byte(request, text, data[used++]);
	*ret_used = used;
	return request->head_bytes > CS_HTTP_HEAD_MAX ? CS_HTTP_UNFOLLOWED : verdict;
}

/* RFC 9112 section 6.3, for requests. */
CS_HOT enum cs_http_verdict cs_http_request_begin_body(struct cs_http_request *request)
{
	const struct cs_http_fields *fields = &request->fields;

	if (fields->flags & CS_HTTP_HAS_CODING) {
		if (!(fields->flags & CS_HTTP_CHUNKED) || fields->flags & CS_HTTP_HAS_LENGTH ||
		    request->version == 10)
			return CS_HTTP_UNFOLLOWED;
		cs_http_body_chunked(&request->body);
	} else {
		cs_http_body_length(&request->body, fields->content_length);
	}
	request->progress = 0;
	request->state = cs_http_body_done(&request->body) ? START : BODY;
	return CS_HTTP_HEAD;
}

static enum cs_http_verdict feed_fields(struct cs_http_request *request, struct cs_http_text *text,
					const unsigned char *data, size_t len, size_t *ret_used)
{
	enum cs_http_verdict verdict =
		cs_http_fields_feed(&request->fields, text, data, len, ret_used);

	if (*ret_used > CS_HTTP_HEAD_MAX - request->head_bytes)
		return CS_HTTP_UNFOLLOWED;
	request->head_bytes += (uint32_t)*ret_used;
	return verdict == CS_HTTP_HEAD ? cs_http_request_begin_body(request) : verdict;
}

CS_HOT enum cs_http_verdict cs_http_request_feed(struct cs_http_request *request,
						 struct cs_http_text *text,
						 const unsigned char *data, size_t len,
						 size_t *ret_used)
{
	enum cs_http_verdict verdict = CS_HTTP_MORE;
	size_t used = 0, part;

	*ret_used = 0;
	while (used < len && verdict == CS_HTTP_MORE) {
		if (request->state == BODY) {
			verdict = cs_http_body_feed(&request->body, text, data ? data + used : NULL,
						    len - used, &part);
			used += part;
			if (verdict == CS_HTTP_END)
				request->state = START;
		} else if (!data) {
			verdict = CS_HTTP_UNFOLLOWED;
		} else if (request->state == FIELDS) {
			verdict = feed_fields(request, text, data + used, len - used, &part);
			used += part;
		} else {
			verdict = feed_line(request, text, data + used, len - used, &part);
			used += part;
		}
	}
	*ret_used = used;
	return verdict;
}
