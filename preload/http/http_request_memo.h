/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The head of a connection's last request: who keeps a connection open mostly asks with the same head again, but for
 * the ids in it. Kept are heads that came whole, are short, and have no other lines than those whose values are kept
 * anyway, or are nobody's secret (http_request_memo.c lists them): what else a client says to the program is left
 * where it is. A head comes again if all bytes are the same but for values that are kept, and these are as long as
 * they were. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/http/http.h"
#include "preload/http/http_request.h"

#define CS_HTTP_REQUEST_MEMO_BYTES 328u /* of a head */
#define CS_HTTP_REQUEST_MEMO_TEXT  256u /* of what is kept of it */
#define CS_HTTP_REQUEST_MEMO_IDS   4u   /* values that may differ */

/* A value that is kept: where it is in the head, and in the text. */
struct cs_http_memo_id {
	uint16_t at;
	uint16_t to;
	uint16_t len;
};

/* All zero: nothing. */
struct cs_http_request_memo {
	uint64_t content_length;
	uint16_t len;
	uint16_t method_len;
	uint16_t target_len;
	uint16_t headers_len;
	uint8_t version;
	uint8_t flags; /* of struct cs_http_fields */
	bool head_method;
	uint8_t ids_count;
	uint8_t unused[4]; /* zero */
	struct cs_http_memo_id ids[CS_HTTP_REQUEST_MEMO_IDS];
	unsigned char head[CS_HTTP_REQUEST_MEMO_BYTES];
	char text[CS_HTTP_REQUEST_MEMO_TEXT];
};

/**
 * cs_http_request_memo_keep() - @request has just taken the head of @len bytes at @head, and made @text of it
 *
 * Context: signal (pure). Return: false: it may not be kept, and nothing of it, nor of another, is.
 */
bool cs_http_request_memo_keep(struct cs_http_request_memo *memo,
			       const struct cs_http_request *request,
			       const struct cs_http_text *text, const unsigned char *head,
			       size_t len);

/**
 * cs_http_request_memo_feed() - do the first bytes make the same head again?
 * @request:  if it is fresh, it takes them, as cs_http_request_feed() would, which says CS_HTTP_HEAD
 * @ret_kept: what is kept of it, in the memo, until it is fed or kept again; untouched if it is another head
 *
 * Context: signal (pure). Return: bytes taken; 0: none.
 */
size_t cs_http_request_memo_feed(struct cs_http_request_memo *memo, struct cs_http_request *request,
				 const unsigned char *data, size_t len,
				 struct cs_http_kept *ret_kept);
