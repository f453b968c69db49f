/* SPDX-License-Identifier: Apache-2.0 */

/* Bump allocation; see arena.h. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BLOCK_BYTES 8192 /* two pages: one small batch fits, an idle arena stays small */

struct cs_arena_block {
	struct cs_arena_block *next;
	size_t size_bytes; /* of data[] */
	size_t used_bytes;
	alignas(max_align_t) unsigned char data[];
};

void cs_arena_init(struct cs_arena *arena, size_t limit_bytes)
{
	*arena = (struct cs_arena){ .limit_bytes = limit_bytes, .block_bytes = BLOCK_BYTES };
}

void cs_arena_deinit(struct cs_arena *arena)
{
	struct cs_arena_block *block = arena->first;

	while (block) {
		struct cs_arena_block *next = block->next;

		free(block);
		block = next;
	}
	cs_arena_init(arena, arena->limit_bytes);
}

void cs_arena_reset(struct cs_arena *arena)
{
	for (struct cs_arena_block *block = arena->first; block; block = block->next)
		block->used_bytes = 0;
	arena->current = arena->first;
}

static struct cs_arena_block *grow(struct cs_arena *arena, size_t bytes)
{
	size_t size = bytes > arena->block_bytes ? bytes : arena->block_bytes;
	struct cs_arena_block *block;

	if (arena->limit_bytes && size > arena->limit_bytes - arena->held_bytes)
		return NULL;
	block = malloc(sizeof(*block) + size);
	if (!block)
		return NULL;
	block->next = NULL;
	block->size_bytes = size;
	block->used_bytes = 0;
	arena->held_bytes += size;
	if (arena->current) {
		block->next = arena->current->next;
		arena->current->next = block;
	} else {
		arena->first = block;
	}
	return arena->current = block;
}

void *cs_arena_alloc(struct cs_arena *arena, size_t bytes)
{
	struct cs_arena_block *block = arena->current;
	void *p;

	if (bytes > SIZE_MAX / 2)
		return NULL;
	bytes = (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	while (block && block->size_bytes - block->used_bytes < bytes) {
		if (!block->next)
			break;
		block = arena->current = block->next;
	}
	if (!block || block->size_bytes - block->used_bytes < bytes)
		block = grow(arena, bytes);
	if (!block)
		return NULL;
	p = block->data + block->used_bytes;
	block->used_bytes += bytes;
	return memset(p, 0, bytes);
}

char *cs_arena_strndup(struct cs_arena *arena, const char *s, size_t len)
{
	size_t n = strnlen(s, len);
	char *copy = cs_arena_alloc(arena, n + 1);

	if (copy)
		memcpy(copy, s, n);
	return copy;
}

char *cs_arena_printf(struct cs_arena *arena, const char *fmt, ...)
{
	va_list ap;
	char *out;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return NULL;
	out = cs_arena_alloc(arena, (size_t)n + 1);
	if (!out)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(out, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return out;
}
