/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the hooks on descriptors tell: the descriptor table on one side, marks, facts and records on
 * the other. A hook looks its descriptor up first (cs_fd_word()); 0 means that it is none of our
 * business. A child in borrowed memory changes nothing here, and errno stays as it is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "preload/descriptors/fd_table.h"
#include "preload/shim.h"

struct cs_follow {
	_Atomic uint32_t awaiting; /* CS_FOLLOW_LISTENING, CS_FOLLOW_UNWAITED */
	_Atomic bool waited;       /* for a connection, this very process */
	_Atomic int32_t listener;  /* the first descriptor that listened */
	_Atomic uint32_t forks;
};

#define CS_FOLLOW_LISTENING 0x1u /* somebody listens, and nobody has waited for a connection yet */
#define CS_FOLLOW_UNWAITED  0x2u /* nobody has waited for anything to read */

extern struct cs_follow cs_follow;

/** cs_follow_start() - map the table; without memory only marks are left. Context: startup. */
void cs_follow_start(void);

/** cs_follow_end() - record nothing any more, for the reason of enum cs_stand_down. Context: signal. */
void cs_follow_end(unsigned reason);

/**
 * cs_follow_ring() - what the process reads and writes may pass through io_uring
 * @made: a ring was made; else there only is a library that makes them past libc
 *
 * Context: signal.
 */
void cs_follow_ring(bool made);

/**
 * cs_follow_forked() - a child has, or is about to get, the descriptors of this process
 *
 * Context: signal; in the parent. After the call for a child with memory of its own, which would
 * otherwise find it counted; before one that stops the parent, whose other threads run on.
 */
void cs_follow_forked(void);

/** cs_follow_adopted() - this is a new fork child, whose own waits count. Context: signal; once. */
void cs_follow_adopted(void);

/**
 * cs_follow_shared() - a child is about to run beside this process, in its memory
 *
 * Which of the two calls a hook cannot be told any more, and the tables would be wrong for one of them.
 * So nothing is followed from here on: what had begun ends unfollowed, and the header says why.
 *
 * Context: signal.
 */
void cs_follow_shared(void);

/** cs_follow_passed() - a copy of @fd was sent to another process. Context: signal. */
void cs_follow_passed(int fd);

/** cs_follow_forget() - what was known of a descriptor is over; @seen: it is being closed now. */
void cs_follow_forget(int fd, bool seen);

/** cs_follow_other() - is @fd, which is @word, none of our business? Context: signal. */
static inline bool cs_follow_other(int fd, uint64_t word)
{
	return __builtin_expect(!word && fd > 2, 1);
}

/** cs_follow_new() - the kernel has given us @fd, or failed; returns it. Context: signal. */
static inline int cs_follow_new(int fd)
{
	if (!cs_follow_other(fd, cs_fd_word(fd)))
		cs_follow_forget(fd, false);
	return fd;
}

/** cs_follow_came() - @fd came with a message: it may be a connection. Context: signal. */
void cs_follow_came(int fd);

/** cs_follow_closing() - @fd is about to be closed. Context: signal. */
static inline void cs_follow_closing(int fd)
{
	if (!cs_follow_other(fd, cs_fd_word(fd)))
		cs_follow_forget(fd, true);
}

/** cs_follow_closing_range() - so are all from @first to @last. Context: signal. */
void cs_follow_closing_range(uint32_t first, uint32_t last);

/**
 * cs_follow_take() - @fd is about to be replaced by dup2
 *
 * Context: signal.
 * Return:  what it was, for cs_follow_put_back() or cs_follow_replaced().
 */
uint64_t cs_follow_take(int fd);

/** cs_follow_put_back() - it was not replaced after all. Context: signal. */
void cs_follow_put_back(int fd, uint64_t word);

/** cs_follow_replaced() - it was. Context: signal. */
void cs_follow_replaced(uint64_t word);

/** cs_follow_dup() - @copy now is what @fd was, @word, before the call. Context: signal. */
void cs_follow_dup(int fd, uint64_t word, int copy);

/** cs_follow_bound() - @fd has an address. Context: signal. */
void cs_follow_bound(int fd, uint32_t family, uint32_t port);

/** cs_follow_listening() - listen() on @fd came back well. Context: signal. */
void cs_follow_listening(int fd);

/** cs_follow_waiting() - a wait for a connection begins. Context: signal. The first one counts. */
void cs_follow_waiting(void);

/** cs_follow_waited() - it began at @begin_ns: idem, told afterwards. */
void cs_follow_waited(uint64_t begin_ns);

/** cs_follow_begins() - a wait for something to read begins; returns as the next. Context: signal. */
bool cs_follow_begins(void);

/** cs_follow_awaiting() - could it be the first for a connection? Mostly one load. Context: signal. */
static inline bool cs_follow_awaiting(void)
{
	return __builtin_expect(atomic_load_explicit(&cs_follow.awaiting, memory_order_relaxed),
				0) &&
	       cs_follow_begins();
}

/** cs_follow_accepting() - a connection is about to be accepted from @fd. Context: signal. */
void cs_follow_accepting(int fd, uint64_t word);

/**
 * cs_follow_accepted() - @fd was accepted from a socket that was @listener
 * @blocking: its reads wait for bytes
 *
 * Context: signal.
 */
void cs_follow_accepted(uint64_t listener, int fd, bool blocking);

/** cs_follow_waited_for() - a thread has waited until @fd, and nothing else, could be read. Context: signal. */
void cs_follow_waited_for(int fd);

/** cs_follow_blocking() - whether reads of @fd wait for bytes from here on. Context: signal. */
void cs_follow_blocking(int fd, bool blocking);

/**
 * cs_follow_received() - the call on @fd has read
 * @word:  what it was before the call
 * @iov:   where the bytes are; NULL if only their number is known
 *
 * Context: signal.
 */
void cs_follow_received(int fd, uint64_t word, const struct iovec *iov, uint64_t bytes);

/** cs_follow_sent() - the call on @fd, begun at @begin_ns, has written. Context: signal. */
void cs_follow_sent(int fd, uint64_t word, const struct iovec *iov, uint64_t bytes,
		    uint64_t begin_ns);

/** cs_follow_shutdown() - @fd will send no more. Context: signal. */
void cs_follow_shutdown(int fd, uint64_t word);

/** cs_follow_lost() - bytes on @fd go by unseen from here on. Context: signal. */
void cs_follow_lost(int fd);
