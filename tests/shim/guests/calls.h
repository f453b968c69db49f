/* SPDX-License-Identifier: Apache-2.0 */

/* One call of each kind that the shim interposes, for guests that care about how, not what. */
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void call_open(void)
{
	close(open("/dev/null", O_RDONLY));
	close(openat(AT_FDCWD, "/dev/null", O_RDONLY));
	close(open("missing-file", O_RDONLY));
}

static void call_lookup(void)
{
	struct stat st;

	stat("/dev/null", &st);
	lstat("missing-file", &st);
	fstatat(AT_FDCWD, "missing-file", &st, 0);
	access("missing-file", F_OK);
}

static void call_kill(void)
{
	kill(getpid(), SIGURG); /* ignored unless somebody cares */
}

static void call_spawn(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(0);
	waitpid(pid, &status, 0);
	pid = vfork();
	if (pid == 0)
		_exit(0);
	waitpid(pid, &status, 0);
}

static void call_descriptors(void)
{
	int fds[2], copy;
	char c = 'x';

	if (pipe(fds) < 0)
		return;
	copy = dup(fds[1]);
	if (write(copy, &c, 1) == 1 && read(fds[0], &c, 1) == 1)
		dup2(fds[0], copy);
	fcntl(copy, F_SETFD, FD_CLOEXEC);
	close(copy);
	close(fds[0]);
	close(fds[1]);
}

/* A listening socket and one connection to it, with an HTTP request and its answer. */
static void call_network(void)
{
	static const char request[] = "GET /path?token=SECRET-query HTTP/1.1\r\n"
				      "Host: localhost\r\n"
				      "Authorization: Bearer SECRET-header\r\n"
				      "Cookie: session=SECRET-cookie\r\n"
				      "X-Request-Id: public-id\r\n"
				      "Content-Length: 11\r\n\r\nSECRET-body";
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n"
				     "Set-Cookie: SECRET-set\r\n\r\nSECRET-answer";
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM, 0), client, peer;
	struct pollfd polled = { listener, POLLIN, 0 };
	char buffer[512];

	bind(listener, (struct sockaddr *)&addr, sizeof(addr));
	listen(listener, 4);
	getsockname(listener, (struct sockaddr *)&addr, &len);
	client = socket(AF_INET, SOCK_STREAM, 0);
	connect(client, (struct sockaddr *)&addr, sizeof(addr));
	poll(&polled, 1, 1000);
	peer = accept(listener, NULL, NULL);
	send(client, request, sizeof(request) - 1, 0);
	if (recv(peer, buffer, sizeof(buffer), 0) > 0)
		send(peer, answer, sizeof(answer) - 1, 0);
	recv(client, buffer, sizeof(buffer), 0);
	close(peer);
	close(client);
	close(listener);
}

static const struct {
	const char *name;
	void (*call)(void);
} calls[] = {
	{ "open", call_open },   { "lookup", call_lookup },           { "kill", call_kill },
	{ "spawn", call_spawn }, { "descriptors", call_descriptors }, { "network", call_network },
};

#define CALLS_COUNT (sizeof(calls) / sizeof(calls[0]))
