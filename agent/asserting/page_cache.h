/* SPDX-License-Identifier: Apache-2.0 */

/* How much of a file is in the page cache, by mincore(2). */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"

struct cs_page_cache {
	uint64_t pages; /* of the file */
	uint64_t resident;
};

/**
 * cs_page_cache_add() - look at a file, and add what it has to @sum
 *
 * The kernel tells it to who owns the file or may write to it (root may); for others every page counts as
 * resident (Linux 5.2 and newer).
 *
 * Context: startup. Return: 0, also of an empty file; negative errno: it cannot be read.
 */
int cs_page_cache_add(const char *path, struct cs_page_cache *sum) cs_must_use;
