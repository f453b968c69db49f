/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is counted (counted.c) and timed (tests/bench/hooks) of the hooks that programs call all the
 * time: a read and a write that are nobody's business, an HTTP exchange on an accepted connection, and
 * one on a connection that is made here. What the peer of an exchange does goes to the kernel by itself:
 * no hook sees it, and each side has its own figure.
 */
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "preload/sys.h"

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

#define BODY_BYTES 15

static int in, out, server, client, asked, asking;

static void need(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
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

static void serve_once(void)
{
	char got[1024];

	need(cs_sys3(SYS_write, client, request, sizeof(request) - 1) > 0, "client write");
	need(read(server, got, sizeof(got)) == sizeof(request) - 1, "server read");
	need(write(server, response, sizeof(response) - 1) == sizeof(response) - 1, "server write");
	need(cs_sys3(SYS_read, client, got, sizeof(got)) == sizeof(response) - 1, "client read");
}

/* As the JDK's server does: the head, then the body. */
static void serve_in_two(void)
{
	const size_t head = sizeof(response) - 1 - BODY_BYTES;
	char got[1024];

	need(cs_sys3(SYS_write, client, request, sizeof(request) - 1) > 0, "client write");
	need(read(server, got, sizeof(got)) == sizeof(request) - 1, "server read");
	need(write(server, response, head) == (ssize_t)head, "server write");
	need(write(server, response + head, BODY_BYTES) == BODY_BYTES, "server write");
	need(cs_sys3(SYS_read, client, got, sizeof(got)) == sizeof(response) - 1, "client read");
}

static void call_once(void)
{
	char got[1024];

	need(write(asking, request, sizeof(request) - 1) > 0, "client write");
	need(cs_sys3(SYS_read, asked, got, sizeof(got)) == sizeof(request) - 1, "server read");
	need(cs_sys3(SYS_write, asked, response, sizeof(response) - 1) > 0, "server write");
	need(read(asking, got, sizeof(got)) == sizeof(response) - 1, "client read");
}

/* Abstract and named by the kernel. */
static int listen_somewhere(struct sockaddr_un *address, socklen_t *len)
{
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	*len = sizeof(*address);
	need(bind(listener, (void *)address, sizeof(sa_family_t)) == 0 &&
		     listen(listener, 2) == 0 && getsockname(listener, (void *)address, len) == 0,
	     "listen");
	return listener;
}

static void prepare(void)
{
	struct sockaddr_un address;
	socklen_t len;
	int listener = listen_somewhere(&address, &len);

	in = open("/dev/zero", O_RDONLY);
	out = open("/dev/null", O_WRONLY);
	client = (int)cs_sys3(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	need(cs_sys3(SYS_connect, client, &address, len) == 0, "connect");
	server = accept(listener, NULL, NULL);
	asking = socket(AF_UNIX, SOCK_STREAM, 0);
	need(connect(asking, (void *)&address, len) == 0, "connect");
	asked = (int)cs_sys4(SYS_accept4, listener, NULL, NULL, 0);
	need(in >= 0 && out >= 0 && server >= 0 && asked >= 0, "descriptors");
}
