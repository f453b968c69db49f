/* SPDX-License-Identifier: Apache-2.0 */

/*
 * System calls on process descriptors that the C library, or the headers we are built against, may
 * not have. What a kernel lacks is answered with -ENOSYS or -ENOTTY, never guessed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

/* What PIDFD_GET_INFO (Linux 6.13; exit status since 6.15) tells. */
struct cs_pidfd_info {
	int32_t pid;        /* in our pid namespace; 0 once the process was reaped */
	int32_t ppid;       /* idem */
	uint32_t uid;       /* real uid */
	uint64_t cgroup_id; /* its group, or its last one (Linux 6.15), of version 2; 0 not known */
	bool exited;        /* reaped, and wait_status is known */
	int wait_status;
};

/** cs_pidfd_open() - Return: a descriptor; -ESRCH no such process; other errors of pidfd_open(2). */
int cs_pidfd_open(int32_t pid) cs_must_use;

/** cs_pidfd_reaped() - has the process ended and been waited for? Context: any-thread. */
bool cs_pidfd_reaped(int pidfd);

/** cs_pidfd_exited() - has the process ended (perhaps nobody waited yet)? Context: any-thread. */
bool cs_pidfd_exited(int pidfd);

/** cs_pidfd_wait() - cs_pidfd_exited(), after at most @limit_ms. */
bool cs_pidfd_wait(int pidfd, int limit_ms);

/**
 * cs_pidfd_same() - are both of one process? Before Linux 6.9 they cannot be told apart: false.
 * Context: any-thread.
 */
bool cs_pidfd_same(int pidfd, int other);

/**
 * cs_pidfd_get_info() - ask the kernel about the process, also after its death
 * @ret: untouched on failure
 *
 * Context: any-thread.
 * Return:  0; -ENOTTY the kernel cannot; -ESRCH it does not remember.
 */
int cs_pidfd_get_info(int pidfd, struct cs_pidfd_info *ret) cs_must_use;
