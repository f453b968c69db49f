/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What two HTTP servers in Java call of libc for one answer, as strace tells it of those that
 * tests/bench/overhead measures: the JDK's own, and Jetty under functions-framework's invoker. Heads have the
 * bytes that were seen there. One thread does what several do in turn.
 */
#pragma once

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/uio.h>

#include "tests/shim/guests/exchange.h"

/* tests/bench/overhead/load.c asks so. */
static const char load_asks[] =
	"GET / HTTP/1.1\r\n"
	"Host: 127.0.0.1:18111\r\n"
	"User-Agent: load/1.0\r\n"
	"Accept: */*\r\n"
	"traceparent: 00-0123456789abcdef0123456789abcdef-b7ad6b7169203331-01\r\n"
	"\r\n";
static const char jdk_head[] = "HTTP/1.1 200 OK\r\n"
			       "Date: Sun, 22 Nov 2026 06:38:30 GMT\r\n"
			       "Content-length: 5\r\n"
			       "\r\n";
static const char jetty_head[] = "HTTP/1.1 200 OK\r\n"
				 "Date: Sun, 22 Nov 2026 09:43:25 GMT\r\n"
				 "Transfer-Encoding: chunked\r\n"
				 "Server: Jetty(9.4.58.v20250814)\r\n"
				 "\r\n"
				 "5\r\n";
static const char jetty_end[] = "\r\n0\r\n\r\n";
static const char hello[] = "hello";

static int watcher, waker;

/* Bytes have come: the connection leaves the instance; with EPOLL_CTL_ADD it is back in it. */
static void watch(int operation)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (operation == EPOLL_CTL_DEL)
		need(epoll_wait(watcher, &event, 1, -1) == 1, "epoll_wait");
	need(epoll_ctl(watcher, operation, server, &event) == 0, "epoll_ctl");
}

static void set_blocking(int blocking)
{
	int flags = fcntl(server, F_GETFL);

	flags = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
	need(fcntl(server, F_SETFL, flags) == 0, "fcntl");
}

/* One thread tells the one that waits. */
static void wake(void)
{
	uint64_t one = 1;

	need(write(waker, &one, sizeof(one)) == sizeof(one), "wake");
	need(read(waker, &one, sizeof(one)) == sizeof(one), "be woken");
}

static void prepare_java(void)
{
	watcher = epoll_create1(0);
	waker = eventfd(0, 0);
	set_blocking(0);
	watch(EPOLL_CTL_ADD);
}

static void ask(void)
{
	const size_t len = sizeof(load_asks) - 1;

	need(cs_sys3(SYS_write, client, load_asks, len) == (long)len, "client write");
}

static void answered(void)
{
	char got[1024];

	need(cs_sys3(SYS_read, client, got, sizeof(got)) > 0, "client read");
}

static void serve_jdk(void)
{
	char got[8192];

	ask();
	watch(EPOLL_CTL_DEL);
	set_blocking(1);
	need(read(server, got, sizeof(got)) == sizeof(load_asks) - 1, "server read");
	need(write(server, jdk_head, sizeof(jdk_head) - 1) == sizeof(jdk_head) - 1, "head");
	need(write(server, hello, 5) == 5, "body");
	wake();
	set_blocking(0);
	watch(EPOLL_CTL_ADD);
	answered();
}

/* It looks four times for what may follow a request. */
static void serve_jetty(void)
{
	struct iovec answer[] = { { (void *)jetty_head, sizeof(jetty_head) - 1 },
				  { (void *)hello, 5 } };
	struct iovec end = { (void *)jetty_end, sizeof(jetty_end) - 1 };
	char got[8192];

	ask();
	watch(EPOLL_CTL_DEL);
	need(read(server, got, sizeof(got)) == sizeof(load_asks) - 1, "server read");
	need(writev(server, answer, 2) == sizeof(jetty_head) - 1 + 5, "answer");
	need(writev(server, &end, 1) == sizeof(jetty_end) - 1, "end");
	for (int i = 0; i < 4; i++)
		need(read(server, got, sizeof(got)) < 0, "read of nothing");
	wake();
	watch(EPOLL_CTL_ADD);
	answered();
}
