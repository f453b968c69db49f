/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A folder of our own for as long as we run, in TMPDIR or /tmp: for a socket, and for a name of the
 * shim that LD_PRELOAD can hold. Other users' processes may pass through it, not look into it.
 */
#pragma once

#include <limits.h>

#include "base/arena.h"
#include "base/diag.h"

struct cs_scratch {
	char folder[PATH_MAX];      /* "" none; no character that LD_PRELOAD cannot hold */
	char socket[PATH_MAX + 16]; /* in it, short enough for a socket's address; not made here */
	char link[PATH_MAX + 16];   /* in it, made by cs_scratch_library() */
};

/**
 * cs_scratch_make() - make the folder
 *
 * Context:   startup.
 * Ownership: the caller's, also after a failure: cs_scratch_remove().
 * Return:    0; negative errno, @diag says what.
 */
int cs_scratch_make(struct cs_scratch *scratch, struct cs_diag *diag) cs_must_use;

/**
 * cs_scratch_library() - a name of @library for LD_PRELOAD
 * @ret: @library itself, or a link to it in the folder; lives as long as @library and @scratch
 *
 * Return: 0; negative errno, @diag says what.
 */
int cs_scratch_library(struct cs_scratch *scratch, const char *library, const char **ret,
		       struct cs_diag *diag) cs_must_use;

/** cs_scratch_remove() - remove the folder with what is in it; does nothing without one. */
void cs_scratch_remove(struct cs_scratch *scratch);
