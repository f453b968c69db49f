/* SPDX-License-Identifier: Apache-2.0 */

/* Starting and reaping commands; see child.h. */
#include "agent/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/dispositions.h"
#include "agent/exit_codes.h"
#include "agent/spawn_order.h"
#include "base/cleanup.h"
#include "base/clock.h"

/* What a child that was not started could not do. */
enum step {
	STEP_FOLDER,
	STEP_PROCESSORS,
	STEP_SPAWNER,
	STEP_EXEC,
};

/* What the vfork child leaves in our memory. */
struct launch {
	const struct cs_child_command *command;
	const sigset_t *mask;
	char *const
		*spawner; /* the arguments of what starts it; NULL: the child itself becomes it */
	int order;        /* the end of that */
	volatile uint64_t exec_ns;
	volatile int error;
	volatile enum step step; /* whose error it is */
};

static _Noreturn void fail(struct launch *launch, enum step step)
{
	launch->error = errno;
	launch->step = step;
	_exit(CS_EXIT_RUN_FAILED);
}

/* In the child: nothing but calls that a vfork child may make. */
static _Noreturn void become(struct launch *launch)
{
	const struct cs_child_command *command = launch->command;

	for (int fd = 0; command->files && fd <= STDERR_FILENO; fd++) {
		if (command->files[fd] >= 0)
			dup2(command->files[fd], fd);
	}
	if (command->own_group && !launch->spawner)
		setpgid(0, 0);
	if (command->folder && chdir(command->folder) < 0)
		fail(launch, STEP_FOLDER);
	if (command->processors &&
	    sched_setaffinity(0, sizeof(*command->processors), command->processors) < 0)
		fail(launch, STEP_PROCESSORS);
	cs_dispositions_restore(command->dispositions);
	if (launch->spawner) {
		fcntl(launch->order, F_SETFD, 0);
		execve(launch->spawner[0], launch->spawner, command->env);
		fail(launch, STEP_SPAWNER);
	}
	sigprocmask(SIG_SETMASK, launch->mask, NULL);
	launch->exec_ns = cs_clock_monotonic_ns();
	execvpe(command->argv[0], command->argv, command->env);
	fail(launch, STEP_EXEC);
}

/* exec(2) says ENOENT for a script without its interpreter and a program without its loader, too. */
static const char *reason(const char *command, const char *folder, int error)
{
	cs_cleanup(cs_closep) int from = -EBADF;

	if (error != ENOENT)
		return strerror(error);
	from = open(folder ? folder : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (strchr(command, '/') && faccessat(from, command, F_OK, 0) == 0)
		return "the interpreter that it names was not found; see its first line or, for a "
		       "program, readelf -l";
	return "command not found";
}

static int not_started(const struct launch *launch, struct cs_child *ret, struct cs_diag *diag)
{
	const struct cs_child_command *command = launch->command;
	const char *name = *command->argv[0] ? command->argv[0] : "\"\"";

	if (launch->step == STEP_PROCESSORS)
		return cs_diag_set(diag, -launch->error, "%s: no processor for it: %s", name,
				   strerror(launch->error));
	if (launch->step == STEP_FOLDER)
		return cs_diag_set(diag, -launch->error, "%s: %s", command->folder,
				   strerror(launch->error));
	ret->exec_failed = true;
	return cs_diag_set(diag, -launch->error, "%s: %s", name,
			   reason(command->argv[0], command->folder, launch->error));
}

/* All signals are blocked in it, for no handler of ours may run while it borrows our memory. */
static pid_t launch_child(struct launch *launch)
{
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	launch->mask = &before;
	pid = vfork();
	if (pid == 0)
		become(launch);
	sigprocmask(SIG_SETMASK, &before, NULL);
	launch->mask = NULL;
	return pid;
}

static void wait_for(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

static void tell_starter(const struct cs_child_command *command, pid_t starter)
{
	if (command->starting)
		command->starting(command->context, starter);
}

static struct cs_child child_of(pid_t pid, pid_t spawner, uint64_t begin_ns, uint64_t exec_ns)
{
	return (struct cs_child){
		.pid = pid,
		.spawner = spawner,
		.pidfd = (int)syscall(SYS_pidfd_open, pid, 0),
		.spawn_begin_ns = begin_ns,
		.exec_ns = exec_ns,
	};
}

static int start_itself(const struct cs_child_command *command, struct cs_child *ret,
			struct cs_diag *diag)
{
	struct launch launch = { .command = command };
	pid_t pid;
	uint64_t begin_ns;

	tell_starter(command, 0);
	begin_ns = cs_clock_monotonic_ns();
	pid = launch_child(&launch);
	if (pid < 0)
		return cs_diag_set(diag, -errno, "cannot start a process: %s", strerror(errno));
	if (launch.error) {
		wait_for(pid);
		return not_started(&launch, ret, diag);
	}
	*ret = child_of(pid, ret->spawner, begin_ns, launch.exec_ns);
	return 0;
}

/* --- by coldspan-spawn --- */

/* Return: false: it ended without a word. */
static bool hand_over(int fd, const struct cs_child_command *command, struct cs_spawned *ret)
{
	struct cs_spawn_order order = { .own_group = command->own_group };
	ssize_t len;

	sigprocmask(SIG_SETMASK, NULL, &order.mask);
	if (send(fd, &order, sizeof(order), MSG_NOSIGNAL) != sizeof(order))
		return false;
	do
		len = recv(fd, ret, sizeof(*ret), 0);
	while (len < 0 && errno == EINTR);
	return len == sizeof(*ret);
}

/* Return: -ENOTSUP: it could not do its part; whoever needs no more than a start does it himself. */
static int order_start(struct launch *launch, int fd, int *spawner_end, struct cs_child *ret,
		       struct cs_diag *diag)
{
	struct cs_spawned spawned = { .pid = -1 };
	pid_t spawner = launch_child(launch);
	bool told;

	if (spawner < 0)
		return -ENOTSUP;
	close(cs_take_fd(spawner_end));
	if (launch->error) {
		wait_for(spawner);
		return launch->step == STEP_SPAWNER ? -ENOTSUP : not_started(launch, ret, diag);
	}
	ret->spawner = spawner;
	tell_starter(launch->command, spawner);
	told = hand_over(fd, launch->command, &spawned);
	wait_for(spawner);
	if (!told)
		return cs_diag_set(diag, -EIO, "cannot start a process: who was to start it ended");
	if (spawned.pid < 0)
		return -ENOTSUP;
	if (spawned.error) {
		wait_for(spawned.pid);
		launch->error = spawned.error;
		launch->step = STEP_EXEC;
		return not_started(launch, ret, diag);
	}
	*ret = child_of(spawned.pid, spawner, spawned.begin_ns, spawned.exec_ns);
	return 0;
}

static int start_small(const struct cs_child_command *command, struct cs_child *ret,
		       struct cs_diag *diag)
{
	cs_cleanup(cs_closep) int ours = -EBADF, its = -EBADF;
	cs_cleanup(cs_freep) char **argv = NULL;
	cs_cleanup(cs_freep) char *search = NULL;
	struct launch launch = { .command = command };
	const char *path = getenv("PATH");
	char number[16];
	size_t count = 1; /* there is a name */
	int ends[2];

	while (command->argv[count])
		count++;
	argv = calloc(count + 4, sizeof(*argv));
	if (!argv || asprintf(&search, "%s%s", path ? "PATH=" : "", path ? path : "") < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -ENOTSUP;
	ours = ends[0];
	its = ends[1];
	snprintf(number, sizeof(number), "%d", its);
	argv[0] = command->spawner;
	argv[1] = number;
	argv[2] = search;
	memcpy(argv + 3, command->argv, count * sizeof(*argv));
	launch.spawner = argv;
	launch.order = its;
	return order_start(&launch, ours, &its, ret, diag);
}

int cs_child_start(const struct cs_child_command *command, struct cs_child *ret,
		   struct cs_diag *diag)
{
	int r;

	ret->spawner = 0;
	r = command->spawner ? start_small(command, ret, diag) : -ENOTSUP;
	return r == -ENOTSUP ? start_itself(command, ret, diag) : r;
}

int cs_child_reap(struct cs_child *child, int *ret_status, struct rusage *ret_usage)
{
	while (wait4(child->pid, ret_status, 0, ret_usage) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	if (child->pidfd >= 0)
		close(child->pidfd);
	child->pidfd = -EBADF;
	return 0;
}

int cs_child_exit_code(int status)
{
	if (WIFSIGNALED(status))
		return CS_EXIT_RUN_SIGNAL_BASE + WTERMSIG(status);
	return WEXITSTATUS(status);
}
