/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Feeds bytes in pieces to the HTTP/1 scanners and writes down what they say, with positions: two
 * ways to cut the same bytes must give the same transcript.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CS_TRANSCRIPT_BYTES 16384u

struct cs_transcript {
	size_t len;
	char text[CS_TRANSCRIPT_BYTES]; /* NUL-terminated; what does not fit is lost */
};

/**
 * cs_transcript_requests() - what a server receives on one connection
 * @first: bytes of the first piece
 * @step:  bytes of each later piece, at least 1
 *
 * "HEAD@position method target version framing {kept headers}", "END@position", and "NOT HTTP" or
 * "UNFOLLOWED", one a line.
 */
void cs_transcript_requests(struct cs_transcript *out, const uint8_t *data, size_t len,
			    size_t first, size_t step);

/**
 * cs_transcript_responses() - what a server sends on one connection; @no_body for all of them
 *
 * "HEAD@position status", "END@position", "NOT HTTP", "UNFOLLOWED"; at the end "UNTIL CLOSE" if
 * only the close will end the last one.
 */
void cs_transcript_responses(struct cs_transcript *out, const uint8_t *data, size_t len,
			     size_t first, size_t step, int no_body);
