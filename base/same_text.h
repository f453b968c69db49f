/* SPDX-License-Identifier: Apache-2.0 */

/* Texts that may not be there. */
#pragma once

#include <stdbool.h>
#include <string.h>

/** cs_same_text() - the same characters, or both NULL? Context: signal. */
static inline bool cs_same_text(const char *left, const char *right)
{
	return left && right ? !strcmp(left, right) : left == right;
}
