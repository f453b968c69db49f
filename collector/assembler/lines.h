/* SPDX-License-Identifier: Apache-2.0 */

/* Lines "name: value\n", as records have them (preload/http/http_fields.h), one after the other. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A text that is not ended by NUL. */
struct cs_part {
	const char *text;
	size_t len;
};

struct cs_line {
	struct cs_part name;
	struct cs_part value;
};

/**
 * cs_line_next() - take the next line off @rest
 * @ret: parts of @rest; of a line without ": " the name is all of it, and the value is empty
 *
 * Context: any-thread (pure). Return: false: there is none.
 */
bool cs_line_next(struct cs_part *rest, struct cs_line *ret);

/** cs_part_is() - is it @text? Context: any-thread (pure). */
bool cs_part_is(struct cs_part part, const char *text);
