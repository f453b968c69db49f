/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Forbids itself, late and in one of several ways, calls that it does not make and an attach does,
 * and then starts processes in every way that libc has. None may die of it.
 *
 * usage: filtered none|prctl|syscall|raw PROGRAM (one that an attach never reaches)
 */
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "tests/shim/guests/guest.h"
#include "tests/support/call_filter.h"

static const long forbidden[] = {
	SYS_getpid,       SYS_getppid, SYS_prlimit64, SYS_socket, SYS_connect,
	SYS_memfd_create, SYS_sendmsg, SYS_ftruncate, SYS_getcwd, SYS_readlinkat,
};
#define COUNT (sizeof(forbidden) / sizeof(forbidden[0]))

static const char *program;

/* As programs do that have no libc for it: nobody sees that a filter was installed. */
static long raw_prctl(long option, long a, long b, long c, long d)
{
	long ret;
#if defined(__x86_64__)
	register long r10 __asm__("r10") = c;
	register long r8 __asm__("r8") = d;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(SYS_prctl), "D"(option), "S"(a), "d"(b), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
#else
	register long x8 __asm__("x8") = SYS_prctl;
	register long x0 __asm__("x0") = option;
	register long x1 __asm__("x1") = a;
	register long x2 __asm__("x2") = b;
	register long x3 __asm__("x3") = c;
	register long x4 __asm__("x4") = d;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
			 : "memory");
	ret = x0;
#endif
	return ret;
}

static long forbid(const char *how)
{
	struct call_filter filter;

	_Static_assert(COUNT <= CALL_FILTER_MAX, "room");
	call_filter_make(&filter, forbidden, COUNT, CALL_FILTER_KILL, CALL_FILTER_ALLOW);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	if (strcmp(how, "prctl") == 0)
		return prctl(PR_SET_SECCOMP, CALL_FILTER_MODE, &filter);
	if (strcmp(how, "syscall") == 0)
		return syscall(SYS_seccomp, CALL_FILTER_SET, 0, &filter);
	return raw_prctl(PR_SET_SECCOMP, CALL_FILTER_MODE, (long)&filter, 0, 0);
}

/* An attempt that fails, and one that does not. */
static int become(void)
{
	execl("/nowhere/x", "x", (char *)NULL);
	execl(program, program, (char *)NULL);
	_exit(9);
}

static int child(void *nothing)
{
	kill(1, 12345); /* recorded, and nothing happens */
	return become();
}

static void ended(const char *what, pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	printf("%s: status %x\n", what, status);
}

static void by_libc(void)
{
	char *const words[] = { (char *)program, NULL }, *const none[] = { NULL };
	pid_t pid = fork();

	if (pid == 0)
		child(NULL);
	ended("fork", pid);
	pid = fork();
	if (pid == 0) {
		/* A child of a child. */
		pid = fork();
		if (pid == 0)
			child(NULL);
		ended("fork in a fork child", pid);
		_exit(3);
	}
	ended("a fork child", pid);
	pid = vfork();
	if (pid == 0)
		become();
	ended("vfork", pid);
	if (posix_spawn(&pid, program, NULL, NULL, words, none) == 0)
		ended("posix_spawn", pid);
}

/* libc does not know whose memory it is in. */
static void around_libc(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	pid_t pid = clone(child, stack + sizeof(stack), SIGCHLD, NULL);

	ended("clone", pid);
	pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		child(NULL);
	ended("raw clone", pid);
	pid = clone((int (*)(void *))become, stack + sizeof(stack),
		    SIGCHLD | CLONE_VM | CLONE_VFORK, NULL);
	ended("clone like vfork", pid);
}

int main(int argc, char **argv)
{
	const char *how = argv[1];

	program = argv[2];
	guest_start();
	if (strcmp(how, "none") != 0)
		TRY("filter", forbid(how));
	by_libc();
	/* Whose filter nobody saw: see docs/attach.md. */
	if (strcmp(how, "raw") != 0)
		around_libc();
	if (fork() == 0)
		become();
	ended("last", -1);
	become();
}
