/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reads of /proc/PID, on a thread of their own: they may wait for the kernel's exec_update_lock of that
 * process, which it can hold for ever. execve(2) closes descriptors with FD_CLOEXEC under it, and who
 * serves the file system of one need not answer (FUSE_FLUSH). Linux 6.18: stat, io and ns/ wait, and,
 * where /proc is mounted with hidepid=, every file of it (proc(5)).
 *
 * The loop waits for the thread, but not for one that sleeps in the kernel: it goes on without what was to
 * be read, and the thread ends whenever its reading returns. Bounded: no process has two that sleep, no uid
 * more than CS_READING_STUCK_UID_MAX, all together no more than CS_READING_STUCK_MAX; and after each the
 * uid's processes are not read for CS_READING_PAUSE_NS, so that a uid holds the loop up for 1 % of the time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

#define CS_READING_LOOK_NS 50000000ull   /* a thread that is asleep at two looks is given up */
#define CS_READING_WAIT_NS 2000000000ull /* ... and one that has not had its turn, after this */
#define CS_READING_PAUSE_NS                                                                        \
	10000000000ull /* until a uid whose reading was given up is read again */
#define CS_READING_STUCK_UID_MAX 4u
#define CS_READING_STUCK_MAX     16u
#define CS_READING_JOB_MAX       20480u /* bytes */

/*
 * What is read: with nothing but @job, which is what comes back; no state of the program, and no
 * descriptor of the caller's, which may be another one by then. Context: any-thread, may block for ever.
 */
typedef int (*cs_reading_fn)(void *job);

struct cs_reading_stats {
	uint64_t given_up; /* that did not come back in time */
	uint64_t
		refused; /* not begun: others of that process or uid had not come back, or no thread was to be had */
};

/**
 * cs_reading_run() - have @read called with a copy of @job
 * @pid:   whose files these are
 * @uid:   to whose account it goes if it does not come back: who made us read
 * @job:   as @read left it, on success; untouched on failure
 * @bytes: of it, at most CS_READING_JOB_MAX
 *
 * Context: loop.
 * Return:  what @read returned; -ETIMEDOUT it has not come back; -EBUSY refused; -EAGAIN no thread, -ENOMEM.
 */
int cs_reading_run(int32_t pid, uint32_t uid, cs_reading_fn read, void *job, size_t bytes)
	cs_must_use;

/** cs_reading_is_missing() - does @error say that nobody looked, and nothing of the process? Pure. */
bool cs_reading_is_missing(int error);

/** cs_reading_get_stats() - since the program began. Context: loop. */
void cs_reading_get_stats(struct cs_reading_stats *ret);
