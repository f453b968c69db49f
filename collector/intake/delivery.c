/* SPDX-License-Identifier: Apache-2.0 */

/* One message off a connection; see delivery.h. */
#include "collector/intake/delivery.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static void collect_fds(struct msghdr *header, struct cs_delivery *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		unsigned n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		if (n > CS_INTAKE_FDS_MAX - message->fds_count)
			n = CS_INTAKE_FDS_MAX - message->fds_count;
		memcpy(&message->fds[message->fds_count], CMSG_DATA(c), n * sizeof(int));
		message->fds_count += n;
	}
}

int cs_delivery_receive(int fd, struct cs_delivery *ret)
{
	union {
		char bytes[CMSG_SPACE(CS_INTAKE_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = ret->data, .iov_len = sizeof(ret->data) };
	struct msghdr header = { .msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes) };
	ssize_t n;

	do
		n = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	ret->len = (size_t)n;
	ret->fds_count = 0;
	ret->cut = (header.msg_flags & MSG_CTRUNC) != 0;
	collect_fds(&header, ret);
	return 0;
}

/*
 * A second message could wait in the socket, with anything in it, and closing the socket closes that.
 * After the shutdown none can be added. SO_PASSCRED gives every message, also one without a byte, a
 * control message, and the end of file none; there is no room for more, so no descriptor comes in.
 */
bool cs_delivery_was_last(int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = &(char){ 0 }, .iov_len = 1 };
	struct msghdr header = { .msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes) };

	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &(int){ 1 }, sizeof(int)) < 0)
		return false;
	shutdown(fd, SHUT_RDWR); /* ENOTCONN: the peer has closed, which is as good */
	return recvmsg(fd, &header, MSG_DONTWAIT | MSG_PEEK) == 0 && header.msg_controllen == 0;
}
