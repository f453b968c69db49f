/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Scanner of the receiving half of a server's connection: request after request (RFC 9112). Any
 * split of the bytes gives the same verdicts and texts as the whole.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/http/http.h"
#include "preload/http/http_body.h"
#include "preload/http/http_fields.h"

struct cs_http_request {
	struct cs_http_fields fields;
	struct cs_http_body body;
	uint32_t head_bytes;
	uint8_t state;
	uint8_t version;      /* 10 or 11 once the head is complete */
	uint8_t progress;     /* bytes of "HTTP/1.x" matched, or empty lines skipped */
	bool head_method : 1; /* the method is HEAD: the response has no body */
	bool outgoing : 1;    /* the caller's to set: of its headers, keep Host alone */
};

/** cs_http_request_init() - for a new connection; all zero is the same. Context: signal (pure). */
void cs_http_request_init(struct cs_http_request *request);

/* Values of cs_http_request.state, of which all others are the scanner's own */
#define CS_HTTP_REQUEST_IDLE 1u /* at most */
#define CS_HTTP_REQUEST_BODY 2u

/** cs_http_request_idle() - between messages: no byte of a head was seen. Context: signal. */
static inline bool cs_http_request_idle(const struct cs_http_request *request)
{
	return request->state <= CS_HTTP_REQUEST_IDLE;
}

/** cs_http_request_fresh() - idem, nor any of an empty line. Context: signal (pure). */
static inline bool cs_http_request_fresh(const struct cs_http_request *request)
{
	return request->state == 0 && request->progress == 0;
}

/** cs_http_request_in_body() - is the next byte one of a body? Context: signal (pure). */
static inline bool cs_http_request_in_body(const struct cs_http_request *request)
{
	return request->state == CS_HTTP_REQUEST_BODY;
}

/**
 * cs_http_request_feed() - take the next bytes that the server received
 * @text:     receives what is kept of the head; the same one until CS_HTTP_HEAD. While the scanner is in
 *            a body: receives what is kept of trailers, or NULL
 * @data:     @len bytes; NULL if only their number is known: then all must be content
 * @ret_used: bytes taken; always set. Empty lines before a request are taken silently.
 *
 * A message without body gives CS_HTTP_HEAD and is then over; others give CS_HTTP_END later.
 *
 * Context: signal (pure).
 * Return:  enum cs_http_verdict; after the last two the scanner may not be fed again.
 */
enum cs_http_verdict cs_http_request_feed(struct cs_http_request *request,
					  struct cs_http_text *text, const unsigned char *data,
					  size_t len, size_t *ret_used);

/**
 * cs_http_request_begin_body() - the head is complete, @request has its fields and version: what frames the body?
 *
 * Context: signal (pure). Return: CS_HTTP_HEAD or CS_HTTP_UNFOLLOWED. For http_request_memo.c; nobody else's.
 */
enum cs_http_verdict cs_http_request_begin_body(struct cs_http_request *request);
