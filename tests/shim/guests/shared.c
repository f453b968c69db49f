/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A server that starts a child in its own memory, but with descriptors of its own, and serves on while
 * that one lives: in it the numbers of the connections mean something else. With "tsc" it then forbids
 * itself to read the clock without a call.
 */
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "tests/shim/guests/guest.h"
#include "tests/shim/guests/pair.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

static int connections[3]; /* of the server; clients are one higher */
static int to_child[2];
static char stack[65536] __attribute__((aligned(64)));

static void request(int listener, int nr)
{
	char text[64];
	int client = pair_connect();

	snprintf(text, sizeof(text), "GET /%d HTTP/1.1\r\nHost: h\r\n\r\n", nr);
	need(write(client, text, strlen(text)) > 0, "request");
	connections[nr] = accept(listener, NULL, NULL);
	need(connections[nr] >= 0 && read(connections[nr], text, sizeof(text)) > 0, "accepted");
	dup2(client, 100 + nr);
	close(client);
}

static void answer(int nr)
{
	char got[256] = "";

	need(write(connections[nr], OK, sizeof(OK) - 1) == sizeof(OK) - 1, "answer");
	need(read(100 + nr, got, sizeof(got) - 1) > 0, "answered");
	printf("%d [%s]\n", nr, got);
}

/* Its closes and openings are not the server's. */
static int beside(void *argument)
{
	char byte;

	close(connections[0]);
	dup2(to_child[0], connections[1]);
	close(to_child[1]);
	need(read(connections[1], &byte, 1) == 1, "the child's read");
	close(connections[1]);
	return 7;
}

static void forks(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(8);
	waitpid(pid, &status, 0);
	printf("fork after that: %x\n", status);
}

int main(int argc, char **argv)
{
	int listener = pair_listen(), status = -1;
	pid_t child;

	guest_start();
	need(pipe(to_child) == 0, "pipe");
	request(listener, 0);
	answer(0);
	request(listener, 1);
	child = clone(beside, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	need(child > 0, "clone");
	answer(1);
	request(listener, 2);
	answer(2);
	need(write(to_child[1], "x", 1) == 1, "the child's byte");
	waitpid(child, &status, 0);
	printf("child: %x\n", status);
	for (int i = 0; i < 3; i++)
		close(connections[i]);
	if (argc > 1)
		need(prctl(PR_SET_TSC, PR_TSC_SIGSEGV) == 0, "tsc");
	forks();
	return 0;
}
