/* SPDX-License-Identifier: Apache-2.0 */

/*
 * coldspan-spawn: starts one command for coldspan, whose child it becomes (CLONE_PARENT), and ends.
 *
 * The kernel counts the most that the memory before an exec ever had as the most of the process that
 * executes (setmax_mm_hiwater_rss() in fs/exec.c), and by vfork that is its spawner's: of coldspan some 7 MiB,
 * of this program half of one. It is linked statically, so that nothing preloaded comes into it.
 * Must not: allocate, or touch more memory than it needs.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "agent/exit_codes.h"
#include "agent/spawn_order.h"

/* execvp(3) has paths on it, and all arguments of a script without a first line; untouched it costs nothing. */
#define STACK_BYTES (8u << 20)

struct spawning {
	struct cs_spawn_order order;
	char **argv;
	char **env; /* its own; ours is where it is looked for */
	volatile int error;
	volatile uint64_t exec_ns;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* In the command's process, which has our memory until its exec. */
static int become(void *context)
{
	struct spawning *spawning = context;

	if (spawning->order.own_group)
		setpgid(0, 0);
	sigprocmask(SIG_SETMASK, &spawning->order.mask, NULL);
	spawning->exec_ns = now_ns();
	execvpe(spawning->argv[0], spawning->argv, spawning->env);
	spawning->error = errno;
	_exit(CS_EXIT_RUN_FAILED);
}

static struct cs_spawned spawn(struct spawning *spawning)
{
	static _Alignas(16) char stack[STACK_BYTES];
	struct cs_spawned spawned = { .begin_ns = now_ns() };

	spawned.pid = clone(become, stack + sizeof(stack),
			    CLONE_VM | CLONE_VFORK | CLONE_PARENT | SIGCHLD, spawning);
	spawned.error = spawned.pid < 0 ? errno : spawning->error;
	spawned.exec_ns = spawning->exec_ns;
	return spawned;
}

int main(int argc, char **argv)
{
	struct spawning spawning = { .argv = argv + 3, .env = environ };
	static char *search[2];
	struct cs_spawned spawned;
	int fd;

	if (argc < 4)
		return CS_EXIT_USAGE;
	search[0] = *argv[2] ? argv[2] : NULL;
	environ = search;
	fd = atoi(argv[1]);
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
	    recv(fd, &spawning.order, sizeof(spawning.order), 0) != sizeof(spawning.order))
		return CS_EXIT_FAILED;
	spawned = spawn(&spawning);
	return send(fd, &spawned, sizeof(spawned), MSG_NOSIGNAL) == sizeof(spawned)
		       ? CS_EXIT_DONE
		       : CS_EXIT_FAILED;
}
