/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Function processes: started by vfork and execve, each the leader of its own process group, ended
 * as a group, reaped on the loop. Nothing of a group outlives its leader.
 */
#pragma once

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "runtime/cleanup.h"

struct cs_process;

/** Called once on the loop when the leader was reaped; @status as wait(2). May free the process. */
typedef void (*cs_exit_fn)(struct cs_process *process, int status, void *arg);

struct cs_process {
	pid_t pid;              /* also the group's id; 0 when it is not running */
	uint64_t max_rss_bytes; /* the most of its memory that was resident; set before on_exit */
	cs_exit_fn on_exit;
	void *arg;
	TAILQ_ENTRY(cs_process) link;
};

TAILQ_HEAD(cs_process_list, cs_process);

struct cs_processes {
	struct event *child_signal;
	struct cs_process_list running;
	void (*on_idle)(void *arg); /* NULL, or called when the last one was reaped */
	void *idle_arg;
};

/* What to start. All borrowed until cs_process_start() returns. */
struct cs_process_plan {
	const char *file; /* path of the program, found already: execve does not look */
	char *const *argv;
	char *const *envp;
	const char *folder; /* working directory */
	int fds[3];         /* become 0, 1, 2; each > 2 */
};

/** cs_processes_init() - watch SIGCHLD on @base. Context: startup. Return: 0; -ENOMEM. */
cs_must_use int cs_processes_init(struct cs_processes *processes, struct event_base *base);

/** cs_processes_deinit() - stop watching; nothing may be running any more. */
void cs_processes_deinit(struct cs_processes *processes);

/**
 * cs_process_start() - start @plan as @process
 * @process: on_exit and arg set by the caller, who owns it; must stay until on_exit was called
 *
 * Context: loop. Signals are blocked meanwhile; the child gets default actions and an empty mask.
 * Return:  0, and on_exit will be called; a negative errno of vfork, chdir or execve, and it
 *          will not (-ENOENT: no such file, or its interpreter; -ENOEXEC: no known format).
 */
cs_must_use int cs_process_start(struct cs_processes *processes, struct cs_process *process,
				 const struct cs_process_plan *plan);

/** cs_process_kill() - send @signal to the whole group of @process; nothing when it has ended. */
void cs_process_kill(const struct cs_process *process, int signal);

/** cs_processes_kill() - send @signal to all groups. Return: whether any is still running. */
bool cs_processes_kill(const struct cs_processes *processes, int signal);

/**
 * cs_process_describe() - "exited with status 3", "was killed by signal 9 (Killed)"
 * @status: as wait(2)
 * @buf:    receives the NUL-terminated text, cut to @size bytes
 *
 * Return: @buf.
 */
char *cs_process_describe(int status, char *buf, size_t size);

/**
 * cs_program_find() - the file that a command's first word names
 * @folder: where a word with a slash starts, unless it is absolute
 * @path:   colon-separated folders for a word without one
 * @ret:    receives the path; the caller frees it
 *
 * Context: loop.
 * Return:  0; -ENOENT nothing of that name may be executed; -ENOMEM.
 */
cs_must_use int cs_program_find(const char *word, const char *folder, const char *path, char **ret);
