/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sockets that block and sockets that do not: every case accepts a connection, makes of it what it
 * says, and reads one request, whose target is the name of the case. connections.py knows what is told.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "tests/shim/guests/guest.h"
#include "tests/shim/guests/pair.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

static int listener;

static int taken(int flags)
{
	int fd = flags ? accept4(listener, NULL, NULL, flags) : accept(listener, NULL, NULL);

	need(fd >= 0, "accept");
	return fd;
}

static void nonblocking(int fd, int on)
{
	TRY("FIONBIO", ioctl(fd, FIONBIO, &on));
}

static int accepted(void)
{
	return taken(0);
}

static int made_not_to(void)
{
	return taken(SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static int asked_not_to(void)
{
	int fd = taken(SOCK_CLOEXEC);

	nonblocking(fd, 1);
	return fd;
}

static int and_again(void)
{
	int fd = asked_not_to();

	nonblocking(fd, 0);
	return fd;
}

static int set_not_to(void)
{
	int fd = taken(0);

	TRY("F_SETFL", fcntl(fd, F_SETFL, O_NONBLOCK));
	return fd;
}

static int and_set_again(void)
{
	int fd = set_not_to();

	TRY("F_SETFL", fcntl(fd, F_SETFL, 0));
	return fd;
}

static int set_badly(void)
{
	int fd = taken(0);

	TRY("FIONBIO, bad pointer", ioctl(fd, FIONBIO, (void *)1));
	TRY("another", ioctl(fd, FIONREAD, &(int){ 1 }));
	return fd;
}

static int not_this_time(void)
{
	int fd = taken(0);
	char byte;

	TRY("MSG_DONTWAIT", recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) > 0);
	return fd;
}

/* It is what both descriptors lead to that does not block. */
static int copied(void)
{
	int fd = taken(0), copy = dup(fd);

	nonblocking(copy, 1);
	close(copy);
	return fd;
}

/* Who was given it may change that. */
static int passed(void)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { "x", 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = CMSG_LEN(sizeof(int)) };
	int fd = taken(0), pair[2];

	need(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0, "socketpair");
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	need(sendmsg(pair[0], &message, 0) == 1, "sendmsg");
	close(pair[0]);
	close(pair[1]);
	return fd;
}

static void serve(const char *name, int (*take)(void))
{
	char request[128], got[128] = "";
	int client = pair_connect(), fd;

	snprintf(request, sizeof(request), "GET /%s HTTP/1.1\r\n\r\n", name);
	need(write(client, request, strlen(request)) > 0, "client write");
	fd = take();
	need(read(fd, request, sizeof(request)) > 0, "request");
	need(write(fd, OK, sizeof(OK) - 1) == sizeof(OK) - 1, "answer");
	need(read(client, got, sizeof(got) - 1) > 0, "client read");
	printf("%s [%s]\n", name, got);
	close(fd);
	close(client);
}

int main(void)
{
	listener = pair_listen();
	guest_start();
	serve("accepted", accepted);
	serve("made-not-to", made_not_to);
	serve("asked-not-to", asked_not_to);
	serve("and-again", and_again);
	serve("set-not-to", set_not_to);
	serve("and-set-again", and_set_again);
	serve("set-badly", set_badly);
	serve("not-this-time", not_this_time);
	serve("copied", copied);
	serve("passed", passed);
	return 0;
}
