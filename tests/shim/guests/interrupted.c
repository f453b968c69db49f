/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Calls on connections that never come back: a handler jumps out of them, as programs do that read with a
 * limit of time, or the thread that waits in them is cancelled. What comes afterwards, in the same thread or in
 * another, is a request like any other. unusual.py knows what is told.
 */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>

#include "tests/shim/guests/guest.h"
#include "tests/shim/guests/pair.h"

#define ANSWER  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define JUMPS   20
#define LONG_US 1000 /* mostly it waits by then; what comes of it is the same */

static int listener, taken, client;
static sigjmp_buf back;
static volatile sig_atomic_t jumps;

static void jump(int signal)
{
	jumps++;
	siglongjmp(back, 1);
}

static void wait_in_read(void)
{
	char byte;

	read(taken, &byte, 1);
}

static void wait_in_recv(void)
{
	char byte;

	recv(taken, &byte, 1, 0);
}

static void wait_in_poll(void)
{
	poll(&(struct pollfd){ taken, POLLIN, 0 }, 1, -1);
}

static void wait_in_accept(void)
{
	accept(listener, NULL, NULL);
}

/* The send buffer of a connection that nobody reads from. */
static void wait_in_write(void)
{
	static char much[1 << 22];

	write(taken, much, sizeof(much));
}

static void *run(void *wait)
{
	((void (*)(void))wait)();
	return NULL;
}

static void begin(void)
{
	client = pair_connect();
	taken = accept(listener, NULL, NULL);
	need(taken >= 0, "accept");
}

static void ask(const char *name)
{
	char request[128];

	snprintf(request, sizeof(request), "GET /%s HTTP/1.1\r\n\r\n", name);
	need(write(client, request, strlen(request)) > 0, "client write");
	need(read(taken, request, sizeof(request)) > 0, "request");
}

static void end(const char *name)
{
	char got[128] = "";

	ask(name);
	need(write(taken, ANSWER, sizeof(ANSWER) - 1) == sizeof(ANSWER) - 1, "answer");
	need(read(client, got, sizeof(got) - 1) > 0, "client read");
	printf("%s [%s]\n", name, got);
	close(taken);
	close(client);
}

static void jump_out_of(const char *name, void (*wait)(void))
{
	struct itimerval soon = { .it_value = { 0, LONG_US } };

	begin();
	for (jumps = 0; jumps < JUMPS;) {
		if (sigsetjmp(back, 1))
			continue;
		setitimer(ITIMER_REAL, &soon, NULL);
		wait();
		need(0, "the wait came back");
	}
	end(name);
}

static void *asked(void *name)
{
	end(name);
	return NULL;
}

static void cancel_in(const char *name, void (*wait)(void))
{
	void *result = NULL;
	pthread_t id;

	begin();
	need(!pthread_create(&id, NULL, run, (void *)wait), "thread");
	usleep(LONG_US);
	pthread_cancel(id);
	pthread_join(id, &result);
	need(result == PTHREAD_CANCELED, "it came back");
	need(!pthread_create(&id, NULL, asked, (void *)name), "thread");
	pthread_join(id, NULL);
}

/* The answer has begun: how much of it went is nobody's to know. */
static void cancel_answer(void)
{
	pthread_t id;

	begin();
	ask("write");
	need(!pthread_create(&id, NULL, run, (void *)wait_in_write), "thread");
	usleep(LONG_US);
	pthread_cancel(id);
	pthread_join(id, NULL);
	close(taken);
	close(client);
}

int main(void)
{
	struct sigaction action = { .sa_handler = jump };

	listener = pair_listen();
	guest_start();
	sigaction(SIGALRM, &action, NULL);
	jump_out_of("read-jumped", wait_in_read);
	jump_out_of("recv-jumped", wait_in_recv);
	jump_out_of("poll-jumped", wait_in_poll);
	jump_out_of("accept-jumped", wait_in_accept);
	cancel_in("read-cancelled", wait_in_read);
	cancel_in("recv-cancelled", wait_in_recv);
	cancel_in("poll-cancelled", wait_in_poll);
	cancel_in("accept-cancelled", wait_in_accept);
	cancel_answer();
	end((begin(), "last"));
	return 75;
}
