/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Who the process is, in strings: executable, argv[0], script, working directory, and of the
 * environment only the names of identity.c's list, and the headers of http_fields.h's. No other
 * argument and no other variable ever leaves the process: they hold secrets.
 */
#pragma once

#include <stdint.h>

#include "preload/start/start.h"

/**
 * cs_identity_write() - fill the header's identity area (wire/abi.h) and the user's folders
 * @area: @size bytes of zero memory
 *
 * Also fills in the paths of cs_shim.wiped.
 *
 * Context: startup. Two system calls, and a readlinkat for each folder of a script's path.
 * Return:  bytes used.
 */
uint32_t cs_identity_write(const struct cs_start *start, char *area, uint32_t size);

/**
 * cs_identity_user_dir() - remember the folder of @path as one of the function's, in cs_shim.wiped
 * @path: absolute; a folder itself ends in a slash
 *
 * Context: signal. The system's folders are none.
 */
void cs_identity_user_dir(unsigned i, const char *path);
