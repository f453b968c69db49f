/* SPDX-License-Identifier: Apache-2.0 */

/*
 * OpenWhisk's action loop, as the process sees it that runs the action: a line of JSON on standard input is
 * an event, the next line on descriptor 3 its answer. A process is one if OpenWhisk's variables are in its
 * environment and its descriptor 3 is a pipe, both as it began: CS_HEADER_LOOP. In any other nothing is
 * looked at.
 *
 * A proxy sends the next event when it has the answer to the last. So where no answer was seen (bash's echo
 * writes inside of libc) the end is the moment when the process asks for the next event.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#define CS_STDIO_BYTES 8192u /* of its state; not touched in any process that is no loop */

extern _Atomic bool cs_stdio_on;

/** cs_stdio_is_loop() - where OpenWhisk's variables are: one system call. Context: startup. */
bool cs_stdio_is_loop(void);

/** cs_stdio_start() - follow the two descriptors, if it is one. Context: startup. */
void cs_stdio_start(void);

/** cs_stdio_wanted() - is it one, and are they followed? One load. Context: signal. */
static inline bool cs_stdio_wanted(void)
{
	return __builtin_expect(atomic_load_explicit(&cs_stdio_on, memory_order_relaxed), 0);
}

/** cs_stdio_asks() - standard input is about to be read; only if cs_stdio_wanted(). Context: signal. */
void cs_stdio_asks(void);

/** cs_stdio_received() - it was; @iov: NULL: only the number of bytes is known. Context: signal. */
void cs_stdio_received(const struct iovec *iov, uint64_t bytes);

/** cs_stdio_sent() - bytes went out on descriptor 3, or a copy of it, from @begin_ns on. Context: signal. */
void cs_stdio_sent(const struct iovec *iov, uint64_t bytes, uint64_t begin_ns);
