/* SPDX-License-Identifier: Apache-2.0 */

/* Sockets that listen, the connections that they accept, and those that the process makes. */
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

#include "preload/calls/calls.h"
#include "preload/descriptors/follow.h"
#include "preload/events/lambda.h"
#include "preload/hooks/hook.h"

/* Called when the kernel has taken the address: it can be read. */
static uint32_t port_of(const struct sockaddr *address, socklen_t len)
{
	const struct sockaddr_in *in = (const void *)address;
	const struct sockaddr_in6 *in6 = (const void *)address;

	if (address->sa_family == AF_INET && len >= sizeof(*in))
		return __builtin_bswap16(in->sin_port);
	if (address->sa_family == AF_INET6 && len >= sizeof(in->sin_port) + 2)
		return __builtin_bswap16(in6->sin6_port);
	return 0;
}

CS_HOOK(int, bind, (int fd, const struct sockaddr *address, socklen_t len))
{
	int ret = CS_REAL(bind)(fd, address, len);

	if (ret == 0 && cs_shim_watching() && len >= sizeof(address->sa_family))
		cs_follow_bound(fd, address->sa_family, port_of(address, len));
	return ret;
}

CS_HOOK(int, listen, (int fd, int backlog))
{
	int ret = CS_REAL(listen)(fd, backlog);

	if (ret == 0 && cs_shim_watching())
		cs_follow_listening(fd);
	return ret;
}

/* Where it goes on by itself, the kernel has read the address. */
CS_HOOK(int, connect, (int fd, const struct sockaddr *address, socklen_t len))
{
	uint64_t word = cs_fd_word(fd), begin_ns = cs_calls_connecting(word);
	int ret = CS_REAL(connect)(fd, address, len);

	if (cs_lambda_wanted() && cs_shim_watching() &&
	    (ret == 0 || cs_errno() == EINPROGRESS || cs_errno() == EINTR))
		cs_lambda_connected(fd, address, len);
	if (begin_ns)
		cs_calls_connected(fd, word, address, len, begin_ns, ret == 0 ? 0 : cs_errno());
	return ret;
}

/* An accept is a wait for a connection, whether or not it blocks. */
#define ACCEPT(call, blocking)                                                                     \
	do {                                                                                       \
		uint64_t word = cs_fd_word(fd);                                                    \
		int ret;                                                                           \
                                                                                                   \
		if (!cs_shim_watching())                                                           \
			return (call);                                                             \
		if (!atomic_load_explicit(&cs_follow.waited, memory_order_relaxed))                \
			cs_follow_accepting(fd, word);                                             \
		ret = (call);                                                                      \
		if (ret >= 0)                                                                      \
			cs_follow_accepted(word, ret, blocking);                                   \
		return ret;                                                                        \
	} while (0)

CS_HOOK(int, accept, (int fd, void *address, socklen_t *len))
{
	ACCEPT(CS_REAL(accept)(fd, address, len), true);
}

CS_HOOK(int, accept4, (int fd, void *address, socklen_t *len, int flags))
{
	ACCEPT(CS_REAL(accept4)(fd, address, len, flags), !(flags & SOCK_NONBLOCK));
}

CS_HOOK(int, shutdown, (int fd, int how))
{
	uint64_t word = cs_fd_word(fd);
	int ret = CS_REAL(shutdown)(fd, how);

	if (ret == 0 && word && (how == SHUT_WR || how == SHUT_RDWR))
		cs_follow_shutdown(fd, word);
	return ret;
}

CS_HOOK(int, socket, (int family, int type, int protocol))
{
	int ret = cs_follow_new(CS_REAL(socket)(family, type, protocol));

	if (ret >= 0)
		cs_calls_socket(ret, family, type);
	return ret;
}

/* How a connection that was made without waiting tells that it is there, or why it is not. */
CS_HOOK(int, getsockopt, (int fd, int level, int option, void *value, socklen_t *len))
{
	uint64_t word = cs_fd_word(fd);
	int ret = CS_REAL(getsockopt)(fd, level, option, value, len), error;

	if (cs_fd_kind(word) == CS_FD_OUTGOING && ret == 0 && level == SOL_SOCKET &&
	    option == SO_ERROR && *len == sizeof(error)) {
		__builtin_memcpy(&error, value, sizeof(error));
		cs_calls_told(fd, word, error);
	}
	return ret;
}

CS_HOOK(int, socketpair, (int family, int type, int protocol, int fds[2]))
{
	int ret = CS_REAL(socketpair)(family, type, protocol, fds);

	if (ret == 0) {
		cs_follow_new(fds[0]);
		cs_follow_new(fds[1]);
	}
	return ret;
}
