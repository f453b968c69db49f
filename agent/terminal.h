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

/* What a command line says of it: --ascii and --color. */
struct cs_look {
	enum cs_colour_when colour;
	bool ascii; /* no characters beyond ASCII */
};

/* Values of --ascii and --color in a table of options: no letter, so that none is taken from a command. */
enum {
	CS_LOOK_ASCII = 256,
	CS_LOOK_COLOR,
};

/**
 * cs_look_option() - take in an option of getopt_long(3): CS_LOOK_ASCII, CS_LOOK_COLOR
 * @value: optarg
 *
 * Return: 1 taken; 0 another option; -EINVAL no such colour, which was said.
 */
int cs_look_option(struct cs_look *look, int option, const char *value);

/**
 * cs_terminal_init() - look at @fd and the environment
 * @look: the command line's word; CS_COLOUR_AUTO: COLDSPAN_NO_COLOR and NO_COLOR (set and not
 *        empty) switch colour off, FORCE_COLOR (not "0") on, else a terminal other than TERM=dumb
 *
 * Width: the terminal's, else COLUMNS, else 80. UTF-8: as the locale's variables say.
 * Context: startup.
 */
void cs_terminal_init(struct cs_terminal *term, int fd, const struct cs_look *look);
