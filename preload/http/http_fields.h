/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The header section of an HTTP/1 head (RFC 9112 section 5), behind its first line: finds its end,
 * what frames the body, and keeps the values of the headers that http_names.h lists. Authorization,
 * Cookie and everything else that is not listed never leaves the caller's buffer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/http/http.h"
#include "preload/http/http_body.h"

#define CS_HTTP_SCRATCH                                                                            \
	40u /* a name, a framing value, the beginning of an agent; longer ones are none of ours */
#define CS_HTTP_VALUE_MAX 512u /* of a kept header: tracestate's own limit (W3C section 3.3) */

/* Flags of struct cs_http_fields */
#define CS_HTTP_HAS_LENGTH 0x1u
#define CS_HTTP_HAS_CODING 0x2u
#define CS_HTTP_CHUNKED    0x4u /* the last transfer coding is chunked */
#define CS_HTTP_PROBE      0x8u /* of a request: a header says that it is a health probe */
/* Of a request: what its body is, by its headers */
#define CS_HTTP_CLOUD_EVENT  0x10u /* one CloudEvent, in structured mode */
#define CS_HTTP_CLOUD_EVENTS 0x20u /* a batch of them */
#define CS_HTTP_AZURE_CALL   0x40u /* an invocation by Azure's Functions host */
#define CS_HTTP_HOST_ALONE   0x80u /* the caller's, after the init: Host is all that is kept */

struct cs_http_fields {
	uint64_t content_length;
	uint16_t line_start; /* where the line being kept begins in the text */
	uint16_t value_len;  /* bytes kept of its value */
	uint8_t state;
	uint8_t kind; /* what the line is to us */
	uint8_t flags;
	uint8_t scratch_len;
	char scratch[CS_HTTP_SCRATCH];
};

/** cs_http_plain_run() - how many bytes from @at on are neither controls nor DEL. Context: signal (pure). */
size_t cs_http_plain_run(const unsigned char *at, size_t len);

/** cs_http_fields_init() - before the first header line. Context: signal (pure). */
void cs_http_fields_init(struct cs_http_fields *fields);

/**
 * cs_http_fields_feed() - take the next bytes of the header section
 * @text:     kept headers are appended; NULL keeps none
 * @ret_used: bytes taken; always set
 *
 * The length of the section is the caller's to limit.
 *
 * Context: signal (pure).
 * Return:  CS_HTTP_MORE; CS_HTTP_HEAD when the empty line is behind us; CS_HTTP_UNFOLLOWED.
 */
enum cs_http_verdict cs_http_fields_feed(struct cs_http_fields *fields, struct cs_http_text *text,
					 const unsigned char *data, size_t len, size_t *ret_used);
