/* SPDX-License-Identifier: Apache-2.0 */

/* Every exec, with more arguments than there are registers; each in a child that becomes echo mode. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/shim/guests/guest.h"

extern char **environ;

static char *self;
static char *const words[] = { "exec", "echo",  "three", "four", "five",
			       "six",  "seven", "eight", "nine", NULL };
static char *const settings[] = { "GUEST_SETTING=given", NULL };

static int echo(int argc, char **argv)
{
	const char *setting = getenv("GUEST_SETTING");

	printf("  %d arguments:", argc);
	for (int i = 0; i < argc; i++)
		printf(" %s", argv[i]);
	printf("; setting %s\n", setting ? setting : "none");
	return 0;
}

static void report(const char *what, int ret)
{
	printf("%s came back: %d errno %d\n", what, ret, errno);
	_exit(3);
}

/* Runs @call in a child; what it returns is an error. */
#define IN_CHILD(how, what, call)                                                                  \
	do {                                                                                       \
		int status = 0;                                                                    \
		pid_t pid;                                                                         \
		printf("%s\n", what);                                                              \
		pid = how();                                                                       \
		if (pid == 0) {                                                                    \
			errno = UNTOUCHED;                                                         \
			report(what, call);                                                        \
		}                                                                                  \
		waitpid(pid, &status, 0);                                                          \
		printf("%s: status %x\n", what, status);                                           \
	} while (0)

static void good(void)
{
	int fd = open(self, O_RDONLY | O_CLOEXEC);

	IN_CHILD(fork, "execve", execve(self, words, settings));
	IN_CHILD(fork, "execv", execv(self, words));
	IN_CHILD(fork, "execvp", execvp(self, words));
	IN_CHILD(fork, "execvp, by name", execvp("exec-by-name", words));
	IN_CHILD(fork, "execvpe", execvpe(self, words, settings));
	IN_CHILD(fork, "fexecve", fexecve(fd, words, settings));
	IN_CHILD(fork, "execl",
		 execl(self, "exec", "echo", "three", "four", "five", "six", "seven", "eight",
		       "nine", (char *)NULL));
	IN_CHILD(fork, "execle",
		 execle(self, "exec", "echo", "three", "four", "five", "six", "seven", "eight",
			"nine", (char *)NULL, settings));
	IN_CHILD(fork, "execlp",
		 execlp("exec-by-name", "exec", "echo", "three", "four", "five", "six", "seven",
			"eight", "nine", (char *)NULL));
#ifdef __GLIBC__
	IN_CHILD(fork, "execveat", execveat(AT_FDCWD, self, words, settings, 0));
	IN_CHILD(fork, "execveat, descriptor", execveat(fd, "", words, settings, AT_EMPTY_PATH));
#endif
	IN_CHILD(vfork, "vfork, execve", execve(self, words, settings));
	IN_CHILD(vfork, "vfork, execvp", execvp("exec-by-name", words));
	IN_CHILD(vfork, "vfork, execl", execl(self, "exec", "echo", (char *)NULL));
	close(fd);
}

static void bad(void)
{
	IN_CHILD(fork, "execve, missing", execve("/nowhere/x", words, settings));
	IN_CHILD(fork, "execv, a folder", execv("/", words));
	IN_CHILD(fork, "execvp, missing", execvp("surely-missing", words));
	IN_CHILD(fork, "execvp, no name", execvp("", words));
	IN_CHILD(fork, "execvpe, missing", execvpe("surely-missing", words, settings));
	IN_CHILD(fork, "fexecve, no descriptor", fexecve(-1, words, settings));
#ifdef __GLIBC__
	IN_CHILD(fork, "execveat, missing", execveat(AT_FDCWD, "/nowhere/x", words, settings, 0));
	IN_CHILD(fork, "execveat, bad pointer",
		 execveat(AT_FDCWD, (const char *)-16, words, settings, 0));
#endif
	IN_CHILD(fork, "execl, missing", execl("/nowhere/x", "x", (char *)NULL));
	IN_CHILD(fork, "execle, missing", execle("/nowhere/x", "x", (char *)NULL, settings));
	IN_CHILD(fork, "execlp, missing", execlp("surely-missing", "x", (char *)NULL));
	IN_CHILD(vfork, "vfork, execve, missing", execve("/nowhere/x", words, settings));
}

/* What the kernel cannot read it refuses; libc's own look into a name is not tried. */
static void unreadable(void)
{
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *nothing = pages + 4096, *const bad[] = { nothing, NULL };
	char *open_end = nothing - 4, *whole = nothing - 11;

	memcpy(open_end, "/bin", 4);
	mprotect(nothing, 4096, PROT_NONE);
	IN_CHILD(fork, "execve, low pointer", execve((const char *)8, words, settings));
	IN_CHILD(fork, "execve, no path", execve(NULL, words, settings));
	IN_CHILD(fork, "execve, nothing there", execve(nothing, words, settings));
	IN_CHILD(fork, "execve, high pointer", execve((const char *)-16, words, settings));
	IN_CHILD(fork, "execve, no end", execve(open_end, words, settings));
	memcpy(whole, "/nowhere/x", 11);
	IN_CHILD(fork, "execve, just fits", execve(whole, words, settings));
	IN_CHILD(fork, "execv, nothing there", execv(nothing, words));
	IN_CHILD(fork, "execl, nothing there", execl(nothing, "x", (char *)NULL));
	IN_CHILD(fork, "execle, nothing there", execle(nothing, "x", (char *)NULL, settings));
	IN_CHILD(vfork, "vfork, execve, nothing there", execve(nothing, words, settings));
	IN_CHILD(fork, "execve, bad words", execve(self, (char *const *)nothing, settings));
	IN_CHILD(fork, "execve, a bad word", execve(self, bad, settings));
	IN_CHILD(fork, "execve, bad settings", execve(self, words, (char *const *)nothing));
}

int main(int argc, char **argv)
{
	char path[4096];

	guest_start();
	if (argc > 1 && strcmp(argv[1], "echo") == 0)
		return echo(argc, argv);
	self = realpath(argv[0], NULL);
	/* A place on PATH of our own, behind one that lacks the name. */
	if (symlink(self, "exec-by-name") < 0)
		return 2;
	snprintf(path, sizeof(path), "/nowhere:%s:/bin:/usr/bin", getcwd((char[2048]){ 0 }, 2048));
	setenv("PATH", path, 1);
	good();
	bad();
	unreadable();
	return 62;
}
