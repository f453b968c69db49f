/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Descriptors that come, go, and are copied. An entry is cleared before its descriptor is closed:
 * afterwards another thread may have been given the number.
 */
#include <asm/ioctls.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stddef.h>
#include <stdio.h>

#include "preload/descriptors/follow.h"
#include "preload/hooks/hook.h"

CS_HOOK(int, close, (int fd))
{
	cs_follow_closing(fd);
	return CS_REAL(close)(fd);
}

CS_HOOK(int, close_range, (unsigned first, unsigned last, int flags))
{
	if (first <= last && !(flags & ~CLOSE_RANGE_UNSHARE))
		cs_follow_closing_range(first, last);
	return CS_REAL(close_range)(first, last, flags);
}

CS_HOOK(void, closefrom, (int first))
{
	cs_follow_closing_range(first > 0 ? (unsigned)first : 0, UINT32_MAX);
	CS_REAL(closefrom)(first);
}

CS_HOOK(int, dup, (int fd))
{
	uint64_t word = cs_fd_word(fd);
	int ret = CS_REAL(dup)(fd);

	if (ret >= 0)
		cs_follow_dup(fd, word, ret);
	return ret;
}

/* dup2 onto itself closes nothing, dup3 refuses to. */
#define DUP_ONTO(call)                                                                             \
	do {                                                                                       \
		uint64_t word = cs_fd_word(fd), was;                                               \
		int ret;                                                                           \
                                                                                                   \
		if (fd == onto)                                                                    \
			return (call);                                                             \
		was = cs_follow_take(onto);                                                        \
		ret = (call);                                                                      \
		if (ret < 0) {                                                                     \
			cs_follow_put_back(onto, was);                                             \
			return ret;                                                                \
		}                                                                                  \
		cs_follow_replaced(was);                                                           \
		cs_follow_dup(fd, word, ret);                                                      \
		return ret;                                                                        \
	} while (0)

CS_HOOK(int, dup2, (int fd, int onto))
{
	DUP_ONTO(CS_REAL(dup2)(fd, onto));
}

CS_HOOK(int, dup3, (int fd, int onto, int flags))
{
	DUP_ONTO(CS_REAL(dup3)(fd, onto, flags));
}

/* What a call of fcntl changed that came back with @ret. */
CS_HOT static void after_fcntl(int fd, int command, uint64_t argument, uint64_t word, int ret)
{
	if (command == F_SETFL && ret == 0)
		cs_follow_blocking(fd, !(argument & O_NONBLOCK));
	else if (command != F_SETFL && ret >= 0)
		cs_follow_dup(fd, word, ret);
}

/*
 * Its third argument is an int, a pointer or nothing, in the register where a fixed one stands on
 * both architectures: handed on as it came, so that nothing is rebuilt and the result is seen.
 */
#define FCNTL(name)                                                                                \
	CS_HOT static __attribute__((noinline)) int watched_##name(                                \
		int fd, int command, uint64_t argument, uint64_t word);                            \
	CS_HOT CS_HOOK(int, name, (int fd, int command, uint64_t argument))                        \
	{                                                                                          \
		uint64_t word;                                                                     \
                                                                                                   \
		if (command != F_DUPFD && command != F_DUPFD_CLOEXEC && command != F_SETFL)        \
			return CS_REAL(name)(fd, command, argument);                               \
		word = cs_fd_word(fd);                                                             \
		if (command == F_SETFL && !word)                                                   \
			return CS_REAL(name)(fd, command, argument);                               \
		return watched_##name(fd, command, argument, word);                                \
	}                                                                                          \
	static int watched_##name(int fd, int command, uint64_t argument, uint64_t word)           \
	{                                                                                          \
		int ret = CS_REAL(name)(fd, command, argument);                                    \
                                                                                                   \
		after_fcntl(fd, command, argument, word, ret);                                     \
		return ret;                                                                        \
	}

FCNTL(fcntl)
FCNTL(fcntl64)

/* Variadic as well. Of what it does, one thing: the kernel has read the number by then. */
CS_HOOK(int, ioctl, (int fd, unsigned long request, uint64_t argument))
{
	uint64_t word = cs_fd_word(fd);
	int ret = CS_REAL(ioctl)(fd, request, argument), nonblocking;

	if (word && (uint32_t)request == FIONBIO && ret == 0) {
		__builtin_memcpy(&nonblocking, (const void *)(uintptr_t)argument,
				 sizeof(nonblocking));
		cs_follow_blocking(fd, !nonblocking);
	}
	return ret;
}

CS_HOOK(int, pipe, (int fds[2]))
{
	int ret = CS_REAL(pipe)(fds);

	if (ret == 0) {
		cs_follow_new(fds[0]);
		cs_follow_new(fds[1]);
	}
	return ret;
}

CS_HOOK(int, pipe2, (int fds[2], int flags))
{
	int ret = CS_REAL(pipe2)(fds, flags);

	if (ret == 0) {
		cs_follow_new(fds[0]);
		cs_follow_new(fds[1]);
	}
	return ret;
}

CS_HOOK(int, eventfd, (unsigned count, int flags))
{
	return cs_follow_new(CS_REAL(eventfd)(count, flags));
}

CS_HOOK(int, epoll_create, (int size))
{
	return cs_follow_new(CS_REAL(epoll_create)(size));
}

CS_HOOK(int, epoll_create1, (int flags))
{
	return cs_follow_new(CS_REAL(epoll_create1)(flags));
}

/* What stdio reads and writes by itself is not seen. */
CS_HOOK(FILE *, fdopen, (int fd, const char *mode))
{
	FILE *ret = CS_REAL(fdopen)(fd, mode);

	if (ret && cs_fd_word(fd)) {
		cs_follow_lost(fd);
		cs_follow_forget(fd, false);
	}
	return ret;
}

/* What is left in its buffer passes unseen, then its descriptor is closed. */
static void before_fclose(FILE *stream)
{
	int fd, saved;

	if (!cs_shim_watching() || !cs_shim.fileno)
		return;
	saved = cs_errno();
	fd = cs_shim.fileno(stream);
	if (fd >= 0) {
		cs_follow_lost(fd);
		cs_follow_closing(fd);
	}
	cs_set_errno(saved); /* a stream in memory has no descriptor */
}

CS_HOOK(int, fclose, (FILE * stream))
{
	before_fclose(stream);
	return CS_REAL(fclose)(stream);
}

CS_HOOK(FILE *, freopen, (const char *path, const char *mode, FILE *stream))
{
	before_fclose(stream);
	return CS_REAL(freopen)(path, mode, stream);
}

CS_HOOK(FILE *, freopen64, (const char *path, const char *mode, FILE *stream))
{
	before_fclose(stream);
	return CS_REAL(freopen64)(path, mode, stream);
}

/* Entry only: they write by themselves. */
void cs_thunk_dprintf(int fd);
void cs_thunk___dprintf_chk(int fd);

void cs_thunk_dprintf(int fd)
{
	if (cs_fd_word(fd))
		cs_follow_lost(fd);
}

void cs_thunk___dprintf_chk(int fd)
{
	cs_thunk_dprintf(fd);
}

CS_HOOK(int, vdprintf, (int fd, const char *format, void *args))
{
	cs_thunk_dprintf(fd);
	return CS_REAL(vdprintf)(fd, format, args);
}

CS_HOOK(int, __vdprintf_chk, (int fd, int flag, const char *format, void *args))
{
	cs_thunk_dprintf(fd);
	return CS_REAL(__vdprintf_chk)(fd, flag, format, args);
}
