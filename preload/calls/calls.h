/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Connections that the process makes, and what it asks on them, as records. Followed are stream sockets
 * that were made here by socket(): what was received or inherited may be anything.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "preload/calls/call.h"
#include "preload/descriptors/fd_table.h"
#include "preload/shim.h"

struct sockaddr;

/* Connections of kind CS_FD_OUTGOING. */
extern const struct cs_call_env cs_calls_env;

/** cs_calls_socket() - @fd is a new socket. Context: signal. */
void cs_calls_socket(int fd, int family, int type);

/** cs_calls_connecting() - may a connect of what is @word concern us? The time, or 0. Context: signal. */
static inline uint64_t cs_calls_connecting(uint64_t word)
{
	return (cs_fd_kind(word) == CS_FD_SOCKET || cs_fd_kind(word) == CS_FD_OUTGOING) &&
			       cs_shim_watching()
		       ? cs_now()
		       : 0;
}

/**
 * cs_calls_connected() - connect() came back
 * @word:  what @fd was before
 * @error: 0, or errno
 *
 * Context: signal.
 */
void cs_calls_connected(int fd, uint64_t word, const struct sockaddr *address, uint32_t len,
			uint64_t begin_ns, int error);

/** cs_calls_told() - the socket told how its connect ended. Context: signal. */
void cs_calls_told(int fd, uint64_t word, int error);

/** cs_calls_sent() - bytes went out on what was @word, from @begin_ns on. Context: signal. */
void cs_calls_sent(uint64_t word, const struct iovec *iov, uint64_t bytes, uint64_t begin_ns);

/** cs_calls_received() - bytes came in. Context: signal. */
void cs_calls_received(uint64_t word, const struct iovec *iov, uint64_t bytes);
