/* SPDX-License-Identifier: Apache-2.0 */

/* What a stream can show: width, colour, and characters beyond ASCII. */
#pragma once

#include <stdbool.h>

struct cs_terminal {
	unsigned columns; /* 20..400 */
	bool colour;
	bool utf8;
};

enum cs_colour_when {
	CS_COLOUR_AUTO,
	CS_COLOUR_ALWAYS,
	CS_COLOUR_NEVER,
};

/** cs_colour_parse() - "auto", "always" or "never". Return: 0; -EINVAL, @ret untouched. */
int cs_colour_parse(const char *word, enum cs_colour_when *ret);

/**
 * cs_terminal_init() - look at @fd and the environment
 * @when: the command line's word; CS_COLOUR_AUTO: COLDSPAN_NO_COLOR and NO_COLOR (set and not
 *        empty) switch colour off, FORCE_COLOR (not "0") on, else a terminal other than TERM=dumb
 * @ascii: the command line forbids characters beyond ASCII
 *
 * Width: the terminal's, else COLUMNS, else 80. UTF-8: as the locale's variables say.
 * Context: startup.
 */
void cs_terminal_init(struct cs_terminal *term, int fd, enum cs_colour_when when, bool ascii);
