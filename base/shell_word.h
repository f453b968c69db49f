/* SPDX-License-Identifier: Apache-2.0 */

/* Words as sh(1) takes them: what we print for people to type, or for eval. Pure. */
#pragma once

#include <stdbool.h>

#include "base/buffer.h"

/**
 * cs_shell_word() - append @word so that a POSIX shell takes it as one word, unchanged
 * @always: in single quotes; else only where a byte of it might mean something
 *
 * Context: any-thread.
 * Source:  POSIX.1-2017, Shell Command Language, 2.2.2.
 */
void cs_shell_word(struct cs_buffer *out, const char *word, bool always);
