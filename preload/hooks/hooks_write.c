/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes that go out: responses on accepted connections, the first write to standard output, and logs.
 * Any other descriptor costs one look-up. Only what the result says was written is looked at.
 */
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "preload/descriptors/follow.h"
#include "preload/descriptors/inherited.h"
#include "preload/descriptors/logs.h"
#include "preload/descriptors/rights.h"
#include "preload/hooks/hook.h"
#include "preload/propagation/outbound.h"

/* Of the standard streams what is left to be seen; all of connections. */
static inline bool wanted(int fd, uint64_t word)
{
	if (word && cs_fd_kind(word) != CS_FD_INHERITED)
		return true;
	return cs_logs_wanted(fd, word) ||
	       (cs_inherited_is(fd, word, 1) && cs_inherited_any(CS_INHERITED_UNWRITTEN));
}

static inline uint64_t before(int fd, uint64_t word)
{
	/* Of a response only its first byte and its last have a time. */
	if (cs_fd_kind(word) == CS_FD_CONNECTION &&
	    cs_conn_answering(cs_fd_conn(word), cs_fd_generation(word)))
		return CS_CONN_UNTIMED;
	return cs_shim_watching() && wanted(fd, word) ? cs_now() : 0;
}

CS_HOT static void after(int fd, uint64_t word, const struct iovec *iov, ssize_t ret, int flags,
			 uint64_t begin_ns)
{
	if (ret <= 0 || !begin_ns)
		return;
	if (cs_fd_kind(word) == CS_FD_CONNECTION) {
		if (!(flags & MSG_OOB))
			cs_follow_sent(fd, word, iov, (uint64_t)ret, begin_ns);
		return;
	}
	if (cs_inherited_is(fd, word, 1))
		cs_inherited_written(begin_ns);
	if (!word || cs_fd_kind(word) == CS_FD_INHERITED)
		cs_logs_written(fd, word, iov, (uint64_t)ret, begin_ns);
	else if (!(flags & MSG_OOB))
		cs_follow_sent(fd, word, iov, (uint64_t)ret, begin_ns);
}

CS_HOT static void after_one(int fd, uint64_t word, const void *data, ssize_t ret, int flags,
			     uint64_t begin_ns)
{
	struct iovec iov = { .iov_len = (size_t)ret };

	__builtin_memcpy(&iov.iov_base, &data, sizeof(data)); /* it is only read */
	after(fd, word, &iov, ret, flags, begin_ns);
}

/* A request that is told whose it is. Apart, for who asks for nothing. Return: the call was made. */
static __attribute__((noinline)) bool hand_on_one(const struct cs_outbound_call *call,
						  uint64_t word, const void *data, size_t len,
						  ssize_t *ret)
{
	struct iovec iov = { .iov_len = len };

	__builtin_memcpy(&iov.iov_base, &data, sizeof(data)); /* it is only read */
	return cs_outbound_try(call, word, &iov, 1, ret);
}

#define CALL(...) (&(const struct cs_outbound_call){ __VA_ARGS__ })

/* What was to go before this has not: it is told in its stead. */
static inline bool waits(int fd, uint64_t word, ssize_t *ret)
{
	*ret = -1;
	return cs_outbound_wanted(word) && !cs_outbound_pay(fd, word);
}

#define WRITE(call, tell) SEND(waits(fd, word, &ret), call, tell)

/*
 * Every writer: @call is the original with its arguments, @tell what follows it; @in_stead, whether the
 * call was made in another way.
 */
#define SEND(in_stead, call, tell)                                                                 \
	do {                                                                                       \
		uint64_t begin_ns = before(fd, word);                                              \
		ssize_t ret;                                                                       \
                                                                                                   \
		if (!(in_stead))                                                                   \
			ret = (call);                                                              \
		tell;                                                                              \
		return ret;                                                                        \
	} while (0)

CS_HOOK_FD(ssize_t, write, (int fd, const void *data, size_t len), (fd, data, len))
{
	SEND(cs_outbound_wanted(word) &&
		     hand_on_one(CALL(fd, 0, .plain = true), word, data, len, &ret),
	     CS_REAL(write)(fd, data, len), after_one(fd, word, data, ret, 0, begin_ns));
}

CS_HOOK_FD(ssize_t, send, (int fd, const void *data, size_t len, int flags), (fd, data, len, flags))
{
	SEND(cs_outbound_wanted(word) && hand_on_one(CALL(fd, flags), word, data, len, &ret),
	     CS_REAL(send)(fd, data, len, flags), after_one(fd, word, data, ret, flags, begin_ns));
}

CS_HOOK_FD(ssize_t, sendto,
	   (int fd, const void *data, size_t len, int flags, const void *address,
	    socklen_t address_len),
	   (fd, data, len, flags, address, address_len))
{
	SEND(address ? waits(fd, word, &ret)
		     : cs_outbound_wanted(word) &&
			       hand_on_one(CALL(fd, flags), word, data, len, &ret),
	     CS_REAL(sendto)(fd, data, len, flags, address, address_len),
	     after_one(fd, word, data, ret, flags, begin_ns));
}

CS_HOOK_FD(ssize_t, writev, (int fd, const struct iovec *iov, int count), (fd, iov, count))
{
	SEND(cs_outbound_wanted(word) &&
		     cs_outbound_try(CALL(fd, 0, .plain = true), word, iov, count, &ret),
	     CS_REAL(writev)(fd, iov, count), after(fd, word, iov, ret, 0, begin_ns));
}

CS_HOOK_FD(ssize_t, pwritev2, (int fd, const struct iovec *iov, int count, off_t offset, int flags),
	   (fd, iov, count, offset, flags))
{
	WRITE(CS_REAL(pwritev2)(fd, iov, count, offset, flags),
	      after(fd, word, iov, ret, 0, begin_ns));
}

CS_HOOK_FD(ssize_t, pwritev64v2,
	   (int fd, const struct iovec *iov, int count, off_t offset, int flags),
	   (fd, iov, count, offset, flags))
{
	WRITE(CS_REAL(pwritev64v2)(fd, iov, count, offset, flags),
	      after(fd, word, iov, ret, 0, begin_ns));
}

static __attribute__((noinline)) bool
hand_on_message(int fd, uint64_t word, const struct msghdr *message, int flags, ssize_t *ret)
{
	return cs_outbound_try(CALL(fd, flags, .message = message), word, NULL, 0, ret);
}

/* A connection that is handed to another process with a message may be answered there. */
CS_HOOK(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags))
{
	uint64_t word = cs_fd_word(fd), begin_ns = 0;
	bool other = cs_follow_other(fd, word);
	ssize_t ret;

	if (!other)
		begin_ns = before(fd, word);
	if (other || !cs_outbound_wanted(word) || !hand_on_message(fd, word, message, flags, &ret))
		ret = CS_REAL(sendmsg)(fd, message, flags);
	if (ret < 0)
		return ret;
	cs_rights_each(message, cs_follow_passed);
	if (!other)
		after(fd, word, message->msg_iov, ret, flags, begin_ns);
	return ret;
}

CS_HOOK(int, sendmmsg, (int fd, struct mmsghdr *messages, unsigned count, int flags))
{
	uint64_t word = cs_fd_word(fd), begin_ns = 0;
	bool other = cs_follow_other(fd, word);
	ssize_t owing;
	int ret;

	if (!other && waits(fd, word, &owing))
		return -1;
	if (!other)
		begin_ns = before(fd, word);
	ret = CS_REAL(sendmmsg)(fd, messages, count, flags);
	for (int i = 0; i < ret; i++) {
		cs_rights_each(&messages[i].msg_hdr, cs_follow_passed);
		if (!other)
			after(fd, word, messages[i].msg_hdr.msg_iov, (ssize_t)messages[i].msg_len,
			      flags, begin_ns);
	}
	return ret;
}

/* The content of a file is not seen: only that it went. */
CS_HOOK_FD(ssize_t, sendfile, (int fd, int from, off_t *offset, size_t len),
	   (fd, from, offset, len))
{
	WRITE(CS_REAL(sendfile)(fd, from, offset, len), after(fd, word, NULL, ret, 0, begin_ns));
}

CS_HOOK_FD(ssize_t, sendfile64, (int fd, int from, off_t *offset, size_t len),
	   (fd, from, offset, len))
{
	WRITE(CS_REAL(sendfile64)(fd, from, offset, len), after(fd, word, NULL, ret, 0, begin_ns));
}

/* Both ends may be ours: from a connection into a pipe, from a pipe into a connection. */
CS_HOOK(ssize_t, splice,
	(int from, off_t *from_offset, int fd, off_t *offset, size_t len, unsigned flags))
{
	uint64_t word = cs_fd_word(fd), from_word = cs_fd_word(from), begin_ns;
	ssize_t ret;

	if (cs_follow_other(fd, word) && cs_follow_other(from, from_word))
		return CS_REAL(splice)(from, from_offset, fd, offset, len, flags);
	if (cs_inherited_is(from, from_word, 0))
		cs_inherited_reading();
	if (waits(fd, word, &ret))
		return ret;
	begin_ns = before(fd, word);
	ret = CS_REAL(splice)(from, from_offset, fd, offset, len, flags);
	if (ret > 0 && from_word)
		cs_follow_received(from, from_word, NULL, (uint64_t)ret);
	after(fd, word, NULL, ret, 0, begin_ns);
	return ret;
}
