/* SPDX-License-Identifier: Apache-2.0 */

/* How much stack each kind of call takes: a thread's stack is painted, and looked at afterwards. */
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "tests/shim/guests/calls.h"

extern char **environ;

/* Kinds that calls.h leaves out, since not every guest may make them. */
static void call_exec(void)
{
	char *const words[] = { "missing", NULL };
	char path[4096];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	execve(path, words, environ);
	execv("/nowhere/missing", words);
	execlp("/nowhere/missing", "missing", (char *)NULL);
}

static void call_posix_spawn(void)
{
	char *const words[] = { "missing", NULL };
	pid_t pid;

	posix_spawn(&pid, "/nowhere/missing", NULL, NULL, words, environ);
}

static void call_streams(void)
{
	FILE *stream = fopen("/dev/null", "r");

	freopen("/dev/null", "w", stream);
	fclose(stream);
	dprintf(-1, "x");
}

static void call_libraries(void)
{
	dlopen("libsurely-missing.so.9", RTLD_NOW);
}

static void call_messages(void)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, c = 'x';
	struct iovec iov = { &c, 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		return;
	CMSG_FIRSTHDR(&message)->cmsg_level = SOL_SOCKET;
	CMSG_FIRSTHDR(&message)->cmsg_type = SCM_RIGHTS;
	CMSG_FIRSTHDR(&message)->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &fds[0], sizeof(int));
	if (sendmsg(fds[0], &message, 0) == 1 && recvmsg(fds[1], &message, 0) == 1)
		memcpy(&fds[0], CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	close(fds[0]);
	close(fds[1]);
}

/* By ppoll, epoll and select, for a listener that nobody has waited for yet. */
static void call_waits(void)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0), epoll = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN };
	struct pollfd polled = { listener, POLLIN, 0 };
	const struct timespec no_time = { 0 };
	fd_set set;

	listen(listener, 1);
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	ppoll(&polled, 1, &no_time, NULL);
	epoll_wait(epoll, &event, 1, 0);
	FD_ZERO(&set);
	FD_SET(listener, &set);
	pselect(listener + 1, &set, NULL, NULL, &no_time, NULL);
	syscall(SYS_close, epoll);
	close(listener);
}

static int nothing(void *arg)
{
	return 0;
}

static void call_clone(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	int status;

	waitpid(clone(nothing, stack + sizeof(stack), SIGCHLD, NULL), &status, 0);
}

static const struct {
	const char *name;
	void (*call)(void);
} more_calls[] = {
	{ "waits", call_waits }, /* before "network" waits for its listener */
	{ "exec", call_exec },         { "posix_spawn", call_posix_spawn },
	{ "streams", call_streams },   { "libraries", call_libraries },
	{ "messages", call_messages }, { "clone", call_clone },
};
#define MORE_CALLS_COUNT (sizeof(more_calls) / sizeof(more_calls[0]))

#define STACK_BYTES      (256u * 1024)
#define PAINT            0xa5

static void *run(void *call)
{
	((void (*)(void))call)();
	return NULL;
}

static size_t measure(unsigned char *stack, void (*call)(void))
{
	pthread_attr_t attr;
	pthread_t id;
	size_t untouched = 0;

	memset(stack, PAINT, STACK_BYTES);
	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, stack, STACK_BYTES);
	pthread_create(&id, &attr, run, (void *)call);
	pthread_join(id, NULL);
	while (untouched < STACK_BYTES && stack[untouched] == PAINT)
		untouched++;
	return STACK_BYTES - untouched;
}

/* Each round for itself: what is recorded only the first time, and what always is. */
static void report(const char *name, size_t used, int round)
{
	printf("%s.%d %zu\n", name, round, used);
}

int main(void)
{
	unsigned char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	if (stack == MAP_FAILED)
		return 2;
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < MORE_CALLS_COUNT; i++)
			report(more_calls[i].name, measure(stack, more_calls[i].call), round);
		for (unsigned i = 0; i < CALLS_COUNT; i++)
			report(calls[i].name, measure(stack, calls[i].call), round);
	}
	return 0;
}
