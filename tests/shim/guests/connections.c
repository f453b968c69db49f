/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What can happen to a connection: every case serves one request on a connection of its own, whose
 * target is the name of the case, and prints what the client got. connections.py knows how each ends.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "tests/shim/guests/guest.h"
#include "tests/shim/guests/pair.h"

#define OK        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define ENDLESS   "HTTP/1.0 200 OK\r\n\r\nuntil the end"
#define BIG_BYTES 3000000

static int listener;

static void answer(int fd)
{
	need(write(fd, OK, sizeof(OK) - 1) == sizeof(OK) - 1, "answer");
}

/* --- how it is answered, and closed --- */

static void plain(int fd)
{
	answer(fd);
	close(fd);
}

static void endless(int fd)
{
	write(fd, ENDLESS, sizeof(ENDLESS) - 1);
	close(fd);
}

static void shut(int fd)
{
	write(fd, ENDLESS, sizeof(ENDLESS) - 1);
	TRY("shutdown", shutdown(fd, SHUT_WR));
	TRY("shutdown again", shutdown(fd, SHUT_RDWR));
	close(fd);
}

static void shut_reading(int fd)
{
	TRY("shutdown", shutdown(fd, SHUT_RD));
	plain(fd);
}

static void half(int fd)
{
	write(fd, OK, sizeof(OK) - 2);
	close(fd);
}

static void silent(int fd)
{
	TRY("close", close(fd));
	TRY("close again", close(fd));
}

static void hints(int fd)
{
	static const char early[] = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";

	write(fd, early, sizeof(early) - 1);
	plain(fd);
}

static void no_http(int fd)
{
	write(fd, "hello", 5);
	close(fd);
}

static void upgrade(int fd)
{
	static const char head[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n";

	write(fd, head, sizeof(head) - 1);
	write(fd, "any bytes", 9);
	close(fd);
}

/* More than the socket takes at once, in two buffers, until it is done. */
static void big(int fd)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n";
	static char body[BIG_BYTES];
	size_t sent = 0, all = sizeof(head) - 1 + BIG_BYTES;

	memset(body, 'x', sizeof(body));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (sent < all) {
		size_t in_body = sent < sizeof(head) - 1 ? 0 : sent - (sizeof(head) - 1);
		struct iovec iov[2] = { { (char *)head + sent, sizeof(head) - 1 - sent },
					{ body + in_body, BIG_BYTES - in_body } };
		ssize_t n = in_body || sent == sizeof(head) - 1 ? writev(fd, iov + 1, 1)
								: writev(fd, iov, 2);

		if (n > 0)
			sent += (size_t)n;
		else
			need(errno == EAGAIN, "writev");
	}
	close(fd);
}

/* More than the socket takes at once, and all the same one call for each piece, which comes back with all of it. */
static void whole(int fd)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 1500000\r\n\r\n";
	static char piece[BIG_BYTES / 6];
	struct iovec iov[2] = { { piece, 1 }, { piece, sizeof(piece) - 1 } };

	TRY("head", write(fd, head, sizeof(head) - 1));
	TRY("write", write(fd, piece, sizeof(piece)));
	TRY("send", send(fd, piece, sizeof(piece), 0));
	TRY("writev", writev(fd, iov, 2));
	close(fd);
}

/* --- copies of the descriptor --- */

static void by_dup(int fd)
{
	int copy = dup(fd);

	printf("dup: %d\n", copy);
	close(fd);
	plain(copy);
}

static void by_fcntl(int fd)
{
	int copy = fcntl(fd, F_DUPFD, 70), other = fcntl(fd, F_DUPFD_CLOEXEC, 80);

	printf("fcntl: %d %d cloexec %d\n", copy, other, fcntl(other, F_GETFD));
	close(fd);
	close(copy);
	plain(other);
}

static void by_dup2(int fd)
{
	TRY("dup2", dup2(fd, 200));
	close(fd);
	plain(200);
}

static void by_dup3(int fd)
{
	TRY("dup3", dup3(fd, 201, O_CLOEXEC));
	TRY("dup3, flags", dup3(fd, 201, 12345));
	TRY("dup3, same", dup3(fd, fd, 0));
	close(fd);
	plain(201);
}

static void onto_itself(int fd)
{
	TRY("dup2", dup2(fd, fd));
	plain(fd);
}

static void nothing_onto(int fd)
{
	TRY("dup2", dup2(-1, fd));
	TRY("dup2", dup2(999, fd));
	plain(fd);
}

static void something_onto(int fd)
{
	int null = open("/dev/null", O_RDWR);

	TRY("dup2", dup2(null, fd));
	close(null);
	answer(fd);
	close(fd);
}

static void copy_too_high(int fd)
{
	struct rlimit limit = { 65537, 65537 };

	setrlimit(RLIMIT_NOFILE, &limit); /* may be refused: then there is no such copy */
	TRY("dup2, high", dup2(fd, 65536));
	close(65536);
	plain(fd);
}

/* --- other ways to close --- */

static void range(int fd)
{
#ifdef __GLIBC__
	TRY("close_range, reversed", close_range(fd, fd - 1, 0));
	TRY("close_range, flags", close_range(fd, fd, 0x4000));
	TRY("close_range", close_range(fd, fd, 0));
#else
	syscall(SYS_close_range, fd, fd, 0);
#endif
}

static void range_on_exec(int fd)
{
#ifdef __GLIBC__
	TRY("close_range", close_range(fd, ~0u, 4));
#endif
	plain(fd);
}

static void from(int fd)
{
	int high;

	need(dup2(fd, 300) == 300, "dup2");
	close(fd);
#ifdef __GLIBC__
	closefrom(300);
#else
	close(300);
#endif
	high = fcntl(300, F_GETFD);
	printf("closefrom: %d\n", high);
}

static void raw_close(int fd)
{
	TRY("syscall", syscall(SYS_close, fd));
	TRY("syscall again", syscall(SYS_close, fd));
}

/* --- bytes that pass unseen --- */

static void raw_write(int fd)
{
	TRY("syscall", syscall(SYS_write, fd, OK, sizeof(OK) - 1));
	close(fd);
}

static void by_stream(int fd)
{
	FILE *stream = fdopen(fd, "w");

	fputs(OK, stream);
	TRY("fclose", fclose(stream));
}

/* A stream of something else, onto whose descriptor the connection was put; it holds an answer. */
static FILE *stream_below(int fd)
{
	FILE *stream = fopen("/dev/null", "w");

	dup2(fd, fileno(stream));
	close(fd);
	fputs(OK, stream);
	return stream;
}

static void by_stream_below(int fd)
{
	FILE *stream = stream_below(fd);

	TRY("fclose", fclose(stream));
}

static void by_stream_again(int fd)
{
	FILE *stream = stream_below(fd);

	TRY("freopen", freopen("/dev/null", "w", stream) == stream);
	fclose(stream);
}

/* Closed where no hook sees it; then the number is a stream's, and its bytes nobody's. */
static void by_stream_after(int fd)
{
	FILE *stream;
	long ret;

#if defined(__x86_64__)
	__asm__ volatile("syscall" : "=a"(ret) : "a"(SYS_close), "D"(fd) : "rcx", "r11", "memory");
#else
	register long x8 __asm__("x8") = SYS_close;
	register long x0 __asm__("x0") = fd;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8) : "memory");
	ret = x0;
#endif
	stream = fopen("/dev/null", "w");
	printf("closed %ld, opened %d\n", ret, stream && fileno(stream) == fd);
	TRY("write", write(fd, OK, sizeof(OK) - 1));
	fclose(stream);
}

static void by_dprintf(int fd)
{
	TRY("dprintf", dprintf(fd, "HTTP/1.1 %d OK\r\nContent-Length: 2\r\n\r\n%s", 200, "hi"));
	close(fd);
}

/* --- other processes, other threads --- */

static void child_answers(int fd)
{
	pid_t pid = fork();

	if (pid == 0) {
		plain(fd);
		_exit(0);
	}
	close(fd);
	waitpid(pid, NULL, 0);
}

static void child_closes(int fd)
{
	pid_t pid = fork();

	if (pid == 0) {
		close(fd);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	plain(fd);
}

static void vfork_child_closes(int fd)
{
	pid_t pid = vfork();

	if (pid == 0) {
		dup2(2, 210);
		dup2(2, fd);
		close(fd);
		close(listener);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	plain(fd);
}

/* A child that borrows our memory tells nothing of what it does. */
static void vfork_child_answers(int fd)
{
	pid_t pid = vfork();

	if (pid == 0) {
		answer(fd);
		_exit(0);
	}
	close(fd);
	waitpid(pid, NULL, 0);
}

/* As CGI: the program's standard output is the connection. */
static void spawned_answers(int fd)
{
	char script[] = "printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nhi'";
	char *argv[] = { "sh", "-c", script, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, 1);
	need(posix_spawn(&pid, "/bin/sh", &actions, NULL, argv, NULL) == 0, "posix_spawn");
	posix_spawn_file_actions_destroy(&actions);
	close(fd);
	waitpid(pid, NULL, 0);
}

static int write_answer(void *fd)
{
	answer(*(int *)fd);
	return 0;
}

static void cloned_answers(int fd)
{
	static char stack[65536] __attribute__((aligned(64)));
	pid_t pid =
		clone(write_answer, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, &fd);

	close(fd);
	waitpid(pid, NULL, 0);
}

/* One message over a socketpair that carries @fd, by @send; returns what came of it. */
static int pass(int fd, int (*send)(int socket, struct msghdr *message))
{
	char byte = 'x', control[CMSG_SPACE(sizeof(int))] = "";
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	int pair[2], copy;

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	need(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0, "socketpair");
	need(send(pair[0], &message) == 1, "send");
	need(recvmsg(pair[1], &message, 0) == 1, "recvmsg");
	memcpy(&copy, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(copy));
	close(pair[0]);
	close(pair[1]);
	return copy;
}

static int by_sendmsg(int socket, struct msghdr *message)
{
	return (int)sendmsg(socket, message, 0);
}

static int by_sendmmsg(int socket, struct msghdr *message)
{
	struct mmsghdr one = { .msg_hdr = *message };

	return sendmmsg(socket, &one, 1, 0);
}

/* What is done with the copy would be done by whoever got it. */
static void passed(int fd)
{
	int copy = pass(fd, by_sendmsg);

	close(fd);
	plain(copy);
}

static void passed_with_others(int fd)
{
	int copy = pass(fd, by_sendmmsg);

	close(fd);
	plain(copy);
}

static void passed_and_answered(int fd)
{
	close(pass(fd, by_sendmsg));
	plain(fd);
}

static void *thread(void *fd)
{
	plain(*(int *)fd);
	return NULL;
}

static void other_thread(int fd)
{
	pthread_t id;

	need(pthread_create(&id, NULL, thread, &fd) == 0, "pthread_create");
	pthread_join(id, NULL);
}

static void *blocked(void *fd)
{
	char data[8];

	TRY("read", read(*(int *)fd, data, sizeof(data)));
	return NULL;
}

/* A reader waits in the kernel while another thread answers: that is how full duplex looks. */
static void reader_beside(int fd)
{
	pthread_t id;

	need(pthread_create(&id, NULL, blocked, &fd) == 0, "pthread_create");
	answer(fd);
	shutdown(fd, SHUT_RDWR);
	pthread_join(id, NULL);
	close(fd);
}

/* A thread that is cancelled in a read leaves through us. */
static void cancelled(int fd)
{
	pthread_t id;
	void *result = NULL;

	need(pthread_create(&id, NULL, blocked, &fd) == 0, "pthread_create");
	pthread_cancel(id);
	pthread_join(id, &result);
	printf("cancelled: %d\n", result == PTHREAD_CANCELED);
	plain(fd);
}

static const struct {
	const char *name;
	void (*serve)(int fd);
} cases[] = {
	{ "plain", plain },
	{ "endless", endless },
	{ "shut", shut },
	{ "shut-reading", shut_reading },
	{ "half", half },
	{ "silent", silent },
	{ "hints", hints },
	{ "no-http", no_http },
	{ "upgrade", upgrade },
	{ "big", big },
	{ "whole", whole },
	{ "dup", by_dup },
	{ "fcntl", by_fcntl },
	{ "dup2", by_dup2 },
	{ "dup3", by_dup3 },
	{ "onto-itself", onto_itself },
	{ "nothing-onto", nothing_onto },
	{ "something-onto", something_onto },
	{ "copy-too-high", copy_too_high },
	{ "range", range },
	{ "range-on-exec", range_on_exec },
	{ "from", from },
	{ "raw-close", raw_close },
	{ "raw-write", raw_write },
	{ "stream", by_stream },
	{ "stream-below", by_stream_below },
	{ "stream-again", by_stream_again },
	{ "stream-after", by_stream_after },
	{ "dprintf", by_dprintf },
	{ "child-answers", child_answers },
	{ "child-closes", child_closes },
	{ "vfork-child-closes", vfork_child_closes },
	{ "vfork-child-answers", vfork_child_answers },
	{ "spawned-answers", spawned_answers },
	{ "cloned-answers", cloned_answers },
	{ "passed", passed },
	{ "passed-with-others", passed_with_others },
	{ "passed-and-answered", passed_and_answered },
	{ "other-thread", other_thread },
	{ "reader-beside", reader_beside },
	{ "cancelled", cancelled },
};

static void client(const char *name, int report)
{
	char request[128], got[4096];
	size_t sum = 0;
	int fd = pair_connect();
	ssize_t n;

	snprintf(request, sizeof(request), "GET /%s HTTP/1.1\r\nHost: h\r\n\r\n", name);
	need(write(fd, request, strlen(request)) == (ssize_t)strlen(request), "client write");
	while ((n = read(fd, got, sizeof(got))) > 0)
		sum += (size_t)n;
	dprintf(report, "%s: client got %zu, then %zd\n", name, sum, n);
	close(fd);
}

int main(void)
{
	guest_start();
	listener = pair_listen();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int report[2], piped = pipe(report);
		pid_t pid = fork();
		char request[512], line[200] = "";
		int fd;

		if (pid == 0) {
			client(cases[i].name, report[1]);
			_exit(0);
		}
		fd = i % 2 ? accept(listener, NULL, NULL)
			   : accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		printf("%s: accepted %d\n", cases[i].name, fd);
		need(read(fd, request, sizeof(request)) > 0, "read");
		cases[i].serve(fd);
		waitpid(pid, NULL, 0);
		need(piped == 0 && read(report[0], line, sizeof(line) - 1) > 0, "report");
		fputs(line, stdout);
		close(report[0]);
		close(report[1]);
	}
	TRY("accept, no descriptor", accept(-1, NULL, NULL));
	TRY("accept4, no socket", accept4(1, NULL, NULL, 0));
	fcntl(listener, F_SETFL, O_NONBLOCK);
	TRY("accept, nobody", accept4(listener, NULL, NULL, SOCK_NONBLOCK));
	return 0;
}
