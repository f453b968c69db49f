/* SPDX-License-Identifier: Apache-2.0 */

/* A server and its clients in one guest, over a unix socket in the working folder. */
#pragma once

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const struct sockaddr_un pair_address = { .sun_family = AF_UNIX, .sun_path = "socket" };

/* Where a guest cannot go on: this is no result to compare. */
static void need(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(99);
}

static int pair_listen(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	need(fd >= 0, "socket");
	need(bind(fd, (const void *)&pair_address, sizeof(pair_address)) == 0, "bind");
	need(listen(fd, 16) == 0, "listen");
	return fd;
}

static int pair_connect(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	need(fd >= 0, "socket");
	need(connect(fd, (const void *)&pair_address, sizeof(pair_address)) == 0, "connect");
	return fd;
}
