/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes that come in: requests on accepted connections, and the first read of standard input. Any
 * other descriptor costs one look-up. Nothing here touches errno: there is no call but the original.
 */
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "preload/descriptors/follow.h"
#include "preload/descriptors/inherited.h"
#include "preload/descriptors/rights.h"
#include "preload/hooks/hook.h"

struct mmsghdr;
struct timespec;

/* Not from the stream, or not taken from it. */
#define ASIDE (MSG_PEEK | MSG_OOB | MSG_ERRQUEUE)

static inline void before(int fd, uint64_t word)
{
	if (cs_inherited_is(fd, word, 0))
		cs_inherited_reading();
}

CS_HOT static void after(int fd, uint64_t word, void *data, ssize_t ret, int flags)
{
	struct iovec iov = { .iov_base = data, .iov_len = (size_t)ret };

	if (word && flags & MSG_DONTWAIT)
		cs_follow_blocking(fd, false);
	if (ret > 0 && word && !(flags & ASIDE))
		cs_follow_received(fd, word, flags & MSG_TRUNC ? NULL : &iov, (uint64_t)ret);
}

/* Every reader of one buffer: @call is the original with its arguments. */
#define READ(data, flags, call)                                                                    \
	do {                                                                                       \
		ssize_t ret;                                                                       \
                                                                                                   \
		before(fd, word);                                                                  \
		ret = (call);                                                                      \
		after(fd, word, data, ret, flags);                                                 \
		return ret;                                                                        \
	} while (0)

CS_HOOK_FD(ssize_t, read, (int fd, void *data, size_t len), (fd, data, len))
{
	READ(data, 0, CS_REAL(read)(fd, data, len));
}

CS_HOOK_FD(ssize_t, __read_chk, (int fd, void *data, size_t len, size_t room),
	   (fd, data, len, room))
{
	READ(data, 0, CS_REAL(__read_chk)(fd, data, len, room));
}

CS_HOOK_FD(ssize_t, recv, (int fd, void *data, size_t len, int flags), (fd, data, len, flags))
{
	READ(data, flags, CS_REAL(recv)(fd, data, len, flags));
}

CS_HOOK_FD(ssize_t, __recv_chk, (int fd, void *data, size_t len, size_t room, int flags),
	   (fd, data, len, room, flags))
{
	READ(data, flags, CS_REAL(__recv_chk)(fd, data, len, room, flags));
}

CS_HOOK_FD(ssize_t, recvfrom,
	   (int fd, void *data, size_t len, int flags, void *address, socklen_t *address_len),
	   (fd, data, len, flags, address, address_len))
{
	READ(data, flags, CS_REAL(recvfrom)(fd, data, len, flags, address, address_len));
}

CS_HOOK_FD(ssize_t, __recvfrom_chk,
	   (int fd, void *data, size_t len, size_t room, int flags, void *address,
	    socklen_t *address_len),
	   (fd, data, len, room, flags, address, address_len))
{
	READ(data, flags,
	     CS_REAL(__recvfrom_chk)(fd, data, len, room, flags, address, address_len));
}

/* Every reader of several buffers. */
#define READV(call)                                                                                \
	do {                                                                                       \
		ssize_t ret;                                                                       \
                                                                                                   \
		before(fd, word);                                                                  \
		ret = (call);                                                                      \
		if (ret > 0 && word)                                                               \
			cs_follow_received(fd, word, iov, (uint64_t)ret);                          \
		return ret;                                                                        \
	} while (0)

CS_HOOK_FD(ssize_t, readv, (int fd, const struct iovec *iov, int count), (fd, iov, count))
{
	READV(CS_REAL(readv)(fd, iov, count));
}

/* A socket has no offset but -1: none. */
CS_HOOK_FD(ssize_t, preadv2, (int fd, const struct iovec *iov, int count, off_t offset, int flags),
	   (fd, iov, count, offset, flags))
{
	READV(CS_REAL(preadv2)(fd, iov, count, offset, flags));
}

CS_HOOK_FD(ssize_t, preadv64v2,
	   (int fd, const struct iovec *iov, int count, off_t offset, int flags),
	   (fd, iov, count, offset, flags))
{
	READV(CS_REAL(preadv64v2)(fd, iov, count, offset, flags));
}

static void after_message(int fd, uint64_t word, const struct msghdr *message, uint64_t bytes,
			  int flags)
{
	cs_rights_each(message, cs_follow_came);
	if (word && flags & MSG_DONTWAIT)
		cs_follow_blocking(fd, false);
	if (word && !(flags & ASIDE))
		cs_follow_received(fd, word, flags & MSG_TRUNC ? NULL : message->msg_iov, bytes);
}

CS_HOOK(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags))
{
	uint64_t word = cs_fd_word(fd);
	ssize_t ret;

	before(fd, word);
	ret = CS_REAL(recvmsg)(fd, message, flags);
	if (ret >= 0)
		after_message(fd, word, message, (uint64_t)ret, flags);
	return ret;
}

CS_HOOK(int, recvmmsg,
	(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout))
{
	uint64_t word = cs_fd_word(fd);
	int ret;

	before(fd, word);
	ret = CS_REAL(recvmmsg)(fd, messages, count, flags, timeout);
	for (int i = 0; i < ret; i++)
		after_message(fd, word, &messages[i].msg_hdr, messages[i].msg_len, flags);
	return ret;
}
