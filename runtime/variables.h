/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The environment of a function process: built from nothing, so that what is not named here never
 * reaches a function. PATH, HOME, LANG, TZ of the runtime, what --pass-env lists, the function's
 * own variables, and PORT or Http_* on top.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "runtime/cleanup.h"

struct cs_variables {
	char **items; /* "NAME=value", ends with NULL; NULL itself when empty and never set */
	size_t count; /* without the NULL */
	size_t room;  /* pointers allocated */
};

/** cs_variables_deinit() - free all strings; the struct may be reused. Context: loop. */
void cs_variables_deinit(struct cs_variables *variables);

/**
 * cs_variables_set() - add NAME=value, in place of an earlier one of the same name
 * @name: not empty, without '='; both strings are copied
 *
 * Context: loop.
 * Return:  0; -ENOMEM; -EINVAL bad name.
 */
cs_must_use int cs_variables_set(struct cs_variables *variables, const char *name,
				 const char *value);

/** cs_variables_copy() - append copies of @from to the empty @to. Return: 0; -ENOMEM. */
cs_must_use int cs_variables_copy(struct cs_variables *to, const struct cs_variables *from);

/** cs_variables_get() - value of @name, borrowed; NULL when not set. */
const char *cs_variables_get(const struct cs_variables *variables, const char *name);

/**
 * cs_variables_pass() - take over what a function may see of the runtime's own environment
 * @environment: as environ(7)
 * @list:        --pass-env: names and NAME* prefixes, separated by commas; may be NULL
 *
 * PATH, HOME, LANG and TZ always pass; a missing PATH becomes CS_PATH_DEFAULT.
 *
 * Context: startup.
 * Return:  0; -ENOMEM.
 */
cs_must_use int cs_variables_pass(struct cs_variables *variables, char *const *environment,
				  const char *list);

#define CS_PATH_DEFAULT "/usr/local/bin:/usr/bin:/bin"

/** cs_pass_matches() - whether @name (of @name_len bytes) is on the --pass-env @list. */
bool cs_pass_matches(const char *list, const char *name, size_t name_len);

/**
 * cs_pass_check() - whether @list is well-formed: comma-separated, not empty, each a variable name
 *                   of A-Z a-z 0-9 _ that may end in one '*' and is not '*' alone
 *
 * Return: NULL when it is; else the first bad item (points into @list, ends at a comma or NUL).
 */
const char *cs_pass_check(const char *list);
