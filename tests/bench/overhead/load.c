/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Keeps HTTP/1.1 servers busy, in turn: for the length of a block one of them, over CONNECTIONS connections,
 * one request after the other on each, none before its last is answered. Cheap, so that the server is the
 * bottleneck: three system calls a request at most, no allocation.
 *
 * A line "PORT MILLISECONDS PID..." on standard input is a block; the server is all of these processes. Answers
 * with a line "REQUESTS WALL_NS CPU_NS WAITED_NS OWN_NS": what was asked and answered with 200; how long that
 * took, from the first request to the last answer; processor time that the server's processes used meanwhile; how
 * long the machine kept this program from its processor; what this program used. A block begins and ends with
 * nothing on its way, so that all of the work for these requests, and no other, is in it. What went wrong
 * is a line "error: WHY"; the next block may be another server's.
 *
 * Connections stay for the next block. They are made before it, one by one, and each has had an answer then: a
 * server that listens with a backlog of 50 drops the 51st, which comes again a second later.
 *
 * load CONNECTIONS
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define SERVERS_MAX     64
#define PIDS_MAX        64
#define TRACE_LEN       32
#define CLOSED_MOST     3
#define ANSWER_MAX      8192 /* it is "hello" */
#define NAP_MAX_NS      5000000
#define ANSWER_MS       20000 /* nothing at all for so long: the server hangs */

struct connection {
	int fd;          /* -1: there is none */
	bool asked;      /* and not answered */
	unsigned used;   /* bytes of the answer so far */
	unsigned closed; /* so often since the last answer */
	char answer[ANSWER_MAX + 1];
};

struct server {
	int port; /* 0: unused */
	int poll;
	struct connection *connections;
	char request[256];
	int request_len;
	int trace; /* where its trace id stands in it */
	uint64_t asked;
};

struct block {
	struct server *server;
	uint64_t milliseconds;
	pid_t pids[PIDS_MAX];
	unsigned pids_count;
	uint64_t answered;
	unsigned outstanding;
};

static const char last_chunk[] = "\r\n0\r\n\r\n";
/* As a gateway sends it, but shorter; each is in a trace of its own. */
static const char head[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: load/1.0\r\n"
			   "Accept: */*\r\ntraceparent: 00-";
static const char head_end[] = "-b7ad6b7169203331-01\r\n\r\n";
static struct server servers[SERVERS_MAX];
static int count;
static char why[512]; /* of the block that failed */

static bool failed(const char *what, const char *detail)
{
	snprintf(why, sizeof(why), "%s: %.200s", what, detail);
	for (char *c = why; *c; c++) {
		if (*c == '\r' || *c == '\n')
			*c = ' ';
	}
	return false;
}

static bool failed_call(const char *what)
{
	return failed(what, strerror(errno));
}

static uint64_t ns_of(clockid_t clock)
{
	struct timespec ts = { 0 };

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Of all processes of the server, with all of their threads, also those that have ended. */
static bool cpu_ns(const struct block *block, uint64_t *ret)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < block->pids_count; i++) {
		struct timespec ts;
		clockid_t clock;

		if (clock_getcpuclockid(block->pids[i], &clock) != 0 ||
		    clock_gettime(clock, &ts) < 0)
			return failed("a process of the server", "it has ended");
		sum += (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	}
	*ret = sum;
	return true;
}

/* How long this program could have run, and others did: proc(5), schedstat, the second number. */
static uint64_t waited_ns(void)
{
	unsigned long long ran, waited = 0;
	FILE *file = fopen("/proc/self/schedstat", "re");

	if (file && fscanf(file, "%llu %llu", &ran, &waited) != 2)
		waited = 0;
	if (file)
		fclose(file);
	return waited;
}

/* Is the answer whole? What it says is not its end: "hello". Return: -1 it is none. */
static int is_whole(const struct connection *connection)
{
	const char *line = connection->answer, *end = strstr(line, "\r\n\r\n");
	const char *last = line + connection->used - (sizeof(last_chunk) - 1);
	size_t begin;

	if (!end)
		return 0;
	if (strncmp(line, "HTTP/1.1 200", 12) != 0) {
		failed("an answer is no 200", line);
		return -1;
	}
	begin = (size_t)(end + 4 - line);
	while (line < end) {
		line = strstr(line, "\r\n") + 2;
		if (!strncasecmp(line, "content-length:", 15))
			return connection->used == begin + strtoul(line + 15, NULL, 10);
		if (!strncasecmp(line, "transfer-encoding: chunked", 26))
			return last >= end && !strcmp(last, last_chunk);
	}
	failed("an answer has no length", connection->answer);
	return -1;
}

static void forget(struct connection *connection)
{
	if (connection->fd >= 0)
		close(connection->fd);
	connection->fd = -1;
	connection->asked = false;
}

/* Connected, with no answer outstanding. */
static bool open_connection(struct server *server, struct connection *connection)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)server->port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval most = { ANSWER_MS / 1000, 0 };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = connection };
	int one = 1;

	connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connection->fd < 0 ||
	    setsockopt(connection->fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most)) < 0 ||
	    setsockopt(connection->fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most)) < 0 ||
	    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ||
	    connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    epoll_ctl(server->poll, EPOLL_CTL_ADD, connection->fd, &event) < 0)
		return failed_call("connect");
	return true;
}

static bool was_closed(void)
{
	return errno == EPIPE || errno == ECONNRESET;
}

static bool send_request(struct block *block, struct connection *connection)
{
	struct server *server = block->server;

	connection->used = 0;
	server->asked++;
	for (int i = 0; i < TRACE_LEN; i++)
		server->request[server->trace + i] =
			"0123456789abcdef"[server->asked >> 4 * (i % 16) & 15];
	if (send(connection->fd, server->request, (size_t)server->request_len, MSG_NOSIGNAL) !=
	    server->request_len)
		return false;
	connection->asked = true;
	block->outstanding++;
	return true;
}

/* A server may close a connection between two answers, and we see it by any of the next calls. */
static bool ask_anew(struct block *block, struct connection *connection)
{
	block->outstanding -= connection->asked;
	forget(connection);
	if (++connection->closed > CLOSED_MOST)
		return failed("no answer", "the connection is closed each time");
	return open_connection(block->server, connection) &&
	       (send_request(block, connection) || failed_call("a request cannot be sent"));
}

static bool ask(struct block *block, struct connection *connection)
{
	if (send_request(block, connection))
		return true;
	return was_closed() ? ask_anew(block, connection) : failed_call("a request cannot be sent");
}

/* Some of an answer. Return: 1 it is whole, 0 not yet, -1 there will be none. */
static int take(struct block *block, struct connection *connection)
{
	ssize_t got = recv(connection->fd, connection->answer + connection->used,
			   ANSWER_MAX - connection->used, 0);
	int whole;

	if (!connection->used && (got == 0 || (got < 0 && was_closed())))
		return ask_anew(block, connection) ? 0 : -1;
	if (got <= 0) {
		failed("no answer", got == 0          ? "closed before it was whole"
				    : errno == EAGAIN ? "for 20 s"
						      : strerror(errno));
		return -1;
	}
	connection->used += (unsigned)got;
	connection->answer[connection->used] = '\0';
	if (connection->used == ANSWER_MAX) {
		failed("an answer is too long", connection->answer);
		return -1;
	}
	whole = is_whole(connection);
	if (whole > 0) {
		connection->asked = false;
		connection->closed = 0;
		block->outstanding--;
	}
	return whole;
}

static bool is_alive(const struct connection *connection)
{
	char byte;

	return connection->fd >= 0 && recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	       errno == EAGAIN;
}

/* All of its connections, each of which has had an answer at some time. */
static bool prepare(struct block *block)
{
	struct server *server = block->server;

	for (int i = 0; i < count; i++) {
		struct connection *connection = &server->connections[i];
		int whole = 0;

		if (is_alive(connection))
			continue;
		forget(connection);
		if (!open_connection(server, connection) || !ask(block, connection))
			return false;
		while (!whole)
			whole = take(block, connection);
		if (whole < 0)
			return false;
	}
	return true;
}

/*
 * Leaves the server alone for the time that it takes for a quarter of what it may be asked at once, so that it
 * always has something to do. Who waited for its first answer would be woken by each, which is work for both, and
 * on a virtual machine more than all the rest.
 */
static void nap(const struct block *block, uint64_t since_ns)
{
	uint64_t each, ns;
	struct timespec ts = { 0 };

	if (!block->answered)
		return;
	each = (ns_of(CLOCK_MONOTONIC) - since_ns) / block->answered;
	ns = each * (unsigned)count / 4;
	ts.tv_nsec = ns < NAP_MAX_NS ? (long)ns : NAP_MAX_NS;
	clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
}

/* Answers that are there; each is followed by a request until @until_ns. */
static bool take_all(struct block *block, uint64_t until_ns)
{
	struct epoll_event events[CONNECTIONS_MAX];
	int ready = epoll_wait(block->server->poll, events, CONNECTIONS_MAX, ANSWER_MS);
	bool more = ns_of(CLOCK_MONOTONIC) < until_ns;

	if (ready <= 0)
		return failed("no answer", ready ? strerror(errno) : "for 20 s");
	for (int i = 0; i < ready; i++) {
		struct connection *connection = events[i].data.ptr;
		int whole = take(block, connection);

		if (whole < 0)
			return false;
		block->answered += (unsigned)whole;
		if (whole && more && !ask(block, connection))
			return false;
	}
	return true;
}

static bool run(struct block *block, uint64_t begin_ns)
{
	uint64_t until_ns = begin_ns + block->milliseconds * 1000000u;

	for (int i = 0; i < count; i++) {
		if (!ask(block, &block->server->connections[i]))
			return false;
	}
	while (block->outstanding) {
		if (ns_of(CLOCK_MONOTONIC) < until_ns)
			nap(block, begin_ns);
		if (!take_all(block, until_ns))
			return false;
	}
	return true;
}

static bool measure(struct block *block)
{
	uint64_t begin, wall, cpu, cpu_end, waited, own;

	if (!prepare(block) || !cpu_ns(block, &cpu))
		return false;
	waited = waited_ns();
	own = ns_of(CLOCK_PROCESS_CPUTIME_ID);
	begin = ns_of(CLOCK_MONOTONIC);
	if (!run(block, begin))
		return false;
	wall = ns_of(CLOCK_MONOTONIC) - begin;
	own = ns_of(CLOCK_PROCESS_CPUTIME_ID) - own;
	if (!cpu_ns(block, &cpu_end))
		return false;
	printf("%llu %llu %llu %llu %llu\n", (unsigned long long)block->answered,
	       (unsigned long long)wall, (unsigned long long)(cpu_end - cpu),
	       (unsigned long long)(waited_ns() - waited), (unsigned long long)own);
	return true;
}

/* By its port; a new one without connections. NULL: too many. */
static struct server *find_server(int port)
{
	struct server *server = servers;

	while (server < servers + SERVERS_MAX && server->port && server->port != port)
		server++;
	if (server == servers + SERVERS_MAX)
		return NULL;
	if (server->port)
		return server;
	server->connections = calloc((size_t)count, sizeof(*server->connections));
	server->poll = epoll_create1(EPOLL_CLOEXEC);
	if (!server->connections || server->poll < 0)
		return NULL;
	server->port = port;
	server->trace = snprintf(server->request, sizeof(server->request), head, port);
	server->request_len = server->trace + TRACE_LEN +
			      snprintf(server->request + server->trace + TRACE_LEN,
				       sizeof(server->request) - (size_t)server->trace - TRACE_LEN,
				       "%s", head_end);
	for (int i = 0; i < count; i++)
		server->connections[i].fd = -1;
	return server;
}

static bool read_block(char *line, struct block *ret)
{
	char *rest, *word = strtok_r(line, " \n", &rest);

	ret->server = word && atoi(word) > 0 ? find_server(atoi(word)) : NULL;
	word = strtok_r(NULL, " \n", &rest);
	ret->milliseconds = word ? strtoull(word, NULL, 10) : 0;
	while ((word = strtok_r(NULL, " \n", &rest)) && ret->pids_count < PIDS_MAX)
		ret->pids[ret->pids_count++] = atoi(word);
	return ret->server && ret->milliseconds && ret->pids_count && !word;
}

int main(int argc, char **argv)
{
	char line[1024];

	count = argc == 2 ? atoi(argv[1]) : 0;
	if (count < 1 || count > CONNECTIONS_MAX) {
		fprintf(stderr, "usage: load CONNECTIONS\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin)) {
		struct block block = { 0 };

		if (!read_block(line, &block)) {
			printf("error: this is no block, or there are too many servers\n");
			continue;
		}
		if (measure(&block))
			continue;
		for (int i = 0; i < count; i++)
			forget(&block.server->connections[i]);
		printf("error: port %d: %s\n", block.server->port, why);
	}
	return 0;
}
