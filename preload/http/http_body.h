/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The framing of an HTTP/1 body (RFC 9112 sections 6 and 7): finds its last byte. Content is
 * skipped, never looked at; chunk sizes, line ends and trailers are read strictly.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/http/http.h"

struct cs_http_body {
	uint64_t remaining;  /* bytes left of the body or of the chunk */
	uint16_t line_bytes; /* of a chunk's size line, or of the whole trailer section */
	uint16_t line_start; /* where the line of the trailer that is kept begins in the text */
	uint8_t state;
	uint8_t digits; /* of the chunk size */
	uint8_t named;  /* bytes of a trailer's name that are those of the one looked for */
	bool failed;    /* it came: see cs_http_body_failed() */
};

/** cs_http_body_length() - a body of @bytes bytes, which may be 0. Context: signal (pure). */
void cs_http_body_length(struct cs_http_body *body, uint64_t bytes);

/** cs_http_body_chunked() - a chunked body. Context: signal (pure). */
void cs_http_body_chunked(struct cs_http_body *body);

/** cs_http_body_until_close() - a body that only the connection's end ends. Context: signal. */
void cs_http_body_until_close(struct cs_http_body *body);

/** cs_http_body_ends_by_close() - was it begun so? Context: signal (pure). */
bool cs_http_body_ends_by_close(const struct cs_http_body *body);

/** cs_http_body_done() - is the last byte behind us? Context: signal (pure). */
bool cs_http_body_done(const struct cs_http_body *body);

/** cs_http_body_content() - how many of the next @len bytes are content. Context: signal (pure). */
size_t cs_http_body_content(const struct cs_http_body *body, size_t len);

/**
 * cs_http_body_failed() - did a trailer Lambda-Runtime-Function-Error-Type come?
 *
 * A function that streams its response can say only there that it failed.
 *
 * Context: signal (pure).
 */
bool cs_http_body_failed(const struct cs_http_body *body);

/**
 * cs_http_body_feed() - take the next bytes of the connection
 * @text:     that trailer is appended to it, as a kept header is (http_fields.h); NULL keeps none
 * @data:     @len bytes; NULL if only their number is known (sendfile): then all must be content
 * @ret_used: bytes taken, at most @len; always set
 *
 * Context: signal (pure).
 * Return:  CS_HTTP_MORE; CS_HTTP_END with the rest left over; CS_HTTP_UNFOLLOWED.
 */
enum cs_http_verdict cs_http_body_feed(struct cs_http_body *body, struct cs_http_text *text,
				       const unsigned char *data, size_t len, size_t *ret_used);
