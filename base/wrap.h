/* SPDX-License-Identifier: Apache-2.0 */

/* Breaks lines of text between words, for terminals that are narrower than them. Pure. */
#pragma once

#include "base/buffer.h"

/**
 * cs_wrap() - append @text, each of its lines in at most @columns, but for words that are longer
 * @columns: 0: as it is
 *
 * What is broken goes on below the second column of its line, which begins behind the first two spaces
 * after its first word, else below its first word; never beyond the middle.
 *
 * Context: any-thread.
 */
void cs_wrap(struct cs_buffer *out, const char *text, unsigned columns);

/**
 * cs_wrap_width() - columns that @len bytes of @text take: one a code point, a colour none
 *
 * Context: any-thread.
 */
unsigned cs_wrap_width(const char *text, size_t len);
