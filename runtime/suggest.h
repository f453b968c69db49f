/* SPDX-License-Identifier: Apache-2.0 */

/* "Did you mean …?": the nearest of a few known names. */
#pragma once

#include <stddef.h>

/**
 * cs_suggest() - the name that @typed was probably meant to be
 * @names: candidates; names over 63 bytes are never suggested
 *
 * Context: any-thread.
 * Return:  an element of @names at most two edits away and less than half of @typed changed;
 *          NULL when nothing is near.
 */
const char *cs_suggest(const char *typed, const char *const *names, size_t names_count);
