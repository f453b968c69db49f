/* SPDX-License-Identifier: Apache-2.0 */

/* Starting and reaping commands; see child.h. */
#include "agent/child.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/dispositions.h"
#include "agent/exit_codes.h"
#include "base/clock.h"

/* What a child that was not started could not do. */
enum step {
	STEP_FOLDER,
	STEP_PROCESSORS,
	STEP_EXEC,
};

/* What the vfork child leaves in our memory. */
struct launch {
	const struct cs_child_command *command;
	const sigset_t *mask;
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
	if (command->own_group)
		setpgid(0, 0);
	if (command->folder && chdir(command->folder) < 0)
		fail(launch, STEP_FOLDER);
	if (command->processors &&
	    sched_setaffinity(0, sizeof(*command->processors), command->processors) < 0)
		fail(launch, STEP_PROCESSORS);
	cs_dispositions_restore(command->dispositions);
	sigprocmask(SIG_SETMASK, launch->mask, NULL);
	launch->exec_ns = cs_clock_monotonic_ns();
	execvpe(command->argv[0], command->argv, command->env);
	fail(launch, STEP_EXEC);
}

/* exec(2) says ENOENT for a script without its interpreter and a program without its loader, too. */
static const char *reason(const char *command, int error)
{
	if (error != ENOENT)
		return strerror(error);
	if (strchr(command, '/') && access(command, F_OK) == 0)
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
			   reason(command->argv[0], launch->error));
}

int cs_child_start(const struct cs_child_command *command, struct cs_child *ret,
		   struct cs_diag *diag)
{
	struct launch launch = { .command = command };
	sigset_t all, before;
	uint64_t begin_ns;
	pid_t pid;

	/* No handler of ours may run in the child while it borrows our memory. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	launch.mask = &before;
	begin_ns = cs_clock_monotonic_ns();
	pid = vfork();
	if (pid == 0)
		become(&launch);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return cs_diag_set(diag, -errno, "cannot start a process: %s", strerror(errno));
	if (launch.error) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			continue;
		return not_started(&launch, ret, diag);
	}
	*ret = (struct cs_child){
		.pid = pid,
		.pidfd = (int)syscall(SYS_pidfd_open, pid, 0),
		.spawn_begin_ns = begin_ns,
		.exec_ns = launch.exec_ns,
	};
	return 0;
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
