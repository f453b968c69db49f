/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the HTTP/1 scanners have in common: their verdicts, their limits, and the texts they keep of
 * a head. The scanners (http_request, http_response, http_fields, http_body) are pure: bytes in,
 * verdict out; no allocation, no libc, bounded state. Whatever is odd enough that two parsers could
 * disagree about where the message ends (RFC 9112 sections 2.2, 5.2, 6.3, 11.2) stops them for ever:
 * a missing invocation is no defect, a wrong one is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/http/baggage.h"

enum cs_http_verdict {
	CS_HTTP_MORE,       /* all bytes taken, the message goes on (or has not begun) */
	CS_HTTP_HEAD,       /* the head's last byte was taken: look at it, then feed the rest */
	CS_HTTP_END,        /* the message's last byte was taken: the rest is the next message */
	CS_HTTP_NOT_HTTP,   /* the bytes are no HTTP/1 message: feed no more */
	CS_HTTP_UNFOLLOWED, /* HTTP/1, but too long or ambiguous: feed no more */
};

#define CS_HTTP_HEAD_MAX   65536u /* bytes of a head: four times what Node takes, as Python does */
#define CS_HTTP_METHOD_MAX 32u    /* RFC 9110's longest registered method has 17 */
#define CS_HTTP_TARGET_MAX 1024u  /* bytes kept of a target; the rest is cut and flagged */
#define CS_HTTP_TEXT_BYTES 2032u  /* with its lengths and a pool's link 2 KiB */

/* What is kept of a request head: method, target without query, then lines "name: value\n". */
struct cs_http_text {
	uint16_t method_len;
	uint16_t target_len;
	uint16_t headers_len;
	uint16_t flags;            /* CS_REQUEST_*_CUT of preload/wire/records.h */
	struct cs_baggage baggage; /* as far as its header has come */
	char bytes[CS_HTTP_TEXT_BYTES];
};

/* The same, wherever it stands. */
struct cs_http_kept {
	const char *bytes;
	uint16_t method_len;
	uint16_t target_len;
	uint16_t headers_len;
};

/** cs_http_kept_used() - bytes of @kept->bytes. Context: signal (pure). */
static inline uint32_t cs_http_kept_used(const struct cs_http_kept *kept)
{
	return (uint32_t)kept->method_len + kept->target_len + kept->headers_len;
}

/** cs_http_text_clear() - nothing is kept yet. Context: signal (pure). */
static inline void cs_http_text_clear(struct cs_http_text *text)
{
	text->method_len = text->target_len = text->headers_len = text->flags = 0;
	text->baggage = (struct cs_baggage){ 0 };
}

/** cs_http_text_used() - bytes in use of @text->bytes. Context: signal (pure). */
static inline uint32_t cs_http_text_used(const struct cs_http_text *text)
{
	return (uint32_t)text->method_len + text->target_len + text->headers_len;
}

/** cs_http_text_put() - append to the headers; false: there is no room. Context: signal (pure). */
static inline bool cs_http_text_put(struct cs_http_text *text, char c)
{
	uint32_t used = cs_http_text_used(text);

	if (used >= CS_HTTP_TEXT_BYTES)
		return false;
	text->bytes[used] = c;
	text->headers_len++;
	return true;
}

/** cs_http_text_add() - append to the headers, all or nothing; false: there is no room. Context: signal. */
static inline bool cs_http_text_add(struct cs_http_text *text, const void *bytes, size_t len)
{
	uint32_t used = cs_http_text_used(text);

	if (len > CS_HTTP_TEXT_BYTES - used)
		return false;
	__builtin_memcpy(text->bytes + used, bytes, len);
	text->headers_len = (uint16_t)(text->headers_len + len);
	return true;
}

/* A tchar of RFC 9110 section 5.6.2 in lower case; 0 for all else. */
extern const unsigned char cs_http_token[256];

/** cs_http_is_token() - is it one? Context: signal (pure). */
static inline bool cs_http_is_token(unsigned char c)
{
	return cs_http_token[c] != 0;
}

/** cs_http_lower() - ASCII lower case, whatever the locale. Context: signal (pure). */
static inline char cs_http_lower(unsigned char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}
