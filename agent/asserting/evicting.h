/* SPDX-License-Identifier: Apache-2.0 */

/*
 * cache: evict: the files that a start needs are put out of the page cache before the next one. No privilege is
 * needed, so pages that others have mapped, or locked, stay (libc's, mostly), as do those of a file
 * system that is memory: what share was cold is looked at each time, with mincore(2).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "agent/asserting/loaded_files.h"
#include "agent/budget/judge.h"
#include "base/arena.h"
#include "base/cleanup.h"

/* Names of files that a start opened, one after the other, each with its NUL. Empty when zeroed. */
struct cs_opened_paths {
	char *text; /* owned */
	size_t len;
};

/** cs_opened_paths_add() - one more; beyond 1 MiB, or without memory, it is left out. */
void cs_opened_paths_add(struct cs_opened_paths *paths, const char *path);

/** cs_opened_paths_deinit() - forget them. */
void cs_opened_paths_deinit(struct cs_opened_paths *paths);

/**
 * cs_evicting_learn() - take what a start opened to the files that are put out
 * @files:  of cs_loaded_files_find(), or zeroed
 * @folder: where relative names begin
 *
 * Context: startup. Return: 0; -ENOMEM.
 */
int cs_evicting_learn(struct cs_loaded_files *files, const struct cs_opened_paths *paths,
		      const char *folder, struct cs_arena *arena) cs_must_use;

/** cs_evicting_do() - put them out, as far as the kernel does it. Context: startup. */
void cs_evicting_do(const struct cs_loaded_files *files);
