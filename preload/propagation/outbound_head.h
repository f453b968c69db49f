/* SPDX-License-Identifier: Apache-2.0 */

/* Where a header may be put into a request that is about to be sent. Pure. */
#pragma once

#include <stddef.h>

#define CS_OUTBOUND_HEAD_MAX                                                                       \
	6144u /* bytes; servers take 8 KiB at least, and one line more may be too much */
#define CS_OUTBOUND_LINES_MAX 64u /* idem: 100 */

/**
 * cs_outbound_find() - behind the last header line of the request that begins at @data
 *
 * Only of what no two parsers read differently: HTTP/1.1, one Host, lines as RFC 9112 section 5 has them,
 * the head whole, one way to frame the body. Not of a request that says itself whose it is, in whatever carrier, nor of CONNECT, nor
 * of a call of the Lambda APIs.
 *
 * Context: signal (pure).
 * Return:  bytes before the empty line; 0: nothing may be put there.
 */
size_t cs_outbound_find(const unsigned char *data, size_t len);
