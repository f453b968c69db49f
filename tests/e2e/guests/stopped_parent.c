/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A runtime that is stopped as soon as the function that its request starts by vfork calls exec: before it can
 * tell whom it spawned.
 *
 * usage: stopped_parent FUNCTION [ARGUMENT...]
 */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

static int accept_on_loopback(void)
{
	struct sockaddr_in name = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(name);

	if (bind(fd, (struct sockaddr *)&name, len) || listen(fd, 1) ||
	    getsockname(fd, (struct sockaddr *)&name, &len))
		return -1;
	printf("%u\n", ntohs(name.sin_port));
	fflush(stdout);
	return accept4(fd, NULL, NULL, SOCK_CLOEXEC);
}

int main(int argc, char **argv)
{
	int fd = accept_on_loopback(), status;
	char request[4096];
	pid_t child;

	if (argc < 2 || fd < 0 || read(fd, request, sizeof(request)) <= 0)
		return 2;
	setenv("Http_Method", "POST", 1); /* as watchdogs do */
	child = vfork();
	if (child == 0) {
		kill(getppid(), SIGSTOP); /* it comes when the vfork is over */
		execv(argv[1], argv + 1);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status)
		return 3;
	return write(fd, answer, sizeof(answer) - 1) == sizeof(answer) - 1 ? 0 : 4;
}
