/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Scope-bound release of what a function owns. The runtime has its own copy of these few lines:
 * it includes nothing of the rest of the project, so that it stays a fair guest.
 * Never between vfork and exec.
 */
#pragma once

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define cs_cleanup(fn) __attribute__((cleanup(fn)))
#define cs_must_use    __attribute__((warn_unused_result))

typedef unsigned long long cs_ns; /* nanoseconds; CLOCK_MONOTONIC where it is a point in time */

#define CS_MSEC 1000000ULL    /* in cs_ns */
#define CS_SEC  1000000000ULL /* in cs_ns */

/** cs_fd_close() - close *@fd unless negative and leave -EBADF behind; keeps errno. */
static inline void cs_fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -EBADF;
	errno = saved;
}

/** cs_freep() - free what the pointer at @ptr points to; keeps errno. */
static inline void cs_freep(void *ptr)
{
	int saved = errno;

	free(*(void **)ptr);
	errno = saved;
}
