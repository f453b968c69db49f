/* SPDX-License-Identifier: Apache-2.0 */

/* Every way to start, await and signal a process or thread, well and badly used. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/shim/guests/guest.h"

extern char **environ;

static char stack[256 * 1024] __attribute__((aligned(16)));

static pid_t started;

/* The child uses memory enough to be seen in its usage, and gives the processor away. */
static void start_fork(int status)
{
	static char memory[4 << 20];

	started = fork();
	if (started == 0) {
		memset(memory, status, sizeof(memory));
		for (int i = 0; i < 5; i++)
			usleep(1000); /* gives the processor away, unless it is over before it has begun */
		_exit(status);
	}
}

static void print_status(const char *what, int status)
{
	printf("%s: exited %d %d signalled %d %d\n", what, WIFEXITED(status), WEXITSTATUS(status),
	       WIFSIGNALED(status), WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

static void waits(void)
{
	struct rusage usage;
	siginfo_t info;
	int status = -1;

	start_fork(1);
	TRY("wait", wait(&status) == started);
	print_status("wait", status);
	start_fork(2);
	TRY("waitpid", waitpid(started, &status, 0) == started);
	print_status("waitpid", status);
	start_fork(3);
	memset(&usage, 0, sizeof(usage));
	TRY("wait3", wait3(&status, 0, &usage) == started);
	print_status("wait3", status);
	printf("wait3 usage: %d\n", usage.ru_maxrss > 0);
	start_fork(4);
	memset(&usage, 0, sizeof(usage));
	TRY("wait4", wait4(started, &status, 0, &usage) == started);
	print_status("wait4", status);
	printf("wait4 usage: %d\n", usage.ru_maxrss > 0);
	start_fork(5);
	TRY("wait4 without results", wait4(started, NULL, 0, NULL) == started);
	start_fork(6);
	memset(&info, 0, sizeof(info));
	TRY("waitid, left", waitid(P_PID, (id_t)started, &info, WEXITED | WNOWAIT));
	printf("waitid: %d %d %d\n", info.si_pid == started, info.si_code, info.si_status);
	TRY("waitid", waitid(P_PID, (id_t)started, &info, WEXITED));
	start_fork(7);
	TRY("waitid without result", waitid(P_PID, (id_t)started, NULL, WEXITED));
	TRY("wait, none", wait(&status));
	TRY("waitpid, none", waitpid(-1, &status, WNOHANG));
	TRY("waitpid, bad options", waitpid(-1, &status, 0x7fff0000));
	TRY("wait3, none", wait3(&status, 0, &usage));
	TRY("wait4, none", wait4(-1, &status, 0, &usage));
	TRY("waitid, none", waitid(P_ALL, 0, &info, WEXITED));
}

/* Where nothing may be read or written: the kernel says so, or never looks. */
static void waits_into_nothing(void)
{
	void *nothing = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	TRY("wait, none, bad pointer", wait(nothing));
	TRY("waitpid, none, bad pointer", waitpid(-1, nothing, WNOHANG));
	TRY("wait3, none, bad pointers", wait3(nothing, 0, nothing));
	TRY("wait4, none, bad pointers", wait4(-1, nothing, 0, nothing));
	TRY("waitid, none, bad pointer", waitid(P_ALL, 0, nothing, WEXITED));
	start_fork(1);
	TRY("wait, bad pointer", wait(nothing));
	start_fork(1);
	TRY("waitpid, bad pointer", waitpid(started, nothing, 0));
	start_fork(1);
	TRY("wait3, bad pointer", wait3(NULL, 0, nothing));
	start_fork(1);
	TRY("wait4, bad pointer", wait4(started, nothing, 0, NULL));
	start_fork(1);
	TRY("waitid, bad pointer", waitid(P_PID, (id_t)started, nothing, WEXITED));
	TRY("wait, none is left", wait(NULL));
}

static void alarmed(int signal)
{
	(void)signal;
}

static void interrupted_wait(void)
{
	struct sigaction action = { .sa_handler = alarmed };
	struct itimerval timer = { .it_value = { 0, 20000 } };
	int fds[2], status;
	char c;

	if (pipe(fds) < 0)
		return;
	sigaction(SIGALRM, &action, NULL);
	started = fork();
	if (started == 0) {
		close(fds[1]);
		_exit(read(fds[0], &c, 1) == 0 ? 8 : 9);
	}
	close(fds[0]);
	setitimer(ITIMER_REAL, &timer, NULL);
	TRY("waitpid, interrupted", waitpid(started, &status, 0));
	close(fds[1]);
	TRY("waitpid, again", waitpid(started, &status, 0) == started);
	print_status("waitpid, again", status);
}

/* In a function of its own: the caller's frame is what a wrong vfork destroys. */
__attribute__((noinline)) static int vfork_once(volatile int *shared, int value)
{
	int canary = value * 3;
	pid_t pid = vfork();

	if (pid == 0) {
		*shared = value;
		_exit(value);
	}
	return pid > 0 && canary == value * 3 ? (int)pid : -1;
}

static void vforks(void)
{
	volatile int shared = 0;
	int status = 0;

	errno = UNTOUCHED;
	started = vfork_once(&shared, 11);
	printf("vfork: %d errno %d shared %d\n", started > 0, errno, shared);
	waitpid(started, &status, 0);
	print_status("vfork", status);
	started = vfork();
	if (started == 0) {
		execl("/bin/sh", "sh", "-c", "exit 12", (char *)NULL);
		_exit(99);
	}
	waitpid(started, &status, 0);
	print_status("vfork and execl", status);
	started = vfork();
	if (started == 0) {
		char *argv[] = { "missing", NULL };
		execv("/nowhere/missing", argv);
		_exit(errno == ENOENT ? 13 : 14);
	}
	waitpid(started, &status, 0);
	print_status("vfork and a failed execv", status);
	/* The mark of a vfork child must be gone: a table may be changed again. */
	TRY("open after vfork", close(open("/dev/null", O_RDONLY)));
}

static void *vfork_thread(void *arg)
{
	volatile int shared = 0;
	intptr_t failed = 0;

	for (int i = 0; i < 20; i++) {
		int status, value = 20 + i;
		pid_t pid = vfork_once(&shared, value);

		if (pid < 0 || waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != value ||
		    shared != value)
			failed++;
	}
	return (void *)failed;
}

static int clone_child(void *arg)
{
	*(int *)arg += 1;
	return 21;
}

static void clones(void)
{
	char *top = stack + sizeof(stack);
	int counter = 0, status = 0;
	pid_t tid = 0;

	errno = UNTOUCHED;
	started = clone(clone_child, top, SIGCHLD, &counter);
	printf("clone: %d errno %d\n", started > 0, errno);
	waitpid(started, &status, 0);
	printf("clone, own memory: %d\n", counter);
	print_status("clone", status);
	started = clone(clone_child, top, CLONE_VM | CLONE_VFORK | SIGCHLD, &counter);
	waitpid(started, &status, 0);
	printf("clone, as vfork: %d\n", counter);
	print_status("clone, as vfork", status);
	started =
		clone(clone_child, top, CLONE_PARENT_SETTID | SIGCHLD, &counter, &tid, NULL, NULL);
	waitpid(started, &status, 0);
	printf("clone, tid: %d\n", tid == started);
	TRY("clone, bad flags", clone(clone_child, top, CLONE_SIGHAND | SIGCHLD, &counter));
#ifdef __GLIBC__ /* musl looks at nothing */
	TRY("clone, no function", clone(NULL, top, SIGCHLD, NULL));
#endif
}

/* What a spawn returned is told after its child has spoken. */
#define TRY_SPAWN(what, call)                                                                      \
	do {                                                                                       \
		int ret, saved, status = 0;                                                        \
		errno = UNTOUCHED;                                                                 \
		ret = (call);                                                                      \
		saved = errno;                                                                     \
		wait(&status);                                                                     \
		printf("%s: %d errno %d\n", what, ret, saved);                                     \
		print_status(what, status);                                                        \
	} while (0)

static void spawns(void)
{
	char *argv[] = { "sh", "-c", "echo spawned; exit 31", NULL };
	char *argv_file[] = { "sh", "-c", "echo into a file", NULL };
	char *nothing[] = { "missing", NULL };
	posix_spawn_file_actions_t actions;

	TRY_SPAWN("posix_spawn", posix_spawn(&started, "/bin/sh", NULL, NULL, argv, environ));
	TRY_SPAWN("posix_spawnp", posix_spawnp(&started, "sh", NULL, NULL, argv, environ));
	TRY_SPAWN("posix_spawn, none",
		  posix_spawn(&started, "/nowhere/x", NULL, NULL, nothing, environ));
	TRY_SPAWN("posix_spawnp, none",
		  posix_spawnp(&started, "surely-missing", NULL, NULL, nothing, environ));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "spawned.txt", O_CREAT | O_WRONLY, 0600);
	TRY_SPAWN("posix_spawn, actions",
		  posix_spawn(&started, "/bin/sh", &actions, NULL, argv_file, environ));
	posix_spawn_file_actions_destroy(&actions);
	TRY_SPAWN("posix_spawn, no pid wanted",
		  posix_spawn(NULL, "/bin/sh", NULL, NULL, argv, environ));
}

static void inside_libc(void)
{
	char line[64] = "";
	FILE *pipe;

	TRY("system", system("exit 41"));
	TRY("system, query", system(NULL) != 0);
	pipe = popen("echo through a pipe", "r");
	printf("popen: %s", fgets(line, sizeof(line), pipe));
	TRY("pclose", pclose(pipe));
}

static void kills(void)
{
	int status = 0;

	TRY("kill, test", kill(getpid(), 0));
	TRY("kill, bad signal", kill(getpid(), 12345));
	TRY("kill, nobody", kill(0x3ffffff, SIGTERM));
	TRY("killpg, test", killpg(getpgrp(), 0));
	TRY("killpg, bad signal", killpg(getpgrp(), -1));
	started = fork();
	if (started == 0) {
		for (;;)
			pause();
	}
	TRY("kill", kill(started, SIGTERM));
	waitpid(started, &status, 0);
	print_status("kill", status);
	started = fork();
	if (started == 0) {
		setpgid(0, 0);
		for (;;)
			pause();
	}
	setpgid(started, started);
	TRY("killpg", killpg(started, SIGKILL));
	waitpid(started, &status, 0);
	print_status("killpg", status);
}

static void *thread(void *arg)
{
	return arg;
}

static void *waiting_thread(void *arg)
{
	int status;

	waitpid(*(pid_t *)arg, &status, 0);
	return NULL;
}

static void threads(void)
{
	pthread_t ids[3];
	void *result;
	pid_t child;

	for (int i = 0; i < 3; i++)
		TRY("pthread_create", pthread_create(&ids[i], NULL, thread, &ids[i]));
	for (int i = 0; i < 3; i++) {
		pthread_join(ids[i], &result);
		printf("thread: %d\n", result == &ids[i]);
	}
	for (int i = 0; i < 3; i++)
		pthread_create(&ids[i], NULL, vfork_thread, NULL);
	for (int i = 0; i < 3; i++) {
		pthread_join(ids[i], &result);
		printf("vforks of a thread that went wrong: %d\n", (int)(intptr_t)result);
	}
	/* A cancellation point must stay one, and our frame must not be in its way. */
	child = fork();
	if (child == 0) {
		for (;;)
			pause();
	}
	pthread_create(&ids[0], NULL, waiting_thread, &child);
	TRY("pthread_cancel", pthread_cancel(ids[0]));
	pthread_join(ids[0], &result);
	printf("cancelled in waitpid: %d\n", result == PTHREAD_CANCELED);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void generations(void)
{
	int status = 0;

	started = fork();
	if (started == 0) {
		pid_t inner = fork();

		if (inner == 0) {
			close(open("/dev/null", O_RDONLY));
			_exit(kill(getpid(), 0) == 0 ? 51 : 52);
		}
		waitpid(inner, &status, 0);
		print_status("grandchild", status);
		_exit(53);
	}
	waitpid(started, &status, 0);
	print_status("child", status);
	/* A fork that no hook sees: the child finds out by itself. */
	started = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (started == 0)
		_exit(kill(getpid(), SIGURG) == 0 ? 54 : 55);
	waitpid(started, &status, 0);
	print_status("raw clone", status);
}

/* Last: with a second task in this memory nothing can be told apart any more. */
static void shares_memory(void)
{
	char *top = stack + sizeof(stack);
	int counter = 0, status = 0;

	started = clone(clone_child, top, CLONE_VM | SIGCHLD, &counter);
	waitpid(started, &status, 0);
	printf("clone, shared memory: %d\n", counter);
	print_status("clone, shared memory", status);
	TRY("open after that", close(open("/dev/null", O_RDONLY)));
}

int main(void)
{
	guest_start();
	waits();
	waits_into_nothing();
	interrupted_wait();
	vforks();
	clones();
	spawns();
	inside_libc();
	kills();
	threads();
	generations();
	shares_memory();
	return 61;
}
