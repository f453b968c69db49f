/* SPDX-License-Identifier: Apache-2.0 */

/* Stand-ins of the hooks on descriptors, for the table in standin.c: X(name, function). */
#pragma once

/* The raw call has the arguments of the function. */
#define CS_STANDINS_SAME(X)                                                                        \
	X(accept4)                                                                                 \
	X(bind)                                                                                    \
	X(close)                                                                                   \
	X(close_range)                                                                             \
	X(connect)                                                                                 \
	X(dup)                                                                                     \
	X(dup3)                                                                                    \
	X(epoll_create1)                                                                           \
	X(epoll_ctl)                                                                               \
	X(fcntl)                                                                                   \
	X(getsockopt)                                                                              \
	X(ioctl)                                                                                   \
	X(listen)                                                                                  \
	X(pipe2)                                                                                   \
	X(prctl)                                                                                   \
	X(read)                                                                                    \
	X(readv)                                                                                   \
	X(recvfrom)                                                                                \
	X(recvmmsg)                                                                                \
	X(recvmsg)                                                                                 \
	X(sendfile)                                                                                \
	X(sendmmsg)                                                                                \
	X(sendmsg)                                                                                 \
	X(sendto)                                                                                  \
	X(shutdown)                                                                                \
	X(socket)                                                                                  \
	X(socketpair)                                                                              \
	X(splice)                                                                                  \
	X(write)                                                                                   \
	X(writev)

/* It needs a word in between. */
#define CS_STANDINS_OTHER(X)                                                                       \
	X(accept)                                                                                  \
	X(closefrom)                                                                               \
	X(dup2)                                                                                    \
	X(epoll_create)                                                                            \
	X(epoll_pwait)                                                                             \
	X(epoll_pwait2)                                                                            \
	X(epoll_wait)                                                                              \
	X(eventfd)                                                                                 \
	X(pipe)                                                                                    \
	X(poll)                                                                                    \
	X(ppoll)                                                                                   \
	X(preadv2)                                                                                 \
	X(pselect)                                                                                 \
	X(pwritev2)                                                                                \
	X(recv)                                                                                    \
	X(select)                                                                                  \
	X(send)                                                                                    \
	X(__poll_chk)                                                                              \
	X(__ppoll_chk)                                                                             \
	X(__read_chk)                                                                              \
	X(__recv_chk)                                                                              \
	X(__recvfrom_chk)                                                                          \
	X(syscall)

#define X(name) long cs_standin_##name(long a, long b, long c, long d, long e, long f);
CS_STANDINS_SAME(X)
CS_STANDINS_OTHER(X)
#undef X
