/* SPDX-License-Identifier: Apache-2.0 */

/* What makes, copies and frees descriptors: well and badly used, on whatever they may be. */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "tests/shim/guests/guest.h"
#include "tests/shim/guests/pair.h"

#define BAD ((void *)8)

static void makers(void)
{
	int fds[2] = { -1, -1 };

	TRY("socket", socket(AF_UNIX, SOCK_STREAM, 0));
	TRY("socket, inet", socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	TRY("socket, family", socket(12345, SOCK_STREAM, 0));
	TRY("socketpair", socketpair(AF_UNIX, SOCK_DGRAM, 0, fds));
	printf("%d %d\n", fds[0], fds[1]);
	TRY("socketpair, inet", socketpair(AF_INET, SOCK_STREAM, 0, fds));
	TRY("socketpair, bad pointer", socketpair(AF_UNIX, SOCK_DGRAM, 0, BAD));
	TRY("pipe", pipe(fds));
	printf("%d %d\n", fds[0], fds[1]);
	TRY("pipe, bad pointer", pipe(BAD));
	TRY("pipe2", pipe2(fds, O_NONBLOCK));
	printf("%d %d\n", fds[0], fds[1]);
	TRY("pipe2, flags", pipe2(fds, 0x12345));
	TRY("eventfd", eventfd(3, EFD_CLOEXEC));
	TRY("eventfd, flags", eventfd(3, 0x12345));
	TRY("epoll_create", epoll_create(1));
	TRY("epoll_create, none", epoll_create(0));
	TRY("epoll_create1", epoll_create1(EPOLL_CLOEXEC));
	TRY("epoll_create1, flags", epoll_create1(0x12345));
}

static void copies(void)
{
	struct flock lock = { .l_type = F_WRLCK };
	int file = open("file", O_CREAT | O_RDWR, 0600);

	TRY("dup", dup(file));
	TRY("dup, none", dup(-1));
	TRY("dup2", dup2(file, 100));
	TRY("dup2, itself", dup2(file, file));
	TRY("dup2, none", dup2(-1, 100));
	TRY("dup2, none itself", dup2(999, 999));
	TRY("dup2, negative", dup2(file, -1));
	TRY("dup3", dup3(file, 101, O_CLOEXEC));
	TRY("dup3, itself", dup3(file, file, 0));
	TRY("fcntl, F_DUPFD", fcntl(file, F_DUPFD, 50));
	TRY("fcntl, F_DUPFD, negative", fcntl(file, F_DUPFD, -1));
	TRY("fcntl, F_DUPFD_CLOEXEC", fcntl(file, F_DUPFD_CLOEXEC, 50));
	TRY("fcntl, F_GETFD", fcntl(file, F_GETFD));
	TRY("fcntl, F_SETFD", fcntl(file, F_SETFD, FD_CLOEXEC));
	TRY("fcntl, F_GETFD", fcntl(file, F_GETFD));
	TRY("fcntl, F_SETFL", fcntl(file, F_SETFL, O_APPEND));
	TRY("fcntl, F_SETLK", fcntl(file, F_SETLK, &lock));
	TRY("fcntl, F_SETLK, bad pointer", fcntl(file, F_SETLK, BAD));
	TRY("fcntl, F_SETLKW", fcntl(file, F_SETLKW, &lock));
	TRY("fcntl, none", fcntl(-1, F_GETFL));
	TRY("fcntl, command", fcntl(file, 12345, 1));
	TRY("fcntl, F_SETPIPE_SZ", fcntl(file, F_SETPIPE_SZ, 4096));
	TRY("fcntl, F_GETOWN", fcntl(file, F_GETOWN));
#ifdef __GLIBC__ /* what fcntl is with 64-bit offsets */
	TRY("fcntl64, F_DUPFD", fcntl64(file, F_DUPFD, 60));
	TRY("fcntl64, F_GETFL", fcntl64(file, F_GETFL));
	TRY("fcntl64, F_SETLK", fcntl64(file, F_SETLK, &lock));
	TRY("fcntl64, none", fcntl64(-1, F_GETFD));
#endif
	TRY("ioctl, FIONBIO", ioctl(file, FIONBIO, &(int){ 1 }));
	TRY("ioctl, FIONBIO, bad pointer", ioctl(file, FIONBIO, BAD));
	TRY("ioctl, FIONREAD", ioctl(file, FIONREAD, &(int){ 0 }));
	TRY("ioctl, FIOCLEX", ioctl(file, FIOCLEX));
	TRY("ioctl, terminal", ioctl(file, TIOCGWINSZ, BAD));
	TRY("ioctl, command", ioctl(file, 0x12345678, 1));
	TRY("ioctl, none", ioctl(-1, FIONBIO, &(int){ 1 }));
	TRY("syscall, dup", syscall(SYS_dup, file));
	TRY("syscall, dup3", syscall(SYS_dup3, file, 102, 0));
	TRY("syscall, six", syscall(SYS_mmap, 0, 0, 3, 0x22, -1, 0));
	TRY("syscall, ring", syscall(SYS_io_uring_setup, 0, 0));
	TRY("syscall, ring, bad pointer", syscall(SYS_io_uring_setup, 1, BAD));
	TRY("syscall, none", syscall(100000, 1, 2, 3, 4, 5, 6));
}

static void freers(void)
{
	TRY("close", close(100));
	TRY("close, again", close(100));
	TRY("close, none", close(-1));
	TRY("close, high", close(70000));
	TRY("syscall, close", syscall(SYS_close, 101));
	TRY("syscall, close, again", syscall(SYS_close, 101));
#ifdef __GLIBC__
	TRY("close_range, none", close_range(2000, 3000, 0));
	TRY("close_range, reversed", close_range(10, 9, 0));
	TRY("close_range, flags", close_range(10, 9, 77));
	TRY("close_range", close_range(50, 60, 0));
	errno = UNTOUCHED;
	closefrom(102);
	printf("closefrom: errno %d\n", errno);
	TRY("fcntl, closed", fcntl(102, F_GETFD));
#endif
}

static int by_vdprintf(int fd, const char *format, ...)
{
	va_list list;
	int ret;

	va_start(list, format);
	ret = vdprintf(fd, format, list);
	va_end(list);
	return ret;
}

#ifdef __GLIBC__
/* What fortified builds call. */
int __dprintf_chk(int fd, int flag, const char *format, ...);
int __vdprintf_chk(int fd, int flag, const char *format, va_list list);

static int by_vdprintf_chk(int fd, const char *format, ...)
{
	va_list list;
	int ret;

	va_start(list, format);
	ret = __vdprintf_chk(fd, 1, format, list);
	va_end(list);
	return ret;
}
#endif

static void streams(void)
{
	int file = open("file", O_RDWR), pipes[2];
	FILE *stream;
	char line[32] = "";

	errno = UNTOUCHED;
	stream = fdopen(file, "w");
	printf("fdopen: %d errno %d\n", stream ? fileno(stream) : -1, errno);
	TRY("fprintf", fprintf(stream, "%s\n", "text"));
	TRY("fclose", fclose(stream));
	errno = UNTOUCHED;
	printf("fdopen, none: %d", fdopen(-1, "r") != NULL);
	printf(" errno %d\n", errno);
	errno = UNTOUCHED;
	printf("fdopen, mode: %d", fdopen(0, "x") != NULL);
	printf(" errno %d\n", errno);
	need(pipe(pipes) == 0, "pipe");
	TRY("dprintf", dprintf(pipes[1], "%d %s %.2f %c", 42, "words", 2.5, '!'));
	TRY("read", read(pipes[0], line, sizeof(line)));
	printf("[%s]\n", line);
	TRY("dprintf, none", dprintf(-1, "x"));
	TRY("vdprintf", by_vdprintf(pipes[1], "%d %s %g\n", 7, "more", 0.5));
	TRY("vdprintf, none", by_vdprintf(-1, "x"));
#ifdef __GLIBC__
	TRY("__dprintf_chk", __dprintf_chk(pipes[1], 1, "%s %d", "checked", 9));
	TRY("__vdprintf_chk", by_vdprintf_chk(pipes[1], "%d %s", 3, "last"));
	TRY("__vdprintf_chk, none", by_vdprintf_chk(-1, "x"));
#endif
	memset(line, 0, sizeof(line));
	TRY("read", read(pipes[0], line, sizeof(line)));
	printf("[%s]\n", line);
}

/* Streams that are closed, and those that become another file's. */
static void closed_streams(void)
{
	FILE *stream = fopen("file", "w"), *memory = fmemopen(NULL, 16, "w");
	int fd = fileno(stream);

	TRY("fprintf", fprintf(stream, "left in the buffer"));
	TRY("fclose", fclose(stream));
	TRY("close, again", close(fd));
	TRY("fclose, memory", fclose(memory));
	stream = fopen("file", "r");
	close(fileno(stream));
	TRY("fclose, closed", fclose(stream));
	stream = fopen("file", "r");
	TRY("freopen", freopen("file", "r+", stream) == stream && fileno(stream) == fd);
	TRY("freopen, another mode", freopen(NULL, "w", stream) == stream);
	TRY("freopen64", freopen64("other", "w", stream) == stream && fileno(stream) == fd);
	TRY("freopen, missing", freopen("nowhere/x", "r", stream) == NULL);
	TRY("fcntl, closed", fcntl(fd, F_GETFD));
}

static void addresses(void)
{
	struct sockaddr_in loopback = { .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int inet = socket(AF_INET, SOCK_STREAM, 0), datagrams = socket(AF_UNIX, SOCK_DGRAM, 0);
	int unbound = socket(AF_INET, SOCK_STREAM, 0);

	TRY("bind", bind(inet, (void *)&loopback, sizeof(loopback)));
	TRY("bind, again", bind(inet, (void *)&loopback, sizeof(loopback)));
	TRY("bind, short", bind(unbound, (void *)&loopback, 4));
	TRY("bind, bad pointer", bind(unbound, BAD, sizeof(loopback)));
	TRY("bind, none", bind(-1, (void *)&loopback, sizeof(loopback)));
	TRY("bind, no socket", bind(0, (void *)&loopback, sizeof(loopback)));
	TRY("bind, unnamed", bind(datagrams, (void *)&pair_address, sizeof(sa_family_t)));
	TRY("listen", listen(inet, 5));
	TRY("listen, again", listen(inet, 6));
	TRY("listen, unbound", listen(unbound, 5));
	TRY("listen, datagrams", listen(datagrams, 5));
	TRY("listen, none", listen(-1, 5));
	TRY("listen, no socket", listen(0, 5));
	TRY("shutdown, not connected", shutdown(inet, 77));
	TRY("shutdown, none", shutdown(-1, SHUT_WR));
	TRY("shutdown, listener", shutdown(unbound, SHUT_RDWR));
}

/* Descriptors that come in a message have numbers that were something else before. */
static void rights(void)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control = { 0 };
	char byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	int pair[2], pipes[2], got[2];

	need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && pipe(pipes) == 0, "pair");
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(pipes));
	memcpy(CMSG_DATA(&control.head), pipes, sizeof(pipes));
	TRY("sendmsg", sendmsg(pair[0], &message, 0));
	memset(&control, 0, sizeof(control));
	message.msg_controllen = sizeof(control);
	TRY("recvmsg", recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC));
	memcpy(got, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(got));
	printf("got %d %d, control %zu\n", got[0], got[1], (size_t)message.msg_controllen);
	TRY("write", write(got[1], "through", 7));
	TRY("read", read(pipes[0], &byte, 1));
}

static void listeners_and_connections(void)
{
	int listener = pair_listen(), client = pair_connect(), copy;

	copy = dup(listener);
	TRY("accept of a copy", accept(copy, NULL, NULL));
	close(copy);
	close(client);
	close(listener);
}

int main(void)
{
	guest_start();
	makers();
	copies();
	freers();
	streams();
	closed_streams();
	addresses();
	rights();
	listeners_and_connections();
	return 0;
}
