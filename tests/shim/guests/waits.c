/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Waiting in every way: first for other things, with bad pointers, and interrupted; then, between
 * two signals to itself (which leave records with their times), the way named by the first argument
 * for a connection; in a thread if there is a second. Without argument: all of them without a
 * listener.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>

#include "tests/shim/guests/guest.h"
#include "tests/shim/guests/pair.h"

#define BAD         ((void *)8)

#define STACK_BYTES (256u * 1024)

static const struct timespec no_time;
static char *stack_end; /* of a thread: nothing is mapped from here on */

/* What a fortified build calls when it knows the size of the array; only glibc has them. */
#ifdef __GLIBC__
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t room);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
		const sigset_t *mask, size_t room);
#endif

static int by_epoll_wait(int epoll, int fd)
{
	struct epoll_event event;

	return epoll_wait(epoll, &event, 1, 0);
}

static int by_epoll_pwait(int epoll, int fd)
{
	struct epoll_event event;

	return epoll_pwait(epoll, &event, 1, 0, NULL);
}

static int by_poll(int epoll, int fd)
{
	struct pollfd fds[] = { { -1, POLLIN }, { fd, POLLIN } };

	return poll(fds, 2, 0);
}

static int by_ppoll(int epoll, int fd)
{
	struct pollfd fds[] = { { fd, POLLIN | POLLOUT } };

	return ppoll(fds, 1, &no_time, NULL);
}

/* Where nobody can tell, without asking the kernel, whether it is mapped. */
static struct pollfd elsewhere[2] = { { -1, POLLIN } };
static fd_set set_elsewhere;

static int by_poll_elsewhere(int epoll, int fd)
{
	elsewhere[1] = (struct pollfd){ fd, POLLIN };
	return poll(elsewhere, 2, 0);
}

static int by_select_elsewhere(int epoll, int fd)
{
	struct timeval zero = { 0 };

	FD_SET(fd, &set_elsewhere);
	return select(fd + 1, &set_elsewhere, NULL, NULL, &zero);
}

/* Somebody is there already, or these would never end. */
static int by_endless_poll(int epoll, int fd)
{
	struct pollfd fds[] = { { fd, POLLIN } };

	pair_connect();
	return poll(fds, 1, -1);
}

static int by_endless_ppoll(int epoll, int fd)
{
	struct pollfd fds[] = { { fd, POLLIN } };

	pair_connect();
	return ppoll(fds, 1, NULL, NULL);
}

static int by_endless_poll_elsewhere(int epoll, int fd)
{
	elsewhere[1] = (struct pollfd){ fd, POLLIN };
	pair_connect();
	return poll(elsewhere, 2, -1);
}

static int by_endless_ppoll_elsewhere(int epoll, int fd)
{
	elsewhere[1] = (struct pollfd){ fd, POLLIN };
	pair_connect();
	return ppoll(elsewhere, 2, NULL, NULL);
}

static int by_select(int epoll, int fd)
{
	struct timeval zero = { 0 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	return select(fd + 1, &set, NULL, NULL, &zero);
}

static int by_pselect(int epoll, int fd)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	return pselect(fd + 1, &set, NULL, NULL, &no_time, NULL);
}

static int by_accept(int epoll, int fd)
{
	return accept(fd, NULL, NULL);
}

static int by_accept4(int epoll, int fd)
{
	return accept4(fd, NULL, NULL, SOCK_CLOEXEC);
}

#ifdef __GLIBC__
static int by_epoll_pwait2(int epoll, int fd)
{
	struct epoll_event event;

	return epoll_pwait2(epoll, &event, 1, &no_time, NULL);
}

static int by_poll_chk(int epoll, int fd)
{
	struct pollfd fds[] = { { fd, POLLRDNORM } };

	return __poll_chk(fds, 1, 0, sizeof(fds));
}

static int by_ppoll_chk(int epoll, int fd)
{
	struct pollfd fds[] = { { fd, POLLIN } };

	return __ppoll_chk(fds, 1, &no_time, NULL, sizeof(fds));
}
#endif

static const struct {
	const char *name;
	int (*wait)(int epoll, int fd);
} ways[] = {
	{ "epoll_wait", by_epoll_wait },
	{ "epoll_pwait", by_epoll_pwait },
	{ "poll", by_poll },
	{ "ppoll", by_ppoll },
	{ "poll-elsewhere", by_poll_elsewhere },
	{ "select-elsewhere", by_select_elsewhere },
	{ "select", by_select },
	{ "pselect", by_pselect },
	{ "accept", by_accept },
	{ "accept4", by_accept4 },
#ifdef __GLIBC__
	{ "epoll_pwait2", by_epoll_pwait2 },
	{ "__poll_chk", by_poll_chk },
	{ "__ppoll_chk", by_ppoll_chk },
#endif
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static const struct {
	const char *name;
	int (*wait)(int epoll, int fd);
} endless[] = {
	{ "endless-poll", by_endless_poll },
	{ "endless-ppoll", by_endless_ppoll },
	{ "endless-poll-elsewhere", by_endless_poll_elsewhere },
	{ "endless-ppoll-elsewhere", by_endless_ppoll_elsewhere },
};

static void on_alarm(int signal)
{
}

/* Nothing of this waits for a connection. */
static void waits_for_other_things(int listener)
{
	int other = epoll_create1(EPOLL_CLOEXEC), pipes[2], end;
	struct epoll_event event = { .events = EPOLLIN }, got[4];
	struct pollfd fds[] = { { 0 }, { listener, POLLOUT } };
	struct timeval zero = { 0 }, short_time = { 0, 1000 };
	fd_set set;

	need(pipe(pipes) == 0, "pipe");
	fds[0] = (struct pollfd){ pipes[0], POLLIN };
	TRY("epoll_ctl, pipe", epoll_ctl(other, EPOLL_CTL_ADD, pipes[0], &event));
	TRY("epoll_ctl, again", epoll_ctl(other, EPOLL_CTL_ADD, pipes[0], &event));
	TRY("epoll_ctl, bad pointer", epoll_ctl(other, EPOLL_CTL_MOD, pipes[0], BAD));
	TRY("epoll_ctl, no descriptor", epoll_ctl(-1, EPOLL_CTL_ADD, pipes[0], &event));
	TRY("epoll_wait, nothing", epoll_wait(other, got, 4, 0));
	TRY("epoll_wait, no room", epoll_wait(other, got, 0, 0));
	TRY("epoll_wait, no epoll", epoll_wait(pipes[0], got, 4, 0));
	TRY("epoll_pwait, no descriptor", epoll_pwait(-1, got, 4, 0, NULL));
	need(write(pipes[1], "x", 1) == 1, "write");
	TRY("epoll_wait, something", epoll_wait(other, got, 4, -1));
	TRY("epoll_wait, bad pointer", epoll_wait(other, BAD, 4, 0));
	TRY("poll, something", poll(fds, 1, -1));
	printf("revents %x\n", fds[0].revents);
	TRY("poll, not to read", poll(fds + 1, 1, 0));
	printf("revents %x\n", fds[1].revents);
	TRY("ppoll, something", ppoll(fds, 1, NULL, NULL));
	TRY("poll, bad pointer", poll(BAD, 1, 0));
	if (stack_end) {
		TRY("poll, above the stack", poll((void *)stack_end, 1, 0));
		TRY("poll, across its end", poll((void *)(stack_end - 8), 2, -1));
		TRY("select, above the stack", select(1, (void *)stack_end, NULL, NULL, &zero));
	}
	TRY("poll, none", poll(NULL, 0, 1));
	TRY("poll, too many", poll(fds, ~0u, 0));
	TRY("ppoll, bad pointer", ppoll(BAD, 1, &no_time, NULL));
	TRY("select, none", select(0, NULL, NULL, NULL, &short_time));
	TRY("select, bad pointer", select(1, NULL, BAD, NULL, &zero));
	TRY("select, bad pointer to read", select(1, BAD, NULL, NULL, &zero));
	TRY("select, negative", select(-1, NULL, NULL, NULL, &zero));
	FD_ZERO(&set);
	TRY("select, negative to read", select(-1, &set, NULL, NULL, &zero));
	end = (pipes[0] > listener ? pipes[0] : listener) + 1;
	FD_SET(pipes[0], &set);
	TRY("select, to read", select(end, &set, NULL, NULL, &zero));
	TRY("pselect, to read", pselect(end, &set, NULL, NULL, &no_time, NULL));
	printf("ready %d\n", FD_ISSET(pipes[0], &set) != 0);
	FD_ZERO(&set);
	FD_SET(pipes[1], &set);
	TRY("select, to write", select(pipes[1] + 1, NULL, &set, NULL, NULL));
	TRY("pselect, none", pselect(0, NULL, NULL, NULL, &no_time, NULL));
	close(pipes[0]);
	close(pipes[1]);
	close(other);
}

static void interrupted(void)
{
	struct sigaction act = { .sa_handler = on_alarm };
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } }, never = { { 0 } };
	int epoll = epoll_create(1);
	struct epoll_event event;

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	TRY("poll", poll(NULL, 0, -1));
	TRY("ppoll", ppoll(NULL, 0, NULL, NULL));
	TRY("select", select(0, NULL, NULL, NULL, NULL));
	TRY("pselect", pselect(0, NULL, NULL, NULL, NULL, NULL));
	TRY("epoll_wait", epoll_wait(epoll, &event, 1, -1));
	TRY("epoll_pwait", epoll_pwait(epoll, &event, 1, -1, NULL));
	setitimer(ITIMER_REAL, &never, NULL);
	close(epoll);
}

static void stamp(void)
{
	kill(getpid(), SIGCONT);
}

static void wait_by(const char *name)
{
	int before = epoll_create1(0), listener = pair_listen(), epoll = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN }, got;

	fcntl(listener, F_SETFL, O_NONBLOCK);
	waits_for_other_things(listener);
	TRY("epoll_ctl, listener", epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event));
	TRY("epoll_wait, another", epoll_wait(before, &got, 1, 0));
	for (size_t i = 0; i < WAYS; i++) {
		if (strcmp(ways[i].name, name) != 0)
			continue;
		stamp();
		TRY(name, ways[i].wait(epoll, listener));
		stamp();
		TRY(name, ways[i].wait(epoll, listener));
	}
}

static void wait_endlessly_by(const char *name)
{
	int listener = pair_listen();

	for (size_t i = 0; i < sizeof(endless) / sizeof(endless[0]); i++) {
		if (strcmp(endless[i].name, name) != 0)
			continue;
		stamp();
		TRY(name, endless[i].wait(-1, listener));
		stamp();
		TRY(name, endless[i].wait(-1, listener));
		exit(0);
	}
	close(listener);
	unlink(pair_address.sun_path);
}

/* To an epoll instance of its own, and to one with another socket, before it listens. */
static void wait_by_early_epoll(int several)
{
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), other = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in any = { .sin_family = AF_INET };
	struct epoll_event event = { .events = EPOLLIN }, got;
	int epoll = epoll_create1(0), others = epoll_create1(0), left = epoll_create1(0);

	TRY("epoll_ctl, unbound", epoll_ctl(left, EPOLL_CTL_ADD, listener, &event));
	need(bind(listener, (const void *)&pair_address, sizeof(pair_address)) == 0, "bind");
	TRY("epoll_ctl, out again", epoll_ctl(left, EPOLL_CTL_DEL, listener, &event));
	need(bind(other, (const void *)&any, sizeof(any)) == 0, "bind");
	TRY("epoll_ctl, others", epoll_ctl(others, EPOLL_CTL_ADD, other, &event));
	TRY("epoll_ctl, early", epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event));
	TRY("epoll_ctl, again", epoll_ctl(epoll, EPOLL_CTL_MOD, listener, &event));
	if (several)
		TRY("epoll_ctl, several", epoll_ctl(epoll, EPOLL_CTL_ADD, other, &event));
	TRY("epoll_wait, early", epoll_wait(epoll, &got, 1, 0));
	TRY("listen", listen(listener, 16));
	TRY("epoll_wait, others", epoll_wait(others, &got, 1, 0));
	TRY("epoll_wait, left", epoll_wait(left, &got, 1, 0));
	stamp();
	TRY("epoll_wait", epoll_wait(epoll, &got, 1, 0));
	stamp();
	TRY("epoll_wait", epoll_wait(epoll, &got, 1, 0));
}

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

/* What listens was made by another program, and somebody asks already. */
static void inherit(const char *self, const char *way)
{
	const char request[] = "GET / HTTP/1.1\r\n\r\n";
	int listener = pair_listen(), client = pair_connect();
	char number[16];

	need(write(client, request, strlen(request)) > 0, "write");
	snprintf(number, sizeof(number), "%d", listener);
	execl(self, self, way, "inherited", number, (char *)NULL);
	need(0, "execl");
}

static void wait_for_inherited_by(const char *way, int listener)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(0), fd;
	char request[256];

	TRY("epoll_ctl, inherited", epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event));
	TRY("select, to sleep", select(0, NULL, NULL, NULL, &(struct timeval){ 0 }));
	for (size_t i = 0; i < WAYS; i++) {
		if (!strcmp(ways[i].name, way) && strncmp(way, "accept", 6))
			TRY(way, ways[i].wait(epoll, listener));
	}
	stamp();
	fd = accept(listener, NULL, NULL);
	stamp();
	need(fd >= 0 && read(fd, request, sizeof(request)) > 0, "request");
	need(write(fd, OK, sizeof(OK) - 1) == sizeof(OK) - 1, "answer");
	close(fd);
}

static void *in_thread(void *way)
{
	if (!strncmp(way, "endless", 7))
		wait_endlessly_by(way);
	wait_by(way);
	return NULL;
}

static void wait_in_thread_by(char *way)
{
	char *stack = mmap(NULL, STACK_BYTES + 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attr;
	pthread_t thread;

	need(stack != MAP_FAILED, "mmap");
	stack_end = stack + STACK_BYTES;
	need(mprotect(stack_end, 4096, PROT_NONE) == 0, "mprotect");
	pthread_attr_init(&attr);
	need(pthread_attr_setstack(&attr, stack, STACK_BYTES) == 0, "stack");
	need(pthread_create(&thread, &attr, in_thread, way) == 0, "thread");
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	int null;

	guest_start();
	if (argc > 3)
		wait_for_inherited_by(argv[1], atoi(argv[3]));
	else if (argc > 2 && !strcmp(argv[2], "inherited"))
		inherit(argv[0], argv[1]);
	else if (argc > 2)
		wait_in_thread_by(argv[1]);
	else if (argc > 1 && !strncmp(argv[1], "early", 5))
		wait_by_early_epoll(!strcmp(argv[1], "early-several"));
	else if (argc > 1)
		in_thread(argv[1]);
	if (argc > 1)
		return 0;
	null = open("/dev/null", O_RDWR);
	waits_for_other_things(null);
	interrupted();
	for (size_t i = 0; i < WAYS; i++) {
		TRY(ways[i].name, ways[i].wait(null, null));
		TRY(ways[i].name, ways[i].wait(-1, 1000));
	}
	return 0;
}
