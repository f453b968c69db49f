/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Who announced: credentials that the kernel vouches for, and a pidfd of that very process or none.
 * A pid alone is believed only if /proc agrees on start time and uid, since it may be recycled.
 */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"

struct cs_peer {
	int32_t pid; /* in our pid namespace when it connected; 0: in none that we see */
	uint32_t uid;
	uint32_t gid;
	int pidfd; /* owned; -EBADF: not to be had, or not to be believed */
};

/**
 * cs_peer_open() - credentials of the process at the other end of a connection
 * @ret: its pidfd is the caller's; untouched on failure
 *
 * Context: loop.
 * Return:  0; errors of getsockopt(2).
 */
int cs_peer_open(int connection, struct cs_peer *ret) cs_must_use;

/**
 * cs_peer_confirm() - where the kernel gave no pidfd with the connection, get one by pid
 * @attach_boottime_ns: CLOCK_BOOTTIME when the process attached, by its own word. A process that
 *                      started later is a stranger with a recycled pid.
 *
 * Context: loop.
 */
void cs_peer_confirm(struct cs_peer *peer, uint64_t attach_boottime_ns);

/** cs_peer_close() - close the pidfd, if there is one. Context: loop. */
void cs_peer_close(struct cs_peer *peer);
