/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A client of the Lambda Runtime API and its service, a child, at the port of AWS_LAMBDA_RUNTIME_API.
 * usage: lambda CASE
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "tests/shim/guests/guest.h"
#include "tests/shim/guests/pair.h"

#define NEXT "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: h\r\n\r\n"
#define EVENT                                                                                      \
	"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: r-1\r\n"                                \
	"Lambda-Runtime-Client-Context: SECRET-context\r\nContent-Length: 12\r\n\r\nSECRET-event"
#define ANSWER                                                                                     \
	"POST /2018-06-01/runtime/invocation/r-1/response HTTP/1.1\r\nHost: h\r\n"                 \
	"Content-Length: 13\r\n\r\nSECRET-answer"
#define STREAM                                                                                     \
	"POST /2018-06-01/runtime/invocation/r-1/response HTTP/1.1\r\nHost: h\r\n"                 \
	"Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n\r\n"   \
	"d\r\nSECRET-answer\r\n0\r\nLambda-Runtime-Function-Error-Type: A.B\r\n\r\n"
/* Two messages of a queue, in chunks that part names and values. */
#define BATCH                                                                                      \
	"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: r-1\r\n"                                \
	"Transfer-Encoding: chunked\r\n\r\n"                                                       \
	"1b\r\n{\"Records\":[{\"messageId\":\"m\r\n"                                               \
	"2b\r\n-1\",\"eventSource\":\"aws:sqs\",\"body\":\"SECRET-\r\n"                            \
	"2d\r\nbody\"},{\"messageId\":\"m-2\",\"eventSource\":\"aws:\r\n"                          \
	"1f\r\nsqs\",\"secret\":\"SECRET-value\"}]}\r\n"                                           \
	"0\r\n\r\n"
/* As far as that came before its connection was gone: one message is whole. */
#define HALF_BATCH                                                                                 \
	"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: r-1\r\n"                                \
	"Content-Length: 200\r\n\r\n"                                                              \
	"{\"Records\":[{\"messageId\":\"m-1\",\"eventSource\":\"aws:sqs\"},{\"messageId\":"
#define TAKEN "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"

static const char *event = EVENT;
static bool goes; /* the service, with its event */
static struct sockaddr_in api = { .sin_family = AF_INET, .sin_addr = { 0 } };

/* One of two exchanges after the other; ends with its client. */
static void serve_one(int fd)
{
	char buffer[512];
	size_t used = 0;
	ssize_t n;

	while ((n = recv(fd, buffer + used, sizeof(buffer) - 1 - used, 0)) > 0) {
		used += (size_t)n;
		buffer[used] = '\0';
		if (strstr(buffer, "next HTTP/1.1\r\nHost: h\r\n\r\n")) {
			send(fd, event, strlen(event), 0);
			if (goes)
				return;
		} else if (strstr(buffer, "chunked") ? strstr(buffer, "A.B\r\n\r\n")
						     : strstr(buffer, "SECRET-answer"))
			send(fd, TAKEN, sizeof(TAKEN) - 1, 0);
		else
			continue;
		used = 0;
	}
}

static void serve(int listener)
{
	signal(SIGCHLD, SIG_IGN);
	for (int fd; (fd = accept(listener, NULL, NULL)) >= 0; close(fd)) {
		if (fork() == 0) {
			close(listener);
			serve_one(fd);
			_exit(0);
		}
	}
}

static pid_t start_service(void)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	pid_t pid;

	need(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0, "setsockopt");
	need(bind(listener, (void *)&api, sizeof(api)) == 0, "bind");
	need(listen(listener, 16) == 0, "listen");
	pid = fork();
	if (pid == 0) {
		serve(listener);
		_exit(0);
	}
	close(listener);
	return pid;
}

static int connected(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	need(connect(fd, (void *)&api, sizeof(api)) == 0, "connect");
	return fd;
}

/* Reads exactly what an exchange gives. */
static void expect(int fd, const char *text)
{
	char buffer[512];
	size_t used = 0, len = strlen(text);
	ssize_t n;

	while (used < len && (n = recv(fd, buffer + used, len - used, 0)) > 0)
		used += (size_t)n;
	printf("%s\n",
	       used == len && !memcmp(buffer, text, len) ? "as expected" : "something else");
}

static void say(int fd, const char *text)
{
	need(send(fd, text, strlen(text), 0) == (ssize_t)strlen(text), "send");
}

static void one_connection(void)
{
	int fd = connected();

	say(fd, NEXT);
	expect(fd, event);
	say(fd, ANSWER);
	expect(fd, TAKEN);
	close(fd);
}

/* A byte at a time, in and out. */
static void bytes(void)
{
	int fd = connected();
	char c;

	for (const char *p = NEXT; *p; p++)
		need(write(fd, p, 1) == 1, "write");
	for (size_t n = strlen(event); n; n--)
		need(read(fd, &c, 1) == 1, "read");
	for (const char *p = ANSWER; *p; p++)
		need(write(fd, p, 1) == 1, "write");
	expect(fd, TAKEN);
	close(fd);
}

/* The event is not whole: to the client it is none. */
static void half_event(void)
{
	int fd = connected();
	char c;

	say(fd, NEXT);
	expect(fd, event);
	printf("then: %zd\n", recv(fd, &c, 1, 0));
	close(fd);
}

/* Fails on the way, which is said in the trailers. */
static void streamed(void)
{
	int fd = connected();

	say(fd, NEXT);
	expect(fd, event);
	say(fd, STREAM);
	expect(fd, TAKEN);
	close(fd);
}

/* Where the connection is not there yet when connect() comes back. */
static void in_progress(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pollfd polled = { fd, POLLOUT, 0 };

	connect(fd, (void *)&api, sizeof(api));
	poll(&polled, 1, -1);
	fcntl(fd, F_SETFL, 0);
	say(fd, NEXT);
	expect(fd, event);
	say(fd, ANSWER);
	expect(fd, TAKEN);
	close(fd);
}

/* Java's sockets are of the other family. */
static void mapped(void)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = api.sin_port };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	in6.sin6_addr.s6_addr[10] = in6.sin6_addr.s6_addr[11] = 0xff;
	memcpy(in6.sin6_addr.s6_addr + 12, &api.sin_addr, 4);
	need(connect(fd, (void *)&in6, sizeof(in6)) == 0, "connect");
	say(fd, NEXT);
	expect(fd, event);
	say(fd, ANSWER);
	expect(fd, TAKEN);
	close(fd);
}

static void copied(void)
{
	int fd = connected(), copy = dup(fd);

	close(fd);
	say(copy, NEXT);
	expect(copy, event);
	fd = dup2(copy, 40);
	close(copy);
	say(fd, ANSWER);
	expect(fd, TAKEN);
	close(fd);
}

/* No more is sent, the answer is still read. */
static void half_closed(void)
{
	int fd = connected();

	say(fd, NEXT);
	shutdown(fd, SHUT_WR);
	expect(fd, event);
	close(fd);
	fd = connected();
	say(fd, ANSWER);
	expect(fd, TAKEN);
	close(fd);
}

static void *answer(void *unused)
{
	int fd = connected();

	say(fd, ANSWER);
	expect(fd, TAKEN);
	close(fd);
	return NULL;
}

static void other_thread(void)
{
	int fd = connected();
	pthread_t thread;

	say(fd, NEXT);
	expect(fd, event);
	pthread_create(&thread, NULL, answer, NULL);
	pthread_join(thread, NULL);
	close(fd);
}

static void other_process(void)
{
	int fd = connected(), status;
	pid_t pid;

	say(fd, NEXT);
	expect(fd, event);
	pid = fork();
	if (pid == 0) {
		answer(NULL);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	close(fd);
}

/* Results of connect(), good and bad. */
static void results(void)
{
	struct sockaddr_in wrong = api;
	int fd = socket(AF_INET, SOCK_STREAM, 0), other = socket(AF_UNIX, SOCK_STREAM, 0);

	TRY("bad descriptor", connect(-1, (void *)&api, sizeof(api)));
	TRY("no socket", connect(0, (void *)&api, sizeof(api)));
	TRY("bad address", connect(fd, (void *)8, sizeof(api)));
	TRY("short", connect(fd, (void *)&api, 4));
	TRY("nothing there", connect(other, (const void *)&pair_address, sizeof(pair_address)));
	wrong.sin_family = 4711;
	TRY("no family", connect(fd, (void *)&wrong, sizeof(wrong)));
	wrong = api;
	wrong.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
	TRY("refused", connect(fd, (void *)&wrong, sizeof(wrong)));
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	TRY("good", connect(fd, (void *)&api, sizeof(api)));
	TRY("twice", connect(fd, (void *)&api, sizeof(api)));
	close(fd);
	close(other);
}

static const struct {
	const char *name;
	void (*run)(void);
} all[] = {
	{ "one-connection", one_connection },
	{ "bytes", bytes },
	{ "in-progress", in_progress },
	{ "mapped", mapped },
	{ "copied", copied },
	{ "half-closed", half_closed },
	{ "other-thread", other_thread },
	{ "other-process", other_process },
	{ "results", results },
	{ "streamed", streamed },
	{ "batch", one_connection },
	{ "batch-bytes", bytes },
	{ "half-batch", half_event },
};

int main(int argc, char **argv)
{
	const char *where = getenv("AWS_LAMBDA_RUNTIME_API"),
		   *colon = where ? strchr(where, ':') : 0;
	int status;
	pid_t pid;

	guest_start();
	need(argc == 2 && colon, "arguments");
	api.sin_port = htons(atoi(colon + 1));
	api.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!strncmp(argv[1], "batch", 5))
		event = BATCH;
	goes = !strcmp(argv[1], "half-batch");
	if (goes)
		event = HALF_BATCH;
	pid = start_service();
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!strcmp(all[i].name, argv[1]))
			all[i].run();
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return 0;
}
