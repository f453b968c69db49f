/* SPDX-License-Identifier: Apache-2.0 */

/* Writes to its standard streams and to a descriptor of frames, in the ways that arguments name. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "tests/shim/guests/guest.h"
#include "tests/shim/guests/pair.h"

static void say(int fd, const char *text)
{
	need(write(fd, text, strlen(text)) == (ssize_t)strlen(text), text);
}

static void in_all_ways(void)
{
	struct iovec parts[] = { { "one ", 4 }, { "", 0 }, { "line ", 5 }, { "in parts\n", 9 } };
	int copy = dup(2), named = open("/dev/stderr", O_WRONLY);

	say(2, "by write\n");
	need(writev(2, parts, 4) == 18, "writev");
	say(copy, "by a copy\n");
	say(named, "by its name\n");
	dprintf(2, "by dprintf\n");
	errno = UNTOUCHED;
	need(write(2, "", 0) == 0 && errno == UNTOUCHED, "errno");
}

/* The number goes to a file: what is written there is nobody's log. */
static void to_something_else(void)
{
	close(2);
	need(open("other", O_CREAT | O_RDWR, 0600) == 2, "open");
	say(2, "of a file\n");
	close(2);
	need(dup2(1, 2) == 2, "dup2");
	say(2, "where standard output goes\n");
}

static void too_much(void)
{
	char *text = malloc(100000);

	memset(text, 'x', 100000);
	need(write(2, text, 100000) == 100000, "write");
	for (int i = 0; i < 100; i++)
		need(write(2, text, 10000) == 10000, "write");
	free(text);
}

static void serve(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	say(1, "before it listens\n");
	need(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "bind");
	need(listen(fd, 1) == 0, "listen");
	need(accept(fd, NULL, NULL) < 0 && errno == EAGAIN, "accept");
	say(1, "when it waits\n");
}

static void in_a_child(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		say(1, "of a child\n");
		_exit(0);
	}
	need(waitpid(pid, NULL, 0) == pid, "wait");
}

static void frames(int fd)
{
	static const unsigned char whole[] = "\xa5\x5a\x00\x03\x00\x00\x00\x05"
					     "\0\0\0\0\0\0\0\1whole";
	static const unsigned char two[] = "\xa5\x5a\x00\x0f\x00\x00\x00\x04\0\0\0\0\0\0\0\2"
					   "next\xa5\x5a\x00\x03\x00\x00\x00\x04\0\0\0\0\0\0\0\3";

	need(write(fd, whole, sizeof(whole) - 1) == sizeof(whole) - 1, "whole");
	say(fd, "no frame at all, however long it is\n");
	need(write(fd, two, sizeof(two) - 1) == sizeof(two) - 1, "two");
	say(fd, "half and no more of it");
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char c;

		if (!strcmp(argv[i], "ways"))
			in_all_ways();
		else if (!strcmp(argv[i], "else"))
			to_something_else();
		else if (!strcmp(argv[i], "much"))
			too_much();
		else if (!strcmp(argv[i], "answer"))
			say(1, "the answer\n");
		else if (!strcmp(argv[i], "read"))
			need(read(0, &c, 1) >= 0, "read");
		else if (!strcmp(argv[i], "serve"))
			serve();
		else if (!strcmp(argv[i], "child"))
			in_a_child();
		else if (!strcmp(argv[i], "frames"))
			frames(atoi(getenv("_LAMBDA_TELEMETRY_LOG_FD")));
	}
	return 0;
}
