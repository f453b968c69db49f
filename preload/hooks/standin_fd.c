/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Raw system calls in place of libc's functions on descriptors; see standin.c. Every one takes six
 * register arguments, whatever the function has: surplus ones are not looked at. Calls that aarch64
 * does not have are made through their successors on both architectures.
 */
#include "preload/hooks/standin_fd.h"

#include <fcntl.h>
#include <sys/time.h>
#include <time.h>

#include "preload/shim.h"
#include "preload/sys.h"

#define SIGSET_BYTES 8 /* the kernel's */

#define X(name)                                                                                    \
	long cs_standin_##name(long a, long b, long c, long d, long e, long f)                     \
	{                                                                                          \
		return cs_result(cs_sys6(SYS_##name, a, b, c, d, e, f));                           \
	}
CS_STANDINS_SAME(X)
#undef X

#define STANDIN(name) long cs_standin_##name(long a, long b, long c, long d, long e, long f)

STANDIN(accept)
{
	return cs_result(cs_sys4(SYS_accept4, a, b, c, 0));
}

STANDIN(closefrom)
{
	return cs_result(cs_sys3(SYS_close_range, a > 0 ? a : 0, ~0u, 0));
}

STANDIN(dup2)
{
	if ((int)a == (int)b)
		return cs_result(cs_sys2(SYS_fcntl, a, F_GETFD)) < 0 ? -1 : b;
	return cs_result(cs_sys3(SYS_dup3, a, b, 0));
}

STANDIN(epoll_create)
{
	return cs_result(cs_sys1(SYS_epoll_create1, 0));
}

STANDIN(epoll_pwait)
{
	return cs_result(cs_sys6(SYS_epoll_pwait, a, b, c, d, e, SIGSET_BYTES));
}

STANDIN(epoll_pwait2)
{
	return cs_result(cs_sys6(SYS_epoll_pwait2, a, b, c, d, e, SIGSET_BYTES));
}

STANDIN(epoll_wait)
{
	return cs_standin_epoll_pwait(a, b, c, d, 0, 0);
}

STANDIN(eventfd)
{
	return cs_result(cs_sys2(SYS_eventfd2, a, b));
}

STANDIN(pipe)
{
	return cs_result(cs_sys2(SYS_pipe2, a, 0));
}

/* The kernel writes back what is left: into a copy, as libc does. */
static long ppoll_copy(long fds, long count, struct timespec *timeout, long mask)
{
	return cs_result(cs_sys5(SYS_ppoll, fds, count, timeout, mask, SIGSET_BYTES));
}

STANDIN(poll)
{
	struct timespec timeout = { .tv_sec = (int)c / 1000, .tv_nsec = (int)c % 1000 * 1000000 };

	return ppoll_copy(a, b, (int)c < 0 ? NULL : &timeout, 0);
}

STANDIN(ppoll)
{
	struct timespec timeout;

	if (!c)
		return ppoll_copy(a, b, NULL, d);
	timeout = *(const struct timespec *)c;
	return ppoll_copy(a, b, &timeout, d);
}

static long pselect_copy(long count, long readers, long writers, long errors,
			 struct timespec *timeout, long mask)
{
	struct {
		long mask;
		long bytes;
	} sixth = { mask, SIGSET_BYTES };

	return cs_result(cs_sys6(SYS_pselect6, count, readers, writers, errors, (long)timeout,
				 (long)&sixth));
}

STANDIN(pselect)
{
	struct timespec timeout;

	if (!e)
		return pselect_copy(a, b, c, d, NULL, f);
	timeout = *(const struct timespec *)e;
	return pselect_copy(a, b, c, d, &timeout, f);
}

STANDIN(select)
{
	struct timeval *wait = (struct timeval *)e;
	struct timespec timeout;
	long ret;

	if (!wait)
		return pselect_copy(a, b, c, d, NULL, 0);
	timeout.tv_sec = wait->tv_sec + wait->tv_usec / 1000000;
	timeout.tv_nsec = wait->tv_usec % 1000000 * 1000;
	ret = pselect_copy(a, b, c, d, &timeout, 0);
	wait->tv_sec = timeout.tv_sec;
	wait->tv_usec = timeout.tv_nsec / 1000;
	return ret;
}

/* The offset is one word on both architectures; the kernel takes a second one and ignores it. */
STANDIN(preadv2)
{
	return cs_result(cs_sys6(SYS_preadv2, a, b, c, d, 0, e));
}

STANDIN(pwritev2)
{
	return cs_result(cs_sys6(SYS_pwritev2, a, b, c, d, 0, e));
}

STANDIN(recv)
{
	return cs_result(cs_sys6(SYS_recvfrom, a, b, c, d, 0, 0));
}

STANDIN(send)
{
	return cs_result(cs_sys6(SYS_sendto, a, b, c, d, 0, 0));
}

STANDIN(__poll_chk)
{
	return cs_standin_poll(a, b, c, 0, 0, 0);
}

STANDIN(__ppoll_chk)
{
	return cs_standin_ppoll(a, b, c, d, 0, 0);
}

STANDIN(__read_chk)
{
	return cs_standin_read(a, b, c, 0, 0, 0);
}

STANDIN(__recv_chk)
{
	return cs_standin_recv(a, b, c, e, 0, 0);
}

/* The seventh argument, the length of the address, is out of reach: then there is no address. */
STANDIN(__recvfrom_chk)
{
	return cs_standin_recv(a, b, c, e, 0, 0);
}

/* Jumped to with the number first; a sixth argument of the call would be on the stack. */
STANDIN(syscall)
{
	return cs_result(cs_sys6(a, b, c, d, e, f, 0));
}
