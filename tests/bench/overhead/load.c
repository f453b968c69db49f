/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Keeps an HTTP/1.1 server busy: one request after the other on each of CONNECTIONS, none before its
 * last is answered. Cheap, so that the server is the bottleneck: three system calls a request at most, no
 * allocation. Prints one line "REQUESTS WALL_NS CPU_NS IDLE_NS OWN_NS": requests that were answered with 200,
 * how long that took, what processor time the server's processes used meanwhile, how long their
 * processor was idle, what this program used. Whatever else comes is an error, and ends it with status 1.
 *
 * load PORT CONNECTIONS MILLISECONDS PROCESSOR PID...
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define ANSWER_MAX      8192  /* it is "hello" */
#define ANSWER_MS       20000 /* nothing at all for so long: the server hangs */

struct connection {
	int fd;
	unsigned used; /* bytes of the answer so far */
	char answer[ANSWER_MAX + 1];
};

static const char last_chunk[] = "\r\n0\r\n\r\n";
static struct connection connections[CONNECTIONS_MAX];
static char request[128];
static int request_len;
static uint64_t answered;
static struct sockaddr_in address = { .sin_family = AF_INET };

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static _Noreturn void refuse(const char *what, const char *answer)
{
	fprintf(stderr, "load: %s: %.200s\n", what, answer);
	exit(1);
}

static uint64_t ns_of(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts) < 0)
		fail("a clock of the server");
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Of all processes of the server, with all of their threads, also those that have ended. */
static uint64_t cpu_ns(char **pids)
{
	uint64_t sum = 0;

	for (; *pids; pids++) {
		clockid_t clock;

		if (clock_getcpuclockid(atoi(*pids), &clock) != 0)
			fail(*pids);
		sum += ns_of(clock);
	}
	return sum;
}

/* How long a processor had nothing to do: proc(5), "cpuN", fields 4 and 5. */
static uint64_t idle_ns(const char *processor)
{
	unsigned long long user, nice, system, idle, wait;
	char line[512], name[32];
	FILE *file = fopen("/proc/stat", "re");

	if (!file)
		fail("/proc/stat");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "cpu%31s %llu %llu %llu %llu %llu", name, &user, &nice, &system,
			   &idle, &wait) == 6 &&
		    !strcmp(name, processor)) {
			fclose(file);
			return (idle + wait) * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
		}
	}
	errno = ENODEV;
	fail(processor);
}

static void ask(struct connection *connection)
{
	connection->used = 0;
	if (send(connection->fd, request, (size_t)request_len, MSG_NOSIGNAL) != request_len)
		fail("send");
}

static void begin(struct connection *connection, int poll)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = connection };
	int one = 1;

	connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connection->fd < 0 ||
	    connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ||
	    epoll_ctl(poll, EPOLL_CTL_ADD, connection->fd, &event) < 0)
		fail("connect");
	ask(connection);
}

/* Is the answer whole? What it says is not its end: "hello". */
static int is_whole(const struct connection *connection)
{
	const char *line = connection->answer, *end = strstr(line, "\r\n\r\n");
	const char *last = line + connection->used - (sizeof(last_chunk) - 1);
	size_t head;

	if (!end)
		return 0;
	if (strncmp(line, "HTTP/1.1 200", 12) != 0)
		refuse("an answer is no 200", line);
	head = (size_t)(end + 4 - line);
	while (line < end) {
		line = strstr(line, "\r\n") + 2;
		if (!strncasecmp(line, "content-length:", 15))
			return connection->used == head + strtoul(line + 15, NULL, 10);
		if (!strncasecmp(line, "transfer-encoding: chunked", 26))
			return last >= end && !strcmp(last, last_chunk);
	}
	refuse("an answer has no length", connection->answer);
}

/* Return: the answer is whole. */
static int take(struct connection *connection, int poll)
{
	ssize_t got = recv(connection->fd, connection->answer + connection->used,
			   ANSWER_MAX - connection->used, 0);

	if (got == 0 && !connection->used) { /* it may be closed before an answer */
		close(connection->fd);
		begin(connection, poll);
		return 0;
	}
	if (got <= 0)
		fail("recv");
	connection->used += (unsigned)got;
	connection->answer[connection->used] = '\0';
	if (connection->used == ANSWER_MAX)
		refuse("an answer is too long", connection->answer);
	return is_whole(connection);
}

static void run(int poll, uint64_t until_ns)
{
	struct epoll_event events[CONNECTIONS_MAX];

	while (ns_of(CLOCK_MONOTONIC) < until_ns) {
		int count = epoll_wait(poll, events, CONNECTIONS_MAX, ANSWER_MS);

		if (count == 0)
			errno = ETIMEDOUT;
		if (count <= 0)
			fail("no answer");
		for (int i = 0; i < count; i++) {
			struct connection *connection = events[i].data.ptr;

			if (!take(connection, poll))
				continue;
			answered++;
			ask(connection);
		}
	}
}

int main(int argc, char **argv)
{
	int count = argc > 5 ? atoi(argv[2]) : 0, poll = epoll_create1(EPOLL_CLOEXEC);
	uint64_t begin_ns, cpu, idle, own;

	if (count < 1 || count > CONNECTIONS_MAX || poll < 0) {
		fprintf(stderr, "usage: load PORT CONNECTIONS MILLISECONDS PROCESSOR PID...\n");
		return 2;
	}
	address.sin_port = htons((uint16_t)atoi(argv[1]));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	request_len = snprintf(request, sizeof(request),
			       "GET / HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n\r\n", argv[1]);
	begin_ns = ns_of(CLOCK_MONOTONIC);
	cpu = cpu_ns(argv + 5);
	idle = idle_ns(argv[4]);
	own = ns_of(CLOCK_PROCESS_CPUTIME_ID);
	for (int i = 0; i < count; i++)
		begin(&connections[i], poll);
	run(poll, begin_ns + strtoull(argv[3], NULL, 10) * 1000000u);
	printf("%llu %llu %llu %llu %llu\n", (unsigned long long)answered,
	       (unsigned long long)(ns_of(CLOCK_MONOTONIC) - begin_ns),
	       (unsigned long long)(cpu_ns(argv + 5) - cpu),
	       (unsigned long long)(idle_ns(argv[4]) - idle),
	       (unsigned long long)(ns_of(CLOCK_PROCESS_CPUTIME_ID) - own));
	return 0;
}
