/* SPDX-License-Identifier: Apache-2.0 */

/* Where this program is: what belongs to it is looked for beside it, in a build tree as in a prefix. */
#pragma once

#include <limits.h>

#include "base/cleanup.h"
#include "base/diag.h"

/**
 * cs_own_folder() - the folder of this executable, without a slash at its end
 * @ret: written to on failure, too
 *
 * Context: any-thread. Return: 0; negative errno (@diag says what could not be read).
 */
int cs_own_folder(char ret[PATH_MAX], struct cs_diag *diag) cs_must_use;
