/* SPDX-License-Identifier: Apache-2.0 */

/* "did you mean": the nearest word of a list, for mistyped subcommands and keys. Pure. */
#pragma once

#include <stddef.h>

/**
 * cs_suggest() - the word of @words nearest to @typed
 *
 * Context: any-thread.
 * Return:  borrowed from @words; NULL if none is near (more than a third of the letters differ).
 */
const char *cs_suggest(const char *typed, const char *const *words, size_t count);
