/* SPDX-License-Identifier: Apache-2.0 */

/* A server whose children accept from the socket that their parent listens on, one after the other. */
#include <sys/wait.h>

#include "tests/shim/guests/guest.h"
#include "tests/shim/guests/pair.h"

#define WORKERS 3
#define OK      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

static void work(int listener)
{
	char request[256];
	int fd = accept(listener, NULL, NULL);

	need(fd >= 0 && read(fd, request, sizeof(request)) > 0, "request");
	need(write(fd, OK, sizeof(OK) - 1) == sizeof(OK) - 1, "answer");
	close(fd);
	close(listener);
	_exit(0);
}

int main(void)
{
	int listener = pair_listen();

	guest_start();
	for (int i = 0; i < WORKERS; i++) {
		pid_t pid = fork();
		char request[64], got[256] = "";
		int fd, status = -1;

		if (pid == 0)
			work(listener);
		fd = pair_connect();
		snprintf(request, sizeof(request), "GET /worker/%d HTTP/1.1\r\n\r\n", i);
		need(write(fd, request, strlen(request)) > 0, "client write");
		need(read(fd, got, sizeof(got) - 1) > 0, "client read");
		need(waitpid(pid, &status, 0) == pid, "waitpid");
		printf("[%s] status %d\n", got, status);
		close(fd);
	}
	return 0;
}
