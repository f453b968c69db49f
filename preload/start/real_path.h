/* SPDX-License-Identifier: Apache-2.0 */

/* Where a script really lies: interpreters open what symbolic links lead to. */
#pragma once

#include <stdbool.h>

/**
 * cs_real_path() - @path without symbolic links, "." and ".."
 * @path: if relative, from @cwd, in which the kernel leaves no links
 * @ret:  CS_PATH_BYTES; undefined on failure
 *
 * Context: startup. A readlinkat a folder of the path, at most 32.
 * Return:  true; false: it is not there, too long, or has too many links.
 */
bool cs_real_path(const char *path, const char *cwd, char *ret);
