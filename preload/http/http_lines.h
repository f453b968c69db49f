/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Header lines that came whole and are what lines mostly are: nearly all lines of nearly all heads, at once.
 * What is left to http_fields.c, byte by byte, would make the same of them; tests/fuzz/fuzz_http_request.c and
 * fuzz_http_response.c hold the two against each other. Nobody else's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/http/http_fields.h"
#include "preload/http/http_names.h"

#define CS_HTTP_LENGTH_DIGITS 18u /* of Content-Length: below 2^63 */

/**
 * cs_http_whole_lines() - take as many as there are at the start of a line
 * @end:    at least eight bytes before it may be read
 * @ret_at: behind the last one that was taken; always set
 *
 * Context: signal (pure).
 * Return:  CS_HTTP_HEAD: the empty line was one of them; CS_HTTP_MORE: what follows is left to others.
 */
enum cs_http_verdict cs_http_whole_lines(struct cs_http_fields *fields, struct cs_http_text *text,
					 const unsigned char *at, const unsigned char *end,
					 const unsigned char **ret_at);

/** cs_http_fields_name() - what the name in the scratch is to us; @keep: there is a text. Context: signal. */
enum cs_http_name cs_http_fields_name(const struct cs_http_fields *fields, bool keep);

/** cs_http_name_flag() - of cs_http_fields.flags, what a kept header's name says. Context: signal (pure). */
uint8_t cs_http_name_flag(const char *name, size_t len);

/** cs_http_type_flag() - idem, a Content-Type, of which CS_HTTP_SCRATCH bytes count. Context: signal (pure). */
uint8_t cs_http_type_flag(const char *value, size_t len);
