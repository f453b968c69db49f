/* SPDX-License-Identifier: Apache-2.0 */

/* Where the shim is, and how it is put into an environment without pushing anybody out. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"

/**
 * cs_library_find() - absolute path of libcoldspan.so
 *
 * Links are followed, but for one that COLDSPAN_LIBRARY names because its target does not fit.
 * COLDSPAN_LIBRARY names it; else it is looked for beside this executable (build tree, prefix).
 *
 * Context:   startup.
 * Ownership: *@ret lives in @arena; untouched on failure.
 * Return:    0; -ENOENT (@diag says where it was looked for); -ENOMEM.
 */
int cs_library_find(struct cs_arena *arena, const char **ret, struct cs_diag *diag);

/* What is wrong with a path that does not fit, and the way out; see cs_library_fits(). */
#define CS_LIBRARY_MISFIT                                                                          \
	"LD_PRELOAD cannot hold a path with a space, colon or $: "                                 \
	"install coldspan elsewhere, or set COLDSPAN_LIBRARY to a symbolic link without them"

/**
 * cs_library_fits() - can @path stand in LD_PRELOAD?
 *
 * Loaders split the variable at white space and colons, without any way to quote them; glibc's replaces
 * words that begin with '$'.
 */
bool cs_library_fits(const char *path);

/**
 * cs_library_preload() - value for LD_PRELOAD: @library before what is there already
 * @current: LD_PRELOAD as it is, NULL if unset; separators ':' and ' ' are understood, order and
 *           foreign entries kept, an earlier entry for @library not repeated
 *
 * Return: in @arena; NULL when out of memory.
 */
const char *cs_library_preload(struct cs_arena *arena, const char *library, const char *current);

/**
 * cs_library_is_named() - does @preload, a value of LD_PRELOAD, bring in the shim?
 * @library: where the shim is; another copy of the same name will do if it can be read
 */
bool cs_library_is_named(const char *preload, const char *library);

/** cs_library_other_copy() - does @preload name a shim that is another file than @library? */
bool cs_library_other_copy(const char *preload, const char *library);
