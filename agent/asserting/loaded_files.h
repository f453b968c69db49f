/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The files that the kernel and the loader map for a command before its main begins: the program, what
 * its "#!" line names, and its libraries, as the program's own loader lists them.
 */
#pragma once

#include <stddef.h>

#include "agent/budget/plan.h"
#include "base/arena.h"
#include "base/cleanup.h"

#define CS_LOADED_FILES_MAX 1024u

struct cs_dispositions;

struct cs_loaded_files {
	const char **paths; /* the arena's */
	size_t count;
};

/**
 * cs_loaded_files_find() - of a command
 * @function: whose argv it is, and its environment
 * @folder:   where it runs
 * @ret:      set on success
 *
 * Runs the program's loader with --list, which glibc's and musl's take: nothing of the program itself is
 * run. Of a static program, of a shell's command, it is one file.
 *
 * Context: startup. Return: 0; -ENOENT and others: there is no such program; -ENOMEM.
 */
int cs_loaded_files_find(const struct cs_plan_function *function, const char *folder,
			 const struct cs_dispositions *dispositions, struct cs_arena *arena,
			 struct cs_loaded_files *ret) cs_must_use;
