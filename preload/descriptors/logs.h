/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the process writes to its logs: standard error, Lambda's framed log descriptor, and standard
 * output once it is sure to be none of the answers. Until then standard output waits in memory of the
 * process's own, which nobody reads: of a process per event it is the response, which must not enter
 * the ring (law 8). COLDSPAN_LOGS=off takes nothing of it all.
 *
 * What libc's stdio writes by itself is not seen. Bytes over CS_LOGS_RATE_BYTES a window, or over
 * CS_LOGS_WRITE_MAX a call, are counted and left out.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "preload/descriptors/fd_table.h"
#include "preload/wire/records.h"

#define CS_LOGS_WRITE_MAX    (32u << 10) /* taken of one call */
#define CS_LOGS_RATE_BYTES   (64u << 10) /* a window; of the ring's 1 MiB */
#define CS_LOGS_WINDOW_SHIFT 27u         /* ns: 134 ms, so that half a MiB a second passes */
#define CS_LOGS_EARLY_BYTES  8192u       /* for standard output, before it is known what that is */

enum cs_logs_bit {
	CS_LOGS_STDOUT = 1u << CS_LOG_STDOUT,
	CS_LOGS_STDERR = 1u << CS_LOG_STDERR,
	CS_LOGS_FRAMED = 1u << CS_LOG_FRAMED,
	CS_LOGS_EARLY = 1u << 4, /* standard output waits to be known */
};

struct cs_logs {
	_Atomic uint32_t on;     /* enum cs_logs_bit */
	_Atomic uint64_t budget; /* window << 32 | bytes taken in it */
	_Atomic uint64_t frame;  /* bytes of a frame that have not come yet */
	int32_t framed_fd;       /* of the environment; 0 none */
};

extern struct cs_logs cs_logs;

/** cs_logs_variable() - one of our variables, or Lambda's, "NAME=value". Context: startup. */
void cs_logs_variable(const char *variable);

/** cs_logs_start() - follow the framed descriptor, if there is one. Context: startup. */
void cs_logs_start(void);

/** cs_logs_serving() - it is a server, or asks for its events: standard output is a log. */
void cs_logs_serving(void);

/** cs_logs_answering() - idem: it answers elsewhere, by the descriptor of an action loop. */
void cs_logs_answering(void);

static inline bool cs_logs_any(uint32_t bits)
{
	return atomic_load_explicit(&cs_logs.on, memory_order_relaxed) & bits;
}

/** cs_logs_wanted() - would a write to @fd, which is @word, be taken? Context: signal. */
bool cs_logs_wanted(int fd, uint64_t word);

/**
 * cs_logs_written() - it was
 * @iov:      may be NULL: the bytes cannot be seen
 * @begin_ns: before the call
 *
 * Context: signal. Of a stream that is no log, nothing.
 */
void cs_logs_written(int fd, uint64_t word, const struct iovec *iov, uint64_t bytes,
		     uint64_t begin_ns);
