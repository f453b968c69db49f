/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the process's descriptors are to us: one word each, 0 for nothing at all, so that a hook on
 * any other descriptor pays for one load. A word holds a generation that no other registration in
 * this process has: a hook reads the word before its call and drops its event if it changed.
 * The memory is one mapping, of which only what is used is ever touched.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "preload/http/conn.h"
#include "preload/pool.h"

#define CS_FDS_MAX  65536u /* descriptors from here on are not followed, and counted */
#define CS_FD_CONNS 4096u  /* connections at once */
#define CS_FD_TEXTS 256u   /* request heads that have begun and are not complete */
#define CS_FD_MEMOS 128u   /* connections whose requests are mostly the same but for their ids */

#define CS_FDS_BYTES                                                                               \
	(CS_FDS_MAX * sizeof(uint64_t) + CS_FD_CONNS * sizeof(struct cs_conn) +                    \
	 CS_FD_TEXTS * sizeof(struct cs_conn_text) + CS_FD_MEMOS * sizeof(struct cs_conn_memo))

enum cs_fd_kind {
	CS_FD_NONE = 0,
	CS_FD_BOUND = 1,      /* value: port, detail: address family */
	CS_FD_LISTENER = 2,   /* value: descriptor under which it began to listen */
	CS_FD_CONNECTION = 3, /* value: index of its struct cs_conn */
	CS_FD_EPOLL = 4,      /* value: a bound socket that it watches, detail: 1 one of several */
	CS_FD_INHERITED = 5,  /* a copy of 0, 1 or 2, which is its value: inherited.h */
	CS_FD_CALLER = 6,     /* a connection to the Lambda Runtime API; value as CONNECTION */
	CS_FD_RECEIVED = 7,   /* it came with a message, and may be a connection: received.h */
	CS_FD_SOCKET = 8,     /* a stream socket that leads nowhere yet; value: address family */
	CS_FD_OUTGOING = 9,   /* any other connection that was made here; value as CONNECTION */
	CS_FD_ANSWERS = 10,   /* where an action loop answers: stdio_loop.h */
	CS_FD_CHANNEL = 11,   /* to the primary of Node's cluster: node_channel.h */
};

/* Word: generation << 32 | detail << 24 | kind << 16 | value; 0 is CS_FD_NONE. */
struct cs_fd_table {
	_Atomic uint64_t *words;
	uint32_t count;              /* 0 until there is memory, then CS_FDS_MAX */
	_Atomic uint32_t generation; /* last one given out */
	_Atomic uint32_t end;        /* no descriptor from here on was ever registered */
	struct cs_pool conns;
	struct cs_pool texts;
	struct cs_pool memos;
};

extern struct cs_fd_table cs_fds;

/**
 * cs_fd_init() - let the table use its memory
 * @memory: CS_FDS_BYTES, page aligned, zeroed; for the life of the process
 *
 * Context: startup. Touches nothing of it.
 */
void cs_fd_init(void *memory);

/** cs_fd_word() - what a descriptor is; 0 for nothing, or no descriptor. Context: signal. */
static inline uint64_t cs_fd_word(int fd)
{
	if ((uint32_t)fd >= cs_fds.count)
		return 0;
	/* pairs with: fds.words */
	return atomic_load_explicit(&cs_fds.words[fd], memory_order_acquire);
}

static inline enum cs_fd_kind cs_fd_kind(uint64_t word)
{
	return (enum cs_fd_kind)(word >> 16 & 0xff);
}

static inline uint32_t cs_fd_value(uint64_t word)
{
	return word & 0xffff;
}

static inline uint32_t cs_fd_detail(uint64_t word)
{
	return word >> 24 & 0xff;
}

static inline uint32_t cs_fd_generation(uint64_t word)
{
	return (uint32_t)(word >> 32);
}

/** cs_fd_id() - name of a registration in the records. Context: signal (pure). */
static inline uint64_t cs_fd_id(int fd, uint64_t word)
{
	return (uint32_t)fd | (uint64_t)cs_fd_generation(word) << 32;
}

/** cs_fd_has_conn() - accepted or made, it is a connection that is followed. Context: signal (pure). */
static inline bool cs_fd_has_conn(uint64_t word)
{
	return cs_fd_kind(word) == CS_FD_CONNECTION || cs_fd_kind(word) == CS_FD_CALLER ||
	       cs_fd_kind(word) == CS_FD_OUTGOING;
}

/** cs_fd_conn() - of a word that has one. Context: signal. */
static inline struct cs_conn *cs_fd_conn(uint64_t word)
{
	return cs_pool_item(&cs_fds.conns, cs_fd_value(word));
}

/** cs_fd_next_generation() - never 0. Context: signal. */
uint32_t cs_fd_next_generation(void);

/** cs_fd_make() - a word. Context: signal (pure). */
static inline uint64_t cs_fd_make(uint32_t generation, enum cs_fd_kind kind, uint32_t value,
				  uint32_t detail)
{
	return (uint64_t)generation << 32 | (uint64_t)(detail & 0xff) << 24 | (uint64_t)kind << 16 |
	       (value & 0xffff);
}

/**
 * cs_fd_replace() - register, or with @word 0 forget, a descriptor
 * @fd: below cs_fds.count
 *
 * Context: signal. Forgetting what is not registered writes nothing.
 * Return:  the word that was there; its connection is now the caller's to end.
 */
uint64_t cs_fd_replace(int fd, uint64_t word);

/** cs_fd_forget() - unless it is something else by now; @word: without a connection. Context: signal. */
void cs_fd_forget(int fd, uint64_t word);
