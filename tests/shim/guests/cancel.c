/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which calls a thread can be cancelled in, before they do anything and while they wait, and that its
 * clean-up runs. The C library decides; a guest in between must neither add a point nor take one away.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "tests/shim/guests/guest.h"

/* What never has anything to give, and takes nothing: both ends are kept, nobody uses them. */
static int empty[2], full[2], quiet[2], listener, epoll, file;
static struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "listener" };

static char byte;
static struct iovec one = { &byte, 1 };
static struct msghdr message = { .msg_iov = &one, .msg_iovlen = 1 };

#define CALL(name, expression)                                                                     \
	static void call_##name(void)                                                              \
	{                                                                                          \
		expression;                                                                        \
	}

/* These wait for ever. */
#define WAITING(X)                                                                                 \
	X(read, read(empty[0], &byte, 1))                                                          \
	X(readv, readv(empty[0], &one, 1))                                                         \
	X(recv, recv(quiet[0], &byte, 1, 0))                                                       \
	X(recvfrom, recvfrom(quiet[0], &byte, 1, 0, NULL, NULL))                                   \
	X(recvmsg, recvmsg(quiet[0], &message, 0))                                                 \
	X(write, write(full[1], &byte, 1))                                                         \
	X(writev, writev(full[1], &one, 1))                                                        \
	X(accept, accept(listener, NULL, NULL))                                                    \
	X(accept4, accept4(listener, NULL, NULL, SOCK_CLOEXEC))                                    \
	X(poll, poll(&(struct pollfd){ empty[0], POLLIN, 0 }, 1, -1))                              \
	X(ppoll, ppoll(&(struct pollfd){ empty[0], POLLIN, 0 }, 1, NULL, NULL))                    \
	X(select, wait_by_select(0))                                                               \
	X(pselect, wait_by_select(1))                                                              \
	X(epoll_wait, epoll_wait(epoll, &(struct epoll_event){ 0 }, 1, -1))                        \
	X(epoll_pwait, epoll_pwait(epoll, &(struct epoll_event){ 0 }, 1, -1, NULL))                \
	X(wait, wait(NULL))                                                                        \
	X(waitpid, waitpid(-1, NULL, 0))                                                           \
	X(waitid, waitid(P_ALL, 0, &(siginfo_t){ 0 }, WEXITED))

/* Of which musl makes no points: they would wait for ever. */
#ifdef __GLIBC__
#define WAITING_MORE(X)                                                                            \
	X(wait3, wait3(NULL, 0, NULL))                                                             \
	X(wait4, wait4(-1, NULL, 0, NULL))
#else
#define WAITING_MORE(X)
#endif

/* These come back at once. */
#define QUICK(X)                                                                                   \
	X(open, close(open("/dev/null", O_RDONLY)))                                                \
	X(openat, close(openat(AT_FDCWD, "/dev/null", O_RDONLY)))                                  \
	X(creat, close(creat("created", 0600)))                                                    \
	X(close, close(-1))                                                                        \
	X(send, send(quiet[0], &byte, 0, 0))                                                       \
	X(sendto, sendto(quiet[0], &byte, 0, 0, NULL, 0))                                          \
	X(sendmsg, sendmsg(-1, &message, 0))                                                       \
	X(connect, connect(-1, (void *)&address, sizeof(address)))                                 \
	X(fcntl, fcntl(file, F_GETFL))                                                             \
	X(fcntl_lock, fcntl(file, F_SETLKW, &(struct flock){ .l_type = F_RDLCK }))                 \
	X(stat, stat("/", &(struct stat){ 0 }))                                                    \
	X(access, access("/", F_OK))                                                               \
	X(dup, close(dup(file)))                                                                   \
	X(socket, close(socket(AF_UNIX, SOCK_STREAM, 0)))                                          \
	X(kill, kill(getpid(), 0))

static void wait_by_select(int with_mask)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(empty[0], &set);
	if (with_mask)
		pselect(empty[0] + 1, &set, NULL, NULL, NULL, NULL);
	else
		select(empty[0] + 1, &set, NULL, NULL, NULL);
}

WAITING(CALL)
WAITING_MORE(CALL)
QUICK(CALL)

struct call {
	const char *name;
	void (*make)(void);
	int first; /* told to end before the call, not in it */
};

static pthread_barrier_t together;

static void clean_up(void *name)
{
	printf("  %s cleans up\n", (const char *)name);
}

static void *run(void *given)
{
	const struct call *call = given;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_barrier_wait(&together);
	pthread_cleanup_push(clean_up, (void *)call->name);
	if (call->first)
		pthread_barrier_wait(&together); /* by now it was told */
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	call->make();
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_cleanup_pop(0);
	return NULL;
}

static void cancel(const char *name, void (*make)(void), int first)
{
	struct call call = { name, make, first };
	void *result = NULL;
	pthread_t id;

	pthread_create(&id, NULL, run, &call);
	pthread_barrier_wait(&together);
	if (!first)
		usleep(1000); /* mostly it waits by now; what comes of it is the same */
	pthread_cancel(id);
	if (first)
		pthread_barrier_wait(&together);
	pthread_join(id, &result);
	printf("%s, %s: %s\n", name, first ? "before" : "while it waits",
	       result == PTHREAD_CANCELED ? "cancelled" : "came back");
}

static void prepare(void)
{
	char block[4096] = { 0 };
	struct epoll_event event = { .events = EPOLLIN };

	if (pipe(empty) < 0 || pipe(full) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, quiet) < 0)
		exit(2);
	fcntl(full[1], F_SETFL, O_NONBLOCK);
	while (write(full[1], block, sizeof(block)) > 0)
		continue;
	fcntl(full[1], F_SETFL, 0);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	file = open("file", O_RDWR | O_CREAT, 0600);
	if (bind(listener, (void *)&address, sizeof(address)) < 0 || listen(listener, 1) < 0 ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, empty[0], &event) < 0 || file < 0)
		exit(2);
}

#define BEFORE(name, expression) cancel(#name, call_##name, 1);
#define INSIDE(name, expression) cancel(#name, call_##name, 0);

int main(void)
{
	pid_t child;

	guest_start();
	prepare();
	child = fork(); /* for those who wait for one */
	if (child == 0) {
		pause();
		_exit(0);
	}
	pthread_barrier_init(&together, NULL, 2);
	QUICK(BEFORE)
	WAITING(BEFORE)
	WAITING_MORE(BEFORE)
	WAITING(INSIDE)
	WAITING_MORE(INSIDE)
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return 74;
}
