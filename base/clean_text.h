/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Foreign text for people to read: names, settings and what functions wrote may hold any byte. Ill-formed
 * UTF-8 and control characters (C0 but newline and tab, DEL, C1, and those that turn the direction of text)
 * become U+FFFD.
 *
 * Context of all: any-thread.
 */
#pragma once

#include "base/buffer.h"
#include "base/cleanup.h"

/** cs_clean_text() - the caller's to free(); NULL for want of memory */
char *cs_clean_text(const char *s) cs_must_use;

/** cs_put_plain() - append @s cleaned and in one line: newlines and tabs become spaces */
void cs_put_plain(struct cs_buffer *out, const char *s);
