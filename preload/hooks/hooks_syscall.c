/* SPDX-License-Identifier: Apache-2.0 */

/*
 * syscall(2), seen at its entry only: what closes a descriptor clears its entry (libuv closes so),
 * and bytes of a connection that pass here are unseen, so that it can be followed no longer. And
 * prctl(2): who forbids the time-stamp counter, which the vDSO's clock reads, would be killed by the
 * next stamp, so there is none. Strict seccomp mode forbids it as well; a filter does not, but it may
 * kill for a call of ours.
 *
 * No result is seen here, but that of io_uring_setup: what the kernel is sure to refuse must not count.
 */
#include <linux/close_range.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "preload/descriptors/follow.h"
#include "preload/descriptors/inherited.h"
#include "preload/hooks/borrowed.h"
#include "preload/hooks/hook.h"

long cs_ring_setup(long number, long a, long b, long c, long d, long e, long f);
void cs_thunk_syscall(long number, long a, long b, long c);
void cs_thunk_prctl(int option, long a);

/* A child in borrowed memory filters itself, not us; and asks nothing. */
static void before_filter(void)
{
	if (!cs_borrow_find())
		atomic_store_explicit(&cs_shim.filtered, true, memory_order_relaxed);
}

void cs_thunk_prctl(int option, long a)
{
	if (option == PR_SET_TSC && a == PR_TSC_SIGSEGV)
		cs_follow_end(CS_STAND_DOWN_NO_CLOCK);
	else if (option == PR_SET_SECCOMP && a == SECCOMP_MODE_STRICT)
		cs_follow_end(CS_STAND_DOWN_STRICT_MODE);
	else if (option == PR_SET_SECCOMP && a == SECCOMP_MODE_FILTER)
		before_filter();
}

/* libseccomp asks whether there is seccomp(2) by strict mode with flags: that is EINVAL. */
static void before_seccomp(uint32_t operation, uint32_t flags, long arguments)
{
	if (operation == SECCOMP_SET_MODE_STRICT && !flags && !arguments)
		cs_follow_end(CS_STAND_DOWN_STRICT_MODE);
	else if (operation == SECCOMP_SET_MODE_FILTER && arguments)
		before_filter();
}

static void lose(long fd)
{
	if (cs_fd_word((int)fd))
		cs_follow_lost((int)fd);
}

static void reads(long fd)
{
	if (cs_inherited_is((int)fd, cs_fd_word((int)fd), 0))
		cs_inherited_reading();
	lose(fd);
}

/* Instead of syscall(2) with this number: thunk.S jumps here. One that is refused, is none. */
long cs_ring_setup(long number, long a, long b, long c, long d, long e, long f)
{
	long (*original)(long, ...) = (long (*)(long, ...))cs_real_table[CS_HOOK_syscall];
	long ring = original(number, a, b, c, d, e, f);

	if (ring >= 0)
		cs_follow_ring(true);
	return ring;
}

void cs_thunk_syscall(long number, long a, long b, long c)
{
	switch (number) {
	case SYS_prctl:
		cs_thunk_prctl((int)a, b);
		break;
	case SYS_seccomp:
		before_seccomp((uint32_t)a, (uint32_t)b, c);
		break;
	case SYS_clone:
	case SYS_clone3:
#ifdef SYS_fork
	case SYS_fork:
#endif
		cs_follow_forked();
		break;
	case SYS_close:
		cs_follow_closing((int)a);
		break;
	case SYS_close_range:
		if ((uint32_t)a <= (uint32_t)b && !(c & ~CLOSE_RANGE_UNSHARE))
			cs_follow_closing_range((uint32_t)a, (uint32_t)b);
		break;
#ifdef SYS_dup2
	case SYS_dup2:
#endif
	case SYS_dup3:
		lose(a);
		if ((int)a != (int)b)
			cs_follow_closing((int)b);
		break;
	case SYS_read:
	case SYS_readv:
	case SYS_pread64:
	case SYS_preadv:
	case SYS_preadv2:
	case SYS_recvfrom:
	case SYS_recvmsg:
	case SYS_recvmmsg:
		reads(a);
		break;
	case SYS_dup:
	case SYS_write:
	case SYS_writev:
	case SYS_pwritev2:
	case SYS_sendto:
	case SYS_sendmsg:
	case SYS_sendmmsg:
	case SYS_sendfile:
	case SYS_shutdown:
		lose(a);
		break;
	case SYS_splice:
		lose(a);
		lose(c);
		break;
	}
}
