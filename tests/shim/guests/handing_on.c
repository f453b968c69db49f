/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A server that asks another one while as many requests as its argument says are in flight. Its peers' side goes to
 * the kernel by itself. laws.py knows what is called.
 */
#include <stdint.h>

#include "tests/shim/guests/exchange.h"
#include "tests/shim/guests/guest.h"

static const char question[] = "GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n";

static struct sockaddr_un address;
static socklen_t address_len;
static int listener;

static void receive_one(void)
{
	int peer = (int)cs_sys3(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	char got[1024];
	int fd;

	need(cs_sys3(SYS_connect, peer, &address, address_len) == 0, "connect");
	fd = accept(listener, NULL, NULL);
	need(fd >= 0, "accept");
	need(cs_sys3(SYS_write, peer, request, sizeof(request) - 1) > 0, "peer's write");
	need(read(fd, got, sizeof(got)) == sizeof(request) - 1, "read");
}

static void ask(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), peer;
	char got[1024];

	need(connect(fd, (void *)&address, address_len) == 0, "connect");
	peer = (int)cs_sys4(SYS_accept4, listener, NULL, NULL, 0);
	need(peer >= 0, "peer's accept");
	TRY("write", write(fd, question, sizeof(question) - 1));
	need(cs_sys3(SYS_read, peer, got, sizeof(got)) >= (long)sizeof(question) - 1,
	     "peer's read");
	/* Nothing of it is there: the kernel's to refuse. */
	TRY("write from nowhere", write(fd, (void *)(uintptr_t)8192, 64));
	need(cs_sys3(SYS_write, peer, response, sizeof(response) - 1) > 0, "peer's write");
	TRY("read", read(fd, got, sizeof(got)));
}

int main(int argc, char **argv)
{
	listener = listen_somewhere(&address, &address_len);
	guest_start();
	for (int n = argc > 1 ? atoi(argv[1]) : 0; n > 0; n--)
		receive_one();
	ask();
	return 0;
}
