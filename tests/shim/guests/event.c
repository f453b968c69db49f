/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Gets its event from standard input and answers by standard output, each in the way that an argument
 * names; or leaves both to a child, in the way that the third one names.
 */
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include "tests/shim/guests/guest.h"
#include "tests/shim/guests/pair.h"

struct way {
	const char *name;
	int (*open)(int fd); /* returns the descriptor to use instead of @fd */
};

static int by_itself(int fd)
{
	return fd;
}

static int by_dup(int fd)
{
	return dup(fd);
}

static int by_fcntl(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 20);
}

/* As a shell does around a command whose input or output is redirected. */
static int by_dup_and_back(int fd)
{
	int saved = fcntl(fd, F_DUPFD, 10), other = open("/dev/null", O_RDWR);

	need(saved >= 0 && other >= 0, "save");
	need(dup2(other, fd) == fd && close(other) == 0, "redirect");
	need(dup2(saved, fd) == fd && close(saved) == 0, "restore");
	return fd;
}

static int by_dup_and_close(int fd)
{
	int copy = dup(fd);

	close(fd);
	return copy;
}

static int by_name(int fd)
{
	return open(fd ? "/dev/stdout" : "/dev/stdin", fd ? O_WRONLY : O_RDONLY);
}

static int by_dev_fd(int fd)
{
	return openat(AT_FDCWD, fd ? "/dev/fd/1" : "/dev/fd/0", fd ? O_WRONLY : O_RDONLY);
}

static int by_proc(int fd)
{
	return open(fd ? "/proc/self/fd/1" : "/proc/self/fd/0", fd ? O_WRONLY : O_RDONLY);
}

/* What follows is something else. */
static int by_null(int fd)
{
	int null = open("/dev/null", O_RDWR);

	need(dup2(null, fd) == fd && close(null) == 0, "null");
	return fd;
}

static int by_copy_of_null(int fd)
{
	int copy = dup(fd);
	int null = open("/dev/null", O_RDWR);

	need(dup2(null, copy) == copy && close(null) == 0, "null");
	return copy;
}

static int by_replaced_name(int fd)
{
	by_null(fd);
	return by_name(fd);
}

static int by_reopened_number(int fd)
{
	int copy = dup(fd);

	close(copy);
	need(open("/dev/null", O_RDWR) == copy, "the number again");
	return copy;
}

static const struct way ways[] = {
	{ "itself", by_itself },
	{ "dup", by_dup },
	{ "fcntl", by_fcntl },
	{ "dup-and-back", by_dup_and_back },
	{ "dup-and-close", by_dup_and_close },
	{ "name", by_name },
	{ "dev-fd", by_dev_fd },
	{ "proc", by_proc },
	{ "null", by_null },
	{ "copy-of-null", by_copy_of_null },
	{ "replaced-name", by_replaced_name },
	{ "reopened-number", by_reopened_number },
};

static int find(const char *name, int fd)
{
	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strcmp(ways[i].name, name) == 0)
			return ways[i].open(fd);
	}
	need(0, name);
	return -1;
}

extern char **environ;

/* A program that does nothing, from a child that @how tells of. */
static void leave_to_child(const char *how)
{
	char *argv[] = { "true", NULL };
	int status = -1, null;
	pid_t pid;

	if (strcmp(how, "spawn") == 0) {
		need(posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ) == 0, how);
	} else if ((pid = strncmp(how, "vfork", 5) == 0 ? vfork() : fork()) == 0) {
		if (strstr(how, "null")) {
			null = open("/dev/null", O_RDWR);
			dup2(null, 0);
			dup2(null, 1);
		}
		execv("/bin/true", argv);
		_exit(127);
	}
	need(waitpid(pid, &status, 0) == pid, "waitpid");
	fprintf(stderr, "child: %x\n", status);
}

/* Goes on in a child that executes nothing, and waits for it. */
static void go_on_in_child(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		return;
	need(waitpid(pid, &status, 0) == pid, "waitpid");
	exit(WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
	char event[64] = "";
	int in, out;
	ssize_t n;

	if (argc > 3 && strcmp(argv[3], "plain") == 0) {
		go_on_in_child();
		argc = 3;
	}
	if (argc > 3)
		leave_to_child(argv[3]);
	in = find(argv[1], 0);
	n = argc > 4 ? syscall(SYS_read, in, event, sizeof(event)) : read(in, event, sizeof(event));
	fprintf(stderr, "read: %zd errno %d\n", n, n < 0 ? errno : 0);
	if (argc > 3)
		leave_to_child(argv[3]);
	out = find(argv[2], 1);
	n = write(out, "answer", 6);
	fprintf(stderr, "written: %zd errno %d\n", n, n < 0 ? errno : 0);
	if (argc > 3)
		leave_to_child(argv[3]);
	return 0;
}
