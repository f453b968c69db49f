/* SPDX-License-Identifier: Apache-2.0 */

/* The environment of a command: another one with some variables set over it. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/cleanup.h"

struct cs_environment_variable {
	const char *name;
	const char *value; /* NULL: it is taken out */
};

/**
 * cs_environment_with() - @env with @variables set, in place of those of their names
 * @env: ends with NULL; its strings are borrowed
 *
 * Of two of a name the last one counts.
 *
 * Context:   any-thread.
 * Ownership: the arena's.
 * Return:    an environment that ends with NULL; NULL: out of memory.
 */
char **cs_environment_with(struct cs_arena *arena, char *const *env,
			   const struct cs_environment_variable *variables, size_t count)
	cs_must_use;

/** cs_environment_get() - as getenv(3) in @env; NULL: it is not there. */
const char *cs_environment_get(char *const *env, const char *name);
