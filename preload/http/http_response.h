/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Scanner of the sending half of a server's connection: the status and the last byte of each
 * response (RFC 9112). Any split of the bytes gives the same verdicts as the whole.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/http/http.h"
#include "preload/http/http_body.h"
#include "preload/http/http_fields.h"

struct cs_http_response {
	struct cs_http_fields fields;
	struct cs_http_body body;
	uint32_t head_bytes;
	uint16_t status; /* of the final response, once its head is complete */
	uint8_t state;
	uint8_t version;
	uint8_t progress;
	bool no_body;    /* answers HEAD */
	bool to_connect; /* answers CONNECT: the caller's to set, after the init */
};

/**
 * cs_http_response_init() - before the first byte of a response
 * @no_body: it answers HEAD: nothing follows its head
 *
 * Context: signal (pure).
 */
void cs_http_response_init(struct cs_http_response *response, bool no_body);

/** cs_http_response_idle() - no byte of its (final) head was seen. Context: signal (pure). */
bool cs_http_response_idle(const struct cs_http_response *response);

/** cs_http_response_ends_by_close() - is it a body without length? Context: signal (pure). */
bool cs_http_response_ends_by_close(const struct cs_http_response *response);

/**
 * cs_http_response_feed() - take the next bytes that the server sent
 * @text:     kept headers are appended, those of interim responses as well; NULL keeps none
 * @data:     @len bytes; NULL if only their number is known (sendfile): then all must be content
 * @ret_used: bytes taken; always set
 *
 * Interim responses (1xx) are taken silently: at the end of one it is CS_HTTP_MORE, the scanner is
 * idle, and bytes may be left over. But for 101: its head ends the response, and HTTP on the
 * connection. A response without body gives CS_HTTP_HEAD and is then over; others give
 * CS_HTTP_END later.
 *
 * Context: signal (pure).
 * Return:  enum cs_http_verdict; after END and the last two it needs an init before it is fed.
 */
enum cs_http_verdict cs_http_response_feed(struct cs_http_response *response,
					   struct cs_http_text *text, const unsigned char *data,
					   size_t len, size_t *ret_used);

/**
 * cs_http_response_begin_body() - the head is complete: what frames the body? For http_memo.c
 *
 * Context: signal (pure). Return: as cs_http_response_feed() behind a head.
 */
enum cs_http_verdict cs_http_response_begin_body(struct cs_http_response *response);

/** cs_http_response_content() - how many of the next @len bytes are its body's? Context: signal (pure). */
size_t cs_http_response_content(const struct cs_http_response *response, size_t len);

/** cs_http_response_tunnel() - asked after CS_HTTP_HEAD: does HTTP end here? Context: signal (pure). */
bool cs_http_response_tunnel(const struct cs_http_response *response);

/** cs_http_response_over() - asked after CS_HTTP_HEAD: was that all? Context: signal (pure). */
bool cs_http_response_over(const struct cs_http_response *response);

/**
 * cs_http_upgrades_to_http2() - of a 101's head, all of it: is it HTTP/2 that follows? Context: signal (pure).
 */
bool cs_http_upgrades_to_http2(const unsigned char *head, size_t len);
