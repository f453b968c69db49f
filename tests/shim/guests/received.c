/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A worker that is sent what its parent accepted: connections, one of which is asked twice and one of
 * which speaks something else, and a pipe. It answers whatever it reads.
 */
#include <sys/wait.h>

#include "tests/shim/guests/guest.h"
#include "tests/shim/guests/pair.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

static void send_fd(int channel, int fd)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { "x", 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	need(sendmsg(channel, &message, 0) == 1, "sendmsg");
	close(fd);
}

static int receive_fd(int channel)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	int fd;

	if (recvmsg(channel, &message, 0) != 1)
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static void work(int channel)
{
	char bytes[256];
	int fd;

	while ((fd = receive_fd(channel)) >= 0) {
		while (read(fd, bytes, sizeof(bytes)) > 0)
			write(fd, OK, sizeof(OK) - 1);
		close(fd);
	}
	_exit(0);
}

static void ask(int fd, const char *words)
{
	char got[256] = "";

	need(write(fd, words, strlen(words)) > 0, "ask");
	need(read(fd, got, sizeof(got) - 1) > 0, "answer");
	printf("%s", got);
}

static int connect_through(int listener, int channel)
{
	int client = pair_connect(), fd = accept(listener, NULL, NULL);

	need(fd >= 0, "accept");
	send_fd(channel, fd);
	return client;
}

int main(int argc, char **argv)
{
	int channel[2], pipes[2], listener, status = -1, fd;
	pid_t pid;

	if (argc > 1)
		work(atoi(argv[1]));
	guest_start();
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, channel) == 0, "socketpair");
	if ((pid = fork()) == 0) {
		char number[16];

		close(channel[0]);
		snprintf(number, sizeof(number), "%d", channel[1]);
		execl(argv[0], argv[0], number, (char *)NULL);
		_exit(127);
	}
	close(channel[1]);
	listener = pair_listen();
	fd = connect_through(listener, channel[0]);
	ask(fd, "GET /first HTTP/1.1\r\nHost: h\r\n\r\n");
	ask(fd, "GET /second HTTP/1.1\r\nHost: h\r\n\r\n");
	close(fd);
	fd = connect_through(listener, channel[0]);
	ask(fd, "EHLO h\r\n");
	ask(fd, "GET /too/late HTTP/1.1\r\nHost: h\r\n\r\n");
	close(fd);
	need(pipe(pipes) == 0, "pipe");
	need(write(pipes[1], "words", 5) == 5, "write");
	close(pipes[1]);
	send_fd(channel[0], pipes[0]);
	close(channel[0]);
	need(waitpid(pid, &status, 0) == pid, "waitpid");
	printf("status %x\n", status);
	return 0;
}
