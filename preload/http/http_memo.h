/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The head of a connection's last response: a server that is busy sends the same one again until the second of its
 * Date is over, and it means the same then. Kept are heads that came whole, are short, and have no other lines than
 * those that every response has: what a program says to its peer in any other one is left where it is. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/http/http_response.h"

#define CS_HTTP_MEMO_BYTES 168u

/* All zero: nothing. */
struct cs_http_memo {
	uint64_t content_length;
	uint16_t len;
	uint16_t status;
	uint8_t version;
	uint8_t flags;     /* of struct cs_http_fields */
	uint8_t unused[2]; /* zero */
	unsigned char bytes[CS_HTTP_MEMO_BYTES];
};

/**
 * cs_http_memo_keep() - the first @len bytes of a response were its head, and @response has just taken them
 *
 * Context: signal (pure).
 */
void cs_http_memo_keep(struct cs_http_memo *memo, const struct cs_http_response *response,
		       const unsigned char *data, size_t len);

/**
 * cs_http_memo_feed() - do the first bytes of a response make the same head again?
 * @response: idle; takes them then, as cs_http_response_feed() would
 * @verdict:  what that would have said; untouched if it is another head
 *
 * Context: signal (pure). Return: bytes taken; 0: none.
 */
size_t cs_http_memo_feed(const struct cs_http_memo *memo, struct cs_http_response *response,
			 const unsigned char *data, size_t len, enum cs_http_verdict *ret_verdict);
