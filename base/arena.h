/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bump allocation for things that die together (one batch, one report). Not thread-safe: one owner.
 * Memory is kept over a reset, so a warmed-up arena allocates nothing.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "base/cleanup.h"

struct cs_arena_block;

struct cs_arena {
	struct cs_arena_block *first; /* owned chain of blocks */
	struct cs_arena_block *current;
	size_t limit_bytes; /* hard cap on what is held; 0 = none */
	size_t block_bytes; /* what is asked of malloc() at once; the owner may change it */
	size_t held_bytes;
};

/** cs_arena_init() - an empty arena; @limit_bytes 0 means no cap. Context: any-thread. */
void cs_arena_init(struct cs_arena *arena, size_t limit_bytes);

/** cs_arena_deinit() - free everything; the arena may be used again. Context: owner. */
void cs_arena_deinit(struct cs_arena *arena);

/** cs_arena_reset() - forget all allocations, keep the memory. Context: owner. */
void cs_arena_reset(struct cs_arena *arena);

/**
 * cs_arena_alloc() - zeroed memory, aligned for any type
 *
 * Ownership: the arena's, until reset or deinit.
 * Return:    NULL when out of memory or over the cap.
 */
void *cs_arena_alloc(struct cs_arena *arena, size_t bytes) cs_must_use;

/** cs_arena_strndup() - copy of at most @len bytes, NUL-terminated; NULL as cs_arena_alloc(). */
char *cs_arena_strndup(struct cs_arena *arena, const char *s, size_t len) cs_must_use;

/** cs_arena_printf() - formatted string; NULL as cs_arena_alloc(). */
char *cs_arena_printf(struct cs_arena *arena, const char *fmt, ...)
	__attribute__((format(printf, 2, 3))) cs_must_use;
