/* SPDX-License-Identifier: Apache-2.0 */

/* How large what is deployed is. */
#pragma once

#include "base/cleanup.h"

/**
 * cs_package_bytes() - of a file its size, of a folder that of all files in it; links are not followed
 * @folder: where @name begins
 *
 * Context: startup; one at a time. Return: 0; negative errno.
 */
int cs_package_bytes(const char *folder, const char *name, double *ret) cs_must_use;
