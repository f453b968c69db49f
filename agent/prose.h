/* SPDX-License-Identifier: Apache-2.0 */

/* What people read: broken between words where a terminal is narrower than it. */
#pragma once

#include <stdio.h>

/**
 * cs_prose_print() - print @text, colours and all; to what is no terminal as it is
 *
 * Context: startup. What could not be written is left to whoever closes @out.
 */
void cs_prose_print(FILE *out, const char *text);
