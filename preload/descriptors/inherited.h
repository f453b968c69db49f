/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the process began with on descriptors 0 to 2, wherever it is now: under these numbers, as a
 * copy, or opened again by a name (/dev/stdin). A process per event gets its event from the first and
 * answers by the second. Their first use is a mark of the header; whether they are left unused to what
 * is executed goes into its record. What is written to the others may be a log (logs.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preload/descriptors/fd_table.h"

enum cs_inherited_flag {
	CS_INHERITED_STDIN = 0x1,  /* descriptor 0 still is what we began with */
	CS_INHERITED_STDOUT = 0x2, /* idem, 1 */
	CS_INHERITED_STDERR = 0x4, /* idem, 2 */
	CS_INHERITED_UNREAD = 0x8,
	CS_INHERITED_UNWRITTEN = 0x10,
};

extern _Atomic uint32_t cs_inherited;

/* Words of copies, without a generation: they are all the same. @which: 0 to 2; CS_LOG_FRAMED. */
#define CS_INHERITED_WORD(which) ((uint64_t)CS_FD_INHERITED << 16 | (which))

static inline bool cs_inherited_any(uint32_t flags)
{
	return atomic_load_explicit(&cs_inherited, memory_order_relaxed) & flags;
}

/** cs_inherited_is() - is @fd, which is @word, what we had as @which? Context: signal. */
static inline bool cs_inherited_is(int fd, uint64_t word, unsigned which)
{
	if (word)
		return word == CS_INHERITED_WORD(which);
	return (unsigned)fd == which && cs_inherited_any(1u << which);
}

/** cs_inherited_word() - the word of a copy of @fd, which has none; 0: it needs none. */
static inline uint64_t cs_inherited_word(int fd)
{
	return (unsigned)fd <= 2 && cs_inherited_any(1u << fd) ? CS_INHERITED_WORD((unsigned)fd)
							       : 0;
}

/** cs_inherited_forget() - @fd, 0 to 2, is something else from now on. Context: signal. */
void cs_inherited_forget(int fd);

/** cs_inherited_opened() - @path was opened as @fd: is it a name of one? Context: signal. */
void cs_inherited_opened(int fd, const char *path, int flags);

/** cs_inherited_reading() - it is about to be read. Context: signal. */
void cs_inherited_reading(void);

/** cs_inherited_written() - it was written to, from @begin_ns on. Context: signal. */
void cs_inherited_written(uint64_t begin_ns);

/**
 * cs_inherited_left() - what a program gets that is executed now, as far as hooks have seen
 *
 * Context: signal.
 * Return:  CS_EXEC_* of preload/wire/records.h.
 */
unsigned cs_inherited_left(void);
