/* SPDX-License-Identifier: Apache-2.0 */

/* HTTP header fields on their way through. */
#pragma once

#include <event2/http.h>
#include <stdbool.h>

/**
 * cs_header_lists() - whether the comma-separated @value names @token
 *
 * Case is ignored (RFC 9110 section 7.6.1, Connection). Context: loop.
 */
bool cs_header_lists(const char *value, const char *token);

/**
 * cs_headers_are_ambiguous() - may the next one on the way see another end of the body than we do?
 *
 * Several Content-Length with different values, or one beside Transfer-Encoding (RFC 9112 section
 * 6.3). Context: loop.
 */
bool cs_headers_are_ambiguous(const struct evkeyvalq *headers);

/**
 * cs_headers_copy() - hand headers on, in their order, unchanged
 * @keep_length: copy Content-Length as well
 *
 * Left out: what belongs to one connection only, that is Connection and what it names, Keep-Alive,
 * Proxy-Connection, TE, Trailer, Transfer-Encoding, Upgrade (RFC 9110 section 7.6.1).
 *
 * Context: loop.
 */
void cs_headers_copy(const struct evkeyvalq *from, struct evkeyvalq *to, bool keep_length);
