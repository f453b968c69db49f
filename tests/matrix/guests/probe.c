/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A guest that reports on itself what a preloaded library must not change: descriptors,
 * environment, signal state, threads, errno of failing calls. The report goes to the file named by
 * MATRIX_REPORT, so that it also comes out when all descriptors are closed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char report[65536];
static size_t used;

static void say(const char *key, const char *value)
{
	used += (size_t)snprintf(report + used, sizeof(report) - used, "%s=%s\n", key, value);
	if (used > sizeof(report) - 4096)
		used = sizeof(report) - 4096;
}

static void say_number(const char *key, long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", value);
	say(key, text);
}

static void say_descriptors(void)
{
	for (int fd = 0; fd < 256; fd++) {
		char link[64], target[512], key[32];
		ssize_t n;

		if (fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, target, sizeof(target) - 1);
		target[n < 0 ? 0 : n] = '\0';
		snprintf(key, sizeof(key), "fd.%d.%d", fd, fcntl(fd, F_GETFD));
		say(key, target);
	}
}

static void say_signals(void)
{
	sigset_t mask;
	char set[66] = { 0 };

	sigprocmask(SIG_BLOCK, NULL, &mask);
	for (int s = 1; s <= 64; s++) {
		struct sigaction action;

		set[s - 1] = sigismember(&mask, s) == 1 ? 'b' : '-';
		if (sigaction(s, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			set[s - 1] = 'i';
		else if (set[s - 1] == '-' && action.sa_handler != SIG_DFL)
			set[s - 1] = 'h';
	}
	say("signals", set);
}

static void say_calls(void)
{
	char byte;
	struct stat st;
	int pipes[2];

	errno = 0;
	say_number("read.badfd", read(200, &byte, 1));
	say_number("errno", errno);
	errno = 77;
	say_number("stat.ok", stat("/", &st));
	say_number("errno.kept", errno);
	say_number("open.missing", open("/nonexistent/x", O_RDONLY));
	say_number("errno", errno);
	errno = 0;
	say_number("close.badfd", close(200));
	say_number("errno", errno);
	if (pipe(pipes) == 0) {
		say_number("pipe.write", write(pipes[1], "hello", 5));
		say_number("pipe.read", read(pipes[0], report + used + 1024, 16));
		close(pipes[0]);
		close(pipes[1]);
	}
}

static void say_children(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(9);
	if (pid > 0 && waitpid(pid, &status, 0) == pid)
		say_number("fork.status", status);
	pid = vfork();
	if (pid == 0)
		_exit(5);
	if (pid > 0 && waitpid(pid, &status, 0) == pid)
		say_number("vfork.status", status);
}

static void say_filter(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[256];

	while (status && fgets(line, sizeof(line), status)) {
		if (!strncmp(line, "Seccomp:", 8))
			say_number("seccomp", atol(line + 8));
	}
	if (status)
		fclose(status);
}

static void say_tasks(void)
{
	DIR *tasks = opendir("/proc/self/task");
	long n = 0;

	while (tasks && readdir(tasks))
		n++;
	if (tasks)
		closedir(tasks);
	say_number("tasks", n);
}

int main(int argc, char **argv)
{
	const char *path = getenv("MATRIX_REPORT");
	char line[128];
	ssize_t n;
	int fd;

	open("/nonexistent/filter-from-here-on", O_RDONLY); /* late_filter.c */
	say_descriptors();
	for (char **e = environ; *e; e++)
		say("env", *e);
	say_signals();
	say_number("umask", umask(022));
	say_number("secure", (long)getauxval(AT_SECURE));
	say_tasks();
	say_filter();
	say_calls();
	say_children();
	n = read(0, line, sizeof(line));
	say_number("stdin", n);
	if (n > 0 && write(1, line, (size_t)n) != n)
		say_number("stdout.errno", errno);
	if (write(2, "to stderr\n", 10) != 10)
		say_number("stderr.errno", errno);
	fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
	if (fd >= 0 && write(fd, report, used) != (ssize_t)used)
		return 3;
	return argc > 1 ? atoi(argv[1]) : 7;
}
