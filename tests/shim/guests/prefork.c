/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A server with a child for each request, one after the other. They accept from the socket that their
 * parent listens on, which, with "waited", it has waited for itself; or, with "handed", it accepts for
 * them.
 */
#include <poll.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "tests/shim/guests/guest.h"
#include "tests/shim/guests/pair.h"

#define WORKERS 3
#define OK      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

static void work(int listener, int fd)
{
	char request[256];

	if (fd < 0)
		fd = accept(listener, NULL, NULL);
	need(fd >= 0 && read(fd, request, sizeof(request)) > 0, "request");
	need(write(fd, OK, sizeof(OK) - 1) == sizeof(OK) - 1, "answer");
	close(fd);
	close(listener);
	_exit(0);
}

int main(int argc, char **argv)
{
	bool handed = argc > 1 && !strcmp(argv[1], "handed");
	int listener = pair_listen();
	struct pollfd fds[] = { { listener, POLLIN } };

	guest_start();
	if (argc > 1 && !strcmp(argv[1], "waited"))
		need(poll(fds, 1, 0) == 0, "poll");
	for (int i = 0; i < WORKERS; i++) {
		char request[64], got[256] = "";
		int fd = pair_connect(), taken = -1, status = -1;
		pid_t pid;

		if (handed)
			taken = accept(listener, NULL, NULL);
		pid = fork();
		if (pid == 0)
			work(listener, taken);
		close(taken);
		snprintf(request, sizeof(request), "GET /worker/%d HTTP/1.1\r\n\r\n", i);
		need(write(fd, request, strlen(request)) > 0, "client write");
		need(read(fd, got, sizeof(got) - 1) > 0, "client read");
		need(waitpid(pid, &status, 0) == pid, "waitpid");
		printf("[%s] status %d\n", got, status);
		close(fd);
	}
	return 0;
}
