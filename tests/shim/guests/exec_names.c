/* SPDX-License-Identifier: Apache-2.0 */

/* Children that are executed by libc itself, or by a call of no name that anybody could interpose. */
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/shim/guests/guest.h"

extern char **environ;

static char *words[] = { "true", NULL };

static void say(const char *what, pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	printf("%s: status %x\n", what, status);
}

static void raw(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		syscall(SYS_execve, "/bin/true", words, environ);
		_exit(9);
	}
	say("a raw call", pid);
}

int main(void)
{
	FILE *stream;
	pid_t pid;

	guest_start();
	printf("posix_spawnp: %d\n", posix_spawnp(&pid, "true", NULL, NULL, words, environ));
	say("posix_spawnp", pid);
	printf("system: %x\n", system("exec true"));
	stream = popen("exec true", "r");
	printf("popen: %x\n", pclose(stream));
	raw();
	return 73;
}
