/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A server with a thread for each connection.
 *
 *   server PORT        is called: answers at once
 *   server 0 BACKEND   does its work: a line of log, a call of BACKEND, a line of log, the answer; both
 *                      lines and the call's path hold the last part of the request's path
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_MAX 4096
#define WORK_US  25000

static int backend; /* port; 0: this is it */

/* Reads to the end of a head. Return: its length; 0: the end. */
static size_t read_head(int fd, char *head)
{
	size_t len = 0;

	while (len < HEAD_MAX - 1) {
		ssize_t n = recv(fd, head + len, HEAD_MAX - 1 - len, 0);

		if (n <= 0)
			return 0;
		len += (size_t)n;
		head[len] = '\0';
		if (strstr(head, "\r\n\r\n"))
			return len;
	}
	return 0;
}

static bool send_all(int fd, const char *text)
{
	size_t len = strlen(text);

	return send(fd, text, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static int connect_to_backend(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)backend),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		perror("server: backend");
		exit(1);
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void say(const char *what, const char *id)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "%s %s\n", what, id);

	if (write(STDOUT_FILENO, line, (size_t)n) != n)
		exit(1);
}

static void work(const char *id, int *peer)
{
	char head[HEAD_MAX];

	say("begin", id);
	usleep(WORK_US);
	if (*peer < 0)
		*peer = connect_to_backend();
	snprintf(head, sizeof(head), "GET /call/%s HTTP/1.1\r\nHost: backend\r\n\r\n", id);
	if (!send_all(*peer, head) || !read_head(*peer, head)) {
		perror("server: call");
		exit(1);
	}
	say("end", id);
}

static void *serve(void *argument)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	int fd = (int)(intptr_t)argument, peer = -1;
	char head[HEAD_MAX];

	while (read_head(fd, head)) {
		char *path = strchr(head, '/'), *end = path ? strchr(path, ' ') : NULL;

		if (!end)
			break;
		*end = '\0';
		if (backend)
			work(strrchr(path, '/') + 1, &peer);
		if (!send_all(fd, answer))
			break;
	}
	if (peer >= 0)
		close(peer);
	close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)atoi(argv[1])),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	backend = argc > 2 ? atoi(argv[2]) : 0;
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 512) < 0) {
		perror("server");
		return 1;
	}
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		pthread_t thread;

		if (fd < 0)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
			pthread_detach(thread);
		else
			close(fd);
	}
}
