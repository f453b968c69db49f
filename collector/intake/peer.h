/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Who announced: credentials that the kernel vouches for, and a pidfd of that very process or none.
 * A pid alone is believed only if /proc agrees on start time and uid, since it may be recycled.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

struct cs_peer {
	int32_t pid; /* in our pid namespace when it connected; 0: in none that we see */
	uint32_t uid;
	uint32_t gid;
	int pidfd;         /* owned; -EBADF: not to be had, or not to be believed */
	uint64_t start_ns; /* CLOCK_BOOTTIME when it started, if pidfd is by pid; else 0 */
};

/**
 * cs_peer_open() - credentials of the process at the other end of a connection
 * @ret: its pidfd is the caller's; untouched on failure
 *
 * Context: loop.
 * Return:  0; -EMFILE, -ENFILE, -ENOMEM: whether it lives cannot be asked now, try again later;
 *          other errors of getsockopt(2).
 */
int cs_peer_open(int connection, struct cs_peer *ret) cs_must_use;

/**
 * cs_peer_find() - a pidfd by pid, for cs_peer_open() on kernels that give none with a connection
 * @peer: its pid and uid are set; its pidfd is not to be had, and stays so if nobody fits
 *
 * Context: loop.
 * Return:  0; -EMFILE, -ENFILE, -ENOMEM as cs_peer_open().
 */
int cs_peer_find(struct cs_peer *peer) cs_must_use;

/**
 * cs_peer_confirm() - is a process that was found by pid old enough?
 * @attach_boottime_ns: our CLOCK_BOOTTIME when the process attached, by its own word. A process
 *                      that started later is a stranger with a recycled pid: its pidfd is closed.
 *
 * Context: loop.
 */
void cs_peer_confirm(struct cs_peer *peer, uint64_t attach_boottime_ns);

/** cs_peer_is_busy() - is it an error that passes once there is memory, or a descriptor? */
bool cs_peer_is_busy(int error);

/** cs_peer_close() - close the pidfd, if there is one. Context: loop. */
void cs_peer_close(struct cs_peer *peer);
