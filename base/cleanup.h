/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Scope-bound release of what a function owns, and the hand-over at its last line.
 * Helpers keep errno and accept the null state. Not for the shim (preload/), signal handlers,
 * or code between fork and exec.
 */
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define cs_cleanup(fn) __attribute__((cleanup(fn)))
#define cs_must_use    __attribute__((warn_unused_result))

/** cs_closep() - close *@fd unless negative. Context: any-thread; keeps errno. */
static inline void cs_closep(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;

		close(*fd);
		errno = saved;
	}
}

/** cs_freep() - free what the pointer at @ptr points to. Context: any-thread; keeps errno. */
static inline void cs_freep(void *ptr)
{
	int saved = errno;

	free(*(void **)ptr);
	errno = saved;
}

/** cs_fclosep() - fclose *@file unless NULL. Context: any-thread; keeps errno. */
static inline void cs_fclosep(FILE **file)
{
	if (*file) {
		int saved = errno;

		fclose(*file);
		errno = saved;
	}
}

/** cs_take_fd() - hand the descriptor over: the caller of the function now owns it. */
static inline int cs_take_fd(int *fd)
{
	int taken = *fd;

	*fd = -EBADF;
	return taken;
}

/** CS_TAKE_PTR() - hand the pointer over and leave NULL behind. */
#define CS_TAKE_PTR(p)                                                                             \
	({                                                                                         \
		__typeof__(p) cs_taken = (p);                                                      \
		(p) = NULL;                                                                        \
		cs_taken;                                                                          \
	})
