/* SPDX-License-Identifier: Apache-2.0 */

/* The last that a command wrote, for whoever asks why it failed. Context of all: one owner. */
#pragma once

#include <stddef.h>

#define CS_TAIL_BYTES 2048u

/* Empty when zeroed. */
struct cs_tail {
	char text[CS_TAIL_BYTES]; /* NUL-terminated */
	size_t used;
};

/** cs_tail_add() - what it wrote next; of what is too much the first is forgotten. */
void cs_tail_add(struct cs_tail *tail, const char *bytes, size_t len);

/** cs_tail_settle() - it is all: from now on UTF-8 without controls but newlines. */
void cs_tail_settle(struct cs_tail *tail);
