/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A static program, which no shim can be in. What it is told, in turn:
 *   fork N   N children, one after the other, that end at once
 *   stop     its parent is stopped until the next word is done
 *   run      the rest of the line is a command: run as a child, whose status is ours
 *   exec     the same in our place
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int fork_children(long count)
{
	for (; count > 0; count--) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		if (pid < 0 || waitpid(pid, NULL, 0) < 0)
			return 1;
	}
	return 0;
}

static int run(char **command)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execvp(command[0], command);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return 1;
	return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	int stopped = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "stop") == 0) {
			stopped = kill(getppid(), SIGSTOP) == 0;
			continue;
		}
		if (strcmp(argv[i], "run") == 0)
			return run(argv + i + 1);
		if (strcmp(argv[i], "exec") == 0) {
			execvp(argv[i + 1], argv + i + 1);
			return 127;
		}
		if (strcmp(argv[i], "fork") != 0 || i + 1 >= argc ||
		    fork_children(strtol(argv[++i], NULL, 10)) != 0)
			return 2;
		if (stopped)
			kill(getppid(), SIGCONT);
		stopped = 0;
	}
	return 0;
}
