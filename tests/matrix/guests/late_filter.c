/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Preloaded into a guest, bare or watched: when the guest opens TRIGGER, all its threads may make no
 * system call but those listed here, and are killed for any other. So every language gets a strict
 * filter after its start. An allow-list, since that is what people use; of the calls of an attach it
 * knows what every program needs, and not one more.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/support/call_filter.h"

#define TRIGGER "/nonexistent/filter-from-here-on"

static const long allowed[] = {
	SYS_read,
	SYS_write,
	SYS_readv,
	SYS_writev,
	SYS_pread64,
	SYS_openat,
	SYS_close,
	SYS_fcntl,
	SYS_fstat,
	SYS_newfstatat,
	SYS_statx,
	SYS_lseek,
	SYS_ioctl,
	SYS_dup,
	SYS_dup3,
	SYS_pipe2,
	SYS_getdents64,
	SYS_umask,
	SYS_mmap,
	SYS_munmap,
	SYS_mprotect,
	SYS_brk,
	SYS_futex,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_sigaltstack,
	SYS_restart_syscall,
	SYS_clone,
	SYS_set_robust_list,
	SYS_wait4,
	SYS_gettid,
	SYS_exit,
	SYS_exit_group,
	SYS_epoll_pwait,
	SYS_epoll_ctl,
	SYS_unlinkat,
	SYS_tgkill,
	SYS_getrandom,
	SYS_madvise,
	SYS_sysinfo,
	SYS_sched_yield,
	SYS_clone3,
	SYS_eventfd2,
	SYS_rseq,
	SYS_sched_getaffinity,
	SYS_set_tid_address,
	SYS_clock_nanosleep,
	/* A JVM's threads for service and for reaping, when they come to it. */
	SYS_getrusage,
	SYS_prctl,
#ifdef SYS_open /* the older half of x86-64 */
	SYS_open,
	SYS_stat,
	SYS_dup2,
	SYS_pipe,
	SYS_vfork,
	SYS_fork,
	SYS_epoll_wait,
	SYS_access,
	SYS_readlink,
	SYS_unlink,
#endif
};
#define COUNT (sizeof(allowed) / sizeof(allowed[0]))

static int forbid(void)
{
	struct call_filter filter;

	_Static_assert(COUNT <= CALL_FILTER_MAX, "room");
	call_filter_make(&filter, allowed, COUNT, CALL_FILTER_ALLOW, CALL_FILTER_KILL);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, CALL_FILTER_SET, CALL_FILTER_THREADS, &filter) != 0)
		_exit(125);
	errno = ENOENT;
	return -1;
}

#define OPEN(name)                                                                                 \
	int name(const char *path, int flags, ...)                                                 \
	{                                                                                          \
		unsigned mode;                                                                     \
		va_list ap;                                                                        \
                                                                                                   \
		if (path && !strcmp(path, TRIGGER))                                                \
			return forbid();                                                           \
		va_start(ap, flags);                                                               \
		mode = va_arg(ap, unsigned);                                                       \
		va_end(ap);                                                                        \
		return syscall(SYS_openat, -100, path, flags, mode);                               \
	}

#undef open64
OPEN(open)
OPEN(open64)
