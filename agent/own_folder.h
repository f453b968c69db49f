/* SPDX-License-Identifier: Apache-2.0 */

/* Where this program is: what belongs to it is looked for beside it, in a build tree as in a prefix. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/diag.h"

/**
 * cs_own_folder() - the folder of this executable, without a slash at its end
 * @ret: written to on failure, too
 *
 * Context: any-thread. Return: 0; negative errno (@diag says what could not be read).
 */
int cs_own_folder(char ret[PATH_MAX], struct cs_diag *diag) cs_must_use;

/**
 * cs_own_find() - what belongs to this program
 * @beside: @count places, relative to its folder, in the order in which they are looked at
 * @fits:   is it there?
 * @ret:    the first that is, with the folder before it; written to where none is, too
 *
 * Context: any-thread. Return: false: none of them fits, or the folder is not known.
 */
bool cs_own_find(const char *const *beside, size_t count, bool (*fits)(const char *path),
		 char ret[PATH_MAX]) cs_must_use;

/** cs_own_executable() - for that: may it be executed? Context: any-thread. */
bool cs_own_executable(const char *path);
