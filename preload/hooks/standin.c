/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What CS_REAL() points to if the original is not found: the raw system call where there
 * is one, else an honest failure. Not reached in any program of a libc that has the function.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include "preload/hooks/hook.h"
#include "preload/hooks/standin_fd.h"
#include "preload/shim.h"
#include "preload/start/loader.h"
#include "preload/sys.h"

/* Any function whose arguments are the system call's own; surplus ones are not looked at. */
#define STANDIN_CALL(name)                                                                         \
	static long standin_##name(long a, long b, long c, long d, long e, long f)                 \
	{                                                                                          \
		return cs_result(cs_sys6(SYS_##name, a, b, c, d, e, f));                           \
	}

STANDIN_CALL(execve)
STANDIN_CALL(execveat)
STANDIN_CALL(kill)
STANDIN_CALL(openat)
STANDIN_CALL(wait4)
STANDIN_CALL(faccessat)
STANDIN_CALL(statx)

static long unavailable(void)
{
	cs_set_errno(ENOSYS);
	return -1;
}

static long unavailable_error(void)
{
	return ENOSYS;
}

static void *unavailable_pointer(void)
{
	cs_set_errno(ENOSYS);
	return NULL;
}

void cs_find_late(enum cs_hook hook)
{
	uintptr_t now = __atomic_load_n(&cs_real_table[hook], __ATOMIC_RELAXED);

	if (__builtin_expect(now == (uintptr_t)unavailable_pointer ||
				     now == (uintptr_t)unavailable_error,
			     0))
		(void)cs_loader_find_late(hook);
}

static int standin_fork(void)
{
	return (int)cs_result(cs_sys5(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static int standin_wait(int *status)
{
	return (int)cs_result(cs_sys4(SYS_wait4, -1, status, 0, 0));
}

static int standin_waitpid(int pid, int *status, int options)
{
	return (int)cs_result(cs_sys4(SYS_wait4, pid, status, options, 0));
}

static int standin_wait3(int *status, int options, void *usage)
{
	return (int)cs_result(cs_sys4(SYS_wait4, -1, status, options, usage));
}

static int standin_waitid(int type, unsigned id, void *info, int options)
{
	return (int)cs_result(cs_sys5(SYS_waitid, type, id, info, options, 0));
}

static int standin_killpg(int group, int signal)
{
	return (int)cs_result(cs_sys2(SYS_kill, -group, signal));
}

static int standin_open(const char *path, int flags, unsigned mode)
{
	return (int)cs_result(cs_sys4(SYS_openat, AT_FDCWD, path, flags, mode));
}

static int standin_creat(const char *path, unsigned mode)
{
	return standin_open(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

static int standin_access(const char *path, int mode)
{
	return (int)cs_result(cs_sys3(SYS_faccessat, AT_FDCWD, path, mode));
}

/* A switch and no table: the loader would have to relocate that in every process. */
uintptr_t cs_standin(unsigned hook)
{
	switch (hook) {
#define AT(name, function)                                                                         \
	case CS_HOOK_##name:                                                                       \
		return (uintptr_t)(function)
		AT(fork, standin_fork);
		AT(posix_spawn, unavailable_error);
		AT(posix_spawnp, unavailable_error);
		AT(pthread_create, unavailable_error);
		AT(wait, standin_wait);
		AT(waitpid, standin_waitpid);
		AT(wait3, standin_wait3);
		AT(wait4, standin_wait4);
		AT(waitid, standin_waitid);
		AT(kill, standin_kill);
		AT(killpg, standin_killpg);
		AT(execve, standin_execve);
		AT(execveat, standin_execveat);
		AT(open, standin_open);
		AT(open64, standin_open);
		AT(openat, standin_openat);
		AT(openat64, standin_openat);
		AT(__open_2, standin_open);
		AT(__open64_2, standin_open);
		AT(__openat_2, standin_openat);
		AT(__openat64_2, standin_openat);
		AT(creat, standin_creat);
		AT(creat64, standin_creat);
		AT(fopen, unavailable_pointer);
		AT(fopen64, unavailable_pointer);
		AT(dlopen, unavailable_pointer);
		AT(dlmopen, unavailable_pointer);
		AT(access, standin_access);
		AT(faccessat, standin_faccessat);
		AT(statx, standin_statx);
		AT(fdopen, unavailable_pointer);
		AT(freopen, unavailable_pointer);
		AT(freopen64, unavailable_pointer);
		AT(fcntl64, cs_standin_fcntl);
		AT(sendfile64, cs_standin_sendfile);
		AT(preadv64v2, cs_standin_preadv2);
		AT(pwritev64v2, cs_standin_pwritev2);
#define X(name) AT(name, cs_standin_##name);
		CS_STANDINS_SAME(X)
		CS_STANDINS_OTHER(X)
#undef X
#undef AT
	default:
		return (uintptr_t)unavailable;
	}
}
