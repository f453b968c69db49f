/* SPDX-License-Identifier: Apache-2.0 */

/* Start, end and reap function processes; see process.h. */
#include "runtime/process.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Signals that the runtime handles or ignores; a function starts with their defaults. */
static const int own_signals[] = { SIGCHLD, SIGTERM, SIGINT, SIGPIPE };

/*
 * Runs in the vfork child, on the parent's memory: only async-signal-safe calls, and nothing
 * written but @error. Handlers become defaults before signals are let in again, or libevent's
 * would run here and write into the parent's wake-up pipe.
 */
__attribute__((noinline, noreturn)) static void run_child(const struct cs_process_plan *plan,
							  pid_t parent, volatile int *error)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (size_t i = 0; i < sizeof(own_signals) / sizeof(own_signals[0]); i++)
		sigaction(own_signals[i], &standard, NULL);
	sigemptyset(&none);
	if (setpgid(0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		goto failed;
	if (getppid() != parent) /* it died before prctl could see it */
		_exit(127);
	for (int fd = 0; fd < 3; fd++) {
		if (dup2(plan->fds[fd], fd) < 0)
			goto failed;
	}
	if (chdir(plan->folder) < 0 || sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		goto failed;
	execve(plan->file, plan->argv, plan->envp);
failed:
	*error = errno;
	_exit(127);
}

int cs_process_start(struct cs_processes *processes, struct cs_process *process,
		     const struct cs_process_plan *plan)
{
	volatile int error = 0;
	pid_t parent = getpid(), pid;
	sigset_t all, before;
	int saved;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	pid = vfork();
	if (!pid)
		run_child(plan, parent, &error);
	saved = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return -saved;
	if (error) { /* it is a zombie by now, or about to be one */
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		return -error;
	}
	process->pid = pid;
	TAILQ_INSERT_TAIL(&processes->running, process, link);
	return 0;
}

/*
 * Called after the leader was reaped. As long as its group has a member the kernel keeps the number
 * from being used again, and without one the call fails; for the number to name a foreign group,
 * all of pid_max would have to be used up between two system calls. Killing before the reaping
 * would be no safer and would look, to anybody who watches, like the cause of the leader's death.
 */
static void end_group(pid_t group)
{
	kill(-group, SIGKILL);
}

static void reap(evutil_socket_t signal, short what, void *arg)
{
	struct cs_processes *processes = arg;
	struct cs_process *process;
	struct rusage usage;
	pid_t pid;
	int status;

	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
		TAILQ_FOREACH(process, &processes->running, link) {
			if (process->pid == pid)
				break;
		}
		if (!process) /* an orphan that became ours, as pid 1 of a container sees them */
			continue;
		end_group(pid);
		TAILQ_REMOVE(&processes->running, process, link);
		process->pid = 0;
		process->max_rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
		process->on_exit(process, status, process->arg);
	}
	if (TAILQ_EMPTY(&processes->running) && processes->on_idle)
		processes->on_idle(processes->idle_arg);
}

int cs_processes_init(struct cs_processes *processes, struct event_base *base)
{
	TAILQ_INIT(&processes->running);
	processes->child_signal = evsignal_new(base, SIGCHLD, reap, processes);
	if (!processes->child_signal || event_add(processes->child_signal, NULL) < 0)
		return -ENOMEM;
	return 0;
}

void cs_processes_deinit(struct cs_processes *processes)
{
	if (processes->child_signal)
		event_free(processes->child_signal);
	processes->child_signal = NULL;
}

void cs_process_kill(const struct cs_process *process, int signal)
{
	if (process->pid > 0)
		kill(-process->pid, signal);
}

bool cs_processes_kill(const struct cs_processes *processes, int signal)
{
	const struct cs_process *process;

	TAILQ_FOREACH(process, &processes->running, link)
		cs_process_kill(process, signal);
	return !TAILQ_EMPTY(&processes->running);
}

char *cs_process_describe(int status, char *buf, size_t size)
{
	if (WIFEXITED(status))
		snprintf(buf, size, "exited with status %d", WEXITSTATUS(status));
	else
		snprintf(buf, size, "was killed by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	return buf;
}

static bool is_program(const char *file)
{
	struct stat st;

	return !stat(file, &st) && S_ISREG(st.st_mode) && !access(file, X_OK);
}

int cs_program_find(const char *word, const char *folder, const char *path, char **ret)
{
	char *file = NULL;
	int len;

	if (strchr(word, '/')) {
		len = word[0] == '/' ? asprintf(&file, "%s", word)
				     : asprintf(&file, "%s/%s", folder, word);
		if (len < 0)
			return -ENOMEM;
		if (is_program(file)) {
			*ret = file;
			return 0;
		}
		free(file);
		return -ENOENT;
	}
	for (const char *at = path; at;) {
		size_t at_len = strcspn(at, ":");

		/* An empty entry means the working directory, which is nobody's intention here. */
		len = asprintf(&file, "%.*s/%s", (int)at_len, at, word);
		if (len < 0)
			return -ENOMEM;
		if (at_len && is_program(file)) {
			*ret = file;
			return 0;
		}
		free(file);
		at = at[at_len] ? at + at_len + 1 : NULL;
	}
	return -ENOENT;
}
