/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The announce socket in the file system: a listening SOCK_SEQPACKET unix socket at a path, which
 * replaces a dead one left there and never a living one.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/diag.h"

/*
 * Announces that wait to be taken in. Each holds a descriptor in flight, and of those a user may have
 * as many as RLIMIT_NOFILE says (1024, as a rule), functions included: three quarters are left to them
 * if we hang. See docs/decisions/0010.
 */
#define CS_LISTENER_BACKLOG 256

struct cs_listener {
	int fd;       /* owned, non-blocking; -EBADF none */
	char *path;   /* owned */
	dev_t device; /* of the socket file, to know it again when it is removed */
	ino_t inode;
};

/**
 * cs_listener_open() - listen at @path, making its last folder if it is missing
 * @mode: permissions of the socket: 0666 lets every uid announce, 0600 only our own and root
 * @diag: filled in on failure: one line for people
 * @ret:  untouched on failure
 *
 * Context: startup (sets the umask for a moment).
 * Return:  0; -EADDRINUSE somebody listens there; other negative errno: the path cannot be used.
 */
int cs_listener_open(const char *path, mode_t mode, struct cs_diag *diag, struct cs_listener *ret)
	cs_must_use;

/** cs_listener_close() - close, and remove the file if it is still ours. Accepts an empty one. */
void cs_listener_close(struct cs_listener *listener);
