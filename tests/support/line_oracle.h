/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Lines of OpenWhisk's action loop by a second way: parsed whole by jansson. What preload/events/stdio_scan.h says of
 * the same bytes must be equal.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "preload/events/stdio_scan.h"

/* What was told of a line, by either way. */
struct line_told {
	bool object;
	bool followed; /* jansson: it takes it, and a scanner need not know more of it than it can */
	bool cut;      /* the scanner: something is missing */
	bool failed;
	bool ok;
	bool web;
	size_t len;
	char text[CS_STDIO_SCAN_TEXT * 8]; /* sorted lines */
};

/** line_scan() - by the scanner, in pieces of at most @piece bytes. Checks what holds for any input. */
void line_scan(bool answer, const unsigned char *data, size_t len, size_t piece,
	       struct line_told *ret);

/** line_look_up() - by jansson. */
void line_look_up(bool answer, const unsigned char *data, size_t len, struct line_told *ret);
