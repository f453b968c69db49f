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

/** cs_header_name_is_good() - whether @name is a token (RFC 9110 section 5.6.2). Context: loop. */
bool cs_header_name_is_good(const char *name);

/**
 * cs_headers_fault() - what a request's headers are refused for
 *
 * Whatever may let the next one on the way see another end of the body than we do (RFC 9112 sections
 * 5.1 and 6.3): a name that is no token, such as "Content-Length " with a blank; several
 * Content-Length with different values, or one beside Transfer-Encoding; a coding that libevent
 * does not understand. And more than one Host (section 3.2).
 *
 * Context: loop. Return: one line; NULL if there is nothing.
 */
const char *cs_headers_fault(const struct evkeyvalq *headers);

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
