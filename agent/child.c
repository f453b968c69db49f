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

/* What the vfork child leaves in our memory. */
struct launch {
	char *const *argv;
	char *const *envp;
	const int *files;
	const struct cs_dispositions *dispositions;
	const sigset_t *mask;
	volatile uint64_t exec_ns;
	volatile int error;
};

/* In the child: nothing but calls that a vfork child may make. */
static _Noreturn void become(struct launch *launch)
{
	for (int fd = 0; launch->files && fd <= STDERR_FILENO; fd++) {
		if (launch->files[fd] >= 0)
			dup2(launch->files[fd], fd);
	}
	cs_dispositions_restore(launch->dispositions);
	sigprocmask(SIG_SETMASK, launch->mask, NULL);
	launch->exec_ns = cs_clock_monotonic_ns();
	execvpe(launch->argv[0], launch->argv, launch->envp);
	launch->error = errno;
	_exit(CS_EXIT_RUN_FAILED);
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

int cs_child_start(char *const *argv, char *const *envp, const int *files,
		   const struct cs_dispositions *dispositions, struct cs_child *ret,
		   struct cs_diag *diag)
{
	struct launch launch = {
		.argv = argv, .envp = envp, .files = files, .dispositions = dispositions
	};
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
		ret->exec_failed = true;
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			continue;
		return cs_diag_set(diag, -launch.error, "%s: %s", *argv[0] ? argv[0] : "\"\"",
				   reason(argv[0], launch.error));
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
