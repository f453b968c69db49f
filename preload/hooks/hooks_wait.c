/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The first wait for a connection after listen: what makes an instance ready. Other waits do not
 * count (Node's workers wait long before, Java's dispatcher is another thread): an epoll instance
 * must watch a listener, a poll or select must ask for one. Once it was seen, a hook costs a load and
 * a branch.
 */
#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>

#include "preload/descriptors/follow.h"
#include "preload/hooks/borrowed.h"
#include "preload/hooks/hook.h"
#include "preload/sys.h"

#define POLL_MAX  4096u        /* entries looked through */
#define STACK_MAX (1ull << 20) /* deeper callers are asked about like those elsewhere */

static uint64_t bytes_above(uintptr_t at, uintptr_t end)
{
	return end - at <= STACK_MAX ? end - at : 0;
}

/*
 * May it be read without asking the kernel? From here to the end of the stack that we run on, all is
 * mapped: up to the arguments in the main thread, up to its own data, where the thread pointer leads,
 * in any other. A stack that somebody else made (coroutines, clone) is not near either.
 */
static bool on_stack(const void *data, uint64_t bytes)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0), at = (uintptr_t)data;
	uint64_t above = bytes_above(here, cs_shim.stack_end);

	if (!above)
		above = bytes_above(here, cs_thread_pointer());
	return at - here < above && bytes <= above - (at - here);
}

/* A socket may be made to listen after it was given to the epoll instance; of several, any may. */
static void watch(int epoll, int fd)
{
	uint64_t was = cs_fd_word(epoll);

	if ((was && (cs_fd_kind(was) != CS_FD_EPOLL || (int)cs_fd_value(was) == fd)) ||
	    (uint32_t)epoll >= cs_fds.count || !cs_tables_may_change())
		return;
	cs_fd_replace(epoll, cs_fd_make(cs_fd_next_generation(), CS_FD_EPOLL, (uint32_t)fd, !!was));
}

CS_HOT CS_HOOK(int, epoll_ctl, (int epoll, int operation, int fd, struct epoll_event *event))
{
	int ret = CS_REAL(epoll_ctl)(epoll, operation, fd, event);
	enum cs_fd_kind kind = cs_fd_kind(cs_fd_word(fd));

	if ((kind == CS_FD_BOUND || kind == CS_FD_LISTENER) && ret == 0 &&
	    operation != EPOLL_CTL_DEL)
		watch(epoll, fd);
	return ret;
}

CS_HOT static void before_epoll(int epoll)
{
	uint64_t word;

	if (!cs_follow_awaiting())
		return;
	word = cs_fd_word(epoll);
	if (cs_fd_kind(word) == CS_FD_EPOLL &&
	    (cs_fd_detail(word) ||
	     cs_fd_kind(cs_fd_word((int)cs_fd_value(word))) == CS_FD_LISTENER))
		cs_follow_waiting();
}

CS_HOT CS_HOOK(int, epoll_wait, (int epoll, struct epoll_event *events, int count, int timeout))
{
	before_epoll(epoll);
	return CS_REAL(epoll_wait)(epoll, events, count, timeout);
}

CS_HOT CS_HOOK(int, epoll_pwait,
	       (int epoll, struct epoll_event *events, int count, int timeout,
		const sigset_t *mask))
{
	before_epoll(epoll);
	return CS_REAL(epoll_pwait)(epoll, events, count, timeout, mask);
}

CS_HOT CS_HOOK(int, epoll_pwait2,
	       (int epoll, struct epoll_event *events, int count, const struct timespec *timeout,
		const sigset_t *mask))
{
	before_epoll(epoll);
	return CS_REAL(epoll_pwait2)(epoll, events, count, timeout, mask);
}

static void look(const struct pollfd *fds, nfds_t count, uint64_t begin_ns)
{
	for (nfds_t i = 0; i < count; i++) {
		if (fds[i].events & (POLLIN | POLLRDNORM) &&
		    cs_fd_kind(cs_fd_word(fds[i].fd)) == CS_FD_LISTENER) {
			cs_follow_waited(begin_ns);
			return;
		}
	}
}

/*
 * The array may be anywhere, also nowhere: the kernel answers EFAULT where we would crash. Off the
 * stack it is looked at when the wait is over. One without limit may never be: then the kernel is
 * asked first, by the same call without a wait, since a filter that lets the one pass lets the other.
 * ppoll's mask is left out, or a signal would come before its wait.
 *
 * Returns when the wait began, 0 if it need not be looked at any more.
 */
static uint64_t before_wait(struct pollfd *fds, nfds_t count, bool endless, enum cs_hook call)
{
	const struct timespec no_time = { 0 };
	uint64_t begin_ns;
	int saved, ready = 0;

	if (!count || !cs_follow_awaiting() || count > POLL_MAX || !cs_shim_watching())
		return 0;
	begin_ns = cs_now();
	if (!on_stack(fds, count * sizeof(*fds))) {
		if (!endless)
			return begin_ns;
		saved = cs_errno();
		if (call == CS_HOOK_poll)
			ready = ((int (*)(struct pollfd *, nfds_t, int))cs_real_table[call])(
				fds, count, 0);
		else
			ready = ((int (*)(struct pollfd *, nfds_t, const struct timespec *,
					  const sigset_t *))cs_real_table[call])(fds, count,
										 &no_time, NULL);
		cs_set_errno(saved);
	}
	if (ready >= 0)
		look(fds, count, begin_ns);
	return 0;
}

static uint64_t before_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	return before_wait(fds, count, timeout < 0, CS_HOOK_poll);
}

static uint64_t before_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout)
{
	return before_wait(fds, count, !timeout, CS_HOOK_ppoll);
}

/* After @ready of the kernel: the array may be looked at unless it refused. */
static int after_poll(const struct pollfd *fds, nfds_t count, int ready, uint64_t begin_ns)
{
	if (begin_ns && ready >= 0)
		look(fds, count, begin_ns);
	return ready;
}

/*
 * @ready of the kernel, which had leave to wait. Who waits for one connection and nothing else reads it as
 * if the read itself waited: timeouts of sockets do so (Python, Java), and each read of Ruby.
 */
static int after_wait(const struct pollfd *fds, nfds_t count, int ready)
{
	if (ready > 0 && count == 1 && fds->revents & POLLIN && cs_shim_watching())
		cs_follow_waited_for(fds->fd);
	return ready;
}

static bool may_wait(const struct timespec *timeout)
{
	return !timeout || timeout->tv_sec || timeout->tv_nsec;
}

CS_HOOK(int, poll, (struct pollfd * fds, nfds_t count, int timeout))
{
	uint64_t begin_ns = before_poll(fds, count, timeout);
	int ready = after_poll(fds, count, CS_REAL(poll)(fds, count, timeout), begin_ns);

	return timeout ? after_wait(fds, count, ready) : ready;
}

CS_HOOK(int, __poll_chk, (struct pollfd * fds, nfds_t count, int timeout, size_t room))
{
	uint64_t begin_ns = room / sizeof(*fds) >= count ? before_poll(fds, count, timeout) : 0;
	int ready =
		after_poll(fds, count, CS_REAL(__poll_chk)(fds, count, timeout, room), begin_ns);

	return timeout ? after_wait(fds, count, ready) : ready;
}

CS_HOOK(int, ppoll,
	(struct pollfd * fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask))
{
	uint64_t begin_ns = before_ppoll(fds, count, timeout);
	int ready = after_poll(fds, count, CS_REAL(ppoll)(fds, count, timeout, mask), begin_ns);

	return ready > 0 && may_wait(timeout) ? after_wait(fds, count, ready) : ready;
}

CS_HOOK(int, __ppoll_chk,
	(struct pollfd * fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask,
	 size_t room))
{
	uint64_t begin_ns = room / sizeof(*fds) >= count ? before_ppoll(fds, count, timeout) : 0;
	int ready = after_poll(fds, count, CS_REAL(__ppoll_chk)(fds, count, timeout, mask, room),
			       begin_ns);

	return ready > 0 && may_wait(timeout) ? after_wait(fds, count, ready) : ready;
}

static bool asks_for_listener(const fd_set *readers, int count)
{
	for (int fd = 0; fd < count; fd++) {
		if (FD_ISSET(fd, readers) && cs_fd_kind(cs_fd_word(fd)) == CS_FD_LISTENER)
			return true;
	}
	return false;
}

/* Off the stack a set cannot be asked for without changing it: that a listener may be in it must do. */
static void before_select(int count, const fd_set *readers)
{
	int end;

	if (!readers || !cs_follow_awaiting())
		return;
	end = (int)atomic_load_explicit(&cs_fds.end, memory_order_relaxed);
	if (end > count)
		end = count;
	if (on_stack(readers, ((uint32_t)end + 63) / 64 * 8)
		    ? asks_for_listener(readers, end)
		    : count > atomic_load_explicit(&cs_follow.listener, memory_order_relaxed))
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
