/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a call costs in this process: prints "name ns" for a read and a write that are nobody's
 * business, and for a whole HTTP exchange on an accepted connection (four calls, two of them the
 * server's). The figure is the lower quartile of batches: what the machine does besides is above it.
 * Usage: call_loop BATCHES
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CALLS       2000u
#define EXCHANGES   200u /* and few batches: the ring shall not fill before it is looked at */
#define BATCHES_MAX 1000u

static const char request[] =
	"POST /function/hello HTTP/1.1\r\n"
	"Host: localhost:8080\r\n"
	"User-Agent: bench/1.0\r\n"
	"Accept: */*\r\n"
	"Content-Type: application/json\r\n"
	"traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
	"Content-Length: 2\r\n"
	"\r\n"
	"{}";
static const char response[] = "HTTP/1.1 200 OK\r\n"
			       "Content-Type: application/json\r\n"
			       "Content-Length: 15\r\n"
			       "\r\n"
			       "{\"hello\": true}";

static int in, out, server, client;

static void need(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void read_once(void)
{
	char byte;

	need(read(in, &byte, 1) == 1, "read");
}

static void write_once(void)
{
	need(write(out, "x", 1) == 1, "write");
}

static void exchange_once(void)
{
	char got[1024];

	need(write(client, request, sizeof(request) - 1) == sizeof(request) - 1, "client write");
	need(read(server, got, sizeof(got)) == sizeof(request) - 1, "server read");
	need(write(server, response, sizeof(response) - 1) == sizeof(response) - 1, "server write");
	need(read(client, got, sizeof(got)) == sizeof(response) - 1, "client read");
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(const char *name, void (*once)(void), unsigned calls, unsigned batches)
{
	static double ns[BATCHES_MAX];

	for (unsigned i = 0; i < calls / 10; i++)
		once();
	for (unsigned batch = 0; batch < batches; batch++) {
		double begin = now_ns();

		for (unsigned i = 0; i < calls; i++)
			once();
		ns[batch] = (now_ns() - begin) / calls;
	}
	qsort(ns, batches, sizeof(ns[0]), by_value);
	printf("%s %.2f\n", name, ns[batches / 4]);
}

/* Abstract and named by the kernel: nothing to clean up, nobody else to meet. */
static void connect_both(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(address);
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	need(listener >= 0 && bind(listener, (void *)&address, sizeof(sa_family_t)) == 0 &&
		     listen(listener, 1) == 0 && getsockname(listener, (void *)&address, &len) == 0,
	     "listen");
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	need(client >= 0 && connect(client, (void *)&address, len) == 0, "connect");
	server = accept(listener, NULL, NULL);
	need(server >= 0, "accept");
}

int main(int argc, char **argv)
{
	unsigned batches = argc == 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;

	if (batches < 4 || batches > BATCHES_MAX) {
		fprintf(stderr, "usage: call_loop BATCHES (4 to %u)\n", BATCHES_MAX);
		return 2;
	}
	in = open("/dev/zero", O_RDONLY);
	out = open("/dev/null", O_WRONLY);
	need(in >= 0 && out >= 0, "open");
	connect_both();
	measure("read", read_once, CALLS, batches);
	measure("write", write_once, CALLS, batches);
	measure("exchange", exchange_once, EXCHANGES, 8);
	return 0;
}
