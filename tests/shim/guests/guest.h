/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What guests have in common. A guest is an ordinary program that nobody prepared for the shim: it
 * includes nothing of ours, is compiled by a plain compiler call, and prints what its calls did.
 * Nothing that differs between two runs (pids, times, addresses) may be printed.
 */
#pragma once

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define UNTOUCHED 77 /* what errno holds before a call that must leave it alone */

/* Result and errno of one call; stdout is unbuffered, so that children's lines keep their order. */
#define TRY(what, call)                                                                            \
	do {                                                                                       \
		errno = UNTOUCHED;                                                                 \
		long long ret_ = (long long)(call);                                                \
		int saved_ = errno;                                                                \
		printf("%s: %lld errno %d\n", what, ret_, saved_);                                 \
	} while (0)

/* What strace's readers look for: from here on every system call is the guest's own doing. */
#define MARK() syscall(SYS_getpgid, 0x1234567)

static void guest_start(void)
{
	MARK();
	setvbuf(stdout, NULL, _IONBF, 0);
}
