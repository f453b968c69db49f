/* SPDX-License-Identifier: Apache-2.0 */

/* The largest of the files that a start mapped and opened: half a line each, empty if there are none. Pure. */
#pragma once

#include <stdbool.h>

#include "agent/asserting/file_set.h"
#include "base/buffer.h"

#define CS_LARGEST_NAME_BYTES 64u

/** cs_largest_name() - of a file for a line: of a long one the end, behind "...". Return: @buf. */
const char *cs_largest_name(const char *name, char buf[CS_LARGEST_NAME_BYTES]);

/** cs_largest_packages() - "packages by files: pandas 412, numpy 210": packages that have more than one */
void cs_largest_packages(const struct cs_file_set *files, struct cs_buffer *out);

/**
 * cs_largest_files() - "files by size: /lib/libpython3.11.so 5.9 MiB, /lib/libc.so.6 1.9 MiB"
 * @objects: only shared objects
 */
void cs_largest_files(const struct cs_file_set *files, bool objects, struct cs_buffer *out);
