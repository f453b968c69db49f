/* SPDX-License-Identifier: Apache-2.0 */

/* A command of ours, as of `coldspan run`: started with exact stamps, its end told as env(1) does. */
#pragma once

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/diag.h"

struct cs_dispositions;
struct rusage;

struct cs_child {
	pid_t pid;
	int pidfd;               /* owned; readable when the child has ended */
	uint64_t spawn_begin_ns; /* CLOCK_MONOTONIC, before the vfork */
	uint64_t exec_ns;        /* CLOCK_MONOTONIC, in the child, before the exec */
	pid_t spawner; /* the small process that was to start it, and is gone; 0: there was none */
	bool exec_failed; /* of one that was not started: it was there, its exec was refused */
};

/* What is started, and how. All is borrowed. */
struct cs_child_command {
	char *const *argv; /* ends with NULL; found through PATH */
	char *const *env;  /* ends with NULL */
	const int *
		files; /* descriptors above 2 that become its 0, 1 and 2; -1: it gets ours; NULL: all are */
	const char *folder;          /* where it runs; NULL: where we do */
	const cpu_set_t *processors; /* it may run on; NULL: those that we have */
	bool own_group; /* it leads a process group of its own, which a signal reaches whole */
	char *spawner; /* the path of coldspan-spawn (agent/spawner.h), so that its memory is its own; NULL: we
			   start it */

	/* It is about to be started, by @starter or, 0, by us; a second call takes the first back. NULL: nobody asks. */
	void (*starting)(void *context, pid_t starter);
	void *context;
	const struct cs_dispositions *dispositions;
};

/**
 * cs_child_start() - start a command
 *
 * By vfork and exec in sight of the clock: spawn and exec are told apart. The child gets the dispositions
 * and the signal mask of the calling thread. Where there is no spawner, or it may not do its part, we start it
 * and it counts as the most of its memory (ru_maxrss) what we ever had.
 *
 * Context: startup; the caller has no threads.
 * Return:  0; -ENOENT, -EACCES and others as exec(2) says (@diag filled in), then only
 *          @ret->exec_failed is changed; errors of vfork, and of the folder.
 */
int cs_child_start(const struct cs_child_command *command, struct cs_child *ret,
		   struct cs_diag *diag);

/**
 * cs_child_reap() - wait for a child that has ended
 * @ret_status: as wait(2) encodes it
 * @ret_usage:  of the child and of what it waited for
 *
 * Context: after @child->pidfd became readable, or willing to block.
 * Return:  0; negative errno.
 */
int cs_child_reap(struct cs_child *child, int *ret_status, struct rusage *ret_usage);

/** cs_child_exit_code() - the status that `run` passes on: exit status, or 128 + signal. */
int cs_child_exit_code(int status);
