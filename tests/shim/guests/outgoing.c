/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Connections that the process makes, and what it asks on them: to a server in the same process, which
 * says what it is told to. outgoing.py knows what is recorded of each case, by its order.
 */
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>

#include "tests/shim/guests/guest.h"
#include "tests/shim/guests/pair.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: example.test\r\nAuthorization: secret\r\n\r\n"
#define OK        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

static int listener;
static struct sockaddr_in address = { .sin_family = AF_INET };

static void serve_here(void)
{
	socklen_t len = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	need(bind(listener, (void *)&address, sizeof(address)) == 0, "bind");
	need(listen(listener, 16) == 0, "listen");
	need(getsockname(listener, (void *)&address, &len) == 0, "getsockname");
}

static void pass(int from, int to, const void *bytes, size_t len)
{
	char got[4096];
	size_t all = 0;

	need(write(from, bytes, len) == (ssize_t)len, "write");
	while (all < len) {
		ssize_t n = read(to, got, sizeof(got));

		need(n > 0, "read");
		all += (size_t)n;
	}
}

static int connected(int *ret_server)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	TRY("connect", connect(fd, (void *)&address, sizeof(address)));
	*ret_server = accept(listener, NULL, NULL);
	need(*ret_server >= 0, "accept");
	return fd;
}

static void over(int fd, int server)
{
	close(fd);
	close(server);
}

/* A call and its answer, in bytes of any protocol. */
static void ask(int fd, int server, const void *out, size_t out_len, const void *in, size_t in_len)
{
	pass(fd, server, out, out_len);
	pass(server, fd, in, in_len);
}

#define ASK(fd, server, out, in) ask(fd, server, out, sizeof(out) - 1, in, sizeof(in) - 1)

static void http(void)
{
	int server, fd = connected(&server);

	ASK(fd, server, GET("/first?key=secret"), OK);
	ASK(fd, server, GET("/second"), OK);
	pass(fd, server, GET("/third"), sizeof(GET("/third")) - 1);
	over(fd, server);
}

static void goes_on_by_itself(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error = 1, server;
	socklen_t len = sizeof(error);
	struct pollfd ready = { .fd = fd, .events = POLLOUT };

	connect(fd, (void *)&address, sizeof(address));
	need(poll(&ready, 1, -1) == 1, "poll");
	TRY("getsockopt", getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len));
	TRY("getsockopt, bad pointer", getsockopt(fd, SOL_SOCKET, SO_ERROR, (void *)1, &len));
	TRY("getsockopt, bad length", getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, (void *)1));
	len = 1;
	TRY("getsockopt, short", getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len));
	TRY("getsockopt, none", getsockopt(-1, SOL_SOCKET, SO_ERROR, &error, &len));
	TRY("connect again", connect(fd, (void *)&address, sizeof(address)));
	server = accept(listener, NULL, NULL);
	fcntl(fd, F_SETFL, 0);
	ASK(fd, server, GET("/later"), OK);
	over(fd, server);
}

static void refused(void)
{
	struct sockaddr_in nobody = { .sin_family = AF_INET, .sin_port = htons(1) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	nobody.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	TRY("connect, refused", connect(fd, (void *)&nobody, sizeof(nobody)));
	TRY("connect, bad pointer", connect(fd, (void *)1, sizeof(nobody)));
	TRY("connect, short", connect(fd, (void *)&nobody, 3));
	TRY("connect, none", connect(-1, (void *)&nobody, sizeof(nobody)));
	close(fd);
}

static void redis(void)
{
	int server, fd = connected(&server);

	ASK(fd, server, "*2\r\n$3\r\nget\r\n$6\r\nsecret\r\n", "$2\r\nhi\r\n");
	ASK(fd, server, "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$6\r\nsecret\r\n", "+OK\r\n");
	over(fd, server);
}

static void postgresql(void)
{
	static const char startup[] = "\0\0\0\x16\0\3\0\0user\0secret\0\0",
			  query[] = "Q\0\0\0\x1c"
				    "select 'secret' from t;";
	int server, fd = connected(&server);

	ask(fd, server, startup, 22, "R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I", 15);
	ask(fd, server, query, sizeof(query), "Z\0\0\0\x05I", 6);
	pass(fd, server, "X\0\0\0\x04", 5);
	over(fd, server);
}

static void mysql(void)
{
	static const char greeting[] = "\x20\0\0\0\n8.0.36\0........................",
			  query[] = "\x1d\0\0\0\3INSERT INTO t VALUES(secret)";
	int server, fd = connected(&server);

	pass(server, fd, greeting, sizeof(greeting) - 1);
	ask(fd, server, "\5\0\0\1Login", 9, "\7\0\0\2\0\0\0\2\0\0\0", 11);
	ask(fd, server, query, sizeof(query) - 1, "\7\0\0\1\0\0\0\2\0\0\0", 11);
	pass(fd, server, "\1\0\0\0\1", 5);
	over(fd, server);
}

static void anything(void)
{
	int server, fd = connected(&server);

	ASK(fd, server, "\1\2\3", "\4");
	pass(server, fd, "\5\6", 2);
	ASK(fd, server, "\7", "\7");
	over(fd, server);
}

/* Whatever passes on a connection that has become something else. */
static void upgraded(void)
{
	int server, fd = connected(&server);

	ASK(fd, server, GET("/up"),
	    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n");
	ASK(fd, server, "\1\2\3", "\4");
	ASK(fd, server, GET("/secret"), OK);
	over(fd, server);
}

union rights {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int))];
};

/* A request that brings a descriptor with it, which the other side gets as it would. */
static void ask_with_rights(int fd, int server)
{
	static char request[] = GET("/handed"), got[sizeof(request)];
	union rights out = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
				       .cmsg_level = SOL_SOCKET,
				       .cmsg_type = SCM_RIGHTS } },
		     in = { 0 };
	struct iovec iov[] = { { request, 9 }, { request + 9, sizeof(request) - 10 } },
		     into = { got, sizeof(got) };
	struct msghdr message = {
		.msg_iov = iov, .msg_iovlen = 2, .msg_control = &out, .msg_controllen = sizeof(out)
	};
	int handed;

	memcpy(CMSG_DATA(&out.head), &listener, sizeof(listener));
	TRY("sendmsg, rights", sendmsg(fd, &message, MSG_NOSIGNAL));
	message = (struct msghdr){
		.msg_iov = &into, .msg_iovlen = 1, .msg_control = &in, .msg_controllen = sizeof(in)
	};
	TRY("recvmsg, rights", recvmsg(server, &message, MSG_CMSG_CLOEXEC));
	printf("%zu bytes beside it, flags %x, %s\n", (size_t)message.msg_controllen,
	       (unsigned)message.msg_flags,
	       memcmp(got, request, sizeof(request) - 1) ? "other" : "same");
	memcpy(&handed, CMSG_DATA(&in.head), sizeof(handed));
	TRY("handed", fcntl(handed, F_GETFD));
	close(handed);
	pass(server, fd, OK, sizeof(OK) - 1);
}

static void by_unix(void)
{
	int own = pair_listen(), fd = pair_connect(), server = accept(own, NULL, NULL);

	ASK(fd, server, GET("/unix"), OK);
	ask_with_rights(fd, server);
	over(fd, server);
	close(own);
}

static void names(void)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
	int ret = getaddrinfo("localhost", "80", &hints, &found);

	printf("localhost: %d\n", ret);
	need(ret == 0 && found, "localhost");
	freeaddrinfo(found);
	hints.ai_flags = AI_NUMERICHOST;
	printf("no number: %d\n", getaddrinfo("name.invalid", NULL, &hints, &found));
	printf("number: %d\n", getaddrinfo("127.0.0.1", NULL, &hints, &found));
	freeaddrinfo(found);
	printf("nobody: %d\n", getaddrinfo(NULL, "80", NULL, &found));
	freeaddrinfo(found);
}

int main(void)
{
	serve_here();
	guest_start();
	http();
	goes_on_by_itself();
	refused();
	redis();
	postgresql();
	mysql();
	anything();
	upgraded();
	by_unix();
	names();
	return 0;
}
