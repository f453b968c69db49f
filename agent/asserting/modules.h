/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Modules that a start has loaded until it was ready, out of the files that it opened: how many, and whether
 * any of them is forbidden. Files in archives (zip, jar) are their archive; what the loader brings in for a
 * shared object is nobody's open, and is not among them.
 */
#pragma once

#include <stdint.h>

#include "agent/budget/judge.h"
#include "base/cleanup.h"
#include "collector/assembler/model.h"

#define CS_MODULES_PROCESSES                                                                       \
	256u /* of one start, whose files are kept apart; pyenv's python3 has 22 */
#define CS_MODULES_MOST  8192u
#define CS_MODULES_FOUND 256u

struct cs_modules_of {
	uint64_t segment;
	uint64_t *seen; /* owned: hashes of names, an open table; NULL before the first */
	uint32_t count;
	uint64_t opens; /* of files that the facts count, too */
	uint32_t forbidden;
	char found[CS_MODULES_FOUND]; /* the first of those: "pandas (FILE)" */
};

struct cs_modules {
	const char *folder;        /* borrowed: where it runs */
	const char *const *forbid; /* borrowed: patterns */
	size_t forbid_count;
	struct cs_modules_of list[CS_MODULES_PROCESSES];
	unsigned count;
};

/** cs_modules_add() - a file was opened. */
void cs_modules_add(struct cs_modules *modules, const struct cs_opened_file *file);

/**
 * cs_modules_fill() - what became of the process of @cold
 * @sample:    its counts of modules: NaN where not every file was told that was opened
 * @ret_found: CS_MODULES_FOUND bytes: the first that is forbidden, "" none
 */
void cs_modules_fill(const struct cs_modules *modules, const struct cs_cold_start *cold,
		     struct cs_sample *sample, char *ret_found);

/** cs_modules_deinit() - forget them. Accepts a zeroed one. */
void cs_modules_deinit(struct cs_modules *modules);
