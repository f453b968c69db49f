/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The first wait for a connection after listen: what makes an instance ready. Other waits do not
 * count (Node's workers wait long before, Java's dispatcher is another thread): an epoll instance
 * must watch a listener, a poll must ask for one. Once it was seen, a hook costs a load and a branch.
 */
#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>

#include "preload/borrowed.h"
#include "preload/follow.h"
#include "preload/hook.h"

#define POLL_MAX 4096u /* entries looked through */

CS_HOOK(int, epoll_ctl, (int epoll, int operation, int fd, struct epoll_event *event))
{
	int ret = CS_REAL(epoll_ctl)(epoll, operation, fd, event);

	if (ret == 0 && cs_follow_awaiting() && operation != EPOLL_CTL_DEL &&
	    cs_fd_kind(cs_fd_word(fd)) == CS_FD_LISTENER && !cs_fd_word(epoll) &&
	    (uint32_t)epoll < cs_fds.count && cs_tables_may_change())
		cs_fd_replace(epoll, cs_fd_make(cs_fd_next_generation(), CS_FD_EPOLL, 0, 0));
	return ret;
}

static void before_epoll(int epoll)
{
	if (cs_follow_awaiting() && cs_fd_kind(cs_fd_word(epoll)) == CS_FD_EPOLL)
		cs_follow_waiting();
}

CS_HOOK(int, epoll_wait, (int epoll, struct epoll_event *events, int count, int timeout))
{
	before_epoll(epoll);
	return CS_REAL(epoll_wait)(epoll, events, count, timeout);
}

CS_HOOK(int, epoll_pwait,
	(int epoll, struct epoll_event *events, int count, int timeout, const sigset_t *mask))
{
	before_epoll(epoll);
	return CS_REAL(epoll_pwait)(epoll, events, count, timeout, mask);
}

CS_HOOK(int, epoll_pwait2,
	(int epoll, struct epoll_event *events, int count, const struct timespec *timeout,
	 const sigset_t *mask))
{
	before_epoll(epoll);
	return CS_REAL(epoll_pwait2)(epoll, events, count, timeout, mask);
}

static bool may_look(nfds_t count)
{
	return cs_follow_awaiting() && count && count <= POLL_MAX;
}

/* After @ready of the kernel: the array may be looked at unless it refused. */
static void look(const struct pollfd *fds, nfds_t count, int ready, uint64_t begin_ns)
{
	if (ready < 0)
		return;
	for (nfds_t i = 0; i < count; i++) {
		if (fds[i].events & (POLLIN | POLLRDNORM) &&
		    cs_fd_kind(cs_fd_word(fds[i].fd)) == CS_FD_LISTENER) {
			cs_follow_waited(begin_ns);
			return;
		}
	}
}

/*
 * The array may be anywhere, also nowhere: the kernel answers EFAULT where we would crash. So it is
 * looked at when the wait is over. One without limit may never be: then the kernel is asked first, by
 * the same call without a wait, since a filter that lets the one pass lets the other. ppoll's mask is
 * left out, or a signal would come before its wait.
 *
 * Returns when the wait began, 0 if it need not be looked at.
 */
static uint64_t before_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	int (*real_poll)(struct pollfd *, nfds_t, int) =
		(int (*)(struct pollfd *, nfds_t, int))cs_real_table[CS_HOOK_poll];
	uint64_t begin_ns;
	int saved;

	if (!may_look(count) || !cs_shim_watching())
		return 0;
	begin_ns = cs_now();
	if (timeout >= 0)
		return begin_ns;
	saved = cs_errno();
	look(fds, count, real_poll(fds, count, 0), begin_ns);
	cs_set_errno(saved);
	return 0;
}

static uint64_t before_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout)
{
	int (*real_ppoll)(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *) =
		(int (*)(struct pollfd *, nfds_t, const struct timespec *,
			 const sigset_t *))cs_real_table[CS_HOOK_ppoll];
	const struct timespec no_time = { 0 };
	uint64_t begin_ns;
	int saved;

	if (!may_look(count) || !cs_shim_watching())
		return 0;
	begin_ns = cs_now();
	if (timeout)
		return begin_ns;
	saved = cs_errno();
	look(fds, count, real_ppoll(fds, count, &no_time, NULL), begin_ns);
	cs_set_errno(saved);
	return 0;
}

static int after_poll(const struct pollfd *fds, nfds_t count, int ready, uint64_t begin_ns)
{
	if (begin_ns)
		look(fds, count, ready, begin_ns);
	return ready;
}

CS_HOOK(int, poll, (struct pollfd * fds, nfds_t count, int timeout))
{
	uint64_t begin_ns = before_poll(fds, count, timeout);

	return after_poll(fds, count, CS_REAL(poll)(fds, count, timeout), begin_ns);
}

CS_HOOK(int, __poll_chk, (struct pollfd * fds, nfds_t count, int timeout, size_t room))
{
	uint64_t begin_ns = room / sizeof(*fds) >= count ? before_poll(fds, count, timeout) : 0;

	return after_poll(fds, count, CS_REAL(__poll_chk)(fds, count, timeout, room), begin_ns);
}

CS_HOOK(int, ppoll,
	(struct pollfd * fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask))
{
	uint64_t begin_ns = before_ppoll(fds, count, timeout);

	return after_poll(fds, count, CS_REAL(ppoll)(fds, count, timeout, mask), begin_ns);
}

CS_HOOK(int, __ppoll_chk,
	(struct pollfd * fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask,
	 size_t room))
{
	uint64_t begin_ns = room / sizeof(*fds) >= count ? before_ppoll(fds, count, timeout) : 0;

	return after_poll(fds, count, CS_REAL(__ppoll_chk)(fds, count, timeout, mask, room),
			  begin_ns);
}

/* A set cannot be asked for without changing it: that the listener may be in it must do. */
static void before_select(int count, const fd_set *readers)
{
	if (cs_follow_awaiting() && readers &&
	    count > atomic_load_explicit(&cs_follow.listener, memory_order_relaxed))
		cs_follow_waiting();
}

CS_HOOK(int, select,
	(int count, fd_set *readers, fd_set *writers, fd_set *errors, struct timeval *timeout))
{
	before_select(count, readers);
	return CS_REAL(select)(count, readers, writers, errors, timeout);
}

CS_HOOK(int, pselect,
	(int count, fd_set *readers, fd_set *writers, fd_set *errors,
	 const struct timespec *timeout, const sigset_t *mask))
{
	before_select(count, readers);
	return CS_REAL(pselect)(count, readers, writers, errors, timeout, mask);
}
